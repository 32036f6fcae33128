"""What is told of a code or a number: a reason of refusal, a finding, a rule, a row of a table."""

from collections.abc import Mapping
from typing import Final, get_args

from contracts.findings import FINDINGS
from contracts.reasons import REASONS
from contracts.workflows import WORKFLOWS
from ledger.records.sharing import EmergencyGround, NarrowingGround, RevocationGround
from scripts.explain.cases import Section
from scripts.explain.language import Language, capitalised, in_course, word
from scripts.explain.rules import rules_in_words

_GROUNDS_OF_RECORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "grant": (*get_args(NarrowingGround), *get_args(EmergencyGround)),
    "amendment": get_args(NarrowingGround),
    "revocation": get_args(RevocationGround),
}
"""Grounds that records other than steps give."""


def code_explained(code: str, language: Language) -> list[Section] | None:
    """What a code or number of the rule book means, all it means; None if it is none."""
    explained = (_reason, _finding, _rule, _row, _ground)
    return [one for each in explained for one in each(code, language) or ()] or None


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


def _ground(code: str, language: Language) -> list[Section] | None:
    """A coded ground: what it means, and for which steps it can be given."""
    steps = [
        (workflow.name, row.name)
        for workflow in WORKFLOWS.values()
        for row in workflow.steps
        if code in row.grounds
    ]
    records = [kind for kind, grounds in _GROUNDS_OF_RECORDS.items() if code in grounds]
    if not steps and not records:
        return None
    meaning = language.ground_meanings.get(code) or word(language.grounds, code)
    lines = [f"{code}: {capitalised(meaning)}"]
    lines += [
        language.phrase(
            "ground-step",
            workflow=word(language.workflows, workflow),
            step=in_course(language.steps, workflow, step),
        )
        for workflow, step in dict.fromkeys(steps)
    ]
    lines += [
        language.phrase("ground-record", record=word(language.kinds, kind)) for kind in records
    ]
    return [Section(language.phrases["ground"], tuple(lines))]
