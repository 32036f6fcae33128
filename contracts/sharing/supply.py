"""Rules of supply (R430 to R432): who gives a right hands the data over, in time.

    transport  grant      to health, in force from Monday     case `<grant>-supply`, 20 working days
    transport  delivery   flights@1 under that right          the case is `supplied`

The case hangs from the right that comes into force. The first delivery under it that is in order
meets what is owed; a right that ends owes nothing more, and one that is suspended nothing for the
time being. What was passed on is owed by nobody: its delegator may hand over what it has, the
provider may do so too. Where the ledger sets no `supplyDays`, nothing is owed.
"""

from contracts import calendar, cases
from contracts.draft import Draft
from contracts.sharing.chains import chain_of, suspended_ms
from contracts.values import Case, GrantedRight, OwedDelivery
from contracts.view import held, read
from ledger.times import from_ms, to_ms
from ledger.types import CaseId, ItemId, Time


def owe(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R430: who gave one member a right owes it a delivery, if the ledger asks.

    It is due within the working days the ledger sets, from when the right is in force and its
    period has begun, and when that ends at the latest. While the right is suspended nothing is due;
    when it is resumed, what was left of the days runs on. What is not handed over by then is a
    finding against the provider, of several the lead.
    """
    is_held = right.member is not None and right.in_force_since is not None
    due = _due(draft, grant_id, right) if is_held and right.parent is None else None
    if due is not None and due > draft.context.time and not _is_owed(draft, grant_id, right):
        parties = held(draft, Case, f"case/{grant_id}").parties
        subject = f"grant/{grant_id}"
        cases.open_case(draft, _case_of(grant_id), "supply", subject, parties, due=due)


def meet(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R431: the first delivery under a right that is in order meets what is owed, even if late.

    One that is a finding itself, but for the appointment of its writer, does not.
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


def suspend(draft: Draft, grant_id: ItemId) -> None:
    """Nobody is late with what it may not do."""
    if _state(draft, grant_id) == "expected":
        cases.move_deadline(draft, _case_of(grant_id), None)


def resume(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """From here on the provider has what was left of its days, one working day at least."""
    if _state(draft, grant_id) == "expected":
        cases.move_deadline(draft, _case_of(grant_id), _left(draft, grant_id, right))


def stands_still(draft: Draft, key: str, case: Case) -> bool:
    """R526: what hangs from a standing grant is not owed while that one does not hold.

    Where the deadline passes while the standing grant is suspended, or too soon because it was, it
    is put off by as long; where the standing grant has ended, nothing is due any more.
    """
    right = held(draft, GrantedRight, case.subject)
    if right.standing is None:
        return False
    grant_id, now = case.subject.removeprefix("grant/"), draft.context.time
    offer = held(draft, GrantedRight, f"grant/{right.standing}")
    if offer.ended_at is not None:
        due = None
    elif not offer.suspensions:
        return False
    elif offer.suspensions[-1].until is None:
        due = _left(draft, grant_id, right)
    else:
        due = _due(draft, grant_id, right)
        if due is None or due <= now:
            return False
    cases.put_off(draft, key, due)
    return True


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


def _left(draft: Draft, grant_id: ItemId, right: GrantedRight) -> Time | None:
    """What is left of the days, one working day at least; None where the right's period is over."""
    ledger, now, ends = draft.context.ledger, draft.context.time, right.terms.not_after
    due = _due(draft, grant_id, right)
    if due is None or (ends is not None and ends <= now):
        return None
    if due <= now:
        due = calendar.deadline(now, 1, ledger.calendar)
    return due if ends is None else min(due, ends)


def _due(draft: Draft, grant_id: ItemId, right: GrantedRight) -> Time | None:
    """By when data is to be handed over, after the days that it could be; None if nobody asks."""
    ledger, ends = draft.context.ledger, right.terms.not_after
    days = ledger.parameters.supply_days
    if days is None or right.in_force_since is None:
        return None
    begins = to_ms(max(right.in_force_since, right.terms.not_before or ""))
    chain = chain_of(draft, grant_id, right)
    lost = suspended_ms(chain, begins, draft.context.time_ms)
    due = calendar.deadline(from_ms(begins + lost), days, ledger.calendar)
    return due if ends is None else min(due, ends)


def _case_of(grant_id: ItemId) -> CaseId:
    return f"{grant_id}-supply"


def _state(draft: Draft, grant_id: ItemId) -> str | None:
    case = cases.as_it_stands(draft, _case_of(grant_id))
    return None if case is None else case.state
