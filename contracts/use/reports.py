"""Rules of the use family (R5xx): what was used is a fact; what was wrong about it is a finding.

Use is judged by its claimed span, lateness by block time, counters in the order of the log. Only
uses by the member that has the right draw on its counters, so nobody can exhaust another's.
"""

from collections.abc import Iterator, Sequence

from contracts import findings
from contracts.catalogue import columns
from contracts.draft import Draft
from contracts.keys import mandates
from contracts.reasons import EVENTS_ROOT, SPAN_IN_FUTURE, refuse_unless
from contracts.sharing.chains import Link, TermsVersion, chain_of, ineffective, terms_over
from contracts.use import accounts, counters, unused_fields
from contracts.use.coverage import TEXT_MAX, Breach, uncovered
from contracts.values import Dataset, EntryTerms, GrantedRight, ReleasedVersion
from contracts.view import read
from ledger import tree
from ledger.canonical import encode
from ledger.hashing import leaf_hash
from ledger.records.use import Usage
from ledger.times import to_ms
from ledger.types import DatasetId, MemberId


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
        chain = chain_of(draft, body.grant or "", right)
        _judge(draft, body, chain)
        for finding, counted, limit in counters.count(draft, body, chain):
            _raise(draft, body, finding, str(counted), str(limit))
        if right.accounted:
            accounts.count_use(draft, body, chain[0].grant_id, right)
        for link in chain:
            if link.right.unused_fields:
                unused_fields.note(draft, link, body.fields)
    elif not _provides(draft, dataset):
        measure = "no grant of this data to this member"
        _find(draft, body, findings.NO_EFFECTIVE_GRANT, measure)
    _check_content(draft, body)
    _check_existence(draft, body)
    if draft.writer is not None and (draft.writer.datasets or draft.is_split):
        _check_appointment(draft, body, draft.writer.datasets)
    mandates.find_other_system(draft, body.system, draft.record)


def _judge(draft: Draft, body: Usage, chain: Sequence[Link]) -> None:
    """R503: a right was effective over the whole span, and its terms cover the use.

    Each part of the terms that does not is a finding of its own. Of a report of several uses it is
    one for all of them, and its measure says how many they are.

    R504: a use is reported within the time its terms set, counted from its end to block time.
    """
    why = ineffective(chain, body.started_at, body.ended_at)
    if why is not None:
        _find(draft, body, findings.NO_EFFECTIVE_GRANT, why)
    breaches: dict[str, Breach] = {}
    within: list[int] = []
    for version in _terms_to_keep(draft, body, chain):
        terms = version.terms
        schema = columns.column_names(draft, version.schema) if terms.fields == "all" else ()
        for breach in uncovered(terms, body, schema):
            breaches.setdefault(breach.code, breach)
        if terms.report_within is not None:
            within.append(terms.report_within)
    for breach in breaches.values():
        _find(draft, body, findings.FINDING_OF_CODE[breach.code], breach.measure, breach.limit)
    if within:
        late_ms = draft.context.time_ms - to_ms(body.ended_at)
        if late_ms > min(within):
            _find(draft, body, findings.REPORTED_LATE, f"{late_ms} ms", f"{min(within)} ms")


def _terms_to_keep(draft: Draft, body: Usage, chain: Sequence[Link]) -> Iterator[TermsVersion]:
    """R421: a use keeps to the terms of every right of its chain, as they were over its span.

    A part of the terms is found once, by the lowest right that does not allow it. Rights taken up
    under a standing grant narrow it, so that it counts only once it was amended.
    """
    for link in chain:
        if link.right.member is not None or link.right.amendments:
            yield from terms_over(draft, link, body.started_at, body.ended_at)


def _check_content(draft: Draft, body: Usage) -> None:
    """R507: the contents used are those of the version named."""
    content = body.content
    release = read(draft, ReleasedVersion, f"release/{content.dataset}/{content.version}")
    if release is None or release.sha256 != content.sha256:
        name = f"{content.dataset}@{content.version}"
        _find(draft, body, findings.CONTENT_UNKNOWN, f"{name} {content.sha256}")


def _check_existence(draft: Draft, body: Usage) -> None:
    """R314: a use that ends after its provider destroyed the data is a finding."""
    dataset = read(draft, Dataset, f"dataset/{body.content.dataset}")
    destroyed_at = None if dataset is None else dataset.destroyed_at
    if destroyed_at is not None and body.ended_at > destroyed_at:
        _find(draft, body, findings.DATA_DESTROYED, body.ended_at, destroyed_at)


def _check_appointment(draft: Draft, body: Usage, datasets: tuple[DatasetId, ...]) -> None:
    """R508: a writer appointed for some datasets reports the use of these alone."""
    dataset = body.content.dataset
    if (datasets and dataset not in datasets) or draft.is_in_other_hands(dataset):
        measure = f"{draft.signer}: {dataset}"
        _find(draft, body, findings.OUTSIDE_APPOINTMENT, measure)


def _provides(draft: Draft, dataset_id: DatasetId) -> bool:
    entry = read(draft, EntryTerms, f"entry/{dataset_id}")
    if entry is not None:
        return draft.member in (entry.provider, *entry.co_providers)
    dataset = read(draft, Dataset, f"dataset/{dataset_id}")
    if dataset is None or dataset.archived_at is None:
        return False
    return draft.member == dataset.provider


def _find(
    draft: Draft, body: Usage, finding: findings.Finding, measure: str, limit: str | None = None
) -> None:
    """Raise a finding about every use of a report; where there are several, it says how many."""
    if body.uses > 1:
        many = f", {body.uses} uses"
        measure = measure[: TEXT_MAX - len(many)] + many
    _raise(draft, body, finding, measure, limit)


def _raise(
    draft: Draft, body: Usage, finding: findings.Finding, measure: str, limit: str | None
) -> None:
    """Raise a finding against the user, on behalf of whoever provides the dataset."""
    dataset = read(draft, Dataset, f"dataset/{body.content.dataset}")
    provider: MemberId | None = None if dataset is None else dataset.provider
    findings.raise_finding(
        draft, finding, draft.record, (draft.member,), provider, measure=measure, limit=limit
    )
