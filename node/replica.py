"""One node's copy of the ledger: it decides, stores and publishes blocks, one after the other.

    apply(block):  decide (`replay.step`)           a crash here loses nothing: nothing was promised
                   extend the tree, sign its checkpoint
                   one transaction: leaves, tiles, state, map, head, views, checkpoint
                   ── committed ──                  a crash here loses nothing: it is all there
                   publish

A signed checkpoint leaves this process only after its block is on disk.

If the transaction fails, it is rolled back and what is in memory is still what is on disk; but the
disk can no longer be trusted to keep promises, so the error is passed on and the node stops.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.replay import Block, BlockResult, Head, found, step
from contracts.transition import SignatureCheck
from contracts.values import Key, Value, parse_value
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.envelope import verify_signature
from ledger.hashing import leaf_hash
from ledger.keys import PublicKey, Signer, parse_public_key
from ledger.records import Genesis, Record, parse_record
from ledger.tiles import Tile, TileEdge
from ledger.types import DIGEST_BYTES, DigestHex
from node import log_keys, views
from node.storage.cache import GenerationalCache
from node.storage.models import StateRow, table_of
from node.storage.state import StoredState
from node.storage.store import Snapshot, SqlStore, Step, write_block, write_checkpoint
from node.storage.wal import WalMover

_RECENT_TILES = 64
PUBLISHING_S_MAX = 10


class ReplicaError(Exception):
    """The database and the log it holds do not agree, or hold no ledger."""


@dataclass(frozen=True, slots=True)
class CacheSizes:
    """How many state values and map nodes the committing thread keeps at hand."""

    values_max: int = 200_000
    nodes_max: int = 200_000


@dataclass(frozen=True, slots=True)
class Published:
    """What everybody may see: a size, its signed checkpoint, the head it belongs to."""

    head: Head
    checkpoint: bytes


class Replica:
    """The ledger on this node. `apply` is called from one thread at a time."""

    def __init__(
        self,
        store: SqlStore,
        origin: str,
        log_signers: Sequence[Signer],
        *,
        verify: SignatureCheck = verify_signature,
        cache: CacheSizes = CacheSizes(),
        on_step: Step = lambda _name: None,
    ) -> None:
        self.store = store
        self.origin = origin
        self._held = log_signers
        self._verify = verify
        self._on_step = on_step
        self._connection: Connection = store.engine.connect()
        self.state = StoredState(self._connection, cache.values_max, cache.nodes_max)
        self.keys: dict[str, PublicKey] = {}
        self._in_force: Sequence[Signer] = ()
        self._edge, head = self._restore()
        self._recent = GenerationalCache[tuple[int, int], bytes](_RECENT_TILES)
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Published, Block, BlockResult], None]] = []
        self._published = self._restore_checkpoint(head)
        self._wal = WalMover(store.engine)
        self._publishing = threading.Condition()

    @property
    def published(self) -> Published:
        """The latest checkpoint."""
        return self._published

    @property
    def head(self) -> Head:
        """Where the log stands."""
        return self._published.head

    def published_from(self, size: int) -> Published:
        """The latest checkpoint, once it covers `size` leaves. Raises `ReplicaError`.

        Readers see a block as soon as it is committed, a moment before its checkpoint is signed.
        """
        with self._publishing:
            if not self._publishing.wait_for(
                lambda: self._published.head.size >= size, PUBLISHING_S_MAX
            ):
                raise ReplicaError("the last block was committed but not published")
        return self._published

    def subscribe(self, listener: Callable[[Published, Block, BlockResult], None]) -> None:
        """Call `listener` after each block, on the committing thread; it MUST NOT raise or wait."""
        self._listeners.append(listener)

    def apply(self, block: Block) -> BlockResult:
        """Decide a block and, unless nothing happened in it, commit and publish it."""
        with self._connection.begin():
            result = step(self.state, self.head, block, self._verify)
            if result.is_empty:
                return result
            edge, tiles = self._edge.extend([leaf_hash(leaf) for leaf in result.leaves])
            write_block(self._connection, result, edge, tiles, self._on_step)
            views.write(self._connection, block, result)
            self._on_step("views")
            signers = self._signers_after(result)
            published = Published(result.head, self._sign(result.head, edge, signers))
            write_checkpoint(self._connection, result.head.size, published.checkpoint)
            self._on_step("checkpoint")
        self._on_step("committed")
        # From here on the block is promised; memory follows.
        self.state.adopt(result)
        self._edge, self._in_force = edge, signers
        self._adopt_keys(result)
        self._adopt_tiles(tiles)
        with self._publishing:
            self._published = published
            self._publishing.notify_all()
        for listener in self._listeners:
            listener(published, block, result)
        self._wal.after_block()
        return result

    def has_due(self, time: str) -> bool:
        """Whether a deadline has passed at `time`."""
        with self._connection.begin():
            return bool(self.state.due(time, 1))

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """As `ledger.tiles.TileSource`, for any thread: what was written last comes from memory."""
        with self._lock:
            found = [self._recent.get((tile.level, tile.index), None) for tile in tiles]
        missing = [
            n
            for n, data in enumerate(found)
            if data is None or len(data) < tiles[n].width * DIGEST_BYTES
        ]
        if missing:
            with self.store.snapshot() as snapshot:
                stored = snapshot.tiles([tiles[n] for n in missing])
            for n, data in zip(missing, stored, strict=True):
                found[n] = data
        return [data or b"" for data in found]

    def close(self) -> None:
        """Let go of the database."""
        self._wal.close()
        self._connection.close()

    def _restore(self) -> tuple[TileEdge, Head]:
        with self._connection.begin():
            snapshot = Snapshot(self._connection)
            stored = snapshot.head()
            if stored is None:
                raise ReplicaError("the database holds no ledger; `blockpool node init` makes one")
            edge = TileEdge.restore(stored.head.size, snapshot)
            if edge.root() != stored.root:
                raise ReplicaError("the tiles do not give the root of the head; restore a backup")
            for key, value in _stored_keys(self._connection):
                self.keys[key] = parse_public_key(value.key)
            self._in_force = self._signers_in({})
        return edge, stored.head

    def _restore_checkpoint(self, head: Head) -> Published:
        """The checkpoint of the head; `initialise`, which has no keys, leaves it to be signed."""
        with self._connection.begin():
            kept = Snapshot(self._connection).checkpoint()
            if kept is not None and kept[0] == head.size:
                return Published(head, kept[1])
            note = self._sign(head, self._edge, self._in_force)
            write_checkpoint(self._connection, head.size, note)
        return Published(head, note)

    def _sign(self, head: Head, edge: TileEdge, signers: Sequence[Signer]) -> bytes:
        checkpoint = Checkpoint(self.origin, head.size, edge.root())
        return sign_checkpoint(checkpoint, list(signers))

    def _signers_after(self, result: BlockResult) -> Sequence[Signer]:
        """Who signs the checkpoint of a block: the same as before, but for a vote on log keys.

        Where that gives keys this node lacks, nothing of the block is kept: a checkpoint by keys
        that are the ledger's no longer would be worth nothing to anybody.
        """
        if not log_keys.are_touched(result.changes, self._held):
            return self._in_force
        signers = self._signers_in(result.changes)
        if len(signers) < len(self._in_force):
            raise ReplicaError(
                "a vote gives this node other log keys: name their files in `next_log_key` and "
                "`next_log_key_pq`, and start it again"
            )
        return signers

    def _signers_in(self, changes: Mapping[str, Value | None]) -> Sequence[Signer]:
        """The keys in force in the state, these changes included."""

        def value_of(key: str) -> Value | None:
            return changes[key] if key in changes else self.state.get(key)

        return log_keys.in_force(value_of, self._held)

    def _adopt_keys(self, result: BlockResult) -> None:
        for key, value in result.changes.items():
            if isinstance(value, Key):
                self.keys[key.removeprefix("key/")] = parse_public_key(value.key)

    def _adopt_tiles(self, tiles: Mapping[Tile, bytes]) -> None:
        with self._lock:
            for tile, data in tiles.items():
                self._recent.put((tile.level, tile.index), data)


def initialise(store: SqlStore, genesis_leaf: bytes) -> Head:
    """Found a ledger in an empty database. Raises `Refused`, `FormatError`, `ReplicaError`."""
    record = parse_record(genesis_leaf)
    with store.engine.connect() as connection, connection.begin():
        snapshot = Snapshot(connection)
        if snapshot.head() is not None:
            raise ReplicaError("the database holds a ledger already")
        result = found(StoredState(connection, 1_000, 1_000), record, verify_signature)
        edge, tiles = TileEdge().extend([leaf_hash(leaf) for leaf in result.leaves])
        write_block(connection, result, edge, tiles, lambda _name: None)
        block = Block(result.head.time, result.seal.proposer, (record,))
        views.write(connection, block, result)
    return result.head


def origin_of(store: SqlStore) -> tuple[str, Genesis, DigestHex]:
    """Origin, genesis body and digest of the ledger in a database."""
    with store.snapshot() as snapshot:
        leaf = snapshot.leaf(0)
    if leaf is None:
        raise ReplicaError("the database holds no ledger; `blockpool node init` makes one")
    record: Record = parse_record(leaf.leaf)
    if not isinstance(record.body, Genesis):
        raise ReplicaError("the first leaf is not a genesis record")
    return record.body.origin, record.body, record.digest


def _stored_keys(connection: Connection) -> list[tuple[str, Key]]:
    table = table_of(StateRow)
    rows = connection.execute(table.select().where(table.c.key >= "key/", table.c.key < "key0"))
    found_keys = []
    for row in rows:
        value = parse_value(row.key, row.value)
        if isinstance(value, Key):
            found_keys.append((row.key.removeprefix("key/"), value))
    return found_keys
