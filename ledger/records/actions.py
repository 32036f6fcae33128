"""Further actions of a proposal, beside those in `ledger.records.governance`.

>>> from msgspec.json import Decoder
>>> text = b'{"act":"split-member","datasets":["roads"],"member":"transport","successor":"works"}'
>>> Decoder(SplitMember).decode(text).datasets
('roads',)
"""

from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.types import DatasetId, MemberId

HANDED_MAX: Final = 128
# As in `ledger.records.governance`: less than every other member's name.
_TAG: Final = "act"


class SplitMember(Canonical, tag_field=_TAG, tag="split-member"):
    """Put what a member has to do with some datasets into the hands of another member.

    Attributes:
        datasets: the datasets, ascending: its own, and those of others that it has rights to.
        member: the member that is split; its id stays, with all that hangs from it.
        successor: the member that acts for it; the member itself takes them back.
    """

    datasets: Annotated[tuple[DatasetId, ...], Meta(min_length=1, max_length=HANDED_MAX)]
    member: MemberId
    successor: MemberId

    def __post_init__(self) -> None:
        require_ascending("datasets", self.datasets)
