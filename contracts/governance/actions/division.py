"""The action by which a member is split: parts of it come into other hands.

A department is seldom merged whole. What it has to do with some datasets goes to one successor,
with others to another, in actions of at most 128 datasets each; what is left stays with the member,
or is merged. Nothing is rewritten (`contracts.succession`), so an action costs what it lists.
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.governance.actions.members import known_member
from contracts.reasons import (
    ALREADY_EXISTS,
    LIMIT,
    UNKNOWN_DATASET,
    WRONG_STATE,
    refuse_unless,
)
from contracts.succession import heir_of, keeper_of
from contracts.values import HEIRS_MAX, HandedDataset, HandedPart, Member
from contracts.view import held, read
from ledger.records.actions import SplitMember
from ledger.types import DatasetId, MemberId


def apply_split(draft: Draft, action: SplitMember) -> None:
    """R628: what a member says of the datasets listed is in another's hands from then on.

    The hand is an active member that is not merged itself, and another than the one which acts for
    the member as a whole; or the member itself, which takes back. Every dataset is known, and comes
    into another hand. At most 16 members hold parts of one.
    """
    member = known_member(draft, action.member)
    refuse_unless(member.status != "removed", WRONG_STATE, f"{action.member} has left", "member")
    heir = known_member(draft, action.successor)
    to = None if action.successor == action.member else action.successor
    is_other = to is None or heir_of(draft, action.member) != to
    is_able = to is None or (heir.status == "active" and heir.successor is None)
    refuse_unless(is_other and is_able, WRONG_STATE, f"{to} cannot act for it", "successor")
    for dataset in action.datasets:
        known = draft.get(f"dataset/{dataset}") is not None
        refuse_unless(known, UNKNOWN_DATASET, dataset, "datasets")
        before = keeper_of(draft, action.member, dataset)
        refuse_unless(before != to, ALREADY_EXISTS, dataset, "datasets")
        _hand_over(draft, action.member, dataset, before, to)
    heirs = held(draft, Member, f"member/{action.member}").heirs
    refuse_unless(len(heirs) <= HEIRS_MAX, LIMIT, f"{HEIRS_MAX} successors", "successor")


def _hand_over(
    draft: Draft,
    member_id: MemberId,
    dataset: DatasetId,
    before: MemberId | None,
    to: MemberId | None,
) -> None:
    key = f"hand/{member_id}/{dataset}"
    if before is not None:
        _count(draft, member_id, before, -1)
    if to is None:
        draft.remove(key)
    else:
        draft.put(key, HandedDataset(member=to))
        _count(draft, member_id, to, 1)


def _count(draft: Draft, member_id: MemberId, keeper: MemberId, change: int) -> None:
    """One dataset more, or less, is kept: the first and the last are told to both members."""
    key = f"part/{member_id}/{keeper}"
    part = read(draft, HandedPart, key)
    before = 0 if part is None else part.datasets
    now = before + change
    if now:
        draft.put(key, HandedPart(datasets=now))
    else:
        draft.remove(key)
    if bool(before) != bool(now):
        member = held(draft, Member, f"member/{member_id}")
        others = tuple(one for one in member.heirs if one != keeper)
        heirs = tuple(sorted((*others, keeper))) if now else others
        draft.put(f"member/{member_id}", replace(member, heirs=heirs))
        kept = held(draft, Member, f"member/{keeper}")
        draft.put(f"member/{keeper}", replace(kept, keeps=kept.keeps + change))
