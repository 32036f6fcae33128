"""The leaves of another node's log, each chunk verified before any of it is used.

    bundles ──▶ leaves ──▶ edge of the tree so far
                              │   is it a prefix of the checkpoint's? (tiles, consistency proof)
                              ▼
                           blocks, cut at their seals

Only then are the leaves what the checkpoint's signer stands for: that they are valid is another
matter, and the business of the rules.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from contracts.replay import Block
from ledger import tree
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.hashing import leaf_hash
from ledger.records import Record, parse_record
from ledger.seal import Seal, is_seal, parse_seal
from ledger.tiles import (
    TILE_WIDTH,
    Bundle,
    Tile,
    TileEdge,
    TileReader,
    parse_bundle,
    tile_width,
)
from node.client.log_source import LogSource, SourceError, read_ahead, read_file
from node.replica import Diverged, SealedBlock

CHUNK_BUNDLES: Final = 8
"""Bundles verified, and committed, together: at most 2,048 leaves and what was left before them."""
JOBS: Final = 4
BLOCK_LEAVES_MAX: Final = 20_000


class WrongLeavesError(Exception):
    """The peer serves leaves that are not those of the checkpoint: garbage, or another history."""


@dataclass(slots=True)
class Feed:
    """The blocks after `edge`, as far as `target`.

    `edge` moves on with what was read, and `proof` shows that its tree grows into the target's;
    `sealed_proof` shows the same of the tree that ends with the last block. `kept` are the leaves
    from `kept_from` on, as long as they are not `dropped`.
    """

    source: LogSource
    target: Checkpoint
    edge: TileEdge
    proof: tree.Proof = ()
    sealed_proof: tree.Proof = ()
    kept: list[bytes] = field(default_factory=list)
    kept_from: int = 0
    _rest: list[Record] = field(default_factory=list)
    _tiles: TileReader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.kept_from = self.edge.size
        self._tiles = TileReader(RemoteTiles(self.source), self.target.size)

    def chunks(self) -> Generator[list[SealedBlock]]:
        """The blocks of each chunk, in order.

        Raises `WrongLeavesError`; `Diverged` for what is no leaf of any ledger; `SourceError`.
        """
        files = read_ahead(self.source, self._names(), JOBS)
        while chunk := list(islice(files, CHUNK_BUNDLES)):
            blocks = self._cut(self._verified(chunk))
            self.sealed_proof = self._proof_from(self.edge.size - len(self._rest))
            yield blocks
        if self._rest:
            raise Diverged(self.edge.size - 1, "the checkpoint does not end in a seal")

    def drop(self, count: int) -> None:
        """The first leaves kept are on disk."""
        del self.kept[:count]
        self.kept_from += count

    def _names(self) -> Iterator[Bundle]:
        size = self.target.size  # as the other says: it may be anything
        for index in range(self.edge.size // TILE_WIDTH, -(-size // TILE_WIDTH)):
            yield Bundle(index, tile_width(0, index, size))

    def _verified(self, files: Iterable[tuple[Bundle | Tile, bytes | None]]) -> list[bytes]:
        leaves: list[bytes] = []
        size = self.edge.size
        for name, data in files:
            if data is None:
                raise SourceError(f"{name.path} is not there")
            try:
                found = parse_bundle(data, name.width)
            except FormatError as error:
                raise WrongLeavesError(f"{name.path}: {error}") from error
            leaves += found[max(size - name.index * TILE_WIDTH, 0) :]
        edge, _ = self.edge.extend([leaf_hash(leaf) for leaf in leaves])
        self.proof = self._proof_from(edge.size)
        size, root = self.target.size, self.target.root
        try:
            tree.verify_consistency(edge.size, edge.root(), size, root, self.proof)
        except VerificationError as error:
            raise WrongLeavesError(str(error)) from error
        self.edge = edge
        self.kept += leaves
        return leaves

    def _proof_from(self, size: int) -> tree.Proof:
        """What the source's tiles give; to be verified against the root at that size."""
        try:
            return tree.consistency_proof(size, self.target.size, self._tiles)
        except FormatError as error:
            raise WrongLeavesError(str(error)) from error

    def _cut(self, leaves: Sequence[bytes]) -> list[SealedBlock]:
        """The blocks that end among these leaves; what follows the last seal is kept."""
        blocks: list[SealedBlock] = []
        records = self._rest
        for index, leaf in enumerate(leaves, self.edge.size - len(leaves)):
            if not is_seal(leaf):
                records.append(_record(leaf, index))
                if len(records) > BLOCK_LEAVES_MAX:
                    raise Diverged(index, f"a block has more than {BLOCK_LEAVES_MAX} records")
                continue
            seal = _seal(leaf, index)
            block = Block(seal.block_time, seal.proposer, records)
            envelopes = (one.envelope.encoded for one in records)
            blocks.append(SealedBlock(block, (*envelopes, leaf)))
            records = []
        self._rest = records
        return blocks


class RemoteTiles:
    """A `TileSource` that reads over the network."""

    def __init__(self, source: LogSource) -> None:
        self._source = source

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """As `TileSource.tiles`."""
        return [read_file(self._source, tile) or b"" for tile in tiles]


def _seal(leaf: bytes, index: int) -> Seal:
    try:
        return parse_seal(leaf).predicate
    except FormatError as error:
        raise Diverged(index, f"no seal: {error}") from error


def _record(leaf: bytes, index: int) -> Record:
    try:
        return parse_record(leaf)
    except FormatError as error:
        raise Diverged(index, f"no record: {error}") from error
