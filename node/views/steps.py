"""The view of steps: who moved which case, when, by which step, on which ground.

Records that open a case are not steps, nor are deadlines; the course of a case
(`case_record_view`) has all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, select, tuple_

from contracts.replay import Block, BlockResult
from contracts.transition import Accepted
from contracts.values import Case
from contracts.workflows import WORKFLOWS
from ledger.records import Grant, Record, Revocation, Step, Usage
from ledger.types import CaseId, Count, Time
from node.storage.statements import Row, inserting
from node.storage.store import Snapshot
from node.views.models import CASE_RECORD, STEP

Key = tuple[Count, CaseId]
"""Index of the record and case: the order of steps."""
FIRST: Final[Key] = (-1, "")
_PREFIX: Final = "case/"
_INSERT: Final = inserting(STEP)


def write(connection: Connection, block: Block, result: BlockResult) -> None:
    """Add the steps of a block."""
    time = result.head.time
    rows: list[Row] = []
    opened: set[str] = set()
    for record, verdict in zip(block.records, result.verdicts, strict=True):
        if not isinstance(verdict, Accepted) or isinstance(record.body, Usage):
            continue
        for key in verdict.outcome.changed:
            case = result.changes.get(key) if key.startswith(_PREFIX) else None
            if not isinstance(case, Case):
                continue
            if case.opened_at == time and key not in opened:
                opened.add(key)
                continue
            case_id, index = key.removeprefix(_PREFIX), verdict.outcome.index or 0
            rows += step_of(record, index, case_id, case.workflow, time)
    _INSERT.run(connection, rows)


def step_of(record: Record, index: Count, case_id: CaseId, workflow: str, time: Time) -> list[Row]:
    """In the order of the columns of `StepView`; nothing, if the record takes no step there."""
    body = record.body
    name = body.step if isinstance(body, Step) else _names(workflow).get(record.kind)
    if name is None:
        return []
    writer = record.chain.writer
    who = (writer.partition("/")[0], writer)
    return [(index, case_id, workflow, name, _ground(record, case_id), *who, time)]


@cache
def _names(workflow: str) -> Mapping[str, str]:
    """By kind of record, the step of a workflow that it takes."""
    return {row.by: row.name for row in WORKFLOWS[workflow].steps if row.by != "step"}


def _ground(record: Record, case_id: CaseId) -> str | None:
    match record.body:
        case Step(ground=ground) | Revocation(ground=ground):
            return ground
        case Grant(items=items):
            return next((one.ground for one in items if one.request == case_id), None)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which steps: by the values of columns, and within a span of time, the end not included."""

    filters: Mapping[str, str]
    start: Time | None = None
    end: Time | None = None


def page(
    connection: Connection, size: int, wanted: Wanted, after: Key, limit: int
) -> tuple[list[dict[str, object]], Key | None]:
    """Steps in a log of `size` leaves, in their order, from `after` on; and the next page."""
    conditions = [STEP.c["index"] < size, tuple_(STEP.c["index"], STEP.c["case"]) > after]
    conditions += [STEP.c[name] == value for name, value in wanted.filters.items()]
    conditions += _leading(wanted.filters)
    snapshot = Snapshot(connection)
    if wanted.start is not None:
        conditions.append(STEP.c["index"] >= snapshot.size_before(wanted.start))
    if wanted.end is not None:
        conditions.append(STEP.c["index"] < snapshot.size_before(wanted.end))
    query = select(STEP).where(and_(*conditions)).order_by(STEP.c["index"], STEP.c["case"])
    rows = [dict(row) for row in connection.execute(query.limit(limit + 1)).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], None if last is None else (last["index"], last["case"])


def _leading(filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """What leads to the rows of these filters by an index, where they have none of their own."""
    found: list[ColumnElement[bool]] = []
    if "case" in filters:
        moved = select(CASE_RECORD.c["index"]).where(CASE_RECORD.c["case"] == filters["case"])
        found.append(STEP.c["index"].in_(moved))
    if "step" in filters and "workflow" not in filters:
        taking = [
            name
            for name, table in WORKFLOWS.items()
            if any(row.name == filters["step"] for row in table.steps)
        ]
        found.append(STEP.c.workflow.in_(taking))
    return found
