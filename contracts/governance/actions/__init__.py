"""Actions: what a proposal can do to the ledger, a function each.

An action is tried before it is done: `tried` applies it to a draft that lies on the real one, and
whoever asks takes the draft over or drops it. So what is put to the vote could be done at that
moment, and what is adopted is done by the same code, or not at all.

    members      admit, describe, suspend, reinstate, roles, custodian recovery
    departures   remove, merge into a successor
    division     split: put parts of a member into other hands
    arrangements legal bases, pairings, log keys of orderers to come
    standards    parameters, calendar, purposes, groups, rules
    indicators   figures by which members are assessed (`contracts.assessment.adoption`)
    continuity   what no action may take from the ledger
"""

from typing import assert_never

from contracts.assessment import adoption
from contracts.draft import Draft
from contracts.governance.actions import (
    arrangements,
    continuity,
    departures,
    division,
    members,
    standards,
)
from contracts.values import Member
from contracts.view import StateView, read
from ledger.records.actions import ChangeBases, SetLogKeys, SetPairing, SplitMember
from ledger.records.assessment import EndIndicator, SetIndicator
from ledger.records.governance import (
    Action,
    AdmitMembers,
    AdoptRules,
    ChangePurposes,
    DescribeMember,
    RecoverCustodian,
    ReinstateMember,
    RemoveMember,
    SetCalendar,
    SetGroup,
    SetParameters,
    SetRoles,
    SucceedMember,
    SuspendMember,
)


def tried(draft: Draft, action: Action) -> Draft:
    """What the action would change, as a draft on `draft`. Raises `Refused` if it cannot be done.

    R620: what an action makes of parameters, calendar, purposes or rules is in force from the next
    block on; what it makes of members, from the next record on.
    """
    above = Draft(
        draft, draft.context, draft.record, draft.signer, draft.writer, settle=draft.settle
    )
    _apply(above, action)
    continuity.check_quorums(draft, above)
    if not isinstance(action, SetParameters):
        continuity.follow_witnesses(above)
    return above


def replaced_key(action: Action) -> str | None:
    """The state key whose value an action replaces as a whole, by one the proposer made from it."""
    match action:
        case SetParameters() | SetCalendar():
            return "ledger"
        case SetGroup(group=group):
            return f"group/{group}"
        case SetPairing(pairing=pairing):
            return f"pairing/{pairing}"
        case SetIndicator(indicator=indicator):
            return f"indicator/{indicator.id}"
        case EndIndicator(indicator=code):
            return f"indicator/{code}"
        case _:
            return None


def is_qualified(view: StateView, action: Action) -> bool:
    """Whether an action takes the larger majority: parameters, rules, a change of committee."""
    match action:
        case AdoptRules() | SetLogKeys() | SetParameters():
            return True
        case AdmitMembers(members=admitted):
            return any("committee" in one.roles for one in admitted)
        case SetRoles(member=member, roles=roles):
            return ("committee" in roles) != _is_in_committee(view, member)
        case (
            RecoverCustodian(member=member)
            | ReinstateMember(member=member)
            | RemoveMember(member=member)
            | SplitMember(member=member)
            | SucceedMember(member=member)
            | SuspendMember(member=member)
        ):
            return _is_in_committee(view, member)
        case ChangePurposes() | DescribeMember() | SetCalendar() | SetGroup():
            return False
        case ChangeBases() | SetPairing():
            return False
        case EndIndicator() | SetIndicator():
            return False
        case _:
            assert_never(action)


def _is_in_committee(view: StateView, member_id: str) -> bool:
    member = read(view, Member, f"member/{member_id}")
    return member is not None and "committee" in member.roles


def _apply(draft: Draft, action: Action) -> None:  # noqa: C901, PLR0912  one case per action
    match action:
        case AdmitMembers():
            members.apply_admission(draft, action)
        case SuspendMember():
            members.apply_suspension(draft, action)
        case ReinstateMember():
            members.apply_reinstatement(draft, action)
        case SetRoles():
            members.apply_roles(draft, action)
        case RecoverCustodian():
            members.apply_recovery(draft, action)
        case DescribeMember():
            members.apply_description(draft, action)
        case RemoveMember():
            departures.apply_removal(draft, action)
        case SucceedMember():
            departures.apply_succession(draft, action)
        case SplitMember():
            division.apply_split(draft, action)
        case ChangeBases():
            arrangements.apply_bases(draft, action)
        case SetPairing():
            arrangements.apply_pairing(draft, action)
        case SetLogKeys():
            arrangements.apply_log_keys(draft, action)
        case AdoptRules():
            standards.apply_rules(draft, action)
        case ChangePurposes():
            standards.apply_purposes(draft, action)
        case SetIndicator():
            adoption.apply_indicator(draft, action)
        case EndIndicator():
            adoption.apply_end(draft, action)
        case SetGroup():
            standards.apply_group(draft, action)
        case SetParameters():
            standards.apply_parameters(draft, action)
        case SetCalendar():
            standards.apply_calendar(draft, action)
        case _:
            assert_never(action)
