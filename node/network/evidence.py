"""What a node keeps of an orderer that lied; `node.client.evidence` says in which form."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger import tree
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.note import parse_note
from ledger.tiles import TILE_WIDTH, Bundle, TileReader, encode_bundle
from ledger.types import Digest, Time
from node.client.evidence import (
    CHECKPOINT,
    EARLIER,
    LASTING,
    SEAL,
    About,
    Evidence,
    Kind,
    check_fork,
    write,
)
from node.client.log_source import LogSource, SourceError
from node.network.feed import Feed, RemoteTiles
from node.replica import Replica

__all__ = [
    "Evidence",
    "Kind",
    "Nowhere",
    "checkpoint_in",
    "keep",
    "of_fork",
    "of_future",
    "of_rules",
]


def of_rules(replica: Replica, feed: Feed, note: bytes) -> Evidence:
    """That leaves the orderer signed are not what the rules yield: all leaves read so far."""
    about = About(kind="rules", size=feed.edge.size, proof=feed.proof)
    return Evidence(about, {CHECKPOINT: note}, _bundles(replica, feed))


@dataclass(frozen=True, slots=True)
class Known:
    """How the leaves this node holds begin the log of a checkpoint it was given."""

    size: int
    root: Digest
    note: bytes
    proof: tuple[Digest, ...] = ()


def known_of(replica: Replica, other_size: int) -> Known | None:
    """What to hold a checkpoint of so many leaves against; None where there is nothing."""
    published, underway = replica.published, replica.underway
    if other_size < replica.base:
        return None
    if underway is not None and other_size >= underway.size:
        return Known(underway.size, underway.root, underway.note, underway.proof)
    if not published.checkpoint:
        return None
    size = min(other_size, published.head.size)
    reader = TileReader(replica, published.head.size)
    proof = tree.consistency_proof(size, published.head.size, reader)
    return Known(size, tree.root(size, reader), published.checkpoint, tuple(proof))


def of_fork(replica: Replica, source: LogSource, note: bytes) -> Evidence | None:
    """That a checkpoint contradicts what this node holds, if the source can show it.

    The source is asked only where the checkpoint covers more than this node holds. Raises
    `SourceError`, `FormatError`.
    """
    other = checkpoint_in(note)
    known = known_of(replica, other.size)
    if known is None or known.note == note or known.size == 0:
        return None
    root: Digest = other.root
    proof: tree.Proof = ()
    if known.size < other.size:
        reader = TileReader(RemoteTiles(source), other.size)
        root = tree.root(known.size, reader)
        proof = tree.consistency_proof(known.size, other.size, reader)
    about = About(
        kind="fork",
        size=known.size,
        proof=tuple(proof),
        root=root,
        earlier_proof=known.proof,
        earlier_root=known.root,
    )
    try:
        check_fork(checkpoint_in(known.note), other, about)
    except VerificationError:
        return None
    return Evidence(about, {EARLIER: known.note, CHECKPOINT: note})


def of_future(replica: Replica, note: bytes, size: int, now: Time) -> Evidence:
    """That the last block of a checkpoint of this log was still to come `now`."""
    with replica.store.snapshot() as snapshot:
        stored = snapshot.leaf(size - 1)
    if stored is None:
        raise FormatError(f"leaf {size - 1} is missing")
    proof = tree.inclusion_proof(size - 1, size, TileReader(replica, size))
    about = About(kind="future", size=size, proof=tuple(proof), seen_at=now)
    return Evidence(about, {CHECKPOINT: note, SEAL: stored.leaf})


class Nowhere:
    """A `LogSource` where there is none to ask: this node holds all it takes."""

    def read(self, path: str, _bytes_max: int) -> bytes | None:
        """As `LogSource.read`."""
        raise SourceError(f"{path}: nobody to ask")


def keep(folder: Path, evidence: Evidence, size: int) -> Path:
    """Write evidence beside what was kept before; returns the file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = evidence.about.kind
    number = len([*folder.glob(f"{kind}-{size}-*.zip")])
    path = folder / f"{kind}-{size}-{number}.zip"
    write(path, evidence)
    return path


def kept_in(folder: Path) -> Path | None:
    """Evidence of what ends following a log that was kept before, the latest file of it."""
    found = [one for kind in LASTING for one in folder.glob(f"{kind}-*.zip")]
    return max(found, key=lambda one: one.stat().st_mtime_ns, default=None)


def checkpoint_in(note: bytes) -> Checkpoint:
    """The checkpoint a note speaks of, whoever signed it. Raises `FormatError`."""
    return parse_checkpoint(parse_note(note).text)


def _bundles(replica: Replica, feed: Feed) -> Iterator[tuple[str, bytes]]:
    """The leaves on disk, then those that were read and are not."""
    size = feed.edge.size
    for start in range(0, size, TILE_WIDTH):
        end = min(start + TILE_WIDTH, size)
        leaves: list[bytes] = []
        if start < feed.kept_from:
            with replica.store.snapshot() as snapshot:
                leaves += snapshot.leaves(start, min(end, feed.kept_from))
        first = max(start, feed.kept_from) - feed.kept_from
        leaves += feed.kept[first : max(end - feed.kept_from, 0)]
        if len(leaves) != end - start:
            raise FormatError(f"leaves of the bundle at {start} are missing")
        yield Bundle(start // TILE_WIDTH, end - start).path, encode_bundle(leaves)
