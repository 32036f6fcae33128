"""The view of duties: what was owed by whom until when, and what became of it.

Whenever a case comes to stand under a deadline, a row begins for everybody the deadline runs
against; the workflow table says who that is. A row ends with the case moving on:

    since           due                        ended_at
    |----- open ----|------- overdue ----------|            overdue: the deadline has passed
    |----- open ------->  met                               moved by a step of who owed it, in time
    |----- open ----|------- overdue ------>  met-late      the same, too late
    |----- open ------->  dropped                           moved otherwise: withdrawn, say
    |----- open ----|------- overdue ------>  missed        the same, after the deadline

Deadlines by whose passing nobody is late, as that of an appeal, are no duties. Where a case moves
more than once in a block, what it stood under in between is not told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, and_, bindparam, not_, select, tuple_, update

from contracts import cases
from contracts.replay import BlockResult
from contracts.tasks import against, waits
from contracts.values import Case, parse_value
from contracts.view import StateView, read
from contracts.workflows import WORKFLOWS, Part, Step
from ledger.types import CaseId, MemberId, Time
from node.storage.statements import Prepared, Row, inserting
from node.views import waiting
from node.views.models import DUTY, VERSIONED

Outcome = Literal["open", "overdue", "met", "met-late", "dropped", "missed"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_PASSED: Final = frozenset({"overdue", "met-late", "missed"})
_ENDINGS: Final[Mapping[Outcome, str]] = {
    "met": "met",
    "met-late": "met",
    "dropped": "dropped",
    "missed": "dropped",
}
Key = tuple[Time, int]
"""Due time and row: the order of duties."""
FIRST: Final[Key] = ("", 0)
_PREFIX: Final = "case/"
_CASE: Final = VERSIONED["case"]
_BEGIN: Final = inserting(DUTY, without=["row"])
_AT_ONCE: Final = 256
_OPEN: Final = (DUTY.c["case"] == bindparam("moved"), DUTY.c.ended_at.is_(None))
_PASS: Final = Prepared(
    ["passed", "moved"],
    lambda: (
        update(DUTY).where(*_OPEN, DUTY.c.passed_at.is_(None)).values(passed_at=bindparam("passed"))
    ),
)
_END: Final = Prepared(
    ["ended", "became", "moved"],
    lambda: (
        update(DUTY).where(*_OPEN).values(ended_at=bindparam("ended"), outcome=bindparam("became"))
    ),
)
_MEET: Final = Prepared(
    ["ended", "became", "moved", "by"],
    lambda: (
        update(DUTY)
        .where(*_OPEN, DUTY.c.part == bindparam("by"))
        .values(ended_at=bindparam("ended"), outcome=bindparam("became"))
    ),
)


@dataclass(slots=True)
class Changes:
    """What a block does to the view, statement by statement."""

    begun: list[Row]
    passed: list[Row]
    met: list[Row]
    ended: list[Row]

    def run(self, connection: Connection) -> None:
        """Write it: what ends first, so that what begins stays."""
        _PASS.run(connection, self.passed)
        _MEET.run(connection, self.met)
        _END.run(connection, self.ended)
        _BEGIN.run(connection, self.begun)


def write(connection: Connection, result: BlockResult) -> None:
    """Follow the cases a block changed; the view of cases has been written already."""
    time = result.head.time
    changed = {
        key.removeprefix(_PREFIX): value
        for key, value in result.changes.items()
        if isinstance(value, Case)
    }
    # One opened in this block was nothing before.
    moved = [case_id for case_id, case in changed.items() if case.opened_at != time]
    before = _before(connection, moved, result.head.size)
    changes = Changes([], [], [], [])
    for case_id, after in changed.items():
        follow(changes, case_id, before.get(case_id), after, time)
    changes.run(connection)


def _before(connection: Connection, moved: Sequence[CaseId], size: int) -> dict[CaseId, Case]:
    """The values that the block which led to `size` has replaced."""
    found: dict[CaseId, Case] = {}
    for first in range(0, len(moved), _AT_ONCE):
        query = select(_CASE.c.id, _CASE.c.value).where(
            _CASE.c.id.in_(moved[first : first + _AT_ONCE]), _CASE.c.to_size == size
        )
        for row in connection.execute(query):
            value = parse_value(f"{_PREFIX}{row.id}", row.value)
            if isinstance(value, Case):
                found[row.id] = value
    return found


def follow(changes: Changes, case_id: CaseId, before: Case | None, after: Case, time: Time) -> None:
    """Add what one change of a case comes to."""
    owed = _owed_by(after)
    if before is not None and before.due is not None:
        if (before.due, _owed_by(before)) == (after.due, owed):
            return
        if before.due <= time:
            changes.passed.append((time, case_id))
    if before is not None:
        is_moved = after.records > before.records
        is_put_off = before.due is not None and before.due > time
        if is_moved:
            changes.met += [(time, "met", case_id, part) for part in _met_by(before, after)]
        if is_moved or is_put_off or not waits(after):
            changes.ended.append((time, "dropped", case_id))
    case = (case_id, after.workflow, after.state, after.subject)
    fate = (None, None, None)
    changes.begun += [(*case, who, part, after.due, time, *fate) for who, part in owed]


def _owed_by(case: Case) -> tuple[tuple[str, Part], ...]:
    """Whom the deadline of a case runs against, and as what: a member, or `@office`."""
    if case.due is None:
        return ()
    steps = [row for row in _rows(case) if not row.aside]
    parts = [part for part in against(case) if any(part in row.who for row in steps)]
    owed = {(member, part) for part in parts for member in cases.parties_owing(case, part)}
    offices = {(f"@{part}", part) for part in parts if part in cases.OFFICES}
    return tuple(sorted(owed | offices))


def _met_by(before: Case, after: Case) -> tuple[Part, ...]:
    """The parts that owed the step which moved a case so; all, if it took more than one."""
    direct = [row for row in _rows(before) if row.next == after.state]
    rows = direct or _rows(before)
    return tuple(sorted({part for row in rows if not row.aside for part in row.who}))


def _rows(case: Case) -> list[Step]:
    return [row for row in WORKFLOWS[case.workflow].steps if row.state == case.state]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duties: a member's, of one workflow, of one outcome; `latest`: as they stand now."""

    member: MemberId | None = None
    workflow: str | None = None
    outcome: Outcome | None = None
    latest: bool = False


def page(
    connection: Connection, view: StateView, time: Time, wanted: Wanted, after: Key, limit: int
) -> tuple[list[dict[str, object]], Key | None]:
    """Duties as at a time, by due time, from `after` on; returns where the next page starts, too.

    `view` is the state of that time: an office's duties are those of whoever holds it then. A page
    may hold fewer than `limit`, as who mediates is found case by case.
    """
    found = [DUTY.c.since <= time, tuple_(DUTY.c.due, DUTY.c.row) > after]
    if wanted.member is not None:
        found.append(DUTY.c.who.in_(waiting.names_of(view, wanted.member)))
    if wanted.workflow is not None:
        found.append(DUTY.c.workflow == wanted.workflow)
    if wanted.outcome is not None:
        found.append(_has(wanted.outcome, time, latest=wanted.latest))
    query = select(DUTY).where(and_(*found)).order_by(DUTY.c.due, DUTY.c.row).limit(limit + 1)
    rows = connection.execute(query).all()
    told = [_told(row, time) for row in rows[:limit] if _is_of(view, row, wanted.member)]
    last = rows[limit - 1] if len(rows) > limit else None
    return told, None if last is None else (last.due, last.row)


def _has(wanted: Outcome, time: Time, *, latest: bool) -> ColumnElement[bool]:
    """Rows of an outcome, as at a time; at the latest one, nothing ended later."""
    ended = and_(DUTY.c.ended_at.is_not(None), DUTY.c.ended_at <= time)
    passed = and_(DUTY.c.passed_at.is_not(None), DUTY.c.passed_at <= time)
    ending = _ENDINGS.get(wanted)
    still = DUTY.c.ended_at.is_(None) if latest else not_(ended)
    is_over = still if ending is None else and_(ended, DUTY.c.outcome == ending)
    return and_(is_over, passed if wanted in _PASSED else not_(passed))


def _told(row: Any, time: Time) -> dict[str, object]:
    """A duty as at a time: what happened later is not known yet."""
    passed = row.passed_at if row.passed_at is not None and row.passed_at <= time else None
    ended = row.ended_at if row.ended_at is not None and row.ended_at <= time else None
    ending = None if ended is None else row.outcome
    told = next(
        one for one in OUTCOMES
        if _ENDINGS.get(one) == ending and (one in _PASSED) == (passed is not None)
    )  # fmt: skip
    return {
        "case": row.case,
        "workflow": row.workflow,
        "state": row.state,
        "subject": row.subject,
        "who": row.who,
        "part": row.part,
        "due": row.due,
        "since": row.since,
        "outcome": told,
        "passedAt": passed,
        "endedAt": ended,
    }


def _is_of(view: StateView, row: Any, member: MemberId | None) -> bool:
    """Whether a duty is a member's; of an office's it is only known whom it could be.

    Who mediates, and where the government stands in for an office, is found in each case.
    """
    if member is None or row.who == member:
        return True
    case = read(view, Case, f"case/{row.case}")
    steps = (one for one in WORKFLOWS[row.workflow].steps if one.state == row.state)
    return case is not None and any(
        member in cases.owing(view, case, one, row.part) for one in steps if row.part in one.who
    )
