"""Rules of services (R522 to R524): both sides count, month by month, and the counts must agree.

    transport   delivery   flights@1, mode service, 100 answers, 1,000 rows, all of November
    health      usage      … day by day, in November 98 uses of 980 rows
    `account/<grant>/2026-11`   100 answers, 1,000 rows ↔ 98 uses, 980 rows
    when the case `<grant>-account-2026-11` falls due: finding `month-differs`, against both
    transport   delivery   … 2 answers of November more: `reopened`, compared once again

An account is kept of rights to what the catalogue calls a service, where the ledger sets
`reconcileDays`; the right says so (`GrantedRight.accounted`), and no other use costs anything more.
A record counts in the local month in which its span ends.
"""

from typing import Final

from msgspec.structs import replace

from contracts import calendar, cases, findings
from contracts.draft import Draft
from contracts.values import Case, GrantedRight, Party, ServiceAccount
from contracts.view import held, read
from ledger.records.delivery import Delivery
from ledger.records.use import Usage
from ledger.times import DAY_MS, MINUTE_MS, date_of_day, day_of, from_ms, to_ms
from ledger.types import SAFE_INTEGER_MAX, CaseId, ItemId, MemberId, Time

_WHOLE: Final = 10_000


def count_use(draft: Draft, body: Usage, grant_id: ItemId, right: GrantedRight) -> None:
    """What whoever has the right says it used of the service."""
    day = _local_day(draft, body.ended_at)
    account = _account(draft, grant_id, right, day, "count-use")
    after = replace(
        account,
        used_rows=min(account.used_rows + body.rows, SAFE_INTEGER_MAX),
        uses=min(account.uses + body.uses, SAFE_INTEGER_MAX),
    )
    draft.put(f"account/{grant_id}/{_month(day)}", after)


def count_answers(draft: Draft, body: Delivery, right: GrantedRight) -> None:
    """What the provider, or who passed the right on, says the service answered."""
    day = _local_day(draft, body.ended_at)
    account = _account(draft, body.grant, right, day, "count-answers")
    after = replace(
        account,
        answered_rows=min(account.answered_rows + body.rows, SAFE_INTEGER_MAX),
        answers=min(account.answers + body.count, SAFE_INTEGER_MAX),
        givers=tuple(dict.fromkeys((*account.givers, draft.member))),
    )
    draft.put(f"account/{body.grant}/{_month(day)}", after)


def compare(draft: Draft, case_id: CaseId, case: Case) -> None:
    """R523: what was answered but not used at all is a finding against who has the right.

    R524: else answers and uses agree, in number and in rows, within the tolerance of the ledger. A
    difference is a finding against both, that is against everybody who stated answers. More uses
    than answers are one only where the terms let nothing be kept, since what is kept can be used
    again without a call.
    """
    grant_id, _, month = case_id.rpartition("-account-")
    right = held(draft, GrantedRight, f"grant/{grant_id}")
    account = held(draft, ServiceAccount, f"account/{grant_id}/{month}")
    owing = tuple(one.member for one in case.parties if one.part == "provider")
    givers, consumer = account.givers or owing, right.member or ""
    used = f"{account.uses} uses, {account.used_rows} rows"
    answered = f"{account.answers} answers, {account.answered_rows} rows"
    if account.answers and not account.uses:
        accused: tuple[MemberId, ...] = (consumer,)
        code = findings.DELIVERED_NOT_REPORTED
    elif _differs(draft, right, account):
        accused = tuple(dict.fromkeys((*givers, consumer)))
        code = findings.MONTH_DIFFERS
    else:
        return
    base = cases.overdue_base(draft, case_id, case, code.code)
    findings.raise_finding(draft, code, base, accused, givers[0], measure=used, limit=answered)


def _differs(draft: Draft, right: GrantedRight, account: ServiceAccount) -> bool:
    tolerance = draft.context.ledger.parameters.count_tolerance
    pairs = ((account.answers, account.uses), (account.answered_rows, account.used_rows))
    may_keep = right.terms.storage != "none"
    return any(
        abs(answered - used) * _WHOLE > tolerance * max(answered, used)
        for answered, used in pairs
        if answered > used or not may_keep
    )


def _account(
    draft: Draft, grant_id: ItemId, right: GrantedRight, day: int, step: str
) -> ServiceAccount:
    """R522: what is used and what is delivered of a service counts in the account of its right.

    It counts in the local month in which its span ends. The first record that counts in an account
    opens its case. Both sides have until it is due: the working days the ledger sets, after the
    month and the time the terms set to report a use. What counts after the comparison opens the
    case once more, and is compared when it has been due again; what comes later still is counted.
    """
    month = _month(day)
    case_id = f"{grant_id}-account-{month}"
    account = read(draft, ServiceAccount, f"account/{grant_id}/{month}")
    if account is not None:
        is_open = cases.follow(draft, case_id, step)
        if is_open and held(draft, Case, f"case/{case_id}").due is None:
            cases.move_deadline(draft, case_id, _due(draft, right, day))
        return account
    above = None if right.parent is None else held(draft, GrantedRight, f"grant/{right.parent}")
    giver = right.provider if above is None or above.member is None else above.member
    consumer = Party(member=right.member or "", part="consumer")
    parties = (consumer, Party(member=giver, part="provider"))
    due = _due(draft, right, day)
    cases.open_case(draft, case_id, "account", f"grant/{grant_id}", parties, due=due)
    return ServiceAccount()


def _due(draft: Draft, right: GrantedRight, day: int) -> Time:
    """When the month of a day is compared; whoever reports on a month long past has time too."""
    ledger, last = draft.context.ledger, day
    while _month(last + 1) == _month(day):
        last += 1
    # The last moment of the month, so that the first day of the next one counts.
    closed_ms = (last + 1) * DAY_MS - ledger.calendar.utc_offset_minutes * MINUTE_MS - 1
    start_ms = max(closed_ms + (right.terms.report_within or 0), draft.context.time_ms)
    days = ledger.parameters.reconcile_days or 1
    return calendar.deadline(from_ms(start_ms), days, ledger.calendar)


def _month(day: int) -> str:
    return date_of_day(day)[:7]


def _local_day(draft: Draft, moment: Time) -> int:
    return day_of(to_ms(moment), draft.context.ledger.calendar.utc_offset_minutes)
