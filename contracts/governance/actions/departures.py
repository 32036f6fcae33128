"""Actions by which a member goes: removed, or merged into another one."""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.governance.actions.members import end_roles, known_member
from contracts.reasons import LEDGER_WOULD_STOP, LIMIT, WRONG_STATE, refuse_unless
from contracts.succession import GENERATIONS_MAX
from contracts.values import Key, Member, Writer
from contracts.view import held
from ledger.records.genesis import custodian_of
from ledger.records.governance import ORDERING, RemoveMember, SucceedMember
from ledger.types import MemberId


def apply_removal(draft: Draft, action: RemoveMember) -> None:
    """R624: a member is removed for good: its writers sign nothing any more.

    What it gave stays given. One in whose hands others are, or parts of them, is merged, not
    removed; so is one of which others hold parts.
    """
    member = _leaving(draft, action.member)
    is_split = bool(member.heirs) or member.keeps > 0
    refuse_unless(not is_split, WRONG_STATE, "it was split, or holds parts of others", "member")
    refuse_unless(member.generation == 0, WRONG_STATE, "others are in its hands", "member")
    end_roles(draft, action.member)
    _put(draft, action.member, status="removed")


def apply_succession(draft: Draft, action: SucceedMember) -> None:
    """R625: a member is merged into an active one, which acts for it from then on.

    Its custodian ends, its roles too. Its id, its writers, and all that hangs from it stay: what it
    provides, its rights, cases and deadlines. At most eight mergers lie one upon another.
    """
    member = _leaving(draft, action.member)
    heir = known_member(draft, action.successor)
    is_other = action.successor != action.member
    is_able = is_other and heir.status == "active" and heir.successor is None
    refuse_unless(is_able, WRONG_STATE, f"{action.successor} acts for nobody", "successor")
    generation = max(heir.generation, member.generation + 1)
    refuse_unless(generation <= GENERATIONS_MAX, LIMIT, f"{GENERATIONS_MAX} mergers", "successor")
    end_roles(draft, action.member)
    name = custodian_of(action.member)
    custodian = held(draft, Writer, f"writer/{name}")
    draft.put(f"writer/{name}", replace(custodian, status="ended"))
    key = held(draft, Key, f"key/{member.custodian}")
    draft.put(f"key/{member.custodian}", replace(key, status="retired", until=draft.context.index))
    _put(draft, action.member, successor=action.successor)
    _put(draft, action.successor, generation=generation)


def _leaving(draft: Draft, member_id: MemberId) -> Member:
    member = known_member(draft, member_id)
    stays = member.status != "removed" and member.successor is None
    refuse_unless(stays, WRONG_STATE, f"{member_id} has left", "member")
    orders = any(role in member.roles for role in ORDERING)
    refuse_unless(not orders, LEDGER_WOULD_STOP, f"{member_id} orders blocks", "member")
    return member


def _put(draft: Draft, member_id: MemberId, **changes: str | int) -> None:
    member = held(draft, Member, f"member/{member_id}")
    draft.put(f"member/{member_id}", replace(member, **changes))
