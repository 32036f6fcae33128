"""A member's tasks, most urgent first, page by page, as at any past size of the log."""

from dataclasses import dataclass
from typing import Final, Literal

from contracts.tasks import Task, may_sign, tasks_of
from contracts.values import Case, Writer
from contracts.view import Overlay, StateView, read
from ledger.types import CaseId, MemberId, Time, WriterId
from node.storage.store import Snapshot
from node.views import waiting
from node.views.as_at import state_at

CASES_MAX: Final = 1_000
"""Cases looked at for one page, which may then hold fewer tasks than asked for."""
FIRST: Final = ("", "", 0)
Duty = Literal["must", "may"]
Cursor = tuple[str, CaseId, int]
"""Due time and id of a case, and how many of its tasks were told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose tasks: a member's; of these only those a writer may take, or those of one duty."""

    member: MemberId
    writer: WriterId | None = None
    duty: Duty | None = None


def tasks_page(
    snapshot: Snapshot, size: int, now: Time, wanted: Wanted, cursor: Cursor, limit: int
) -> tuple[list[Task], Cursor | None]:
    """Tasks in a log of `size` leaves, as at `now`, from a cursor on.

    Returns where the next page starts, too; None after the last.
    """
    view = Overlay(state_at(snapshot, size))  # which remembers what it has read
    head = snapshot.head()
    names = waiting.names_of(view, wanted.member)
    found: list[Task] = []
    due, first, told = cursor
    cases = waiting.page(
        snapshot.connection,
        size,
        names,
        (due, first),
        CASES_MAX + 1,
        latest=head is not None and head.head.size == size,
    )
    for due, case_id in cases[:CASES_MAX]:
        tasks = _tasks(view, now, wanted, case_id)
        start = told if case_id == first else 0
        room = limit - len(found)
        found += tasks[start : start + room]
        if len(tasks) - start > room:
            return found, (due, case_id, start + room)
    return found, (*cases[CASES_MAX], 0) if len(cases) > CASES_MAX else None


def _tasks(view: StateView, now: Time, wanted: Wanted, case_id: CaseId) -> list[Task]:
    case = read(view, Case, f"case/{case_id}")
    if case is None:
        return []
    tasks = tasks_of(view, now, case_id, case, wanted.member)
    if wanted.writer is not None:
        writer = read(view, Writer, f"writer/{wanted.writer}")
        tasks = tuple(one for one in tasks if writer and may_sign(writer, one, now))
    return [one for one in tasks if wanted.duty in (None, one.duty)]
