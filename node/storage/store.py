"""The store: one transaction per block, and the reads everything else is built from.

`Store` is what the rest of the node asks for; `SqlStore` answers from any database SQLAlchemy
speaks to. The commit is one story told in `write_block`; `step` is called between its parts with
their names, so that a test can end the process at each of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, Table, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from contracts.replay import BlockResult, Head
from contracts.transition import Accepted
from ledger.hashing import sha256
from ledger.tiles import Tile, TileEdge
from ledger.types import Digest, DigestHex
from node.storage.models import (
    BlockRow,
    CheckpointRow,
    HeadRow,
    LeafRow,
    MapNodeRow,
    StateRow,
    TileRow,
    table_of,
)
from node.storage.state import short_key

Step = Callable[[str], None]
"""Called with the name of each part of a commit once it is done."""
COMMIT_STEPS: Final = ("leaves", "tiles", "state", "map", "head", "views", "committed")

_leaf, _block, _tile, _state, _node, _head, _checkpoint = map(
    table_of, (LeafRow, BlockRow, TileRow, StateRow, MapNodeRow, HeadRow, CheckpointRow)
)
_BLOCK_COLUMNS: Final = (
    _block.c.height,
    _block.c.first,
    _block.c["count"],
    _block.c.time,
    _block.c.settlement,
)
_LEAF_COLUMNS: Final = (_leaf.c["index"], _leaf.c.leaf, _leaf.c.outcome)


@dataclass(frozen=True, slots=True)
class StoredHead:
    """The head, with the root of the log at its size."""

    head: Head
    root: Digest


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf as it lies in the log, with its outcome; a seal has none."""

    index: int
    leaf: bytes
    outcome: bytes | None


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """Where a block lies: leaves `[first, first + count]`, the last of which is the seal."""

    height: int
    first: int
    count: int
    time: str
    settlement: bytes

    @property
    def seal_index(self) -> int:
        """Index of its seal."""
        return self.first + self.count

    @property
    def size(self) -> int:
        """Size of the log after it."""
        return self.first + self.count + 1


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, replacing those whose primary key is there."""
    if not rows:
        return
    make = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = make(table)
    keys = [column.name for column in table.primary_key]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows)
    )


def write_block(
    connection: Connection,
    result: BlockResult,
    edge: TileEdge,
    tiles: Mapping[Tile, bytes],
    step: Step,
) -> None:
    """Write all of a block but its views, inside the caller's transaction."""
    _write_leaves(connection, result)
    step("leaves")
    upsert(
        connection,
        _tile,
        [{"level": t.level, "index": t.index, "data": data} for t, data in tiles.items()],
    )
    step("tiles")
    _write_state(connection, result)
    step("state")
    _write_map(connection, result)
    step("map")
    head = result.head
    upsert(
        connection,
        _head,
        [
            {
                "id": 1,
                "ledger": head.ledger,
                "height": head.height,
                "size": head.size,
                "seal": head.seal,
                "time": head.time,
                "state_root": head.state_root,
                "root": edge.root(),
            }
        ],
    )
    step("head")


def _write_leaves(connection: Connection, result: BlockResult) -> None:
    first = result.seal.first
    digests = [
        verdict.outcome.digest
        for verdict in result.verdicts
        if isinstance(verdict, Accepted) and verdict.outcome.digest is not None
    ]
    rows = [
        {
            "index": first + n,
            "digest_start": short_key(bytes.fromhex(digest[:16])),
            "leaf": result.leaves[n],
            "outcome": result.outcomes[n + 1],
        }
        for n, digest in enumerate(digests)
    ]
    seal = {
        "index": first + len(rows),
        "digest_start": None,
        "leaf": result.leaves[-1],
        "outcome": None,
    }
    connection.execute(insert(_leaf), [*rows, seal])
    connection.execute(
        insert(_block),
        {
            "height": result.head.height,
            "first": first,
            "count": len(rows),
            "time": result.head.time,
            "settlement": result.outcomes[0],
        },
    )


def _write_state(connection: Connection, result: BlockResult) -> None:
    kept = [
        {"key": key, "path_start": short_key(sha256(key.encode())), "value": value}
        for key, value in result.values.items()
        if value is not None
    ]
    upsert(connection, _state, kept)
    gone = [{"gone": key} for key, value in result.values.items() if value is None]
    if gone:
        connection.execute(delete(_state).where(_state.c.key == bindparam("gone")), gone)


def _write_map(connection: Connection, result: BlockResult) -> None:
    update = result.map_update
    upsert(connection, _node, [{"path": p, "node": node} for p, node in update.nodes.items()])
    if update.removed:
        gone = [{"gone": path} for path in update.removed]
        connection.execute(delete(_node).where(_node.c.path == bindparam("gone")), gone)


class Snapshot:
    """Reads within one transaction: all answers are of one size of the log."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def head(self) -> StoredHead | None:
        """Where the log stands; None before genesis."""
        row = self.connection.execute(select(_head)).first()
        if row is None:
            return None
        head = Head(
            ledger=row.ledger,
            height=row.height,
            size=row.size,
            seal=row.seal,
            time=row.time,
            state_root=Digest(row.state_root),
        )
        return StoredHead(head, Digest(row.root))

    def leaf(self, index: int) -> StoredLeaf | None:
        """The leaf at `index`."""
        query = select(*_LEAF_COLUMNS).where(_leaf.c["index"] == index)
        row = self.connection.execute(query).first()
        return None if row is None else StoredLeaf(*row)

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """The leaves `[start, end)` that exist."""
        query = select(_leaf.c.leaf).where(_leaf.c["index"] >= start, _leaf.c["index"] < end)
        return [row[0] for row in self.connection.execute(query.order_by(_leaf.c["index"]))]

    def outcomes(self, block: StoredBlock) -> list[bytes]:
        """All outcomes of a block, the settlement first."""
        query = select(_leaf.c.outcome).where(
            _leaf.c["index"] >= block.first, _leaf.c["index"] < block.seal_index
        )
        rows = self.connection.execute(query.order_by(_leaf.c["index"]))
        return [block.settlement, *(row[0] for row in rows)]

    def candidates(self, digest: DigestHex) -> Iterator[StoredLeaf]:
        """The leaves whose record digest may be `digest`: nearly always one or none."""
        start = short_key(bytes.fromhex(digest[:16]))
        query = select(*_LEAF_COLUMNS).where(_leaf.c.digest_start == start)
        for row in self.connection.execute(query):
            yield StoredLeaf(*row)

    def block_of(self, index: int) -> StoredBlock | None:
        """The block in which the leaf `index` lies."""
        query = (
            select(*_BLOCK_COLUMNS).where(_block.c.first <= index).order_by(_block.c.first.desc())
        )
        return self._block(query.limit(1))

    def block_at_height(self, height: int) -> StoredBlock | None:
        """The block of that height."""
        return self._block(select(*_BLOCK_COLUMNS).where(_block.c.height == height))

    def block_before(self, time: str) -> StoredBlock | None:
        """The last block whose time is not later than `time`."""
        query = select(*_BLOCK_COLUMNS).where(_block.c.time <= time).order_by(_block.c.time.desc())
        return self._block(query.limit(1))

    def checkpoint(self) -> tuple[int, bytes] | None:
        """Size and note of the latest checkpoint published."""
        row = self.connection.execute(select(_checkpoint)).first()
        return None if row is None else (row.size, row.note)

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """As `ledger.tiles.TileSource`."""
        found = []
        for tile in tiles:
            query = select(_tile.c.data).where(
                _tile.c.level == tile.level, _tile.c["index"] == tile.index
            )
            row = self.connection.execute(query).first()
            found.append(b"" if row is None else row[0])
        return found

    def _block(self, query: Select[Any]) -> StoredBlock | None:
        row = self.connection.execute(query).first()
        return None if row is None else StoredBlock(*row)


class SqlStore:
    """A database of a node."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Consistent reads; to be held for a short time."""
        with self.engine.connect() as connection, connection.begin():
            yield Snapshot(connection)

    def write_checkpoint(self, connection: Connection, size: int, note: bytes) -> None:
        """Keep the latest checkpoint."""
        with connection.begin():
            upsert(connection, _checkpoint, [{"id": 1, "size": size, "note": note}])
