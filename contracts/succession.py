"""Who acts for whom: a member that was merged into another one acts through its successor.

Ids are permanent, and records, datasets, rights, cases and deadlines name members by their id. So
nothing is rewritten when a member is merged: its id stays, with all that hangs from it, and only
the hand that acts for it is another one. From then on the successor's custodian appoints, ends and
revokes the writers of its predecessors, as it does its own.

    parks  ──successor──▶  housing  ──successor──▶  works
    works/custodian appoints `parks/main`; what parks provides, and what it was granted, stays

Whoever has a successor never gets another one, and gets it from those who have none, so that there
are no rings; no chain is longer than `GENERATIONS_MAX`.
"""

from collections.abc import Iterator
from typing import Final

from contracts.values import Member
from contracts.view import StateView, read
from ledger.types import MemberId

GENERATIONS_MAX: Final = 8


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
