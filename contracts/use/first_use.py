"""Rules of the first use (R516 to R518): what is granted is used, what was delivered is reported.

    health's right to `flights`, in force 2026-11-23           case `<grant>-first-use`: `awaited`
    transport   delivery    under it                           `delivered`: 10 working days from now
    health      usage       under it                           `used`, for good

One case per right asks for both, as one use meets both; no use after the first one costs anything.
Where the ledger sets neither `useDays` nor `useReportDays`, nothing is asked. Who ends a right that
it does not use does what it should: the case then stands without a deadline. Days over which the
right does not hold do not count (`contracts.sharing.pauses`).
"""

from msgspec.structs import replace

from contracts import calendar, cases
from contracts.draft import Draft
from contracts.settings import parameters_for
from contracts.sharing.chains import chain_of, days_held
from contracts.values import GrantedRight, Party
from ledger.times import from_ms, to_ms
from ledger.types import ItemId, Time


def owe(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R516: a right in force is used within the days the ledger sets, and before it ends.

    They are working days; what was used by the end can still be reported as long as the terms and
    the ledger allow. A right that ends earlier or later moves the deadline, one that was ended
    before needs no use, even of what was handed over. What is not used by then is a finding.
    """
    case_id = f"{grant_id}-first-use"
    case = cases.as_it_stands(draft, case_id)
    if case is not None and case.state == "awaited":
        cases.move_deadline(draft, case_id, due_of(draft, grant_id, right, "awaited"))
    elif case is not None and case.state == "delivered" and right.ended_at is not None:
        cases.move_deadline(draft, case_id, None)
    elif case is None and _begins(draft, grant_id, right):
        due = due_of(draft, grant_id, right, "awaited")
        if due is not None:
            _open(draft, case_id, right, "awaited", due)


def deliver(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R517: what was handed over first under a right in force is used, and that is reported.

    It is due when the time the terms set to report a use has passed since, and the working days
    that the ledger allows besides. Where no use is reported by then, that is a finding.
    """
    days = draft.context.ledger.parameters.use_report_days
    if days is None or not _begins(draft, grant_id, right):
        return
    case_id = f"{grant_id}-first-use"
    case = cases.as_it_stands(draft, case_id)
    if case is not None and case.state != "awaited":
        return
    handed = replace(right, delivered_at=draft.context.time)
    draft.put(f"grant/{grant_id}", handed)
    due = due_of(draft, grant_id, handed, "delivered")
    if case is None:
        _open(draft, case_id, right, "delivered", due)
    else:
        cases.follow(draft, case_id, "deliver")
        cases.move_deadline(draft, case_id, due)


def meet(draft: Draft, grant_id: ItemId) -> None:
    """R518: the first use that draws on a right meets what is asked of it, in time or late.

    A use of what was passed on draws on every right above it, and is the first use of each.
    """
    cases.follow(draft, f"{grant_id}-first-use", "report-use")


def due_of(draft: Draft, grant_id: ItemId, right: GrantedRight, state: str) -> Time | None:
    """By when a use is asked for, in a state in which it is; None if nobody asks."""
    since, chain = right.in_force_since, chain_of(draft, grant_id, right)
    if right.ended_at is not None or since is None:
        return None
    if state == "delivered" and right.delivered_at is not None:
        days = parameters_for(draft, right.delivered_at).use_report_days or 1
        return days_held(draft, chain, _reported(right.delivered_at, right), days)
    asked = parameters_for(draft, since)
    if asked.use_days is None:
        return None
    due, end = days_held(draft, chain, since, asked.use_days), right.terms.not_after
    if end is None:
        return due
    days, today = asked.use_report_days or 0, draft.context.ledger.calendar
    return min(due, calendar.deadline(_reported(end, right), days, today))


def _reported(moment: Time, right: GrantedRight) -> Time:
    """When what is used at a moment is to be reported, by the terms."""
    return from_ms(to_ms(moment) + (right.terms.report_within or 0))


def _begins(draft: Draft, grant_id: ItemId, right: GrantedRight) -> bool:
    """Whether a right is some member's, in force, and not used so far."""
    is_held = right.member is not None and right.in_force_since is not None
    return is_held and right.ended_at is None and draft.get(f"use/{grant_id}") is None


def _open(draft: Draft, case_id: str, right: GrantedRight, state: str, due: Time | None) -> None:
    consumer = Party(member=right.member or "", part="consumer")
    provider = Party(member=right.provider, part="provider")
    subject = f"grant/{case_id.removesuffix('-first-use')}"
    parties = (consumer, provider)
    cases.open_case(draft, case_id, "first-use", subject, parties, state=state, due=due)
