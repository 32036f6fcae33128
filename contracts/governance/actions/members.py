"""Actions on members that stay: admit, describe, suspend, reinstate, roles, custodian recovery."""

from collections.abc import Sequence

from msgspec.structs import replace

from contracts import ordering
from contracts.draft import Draft
from contracts.reasons import (
    ALREADY_EXISTS,
    KEY_TAKEN,
    LEDGER_WOULD_STOP,
    LIMIT,
    MALFORMED,
    UNKNOWN_MEMBER,
    WEAK_KEY,
    WRONG_STATE,
    Refused,
    refuse_unless,
    required,
)
from contracts.values import Key, Member, RoleHolders, Writer
from contracts.view import held, read
from ledger.errors import FormatError, WeakKeyError
from ledger.keys import KeyDescription, parse_public_key
from ledger.records.genesis import Role, custodian_of
from ledger.records.governance import (
    ORDERING,
    Admission,
    AdmitMembers,
    DescribeMember,
    RecoverCustodian,
    ReinstateMember,
    SetRoles,
    SuspendMember,
)
from ledger.suites import ED25519
from ledger.types import DigestHex, MemberId

LINE_MAX = 128
"""Superiors above a member that are looked at: a longer line is taken for a ring."""
HOLDERS_MAX = 128
"""Members that can have one role: every ballot looks at the whole committee."""


def apply_admission(draft: Draft, action: AdmitMembers) -> None:
    """R612: members are admitted with an id and a custodian key that were never seen before.

    Whoever has a superior in its line has one on the ledger or in the same action, and is not above
    it. A key proves its possession by its first use: its custodian can do nothing without it.
    """
    _check_superiors(draft, action.members)
    for one in action.members:
        refuse_unless(read(draft, Member, f"member/{one.id}") is None, ALREADY_EXISTS, one.id, "id")
        keyid = _enrol_custodian(draft, one.id, one.custodian)
        draft.put(
            f"member/{one.id}",
            Member(
                authorisation=one.authorisation,
                code=one.code,
                custodian=keyid,
                endpoint=one.endpoint,
                jurisdiction=one.jurisdiction,
                line_superior=one.line_superior,
                names=one.names,
            ),
        )
        _put_roles(draft, one.id, one.roles)


def apply_suspension(draft: Draft, action: SuspendMember) -> None:
    """R614: a member that orders no blocks is suspended; one that does gives up the role first."""
    member = known_member(draft, action.member)
    refuse_unless(member.status == "active", WRONG_STATE, member.status, "member")
    orders = any(role in member.roles for role in ORDERING)
    refuse_unless(not orders, LEDGER_WOULD_STOP, f"{action.member} orders blocks", "member")
    draft.put(f"member/{action.member}", replace(member, status="suspended"))


def apply_reinstatement(draft: Draft, action: ReinstateMember) -> None:
    """R615: a suspended member is active again, with the roles it has."""
    member = known_member(draft, action.member)
    refuse_unless(member.status == "suspended", WRONG_STATE, member.status, "member")
    draft.put(f"member/{action.member}", replace(member, status="active"))


def apply_roles(draft: Draft, action: SetRoles) -> None:
    """R613: a member has the roles named and no others; 128 members at most have one role.

    Whoever is to order blocks is active and has log keys, from genesis on.

    R635: who is given the role of sequencer orders from the next block on; whoever ordered before
    keeps the role, as its deputy. It is given to a deputy again for that, and taken from nobody who
    is in office.
    """
    member = known_member(draft, action.member)
    _check_stays(action.member, member)
    orders = any(role in action.roles for role in ORDERING)
    is_able = bool(member.log_keys) and member.status == "active"
    refuse_unless(
        not orders or is_able, WRONG_STATE, "it has no log keys, or is suspended", "roles"
    )
    comes_into_office = _comes_into_office(draft, action)
    refuse_unless(
        comes_into_office or action.roles != member.roles, ALREADY_EXISTS, action.member, "roles"
    )
    _put_roles(draft, action.member, action.roles)
    if comes_into_office:
        ordering.appoint(draft, action.member)


def apply_recovery(draft: Draft, action: RecoverCustodian) -> None:
    """R616: a member's custodian key is revoked and gives way to one that was never seen before.

    The new key signed the record that proposes or decides this. What the old one appointed stays,
    until the custodian changes it. Who was merged has no custodian of its own.
    """
    member = known_member(draft, action.member)
    _check_stays(action.member, member)
    old = held(draft, Key, f"key/{member.custodian}")
    draft.put(f"key/{member.custodian}", replace(old, status="revoked", until=draft.context.index))
    keyid = _enrol_custodian(draft, action.member, action.key)
    draft.put(f"member/{action.member}", replace(member, custodian=keyid))


def apply_description(draft: Draft, action: DescribeMember) -> None:
    """R626: a member is renamed or moved; it is not above itself in its line."""
    member = known_member(draft, action.member)
    _check_stays(action.member, member)
    above, steps = action.line_superior, 0
    while above is not None:
        is_below = above == action.member or steps == LINE_MAX
        refuse_unless(not is_below, MALFORMED, f"{action.member} is above itself", "lineSuperior")
        above, steps = known_member(draft, above).line_superior, steps + 1
    described = replace(
        member,
        code=action.code,
        endpoint=action.endpoint,
        jurisdiction=action.jurisdiction,
        line_superior=action.line_superior,
        names=action.names,
    )
    draft.put(f"member/{action.member}", described)


def end_roles(draft: Draft, member_id: MemberId) -> None:
    """Take all roles from a member."""
    _put_roles(draft, member_id, ())


def known_member(draft: Draft, member_id: MemberId) -> Member:
    """A member that there is. Refuses with `unknown-member`."""
    member = read(draft, Member, f"member/{member_id}")
    return required(member, UNKNOWN_MEMBER, member_id, "member")


def _check_stays(member_id: MemberId, member: Member) -> None:
    stays = member.status != "removed" and member.successor is None
    refuse_unless(stays, WRONG_STATE, f"{member_id} has left", "member")


def _enrol_custodian(draft: Draft, member: MemberId, description: KeyDescription) -> DigestHex:
    """Make a new key the member's custodian; returns its id."""
    try:
        key = parse_public_key(description)
    except (FormatError, WeakKeyError) as error:
        raise Refused(WEAK_KEY, f"{member}: {error}", "custodian") from error
    refuse_unless(key.suite is ED25519, WEAK_KEY, "custodians sign with Ed25519", "custodian")
    refuse_unless(draft.get(f"key/{key.keyid}") is None, KEY_TAKEN, key.keyid, "custodian")
    name, index = custodian_of(member), draft.context.index
    draft.put(
        f"key/{key.keyid}",
        Key(
            function="custodian",
            key=description,
            lineage=index,
            member=member,
            since=index,
            writer=name,
        ),
    )
    draft.put(
        f"writer/{name}", Writer(appointed_by=draft.record, families=("keys",), key=key.keyid)
    )
    return key.keyid


def _comes_into_office(draft: Draft, action: SetRoles) -> bool:
    """Whether a member is to order in place of another. Refuses to leave the office bare."""
    is_in_office = ordering.in_office(draft) == action.member
    is_sequencer = "sequencer" in action.roles
    stays = is_sequencer or not is_in_office
    refuse_unless(stays, LEDGER_WOULD_STOP, "it orders: first appoint its successor", "roles")
    return is_sequencer and not is_in_office


def _put_roles(draft: Draft, member_id: MemberId, roles: tuple[Role, ...]) -> None:
    """Give a member these roles, and list it among their holders."""
    member = held(draft, Member, f"member/{member_id}")
    changed = [
        *(role for role in member.roles if role not in roles),
        *(role for role in roles if role not in member.roles),
    ]
    for role in changed:
        holders = read(draft, RoleHolders, f"role/{role}")
        others = () if holders is None else tuple(m for m in holders.members if m != member_id)
        now = tuple(sorted((*others, member_id))) if role in roles else others
        refuse_unless(len(now) <= HOLDERS_MAX, LIMIT, f"{HOLDERS_MAX} members with {role}", "roles")
        if now:
            draft.put(f"role/{role}", RoleHolders(members=now))
        else:
            draft.remove(f"role/{role}")
    draft.put(f"member/{member_id}", replace(member, roles=roles))


def _check_superiors(draft: Draft, admitted: Sequence[Admission]) -> None:
    superiors = {one.id: one.line_superior for one in admitted}
    for member, superior in superiors.items():
        above, steps = superior, 0
        while above in superiors:
            refuse_unless(steps < len(superiors), MALFORMED, f"{member} is above itself", "members")
            above, steps = superiors[above], steps + 1
        known = above is None or read(draft, Member, f"member/{above}") is not None
        refuse_unless(known, UNKNOWN_MEMBER, above or "", "lineSuperior")
