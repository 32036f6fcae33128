"""What came of a ruling: the request it has reopened, or the order that follows (R723, R724)."""

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.supervision.rulings import ORDER
from contracts.values import Case
from contracts.workflows import WORKFLOWS
from ledger.records import Step
from ledger.types import CaseId
from scripts.explain.language import Language, in_course, word
from scripts.explain.rules import rules_in_words
from scripts.explain.sources import Source, Told

ENFORCING: Final = "enforce-ruling"
"""What a ruling does beside moving its case, as the workflow tables call it."""
_ORDERED, _REOPENED = "R723", "R724"


def ruled(source: Source, case_id: CaseId, case: Case, language: Language) -> str | None:
    """In which case a ruling is carried out, and where that stands; None if it obliges nobody."""
    if case.ruling is None:
        return None
    reopened = case.subject.removeprefix("case/")
    followed = f"{case_id}-{ORDER}"
    follows = source.get(f"case/{followed}")
    if not isinstance(follows, Case) and _moved_together(source, case_id, reopened):
        followed, follows = reopened, source.get(case.subject)
    if not isinstance(follows, Case):
        return None
    return language.phrase(
        "ruled",
        case=followed,
        workflow=word(language.workflows, follows.workflow),
        state=in_course(language.states, follows.workflow, follows.state),
    )


def rules_applied(
    source: Source, told: Told, own: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """A ruling's own rules, and that by which something follows from it; a rejection has none."""
    applied = {number for one in _ruled_on(told) for number in _enforced(source, told, one)}
    kept = [one for one in own if one[0] != _ORDERED]
    return sorted([*kept, *((number, rules_in_words()[number]) for number in applied)])


def _ruled_on(told: Told) -> Sequence[CaseId]:
    body = None if told.record is None else told.record.body
    return body.cases if isinstance(body, Step) else ()


def _enforced(source: Source, told: Told, case_id: CaseId) -> Iterator[str]:
    contest = source.get(f"case/{case_id}")
    if isinstance(contest, Case) and contest.subject in told.changed:
        yield _REOPENED
    if f"case/{case_id}-{ORDER}" in told.changed:
        yield _ORDERED


def reopened_by(source: Source, told: Told, case_id: CaseId, case: Case) -> CaseId | None:
    """The contest whose ruling, become final with a leaf, has reopened a request there."""
    if case.workflow != "request" or case_id in _ruled_on(told):
        return None
    for key in told.changed:
        contest = source.get(key) if key.startswith("case/") else None
        if isinstance(contest, Case) and contest.subject == f"case/{case_id}":
            is_final = not WORKFLOWS[contest.workflow].leads_on(contest.state)
            if is_final and contest.ruling is not None:
                return key.removeprefix("case/")
    return None


def _moved_together(source: Source, case_id: CaseId, other: CaseId) -> bool:
    """Whether what came last in one case has moved another one."""
    if not isinstance(source.get(f"case/{other}"), Case):
        return False
    last = source.course(case_id)[-1].index
    return any(told.index == last for told in source.course(other))
