"""Rules of supply (R430 to R432): who gives a right hands the data over, in time.

    transport  grant      to health, in force from Monday     case `<grant>-supply`, 20 working days
    transport  delivery   flights@1 under that right          the case is `supplied`

The case hangs from the right that comes into force. The first delivery under it that is in order
meets what is owed; a right that ends owes nothing more, and one that is suspended nothing for the
time being. What was passed on is owed by nobody: its delegator may hand over what it has, the
provider may do so too. Where the ledger sets no `supplyDays`, nothing is owed.
"""

from typing import Final

from contracts import calendar, cases
from contracts.draft import Draft
from contracts.values import Case, GrantedRight
from contracts.view import held, read
from ledger.types import CaseId, ItemId, Time

_OPEN: Final = frozenset({"expected", "overdue"})


def owe(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R430: who gave one member a right owes it a delivery, if the ledger asks.

    It is due within the working days the ledger sets, from when the right is in force and its
    period has begun, and when that ends at the latest. While the right is suspended nothing is due;
    the days begin anew when it is resumed. What is not handed over by then is a finding against
    the provider, of several the lead.
    """
    is_held = right.member is not None and right.in_force_since is not None
    due = _due(draft, right) if is_held and right.parent is None else None
    if due is not None:
        parties = held(draft, Case, f"case/{grant_id}").parties
        subject = f"grant/{grant_id}"
        cases.open_case(draft, _case_of(grant_id), "supply", subject, parties, due=due)


def meet(draft: Draft, grant_id: ItemId) -> None:
    """R431: the first delivery under a right that is in order meets what is owed, even if late.

    One that is a finding itself, but for the appointment of its writer, does not.
    """
    if _state(draft, grant_id) in _OPEN:
        cases.follow(draft, _case_of(grant_id), "supply")


def end(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R432: under a right that ends, nothing is owed any more.

    Its consumer may waive the delivery too, and keep the right.
    """
    if _state(draft, grant_id) in _OPEN:
        step = "waive" if draft.member == right.member else "drop"
        cases.follow(draft, _case_of(grant_id), step)


def suspend(draft: Draft, grant_id: ItemId) -> None:
    """Nobody is late with what it may not do."""
    if _state(draft, grant_id) == "expected":
        cases.move_deadline(draft, _case_of(grant_id), None)


def resume(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """From here on the provider has its days again."""
    if _state(draft, grant_id) == "expected":
        cases.move_deadline(draft, _case_of(grant_id), _due(draft, right))


def _due(draft: Draft, right: GrantedRight) -> Time | None:
    """By when data is to be handed over; None if nobody asks, or the right's period is over."""
    ledger, now = draft.context.ledger, draft.context.time
    days, ends = ledger.parameters.supply_days, right.terms.not_after
    if days is None or (ends is not None and ends <= now):
        return None
    begins = max(now, right.terms.not_before or "")
    due = calendar.deadline(begins, days, ledger.calendar)
    return due if ends is None else min(due, ends)


def _case_of(grant_id: ItemId) -> CaseId:
    return f"{grant_id}-supply"


def _state(draft: Draft, grant_id: ItemId) -> str | None:
    cases.settle_due(draft, _case_of(grant_id))
    case = read(draft, Case, f"case/{_case_of(grant_id)}")
    return None if case is None else case.state
