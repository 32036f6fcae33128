"""Rules of rights whose terms change (R418 to R422): renewed, widened, narrowed, under the same id.

The right keeps its id, its counters and whatever hangs from it. Nothing below it is touched: what
was passed on is held to the terms of today when it is used (`contracts.sharing.chains`), and a use
of before is held to the terms of before, which the state keeps under `terms/<grant>/<n>`.
"""

from typing import Final

from msgspec.structs import replace

from contracts import cases, findings
from contracts.catalogue import columns
from contracts.catalogue.providers import entry_in_force
from contracts.draft import Draft
from contracts.reasons import (
    LIMIT,
    NOT_EFFECTIVE,
    NOT_PROVIDER,
    SCHEMA_DIFFERS,
    UNKNOWN_GRANT,
    WIDER_THAN_ABOVE,
    WIDER_THAN_CONDITIONS,
    WITHHELD,
    refuse_unless,
    required,
)
from contracts.sharing import backflow, emergency, refusals
from contracts.sharing.chains import chain_of, check_effective, check_narrows_above
from contracts.terms import meet, narrows
from contracts.use import disposal, first_use, unused_fields
from contracts.values import AMENDMENTS_MAX, EntryTerms, FormerTerms, GrantedRight, RequestedItem
from contracts.view import held, read
from ledger.records.delegation import Amendment, AmendmentItem
from ledger.records.terms import Terms
from ledger.types import Time

AT_ONCE: Final = frozenset({"legal-restriction", "security"})
"""Grounds on which a right may be cut short before the consumer was consulted."""


def apply_amendment(draft: Draft, body: Amendment) -> None:
    """R418: whoever gave a right in force renews it or changes its terms, at once.

    A right passed on is amended by its delegator or by the provider. Its period is not over yet: a
    right that has run out is given anew. It is amended at most 32 times.
    """
    for item in body.items:
        right = read(draft, GrantedRight, f"grant/{item.grant}")
        if right is not None:
            draft.check_dataset(right.dataset)
    for n, item in enumerate(body.items):
        key = f"grant/{item.grant}"
        right = required(read(draft, GrantedRight, key), UNKNOWN_GRANT, item.grant, "grant")
        columns.complete_schema(draft, item.schema)
        columns.check_terms(draft, item.terms, item.schema)
        cases.take_step(draft, item.grant, "amend", NOT_PROVIDER)
        if item.schema != right.schema or not narrows(item.terms, right.terms):
            _check_widening(draft, item, right)
        columns.check_given(draft, item.terms)
        if right.emergency is not None and right.in_force_since is not None:
            emergency.check_span(item.terms, right.in_force_since)
        ends = right.terms.not_after
        lasts = ends is None or ends > draft.context.time
        refuse_unless(lasts, NOT_EFFECTIVE, f"its period ended at {ends}", "grant")
        refuse_unless(right.amendments < AMENDMENTS_MAX, LIMIT, f"{AMENDMENTS_MAX} amendments")
        _find_narrowing(draft, f"{draft.record}-{n}", item, right)
        _amend(draft, item, right)


def _check_widening(draft: Draft, item: AmendmentItem, right: GrantedRight) -> None:
    """R419: what is more than a narrowing lies within what the right rests on today.

    That is the entry in force, its conditions and its schema, and the standing grant if the right
    was taken up under one; for a right passed on, the schema of its parent and the terms of every
    right above it.
    """
    if right.parent is not None:
        above = held(draft, GrantedRight, f"grant/{right.parent}")
        chain = chain_of(draft, right.parent, above)
        check_narrows_above(item.terms, chain)
        refuse_unless(item.schema == above.schema, SCHEMA_DIFFERS, above.schema, "schema")
        check_effective(draft, chain)
        return
    entry = entry_in_force(draft, right.dataset)
    refuse_unless(entry.sharing != "withheld", WITHHELD, right.dataset, "grant")
    request = f"request/{right.request}"
    asked = None if right.request is None else held(draft, RequestedItem, request)
    within = narrows(item.terms, backflow.conditions_for(asked, entry))
    refuse_unless(within, WIDER_THAN_CONDITIONS, right.dataset, "terms")
    if right.standing is not None:
        offer = held(draft, GrantedRight, f"grant/{right.standing}")
        within = narrows(item.terms, offer.terms)
        refuse_unless(within, WIDER_THAN_ABOVE, f"than those of {right.standing}", "terms")
    refuse_unless(item.schema == entry.schema, SCHEMA_DIFFERS, entry.schema, "schema")


def _find_narrowing(draft: Draft, base: str, item: AmendmentItem, right: GrantedRight) -> None:
    """R420: a right that allows less than before, in any part, is narrowed on a coded ground.

    One that the entry contradicts is none (R441), unless the entry itself offers less by now.

    R446: a right that is to end sooner, or to begin later, is ended as far as that goes. That is a
    finding as for a revocation without consultation, but for what the law or security forbid.
    """
    before = columns.spelled(draft, right.terms, right.schema)
    after = columns.spelled(draft, item.terms, item.schema)
    if narrows(before, after) or backflow.find_narrowed(
        draft, base, right, item.terms, item.schema
    ):
        return
    why = _contradicted(draft, item, right, before, after)
    ground = item.ground if why is None else None
    accused = (draft.member,)
    if _is_cut_short(before, after, draft.context.time) and ground not in AT_ONCE:
        findings.raise_finding(
            draft, findings.ENDED_AT_WILL, base, accused, right.member, measure=item.ground
        )
    elif ground is None:
        measure = item.grant if why is None else f"{item.ground}: {why}"
        findings.raise_finding(
            draft, findings.TERMS_NARROWED, base, accused, right.member, measure=measure
        )


def _contradicted(
    draft: Draft, item: AmendmentItem, right: GrantedRight, before: Terms, after: Terms
) -> str | None:
    """What the entry says against the ground; it binds its provider, and as far as it offers."""
    entry = read(draft, EntryTerms, f"entry/{right.dataset}")
    if entry is None or right.parent is not None or narrows(meet(before, entry.conditions), after):
        return None
    return refusals.contradicted_by(draft, entry, item.ground)


def ends_sooner(before: Terms, after: Terms) -> bool:
    """Whether a right would end, or end sooner than it was to."""
    ends = after.not_after
    return ends is not None and (before.not_after is None or ends < before.not_after)


def _is_cut_short(before: Terms, after: Terms, now: Time) -> bool:
    starts = after.not_before
    starts_later = starts is not None and starts > max(now, before.not_before or "")
    return starts_later or ends_sooner(before, after)


def _amend(draft: Draft, item: AmendmentItem, right: GrantedRight) -> None:
    now = draft.context.time
    former = FormerTerms(schema=right.schema, since=right.amended_at, terms=right.terms, until=now)
    draft.put(f"terms/{item.grant}/{right.amendments}", former)
    amended = replace(
        right,
        amended_at=now,
        amendments=right.amendments + 1,
        schema=item.schema,
        terms=item.terms,
    )
    amended = unused_fields.change(draft, item.grant, right, amended)
    draft.put(f"grant/{item.grant}", amended)
    disposal.owe(draft, item.grant, amended)
    first_use.owe(draft, item.grant, amended)
