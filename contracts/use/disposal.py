"""Rules of disposal (R509 to R512): when a right is over, what it gave is deleted, and that stated.

    terms: notAfter 2027-01-31, deleteWithin 30 days       health's right to `flights`
    case `<grant>-disposal`, due 2027-03-02 and the working days the ledger allows to state it
    health   disposal   of this grant, with the certificate              the case is `disposed`

The deadline stands from the moment the right comes into force, if its terms say when it ends, and
moves when the right is renewed or ends early; so one case per right is enough, and nobody has to
look for rights that have run out. Where the ledger sets no `disposalDays`, nothing is owed.
"""

from msgspec.structs import replace

from contracts import calendar, cases, findings
from contracts.draft import Draft
from contracts.keys import mandates
from contracts.reasons import SPAN_IN_FUTURE, refuse_unless
from contracts.values import GrantedRight, Party
from contracts.view import read
from ledger.records.use import Disposal
from ledger.times import from_ms, to_ms
from ledger.types import ItemId, Time


def apply_disposal(draft: Draft, body: Disposal) -> None:
    """R509: that data was deleted or returned is appended, for each right of the member.

    A right that is none of the member's is a finding.

    R512: a writer appointed for some datasets states the disposal of these alone.
    """
    refuse_unless(body.disposed_at <= draft.context.time, SPAN_IN_FUTURE, "", "disposedAt")
    # Nothing below can fail: a fact is appended whatever it says.
    for n, grant_id in enumerate(body.grants):
        right = read(draft, GrantedRight, f"grant/{grant_id}")
        if right is None or right.member != draft.member:
            base, accused = f"{draft.record}-{n}", (draft.member,)
            findings.raise_finding(draft, findings.GRANT_UNKNOWN, base, accused, measure=grant_id)
            continue
        draft.put(f"grant/{grant_id}", replace(right, disposed_at=body.disposed_at))
        _meet(draft, grant_id, right)
        findings.find_unappointed(draft, right.dataset, f"{draft.record}-{n}")
        mandates.find_other_right(draft, right, f"{draft.record}-{n}")


def owe(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R510: who has a right in force owes the disposal of its data once the right is over.

    It is due when the time the terms set after the right's end has passed, and the working days
    that the ledger allows besides. What is not stated by then is a finding. A right that ends
    earlier or later than it was to end moves the deadline. One that only fell with a right above it
    may hold again and has not ended: its disposal is owed when whoever gave it, or the provider,
    ends it too.
    """
    days = draft.context.ledger.parameters.disposal_days
    if days is None or right.member is None or right.in_force_since is None:
        return
    every = (right.ended_at, right.lapses_at, right.terms.not_after)
    ends = [one for one in every if one is not None]
    end, within = min(ends, default=None), right.terms.delete_within
    due = None
    if end is not None and within is not None:
        due = calendar.deadline(from_ms(to_ms(end) + within), days, draft.context.ledger.calendar)
    case_id = f"{grant_id}-disposal"
    case = cases.as_it_stands(draft, case_id)
    if case is not None and case.state == "expected":
        cases.move_deadline(draft, case_id, due)
    elif case is None and due is not None:
        consumer = Party(member=right.member, part="consumer")
        provider = Party(member=right.provider, part="provider")
        subject = f"grant/{grant_id}"
        cases.open_case(draft, case_id, "disposal", subject, (consumer, provider), due=due)


def _meet(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    """R511: a disposal meets what is owed once the right is over, in time or late.

    One that is stated before counts for nothing more: the right still allows to obtain the data.
    """
    if _is_over(right, draft.context.time):
        cases.follow(draft, f"{grant_id}-disposal", "dispose")


def _is_over(right: GrantedRight, now: Time) -> bool:
    last, lapse = right.terms.not_after, right.lapses_at
    is_past = (last is not None and now > last) or (lapse is not None and now >= lapse)
    return right.ended_at is not None or is_past
