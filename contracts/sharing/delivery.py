"""Rules of deliveries (R423 to R429, R443): what one side gave, what the other says it received.

    transport   delivery          flights@1 under health's right: 1 file, 1,000 rows
    health      acknowledgement   of that record: 1 file, 990 rows      → `counts-differ`

Both are facts, appended whatever they say. Where the two sides differ, the ledger cannot know whose
count is right, and whoever speaks last is no more to blame than whoever spoke first: the finding is
against both, either may reply, and steward or auditor decide.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from contracts import findings
from contracts.draft import Draft
from contracts.keys import mandates
from contracts.reasons import SPAN_IN_FUTURE, refuse_unless
from contracts.sharing import supply
from contracts.sharing.chains import Link, chain_of, ineffective, terms_over
from contracts.use import accounts, effect_report, first_use
from contracts.values import (
    Case,
    Dataset,
    Difference,
    GrantedRight,
    ReleasedVersion,
    StatedDelivery,
)
from contracts.view import held, read
from ledger.records.delivery import Acknowledgement, Delivery
from ledger.types import DatasetId

GIVERS: Final = frozenset({"delegator", "provider"})
"""The parts in the case of a right by which data is handed over under it."""
_WHOLE: Final = 10_000


def apply_delivery(draft: Draft, body: Delivery) -> None:
    """R423: a delivery that is over is appended, whatever there is to say about it.

    The consumer can acknowledge it if it names a right of some member to this dataset.
    """
    refuse_unless(body.ended_at <= draft.context.time, SPAN_IN_FUTURE, "", "endedAt")
    # Nothing below can fail: a fact is appended whatever it says.
    right = read(draft, GrantedRight, f"grant/{body.grant}")
    is_due = False
    if right is None or right.member is None or right.dataset != body.content.dataset:
        _find(draft, body, findings.DELIVERED_WITHOUT_GRANT, "no grant of this data to a member")
    else:
        is_due = _check_right(draft, body, right)
        stated = StatedDelivery(
            consumer=right.member,
            count=body.count,
            grant=body.grant,
            provider=draft.member,
            rows=body.rows,
            sha256=body.sha256,
        )
        draft.put(f"delivery/{draft.record}", stated)
    is_in_order = _check_release(draft, body, right)
    if right is not None and is_due:
        _count(draft, body, right, is_in_order=is_in_order)
    _check_appointment(draft, body.content.dataset)
    mandates.find_other_delivery(draft, body.content.dataset, draft.record)


def apply_acknowledgement(draft: Draft, body: Acknowledgement) -> None:
    """R427: a consumer acknowledges what was delivered to it; the last time it does so counts.

    What names no delivery to this member is a finding, and is compared with nothing.
    """
    key = f"delivery/{body.delivery}"
    stated = read(draft, StatedDelivery, key)
    if stated is None or stated.consumer != draft.member:
        accused = (draft.member,)
        findings.raise_finding(
            draft, findings.DELIVERY_UNKNOWN, draft.record, accused, measure=body.delivery
        )
        return
    found = _compare(draft, body, stated)
    draft.put(key, replace(stated, acknowledged=draft.record, found=found))
    right = held(draft, GrantedRight, f"grant/{stated.grant}")
    _check_appointment(draft, right.dataset)
    mandates.find_other_right(draft, right, draft.record)


def _check_right(draft: Draft, body: Delivery, right: GrantedRight) -> bool:
    """R424: data is handed over by who gave the right, while it holds and its period runs.

    Of a right passed on that is its delegator or the provider.
    """
    parties = held(draft, Case, f"case/{body.grant}").parties
    link = Link(body.grant, right, 0)
    why = ineffective(chain_of(draft, body.grant, right), body.started_at, body.ended_at)
    if not any(one.member == draft.member and one.part in GIVERS for one in parties):
        why = "the grant was given by somebody else"
    for version in terms_over(draft, link, body.started_at, body.ended_at):
        first, last = version.terms.not_before, version.terms.not_after
        if first is not None and body.started_at < first:
            why = why or f"the grant allows it from {first}"
        if last is not None and body.ended_at > last:
            why = why or f"the grant allows it until {last}"
    if why is not None:
        _find(draft, body, findings.DELIVERED_WITHOUT_GRANT, why)
    return why is None


def _count(draft: Draft, body: Delivery, right: GrantedRight, *, is_in_order: bool) -> None:
    """What a delivery by who may make it counts for; one of no rows gives nothing to use."""
    if right.accounted and body.mode == "service":
        accounts.count_answers(draft, body, right)
    if not _is_empty(draft, body, right):
        first_use.deliver(draft, body.grant, right)
        effect_report.owe(draft, body.grant, right)
        if is_in_order:
            supply.meet(draft, body.grant, right)


def _is_empty(draft: Draft, body: Delivery, right: GrantedRight) -> bool:
    """Whether no rows of a version were handed over that has some, and some for this right."""
    key = f"release/{body.content.dataset}/{body.content.version}"
    release = read(draft, ReleasedVersion, key)
    has_rows = release is not None and release.rows > 0
    return body.rows == 0 and has_rows and not right.terms.rows


def _check_release(draft: Draft, body: Delivery, right: GrantedRight | None) -> bool:
    """R425: what is handed over are the contents of the version named, no more rows than it has.

    A version that is handed over several times may give all its rows each time. A file without any
    is a finding, where the version has some: unless the right is to some rows alone, since these
    may be none. So is no answer of a service, which may have been asked for what there is not.
    """
    content = body.content
    name = f"{content.dataset}@{content.version}"
    release = read(draft, ReleasedVersion, f"release/{content.dataset}/{content.version}")
    if release is None or release.sha256 != content.sha256:
        _find(draft, body, findings.DELIVERY_DIFFERS, f"{name} {content.sha256}")
        return False
    if body.rows > body.count * release.rows:
        limit = f"{body.count} times {release.rows} rows"
        _find(draft, body, findings.DELIVERY_DIFFERS, f"{name}, {body.rows} rows", limit)
        return False
    if body.mode != "service" and right is not None and _is_empty(draft, body, right):
        limit = f"{body.count} times {release.rows} rows"
        _find(draft, body, findings.DELIVERY_DIFFERS, f"{name}, 0 rows", limit)
        return False
    return _check_current(draft, body, right, release)


def _check_current(
    draft: Draft, body: Delivery, right: GrantedRight | None, release: ReleasedVersion
) -> bool:
    """R443: a version that was corrected is not handed over from when its correction is released.

    Of data that was granted as the newest, nor is any other from when the next one is. The ledger
    compares this if its answers are weighed.
    """
    is_newest = right is not None and right.newest
    following = body.content.version + 1 if is_newest else release.corrected_by
    if following is None or not draft.context.ledger.parameters.answers_weighed:
        return True
    dataset = body.content.dataset
    later = read(draft, ReleasedVersion, f"release/{dataset}/{following}")
    if later is None or later.released_at is None or body.started_at < later.released_at:
        return True
    measure = f"{dataset}@{body.content.version} from {body.started_at}"
    limit = f"{dataset}@{following} was released at {later.released_at}"
    _find(draft, body, findings.STALE_DATA_SUPPLIED, measure, limit)
    return False


def _check_appointment(draft: Draft, dataset: DatasetId) -> None:
    """R426: a writer appointed for some datasets states deliveries and receipts of these alone."""
    findings.find_unappointed(draft, dataset, draft.record)


def _compare(draft: Draft, body: Acknowledgement, stated: StatedDelivery) -> tuple[Difference, ...]:
    """Find where the two sides differ, but what was found of this delivery before. Returns both.

    The case of that finding stands, and a receipt that is stated again and again is no new matter.
    """
    # A provider may have named a right of its own: nobody stands in one case twice.
    both = tuple(dict.fromkeys((stated.provider, stated.consumer)))
    found = stated.found
    for code, measure, limit in _differences(draft, body, stated):
        if code not in found:
            finding = findings.FINDING_OF_CODE[code]
            findings.raise_finding(draft, finding, draft.record, both, measure=measure, limit=limit)
            found = (*found, code)
    return tuple(sorted(found))


def _differences(
    draft: Draft, body: Acknowledgement, stated: StatedDelivery
) -> Iterator[tuple[Difference, str, str]]:
    """R428: both sides name the same bytes, where both name any. A difference is against both.

    R429: the counts of both sides agree, within the tolerance of the ledger. More is against both.
    Of one delivery either is found once, however often it is acknowledged.
    """
    got, sent = body.sha256, stated.sha256
    if got is not None and sent is not None and got != sent:
        yield "contents-differ", got, sent
    tolerance = draft.context.ledger.parameters.count_tolerance
    pairs = ((body.rows, stated.rows), (body.count, stated.count))
    if any(abs(one - other) * _WHOLE > tolerance * max(one, other) for one, other in pairs):
        received = f"received {body.count} times, {body.rows} rows"
        yield "counts-differ", received, f"delivered {stated.count} times, {stated.rows} rows"


def _find(
    draft: Draft, body: Delivery, finding: findings.Finding, measure: str, limit: str | None = None
) -> None:
    """Raise a finding against who delivered, on behalf of whoever provides the dataset."""
    dataset = read(draft, Dataset, f"dataset/{body.content.dataset}")
    provider = None if dataset is None else dataset.provider
    findings.raise_finding(
        draft, finding, draft.record, (draft.member,), provider, measure=measure, limit=limit
    )
