"""Rules of the sharing family (R4xx): requests, grants, acceptance, revocation."""

from msgspec.structs import replace

from contracts import calendar, cases, findings
from contracts.catalogue import blocks, columns
from contracts.catalogue.providers import entry_in_force, providers_of
from contracts.draft import Draft
from contracts.reasons import (
    ENTRY_CHANGED,
    LIMIT,
    NOT_CONSUMER,
    NOT_PROVIDER,
    REQUEST_DIFFERS,
    SCHEMA_DIFFERS,
    UNKNOWN_GRANT,
    UNKNOWN_GROUP,
    UNKNOWN_MEMBER,
    UNKNOWN_REQUEST,
    WIDER_THAN_CONDITIONS,
    WITHHELD,
    refuse_unless,
    required,
)
from contracts.sharing import backflow, backlog, bars, emergency, pauses, refusals, supply
from contracts.sharing.chains import chain_of, check_effective
from contracts.sharing.standing import outside
from contracts.terms import meet, narrows
from contracts.use import disposal, first_use, unused_fields
from contracts.values import (
    STANDING_MAX,
    SUSPENSIONS_MAX,
    Case,
    EntryTerms,
    GrantedRight,
    Interval,
    Party,
    RequestedItem,
    StandingGrants,
)
from contracts.view import held, read
from ledger.records.sharing import (
    Acceptance,
    Grant,
    GrantItem,
    NarrowingGround,
    Request,
    RequestItem,
    Revocation,
)
from ledger.types import CaseId, DatasetId, ItemId, MemberId

CONSULTATION_WAIVED = frozenset({"breach", "legal-change", "secrecy"})
"""Grounds on which a right may be revoked before the consumer was consulted."""


def apply_request(draft: Draft, body: Request) -> None:
    """R401: each item asks for one dataset of somebody else's, by the entry in force.

    The n-th item of a record is the request `<record digest>-<n>`. It is due an answer within the
    days of its sharing class, by the providers that the entry names then: they are its parties,
    whoever a later entry names. Data that is withheld cannot be asked for.
    """
    for item in body.items:
        draft.check_dataset(item.dataset)
    for n, item in enumerate(body.items):
        entry = entry_in_force(draft, item.dataset)
        named = emergency.check_named(draft, item)
        columns.check_terms(draft, item.terms, entry.schema)
        is_own = draft.member == entry.provider
        refuse_unless(not is_own, NOT_CONSUMER, "the provider needs no grant", "dataset")
        refuse_unless(entry.sharing != "withheld", WITHHELD, item.dataset, "dataset")
        refuse_unless(entry.record == item.entry, ENTRY_CHANGED, item.dataset, "entry")
        columns.check_given(draft, item.terms)
        emergency.ask(draft, item, named, entry)
        request_id, grant_id = f"{draft.record}-{n}", f"{draft.record}-{len(body.items) + n}"
        asked = _ask(draft, request_id, item, entry, is_founded=body.basis is not None)
        if named is None:
            _take_up(draft, request_id, grant_id, asked, entry)
            backlog.count_open(draft, request_id, item.dataset)


def apply_grant(draft: Draft, body: Grant) -> None:
    """R403: a right is given by the provider, within the conditions of the entry in force.

    Of joint data any of the providers may act if the entry says so, otherwise the lead alone. The
    n-th right of a record, counted across its items, is the grant `<record digest>-<n>`.
    """
    for item in body.items:
        draft.check_dataset(item.dataset)
    count = 0
    for item in body.items:
        entry = entry_in_force(draft, item.dataset)
        asked = _check_recipients(draft, item)
        columns.check_terms(draft, item.terms, entry.schema)
        gives = draft.member in providers_of(entry) or emergency.may_give(draft, item)
        refuse_unless(gives, NOT_PROVIDER, item.dataset, "dataset")
        givers = {draft.member, entry.provider}
        is_other = givers.isdisjoint(item.members) and (
            draft.member in providers_of(entry) or not emergency.is_in_own_hand(draft, item)
        )
        refuse_unless(is_other, NOT_CONSUMER, "nobody grants to itself", "members")
        refuse_unless(entry.sharing != "withheld", WITHHELD, item.dataset, "dataset")
        within = narrows(item.terms, backflow.conditions_for(asked, entry))
        refuse_unless(within, WIDER_THAN_CONDITIONS, item.dataset, "terms")
        refuse_unless(item.schema == entry.schema, SCHEMA_DIFFERS, entry.schema, "schema")
        if asked is not None:
            _close_request(draft, item, asked)
        columns.check_given(draft, item.terms)
        if item.emergency is not None:
            emergency.check_span(item.terms, draft.context.time)
        for member in item.members or (None,):
            _grant(draft, f"{draft.record}-{count}", item, entry, member, asked)
            count += 1


def apply_acceptance(draft: Draft, body: Acceptance) -> None:
    """R407: the consumer takes on what was offered; the right is in force from here.

    The data is still in the catalogue, and not withheld, and the period of the right not over. What
    was passed on is accepted while the rights above it hold.
    """
    for grant_id in body.grants:
        right = _known_right(draft, grant_id)
        entry = entry_in_force(draft, right.dataset)
        cases.take_step(draft, grant_id, "accept", NOT_CONSUMER)
        refuse_unless(entry.sharing != "withheld", WITHHELD, right.dataset, "grants")
        columns.check_period(draft, right.terms)
        if right.parent is not None:
            above = held(draft, GrantedRight, f"grant/{right.parent}")
            check_effective(draft, chain_of(draft, right.parent, above))
        accepted = replace(right, in_force_since=draft.context.time)
        accepted = unused_fields.watch(draft, grant_id, accepted)
        draft.put(f"grant/{grant_id}", accepted)
        disposal.owe(draft, grant_id, accepted)
        first_use.owe(draft, grant_id, accepted)
        supply.owe(draft, grant_id, accepted)


def apply_revocation(draft: Draft, body: Revocation) -> None:
    """R408: the provider ends rights on a coded ground, in whatever state they are.

    A right passed on is ended by its delegator too.

    A right in force that ends without consultation, on a ground that asks for it, is a finding.
    """
    is_consulted = body.consultation is not None or body.ground in CONSULTATION_WAIVED
    for n, grant_id in enumerate(body.grants):
        right = _known_right(draft, grant_id)
        cases.take_step(draft, grant_id, "revoke", NOT_PROVIDER)
        _end(draft, grant_id, right, is_breach=body.ground == "breach")
        if right.in_force_since is not None and not is_consulted:
            findings.raise_finding(
                draft,
                findings.ENDED_AT_WILL,
                f"{draft.record}-{n}",
                (draft.member,),
                right.member,
                measure=body.ground,
            )


def end_right(draft: Draft, grant_id: CaseId, case: Case) -> None:
    """R409: a right that its consumer declines or ends is over from here."""
    _end(draft, grant_id, held(draft, GrantedRight, case.subject))


def answer_again(draft: Draft, request_id: CaseId, case: Case) -> None:
    """R447: what was supplemented is due an answer within the days of its sharing class again.

    So is what a ruling has reopened, or within those of backflow.
    """
    ledger = draft.context.ledger
    asked = held(draft, RequestedItem, case.subject)
    days = ledger.parameters.backflow_days
    if not asked.backflow:
        days = _answer_days(draft, read(draft, EntryTerms, f"entry/{asked.dataset}"))
    due = calendar.deadline(draft.context.time, days, ledger.calendar)
    cases.move_deadline(draft, request_id, due)


def suspend_right(draft: Draft, grant_id: CaseId, case: Case) -> None:
    """R410: a suspended right is not effective from here on; it is suspended at most 16 times."""
    right = held(draft, GrantedRight, case.subject)
    refuse_unless(len(right.suspensions) < SUSPENSIONS_MAX, LIMIT, f"{SUSPENSIONS_MAX} suspensions")
    pauses.suspend(draft, grant_id)
    span = Interval(barred=bars.suspend(draft, right), since=draft.context.time)
    draft.put(case.subject, replace(right, suspensions=(*right.suspensions, span)))


def resume_right(draft: Draft, grant_id: CaseId, case: Case) -> None:
    """R411: a right resumed is effective again from here on."""
    right = held(draft, GrantedRight, case.subject)
    *earlier, last = right.suspensions
    spans = (*earlier, replace(last, until=draft.context.time))
    resumed = replace(right, suspensions=spans)
    draft.put(case.subject, resumed)
    bars.resume(draft, right)
    pauses.resume(draft, grant_id, resumed)


def _known_right(draft: Draft, grant_id: ItemId) -> GrantedRight:
    right = required(
        read(draft, GrantedRight, f"grant/{grant_id}"), UNKNOWN_GRANT, grant_id, "grants"
    )
    draft.check_dataset(right.dataset)
    return right


def _parties(entry: EntryTerms, consumer: MemberId | None) -> tuple[Party, ...]:
    """A joint provider that asks for the data itself does not answer itself."""
    parties = [
        Party(member=member, part="provider")
        for member in providers_of(entry)
        if member != consumer
    ]
    if consumer is not None:
        parties.insert(0, Party(member=consumer, part="consumer"))
    return tuple(parties)


def _check_recipients(draft: Draft, item: GrantItem) -> RequestedItem | None:
    """The members and the group named exist; so does the request answered, which is returned."""
    for member in item.members:
        known = draft.get(f"member/{member}") is not None
        refuse_unless(known, UNKNOWN_MEMBER, member, "members")
    if item.audience is not None and item.audience.group is not None:
        known = draft.get(f"group/{item.audience.group}") is not None
        refuse_unless(known, UNKNOWN_GROUP, item.audience.group, "audience")
    if item.request is None:
        return None
    key = f"request/{item.request}"
    return required(read(draft, RequestedItem, key), UNKNOWN_REQUEST, item.request, "request")


def _ask(
    draft: Draft, request_id: ItemId, item: RequestItem, entry: EntryTerms, *, is_founded: bool
) -> RequestedItem:
    parameters = draft.context.ledger.parameters
    asked = RequestedItem(
        asked_at=draft.context.time,
        backflow=backflow.is_backflow(draft, item.terms, entry),
        dataset=item.dataset,
        emergency=item.emergency,
        entry=item.entry,
        member=draft.member,
        schema=entry.schema,
        terms=item.terms,
        unfounded=parameters.answers_weighed and not is_founded,
    )
    draft.put(f"request/{request_id}", asked)
    subject, parties = f"request/{request_id}", _parties(entry, draft.member)
    if asked.backflow:
        cases.open_case(draft, request_id, "request", subject, parties, state="backflow")
        return asked
    days = _answer_days(draft, entry)
    cases.open_case(draft, request_id, "request", subject, parties, days=days)
    return asked


def _answer_days(draft: Draft, entry: EntryTerms | None) -> int:
    parameters = draft.context.ledger.parameters
    if entry is not None and entry.sharing == "unconditional":
        return parameters.answer_unconditional_days
    return parameters.answer_conditional_days


def _take_up(
    draft: Draft, request_id: ItemId, grant_id: ItemId, asked: RequestedItem, entry: EntryTerms
) -> None:
    """R402: what a standing grant covers is in force at once, on the signed application alone.

    The first standing grant serves that covers the terms asked for, is neither suspended nor of
    another schema, and is meant for the member as it is now, as long as the terms lie within the
    entry's conditions of today. The right is numbered after the requests of the record, and holds
    no longer than the standing grant does.
    """
    standing = read(draft, StandingGrants, f"standing/{asked.dataset}")
    if standing is None or not narrows(asked.terms, entry.conditions):
        return
    barring = bars.bars_of(draft, asked.dataset, asked.member)
    for standing_id in standing.grants:
        offer = held(draft, GrantedRight, f"grant/{standing_id}")
        if outside(draft, offer, asked, barring) is not None:
            continue
        cases.follow(draft, request_id, "take-up")
        draft.put(f"request/{request_id}", replace(asked, standing=standing_id))
        right = GrantedRight(
            dataset=asked.dataset,
            member=asked.member,
            newest=offer.newest,
            provider=offer.provider,
            request=request_id,
            schema=asked.schema,
            standing=standing_id,
            terms=asked.terms,
        )
        _give(draft, grant_id, right, entry, "in-force")
        backlog.supersede(draft, right)
        return


def _close_request(draft: Draft, item: GrantItem, asked: RequestedItem) -> None:
    request_id = item.request or ""
    cases.take_step(draft, request_id, "grant", NOT_PROVIDER)
    matches = asked.dataset == item.dataset and (asked.member,) == item.members
    refuse_unless(matches, REQUEST_DIFFERS, request_id, "request")
    emergency.complete(draft, asked.emergency)


def _grant(
    draft: Draft,
    grant_id: ItemId,
    item: GrantItem,
    entry: EntryTerms,
    member: MemberId | None,
    asked: RequestedItem | None,
) -> None:
    """R404: what covers the request it answers is in force at once; else a right is an offer.

    It covers what was asked of the same schema. What a member did not ask for is an offer to it.
    """
    covers = asked is not None and asked.schema == item.schema and narrows(asked.terms, item.terms)
    right = GrantedRight(
        audience=item.audience,
        dataset=item.dataset,
        emergency=item.emergency,
        giver=None if draft.member in providers_of(entry) else draft.member,
        member=member,
        newest=item.newest,
        provider=entry.provider,
        request=item.request,
        schema=item.schema,
        terms=item.terms,
    )
    at_once = covers or member is None or item.emergency is not None
    _give(draft, grant_id, right, entry, "in-force" if at_once else "offered")
    if member is None:
        _stand(draft, grant_id, item.dataset)
    if asked is not None and asked.backflow:
        backflow.find_conditioned(draft, grant_id, item.terms, asked, entry)
    elif asked is not None and not narrows(meet(asked.terms, entry.conditions), item.terms):
        _find_conditions_added(draft, grant_id, item.ground, entry, asked)


def _find_conditions_added(
    draft: Draft,
    grant_id: ItemId,
    ground: NarrowingGround | None,
    entry: EntryTerms,
    asked: RequestedItem,
) -> None:
    """R405: an answer narrower than asked, as far as the entry offered it, needs a ground.

    One that the entry contradicts is none (R441).
    """
    why = refusals.contradicted_by(draft, entry, ground)
    if ground is None or why is not None:
        accused, measure = (draft.member,), None if why is None else f"{ground}: {why}"
        findings.raise_finding(
            draft, findings.CONDITIONS_ADDED, grant_id, accused, asked.member, measure=measure
        )


def _stand(draft: Draft, grant_id: ItemId, dataset: DatasetId) -> None:
    """R406: a grant without members stands for whoever applies; a dataset has at most 16."""
    standing = read(draft, StandingGrants, f"standing/{dataset}")
    before = () if standing is None else standing.grants
    refuse_unless(len(before) < STANDING_MAX, LIMIT, f"{STANDING_MAX} standing grants", "standing")
    draft.put(f"standing/{dataset}", StandingGrants(grants=(*before, grant_id)))


def _give(
    draft: Draft, grant_id: ItemId, right: GrantedRight, entry: EntryTerms, state: str
) -> None:
    since = draft.context.time if state == "in-force" else None
    given = replace(right, accounted=entry.served, in_force_since=since)
    given = unused_fields.watch(draft, grant_id, given)
    draft.put(f"grant/{grant_id}", given)
    parties = _parties(entry, right.member)
    cases.open_case(draft, grant_id, "grant", f"grant/{grant_id}", parties, state=state)
    if given.emergency is not None:
        given = emergency.open_formalities(draft, grant_id, given)
    disposal.owe(draft, grant_id, given)
    first_use.owe(draft, grant_id, given)
    supply.owe(draft, grant_id, given)


def _end(draft: Draft, grant_id: ItemId, right: GrantedRight, *, is_breach: bool = False) -> None:
    ended = replace(right, ended_at=draft.context.time)
    ended = unused_fields.change(draft, grant_id, right, ended)
    draft.put(f"grant/{grant_id}", ended)
    disposal.owe(draft, grant_id, ended)
    first_use.owe(draft, grant_id, ended)
    emergency.end(draft, grant_id, right)
    supply.end(draft, grant_id, right)
    bars.end(draft, right, is_breach=is_breach)
    blocks.find_outlived(draft, grant_id, right)
    key = f"standing/{right.dataset}"
    standing = read(draft, StandingGrants, key)
    if standing is not None and grant_id in standing.grants:
        rest = tuple(one for one in standing.grants if one != grant_id)
        if rest:
            draft.put(key, StandingGrants(grants=rest))
        else:
            draft.remove(key)
