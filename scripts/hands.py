"""For whom a member acts: those merged into it, and the parts of others it was given by a split.

Ids stay when members are merged or split (`contracts.succession`), so whoever asks what waits for a
member, or what it may use, means what it acts for, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.succession import GENERATIONS_MAX
from contracts.values import Member
from ledger.types import MemberId
from node.client import Client
from scripts.answers import read_value

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose hand a member is.

    Attributes:
        member: the member.
        whole: those it acts for in everything, ascending; not itself.
        parts: those of which it holds some datasets, ascending.
        successors: who acts for whom, of all that are merged.
    """

    member: MemberId
    whole: tuple[MemberId, ...] = ()
    parts: tuple[MemberId, ...] = ()
    successors: Mapping[MemberId, MemberId] = field(default_factory=dict)

    def is_of(self, keeper: MemberId | None) -> bool:
        """Whether what somebody keeps of another member is in this hand."""
        return keeper is not None and _heir(self.successors, keeper) == self.member


def hands_of(client: Client, member: MemberId, as_at: str | None = None) -> Hands:
    """For whom a member acts, or acted; most act for nobody, and no list is read."""
    known = read_value(client, Member, f"member/{member}")
    if known is None or not (known.generation or known.keeps):
        return Hands(member)
    rows = {str(one["id"]): one for one in client.items("/v1/members", limit=_PAGE, at=as_at)}
    successors = {name: str(row["successor"]) for name, row in rows.items() if row.get("successor")}
    heirs = {name: _words(row.get("heirs")) for name, row in rows.items()}
    return Hands(
        member,
        tuple(name for name in rows if name != member and _heir(successors, name) == member),
        tuple(
            name
            for name, whose in heirs.items()
            if any(_heir(successors, one) == member for one in whose)
        ),
        successors,
    )


def _heir(successors: Mapping[MemberId, MemberId], member: MemberId) -> MemberId:
    """The last of a line of successors, mostly the member itself."""
    for _ in range(GENERATIONS_MAX):
        member = successors.get(member, member)
    return member


def _words(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
