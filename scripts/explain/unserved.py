"""Why the standing grants of a dataset do not serve a request that waits for its answer (R402)."""

from collections.abc import Iterator
from typing import Final

from contracts.sharing import bars
from contracts.sharing.standing import Outside, outside
from contracts.terms import wider_parts
from contracts.values import Case, EntryTerms, GrantedRight, RequestedItem, StandingGrants
from contracts.view import StateView, held, read
from contracts.workflows import WORKFLOWS
from scripts.explain.language import Language, short

_WHY: Final = {
    "audience": "unserved-audience",
    "barred": "unserved-barred",
    "schema": "unserved-schema",
    "suspended": "unserved-suspended",
    "terms": "unserved-terms",
    "territory": "unserved-territory",
}


def unserved(view: StateView, case: Case, language: Language) -> Iterator[str]:
    """For each standing grant why, as things stand now; nothing of what is not asked for any more.

    The formalities of an emergency are answered by the provider, whatever stands.
    """
    asked = read(view, RequestedItem, case.subject) if case.workflow == "request" else None
    waits = WORKFLOWS[case.workflow].leads_on(case.state)
    if asked is None or asked.emergency is not None or not waits:
        return
    standing = read(view, StandingGrants, f"standing/{asked.dataset}")
    entry = read(view, EntryTerms, f"entry/{asked.dataset}")
    if standing is None or entry is None:
        return
    beyond = wider_parts(asked.terms, entry.conditions)
    if beyond:
        parts = language.listed(language.terms, beyond)
        yield language.phrase("unserved-entry", parts=parts)
        return
    barring = bars.bars_of(view, asked.dataset, asked.member)
    for grant_id in standing.grants:
        found = outside(view, held(view, GrantedRight, f"grant/{grant_id}"), asked, barring)
        yield language.phrase("unserved", grant=short(grant_id), why=_told(found, language))


def _told(found: Outside | None, language: Language) -> str:
    """A reason in words; what would serve now did not when it was asked for."""
    if found is None:
        return language.phrases["unserved-then"]
    parts = language.listed(language.terms, found.parts)
    return language.phrase(_WHY[found.why], parts=parts)
