"""The interpreter of the workflow tables: opens cases, moves them, keeps their deadlines.

A case has at most one deadline, that of its state, held under `due/<time>/<case>` so that the ones
that fell due come first in the order of keys.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from contracts import calendar, mediation, named
from contracts.draft import Draft
from contracts.reasons import (
    EVIDENCE_MISSING,
    GROUND_MISSING,
    NOT_YOUR_STEP,
    OWN_CASE,
    UNKNOWN_CASE,
    UNKNOWN_STEP,
    WRONG_STATE,
    Reason,
    Refused,
    refuse_unless,
    required,
)
from contracts.succession import hands_of, is_suspended, keeper_of
from contracts.values import (
    Case,
    Due,
    EntryTerms,
    GrantedRight,
    Member,
    Party,
    ReleasedVersion,
    RequestedItem,
    Suspicion,
)
from contracts.view import StateView, held, read
from contracts.workflows import WORKFLOWS, Part, State, Step
from ledger.records import KIND_OF_NAME
from ledger.records.cases import Step as StepBody
from ledger.records.genesis import Parameters
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.types import CaseId, DatasetId, MemberId, Time

Effect = Callable[[Draft, CaseId, Case], None]
"""What a step does beside moving its case, which is given as it stood before."""
OFFICES = ("auditor", "committee", "government", "mediator", "steward")
"""What a table may call for beside the parties of a case; who mediates is found in each case."""
STOOD_IN_FOR = ("auditor", "steward")
"""Offices in whose place the government decides, where everybody in them is a party."""
DEPTH_MAX = 3
"""How far a case is followed down those it rests on."""
EVIDENCE_CODE = "evidence-not-produced"
"""What is found where an order asks for documents and none come in time."""
DAYS_OF: Mapping[str, Callable[[Parameters], int | None]] = {
    "answer_conditional_days": lambda parameters: parameters.answer_conditional_days,
    "appeal_days": lambda parameters: parameters.appeal_days,
    "assignment_days": lambda parameters: parameters.assignment_days,
    "backflow_days": lambda parameters: parameters.backflow_days,
    "correction_days": lambda parameters: parameters.correction_days,
    "demand_days": lambda parameters: parameters.demand_days,
    "extension_days": lambda parameters: parameters.extension_days,
    "mediation_days": lambda parameters: parameters.mediation_days,
    "order_days": lambda parameters: parameters.order_days,
    "rectification_days": lambda parameters: parameters.rectification_days,
    "rectify_days": lambda parameters: parameters.rectify_days,
    "reply_days": lambda parameters: parameters.reply_days,
    "response_days": lambda parameters: parameters.response_days,
    "review_days": lambda parameters: parameters.review_days,
    "ruling_days": lambda parameters: parameters.ruling_days,
    "supplement_days": lambda parameters: parameters.supplement_days,
}
"""How to read the parameter a workflow state names; without a value the state has no deadline."""


def open_case(  # noqa: PLR0913  a case is all of these
    draft: Draft,
    case_id: CaseId,
    workflow: str,
    subject: str,
    parties: tuple[Party, ...],
    *,
    state: str | None = None,
    days: int | None = None,
    due: Time | None = None,
    finding: Suspicion | None = None,
    produces: bool = False,
    settles: bool = False,
) -> None:
    """Open a case in `state` (the workflow's first) with a deadline of `days` (the state's own).

    `due` is a deadline that is no number of days.

    Its id MUST be new: it starts with the digest of the record or case it hangs from, and every
    rule that opens cases continues it in a way of its own.
    """
    table = WORKFLOWS[workflow]
    first = table.states[0] if state is None else table.state(state)
    case = Case(
        due=due or _deadline(draft, first.days, days),
        finding=finding,
        opened_at=draft.context.time,
        parties=parties,
        records=1,
        run=extend_run(EMPTY_RUN, draft.record),
        produces=produces,
        settles=settles,
        state=first.name,
        subject=subject,
        workflow=workflow,
    )
    _put(draft, case_id, case)


def as_it_stands(draft: Draft, case_id: CaseId) -> Case | None:
    """A case, its deadline passed if it fell due and no block has settled it yet.

    Settlement is bounded per block; what waits for the next one is over all the same. Whoever
    decides by the state of a case asks here for it.
    """
    case = read(draft, Case, f"case/{case_id}")
    if case is None or case.due is None or case.due > draft.context.time:
        return case
    draft.settle(draft, f"due/{case.due}/{case_id}")
    return read(draft, Case, f"case/{case_id}")


def take_step(
    draft: Draft, case_id: CaseId, name: str, not_entitled: Reason, following: str | None = None
) -> Case:
    """Take the step `name` on behalf of the draft's member, by a record of the step's own kind.

    Where the step can lead to several states, the rule says to which: `following`. Returns the case
    as it stood before. Refuses with `not_entitled`, or with `wrong-state`.
    """
    case = _known(draft, case_id)
    rows = WORKFLOWS[case.workflow].rows(name)
    rows = rows if following is None else tuple(row for row in rows if row.next == following)
    row = _check_step(draft, case_id, case, rows, not_entitled)
    _move(draft, case_id, case, row)
    return case


def follow(draft: Draft, case_id: CaseId, name: str) -> bool:
    """Take a step that follows from what else a record does: nobody is asked who may.

    Returns whether there is such a case, in a state that has the step; else nothing happens.
    """
    case = as_it_stands(draft, case_id)
    if case is None:
        return False
    rows = WORKFLOWS[case.workflow].rows(name)
    row = next((row for row in rows if row.state == case.state), None)
    if row is not None:
        _move(draft, case_id, case, row)
    return row is not None


def apply_step(draft: Draft, body: StepBody, effects: Mapping[str, Effect]) -> None:
    """R013: a `step` record takes one step in every case it lists, as the workflow tables allow.

    The case exists, and its workflow has such a step for a `step` record. The writer's member has
    one of the parts named in the table, or holds one of the offices; where the table says no party,
    an office does not help a party. The case is in a state that allows the step, any deadline that
    fell due having passed, and the record names one of its coded grounds.
    """
    named.check_named(draft, body)
    for case_id in body.cases:
        case = required(as_it_stands(draft, case_id), UNKNOWN_CASE, case_id, "cases")
        draft.check_dataset(dataset_of(draft, case))
        rows = [row for row in WORKFLOWS[case.workflow].rows(body.step) if row.by == "step"]
        refuse_unless(bool(rows), UNKNOWN_STEP, f"{case.workflow}: {body.step}", "step")
        row = _check_step(draft, case_id, case, rows, NOT_YOUR_STEP)
        refuse_unless(
            not row.grounds or body.ground in row.grounds,
            GROUND_MISSING,
            "one of " + ", ".join(row.grounds),
            "ground",
        )
        _check_produced(case, body)
        case = named.take_named(case, row, body)
        if row.rules:
            case = replace(case, ruling=body.ground)
        _move(draft, case_id, case, row)
        if row.effect is not None:
            effects[row.effect](draft, case_id, case)


def _check_produced(case: Case, body: StepBody) -> None:
    """R719: a report on an order that asks for documents names some; else the order stays open."""
    produced = not case.produces or body.step != "report" or bool(body.evidence)
    refuse_unless(produced, EVIDENCE_MISSING, "", "evidence")


def code_of(case: Case, overdue: str) -> str:
    """R720: of an order that asks for documents, what is late are the documents.

    Of every other case it is what its table says.
    """
    return EVIDENCE_CODE if case.produces else overdue


def move_deadline(draft: Draft, case_id: CaseId, due: Time | None) -> None:
    """Give a case another deadline in the state in which it stands, or none."""
    case = _known(draft, case_id)
    if case.due is not None:
        draft.remove(f"due/{case.due}/{case_id}")
    _put(draft, case_id, replace(case, due=due))


def put_off(draft: Draft, key: str, due: Time | None) -> None:
    """Give a case whose deadline would pass now another one instead, or none."""
    case_id = held(draft, Due, key).case
    draft.remove(key)
    _put(draft, case_id, replace(held(draft, Case, f"case/{case_id}"), due=due))


def pass_deadline(draft: Draft, key: str) -> tuple[CaseId, Case]:
    """Settle one deadline: remove it and move its case on. Returns the case as it stood."""
    case_id = held(draft, Due, key).case
    draft.remove(key)
    case = held(draft, Case, f"case/{case_id}")
    table = WORKFLOWS[case.workflow]
    following = _following(draft, case, table.state(case.state))
    again = None if following == case.state else table.state(following).days
    _put(draft, case_id, replace(case, state=following, due=_deadline(draft, again, None)))
    return case_id, case


def _following(view: StateView, case: Case, state: State) -> str:
    """R722: what nobody could decide, since everybody who might is a party, ends with its deadline.

    That is a case that waits for who mediates, or for the government on appeal.
    """
    if state.unheard is not None and not late_in(view, case):
        return state.unheard
    return state.then or state.name


def overdue_base(view: StateView, case_id: CaseId, case: Case, code: str) -> CaseId:
    """What the id of a finding about a deadline begins with.

    It is the case; where the case was found overdue before, by the same code, the number of the
    records that have moved it follows.
    """
    is_first = view.get(f"case/{case_id}-{code}") is None
    return case_id if is_first else f"{case_id}-{case.records}"


def members_in(view: StateView, case: Case, part: str) -> tuple[MemberId, ...]:
    """The members that have a part in a case, or an office of the ledger."""
    if part == "mediator":
        return mediation.mediators(view, case)
    if part in OFFICES:
        return mediation.holders(view, part)
    return tuple(party.member for party in case.parties if party.part == part)


def late_in(view: StateView, case: Case) -> tuple[MemberId, ...]:
    """The members against which the deadline of a case runs.

    R713: a deadline runs against those who have the part that the table names late, and who may
    take a step out of the state. Who is barred from deciding its own case is not late with it. Nor
    is who was removed, or is suspended, with what it may not do meanwhile. Of several providers it
    runs against the lead, who named the others.
    """
    table = WORKFLOWS[case.workflow]
    late = table.state(case.state).late
    if late is None:
        return ()
    rows = [row for row in table.steps if row.state == case.state and late in row.who]
    return tuple(
        dict.fromkeys(
            member
            for row in rows
            for member in owing(view, case, row, late)
            if entitled_as(view, case, row, member) and _is_able(view, case, row, member)
        )
    )


def owing(view: StateView, case: Case, row: Step, part: Part) -> tuple[MemberId, ...]:
    """The members against which a deadline runs where a part, or an office, owes a step."""
    if part not in OFFICES:
        return parties_owing(case, part)
    members = members_in(view, case, part)
    return (*members, *stand_ins(view, case, row)) if part in STOOD_IN_FOR else members


def parties_owing(case: Case, part: Part) -> tuple[MemberId, ...]:
    """As `owing`, of the parties of a case: of several providers, the lead."""
    members = tuple(party.member for party in case.parties if party.part == part)
    return members[:1] if part == "provider" else members


def stand_ins(view: StateView, case: Case, row: Step) -> tuple[MemberId, ...]:
    """Who takes a step in the place of the offices it is for, should all of them be parties."""
    offices = [part for part in row.who if part in STOOD_IN_FOR]
    if not row.independent or not offices or "government" in row.who:
        return ()
    return mediation.stand_ins(view, case, offices)


def entitled_as(
    view: StateView, case: Case, row: Step, member: MemberId, *, in_office: bool = True
) -> Part | None:
    """The part or office by which `member` may take a step, if any; whatever the case's state.

    A writer of a part of the member is not `in_office`.
    """
    is_party = any(member in hands_of(view, party.member) for party in case.parties)
    barred = OFFICES if not in_office or (row.independent and is_party) else ()
    allowed = (part for part in row.who if part not in barred)
    for part in allowed:
        if member in members_in(view, case, part):
            return part
    return "government" if in_office and member in stand_ins(view, case, row) else None


def dataset_of(view: StateView, case: Case) -> DatasetId | None:
    """The dataset a case is about; a finding is about a record.

    A case that rests on another is about what that one is about, three deep: an order that follows
    from a ruling in a dispute about a request is about the dataset requested.
    """
    subject = view.get(case.subject)
    for _ in range(DEPTH_MAX):
        if isinstance(subject, Case):
            case, subject = subject, view.get(subject.subject)
    if isinstance(subject, ReleasedVersion):
        return case.subject.split("/")[1]
    if isinstance(subject, EntryTerms | GrantedRight | RequestedItem):
        return subject.dataset
    return None


def _known(draft: Draft, case_id: CaseId) -> Case:
    """As `as_it_stands`, of a case that the rules themselves have opened."""
    case = as_it_stands(draft, case_id)
    if case is None:
        raise TypeError(f"`case/{case_id}` is missing")
    return case


def _is_able(view: StateView, case: Case, row: Step, member: MemberId) -> bool:
    """Whether a member's writers may still take a step: a suspended member states facts alone."""
    if KIND_OF_NAME[row.by].states_fact:
        return held(view, Member, f"member/{member}").status != "removed"
    dataset = dataset_of(view, case)
    keeper = None if dataset is None else keeper_of(view, member, dataset)
    return not is_suspended(view, keeper or member)


def _check_step(
    draft: Draft, case_id: CaseId, case: Case, rows: Sequence[Step], not_entitled: Reason
) -> Step:
    """The row of a step that applies; who may take it is the same in every state."""
    who = rows[0].who
    in_office = not draft.is_for_part
    if entitled_as(draft, case, rows[0], draft.member, in_office=in_office) is None:
        holds = in_office and any(draft.member in members_in(draft, case, part) for part in who)
        refuse_unless(holds, not_entitled, f"{case_id}: it is for {', '.join(who)}", "step")
        raise Refused(OWN_CASE, case_id)
    return required(
        next((row for row in rows if row.state == case.state), None),
        WRONG_STATE,
        f"{case_id} is `{case.state}`",
        "step",
    )


def _move(draft: Draft, case_id: CaseId, case: Case, row: Step) -> None:
    if case.due is not None:
        draft.remove(f"due/{case.due}/{case_id}")
    runs_on = row.keeps_due or row.next == case.state
    days = WORKFLOWS[case.workflow].state(row.next).days
    moved = replace(
        case,
        due=case.due if runs_on else _deadline(draft, days, None),
        records=case.records + 1,
        run=extend_run(case.run, draft.record),
        state=row.next,
    )
    _put(draft, case_id, moved)


def _put(draft: Draft, case_id: CaseId, case: Case) -> None:
    draft.put(f"case/{case_id}", case)
    if case.due is not None:
        draft.put(f"due/{case.due}/{case_id}", Due(case=case_id))


def _deadline(draft: Draft, parameter: str | None, days: int | None) -> Time | None:
    ledger = draft.context.ledger
    if days is None:
        if parameter is None:
            return None
        days = DAYS_OF[parameter](ledger.parameters)
    if days is None:
        return None
    return calendar.deadline(draft.context.time, days, ledger.calendar)
