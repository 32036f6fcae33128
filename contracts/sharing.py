"""Rules of the sharing family (R4xx): requests, grants, acceptance, revocation."""

from msgspec.structs import replace

from contracts import cases, columns, findings
from contracts.draft import Draft
from contracts.reasons import (
    ENTRY_CHANGED,
    LIMIT,
    NOT_CONSUMER,
    NOT_PROVIDER,
    REQUEST_DIFFERS,
    SCHEMA_DIFFERS,
    UNKNOWN_ENTRY,
    UNKNOWN_GRANT,
    UNKNOWN_MEMBER,
    UNKNOWN_REQUEST,
    WIDER_THAN_CONDITIONS,
    WITHHELD,
    refuse_unless,
    required,
)
from contracts.terms import meet, narrows
from contracts.values import (
    Case,
    EntryTerms,
    GrantedRight,
    Interval,
    Party,
    RequestedItem,
    StandingGrants,
)
from contracts.view import read
from ledger.records.sharing import (
    Acceptance,
    Grant,
    GrantItem,
    Request,
    RequestItem,
    Revocation,
)
from ledger.types import DatasetId, ItemId, MemberId

STANDING_MAX = 16
SUSPENSIONS_MAX = 16
CONSULTATION_WAIVED = frozenset({"breach", "legal-change", "secrecy"})
"""Grounds on which a grant may be revoked before the consumer was consulted."""


def apply_request(draft: Draft, body: Request) -> None:
    """R401-R402: each item asks by itself, and takes effect at once under a standing grant."""
    items = body.items
    for n, item in enumerate(items):
        draft.check_dataset(item.dataset)
        entry = _entry_in_force(draft, item.dataset)
        refuse_unless(entry.record == item.entry, ENTRY_CHANGED, item.dataset, "entry")
        refuse_unless(entry.sharing != "withheld", WITHHELD, item.dataset, "dataset")
        own = draft.member == entry.provider
        refuse_unless(not own, NOT_CONSUMER, "the provider needs no grant", "dataset")
        columns.check_terms(draft, item.terms, entry.schema)
        _ask(draft, f"{draft.record}-{n}", item, entry)
        standing = _standing_for(draft, item)
        if standing is not None:
            _take_up(draft, f"{draft.record}-{n}", f"{draft.record}-{len(items) + n}", standing)


def apply_grant(draft: Draft, body: Grant) -> None:
    """R403-R406: rights within the entry's conditions, numbered across the items of the record."""
    count = 0
    for item in body.items:
        draft.check_dataset(item.dataset)
        entry = _entry_in_force(draft, item.dataset)
        _check_may_grant(draft, entry)
        refuse_unless(entry.sharing != "withheld", WITHHELD, item.dataset, "dataset")
        refuse_unless(item.schema == entry.schema, SCHEMA_DIFFERS, entry.schema, "schema")
        columns.check_terms(draft, item.terms, item.schema)
        refuse_unless(
            narrows(item.terms, entry.conditions), WIDER_THAN_CONDITIONS, item.dataset, "terms"
        )
        if item.standing:
            _offer_standing(draft, f"{draft.record}-{count}", item, entry)
            count += 1
        elif item.request is not None:
            _answer(draft, f"{draft.record}-{count}", item, entry, item.request)
            count += 1
        else:
            for member in item.members:
                known = draft.get(f"member/{member}") is not None
                refuse_unless(known, UNKNOWN_MEMBER, member, "members")
                refuse_unless(member != entry.provider, NOT_CONSUMER, member, "members")
                _give(draft, f"{draft.record}-{count}", _right(item, entry, member), "offered")
                count += 1


def apply_acceptance(draft: Draft, body: Acceptance) -> None:
    """R407: the consumer takes on what was offered; the right is in force from here."""
    for grant_id in body.grants:
        right = required(
            read(draft, GrantedRight, f"grant/{grant_id}"), UNKNOWN_GRANT, grant_id, "grants"
        )
        refuse_unless(right.member == draft.member, NOT_CONSUMER, grant_id, "grants")
        cases.take_step(draft, grant_id, "accept", UNKNOWN_GRANT)
        draft.put(f"grant/{grant_id}", replace(right, in_force_since=draft.context.time))


def apply_revocation(draft: Draft, body: Revocation) -> None:
    """R408-R409: the provider ends rights on a coded ground, without consultation at its risk."""
    for grant_id in body.grants:
        right = required(
            read(draft, GrantedRight, f"grant/{grant_id}"), UNKNOWN_GRANT, grant_id, "grants"
        )
        refuse_unless(right.provider == draft.member, NOT_PROVIDER, grant_id, "grants")
        cases.take_step(draft, grant_id, "revoke", UNKNOWN_GRANT)
        _end(draft, grant_id, right)
    if body.consultation is None and body.ground not in CONSULTATION_WAIVED:
        findings.raise_finding(draft, findings.ENDED_AT_WILL, draft.record, (draft.member,))


def end_right(draft: Draft, case: Case) -> None:
    """Effect of `decline` and `end`: the right is over."""
    grant_id = case.subject.removeprefix("grant/")
    _end(draft, grant_id, _right_of(draft, case))


def suspend_right(draft: Draft, case: Case) -> None:
    """Effect of `suspend`: uses from here on have no effective grant."""
    right = _right_of(draft, case)
    refuse_unless(len(right.suspensions) < SUSPENSIONS_MAX, LIMIT, f"{SUSPENSIONS_MAX} suspensions")
    spans = (*right.suspensions, Interval(since=draft.context.time))
    draft.put(case.subject, replace(right, suspensions=spans))


def resume_right(draft: Draft, case: Case) -> None:
    """Effect of `resume`: the open suspension ends here."""
    right = _right_of(draft, case)
    *earlier, last = right.suspensions
    spans = (*earlier, replace(last, until=draft.context.time))
    draft.put(case.subject, replace(right, suspensions=spans))


def _entry_in_force(draft: Draft, dataset: DatasetId) -> EntryTerms:
    return required(read(draft, EntryTerms, f"entry/{dataset}"), UNKNOWN_ENTRY, dataset, "dataset")


def _check_may_grant(draft: Draft, entry: EntryTerms) -> None:
    """R403: the provider grants; of joint data any provider, if the entry says so."""
    joint = entry.joint_rule == "any" and draft.member in entry.co_providers
    refuse_unless(entry.provider == draft.member or joint, NOT_PROVIDER, entry.dataset, "dataset")


def _ask(draft: Draft, item_id: ItemId, item: RequestItem, entry: EntryTerms) -> None:
    draft.put(
        f"request/{item_id}",
        RequestedItem(
            asked_at=draft.context.time,
            dataset=item.dataset,
            entry=item.entry,
            member=draft.member,
            terms=item.terms,
        ),
    )
    parameters = draft.context.ledger.parameters
    days = (
        parameters.answer_unconditional_days
        if entry.sharing == "unconditional"
        else parameters.answer_conditional_days
    )
    parties = (
        Party(member=draft.member, part="consumer"),
        Party(member=entry.provider, part="provider"),
    )
    cases.open_case(draft, item_id, "request", f"request/{item_id}", parties, days=days)


def _standing_for(draft: Draft, item: RequestItem) -> tuple[ItemId, GrantedRight] | None:
    """The first standing grant of the dataset that covers what is asked for."""
    standing = read(draft, StandingGrants, f"standing/{item.dataset}")
    for grant_id in () if standing is None else standing.grants:
        right = read(draft, GrantedRight, f"grant/{grant_id}")
        if right is not None and narrows(item.terms, right.terms):
            return grant_id, right
    return None


def _take_up(
    draft: Draft, item_id: ItemId, grant_id: ItemId, standing: tuple[ItemId, GrantedRight]
) -> None:
    """R402: the signed application is what makes a standing grant effective for its author."""
    standing_id, offer = standing
    asked = required(read(draft, RequestedItem, f"request/{item_id}"), UNKNOWN_REQUEST, item_id)
    cases.close_by_rule(draft, item_id, "grant")
    right = replace(
        offer, member=draft.member, request=item_id, standing=standing_id, terms=asked.terms
    )
    _give(draft, grant_id, right, "in-force")


def _answer(
    draft: Draft, grant_id: ItemId, item: GrantItem, entry: EntryTerms, item_id: ItemId
) -> None:
    """R405: what covers the request is in force at once, what is narrower waits for acceptance."""
    asked = required(
        read(draft, RequestedItem, f"request/{item_id}"), UNKNOWN_REQUEST, item_id, "request"
    )
    matches = asked.dataset == item.dataset and (asked.member,) == item.members
    refuse_unless(matches, REQUEST_DIFFERS, item_id, "request")
    cases.take_step(draft, item_id, "grant", UNKNOWN_REQUEST)
    covers = narrows(asked.terms, item.terms)
    _give(draft, grant_id, _right(item, entry, asked.member), "in-force" if covers else "offered")
    offered = meet(asked.terms, entry.conditions)
    if item.ground is None and not narrows(offered, item.terms):
        findings.raise_finding(
            draft, findings.CONDITIONS_ADDED, grant_id, (draft.member,), asked.member
        )


def _offer_standing(draft: Draft, grant_id: ItemId, item: GrantItem, entry: EntryTerms) -> None:
    standing = read(draft, StandingGrants, f"standing/{item.dataset}")
    before = () if standing is None else standing.grants
    refuse_unless(len(before) < STANDING_MAX, LIMIT, f"{STANDING_MAX} standing grants", "standing")
    draft.put(f"standing/{item.dataset}", StandingGrants(grants=(*before, grant_id)))
    _give(draft, grant_id, _right(item, entry, None), "in-force")


def _right(item: GrantItem, entry: EntryTerms, member: MemberId | None) -> GrantedRight:
    return GrantedRight(
        dataset=item.dataset,
        member=member,
        provider=entry.provider,
        request=item.request,
        schema=item.schema,
        terms=item.terms,
    )


def _give(draft: Draft, grant_id: ItemId, right: GrantedRight, state: str) -> None:
    since = draft.context.time if state == "in-force" else None
    draft.put(f"grant/{grant_id}", replace(right, in_force_since=since))
    parties: tuple[Party, ...] = (Party(member=right.provider, part="provider"),)
    if right.member is not None:
        parties = (Party(member=right.member, part="consumer"), *parties)
    cases.open_case(draft, grant_id, "grant", f"grant/{grant_id}", parties, state=state)


def _end(draft: Draft, grant_id: ItemId, right: GrantedRight) -> None:
    draft.put(f"grant/{grant_id}", replace(right, ended_at=draft.context.time))
    key = f"standing/{right.dataset}"
    standing = read(draft, StandingGrants, key)
    if standing is not None and grant_id in standing.grants:
        rest = tuple(one for one in standing.grants if one != grant_id)
        if rest:
            draft.put(key, StandingGrants(grants=rest))
        else:
            draft.remove(key)


def _right_of(draft: Draft, case: Case) -> GrantedRight:
    return required(read(draft, GrantedRight, case.subject), UNKNOWN_GRANT, case.subject)
