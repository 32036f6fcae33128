"""Objections to a figure: a member says which things must not count in a figure of its own.

The case goes to who mediates, and from there to the government
(`contracts.assessment.workflows`). Nobody changes a figure: what is upheld takes the things named
out of it when it is computed. Who thinks another's figure too good, complains or objects to a
record.
"""

from contracts import cases
from contracts.assessment.periods import judged_at, length_of, span_of
from contracts.assessment.reports import final_time
from contracts.draft import Draft
from contracts.reasons import (
    NOT_PROVISIONAL,
    UNKNOWN_INDICATOR,
    UNKNOWN_THING,
    refuse_unless,
    required,
)
from contracts.settings import ledger_at
from contracts.values import FigureUnderObjection, Party
from contracts.view import read
from ledger.records.assessment import FigureObjection, Indicator


def apply_objection(draft: Draft, body: FigureObjection) -> None:
    """R805: a member objects to a figure of its own that is over and not yet final.

    By the parameters and the calendar as they were when the period ended, whatever was adopted
    since. The indicator is adopted, and taken over periods as long as this one. What must not count
    is in the state. A writer appointed for some datasets objects to nothing.
    """
    draft.check_dataset(None)
    ledger = ledger_at(draft, judged_at(body.period))
    code = body.indicator
    found = required(read(draft, Indicator, f"indicator/{code}"), UNKNOWN_INDICATOR, code, "figure")
    is_its_length = found.period == length_of(body.period)
    refuse_unless(is_its_length, UNKNOWN_INDICATOR, f"{code} of a {found.period}", "figure")
    for key in body.things:
        refuse_unless(draft.get(key) is not None, UNKNOWN_THING, key, "figure")
    span = span_of(body.period, ledger.calendar)
    final_at = final_time(ledger, span)
    is_open = final_at is not None and span.until <= draft.context.time < final_at
    refuse_unless(is_open, NOT_PROVISIONAL, f"{code} of {body.period}", "figure")
    case_id = f"{draft.record}-0"
    key = f"figure/{case_id}"
    draft.put(key, FigureUnderObjection(member=draft.member, objection=body))
    claimant = Party(member=draft.member, part="claimant")
    cases.open_case(draft, case_id, "figure-objection", key, (claimant,))
