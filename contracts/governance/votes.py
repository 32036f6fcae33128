"""Rules of the governance family (R6xx): how the committee decides, and what the government may.

A proposal is a case of the workflow `proposal`. Who is in the electorate and what majority it takes
are asked at every ballot, of the state as it is then: a member suspended meanwhile no longer
counts, neither its vote nor among those of whom a majority is asked.

    proposal   action + reason + premises + closing time      opens the case
    ballot     yes                                            1 of 3: open
    ballot     yes                                            2 of 3: adopted, the action is done

Nothing is adopted by a clock: a proposal whose time is over has expired.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, assert_never

from msgspec.structs import replace

from contracts import cases
from contracts.draft import Draft
from contracts.governance import actions
from contracts.governance.actions.continuity import active_holders
from contracts.reasons import (
    ALREADY_EXISTS,
    LIMIT,
    NOT_COMMITTEE,
    NOT_GOVERNMENT,
    OWN_CASE,
    PERIOD_OVER,
    PREMISE_CHANGED,
    PREMISE_MISSING,
    UNKNOWN_PROPOSAL,
    WRONG_STATE,
    Refused,
    refuse_unless,
    required,
)
from contracts.succession import hands_of
from contracts.values import Case, CastBallot, Ledger, Party, ProposedAction, Tally
from contracts.view import StateView, held, read
from ledger.canonical import encode
from ledger.hashing import sha256
from ledger.records.actions import SplitMember
from ledger.records.genesis import Threshold
from ledger.records.governance import (
    Action,
    AdmitMembers,
    Ballot,
    Decision,
    DescribeMember,
    Premise,
    Proposal,
    RecoverCustodian,
    RejectAdmission,
    SucceedMember,
)
from ledger.times import DAY_MS, to_ms
from ledger.types import Count, DigestHex, MemberId

OPEN_DAYS_MAX: Final = 366
"""Longest time for a vote, in days."""
REACHES: Final[Mapping[Threshold, Callable[[Count, Count], bool]]] = {
    "more-than-half": lambda yes, of: 2 * yes > of,
    "two-thirds": lambda yes, of: 3 * yes >= 2 * of,
    "three-quarters": lambda yes, of: 4 * yes >= 3 * of,
    "all": lambda yes, of: yes == of,
}
"""Whether so many votes of so many members reach a threshold."""


def apply_proposal(draft: Draft, body: Proposal) -> None:
    """R601: an active member of the committee puts to the vote what could be done now.

    Votes are cast for at most 366 days. Every premise holds. R607: what replaces parameters,
    calendar, a group or an indicator as a whole rests on the value replaced, so that nobody
    overwrites what he has not seen.
    """
    _check_in_committee(draft)
    left_ms = to_ms(body.closes_at) - draft.context.time_ms
    refuse_unless(left_ms > 0, PERIOD_OVER, body.closes_at, "closesAt")
    refuse_unless(left_ms <= OPEN_DAYS_MAX * DAY_MS, LIMIT, f"{OPEN_DAYS_MAX} days", "closesAt")
    changed = changed_premise(draft, body.rests_on)
    refuse_unless(changed is None, PREMISE_CHANGED, changed or "", "restsOn")
    replaced = actions.replaced_key(body.action)
    refuse_unless(
        replaced is None or any(one.key == replaced for one in body.rests_on),
        PREMISE_MISSING,
        replaced or "",
        "restsOn",
    )
    actions.tried(draft, body.action)
    proposal = draft.record
    draft.put(f"proposal/{proposal}", ProposedAction(action=body.action, rests_on=body.rests_on))
    cases.open_case(
        draft,
        proposal,
        "proposal",
        f"proposal/{proposal}",
        (Party(member=draft.member, part="proposer"),),
        due=body.closes_at,
    )


def apply_ballot(draft: Draft, body: Ballot) -> None:
    """R602: an active member of the committee votes, or votes otherwise, while a vote is open.

    R605: a proposal falls at the first ballot after a premise changed, or if its action could no
    longer be done. R606: it is rejected when those who have not voted no are too few.
    """
    proposed = _open_proposal(draft, body.proposal)
    key = f"ballot/{body.proposal}/{draft.member}"
    before = read(draft, CastBallot, key)
    is_new = before is None or before.vote != body.vote
    refuse_unless(is_new, ALREADY_EXISTS, f"the vote is {body.vote} already", "vote")
    draft.put(key, CastBallot(record=draft.record, vote=body.vote))
    if changed_premise(draft, proposed.rests_on) is not None:
        cases.take_step(draft, body.proposal, "vote", NOT_COMMITTEE, "fallen")
        return
    tally = tally_of(draft, body.proposal)
    threshold = threshold_of(draft, proposed.action)
    reaches = REACHES[threshold]
    if reaches(tally.yes, tally.electorate):
        _adopt(draft, body.proposal, proposed, tally)
    elif reaches(tally.electorate - tally.no, tally.electorate):
        cases.take_step(draft, body.proposal, "vote", NOT_COMMITTEE, "open")
    else:
        cases.take_step(draft, body.proposal, "vote", NOT_COMMITTEE, "rejected")


def tally_of(view: StateView, proposal: DigestHex) -> Tally:
    """R603: those who vote, and how, are the members of the committee that are active then."""
    electorate = active_holders(view, "committee")
    votes = [read(view, CastBallot, f"ballot/{proposal}/{one}") for one in electorate]
    said = [one.vote for one in votes if one is not None]
    return Tally(electorate=len(electorate), no=said.count("no"), yes=said.count("yes"))


def threshold_of(view: StateView, action: Action) -> Threshold:
    """The majority that an action takes, as the parameters say at this moment."""
    parameters = held(view, Ledger, "ledger").parameters
    if actions.is_qualified(view, action):
        return parameters.qualified_threshold
    return parameters.ordinary_threshold


def changed_premise(view: StateView, premises: Sequence[Premise]) -> str | None:
    """The first key whose value is not what a proposal rests on."""
    for one in premises:
        value = view.get(one.key)
        present = None if value is None else sha256(encode(value)).hex()
        if present != one.value:
            return one.key
    return None


def apply_decision(draft: Draft, body: Decision) -> None:
    """R608: the government decides without a vote, on the minutes of its meeting, what is its own.

    It gives a lost custodian another key, and renames, moves, merges and splits members, but never
    its own and nobody of the committee: those take a vote. R609: it rejects an admission while the
    vote on it is open.
    """
    refuse_unless(
        draft.member in active_holders(draft, "government"), NOT_GOVERNMENT, draft.member, "writer"
    )
    match body.matter:
        case RejectAdmission(proposal=proposal):
            value = read(draft, ProposedAction, f"proposal/{proposal}")
            proposed = required(value, UNKNOWN_PROPOSAL, proposal, "proposal")
            admits = isinstance(proposed.action, AdmitMembers)
            refuse_unless(admits, NOT_GOVERNMENT, "it admits nobody", "proposal")
            cases.take_step(draft, proposal, "overrule", NOT_GOVERNMENT)
        case (
            SplitMember(member=member, successor=successor)
            | SucceedMember(member=member, successor=successor)
        ) as action:
            _check_own(draft, action, member, successor)
            draft.adopt(actions.tried(draft, action))
        case (DescribeMember(member=member) | RecoverCustodian(member=member)) as action:
            _check_own(draft, action, member)
            draft.adopt(actions.tried(draft, action))
        case _:
            assert_never(body.matter)


def _check_own(draft: Draft, action: Action, *members: MemberId) -> None:
    """What the government does to members it does to others, and not to the committee."""
    for member in members:
        refuse_unless(draft.member not in hands_of(draft, member), OWN_CASE, member, "matter")
    takes_vote = actions.is_qualified(draft, action)
    refuse_unless(not takes_vote, NOT_GOVERNMENT, "the committee takes a vote", "matter")


def _adopt(draft: Draft, proposal: DigestHex, proposed: ProposedAction, tally: Tally) -> None:
    """R604: the ballot that reaches the threshold does what was proposed."""
    try:
        done = actions.tried(draft, proposed.action)
    except Refused:
        # Votes count, and are kept; what they are for is no longer possible.
        cases.take_step(draft, proposal, "vote", NOT_COMMITTEE, "fallen")
        return
    # First the step: the action may end the voter's own membership of the committee.
    cases.take_step(draft, proposal, "vote", NOT_COMMITTEE, "adopted")
    draft.adopt(done)
    draft.put(f"proposal/{proposal}", replace(proposed, tally=tally))


def _open_proposal(draft: Draft, proposal: DigestHex) -> ProposedAction:
    value = read(draft, ProposedAction, f"proposal/{proposal}")
    proposed = required(value, UNKNOWN_PROPOSAL, proposal, "proposal")
    _check_in_committee(draft)
    case = held(draft, Case, f"case/{proposal}")
    # Settlement is bounded per block: a vote can be over before its case has been told.
    is_open = case.due is not None and draft.context.time < case.due
    refuse_unless(is_open, WRONG_STATE, f"it is `{case.state}`, or its time is over", "proposal")
    return proposed


def _check_in_committee(draft: Draft) -> None:
    is_member = draft.member in active_holders(draft, "committee")
    refuse_unless(is_member, NOT_COMMITTEE, draft.member, "writer")
