"""Rules of emergencies (R433 to R436): first the data, then the formalities, or the right lapses.

    steward    grant      of flights to health, emergency `disaster`    in force at once, <= 30 days
    case `<grant>-formalities`, due in 10 working days; until then the right lapses by itself
    health     request    of flights, naming that right                 the case is `asked`
    transport  grant      in answer to the request                      `completed`; nothing lapses

The moment at which the right lapses is part of the right (`lapses_at`), so that a use is judged by
the right alone, and nobody has to end what has lapsed.
"""

from typing import Final

from msgspec.structs import replace

from contracts import calendar, cases, mediation
from contracts.draft import Draft
from contracts.reasons import (
    FORMALITIES_MISSING,
    NOT_AN_EMERGENCY,
    NOT_CONSUMER,
    TOO_LONG_FOR_EMERGENCY,
    UNKNOWN_GRANT,
    refuse_unless,
    required,
)
from contracts.sharing import supply
from contracts.succession import hand_of
from contracts.use import disposal
from contracts.values import Case, EmergencyRight, EntryTerms, GrantedRight, RequestedItem
from contracts.view import held, read
from ledger.records.sharing import GrantItem, RequestItem
from ledger.records.terms import Terms
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import CaseId, ItemId, MemberId, Time

DAYS_MAX: Final = 30
"""Days in all, not working days, that a right given in an emergency is in force."""


def may_give(draft: Draft, item: GrantItem) -> bool:
    """R433: in an emergency a right is given by one signature: the provider's, or a steward's.

    It is in force at once, though nobody asked for it or accepted it, and lies within the entry's
    conditions like any other. A steward gives nothing to itself, nor to a member or a part of one
    that is in the same hand.
    """
    if item.emergency is None or draft.is_for_part:
        return False
    return draft.member in mediation.holders(draft, "steward")


def is_in_own_hand(draft: Draft, item: GrantItem) -> bool:
    """Whether who gives a right acts for one of those that receive it."""
    hand = hand_of(draft, draft.member, item.dataset)
    return any(hand_of(draft, one, item.dataset) == hand for one in item.members)


def check_span(terms: Terms, since: Time) -> None:
    """R434: what was given in an emergency ends 30 days after it came into force, or before.

    No amendment makes it last longer.
    """
    ends = terms.not_after
    is_brief = ends is not None and to_ms(ends) <= to_ms(since) + DAYS_MAX * DAY_MS
    latest = from_ms(to_ms(since) + DAYS_MAX * DAY_MS)
    refuse_unless(is_brief, TOO_LONG_FOR_EMERGENCY, f"until {latest}", "terms", "notAfter")


def open_formalities(draft: Draft, grant_id: ItemId, right: GrantedRight) -> GrantedRight:
    """R435: formalities follow within the days of the ledger, or the right lapses.

    Its consumer asks for the data, naming the right; if it has not when they are due, that is a
    finding against it. Whose right ends before is late with nothing. A grant in answer completes
    them, even after the right has lapsed or ended. Before
    they are completed neither the member nor who acts for it is given another right to the dataset
    in an emergency.
    """
    for holder in _holders(draft, right):
        key = f"emergency/{right.dataset}/{holder}"
        earlier = read(draft, EmergencyRight, key)
        if earlier is not None:
            state = held(draft, Case, f"case/{_case_of(earlier.grant)}").state
            is_done = state == "completed"
            refuse_unless(is_done, FORMALITIES_MISSING, earlier.grant, "emergency")
        draft.put(key, EmergencyRight(grant=grant_id))
    ledger = draft.context.ledger
    due = calendar.deadline(draft.context.time, ledger.parameters.emergency_days, ledger.calendar)
    parties = held(draft, Case, f"case/{grant_id}").parties
    subject = f"grant/{grant_id}"
    cases.open_case(draft, _case_of(grant_id), "formalities", subject, parties, due=due)
    lapsing = replace(right, lapses_at=due)
    draft.put(subject, lapsing)
    return lapsing


def check_named(draft: Draft, item: RequestItem) -> GrantedRight | None:
    """The right whose formalities a request names, if it names one."""
    if item.emergency is None:
        return None
    right = read(draft, GrantedRight, f"grant/{item.emergency}")
    return required(right, UNKNOWN_GRANT, item.emergency, "emergency")


def ask(draft: Draft, item: RequestItem, right: GrantedRight | None, entry: EntryTerms) -> None:
    """R436: a request that names a right asks for the formalities of that emergency.

    The right was given in an emergency, to the member that asks, of the dataset it asks for. Once
    every such request is withdrawn, by whom or by what deadline ever, nobody has asked.
    """
    if right is None or item.emergency is None:
        return
    is_own = (right.member, right.dataset) == (draft.member, entry.dataset)
    fits = is_own and right.emergency is not None
    refuse_unless(fits, NOT_AN_EMERGENCY, item.emergency, "emergency")
    case_id = _case_of(item.emergency)
    case = cases.as_it_stands(draft, case_id)
    is_asked = case is not None and case.state == "asked"
    cases.take_step(draft, case_id, "ask-again" if is_asked else "ask", NOT_CONSUMER)
    _count(draft, case_id, 1)


def take_back(draft: Draft, _: CaseId, request: Case) -> None:
    """A request is withdrawn: where it was the only one for its formalities, they are expected."""
    asked = held(draft, RequestedItem, request.subject)
    if asked.emergency is None:
        return
    case_id = _case_of(asked.emergency)
    if _count(draft, case_id, -1) == 0:
        cases.follow(draft, case_id, "withdraw")


def end(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """Under a right that ends, formalities are due no more."""
    if right.emergency is not None:
        cases.follow(draft, _case_of(grant_id), "drop")


def lapse(draft: Draft, case: Case) -> None:
    """The deadline of formalities has passed, and with it the right."""
    supply.drop(draft, case.subject.removeprefix("grant/"))


def complete(draft: Draft, grant_id: ItemId | None) -> None:
    """A request for the formalities is answered: nothing lapses that has not lapsed yet."""
    if grant_id is None:
        return
    case_id = _case_of(grant_id)
    before = cases.as_it_stands(draft, case_id)
    is_asked = before is not None and before.state == "asked"
    if cases.follow(draft, case_id, "complete") and is_asked:
        right = held(draft, GrantedRight, f"grant/{grant_id}")
        lasting = replace(right, lapses_at=None)
        draft.put(f"grant/{grant_id}", lasting)
        disposal.owe(draft, grant_id, lasting)


def _count(draft: Draft, case_id: CaseId, more: int) -> int:
    key = f"case/{case_id}"
    case = held(draft, Case, key)
    draft.put(key, replace(case, asked=case.asked + more))
    return case.asked + more


def _holders(draft: Draft, right: GrantedRight) -> tuple[MemberId, ...]:
    """Whose last right in an emergency it is: its member's, and that of whoever acts for it."""
    member = right.member or ""
    hand = hand_of(draft, member, right.dataset)
    return (member,) if hand == member else (member, hand)


def _case_of(grant_id: ItemId) -> CaseId:
    return f"{grant_id}-formalities"
