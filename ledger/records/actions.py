"""Further actions of a proposal, beside those in `ledger.records.governance`.

>>> from msgspec.json import Decoder
>>> text = b'{"act":"split-member","datasets":["roads"],"member":"transport","successor":"works"}'
>>> Decoder(SplitMember).decode(text).datasets
('roads',)
"""

from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.catalogue import BasisKind
from ledger.records.genesis import LogKeys, Names
from ledger.types import DatasetId, Date, LongText, MemberId, ShortText, Slug

BASES_MAX: Final = 128
GOALS_MAX: Final = 16
HANDED_MAX: Final = 128
PAIRED_MAX: Final = 8
# As in `ledger.records.governance`: less than every other member's name.
_TAG: Final = "act"


class AdoptedBasis(Canonical):
    """A law, regulation or decision on which catalogue entries can rest.

    Attributes:
        code: its code on the ledger.
        kind: law, administrative regulation, government decision, or another document.
        names: what it is called.
        reference: where it stands.
    """

    code: Slug
    kind: BasisKind
    names: Names
    reference: ShortText


class ChangeBases(Canonical, tag_field=_TAG, tag="change-bases"):
    """Adopt legal bases, retire others. What rests on a retired one stays in force.

    Attributes:
        bases: those to adopt, ascending by code.
        retired: the codes to retire, ascending.
    """

    bases: Annotated[tuple[AdoptedBasis, ...], Meta(max_length=BASES_MAX)] = ()
    retired: Annotated[tuple[Slug, ...], Meta(max_length=BASES_MAX)] = ()

    def __post_init__(self) -> None:
        require_ascending("bases", [one.code for one in self.bases])
        require_ascending("retired", self.retired)
        if not self.bases and not self.retired:
            raise ValueError("neither adopts nor retires a legal basis")


class SetLogKeys(Canonical, tag_field=_TAG, tag="set-log-keys"):
    """Replace the log keys of a member, with which it orders blocks or can come to. Both sign this.

    Attributes:
        log_keys: its log keys from then on.
        member: the member.
    """

    log_keys: LogKeys
    member: MemberId


class SetPairing(Canonical, tag_field=_TAG, tag="set-pairing"):
    """Say which members work together on what until when, and in the end with what result.

    Attributes:
        goals: what they want to achieve, ascending.
        members: who they are, ascending.
        names: what it is called.
        pairing: its code.
        result: what came of it.
        since: its first day.
        until: its last day.
    """

    goals: Annotated[tuple[ShortText, ...], Meta(min_length=1, max_length=GOALS_MAX)]
    members: Annotated[tuple[MemberId, ...], Meta(min_length=2, max_length=PAIRED_MAX)]
    names: Names
    pairing: Slug
    result: LongText | None = None
    since: Date
    until: Date

    def __post_init__(self) -> None:
        require_ascending("goals", self.goals)
        require_ascending("members", self.members)
        if self.until < self.since:
            raise ValueError("`until` is before `since`")


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
