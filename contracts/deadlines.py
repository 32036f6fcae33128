"""Deadlines that pass: the case moves on, and who was late is found.

A block settles the earliest of those that fell due (`contracts.replay`). One that waits for a later
block is settled by the first record that touches its case, so that nobody gains by a long queue.

    case open, due 2026-11-25     50 other deadlines fall due with it
    block of 2026-11-30           settles those 50
    provider   refuse             first `answer-overdue` against the provider, then `refused`
"""

from contracts import cases, findings
from contracts.draft import Draft
from contracts.sharing import emergency, pauses
from contracts.supervision import rulings
from contracts.use import accounts, unused_fields
from contracts.values import Case, Due
from contracts.view import held
from contracts.workflows import WORKFLOWS


def settle(draft: Draft, key: str) -> None:
    """Settle one deadline that fell due, by its key: `due/<time>/<case>`."""
    waiting = held(draft, Case, f"case/{held(draft, Due, key).case}")
    if pauses.stands_still(draft, key, waiting):
        return
    case_id, case = cases.pass_deadline(draft, key)
    state = WORKFLOWS[case.workflow].state(case.state)
    missed = case.due or draft.context.time
    late = () if pauses.is_excused(draft, case, missed) else cases.late_in(draft, case)
    if state.overdue is not None and late:
        claimants = [party.member for party in case.parties if party.part != state.late]
        claimant = next((member for member in claimants if member not in late), None)
        finding = findings.FINDING_OF_CODE[cases.code_of(case, state.overdue)]
        base = cases.overdue_base(draft, case_id, case, finding.code)
        measure = draft.context.time
        if case.workflow == "field-use":
            measure = unused_fields.measure(draft, case.subject.removeprefix("grant/"))
        findings.raise_finding(
            draft, finding, base, late, claimant, measure=measure, limit=case.due
        )
    if case.workflow == "request" and state.then == "withdrawn":
        emergency.take_back(draft, case_id, case)
    if case.workflow == "formalities":
        emergency.lapse(draft, case)
    if case.ruling is not None:
        rulings.let_stand(draft, case_id)
    if case.workflow == "account":
        accounts.compare(draft, case_id, case)
