"""What records of sharing say, in sentences."""

from collections.abc import Iterator, Sequence

from ledger.records import Acceptance, Amendment, Delegation, Grant, Request, Revocation
from ledger.records.sharing import Audience
from ledger.types import MemberId
from scripts.explain.language import Language, short, word
from scripts.explain.telling import Sentence, some, terms_told, text_told


def sharing_said(
    body: Request | Grant | Acceptance | Revocation | Delegation | Amendment,
    member: MemberId,
    language: Language,
) -> Iterator[Sentence]:
    """Sentences about one of these records."""
    match body:
        case Request():
            yield from _request(body, member, language)
        case Grant():
            yield from _grant(body, language)
        case Acceptance():
            for grant in body.grants:
                yield "acceptance", {"member": member, "grant": short(grant)}
        case Revocation():
            ground = word(language.grounds, body.ground)
            for grant in body.grants:
                yield "revocation", {"member": member, "grant": short(grant), "ground": ground}
        case Delegation():
            for passed in body.items:
                yield (
                    "delegation",
                    {
                        "member": member,
                        "grant": short(passed.grant),
                        "members": _members(passed.members, language),
                        "terms": terms_told(passed.terms, language),
                    },
                )
        case Amendment():
            for amended in body.items:
                terms = terms_told(amended.terms, language)
                yield "amendment", {"grant": short(amended.grant), "terms": terms}


def _request(body: Request, member: MemberId, language: Language) -> Iterator[Sentence]:
    for item in body.items:
        terms = terms_told(item.terms, language)
        yield "request", {"member": member, "dataset": item.dataset, "terms": terms}
        if item.emergency is not None:
            yield "request-emergency", {"grant": short(item.emergency)}
    yield "request-scene", {"scene": text_told(body.scene, language)}


def _grant(body: Grant, language: Language) -> Iterator[Sentence]:
    for item in body.items:
        members = _members(item.members, language) or language.phrases["standing"]
        terms = terms_told(item.terms, language)
        yield "grant", {"dataset": item.dataset, "members": members, "terms": terms}
        if item.audience is not None:
            yield from _audience(item.audience, language)
        if item.emergency is not None:
            yield "grant-emergency", {"ground": word(language.grounds, item.emergency)}
        if item.newest:
            yield "grant-newest", {}
        if item.request is not None:
            yield "grant-answers", {"request": short(item.request)}


def _members(members: Sequence[MemberId], language: Language) -> str:
    return some([language.name_of(one) for one in members], language)


def _audience(audience: Audience, language: Language) -> Iterator[Sentence]:
    if audience.group is not None:
        yield "grant-group", {"group": audience.group}
    if audience.levels:
        yield "grant-levels", {"levels": language.listed(language.states, [*audience.levels])}
    if audience.territories:
        yield "grant-territories", {"codes": some(audience.territories, language)}
    if audience.own_territory:
        yield "grant-own", {}
