"""Which dataset is made from which: by the rights a block rests on, and by what releases say.

    flights ─right─▶ delays-by-weather ─version 3─▶ yearbook        down: what is made from flights
                                                                    up: what the yearbook is made of

What an entry in force says holds as long as it is in force. What a release says holds for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Select, and_, func, null, or_, select, union_all

from contracts.replay import BlockResult
from contracts.values import EntryTerms
from ledger.types import DatasetId, ItemId, Version
from node.storage.statements import Row, ending, inserting
from node.views.models import DERIVATION, INPUT, VERSIONED

LEVELS_MAX: Final = 8
EDGES_MAX: Final = 256
Direction = Literal["down", "up"]
_PREFIX: Final = "entry/"
_BEGIN, _END = inserting(INPUT, without=["row"]), ending(INPUT)
_GRANT: Final = VERSIONED["grant"]


@dataclass(frozen=True, slots=True)
class Edge:
    """`dataset` is made from `source`: by a right, or as its `version` says, the latest of these.

    `level` counts the steps from the dataset asked about.
    """

    dataset: DatasetId
    source: DatasetId
    grant: ItemId | None
    version: Version | None
    level: int


def write(connection: Connection, result: BlockResult) -> None:
    """Follow the entries a block changed; the view of rights has been written already."""
    size = result.head.size
    ended: list[Row] = []
    begun: list[Row] = []
    for key, value in result.changes.items():
        if not key.startswith(_PREFIX):
            continue
        dataset = key.removeprefix(_PREFIX)
        ended.append((size, dataset))
        if isinstance(value, EntryTerms):
            begun += inputs_of(connection, dataset, value, size)
    _END.run(connection, ended)
    _BEGIN.run(connection, begun)


def inputs_of(
    connection: Connection, dataset: DatasetId, entry: EntryTerms, size: int
) -> list[Row]:
    """A row for every right that an entry rests on."""
    rows: list[Row] = []
    for grant in entry.inputs:
        query = select(_GRANT.c.dataset).where(_GRANT.c.id == grant).limit(1)
        source = connection.execute(query).scalar_one()
        rows.append((dataset, size, None, source, grant))
    return rows


def edges(
    connection: Connection, dataset: DatasetId, size: int, direction: Direction
) -> tuple[list[Edge], bool]:
    """What a dataset is made of, or what is made from it, level by level; and whether that is all.

    Eight levels are followed, and 256 edges told.
    """
    found: list[Edge] = []
    seen, level = {dataset}, 1
    here: Sequence[DatasetId] = [dataset]
    while here and level <= LEVELS_MAX:
        room = EDGES_MAX - len(found)
        rows = connection.execute(_query(here, size, direction).limit(room + 1)).all()
        found += [
            Edge(row.dataset, row.source, row.grant, row.version, level) for row in rows[:room]
        ]
        if len(rows) > room:
            return found, False
        there = {row.source if direction == "up" else row.dataset for row in rows} - seen
        seen |= there
        here = sorted(there)
        level += 1
    return found, not here


def _query(here: Sequence[DatasetId], size: int, direction: Direction) -> Select[Any]:
    """The edges that leave these datasets."""
    rights = select(
        INPUT.c.id.label("dataset"),
        INPUT.c.source,
        INPUT.c.grant,
        null().label("version"),
    ).where(
        and_(
            (INPUT.c.id if direction == "up" else INPUT.c.source).in_(here),
            INPUT.c.from_size <= size,
            or_(INPUT.c.to_size.is_(None), INPUT.c.to_size > size),
        )
    )
    releases = (
        select(
            DERIVATION.c.id.label("dataset"),
            DERIVATION.c.source,
            null().label("grant"),
            func.max(DERIVATION.c.version).label("version"),
        )
        .where(
            (DERIVATION.c.id if direction == "up" else DERIVATION.c.source).in_(here),
            DERIVATION.c["index"] < size,
        )
        .group_by(DERIVATION.c.id, DERIVATION.c.source)
    )
    every = union_all(rights, releases).subquery()
    return select(every).order_by(every.c.dataset, every.c.source, every.c.grant.nulls_first())
