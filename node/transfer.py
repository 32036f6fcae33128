"""All of a node's tables, from one database into another of any kind, and verified there.

    copy        every table, row by row in the order of its key, in one transaction of the source
    compare     read again from the target: the same rows, by count and SHA-256
    check       the leaves give the tree with its root, the values of the state their map with its

The caller begins both transactions, and commits only what this has found to be right.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from msgspec.msgpack import encode
from sqlalchemy import Connection, Select, Table, func, inspect, select
from sqlmodel import SQLModel

from ledger.errors import FormatError
from ledger.hashing import leaf_hash
from ledger.merkle_map import MapNodes, update
from ledger.tiles import TILE_WIDTH, TileEdge
from node.replica import ReplicaError
from node.storage.models import LeafRow, MapNodeRow, StateRow, table_of
from node.storage.postgres import stored_text
from node.storage.statements import SERVER, Row, inserting
from node.storage.store import Snapshot, StoredHead
from node.views import models as views

ROWS_AT_ONCE: Final = 500
Advance = Callable[[int], None]
"""Told of steps: a row that was copied is one, a row that was compared another."""
TABLES: Final[Sequence[Table]] = SQLModel.metadata.sorted_tables
"""Those of `node.storage.models` and, as `node.views.models` is loaded, all views."""
_leaf, _state, _node = table_of(LeafRow), table_of(StateRow), table_of(MapNodeRow)
_NUMBERED: Final = [one for one in views.VIEWS if "row" in one.c]


def steps_of(source: Connection) -> int:
    """How many steps a transfer of this database takes."""
    return 2 * sum(_count(source, table) for table in TABLES)


def is_empty(connection: Connection) -> bool:
    """Whether a database has no table, of ours or of anybody."""
    return not inspect(connection).get_table_names()


def transfer(source: Connection, target: Connection, advance: Advance) -> None:
    """Copy into tables that are empty. Raises `ReplicaError` if anything is not as it was."""
    digests = {table.name: _copy(source, target, table, advance) for table in TABLES}
    for table in TABLES:
        if _digest(target, table, advance) != digests[table.name]:
            raise ReplicaError(f"what was written to `{table.name}` is not what was read")
    stored = Snapshot(target).head()
    if stored is None:
        raise ReplicaError("the database holds no ledger; `blockpool node init` makes one")
    _check_tree(target, stored)
    _check_map(target, stored)
    _number(target)


def _copy(source: Connection, target: Connection, table: Table, advance: Advance) -> bytes:
    """Copy a table; returns the digest of its rows."""
    digest, insertion = sha256(), inserting(table)
    for rows in _rows(source, table):
        insertion.run(target, rows)
        digest.update(encode(rows))
        advance(len(rows))
    return digest.digest()


def _digest(connection: Connection, table: Table, advance: Advance) -> bytes:
    digest = sha256()
    for rows in _rows(connection, table):
        digest.update(encode(rows))
        advance(len(rows))
    return digest.digest()


def _rows(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """The rows in the order of their keys, some at once; text as a server holds it."""
    is_text = any(column.type.python_type is str for column in table.columns)
    for rows in _streamed(connection, select(table).order_by(*table.primary_key)):
        yield [tuple(map(_storable, row)) for row in rows] if is_text else rows


def _storable(value: object) -> object:
    return stored_text(value) if isinstance(value, str) else value


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
    with connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as result:
        for rows in result.partitions(ROWS_AT_ONCE):
            yield [tuple(row) for row in rows]


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _number(target: Connection) -> None:
    """Rows to come are numbered from where these end; SQLite does so by itself."""
    if target.dialect.name != SERVER:
        return
    for table in _NUMBERED:
        sequence = func.pg_get_serial_sequence(table.name, "row")
        last = select(func.max(table.c.row)).scalar_subquery()
        target.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def _check_tree(connection: Connection, stored: StoredHead) -> None:
    """The leaves give every tile and the root."""
    snapshot, edge = Snapshot(connection), TileEdge()
    for leaves in _streamed(connection, select(_leaf.c.leaf).order_by(_leaf.c["index"])):
        edge, tiles = edge.extend([leaf_hash(leaf) for (leaf,) in leaves])
        whole = [tile for tile in tiles if tile.width == TILE_WIDTH]
        if snapshot.tiles(whole) != [tiles[tile] for tile in whole]:
            raise ReplicaError("the leaves do not give the tiles; audit the log")
    if (edge.size, edge.root()) != (stored.head.size, stored.root):
        raise ReplicaError("the leaves do not give the root of the head; audit the log")
    try:
        kept = TileEdge.restore(edge.size, snapshot)
    except FormatError:
        kept = None
    if kept != edge:
        raise ReplicaError("the leaves do not give the tiles; audit the log")


def _check_map(connection: Connection, stored: StoredHead) -> None:
    """The values of the state give every node of the map and its root."""
    made = MapNodes()
    for values in _streamed(connection, select(_state.c.key, _state.c.value)):
        made.apply(update({key.encode(): value for key, value in values}, made))
    if made.root() != stored.head.state_root:
        raise ReplicaError("the state does not give the root of the head; audit the log")
    nodes = made.nodes(())
    if len(nodes) != _count(connection, _node):
        raise ReplicaError("the state does not give the nodes of its map; audit the log")
    for some in _streamed(connection, select(_node.c.path, _node.c.node)):
        if any(nodes.get(path) != node for path, node in some):
            raise ReplicaError("the state does not give the nodes of its map; audit the log")
