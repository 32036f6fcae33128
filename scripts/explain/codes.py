"""What is told of a code or a number: a reason of refusal, a finding, a rule, a row of a table."""

from contracts.findings import FINDINGS
from contracts.reasons import REASONS
from contracts.workflows import WORKFLOWS
from scripts.explain.cases import Section
from scripts.explain.language import Language, capitalised, in_course, word
from scripts.explain.rules import rules_in_words


def code_explained(code: str, language: Language) -> list[Section] | None:
    """What a code or number of the rule book means; None if it is none."""
    for explained in (_reason, _finding, _rule, _row):
        sections = explained(code, language)
        if sections is not None:
            return sections
    return None


def _reason(code: str, language: Language) -> list[Section] | None:
    reason = next((one for one in REASONS if code in (one.code, str(one.number))), None)
    if reason is None:
        return None
    meaning = language.reasons.get(reason.code, reason.meaning)
    lines = [language.phrase("reason", code=reason.code, number=reason.number, meaning=meaning)]
    lines += [language.phrases["retry"]] if reason.can_retry else []
    return [Section(language.phrases["refused"], tuple(lines))]


def _finding(code: str, language: Language) -> list[Section] | None:
    found = next((one for one in FINDINGS if code in (one.code, f"F{one.number}")), None)
    if found is None:
        return None
    meaning, cure = language.findings.get(found.code, (found.meaning, found.cure))
    lines = (
        language.phrase("finding", code=found.code, number=found.number, meaning=meaning),
        language.phrase("cure", cure=cure),
    )
    return [Section(word(language.workflows, "finding"), lines)]


def _rule(code: str, language: Language) -> list[Section] | None:
    text = rules_in_words().get(code)
    if text is None:
        return None
    return [Section(code, (capitalised(language.rules.get(code, text)),))]


def _row(code: str, language: Language) -> list[Section] | None:
    for workflow in WORKFLOWS.values():
        for row in workflow.steps:
            if row.number == code:
                line = language.phrase(
                    "workflow-row" if row.who else "workflow-row-follows",
                    number=code,
                    state=in_course(language.states, workflow.name, row.state),
                    step=in_course(language.steps, workflow.name, row.name),
                    next=in_course(language.states, workflow.name, row.next),
                    who=language.listed(language.parts, row.who),
                    record=word(language.kinds, row.by),
                )
                return [Section(word(language.workflows, workflow.name), (line,))]
    return None
