"""A snapshot of another node, checked before any of it is used.

    policy        the operator's: the checkpoint is one of this log, with the quorum it asks for
    tiles         the tree at the snapshot's size is the beginning of that checkpoint's
    seal          its last leaf there, proved; it names the root of the state
    parts         all pairs of the state, in a database of their own
    map           made anew over them: its root is the seal's
    state         by its own account the checkpoint is signed and cosigned by who may

Whatever is wrong, the database is gone again. Nothing the other says is believed: it says how large
the snapshot is, and more than that is not read. What is written has no rules applied to it yet: the
node that stands on it replays the log all the same (`node.network.joining`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import DecodeError
from msgspec.json import Decoder
from msgspec.msgpack import encode
from sqlalchemy import Connection

from contracts.replay import Head
from contracts.values import Ledger
from contracts.view import read
from ledger import tree
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError, VerificationError
from ledger.hashing import leaf_hash, sha256
from ledger.policy import Policy, verify_policy
from ledger.seal import parse_seal
from ledger.snapshot import PART_BYTES_MAX, parse_part
from ledger.tiles import TILE_WIDTH, Bundle, TileEdge, TileReader, parse_bundle, tile_width
from ledger.types import Digest, DigestHex
from node.client.answers import Offer
from node.client.log_source import LogSource, SourceError, read_file
from node.network.feed import RemoteTiles
from node.replica import Underway
from node.storage.database import forget_database, open_database
from node.storage.disk import DiskGuard
from node.storage.pairs import Base, build_map, write_base, write_pairs
from node.storage.state import StoredState
from node.storage.store import SqlStore, write_underway
from node.trust import endorse, shortest_quorum, trust_in

OFFER_BYTES_MAX: Final = 1_024
ROOM_FACTOR: Final = 6
"""State, index and nodes of the map take three times the bytes of the pairs; and so does the log
beside the database, for as long as they are written."""
_offer: Final = Decoder(Offer)
Told = Callable[[int, int], None]
"""Told how many parts have come, of how many."""


class SnapshotError(Exception):
    """There is no snapshot to be had of this node, or none to be believed."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known before: the ledger, its first leaves, whom to believe, how much room to leave.

    Raises `SnapshotError` for a policy that asks for no cosignatures: the word of one node alone is
    not enough for a state nobody here has replayed.
    """

    origin: str
    ledger: DigestHex
    founding: tuple[bytes, ...]
    policy: Policy
    room: DiskGuard

    def __post_init__(self) -> None:
        if self.policy.quorum is None:
            raise SnapshotError("`believed_policy` asks for no quorum: nobody vouches for a state")

    def checkpoint_in(self, note: bytes) -> Checkpoint:
        """The checkpoint of this log in a note, if it holds under the policy.

        Raises `FormatError`, `VerificationError`.
        """
        checkpoint = verify_policy(self.policy, note).checkpoint
        if checkpoint.origin != self.origin:
            raise VerificationError(f"it is a checkpoint of the log {checkpoint.origin}")
        return checkpoint


def read_offer(source: LogSource) -> Offer:
    """What a node offers. Raises `SnapshotError`, and `SourceError` where it may offer one soon."""
    data = source.read("v1/snapshot", OFFER_BYTES_MAX)
    if data is None:
        raise SnapshotError("it offers no snapshot")
    try:
        return _offer.decode(data)
    except DecodeError as error:
        raise SnapshotError(f"it offers something else: {error}") from error


def fetch(
    source: LogSource, offer: Offer, note: bytes, ground: Ground, database: Path, told: Told
) -> None:
    """Have the state of a snapshot in a database of its own, under a checkpoint that covers it.

    Raises `SnapshotError`, `SourceError`, `OSError`.
    """
    if offer.parts > 2 * offer.bytes_count // PART_BYTES_MAX + 1:  # two of them fill more than one
        raise SnapshotError(f"{offer.parts} parts for {offer.bytes_count} bytes")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = ground.room.free_bytes(database.parent)
    if free < ground.room.reserve_bytes + ROOM_FACTOR * offer.bytes_count:
        raise SnapshotError(f"{offer.bytes_count} bytes of state, and but {free} are free")
    is_whole = False
    forget_database(database)
    try:
        base, underway = _base(source, offer.size, note, ground)
        store = SqlStore(open_database(database))
        try:
            _write(store, source, offer, base, underway, ground, told)
            is_whole = True
        finally:
            store.engine.dispose()
    except LedgerError as error:
        raise SnapshotError(str(error)) from error
    finally:
        if not is_whole:
            forget_database(database)


def _base(source: LogSource, size: int, note: bytes, ground: Ground) -> tuple[Base, Underway]:
    """Where the log stands at the snapshot's size, proved under the checkpoint."""
    checkpoint = ground.checkpoint_in(note)
    if not len(ground.founding) < size <= checkpoint.size:
        raise VerificationError(f"the checkpoint over {checkpoint.size} leaves does not cover it")
    tiles = RemoteTiles(source)
    reader = TileReader(tiles, checkpoint.size)
    root = tree.root(size, reader)
    proof = tree.consistency_proof(size, checkpoint.size, reader)
    tree.verify_consistency(size, root, checkpoint.size, checkpoint.root, proof)
    edge = TileEdge.restore(size, tiles)
    if edge.root() != root:
        raise VerificationError("its tiles do not give the root of its tree")
    leaf = _leaf(source, size - 1, checkpoint.size)
    inclusion = tree.inclusion_proof(size - 1, checkpoint.size, reader)
    tree.verify_inclusion(leaf_hash(leaf), size - 1, checkpoint.size, inclusion, checkpoint.root)
    seal = parse_seal(leaf).predicate
    head = Head(
        ledger=ground.ledger,
        height=seal.height,
        size=size,
        seal=sha256(leaf).hex(),
        time=seal.block_time,
        state_root=Digest(bytes.fromhex(seal.state_root)),
    )
    leaves = (*enumerate(ground.founding), (size - 1, leaf))
    return Base(head, edge, leaves, note), Underway(size, root, note, tuple(proof))


def _leaf(source: LogSource, index: int, size: int) -> bytes:
    name = Bundle(index // TILE_WIDTH, tile_width(0, index // TILE_WIDTH, size))
    data = read_file(source, name)
    if data is None:
        raise SourceError(f"{name.path} is not there")
    return parse_bundle(data, name.width)[index % TILE_WIDTH]


def _write(  # noqa: PLR0913, PLR0917  what goes into it, and whom to tell
    store: SqlStore,
    source: LogSource,
    offer: Offer,
    base: Base,
    underway: Underway,
    ground: Ground,
    told: Told,
) -> None:
    """All of it in one transaction: it is there, and believed, or nothing is."""
    with store.engine.connect() as connection, connection.begin():
        _write_parts(connection, source, offer, told)
        if build_map(connection) != base.head.state_root:
            raise VerificationError("its state is not the one of the seal")
        _check_state(StoredState(connection, 1_000, 1), base.note, ground)
        write_base(connection, base)
        write_underway(connection, base.head.size, encode(underway))


def _write_parts(connection: Connection, source: LogSource, offer: Offer, told: Told) -> None:
    after, left = b"", offer.bytes_count
    for number in range(offer.parts):
        path = f"v1/snapshots/{offer.size}/{number}"
        data = source.read(path, min(left, PART_BYTES_MAX))
        if data is None:
            raise SourceError(f"{path} is not there")
        pairs = parse_part(data, after)
        write_pairs(connection, pairs)
        after, left = pairs[-1][0], left - len(data)
        told(number + 1, offer.parts)


def _check_state(state: StoredState, note: bytes, ground: Ground) -> None:
    """The state is of this ledger, and agrees that the checkpoint is one to believe."""
    ledger = read(state, Ledger, "ledger")
    if ledger is None or (ledger.digest, ledger.origin) != (ground.ledger, ground.origin):
        raise VerificationError("its state is of another ledger")
    trust = trust_in(state.get, ground.origin, frozenset())
    endorse(note, trust, [entry.key.public_key for entry in ground.policy.logs])
    if trust.quorum:
        shortest_quorum(note, trust)
