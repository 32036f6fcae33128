"""What came of a ruling: the request it has reopened, or the order that follows (R723, R724)."""

from contracts.supervision.rulings import ORDER
from contracts.values import Case
from ledger.types import CaseId
from scripts.explain.language import Language, in_course, word
from scripts.explain.sources import Source


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


def _moved_together(source: Source, case_id: CaseId, other: CaseId) -> bool:
    """Whether what came last in one case has moved another one."""
    if not isinstance(source.get(f"case/{other}"), Case):
        return False
    last = source.course(case_id)[-1].index
    return any(told.index == last for told in source.course(other))
