"""The store: one transaction per block, and the reads everything else is built from.

`SqlStore` works over any database SQLAlchemy speaks to; a `Snapshot` of it answers all questions
for one size of the log. The commit is one story, begun in `write_block` and told whole in
`node.replica`; `step` is called between its parts with their names (`COMMIT_STEPS`), so that a test
can end the process at each of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, select

from contracts.replay import BlockResult, Head
from contracts.transition import Accepted
from contracts.values import Value, parse_value
from ledger.hashing import sha256
from ledger.seal import is_seal, parse_seal
from ledger.tiles import Tile, TileEdge
from ledger.types import Digest, DigestHex
from node.storage.database import reading
from node.storage.models import (
    EPOCH_LEAVES,
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
from node.storage.statements import Row, deleting, inserting, upserting

Step = Callable[[str], None]
"""Called with the name of each part of a commit once it is done."""
COMMIT_STEPS: Final = (
    "leaves",
    "tiles",
    "state",
    "map",
    "head",
    "views",
    "checkpoint",
    "committed",
)

_leaf, _block, _tile, _state, _node, _head, _checkpoint = map(
    table_of, (LeafRow, BlockRow, TileRow, StateRow, MapNodeRow, HeadRow, CheckpointRow)
)
_INSERT_LEAF, _INSERT_BLOCK = inserting(_leaf), inserting(_block)
_UPSERT_TILE, _UPSERT_NODE = upserting(_tile), upserting(_node)
_UPSERT_HEAD, _UPSERT_CHECKPOINT = upserting(_head), upserting(_checkpoint)
_UPSERT_STATE = upserting(_state, keeping=("path_start",))
_DELETE_STATE, _DELETE_NODE = deleting(_state), deleting(_node)
_THE_ROW: Final = 1
_FINAL_ROW: Final = 2
_UNDERWAY_ROW: Final = 3
_BASE_ROW: Final = 4
_PATHS_KEPT: Final = 16_384
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
    _UPSERT_TILE.run(connection, [(tile.level, tile.index, data) for tile, data in tiles.items()])
    step("tiles")
    _write_state(connection, result)
    step("state")
    _write_map(connection, result)
    step("map")
    write_head(connection, result.head, edge.root())
    step("head")


def write_head(connection: Connection, head: Head, root: Digest) -> None:
    """Keep where the log stands, inside the caller's transaction."""
    stored = (head.height, head.size, head.seal, head.time, head.state_root, root)
    _UPSERT_HEAD.run(connection, [(_THE_ROW, head.ledger, *stored)])


def write_checkpoint(connection: Connection, size: int, note: bytes) -> None:
    """Keep the latest checkpoint, inside the caller's transaction."""
    _UPSERT_CHECKPOINT.run(connection, [(_THE_ROW, size, note)])


def write_final_checkpoint(connection: Connection, size: int, note: bytes) -> None:
    """Keep the latest checkpoint that has a quorum, inside the caller's transaction."""
    _UPSERT_CHECKPOINT.run(connection, [(_FINAL_ROW, size, note)])


def write_underway(connection: Connection, size: int, towards: bytes) -> None:
    """Keep the checkpoint that leaves without one are on the way to; in the same transaction."""
    _UPSERT_CHECKPOINT.run(connection, [(_UNDERWAY_ROW, size, towards)])


def write_base_checkpoint(connection: Connection, size: int, note: bytes) -> None:
    """Keep where the log begins that is held here, and the checkpoint believed for what was before.

    Inside the caller's transaction.
    """
    _UPSERT_CHECKPOINT.run(connection, [(_BASE_ROW, size, note)])


def _write_leaves(connection: Connection, result: BlockResult) -> None:
    first = result.seal.first
    digests = [
        verdict.outcome.digest
        for verdict in result.verdicts
        if isinstance(verdict, Accepted) and verdict.outcome.digest is not None
    ]
    rows: list[Row] = []
    for index, digest in enumerate(digests, first):
        n = index - first
        start = short_key(bytes.fromhex(digest[:16]))
        row = (index, index // EPOCH_LEAVES, start, result.leaves[n], result.outcomes[n + 1])
        rows.append(row)
    end = first + len(rows)
    rows.append((end, end // EPOCH_LEAVES, None, result.leaves[-1], None))
    _INSERT_LEAF.run(connection, rows)
    block = (result.head.height, first, len(digests), result.head.time, result.outcomes[0])
    _INSERT_BLOCK.run(connection, [block])


def _write_state(connection: Connection, result: BlockResult) -> None:
    kept = [
        (key, _path_start(key), value) for key, value in result.values.items() if value is not None
    ]
    _UPSERT_STATE.run(connection, kept)
    _DELETE_STATE.run(connection, [(key,) for key, value in result.values.items() if value is None])


@lru_cache(_PATHS_KEPT)
def _path_start(key: str) -> int:
    """Many of the values a block changes are those that the block before it changed."""
    return short_key(sha256(key.encode()))


def _write_map(connection: Connection, result: BlockResult) -> None:
    _UPSERT_NODE.run(connection, list(result.map_update.nodes.items()))
    _DELETE_NODE.run(connection, [(path,) for path in result.map_update.removed])


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

    def head_at(self, size: int, ledger: DigestHex) -> Head:
        """Where the log stood at a size that ends in a seal. Raises `LookupError`."""
        stored = self.leaf(size - 1)
        if stored is None or not is_seal(stored.leaf):
            raise LookupError(f"no block ends at size {size}")
        seal = parse_seal(stored.leaf).predicate
        return Head(
            ledger=ledger,
            height=seal.height,
            size=size,
            seal=sha256(stored.leaf).hex(),
            time=seal.block_time,
            state_root=Digest(bytes.fromhex(seal.state_root)),
        )

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

    def candidates(self, digest: str) -> Iterator[StoredLeaf]:
        """The leaves whose record digest may be, or begin with, `digest`: mostly one or none."""
        lowest, highest = (short_key(bytes.fromhex(digest[:16].ljust(16, end))) for end in "0f")
        last = self.connection.execute(select(func.max(_leaf.c["index"]))).scalar() or 0
        epochs = range(last // EPOCH_LEAVES + 1)
        query = select(*_LEAF_COLUMNS).where(
            _leaf.c.epoch.in_(epochs), _leaf.c.digest_start.between(lowest, highest)
        )
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

    def size_before(self, time: str) -> int:
        """The size of the log before the first block whose time is not earlier than `time`."""
        query = select(*_BLOCK_COLUMNS).where(_block.c.time < time).order_by(_block.c.time.desc())
        block = self._block(query.limit(1))
        return 0 if block is None else block.size

    def value(self, key: str) -> Value | None:
        """The value of the state under `key`."""
        row = self.connection.execute(select(_state.c.value).where(_state.c.key == key)).first()
        return None if row is None else parse_value(key, row[0])

    def checkpoint(self) -> tuple[int, bytes] | None:
        """Size and note of the latest checkpoint published."""
        return self._checkpoint(_THE_ROW)

    def final_checkpoint(self) -> tuple[int, bytes] | None:
        """Size and note of the latest checkpoint that had a quorum."""
        return self._checkpoint(_FINAL_ROW)

    def base(self) -> int:
        """The size of the log from which on its leaves are here: 0, unless from a snapshot."""
        kept = self._checkpoint(_BASE_ROW)
        return 0 if kept is None else kept[0]

    def underway(self) -> bytes | None:
        """What the leaves at the head are on the way to; None if that was kept for fewer."""
        kept, stored = self._checkpoint(_UNDERWAY_ROW), self.head()
        return None if kept is None or stored is None or kept[0] != stored.head.size else kept[1]

    def _checkpoint(self, row_id: int) -> tuple[int, bytes] | None:
        row = self.connection.execute(select(_checkpoint).where(_checkpoint.c.id == row_id)).first()
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
        self._reading = reading(engine)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Consistent reads; to be held for a short time."""
        with self._reading.connect() as connection, connection.begin():
            yield Snapshot(connection)
