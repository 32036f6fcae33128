"""What is told of a case: what it is about, where it stands, its course, who may do what next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts import cases
from contracts.findings import FINDING_OF_CODE
from contracts.values import Case, ProposedAction
from contracts.workflows import WORKFLOWS, Step
from ledger.records import Revocation
from ledger.records import Step as StepBody
from ledger.types import CaseId
from scripts.explain.fallen import why_fallen
from scripts.explain.language import Language, in_course, short, word
from scripts.explain.measures import measured
from scripts.explain.rulings import reopened_by, ruled
from scripts.explain.sources import Source, Told
from scripts.explain.telling import text_told
from scripts.explain.unserved import unserved


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with lines below it."""

    heading: str
    lines: tuple[str, ...]


def case_explained(source: Source, case_id: CaseId, language: Language) -> list[Section] | None:
    """All there is to tell of a case; None if there is none of that id."""
    case = source.get(f"case/{case_id}")
    if not isinstance(case, Case):
        return None
    heading = language.phrase("case", case=short(case_id))
    workflow = word(language.workflows, case.workflow)
    about = [workflow, language.phrase("subject", subject=subject_told(source, case, language))]
    about += [
        language.phrase(
            "party", member=language.name_of(one.member), part=word(language.parts, one.part)
        )
        for one in case.parties
    ]
    return [
        Section(heading, tuple(about)),
        *_finding(case, language),
        Section(language.phrases["stands"], tuple(standing(source, case_id, case, language))),
    ]


def standing(source: Source, case_id: CaseId, case: Case, language: Language) -> Iterator[str]:
    """Its course so far, its state, its deadline, the steps out of it."""
    for told in source.course(case_id):
        yield language.phrase(
            "course", time=told.time, what=_moved(source, told, case_id, case, language)
        )
    state = language.phrase("now", state=in_course(language.states, case.workflow, case.state))
    due = "" if case.due is None else language.phrase("due", due=case.due)
    yield language.phrases["comma"].join(filter(None, (state, due)))
    yield from _hindered(source, case_id, case, language)
    yield from unserved(source, case, language)
    steps = WORKFLOWS[case.workflow].steps
    rows = [row for row in steps if row.state == case.state and row.who]
    for row in rows:
        who = language.phrases["comma"].join(_who(source, case, row, language))
        step = in_course(language.steps, case.workflow, row.name)
        record = word(language.kinds, row.by)
        name = "next" if row.by == "step" else "next-by"
        yield language.phrase(name, step=step, who=who, record=record)
    if not rows:
        yield ruled(source, case_id, case, language) or language.phrases["nobody"]


def _hindered(source: Source, case_id: CaseId, case: Case, language: Language) -> Iterator[str]:
    """Why a right in force by its own course cannot be used all the same, or a proposal fell."""
    proposed = source.get(case.subject) if case.state == "fallen" else None
    if isinstance(proposed, ProposedAction):
        fell_at = source.course(case_id)[-1].time
        fell = why_fallen(source, proposed, fell_at, language)
        yield language.phrase("fallen", why=fell)
    if (case.workflow, case.state) == ("grant", "in-force"):
        why = source.right_state(case_id).why
        if why is not None:
            yield language.phrase("hindered", why=measured(language.measures, why))


def subject_told(source: Source, case: Case, language: Language) -> str:
    """What a case is about: a dataset where it is about one, else what its state key names."""
    dataset = cases.dataset_of(source, case)
    value = value_told(case.subject, language)
    return value if dataset is None else f"{dataset} ({value})"


def value_told(key: str, language: Language) -> str:
    """A state key in words."""
    prefix, _, rest = key.partition("/")
    rest = "/".join(short(part) for part in rest.split("/"))
    told = language.values.get(prefix)
    return f"{prefix} {rest}" if told is None else told.format(rest=rest)


def finding_told(case: Case, language: Language) -> Sequence[str]:
    """What a finding means, how far a rule was broken, what it allows, what would cure it."""
    suspicion = case.finding
    if suspicion is None:
        return ()
    finding = FINDING_OF_CODE[suspicion.code]
    meaning, cure = language.findings.get(finding.code, (finding.meaning, finding.cure))
    number = finding.number
    lines = [language.phrase("finding", code=finding.code, number=number, meaning=meaning)]
    for name, text in (("measure", suspicion.measure), ("limit", suspicion.limit)):
        if text is not None:
            lines.append(language.phrase(name, **{name: measured(language.measures, text)}))
    return [*lines, language.phrase("cure", cure=cure)]


def _finding(case: Case, language: Language) -> Iterator[Section]:
    if case.finding is not None:
        evidence = language.phrase("evidence", record=short(case.finding.evidence))
        lines = (*finding_told(case, language), evidence)
        yield Section(language.phrases["found"], lines)


def _moved(source: Source, told: Told, case_id: CaseId, case: Case, language: Language) -> str:
    record = told.record
    contest = reopened_by(source, told, case_id, case)
    if contest is not None:
        return language.phrase("course-reopened", case=short(contest), index=told.index)
    if record is None:
        return language.phrase("course-settlement", index=told.index)
    who, body = record.chain.writer, record.body
    if isinstance(body, StepBody) and case_id in body.cases:
        step = in_course(language.steps, case.workflow, body.step)
        step = _on_ground(step, body.ground, language)
        if body.note is not None:
            step = language.phrase("noted", step=step, note=text_told(body.note, language))
        return language.phrase("course-step", who=who, step=step, index=told.index)
    kind = word(language.kinds, record.kind)
    if isinstance(body, Revocation):
        kind = _on_ground(kind, body.ground, language)
    return language.phrase("course-record", who=who, kind=kind, index=told.index)


def _on_ground(what: str, ground: str | None, language: Language) -> str:
    return what if ground is None else f"{what} ({word(language.grounds, ground)})"


def _who(source: Source, case: Case, row: Step, language: Language) -> Iterator[str]:
    """Each part that may take a step, with the members that have it and may."""
    for part in row.who:
        members = [
            member
            for member in cases.members_in(source, case, part)
            if cases.entitled_as(source, case, row, member) is not None
        ]
        named = word(language.parts, part)
        if members:
            yield language.phrase("party", member=language.members(members), part=named)
        else:
            yield named
    for member in cases.stand_ins(source, case, row):
        named = word(language.parts, "government")
        yield language.phrase("party", member=language.name_of(member), part=named)
