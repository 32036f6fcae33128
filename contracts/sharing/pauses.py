"""Rules of pauses (R525, R526): what is asked under a right waits while the right does not hold.

    health's right, to be used within 20 days        suspended after 5: nothing is due
    resumed                                          15 days from here
    a standing grant is suspended as the days end    what was taken up under it is due later

Data is to be handed over, used, and used in every column: of all three the days count over which
the right held. A suspension of the right itself takes their deadlines away and a resumption sets
them anew. Nothing is written below a right that is suspended, so there the deadline passes first,
and is then put off by what was lost.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from contracts import calendar, cases
from contracts.draft import Draft
from contracts.sharing import supply
from contracts.sharing.chains import (
    StateName,
    chain_of,
    is_over,
    pauses_before,
    state_of,
)
from contracts.use import first_use, unused_fields
from contracts.values import Case, GrantedRight
from contracts.view import StateView, held
from ledger.types import CaseId, ItemId, Time


class _Asked(NamedTuple):
    """What is asked under a right: how its case is named, where it waits, by when it is due."""

    ending: str
    states: tuple[str, ...]
    due: Callable[[Draft, ItemId, GrantedRight, str], Time | None]


_ASKED: Final = {
    "field-use": _Asked("-fields", ("watched",), unused_fields.due_of),
    "first-use": _Asked("-first-use", ("awaited", "delivered"), first_use.due_of),
    "supply": _Asked("-supply", ("expected",), supply.due_of),
}
_EXCUSES: Final[tuple[StateName, ...]] = ("fallen", "lapsed", "suspended")


def suspend(draft: Draft, grant_id: ItemId) -> None:
    """Nobody is late with what it may not do."""
    for case_id, _, _ in _waiting(draft, grant_id):
        cases.move_deadline(draft, case_id, None)


def resume(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """From here on there is what was left of the days, one working day at least."""
    for case_id, case, asked in _waiting(draft, grant_id):
        cases.move_deadline(draft, case_id, _left(draft, grant_id, right, case, asked))


def stands_still(draft: Draft, key: str, case: Case) -> bool:
    """R526: what is asked under a right is not due while that, or one above it, is suspended.

    Nor is it while its member is barred (R444). A deadline that passes meanwhile, or too soon
    because of it, is put off by as long, by one working day at least; what comes after it changes
    nothing. Where the right will not hold again, nobody is to hand over anything any more.
    """
    asked = _ASKED.get(case.workflow)
    if asked is None:
        return False
    grant_id, right = case.subject.removeprefix("grant/"), held(draft, GrantedRight, case.subject)
    chain = chain_of(draft, grant_id, right)
    missed = case.due or draft.context.time
    spans, due = pauses_before(chain, missed), None
    if is_over(chain, missed):
        if case.workflow != "supply":
            return False
    elif not spans:
        return False
    elif any(span.until is None for span in spans):
        due = _left(draft, grant_id, right, case, asked)
    else:
        due = asked.due(draft, grant_id, right, case.state)
        if due is None or due <= draft.context.time:
            return False
    cases.put_off(draft, key, due)
    return True


def is_excused(view: StateView, case: Case, now: Time) -> bool:
    """R525: who may not use what was granted is not late with using it.

    That is so if at that time the right has lapsed, is suspended, or has fallen with one above it.
    What has lapsed nobody is late to hand over, either. Nor is anybody late with using data that is
    still owed under the right or one above, but for a service in account, which one has to call.
    """
    if case.workflow not in _ASKED:
        return False
    grant_id, right = case.subject.removeprefix("grant/"), held(view, GrantedRight, case.subject)
    chain = chain_of(view, grant_id, right)
    found = state_of(chain, now).state
    if case.workflow == "supply":
        return found == "lapsed"
    if found in _EXCUSES:
        return True
    has_data = case.state == "delivered" or right.accounted
    return not has_data and any(supply.is_pending(view, one.grant_id, one.right) for one in chain)


def _waiting(draft: Draft, grant_id: ItemId) -> Iterator[tuple[CaseId, Case, _Asked]]:
    """What is still waited for under a right."""
    for asked in _ASKED.values():
        case_id = f"{grant_id}{asked.ending}"
        case = cases.as_it_stands(draft, case_id)
        if case is not None and case.state in asked.states:
            yield case_id, case, asked


def _left(
    draft: Draft, grant_id: ItemId, right: GrantedRight, case: Case, asked: _Asked
) -> Time | None:
    """When what is left of the days is over; None where the right's period is over."""
    now, ends = draft.context.time, right.terms.not_after
    due = asked.due(draft, grant_id, right, case.state)
    if due is None or (ends is not None and ends <= now):
        return None
    if due <= now:
        due = calendar.deadline(now, 1, draft.context.ledger.calendar)
    return due if ends is None or case.workflow == "first-use" else min(due, ends)
