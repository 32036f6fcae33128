"""Rules of supply (R430 to R432): who gives a right hands the data over, in time.

    transport  grant      to health, in force from Monday     case `<grant>-supply`, 20 working days
    transport  delivery   flights@1 under that right          the case is `supplied`

The case hangs from the right that comes into force. The first delivery under it that is in order
meets what is owed; a right that ends owes nothing more, and one that is suspended nothing for the
time being (`contracts.sharing.pauses`). What was passed on is owed by nobody: its delegator may
hand over what it has, the provider may do so too. Where the ledger sets no `supplyDays`, nothing is
owed.
"""

from contracts import cases
from contracts.draft import Draft
from contracts.sharing.chains import chain_of, days_held
from contracts.values import Case, GrantedRight, OwedDelivery
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
        parties = held(draft, Case, f"case/{grant_id}").parties
        subject = f"grant/{grant_id}"
        cases.open_case(draft, _case_of(grant_id), "supply", subject, parties, due=due)


def meet(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R431: the first delivery under a right that is in order meets what is owed, even if late.

    One that is a finding itself, but for the appointment of its writer, does not. Nor does one of
    no rows, of a version that has rows, unless the right is to some of them alone.
    """
    owed = None if right.standing is None else read(draft, OwedDelivery, _key(right))
    for one in dict.fromkeys((grant_id, grant_id if owed is None else owed.grant)):
        cases.follow(draft, _case_of(one), "supply")


def end(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R432: under a right that ends, nothing is owed any more.

    Its consumer may waive the delivery too, and keep the right.
    """
    step = "waive" if draft.member == right.member else "drop"
    cases.follow(draft, _case_of(grant_id), step)


def is_pending(view: StateView, grant_id: ItemId, right: GrantedRight) -> bool:
    """Whether what is owed for a right was not handed over so far, be it due or overdue."""
    case = read(view, Case, f"case/{_case_of(grant_id)}")
    if case is None and right.standing is not None:
        owed = read(view, OwedDelivery, _key(right))
        case = None if owed is None else read(view, Case, f"case/{_case_of(owed.grant)}")
    return case is not None and case.state in {"expected", "overdue"}


def due_of(draft: Draft, grant_id: ItemId, right: GrantedRight, _: str) -> Time | None:
    """By when data is to be handed over, after the days that it could be; None if nobody asks."""
    days, ends = draft.context.ledger.parameters.supply_days, right.terms.not_after
    if days is None or right.in_force_since is None:
        return None
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
    owed = read(draft, OwedDelivery, _key(right))
    case = None if owed is None else cases.as_it_stands(draft, _case_of(owed.grant))
    if case is not None and case.state == "expected" and case.due is not None:
        return True
    draft.put(_key(right), OwedDelivery(grant=grant_id))
    return False


def _key(right: GrantedRight) -> str:
    return f"owed/{right.dataset}/{right.member}"


def _case_of(grant_id: ItemId) -> CaseId:
    return f"{grant_id}-supply"
