"""One node's copy of the ledger: it decides, stores and publishes blocks, one after the other.

    apply(block):  decide (`replay.step`)           a crash here loses nothing: nothing was promised
                   extend the tree, sign its checkpoint
                   one transaction: leaves, tiles, state, map, head, views, checkpoint
                   ── committed ──                  a crash here loses nothing: it is all there
                   publish

    follow(blocks, note):  the same with blocks that another node ordered: each is decided anew, and
                           kept if that yields the very leaves; `note` is the other's checkpoint

A signed checkpoint leaves this process only after its block is on disk. It is *final* once the
ledger's quorum of witnesses has cosigned it: then no other history can be.

If the transaction fails, it is rolled back and what is in memory is still what is on disk; but the
disk can no longer be trusted to keep promises, so the error is passed on and the node stops.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from msgspec.msgpack import decode, encode
from sqlalchemy import Connection, select

from contracts.replay import Block, BlockError, BlockResult, Head, found, step
from contracts.transition import Rejected, SignatureCheck
from contracts.values import Key, Value, parse_value
from ledger import tree
from ledger.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.envelope import verify_signature
from ledger.errors import VerificationError
from ledger.hashing import leaf_hash
from ledger.keys import PublicKey, Signer, parse_public_key
from ledger.note import parse_note
from ledger.records import Genesis, Record, parse_record
from ledger.tiles import Tile, TileEdge, TileReader
from ledger.types import DIGEST_BYTES, Count, Digest, DigestHex, MemberId
from node import log_keys, views
from node.storage.cache import GenerationalCache
from node.storage.models import StateRow, table_of
from node.storage.state import StoredState
from node.storage.store import (
    Snapshot,
    SqlStore,
    Step,
    write_block,
    write_checkpoint,
    write_final_checkpoint,
    write_underway,
)
from node.storage.wal import mover_of
from node.trust import NODE, Trust, endorse, registered_by, shortest_quorum, trust_in

_RECENT_TILES = 64
PUBLISHING_S_MAX = 10
GENESIS_LEAVES: Final = 2
"""The genesis record and its seal."""


class ReplicaError(Exception):
    """The database and the log it holds do not agree, or hold no ledger."""


class NotPublished(Exception):  # noqa: N818  the name states the fact
    """What was committed has no checkpoint yet: a node that follows is catching up."""


class Backfilling(NotPublished):
    """What is asked for lies before the snapshot from which this node began: not replayed yet."""


class Diverged(Exception):  # noqa: N818  the name states the fact
    """The rules make something else of a block than the node that ordered it."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(f"leaf {index}: {why}")
        self.index = index


@dataclass(frozen=True, slots=True)
class CacheSizes:
    """How many state values and map nodes the committing thread keeps at hand."""

    values_max: int = 200_000
    nodes_max: int = 200_000


@dataclass(frozen=True, slots=True)
class Published:
    """What everybody may see: a size, its signed checkpoint, the head it belongs to.

    `checkpoint` is empty as long as a node that follows has none. `trust` is that of the state the
    checkpoint commits to.
    """

    head: Head
    checkpoint: bytes
    trust: Trust


@dataclass(frozen=True, slots=True)
class FinalCheckpoint:
    """The latest checkpoint with the ledger's quorum; `shortest` has no more than it takes."""

    size: int
    checkpoint: bytes
    shortest: bytes


class Underway(Struct, frozen=True):
    """Leaves on disk on the way to a checkpoint of another node: its log begins with them."""

    size: Count
    root: Digest
    note: bytes
    proof: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block as another node sealed it: its leaves are its records' and, last, the seal."""

    block: Block
    leaves: tuple[bytes, ...]


class Replica:
    """The ledger on this node. `apply` is called from one thread at a time."""

    def __init__(  # noqa: PLR0913  what it is to be, each with its default
        self,
        store: SqlStore,
        origin: str,
        log_signers: Sequence[Signer] = (),
        *,
        verify: SignatureCheck = verify_signature,
        cache: CacheSizes = CacheSizes(),
        also: Sequence[PublicKey] = (),
        on_step: Step = lambda _name: None,
    ) -> None:
        self.store = store
        self.origin = origin
        self._held = log_signers
        self._verify = verify
        self._on_step = on_step
        self._connection: Connection = store.engine.connect()
        self._cache = cache
        self._also = also
        self._lock = threading.Lock()
        self._committing = threading.Lock()
        self._listeners: list[Callable[[Published, Block, BlockResult], None]] = []
        self._publishing = threading.Condition()
        self._underway: Underway | None = None
        self._stored_final: FinalCheckpoint | None = None
        self.base = 0
        """From here on this copy holds the log: 0, unless it began from a snapshot."""
        self.keys: dict[str, PublicKey] = {}
        self._in_force: Sequence[Signer] = ()
        try:
            self._restore()
            self._published, self._final = self._restore_checkpoints()
        except BaseException:
            self._connection.close()
            raise
        self._stored_final = self._final
        self._wal = mover_of(store.engine)

    @property
    def published(self) -> Published:
        """The latest checkpoint."""
        return self._published

    @property
    def head(self) -> Head:
        """Where the log on disk stands; a node that catches up publishes it later."""
        return self._head

    @property
    def underway(self) -> Underway | None:
        """Where the log on disk stands, if that is on the way to a checkpoint."""
        return self._underway

    @property
    def edge(self) -> TileEdge:
        """The right edge of the tree at `head`."""
        return self._edge

    @property
    def final(self) -> FinalCheckpoint | None:
        """The latest checkpoint with a quorum; None before there is one."""
        return self._final

    def holds_log_keys_of(self, member: MemberId) -> bool:
        """Whether this node can sign checkpoints as a member that may order them."""
        held = {one.public_key.keyid for one in self._held}
        keys = self._trust.orderers.get(member, ())
        return bool(keys) and held.issuperset(key.keyid for key in keys)

    def published_from(self, size: int) -> Published:
        """The latest checkpoint, once it covers `size` leaves. Raises `NotPublished`.

        Readers see a block as soon as it is committed, a moment before its checkpoint is signed.
        """
        with self._publishing:
            is_behind = self._underway is not None or not self._published.checkpoint
            if is_behind and self._published.head.size < size:
                raise NotPublished
            if not self._publishing.wait_for(
                lambda: self._published.head.size >= size, PUBLISHING_S_MAX
            ):
                raise NotPublished
        if not self._published.checkpoint:
            raise NotPublished
        return self._published

    def is_settled(self, index: int) -> bool:
        """Whether a leaf is final, or never will be as no quorum can be had."""
        trust = self._published.trust
        is_final = _covers(self._final, index + 1)
        return is_final or trust.quorum == 0 or not trust.can_be_final

    def subscribe(self, listener: Callable[[Published, Block, BlockResult], None]) -> None:
        """Call `listener` after each block, on the committing thread; it MUST NOT raise or wait."""
        self._listeners.append(listener)

    def apply(self, block: Block) -> BlockResult:
        """Decide a block and, unless nothing happened in it, commit and publish it."""
        if self.base:
            raise ReplicaError("who began from a snapshot orders nothing before it has replayed")
        with self._committing:
            return self._apply(block)

    def follow(
        self, sealed: Sequence[SealedBlock], note: bytes, proof: Sequence[Digest] = ()
    ) -> None:
        """Commit the blocks another node ordered next, all or none, on the way to its checkpoint.

        They are published once they reach it; until then `proof` shows that its log begins so. Each
        time it has to be signed by an orderer of the state reached. Raises `Diverged` where the
        rules make something else of a block, and what `endorse` raises.
        """
        with self._committing:
            self._follow(sealed, note, proof)

    def finalise(self, note: bytes) -> bool:
        """Make a cosigned checkpoint the final one; False if it is no newer, or has no quorum.

        From any thread. It is stored with the next block: if a crash comes first, the cosignatures
        are given again. Raises `FormatError`, and `VerificationError` for one of another log.
        """
        checkpoint = parse_checkpoint(parse_note(note).text)
        if not self.base <= checkpoint.size <= self._head.size:
            return False
        try:
            shortest = shortest_quorum(note, self._published.trust)
        except VerificationError:
            return False
        final = FinalCheckpoint(checkpoint.size, note, shortest)
        if tree.root(final.size, TileReader(self, final.size)) != checkpoint.root:
            raise VerificationError("the final checkpoint is of another log")
        with self._publishing:
            if _covers(self._final, final.size):
                return False
            self._final = final
        return True

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

    def move_to(self, store: SqlStore) -> None:
        """Go on with another copy of the ledger, which holds what was published, or more.

        From any thread. Who reads may still see the old copy for a moment: let go of it later.
        """
        with self._committing:
            if self._wal is not None:
                self._wal.close()
            self._connection.close()
            self.store, self._connection = store, store.engine.connect()
            self._wal = mover_of(store.engine)
            self._restore()
            published, final = self._restore_checkpoints()
            with self._publishing:
                self._published = published
                if final is not None and not _covers(self._final, final.size):
                    self._final = final
                self._publishing.notify_all()

    def close(self) -> None:
        """Let go of the database."""
        if self._unstored_final() is not None:
            with self._connection.begin():
                self._write_final()
        if self._wal is not None:
            self._wal.close()
        self._connection.close()

    def _apply(self, block: Block) -> BlockResult:
        with self._connection.begin():
            result = step(self.state, self._head, block, self._verify)
            if result.is_empty:
                return result
            edge, tiles = self._write(self._edge, block, result)
            signers, trust = self._signers_after(result), self._trust_after(result.changes)
            note = self._sign(result.head, edge, signers)
            published = Published(result.head, note, trust)
            self._write_checkpoints(published)
        self._on_step("committed")
        # From here on the block is promised; memory follows.
        self._in_force, self._trust = signers, trust
        self._adopt(result, edge, tiles)
        self._publish(published, [(block, result)])
        return result

    def _follow(self, sealed: Sequence[SealedBlock], note: bytes, proof: Sequence[Digest]) -> None:
        done: list[tuple[Block, BlockResult]] = []
        try:
            with self._connection.begin():
                for one in sealed:
                    result = self._decide(one)
                    edge, tiles = self._write(self._edge, one.block, result)
                    self._adopt(result, edge, tiles)
                    self._trust = self._trust_after(result.changes)
                    if log_keys.are_touched(result.changes, self._held):
                        self._in_force = self._signers_in({})
                    done.append((one.block, result))
                published, underway = self._endorsed(note, proof)
                if underway is None:
                    self._write_checkpoints(published)
                else:
                    write_underway(self._connection, self._head.size, encode(underway))
        except BaseException:
            self._restore()  # memory had run ahead of the disk
            raise
        self._on_step("committed")
        self._underway = underway
        self._publish(published, done)

    def _restore(self) -> None:
        """Take from the database what is kept in memory of the log's end."""
        self._stored_final = None
        with self._lock:
            self._recent = GenerationalCache[tuple[int, int], bytes](_RECENT_TILES)
        self.state = StoredState(self._connection, self._cache.values_max, self._cache.nodes_max)
        with self._connection.begin():
            snapshot = Snapshot(self._connection)
            stored = snapshot.head()
            if stored is None:
                raise ReplicaError("the database holds no ledger; `blockpool node init` makes one")
            self._edge, self._head = TileEdge.restore(stored.head.size, snapshot), stored.head
            self.base = snapshot.base()
            if self._edge.root() != stored.root:
                raise ReplicaError("the tiles do not give the root of the head; restore a backup")
            self.keys = {
                key: parse_public_key(value.key) for key, value in _stored_keys(self._connection)
            }
            self._in_force = self._signers_in({})
            registered = registered_by(_stored_names(self._connection, NODE))
            self._trust = trust_in(self.state.get, self.origin, registered)

    def _restore_checkpoints(self) -> tuple[Published, FinalCheckpoint | None]:
        """The checkpoints of the head; `initialise`, which has no keys, leaves it to be signed.

        A node that follows may have stopped between two checkpoints of the other's.
        """
        self._underway = None
        with self._connection.begin():
            snapshot = Snapshot(self._connection)
            kept, final = snapshot.checkpoint(), snapshot.final_checkpoint()
            head, underway = self._head, snapshot.underway()
            if kept is not None and kept[0] == head.size:
                note = kept[1]
            elif underway is None and self._in_force and self._is_in_office():
                note = self._sign(head, self._edge, self._in_force)
                write_checkpoint(self._connection, head.size, note)
            else:
                size, note = (GENESIS_LEAVES, b"") if kept is None else kept
                head = snapshot.head_at(size, head.ledger)
                if underway is not None:
                    self._underway = decode(underway, type=Underway)
        published = Published(head, note, self._trust)
        if self._trust.quorum == 0:
            return published, FinalCheckpoint(head.size, note, note) if note else None
        return published, None if final is None else FinalCheckpoint(final[0], final[1], final[1])

    def _is_in_office(self) -> bool:
        """Whether the keys held are of the member that orders; any orderer's without sequencer."""
        trust = self._trust
        of_office = trust.orderers if trust.sequencer is None else (trust.sequencer,)
        return any(map(self.holds_log_keys_of, of_office))

    def _decide(self, sealed: SealedBlock) -> BlockResult:
        """What the rules make of a block, if that is what another node sealed."""
        first = self._head.size
        try:
            result = step(self.state, self._head, sealed.block, self._verify)
        except BlockError as error:
            raise Diverged(first + len(sealed.leaves) - 1, str(error)) from error
        if result.is_empty:
            raise Diverged(first, "nothing happens in this block")
        if result.leaves != sealed.leaves:
            raise Diverged(*_first_difference(first, sealed, result))
        return result

    def _write(
        self, before: TileEdge, block: Block, result: BlockResult
    ) -> tuple[TileEdge, dict[Tile, bytes]]:
        """Write a block within the open transaction."""
        edge, tiles = before.extend([leaf_hash(leaf) for leaf in result.leaves])
        write_block(self._connection, result, edge, tiles, self._on_step)
        if not self.base:  # a view that lacks what came before would be none
            views.write(self._connection, block, result)
        self._on_step("views")
        return edge, tiles

    def _write_checkpoints(self, published: Published) -> None:
        write_checkpoint(self._connection, published.head.size, published.checkpoint)
        self._write_final()
        self._on_step("checkpoint")

    def _write_final(self) -> None:
        """Keep the final checkpoint, where it is one of witnesses and a newer one."""
        final = self._unstored_final()
        if final is not None:
            write_final_checkpoint(self._connection, final.size, final.checkpoint)
            self._stored_final = final

    def _unstored_final(self) -> FinalCheckpoint | None:
        is_stored = self._final is self._stored_final or self._trust.quorum == 0
        return None if is_stored else self._final

    def _adopt(self, result: BlockResult, edge: TileEdge, tiles: Mapping[Tile, bytes]) -> None:
        """Have in memory what is written."""
        self.state.adopt(result)
        self._edge, self._head = edge, result.head
        for key, value in result.changes.items():
            if isinstance(value, Key):
                self.keys[key.removeprefix("key/")] = parse_public_key(value.key)
        with self._lock:
            for tile, data in tiles.items():
                self._recent.put((tile.level, tile.index), data)

    def _publish(self, published: Published, done: Sequence[tuple[Block, BlockResult]]) -> None:
        with self._publishing:
            self._published = published
            if published.trust.quorum == 0 and published.checkpoint:
                size, note = published.head.size, published.checkpoint
                self._final = FinalCheckpoint(size, note, note)
            self._publishing.notify_all()
        for block, result in done:
            for listener in self._listeners:
                listener(published, block, result)
        if self._wal is not None:
            self._wal.after_block()

    def _endorsed(self, note: bytes, proof: Sequence[Digest]) -> tuple[Published, Underway | None]:
        """What another node's checkpoint makes of the log as it now stands."""
        size, root = self._head.size, self._edge.root()
        end = parse_checkpoint(parse_note(note).text)
        is_reached = end.size == size
        endorse(note, self._trust, () if is_reached else self._also)
        tree.verify_consistency(size, root, end.size, end.root, proof)
        if is_reached:
            return Published(self._head, note, self._trust), None
        return self._published, Underway(size, root, note, tuple(proof))

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

    def _trust_after(self, changes: Mapping[str, Value | None]) -> Trust:
        """Whose word counts after a block: as before, unless it changed what that rests on."""
        if not self._trust.rests_on(changes):
            return self._trust

        def value_of(key: str) -> Value | None:
            return changes[key] if key in changes else self.state.get(key)

        registered = self._trust.registered | registered_by(changes)
        return trust_in(value_of, self.origin, registered)


def _covers(final: FinalCheckpoint | None, size: int) -> bool:
    return final is not None and final.size >= size


def _first_difference(first: int, sealed: SealedBlock, result: BlockResult) -> tuple[int, str]:
    """Index of the first leaf the rules do not yield, and why."""
    for n, verdict in enumerate(result.verdicts):
        if isinstance(verdict, Rejected):
            return first + n, f"{verdict.reason.code}: {verdict.detail}"
    return first + len(sealed.leaves) - 1, "the seal is not the one the rules yield"


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


def _stored_names(connection: Connection, prefix: str) -> list[str]:
    """The keys of the state that begin so."""
    key = table_of(StateRow).c.key
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return list(connection.execute(select(key).where(key >= prefix, key < end)).scalars())


def _stored_keys(connection: Connection) -> list[tuple[str, Key]]:
    table = table_of(StateRow)
    rows = connection.execute(table.select().where(table.c.key >= "key/", table.c.key < "key0"))
    found_keys = []
    for row in rows:
        value = parse_value(row.key, row.value)
        if isinstance(value, Key):
            found_keys.append((row.key.removeprefix("key/"), value))
    return found_keys
