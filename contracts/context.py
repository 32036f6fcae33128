"""The only surroundings a rule sees: block and place in the log. No clock, no configuration."""

from typing import Annotated

from msgspec import Struct

from contracts.values import Ledger
from ledger.types import Count, MemberId, Time


class Context(Struct, frozen=True, gc=False):
    """Where a record is decided.

    `time` is the block's time, `index` the leaf the record gets if it is accepted, `ledger` what
    genesis fixed.
    """

    height: Count
    time: Time
    proposer: MemberId
    index: Annotated[int, "leaf index"]
    ledger: Ledger
