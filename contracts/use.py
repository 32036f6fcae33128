"""Rules of the use family (R5xx): what was used is a fact; what was wrong about it is a finding.

Use is judged by its claimed span, lateness by block time, counters in the order of the log. Only
uses under the writer's own grant draw on its counters, so nobody can exhaust another's right.
"""

from contracts import columns, findings
from contracts.draft import Draft
from contracts.reasons import EVENTS_ROOT, SPAN_IN_FUTURE, refuse_unless
from contracts.terms import uncovered
from contracts.values import GrantedRight, ReleasedVersion, UseCounters
from contracts.view import read
from ledger import tree
from ledger.canonical import encode
from ledger.hashing import leaf_hash
from ledger.records.use import Usage
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.times import day_of, to_ms
from ledger.types import SAFE_INTEGER_MAX, MemberId

_NO_USE = UseCounters(records=0, rows=0, run=EMPTY_RUN, uses=0)


def apply_usage(draft: Draft, body: Usage) -> None:
    """R501-R504: append the use, count it, and say what was wrong about it."""
    started_ms, ended_ms = to_ms(body.started_at), to_ms(body.ended_at)
    check_events(body, ended_ms - started_ms)
    refuse_unless(body.ended_at <= draft.context.time, SPAN_IN_FUTURE, "", "endedAt")
    # Nothing below can fail: a fact is appended whatever it says.
    right = None if body.grant is None else read(draft, GrantedRight, f"grant/{body.grant}")
    if right is None or right.member != draft.member or right.dataset != body.content.dataset:
        _find(draft, findings.NO_EFFECTIVE_GRANT, None, "no grant of this data to this member")
    else:
        _judge(draft, body, right)
        _count(draft, body, right, started_ms, ended_ms)
    _check_content(draft, body, None if right is None else right.provider)


def check_events(body: Usage, span_ms: int) -> None:
    """R501: listed events lie within the span, and agree with their root and their sums."""
    events = body.events
    if not events:
        return
    agrees = (
        len(events) == body.uses
        and sum([event.rows for event in events]) == body.rows
        and max([event.offset_ms for event in events]) <= span_ms
    )
    refuse_unless(agrees, EVENTS_ROOT, "counts or span differ from the events listed", "events")
    root = tree.root_of([leaf_hash(encode(event)) for event in events])
    refuse_unless(root.hex() == body.events_root, EVENTS_ROOT, "the root differs", "eventsRoot")


def _judge(draft: Draft, body: Usage, right: GrantedRight) -> None:
    """R502: the right was effective over the span, and its terms cover the use."""
    ineffective = _ineffective(draft, right, body)
    if ineffective is not None:
        _find(draft, findings.NO_EFFECTIVE_GRANT, right.provider, ineffective)
    schema = columns.column_names(draft, right.schema) if right.terms.fields == "all" else ()
    for breach in uncovered(right.terms, body, schema):
        finding = findings.FINDING_OF_CODE[breach.code]
        _find(draft, finding, right.provider, breach.measure, breach.limit)
    within = right.terms.report_within
    if within is not None:
        late_ms = to_ms(draft.context.time) - to_ms(body.ended_at)
        if late_ms > within:
            _find(draft, findings.REPORTED_LATE, right.provider, f"{late_ms} ms", f"{within} ms")


def _ineffective(draft: Draft, right: GrantedRight, body: Usage) -> str | None:
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
        parent = read(draft, GrantedRight, f"grant/{right.standing}")
        return (
            "the standing grant is unknown" if parent is None else _ineffective(draft, parent, body)
        )
    return None


def _count(draft: Draft, body: Usage, right: GrantedRight, started_ms: int, ended_ms: int) -> None:
    """R503: counters draw on uses, rows and rate; they saturate at 2^53 - 1."""
    key = f"use/{body.grant}"
    before = read(draft, UseCounters, key) or _NO_USE
    offset = draft.context.ledger.calendar.utc_offset_minutes
    first, last = day_of(started_ms, offset), day_of(ended_ms, offset)
    same_day = first == last == before.day
    day_uses = before.day_uses + body.uses if same_day else body.uses
    after = UseCounters(
        day=max(last, before.day),
        day_uses=min(day_uses, SAFE_INTEGER_MAX) if last >= before.day else before.day_uses,
        records=before.records + 1,
        rows=min(before.rows + body.rows, SAFE_INTEGER_MAX),
        run=extend_run(before.run, draft.record),
        uses=min(before.uses + body.uses, SAFE_INTEGER_MAX),
    )
    draft.put(key, after)
    terms = right.terms
    if terms.uses_max is not None and after.uses > terms.uses_max:
        _find(draft, findings.USES_EXCEEDED, right.provider, str(after.uses), str(terms.uses_max))
    if terms.rows_max is not None and after.rows > terms.rows_max:
        _find(draft, findings.ROWS_EXCEEDED, right.provider, str(after.rows), str(terms.rows_max))
    if terms.rate_per_day is not None:
        allowed = terms.rate_per_day * (last - first + 1)
        if day_uses > allowed:
            _find(draft, findings.RATE_EXCEEDED, right.provider, str(day_uses), str(allowed))


def _check_content(draft: Draft, body: Usage, provider: MemberId | None) -> None:
    """R504: the contents used are those of a release."""
    content = body.content
    release = read(draft, ReleasedVersion, f"release/{content.dataset}/{content.version}")
    if release is None or release.sha256 != content.sha256:
        name = f"{content.dataset}@{content.version}"
        _find(draft, findings.CONTENT_UNKNOWN, provider, f"{name} {content.sha256}")


def _find(
    draft: Draft,
    finding: findings.Finding,
    provider: MemberId | None,
    measure: str,
    limit: str | None = None,
) -> None:
    findings.raise_finding(
        draft, finding, draft.record, (draft.member,), provider, measure=measure, limit=limit
    )
