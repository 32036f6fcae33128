"""Rules of the use family (R5xx): what was used is a fact; what was wrong about it is a finding.

Use is judged by its claimed span, lateness by block time, counters in the order of the log. Only
uses by the member that has the right draw on its counters, so nobody can exhaust another's.
"""

from contracts import columns, findings
from contracts.draft import Draft
from contracts.reasons import EVENTS_ROOT, SPAN_IN_FUTURE, refuse_unless
from contracts.terms import is_counted, uncovered
from contracts.values import (
    Dataset,
    DayUses,
    EntryTerms,
    GrantedRight,
    ReleasedVersion,
    UseCounters,
)
from contracts.view import StateView, held, read
from ledger import tree
from ledger.canonical import encode
from ledger.hashing import leaf_hash
from ledger.records.use import Usage
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.times import day_of, to_ms
from ledger.types import SAFE_INTEGER_MAX, DatasetId, MemberId

DAYS_KEPT = 8
"""Days of which a right limited per day remembers the uses, for reports that come out of order."""
_Excess = tuple[findings.Finding, int, int]
"""A limit that was exceeded: what is found, what was counted, what was allowed."""
_NO_USE = UseCounters(records=0, rows=0, run=EMPTY_RUN, uses=0)


def check_events(body: Usage) -> None:
    """R002: events listed lie within the span, and agree with their root and their sums."""
    events = body.events
    if not events:
        return
    span_ms = to_ms(body.ended_at) - to_ms(body.started_at)
    agrees = (
        len(events) == body.uses
        and sum([event.rows for event in events]) == body.rows
        and max([event.offset_ms for event in events]) <= span_ms
    )
    refuse_unless(agrees, EVENTS_ROOT, "counts or span differ from the events listed", "events")
    root = tree.root_of([leaf_hash(encode(event)) for event in events])
    refuse_unless(root.hex() == body.events_root, EVENTS_ROOT, "the root differs", "eventsRoot")


def apply_usage(draft: Draft, body: Usage) -> None:
    """R501: a use that is over is appended, whatever there is to say about it.

    R502: a use without a right of the member to this dataset, by a member that does not provide it
    itself, has no effective grant.
    """
    refuse_unless(body.ended_at <= draft.context.time, SPAN_IN_FUTURE, "", "endedAt")
    # Nothing below can fail: a fact is appended whatever it says.
    dataset = body.content.dataset
    right = None if body.grant is None else read(draft, GrantedRight, f"grant/{body.grant}")
    if right is not None and right.member == draft.member and right.dataset == dataset:
        _judge(draft, body, right)
        _count(draft, body, right)
    elif not _provides(draft, dataset):
        measure = "no grant of this data to this member"
        _find(draft, body, findings.NO_EFFECTIVE_GRANT, measure)
    _check_content(draft, body)
    if draft.writer is not None and draft.writer.datasets:
        _check_appointment(draft, body, draft.writer.datasets)


def _judge(draft: Draft, body: Usage, right: GrantedRight) -> None:
    """R503: a right was effective over the whole span, and its terms cover the use.

    Each part of the terms that does not is a finding of its own.

    R504: a use is reported within the time its terms set, counted from its end to block time.
    """
    ineffective = _ineffective(draft, right, body)
    if ineffective is not None:
        _find(draft, body, findings.NO_EFFECTIVE_GRANT, ineffective)
    terms = right.terms
    schema = columns.column_names(draft, right.schema) if terms.fields == "all" else ()
    for breach in uncovered(terms, body, schema):
        _find(draft, body, findings.FINDING_OF_CODE[breach.code], breach.measure, breach.limit)
    within = terms.report_within
    if within is not None:
        late_ms = draft.context.time_ms - to_ms(body.ended_at)
        if late_ms > within:
            _find(draft, body, findings.REPORTED_LATE, f"{late_ms} ms", f"{within} ms")


def _ineffective(view: StateView, right: GrantedRight, body: Usage) -> str | None:
    """Why a right, or the standing grant it was taken under, did not hold over the whole span."""
    if right.in_force_since is None:
        return "the grant was not accepted"
    if body.started_at < right.in_force_since:
        return f"the grant is in force since {right.in_force_since}"
    if right.ended_at is not None and body.ended_at >= right.ended_at:
        return f"the grant ended at {right.ended_at}"
    for span in right.suspensions:
        if body.ended_at >= span.since and (span.until is None or body.started_at < span.until):
            return f"the grant was suspended at {span.since}"
    if right.standing is not None:
        return _ineffective(view, held(view, GrantedRight, f"grant/{right.standing}"), body)
    return None


def _count(draft: Draft, body: Usage, right: GrantedRight) -> None:
    """R505: uses and rows in total keep to what was granted.

    They are counted in the order of the log, and saturate at 2^53 - 1. What one member uses under a
    standing grant with such limits draws on one account, however many rights it has taken under it.
    """
    accounts = [(f"use/{body.grant}", right)]
    if right.standing is not None:
        offer = held(draft, GrantedRight, f"grant/{right.standing}")
        if is_counted(offer.terms):
            accounts.append((f"use/{right.standing}/{draft.member}", offer))
    exceeded: dict[str, _Excess] = {}
    for key, limits in accounts:
        for excess in _draw(draft, body, key, limits):
            exceeded.setdefault(excess[0].code, excess)
    for finding, counted, limit in exceeded.values():
        _find(draft, body, finding, str(counted), str(limit))


def _draw(draft: Draft, body: Usage, key: str, right: GrantedRight) -> list[_Excess]:
    """Count a use on one account; returns the limits it exceeds."""
    before = read(draft, UseCounters, key) or _NO_USE
    terms, days = right.terms, before.days
    exceeded: list[_Excess] = []
    uses = min(before.uses + body.uses, SAFE_INTEGER_MAX)
    rows = min(before.rows + body.rows, SAFE_INTEGER_MAX)
    if terms.rate_per_day is not None:
        days, exceeded = _count_days(draft, body, before.days, terms.rate_per_day)
        exceeded += _exceeds_all_days(draft, body, right, uses, terms.rate_per_day)
    after = UseCounters(
        days=days,
        records=before.records + 1,
        rows=rows,
        run=extend_run(before.run, draft.record),
        uses=uses,
    )
    draft.put(key, after)
    if terms.uses_max is not None and uses > terms.uses_max:
        exceeded.append((findings.USES_EXCEEDED, uses, terms.uses_max))
    if terms.rows_max is not None and rows > terms.rows_max:
        exceeded.append((findings.ROWS_EXCEEDED, rows, terms.rows_max))
    return exceeded


def _count_days(
    draft: Draft, body: Usage, before: tuple[DayUses, ...], rate: int
) -> tuple[tuple[DayUses, ...], list[_Excess]]:
    """R506: uses on a local calendar day keep to the rate granted.

    A span of several days counts on its last day with what the days before it could not hold. So
    that nobody hides uses in long spans, such a report also finds whether all uses so far are more
    than the days since the right came into force can hold. Of a day older than the latest 8 used, a
    report is judged by itself.
    """
    first, last = _days_of(draft, body)
    earlier = sum(one.uses for one in before if one.day == last)
    uses = min(earlier + max(0, body.uses - rate * (last - first)), SAFE_INTEGER_MAX)
    others = [one for one in before if one.day != last]
    after = sorted([*others, DayUses(day=last, uses=uses)], key=lambda one: one.day)
    exceeded = [(findings.RATE_EXCEEDED, uses, rate)] if uses > rate else []
    return tuple(after[-DAYS_KEPT:]), exceeded


def _exceeds_all_days(
    draft: Draft, body: Usage, right: GrantedRight, uses: int, rate: int
) -> list[_Excess]:
    first, last = _days_of(draft, body)
    if first == last or right.in_force_since is None:
        return []
    offset = draft.context.ledger.calendar.utc_offset_minutes
    days = day_of(draft.context.time_ms, offset) - day_of(to_ms(right.in_force_since), offset) + 1
    return [(findings.RATE_EXCEEDED, uses, rate * days)] if uses > rate * days else []


def _days_of(draft: Draft, body: Usage) -> tuple[int, int]:
    """The local calendar days on which a span of use starts and ends."""
    offset = draft.context.ledger.calendar.utc_offset_minutes
    return day_of(to_ms(body.started_at), offset), day_of(to_ms(body.ended_at), offset)


def _check_content(draft: Draft, body: Usage) -> None:
    """R507: the contents used are those of the version named."""
    content = body.content
    release = read(draft, ReleasedVersion, f"release/{content.dataset}/{content.version}")
    if release is None or release.sha256 != content.sha256:
        name = f"{content.dataset}@{content.version}"
        _find(draft, body, findings.CONTENT_UNKNOWN, f"{name} {content.sha256}")


def _check_appointment(draft: Draft, body: Usage, datasets: tuple[DatasetId, ...]) -> None:
    """R508: a writer appointed for some datasets reports the use of these alone."""
    if body.content.dataset not in datasets:
        measure = f"{draft.signer}: {body.content.dataset}"
        _find(draft, body, findings.OUTSIDE_APPOINTMENT, measure)


def _provides(draft: Draft, dataset_id: DatasetId) -> bool:
    entry = read(draft, EntryTerms, f"entry/{dataset_id}")
    return entry is not None and draft.member in (entry.provider, *entry.co_providers)


def _find(
    draft: Draft, body: Usage, finding: findings.Finding, measure: str, limit: str | None = None
) -> None:
    """Raise a finding against the user, on behalf of whoever provides the dataset."""
    dataset = read(draft, Dataset, f"dataset/{body.content.dataset}")
    provider: MemberId | None = None if dataset is None else dataset.provider
    findings.raise_finding(
        draft, finding, draft.record, (draft.member,), provider, measure=measure, limit=limit
    )
