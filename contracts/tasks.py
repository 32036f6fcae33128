"""Tasks: the steps a member may or must take in a case, read off the workflow tables.

    tasks_of(view, now, case_id, case, member)      one task per step, in the order of the table

Nothing is stored: a table that gains a row gains a task. A task is a **must** where a deadline runs
against the member: against whoever the table names late, or, where it names nobody, against the
parties of the case rather than its offices. It stays one when the deadline has passed and the case
still waits; its due time is then the one it missed. Warnings come three and one working days ahead.

>>> from contracts.values import Case, Party
>>> from contracts.view import MemoryState
>>> asked = Case(
...     due="2026-11-25T00:00:00.000Z",
...     opened_at="2026-11-23T00:00:00.000Z",
...     parties=(Party(member="health", part="consumer"), Party(member="works", part="provider")),
...     records=1,
...     run="00" * 32,
...     state="open",
...     subject="request/…",
...     workflow="request",
... )
>>> due_after(MemoryState(), "…", asked), against(asked)
('2026-11-25T00:00:00.000Z', ('provider',))
>>> awaited(asked)
('consumer', 'provider')
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

from contracts import calendar, cases
from contracts.course import Named
from contracts.sharing.chains import Link, chain_of, is_over, state_of
from contracts.sharing.pauses import is_excused
from contracts.succession import is_suspended, keeper_of
from contracts.values import Case, GrantedRight, Ledger, Member, Writer
from contracts.view import StateView, held, read
from contracts.workflows import WORKFLOWS, Part, State, Step
from ledger.records import KIND_OF_NAME
from ledger.types import CaseId, DatasetId, MemberId, Time

Urgency = Literal["overdue", "one-day", "three-days"]
WARNING_DAYS: Final[tuple[tuple[int, Urgency], ...]] = ((1, "one-day"), (3, "three-days"))
"""With so many working days left, or fewer, a task warns."""
_UNDER_RIGHTS: Final = frozenset({"acceptance", "delivery", "usage"})
"""Kinds of records that are refused, or a finding, while the right they name does not hold."""


class Task(Struct, frozen=True, kw_only=True, rename="camel"):
    """A step a member may take, and how.

    Attributes:
        case: the case it moves.
        code: of a finding, its code; of what rests on one, that of the finding.
        dataset: the dataset the case is about, if it is about one.
        days_left: working days that begin after now and are over by `due`.
        due: when the case must have moved; the deadline missed, if it has passed.
        duty: whether a deadline runs against the member.
        grounds: coded grounds, of which the step needs one.
        hindered: why the right under which the step uses or hands over data does not hold.
        keeper: since a split, the member whose writers take it.
        member: whose task it is.
        names: what the record must name beside its cases, if anything.
        others: the other parties of the case, ascending.
        part: the part in the case, or the office, by which the member may take the step.
        record: kind of the record that takes it.
        state: where the case stands.
        step: name of the step.
        subject: state key of what the case is about.
        urgency: how urgent it is, if it is.
        workflow: name of the workflow.
    """

    case: CaseId
    code: str | None = None
    dataset: DatasetId | None = None
    days_left: int | None = None
    due: Time | None = None
    duty: Literal["must", "may"]
    grounds: tuple[str, ...] = ()
    hindered: str | None = None
    keeper: MemberId | None = None
    member: MemberId
    names: Named | None = None
    others: tuple[MemberId, ...] = ()
    part: Part
    record: str
    state: str
    step: str
    subject: str
    urgency: Urgency | None = None
    workflow: str


def tasks_of(
    view: StateView, now: Time, case_id: CaseId, case: Case, member: MemberId
) -> tuple[Task, ...]:
    """The steps `member` may take in a case at `now`; a suspended member may take none."""
    known = read(view, Member, f"member/{member}")
    if known is None or is_suspended(view, member):
        return ()
    rows = {row.name: row for row in _open_rows(view, now, case)}.values()  # one task each
    mine = [(row, part) for row in rows if (part := cases.entitled_as(view, case, row, member))]
    if not mine:
        return ()
    due = due_after(view, case_id, case)
    days_left, urgency = urgency_of(view, now, due)
    late = () if due is None or is_excused(view, case, now) else against(case)
    hindered = _hindered(view, now, case)
    dataset = cases.dataset_of(view, case)
    keeper = keeper_of(view, member, dataset) if dataset is not None and known.heirs else None
    others = tuple(sorted({one.member for one in case.parties} - {member}))
    return tuple(
        Task(
            case=case_id,
            code=_code_of(view, case),
            dataset=dataset,
            days_left=days_left,
            due=due,
            duty="must" if _is_late_by(view, case, row, member, late) else "may",
            grounds=row.grounds,
            hindered=hindered if row.by in _UNDER_RIGHTS else None,
            keeper=keeper,
            member=member,
            names=row.names,
            others=others,
            part=part,
            record=row.by,
            state=case.state,
            step=row.name,
            subject=case.subject,
            urgency=urgency,
            workflow=case.workflow,
        )
        for row, part in mine
    )


def waits(case: Case) -> bool:
    """Whether somebody is waited for: its state is neither final nor one that may last."""
    return bool(awaited(case)) and not _state(case).rests


def awaited(case: Case) -> tuple[Part, ...]:
    """The parts and offices that may move a case from where it stands, ascending."""
    return tuple(sorted({part for row in _rows(case) for part in row.who}))


def against(case: Case) -> tuple[Part, ...]:
    """The parts against which the deadline of a case runs; after it has passed, ran."""
    if case.due is None:
        return tuple(one.late for one in _left_late(case) if one.late is not None)
    late = _state(case).late
    if late is not None:
        return (late,)
    return tuple(part for part in awaited(case) if part not in cases.OFFICES)


def due_after(view: StateView, case_id: CaseId, case: Case) -> Time | None:
    """The deadline of a case, or the one by whose passing it came to stand where it does."""
    if case.due is not None:
        return case.due
    bases = (f"{case_id}-{case.records}", case_id)
    missed = (
        read(view, Case, f"case/{base}-{cases.code_of(case, one.overdue or '')}")
        for base in bases
        for one in _left_late(case)
    )
    return next((one.finding.limit for one in missed if one and one.finding), None)


def late_members(view: StateView, case: Case) -> tuple[MemberId, ...]:
    """The members against which the deadline of a case runs, or ran, and who may move it."""
    late = against(case)
    members = {
        member
        for row in _rows(case)
        for part in row.who
        if part in late
        for member in cases.owing(view, case, row, part)
        if cases.entitled_as(view, case, row, member) is not None
    }
    return tuple(sorted(members))


def urgency_of(view: StateView, now: Time, due: Time | None) -> tuple[int | None, Urgency | None]:
    """The working days left at `now`, and how urgent that is."""
    if due is None:
        return None, None
    if due <= now:
        return 0, "overdue"
    left = calendar.working_days_left(now, due, held(view, Ledger, "ledger").calendar)
    return left, next((urgency for days, urgency in WARNING_DAYS if left <= days), None)


def may_sign(writer: Writer, task: Task, now: Time) -> bool:
    """Whether a writer's appointment lets it take a step of its member's."""
    runs = writer.status == "active" and (writer.not_after is None or now <= writer.not_after)
    has_family = KIND_OF_NAME[task.record].family in writer.families
    is_for_it = not writer.datasets or task.dataset in writer.datasets
    return runs and has_family and is_for_it and writer.keeper == task.keeper


def _is_late_by(
    view: StateView, case: Case, row: Step, member: MemberId, late: tuple[Part, ...]
) -> bool:
    """Whether this step is one of those with which the member meets a deadline of its own."""
    parts = (part for part in row.who if part in late and not row.aside)
    return any(member in cases.owing(view, case, row, part) for part in parts)


def _hindered(view: StateView, now: Time, case: Case) -> str | None:
    """Why the right a case is about does not hold; of an offer, why those above it do not."""
    chain = _chain(view, case)
    if not chain:
        return None
    is_offer = chain[0].right.in_force_since is None
    return state_of(chain[1:] if is_offer else chain, now).why


def _chain(view: StateView, case: Case) -> Sequence[Link]:
    """The right a case is about, and those above it; none, if it is about something else."""
    prefix, _, grant_id = case.subject.partition("/")
    right = read(view, GrantedRight, case.subject) if prefix == "grant" else None
    return () if right is None else chain_of(view, grant_id, right)


def _code_of(view: StateView, case: Case) -> str | None:
    """The code of a finding, or of the one on which an order rests."""
    rests_on = view.get(case.subject) if case.finding is None else case
    finding = rests_on.finding if isinstance(rests_on, Case) else None
    return None if finding is None else finding.code


def _open_rows(view: StateView, now: Time, case: Case) -> list[Step]:
    """The steps out of where a case stands; under a right that is over nothing is handed over.

    What was handed over before is still to be told where a deadline asks for it.
    """
    rows = _rows(case)
    if any(row.by == "delivery" and row.aside for row in rows) and is_over(_chain(view, case), now):
        return [row for row in rows if row.by != "delivery"]
    return rows


def _rows(case: Case) -> list[Step]:
    """The steps out of where a case stands."""
    return [row for row in WORKFLOWS[case.workflow].steps if row.state == case.state]


def _left_late(case: Case) -> Iterator[State]:
    """The states out of which a case comes where it stands if a deadline passes, as a finding."""
    states = WORKFLOWS[case.workflow].states
    return (one for one in states if one.overdue is not None and one.then == case.state)


def _state(case: Case) -> State:
    return WORKFLOWS[case.workflow].state(case.state)
