"""Rules of supervision (R7xx): cases that people open against people, and incidents.

Here a case is opened and its parties are found. What happens to it from there on, its workflow
table says (`contracts.supervision.workflows`).
"""

from typing import Final

from contracts import cases, findings, mediation
from contracts.assessment import objections
from contracts.draft import Draft
from contracts.reasons import (
    AGAINST_ITSELF,
    NOT_A_PARTY,
    NOT_ACCUSED,
    NOT_CORRECTED,
    NOT_DISPUTABLE,
    NOT_PROVIDER,
    NOT_YOUR_OFFICE,
    UNKNOWN_CASE,
    UNKNOWN_MEMBER,
    UNKNOWN_VERSION,
    WRONG_STATE,
    refuse_unless,
    required,
)
from contracts.supervision import orders
from contracts.values import Case, Dataset, EntryTerms, Party, ReleasedVersion
from contracts.view import held, read
from contracts.workflows import WORKFLOWS
from ledger.records.catalogue import VersionContent
from ledger.records.supervision import ORDERS, CaseOpening, Incident
from ledger.times import HOUR_MS, to_ms
from ledger.types import CaseId, DatasetId, MemberId

DISPUTABLE: Final = frozenset({"correction", "demand", "grant", "request"})
"""Workflows whose parties may dispute what the other side has done."""
CONFIRMED: Final = frozenset({"confirmed", "rectified", "unrectified"})
"""States of a finding that was confirmed, and is not over."""
Parties = tuple[Party, ...]


def apply_case(draft: Draft, body: CaseOpening) -> None:
    """R704: a case is opened by whoever may, one against each member listed.

    The n-th is `<record digest>-<n>`. The members and the case it names exist. Any member may
    demand, complain, and object to a record; nobody is on both sides.
    """
    if body.figure is not None:
        objections.apply_objection(draft, body.figure)
        return
    case = None if body.case is None else read(draft, Case, f"case/{body.case}")
    if body.release is not None:
        draft.check_dataset(body.release.dataset)
    else:
        draft.check_dataset(None if case is None else cases.dataset_of(draft, case))
    for member in body.against:
        known = draft.get(f"member/{member}") is not None
        refuse_unless(known, UNKNOWN_MEMBER, member, "against")
    if body.case is not None:
        required(case, UNKNOWN_CASE, body.case, "case")
    every = _sides(draft, body, case)
    if body.settles and case is not None:
        _check_settles(body, case)
    opened = tuple(f"{draft.record}-{n}" for n in range(len(every)))
    if body.workflow in ORDERS and case is not None and case.workflow == "finding":
        orders.check_first(draft, body, case)
        orders.keep(draft, body.case or "", opened)
    for case_id, parties in zip(opened, every, strict=True):
        cases.open_case(
            draft,
            case_id,
            body.workflow,
            _subject(draft, body),
            parties,
            days=body.days,
            produces=body.produces,
            settles=body.settles,
        )


def apply_incident(draft: Draft, body: Incident) -> None:
    """R708: an incident is a case against the member where it happened, which must report on it.

    That is the member that reports it, unless the record names another that the ledger knows.
    """
    is_known = body.member is not None and draft.get(f"member/{body.member}") is not None
    where = body.member if body.member is not None and is_known else draft.member
    parties: Parties = (Party(member=where, part="respondent"),)
    if where != draft.member:
        parties = (Party(member=draft.member, part="claimant"), *parties)
    cases.open_case(draft, f"{draft.record}-0", "incident", f"record/{draft.record}", parties)
    if where == draft.member:
        _check_in_time(draft, body)
    _check_known(draft, body, member_is_known=is_known or body.member is None)


def close_finding(draft: Draft, _: CaseId, case: Case) -> None:
    """R715: with a rectification that settles a finding, the finding is rectified and closed.

    It stays as it is where whoever closes the one may not close the other, being a party to it.
    """
    if not case.settles:
        return
    case_id = case.subject.removeprefix("case/")
    closing = WORKFLOWS["finding"].rows("close")[0]
    finding = held(draft, Case, case.subject)
    if cases.entitled_as(draft, finding, closing, draft.member) is not None:
        cases.follow(draft, case_id, "rectify")
        if cases.follow(draft, case_id, "close"):
            orders.lift(draft, case_id, finding)


def accept_correction(draft: Draft, _: CaseId, case: Case) -> None:
    """R711: what answers a correction is a release made to correct the one in question.

    Its contents are others: the same bytes are as wrong as before.
    """
    _, dataset, version = case.subject.split("/")
    answer = case.answer or ""
    wrong = held(draft, ReleasedVersion, case.subject)
    correct = held(draft, ReleasedVersion, answer)
    is_same = answer.split("/")[1] == dataset and str(correct.corrects) == version
    is_other = correct.sha256 != wrong.sha256
    refuse_unless(is_same and is_other, NOT_CORRECTED, answer, "release")


def meet_demand(draft: Draft, _: CaseId, case: Case) -> None:
    """R712: what meets a demand is an entry in force, of the member it was assigned to."""
    entry = held(draft, EntryTerms, case.answer or "")
    refuse_unless(entry.provider == draft.member, NOT_PROVIDER, entry.dataset, "dataset")


def _subject(draft: Draft, body: CaseOpening) -> str:
    match body:
        case CaseOpening(release=VersionContent() as wrong):
            return f"release/{wrong.dataset}/{wrong.version}"
        case CaseOpening(case=str(case)):
            return f"case/{case}"
        case _:
            return f"record/{body.record or draft.record}"


def _sides(draft: Draft, body: CaseOpening, case: Case | None) -> list[Parties]:
    """The parties of each case that is opened."""
    claimant = Party(member=draft.member, part="claimant")
    if body.workflow in ORDERS:
        _check_office(draft, body)
        return [(Party(member=member, part="respondent"),) for member in body.against]
    if body.release is not None:
        return [_about_release(draft, body.release)]
    if body.workflow == "dispute" and case is not None:
        return [(claimant, *_other_side(draft, case))]
    if body.workflow == "demand":
        return [(claimant,)]
    _check_not_itself(draft, body)
    return [(claimant, Party(member=member, part="respondent")) for member in body.against]


def _about_release(draft: Draft, wrong: VersionContent) -> Parties:
    """R705: any member but the provider may say that a release is wrong; the provider answers.

    Of joint data any of the providers may, if the entry in force says so.
    """
    key = f"release/{wrong.dataset}/{wrong.version}"
    released = read(draft, ReleasedVersion, key)
    is_known = released is not None and released.sha256 == wrong.sha256
    refuse_unless(is_known, UNKNOWN_VERSION, key, "release")
    providers = _providers(draft, wrong.dataset)
    refuse_unless(draft.member not in providers, AGAINST_ITSELF, draft.member, "release")
    consumer = Party(member=draft.member, part="consumer")
    return (consumer, *(Party(member=one, part="provider") for one in providers))


def _providers(draft: Draft, dataset: DatasetId) -> tuple[MemberId, ...]:
    """Who may answer for a dataset: its provider, and the others if any of them may act."""
    provider = held(draft, Dataset, f"dataset/{dataset}").provider
    entry = read(draft, EntryTerms, f"entry/{dataset}")
    if entry is None or entry.joint_rule == "lead":
        return (provider,)
    return (provider, *(one for one in entry.co_providers if one != provider))


def _other_side(draft: Draft, case: Case) -> Parties:
    """R706: a party to a request, grant, demand or correction may dispute it with the others."""
    members = [party.member for party in case.parties]
    refuse_unless(draft.member in members, NOT_A_PARTY, case.workflow, "case")
    others = [member for member in members if member != draft.member]
    is_disputable = bool(others) and case.workflow in DISPUTABLE
    refuse_unless(is_disputable, NOT_DISPUTABLE, case.workflow, "case")
    return tuple(Party(member=member, part="respondent") for member in others)


def _check_office(draft: Draft, body: CaseOpening) -> None:
    """R707: the steward and the auditor order inspections, rectifications and the like."""
    offices = ("steward", "auditor")
    holds = any(draft.member in mediation.holders(draft, role) for role in offices)
    refuse_unless(holds and not draft.is_for_part, NOT_YOUR_OFFICE, draft.member, "workflow")
    _check_not_itself(draft, body)


def _check_settles(body: CaseOpening, case: Case) -> None:
    """R714: a rectification settles a confirmed finding, against the one member it accuses."""
    accused = tuple(party.member for party in case.parties if party.part == "accused")
    refuse_unless(body.against == accused, NOT_ACCUSED, ", ".join(accused), "against")
    refuse_unless(case.state in CONFIRMED, WRONG_STATE, f"it is `{case.state}`", "case")


def _check_not_itself(draft: Draft, body: CaseOpening) -> None:
    refuse_unless(draft.member not in body.against, AGAINST_ITSELF, draft.member, "against")


def _check_in_time(draft: Draft, body: Incident) -> None:
    """R709: an incident of one's own is reported within the hours the ledger allows."""
    hours_max = draft.context.ledger.parameters.incident_report_hours
    elapsed_ms = draft.context.time_ms - to_ms(body.discovered_at)
    if elapsed_ms > hours_max * HOUR_MS:
        findings.raise_finding(
            draft,
            findings.INCIDENT_LATE,
            draft.record,
            (draft.member,),
            measure=f"{elapsed_ms} ms",
            limit=f"{hours_max * HOUR_MS} ms",
        )


def _check_known(draft: Draft, body: Incident, *, member_is_known: bool) -> None:
    """R710: an incident that names what the ledger does not know is a finding."""
    unknown = [one for one in body.datasets if draft.get(f"dataset/{one}") is None]
    if body.member is not None and not member_is_known:
        unknown.insert(0, body.member)
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        findings.raise_finding(
            draft,
            findings.UNKNOWN_REFERENCE,
            draft.record,
            (draft.member,),
            measure=unknown[0] + more,
        )
