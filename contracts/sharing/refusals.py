"""Rules of refusals (R441, R442, R448): whether the catalogue contradicts the ground of a refusal.

    transport  step    refuse the request, on the ground `not-held`     → `refusal-unfounded`
                       though flights@1 was released

The ledger does not know whether data was necessary. It knows whether it was released, whether the
catalogue offers it to everybody, whether the request named a legal basis, and whether anybody asked
for what was missing. Where the ledger does not have `answersWeighed`, nothing is compared.
"""

from typing import Final

from contracts import findings
from contracts.draft import Draft
from contracts.sharing import backflow
from contracts.values import Case, Dataset, EntryTerms, RequestedItem
from contracts.view import held, read
from ledger.records.cases import Step
from ledger.types import CaseId

NEVER_OF_UNCONDITIONAL: Final = frozenset(
    {"legal-restriction", "no-legal-basis", "not-necessary", "security"}
)
"""Grounds that are grounds for another sharing class."""


def weigh(draft: Draft, body: Step) -> None:
    """Compare the ground of each refusal with the catalogue, before the step is taken.

    If the step is not allowed, the record is refused and nothing has been found.
    """
    if body.step != "refuse":
        return
    for n, case_id in enumerate(body.cases):
        case = read(draft, Case, f"case/{case_id}")
        if case is not None and case.workflow == "request":
            asked = held(draft, RequestedItem, case.subject)
            _weigh(draft, f"{draft.record}-{n}", body.ground, case, asked)


def _weigh(
    draft: Draft, base: CaseId, ground: str | None, case: Case, asked: RequestedItem
) -> None:
    if case.state == "reopened":
        _find_defied(draft, base, asked, ground)
    elif asked.backflow:
        backflow.find_refused(draft, base, asked, ground)
    elif draft.context.ledger.parameters.answers_weighed:
        why = _contradicted(draft, ground, asked)
        if why is not None:
            _find(draft, findings.REFUSAL_UNFOUNDED, base, asked, f"{ground}: {why}")
        elif ground == "no-legal-basis" and asked.unfounded and case.state != "supplemented":
            _find_not_supplemented(draft, base, asked)


def _contradicted(draft: Draft, ground: str | None, asked: RequestedItem) -> str | None:
    """R441: a ground that the catalogue contradicts is no ground, and a finding.

    What is shared unconditionally is not refused for reasons of law, need or security, nor given or
    amended for less: its entry would have to say so first. What was released is held, though there
    may be parts of it that are not.
    """
    entry = read(draft, EntryTerms, f"entry/{asked.dataset}")
    if entry is None:
        return None
    why = contradicted_by(draft, entry, ground)
    if why is not None:
        return why
    releases = held(draft, Dataset, f"dataset/{asked.dataset}").releases
    if ground == "not-held" and releases > 0:
        return f"{asked.dataset}@{releases} was released"
    return None


def contradicted_by(draft: Draft, entry: EntryTerms, ground: str | None) -> str | None:
    """What the sharing class of an entry says against a ground, the first half of R441."""
    is_weighed = draft.context.ledger.parameters.answers_weighed
    is_open = is_weighed and entry.sharing == "unconditional"
    contradicts = is_open and ground in NEVER_OF_UNCONDITIONAL
    return "the data is shared unconditionally" if contradicts else None


def _find_not_supplemented(draft: Draft, base: CaseId, asked: RequestedItem) -> None:
    """R442: a request that names no legal basis is not refused for that before it is asked for."""
    _find(draft, findings.REFUSED_NOT_SUPPLEMENTED, base, asked, "no supplement was asked for")


def _find_defied(draft: Draft, base: CaseId, asked: RequestedItem, ground: str | None) -> None:
    """R448: what was reopened by a ruling is granted, at least in part; a refusal is a finding.

    No ground excuses it before somebody has looked at it: what has changed since, the reply says.
    """
    _find(draft, findings.REFUSED_AGAINST_RULING, base, asked, f"refused: {ground}")


def _find(
    draft: Draft, finding: findings.Finding, base: CaseId, asked: RequestedItem, measure: str
) -> None:
    findings.raise_finding(draft, finding, base, (draft.member,), asked.member, measure=measure)
