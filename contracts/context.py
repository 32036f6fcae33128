"""The only surroundings a rule sees: block and place in the log. No clock, no configuration."""

from msgspec import Struct

from contracts.values import Ledger
from ledger.types import Count, Time


class Context(Struct, frozen=True, gc=False):
    """Where a record is decided.

    `time` is the block's time, also in milliseconds since 1970; `index` the leaf the record gets if
    it is accepted; `ledger` what genesis fixed.
    """

    time: Time
    time_ms: int
    index: Count
    ledger: Ledger
