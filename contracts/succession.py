"""Who acts for whom: a member that was merged into another one acts through its successor.

Ids are permanent, and records, datasets, rights, cases and deadlines name members by their id. So
nothing is rewritten when a member is merged: its id stays, with all that hangs from it, and only
the hand that acts for it is another one. From then on the successor's custodian appoints, ends and
revokes the writers of its predecessors, as it does its own.

    parks  ──successor──▶  housing  ──successor──▶  works
    works/custodian appoints `parks/main`; what parks provides, and what it was granted, stays

Whoever has a successor never gets another one, and gets it from those who have none, so that there
are no rings; no chain is longer than `GENERATIONS_MAX`.

A split puts single datasets of a member into another hand, in the same way: nothing is rewritten.

    hand/transport/roads ─▶ works     what transport says of `roads`, writers say that works keeps
    works/custodian appoints `transport/roads-desk`, for `roads` alone

`roads` may be transport's own dataset or one to which it has rights: its entry, its rights, its
cases and deadlines go on under the old id. Whom works is merged into keeps what works kept.
"""

from collections.abc import Iterator
from typing import Final

from contracts.values import HandedDataset, Member
from contracts.view import StateView, read
from ledger.types import DatasetId, MemberId

GENERATIONS_MAX: Final = 8
KINDS_OF_PARTS: Final = frozenset(
    {
        "acceptance",
        "amendment",
        "attestation",
        "case",
        "delegation",
        "entry",
        "grant",
        "lifecycle",
        "manifest",
        "release",
        "request",
        "revocation",
        "schema",
        "step",
    }
)
"""What asks or gives, and is about datasets: said by who holds a part of a member too."""


def line_of(view: StateView, member_id: MemberId) -> Iterator[tuple[MemberId, Member]]:
    """A member, its successor, the successor's successor; at most nine, and none if unknown."""
    following: MemberId | None = member_id
    while following is not None:
        member = read(view, Member, f"member/{following}")
        if member is None:
            return
        yield following, member
        following = member.successor


def heir_of(view: StateView, member_id: MemberId) -> MemberId:
    """Who acts for a member: the last of its line, mostly itself."""
    heir = member_id
    for following, _ in line_of(view, member_id):
        heir = following
    return heir


def is_suspended(view: StateView, member_id: MemberId) -> bool:
    """Whether a member, or somebody in whose hands it is, is not active."""
    return any(member.status != "active" for _, member in line_of(view, member_id))


def keeper_of(view: StateView, member_id: MemberId, dataset: DatasetId) -> MemberId | None:
    """The member that was given the hand for one dataset of another, by a split."""
    handed = read(view, HandedDataset, f"hand/{member_id}/{dataset}")
    return None if handed is None else handed.member


def hand_of(view: StateView, member_id: MemberId, dataset: DatasetId) -> MemberId:
    """Who acts for a member about a dataset: mostly itself."""
    member = read(view, Member, f"member/{member_id}")
    if member is None or (member.successor is None and not member.heirs):
        return member_id
    keeper = keeper_of(view, member_id, dataset) if member.heirs else None
    return heir_of(view, keeper or member_id)


def hands_of(view: StateView, member_id: MemberId) -> tuple[MemberId, ...]:
    """Everybody who acts for a member: its heir first, then the hands of its parts."""
    member = read(view, Member, f"member/{member_id}")
    heirs = () if member is None else member.heirs
    return (heir_of(view, member_id), *(heir_of(view, one) for one in heirs))
