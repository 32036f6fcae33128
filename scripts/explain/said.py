"""What a record says, in sentences; of a kind without a sentence of its own, member by member."""

from collections.abc import Iterator

from contracts.view import StateView
from ledger.records import (
    Acceptance,
    Acknowledgement,
    Amendment,
    Anchor,
    Ballot,
    Body,
    CaseOpening,
    Decision,
    Delegation,
    Delivery,
    Disposal,
    EffectReport,
    Entry,
    Genesis,
    Grant,
    Incident,
    KeyRevocation,
    KeyRotation,
    Mandate,
    NodeRegistration,
    Proposal,
    Release,
    Request,
    Revocation,
    Schema,
    Step,
    Usage,
    WriterAppointment,
    WriterEnd,
)
from ledger.records.genesis import Names
from ledger.types import MemberId
from scripts.explain.language import Language, short, word
from scripts.explain.said_entry import entry_said
from scripts.explain.said_handling import handling_said
from scripts.explain.said_keys import anchor_said, keys_said
from scripts.explain.said_sharing import sharing_said
from scripts.explain.said_votes import votes_said
from scripts.explain.telling import Sentence, some, text_told
from scripts.record.showing import members_told


def said(view: StateView, body: Body, member: MemberId, language: Language) -> list[str]:
    """Sentences about what a record of a member says; columns are read from the state."""
    sentences = _sentences(view, body, language.name_of(member), language)
    return [language.said[name].format(**filled) for name, filled in sentences]


def _sentences(view: StateView, body: Body, member: str, language: Language) -> Iterator[Sentence]:  # noqa: C901, PLR0912  one case per kind
    match body:
        case Usage():
            yield from _usage(body, member, language)
        case Request() | Grant() | Acceptance() | Revocation() | Delegation() | Amendment():
            yield from sharing_said(body, member, language)
        case Delivery() | Acknowledgement() | Disposal() | EffectReport():
            yield from handling_said(body, member, language)
        case Proposal() | Ballot() | Decision():
            yield from votes_said(body, member, language)
        case Step():
            yield from _step(body, member, language)
        case CaseOpening():
            yield from _opening(body, member, language)
        case Incident():
            yield from _incident(body, member, language)
        case Release():
            for one in body.items:
                yield (
                    "release",
                    {
                        "dataset": one.dataset,
                        "version": one.version,
                        "rows": one.rows,
                        "time": one.as_of,
                        "digest": short(one.content.sha256),
                    },
                )
        case Entry():
            yield from entry_said(view, body, member, language)
        case Schema():
            names = some([one.name for one in body.columns], language)
            schema, count = short(body.schema), len(body.columns)
            yield (
                "schema",
                {"count": count, "total": body.total, "schema": schema, "names": names},
            )
        case (
            WriterAppointment()
            | WriterEnd()
            | KeyRotation()
            | KeyRevocation()
            | Mandate()
            | NodeRegistration()
        ):
            yield from keys_said(body, member, language)
        case Anchor():
            yield from anchor_said(body, member)
        case Genesis():
            members = some([_name(one.names, one.id) for one in body.members], language)
            yield "genesis", {"origin": body.origin, "members": members}
        case _:
            for name, value in members_told(body):
                yield "other", {"name": name, "value": value}


def _usage(body: Usage, member: str, language: Language) -> Iterator[Sentence]:
    yield (
        "usage",
        {
            "member": member,
            "version": body.content.version,
            "dataset": body.content.dataset,
            "uses": body.uses,
            "rows": body.rows,
            "start": body.started_at,
            "end": body.ended_at,
        },
    )
    yield (
        "usage-manner",
        {
            "operation": word(language.manners, body.operation),
            "purpose": language.purpose_of(body.purpose),
            "fields": some(body.fields, language),
        },
    )
    if body.grant is None:
        yield "usage-none", {}
    else:
        yield "usage-right", {"grant": short(body.grant)}


def _step(body: Step, member: str, language: Language) -> Iterator[Sentence]:
    step = word(language.steps, body.step)
    if body.ground is not None:
        ground = word(language.grounds, body.ground)
        step = f"{step} ({language.phrase('because', ground=ground)})"
    for case in body.cases:
        yield "step", {"member": member, "step": step, "case": short(case)}
    assigned = None if body.member is None else language.name_of(body.member)
    named = {"dataset": body.dataset, "member": assigned}
    if body.release is not None:
        named["release"] = f"{body.release.dataset}@{body.release.version}"
    for name, value in named.items():
        if value is not None:
            yield "other", {"name": name, "value": value}
    if body.note is not None:
        yield "step-note", {"note": text_told(body.note, language)}


def _opening(body: CaseOpening, member: str, language: Language) -> Iterator[Sentence]:
    workflow = word(language.workflows, body.workflow)
    yield "case", {"member": member, "workflow": workflow, "text": text_told(body.text, language)}
    if body.against:
        yield "case-against", {"members": language.members(body.against)}
    if body.release is not None:
        wrong = body.release
        yield "case-release", {"dataset": wrong.dataset, "version": wrong.version}
    if body.figure is not None:
        figure = body.figure
        things = language.phrases["comma"].join(figure.things)
        yield (
            "case-figure",
            {"indicator": figure.indicator, "period": figure.period, "things": things},
        )
    about = body.case or body.record
    if about is not None:
        yield "case-about", {"about": short(about)}
    if body.days is not None:
        yield "case-days", {"days": body.days}


def _incident(body: Incident, member: str, language: Language) -> Iterator[Sentence]:
    yield (
        "incident",
        {
            "member": member if body.member is None else language.name_of(body.member),
            "category": word(language.manners, body.category),
            "stage": word(language.manners, body.stage),
            "time": body.discovered_at,
            "text": text_told(body.text, language),
        },
    )
    if body.datasets:
        yield "incident-datasets", {"datasets": some(body.datasets, language)}
    if body.people:
        yield "incident-people", {"people": body.people}


def _name(names: Names, member: str) -> str:
    return f"{names.zh or names.en} ({member})"
