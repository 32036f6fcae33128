"""Questions to the views, as at any past size, page by page.

A filter that names something goes by an index, however long the log: a condition beside the one
asked for may be there to lead to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Raw
from sqlalchemy import ColumnElement, Connection, Select, and_, literal_column, or_, select

from contracts.workflows import WORKFLOWS
from node.storage.store import Snapshot
from node.views.models import (
    CASE_RECORD,
    EPOCH_BITS,
    PARTY,
    TITLE,
    USAGE,
    USAGE_EPOCH,
    VERSIONED,
)

LIMIT_MAX: Final = 1_000
_NARROWER: Final = frozenset({"accused", "code", "parties"})
"""Filters of cases beside which the workflow leads nowhere: few cases are left of any."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page starts; None after the last."""

    items: Sequence[Mapping[str, object]]
    next: str | None


def versioned_page(
    connection: Connection,
    view: str,
    size: int,
    filters: Mapping[str, str],
    *,
    cursor: str = "",
    limit: int = 100,
) -> Page:
    """Rows of a view over state values that hold at `size`, ascending by id.

    `filters` maps columns to the value wanted; `accused` and `parties` hold several members. Of
    entries, `code` is that of the catalogue, and `text` all of whose words are looked for.
    """
    table = VERSIONED[view]
    wanted: list[ColumnElement[bool]] = [
        table.c.from_size <= size,
        or_(table.c.to_size.is_(None), table.c.to_size > size),
        table.c.id > cursor,
    ]
    for name, value in filters.items():
        if view == "entry" and name in ("code", "text"):
            wanted.append(table.c.record.in_(_titled(name, value)))
        elif name in ("accused", "parties"):
            listed = table.c[name].contains(f",{value},", autoescape=True)
            wanted += [listed, table.c.id.in_(_cases_of(value, filters.get("workflow")))]
        elif view == "case" and name == "workflow" and _NARROWER.intersection(filters):
            continue
        else:
            wanted.append(table.c[name] == value)
    if view == "case" and "state" in filters and "workflow" not in filters:
        wanted.append(table.c.workflow.in_(_workflows_with(filters["state"])))
    query = select(table.c.id, table.c.value).where(and_(*wanted)).order_by(table.c.id)
    rows = connection.execute(query.limit(limit + 1)).all()
    items = [{"id": row.id, "value": Raw(row.value)} for row in rows[:limit]]
    return Page(items, rows[limit - 1].id if len(rows) > limit else None)


def ids_like(connection: Connection, view: str, name: str) -> list[str]:
    """Present ids of a view that begin as a name does: for who may have mistyped one."""
    table = VERSIONED[view]
    query = select(table.c.id).where(
        table.c.to_size.is_(None), table.c.id.startswith(name[:1].lower(), autoescape=True)
    )
    return [row.id for row in connection.execute(query.limit(LIMIT_MAX))]


def _titled(name: str, value: str) -> Select[Any]:
    """The records of entries with a code, or with all words of a text, wherever they stand."""
    if name == "code":
        return select(TITLE.c.record).where(TITLE.c.code == value)
    words = value.casefold().split()
    return select(TITLE.c.record).where(
        *(TITLE.c.words.contains(word, autoescape=True) for word in words)
    )


def _cases_of(member: str, workflow: str | None) -> Select[Any]:
    """The cases to which a member is a party, or was one."""
    of_member = select(PARTY.c["case"]).where(PARTY.c.member == member)
    return of_member if workflow is None else of_member.where(PARTY.c.workflow == workflow)


def _workflows_with(state: str) -> list[str]:
    """The workflows in which a case can stand so."""
    return [
        name for name, table in WORKFLOWS.items() if any(one.name == state for one in table.states)
    ]


def usage_page(
    connection: Connection,
    size: int,
    filters: Mapping[str, str],
    span: tuple[str | None, str | None] = (None, None),
    *,
    cursor: str = "",
    limit: int = 100,
) -> Page:
    """Records of use in a log of `size` leaves, ascending by index; `span` bounds their start.

    A use is reported after it has begun, so those that began later than a time lie after it.
    """
    wanted: list[ColumnElement[bool]] = [USAGE.c["index"] < size]
    wanted += [USAGE.c[name] == value for name, value in filters.items()]
    start, end = span
    first = int(cursor) + 1 if cursor else 0
    if start is not None:
        first = max(first, Snapshot(connection).size_before(start))
        wanted.append(USAGE.c.started_at >= start)
    if end is not None:
        wanted.append(USAGE.c.started_at < end)
    wanted.append(USAGE.c["index"] >= first)
    query = select(USAGE).where(and_(*wanted)).order_by(USAGE.c["index"])
    rows: list[dict[str, Any]] = []
    for part in _parts_of(query, filters.get("grant"), range(first, size)):
        found = connection.execute(part.limit(limit + 1 - len(rows))).mappings()
        rows += [dict(row) for row in found]
        if len(rows) > limit:
            break
    items = [{_camel(name): value for name, value in row.items()} for row in rows[:limit]]
    return Page(items, str(rows[limit - 1]["index"]) if len(rows) > limit else None)


def _parts_of(query: Select[Any], grant: str | None, indexes: range) -> Iterator[Select[Any]]:
    """A query for uses as it goes by an index: those of a right epoch by epoch."""
    if grant is None:
        yield query
        return
    for epoch in range(indexes.start >> EPOCH_BITS, (indexes.stop - 1 >> EPOCH_BITS) + 1):
        yield query.where(literal_column(USAGE_EPOCH) == epoch)


def case_records(connection: Connection, case: str, size: int) -> list[int]:
    """Indexes of the records that opened and moved a case, in a log of `size` leaves."""
    query = (
        select(CASE_RECORD.c["index"])
        .where(CASE_RECORD.c["case"] == case, CASE_RECORD.c["index"] < size)
        .order_by(CASE_RECORD.c["index"])
    )
    return [row[0] for row in connection.execute(query)]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
