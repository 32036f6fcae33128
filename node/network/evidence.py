"""What a node keeps of an orderer that lied; `node.client.evidence` says in which form."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger import tree
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.note import parse_note
from ledger.tiles import TILE_WIDTH, Bundle, TileReader, encode_bundle, parse_tile_path
from ledger.types import Digest
from node.client.evidence import CHECKPOINT, EARLIER, About, Evidence, Kind, check_fork, write
from node.client.log_source import LogSource
from node.network.feed import Feed, RemoteTiles
from node.replica import Replica

__all__ = ["Evidence", "Kind", "OwnLog", "checkpoint_in", "keep", "of_fork", "of_rules"]


def of_rules(replica: Replica, feed: Feed, note: bytes) -> Evidence:
    """That leaves the orderer signed are not what the rules yield: all leaves read so far."""
    about = About(kind="rules", size=feed.edge.size, proof=feed.proof)
    return Evidence(about, {CHECKPOINT: note}, _bundles(replica, feed))


def of_fork(source: LogSource, earlier: bytes, later: bytes) -> Evidence | None:
    """That two checkpoints contradict one another, if the source can show it.

    Raises `SourceError`, `FormatError`.
    """
    notes = {EARLIER: earlier, CHECKPOINT: later}
    first, second = checkpoint_in(earlier), checkpoint_in(later)
    proof: Sequence[Digest] = ()
    root = b""
    if 0 < first.size < second.size:
        reader = TileReader(RemoteTiles(source), second.size)
        root = tree.root(first.size, reader)
        proof = tree.consistency_proof(first.size, second.size, reader)
    about = About(kind="fork", size=first.size, proof=tuple(proof), root=root)
    try:
        check_fork(first, second, about)
    except VerificationError:
        return None
    return Evidence(about, notes)


class OwnLog:
    """The tiles of this node, as a `LogSource`."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """As `LogSource.read`."""
        name = parse_tile_path(path)
        if isinstance(name, Bundle):
            return None
        return self._replica.tiles([name])[0][:bytes_max]


def keep(folder: Path, evidence: Evidence, size: int) -> Path:
    """Write evidence beside what was kept before; returns the file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = evidence.about.kind
    number = sum(1 for _ in folder.glob(f"{kind}-{size}-*.zip"))
    path = folder / f"{kind}-{size}-{number}.zip"
    write(path, evidence)
    return path


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
