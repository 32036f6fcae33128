"""The interpreter of the workflow tables: opens cases, moves them, keeps their deadlines.

A case has at most one deadline, that of its state, held under `due/<time>/<case>` so that the ones
that fell due come first in the order of keys.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from contracts import calendar
from contracts.draft import Draft
from contracts.reasons import (
    ALREADY_EXISTS,
    GROUND_MISSING,
    NOT_YOUR_STEP,
    OWN_CASE,
    UNKNOWN_CASE,
    WRONG_STATE,
    Reason,
    refuse_unless,
    required,
)
from contracts.values import Case, Due, Party, RoleHolders, Suspicion
from contracts.view import read
from contracts.workflows import WORKFLOWS, Step
from ledger.records.cases import Step as StepBody
from ledger.records.genesis import Parameters
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.types import CaseId, MemberId, Time

Effect = Callable[[Draft, Case], None]
"""What a step does beside moving its case."""
_ROLES = frozenset({"auditor", "steward"})
DAYS_OF: Mapping[str, Callable[[Parameters], int]] = {
    "reply_days": lambda parameters: parameters.reply_days,
    "review_days": lambda parameters: parameters.review_days,
}
"""How to read the parameter a workflow state names."""


def open_case(  # noqa: PLR0913  a case is all of these
    draft: Draft,
    case_id: CaseId,
    workflow: str,
    subject: str,
    parties: tuple[Party, ...],
    *,
    state: str | None = None,
    days: int | None = None,
    finding: Suspicion | None = None,
) -> None:
    """Open a case in `state` (the workflow's first) with a deadline of `days` (the state's own)."""
    table = WORKFLOWS[workflow]
    first = table.states[0] if state is None else table.state(state)
    case = Case(
        due=_deadline(draft, first.days, days),
        finding=finding,
        opened_at=draft.context.time,
        parties=parties,
        records=1,
        run=extend_run(EMPTY_RUN, draft.record),
        state=first.name,
        subject=subject,
        workflow=workflow,
    )
    refuse_unless(draft.get(f"case/{case_id}") is None, ALREADY_EXISTS, case_id)
    _put(draft, case_id, case)


def take_step(draft: Draft, case_id: CaseId, name: str, unknown: Reason = UNKNOWN_CASE) -> Case:
    """Take the step `name` on behalf of the draft's member by a record of the step's own kind.

    Returns the case as it stood before. Raises `Refused`.
    """
    case, row = _check_step(draft, case_id, name, unknown)
    _move(draft, case_id, case, row.next)
    return case


def close_by_rule(draft: Draft, case_id: CaseId, name: str) -> None:
    """Take the step `name` because a rule says so, whoever signed the record."""
    case = required(read(draft, Case, f"case/{case_id}"), UNKNOWN_CASE, case_id)
    row = required(WORKFLOWS[case.workflow].step(case.state, name), WRONG_STATE, case_id)
    _move(draft, case_id, case, row.next)


def apply_step(draft: Draft, body: StepBody, effects: Mapping[str, Effect]) -> None:
    """Rule of the kind `step`: the same step in every case listed."""
    for case_id in body.cases:
        case, row = _check_step(draft, case_id, body.step, UNKNOWN_CASE)
        refuse_unless(row.by == "step", WRONG_STATE, f"a {row.by} record does this", "step")
        refuse_unless(
            not row.grounds or body.ground in row.grounds,
            GROUND_MISSING,
            "one of " + ", ".join(row.grounds),
            "ground",
        )
        _move(draft, case_id, case, row.next)
        if row.effect is not None:
            effects[row.effect](draft, case)


def pass_deadline(draft: Draft, key: str) -> tuple[CaseId, Case] | None:
    """Settle one deadline: remove it and move its case on.

    Returns the case as it stood, or None if it no longer waits for this deadline.
    """
    draft.remove(key)
    _, due, case_id = key.split("/")
    case = read(draft, Case, f"case/{case_id}")
    if case is None or case.due != due:
        return None
    state = WORKFLOWS[case.workflow].state(case.state)
    following = state.then or case.state
    again = None if following == case.state else WORKFLOWS[case.workflow].state(following).days
    moved = replace(case, state=following, due=_deadline(draft, again, None))
    _put(draft, case_id, moved)
    return case_id, case


def members_in(draft: Draft, case: Case, part: str) -> tuple[MemberId, ...]:
    """The members that have a part in a case, or a role of the ledger."""
    if part in _ROLES:
        holders = read(draft, RoleHolders, f"role/{part}")
        return () if holders is None else holders.members
    return tuple(party.member for party in case.parties if party.part == part)


def _check_step(draft: Draft, case_id: CaseId, name: str, unknown: Reason) -> tuple[Case, Step]:
    case = required(read(draft, Case, f"case/{case_id}"), unknown, case_id)
    row = required(
        WORKFLOWS[case.workflow].step(case.state, name),
        WRONG_STATE,
        f"{case_id} is `{case.state}`, which allows no step `{name}`",
        "step",
    )
    entitled = any(draft.member in members_in(draft, case, part) for part in row.who)
    refuse_unless(entitled, NOT_YOUR_STEP, f"it is for: {', '.join(row.who)}", "step")
    is_party = any(party.member == draft.member for party in case.parties)
    refuse_unless(not (row.independent and is_party), OWN_CASE, case_id)
    return case, row


def _move(draft: Draft, case_id: CaseId, case: Case, state: str) -> None:
    if case.due is not None:
        draft.remove(f"due/{case.due}/{case_id}")
    moved = replace(
        case,
        due=_deadline(draft, WORKFLOWS[case.workflow].state(state).days, None),
        records=case.records + 1,
        run=extend_run(case.run, draft.record),
        state=state,
    )
    _put(draft, case_id, moved)


def _put(draft: Draft, case_id: CaseId, case: Case) -> None:
    draft.put(f"case/{case_id}", case)
    if case.due is not None:
        draft.put(f"due/{case.due}/{case_id}", Due(case=case_id))


def _deadline(draft: Draft, parameter: str | None, days: int | None) -> Time | None:
    ledger = draft.context.ledger
    if days is None:
        if parameter is None:
            return None
        days = DAYS_OF[parameter](ledger.parameters)
    return calendar.deadline(draft.context.time, days, ledger.calendar)
