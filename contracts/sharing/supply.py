"""Rules of supply (R430 to R432, R451): who gives a right hands the data over, in time.

    transport  grant      to health, in force from Monday     case `<grant>-supply`, 20 working days
    transport  delivery   flights@1 under that right          the case is `supplied`

The case hangs from the right that comes into force. The first delivery under it that is in order
meets what is owed; a right that ends owes nothing more, and one that is suspended nothing for the
time being (`contracts.sharing.pauses`). What was passed on is owed by nobody: its delegator may
hand over what it has, the provider may do so too. Where the ledger sets no `supplyDays`, nothing is
owed.
"""

from msgspec.structs import replace

from contracts import cases
from contracts.draft import Draft
from contracts.settings import parameters_for
from contracts.sharing.chains import chain_of, days_held
from contracts.terms import narrows
from contracts.values import Case, GrantedRight, OwedDelivery, RequestedItem
from contracts.view import StateView, held, read
from ledger.types import CaseId, ItemId, Time


def owe(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R430: who gave one member a right owes it a delivery, if the ledger asks.

    It is due within the working days the ledger sets, from when the right is in force and its
    period has begun, and when that ends at the latest. While the right is suspended nothing is due;
    when it is resumed, what was left of the days runs on. What is not handed over by then is a
    finding against the provider, of several the lead.
    """
    is_held = right.member is not None and right.in_force_since is not None
    due = None
    if is_held and right.parent is None:
        due = due_of(draft, grant_id, right, "expected")
    if due is not None and due > draft.context.time and not _is_owed(draft, grant_id, right):
        due = _carry_over(draft, grant_id, right, due)
        parties = held(draft, Case, f"case/{grant_id}").parties
        subject = f"grant/{grant_id}"
        if due is not None:
            cases.open_case(draft, _case_of(grant_id), "supply", subject, parties, due=due)


def meet(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R431: the first delivery under a right that is in order meets what is owed, even if late.

    One that is a finding itself, but for the appointment of its writer, does not. Nor does one of
    no rows, of a version that has rows, unless the right is to some of them alone.
    """
    owed = _shared(draft, grant_id, right)
    for one in dict.fromkeys((grant_id, grant_id if owed is None else owed.grant)):
        cases.follow(draft, _case_of(one), "supply")


def end(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R432: under a right that ends, nothing is owed any more.

    Its consumer may waive the delivery too, and keep the right.
    """
    step = "waive" if draft.member == right.member else "drop"
    cases.follow(draft, _case_of(grant_id), step)


def drop(draft: Draft, grant_id: ItemId) -> None:
    """Under a right that has lapsed nothing can be handed over any more."""
    cases.follow(draft, _case_of(grant_id), "drop")


def is_pending(view: StateView, grant_id: ItemId, right: GrantedRight) -> bool:
    """Whether what is owed for a right was not handed over so far, be it due or overdue."""
    case = read(view, Case, f"case/{_case_of(grant_id)}")
    if case is None or case.state == "dropped":
        owed = _shared(view, grant_id, right)
        case = None if owed is None else read(view, Case, f"case/{_case_of(owed.grant)}")
    return case is not None and case.state in {"expected", "overdue"}


def due_of(draft: Draft, grant_id: ItemId, right: GrantedRight, _: str) -> Time | None:
    """By when data is to be handed over, after the days that it could be; None if nobody asks."""
    if right.in_force_since is None:
        return None
    days = parameters_for(draft, right.in_force_since).supply_days
    if days is None:
        return None
    ends = right.terms.not_after
    begins = max(right.in_force_since, right.terms.not_before or "")
    due = days_held(draft, chain_of(draft, grant_id, right), begins, days)
    return due if ends is None else min(due, ends)


def _is_owed(draft: Draft, grant_id: ItemId, right: GrantedRight) -> bool:
    """R527: of a dataset that a member takes up again and again, one delivery is due at a time.

    While it is, no right that the member takes up besides asks for another, and a delivery under
    any of them meets it: under a standing grant nobody is made to hand over 128 times.
    """
    if right.standing is None:
        return False
    owed = _shared(draft, grant_id, right)
    case = None if owed is None else cases.as_it_stands(draft, _case_of(owed.grant))
    if case is not None and case.state == "expected" and case.due is not None:
        return True
    draft.put(_key(grant_id, right), OwedDelivery(grant=grant_id))
    return False


def _carry_over(draft: Draft, grant_id: ItemId, right: GrantedRight, due: Time) -> Time | None:
    """R451: of what is given in an emergency one delivery is owed, its formalities included.

    Of the right that completes them the delivery is due by when it was due before, should that be
    sooner; one under either right meets it, and what was handed over or waived before is not due
    again. A right to other columns or rows has a delivery of its own, and so has one that answers
    the same once more. Where the right lapses, nothing is owed under it any more.
    """
    request = None if right.request is None else f"request/{right.request}"
    named = None if request is None else held(draft, RequestedItem, request).emergency
    if named is None:
        return due
    first = held(draft, GrantedRight, f"grant/{named}")
    if _shared(draft, named, first) is not None or not _gives_all_of(first, right):
        return due
    case = cases.as_it_stands(draft, _case_of(named))
    if case is not None and case.state in {"supplied", "waived"}:
        return None
    drop(draft, named)
    draft.put(_key(named, first), OwedDelivery(grant=grant_id))
    return due if case is None or case.due is None else min(due, case.due)


def _gives_all_of(first: GrantedRight, second: GrantedRight) -> bool:
    """Whether whatever may be handed over under the second right may be so under the first."""
    terms = replace(first.terms, fields=second.terms.fields, rows=second.terms.rows)
    return first.schema == second.schema and narrows(terms, first.terms)


def _shared(view: StateView, grant_id: ItemId, right: GrantedRight) -> OwedDelivery | None:
    """The right under which the delivery is owed, of several that one delivery serves."""
    if right.standing is None and right.emergency is None:
        return None
    return read(view, OwedDelivery, _key(grant_id, right))


def _key(grant_id: ItemId, right: GrantedRight) -> str:
    return f"owed/{grant_id if right.standing is None else f'{right.dataset}/{right.member}'}"


def _case_of(grant_id: ItemId) -> CaseId:
    return f"{grant_id}-supply"
