"""What a node tells about its ledger, with the proofs; each answer is of one checkpoint."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from contracts.values import Value
from ledger import merkle_map, tree
from ledger.hashing import leaf_hash
from ledger.merkle_map import MapProof
from ledger.receipt import Receipt, encode_receipt
from ledger.records import parse_record
from ledger.seal import is_seal
from ledger.tiles import TILE_WIDTH, Bundle, Tile, TileReader, encode_bundle, tile_width
from ledger.types import DIGEST_BYTES, Digest, DigestHex, Time
from node.replica import Backfilling, NotPublished, Published, Replica
from node.storage.state import StoredState
from node.storage.store import Snapshot, StoredBlock, StoredLeaf

_CANDIDATES_MAX: Final = 20
_GAP_MAX: Final = 64  # it is cheaper to prove some neighbours than to begin anew


@dataclass(frozen=True, slots=True)
class ReadLeaf:
    """A leaf, its block, and what identifies it; a seal has no digest."""

    index: int
    leaf: bytes
    outcome: bytes | None
    digest: DigestHex | None
    kind: str
    block: StoredBlock


@dataclass(frozen=True, slots=True)
class OutcomeProof:
    """An outcome, its place among those of its block, and the seal that holds their root."""

    outcome: bytes
    position: int
    count: int
    proof: tuple[Digest, ...]
    seal_index: int
    seal_leaf: bytes
    seal_receipt: bytes


@dataclass(frozen=True, slots=True)
class StateProof:
    """A value of the state or its absence, with the seal that holds the state's root."""

    value: Value | None
    proof: MapProof
    size: int
    height: int
    time: Time
    state_root: Digest
    seal_leaf: bytes
    seal_receipt: bytes


def _runs(indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Spans `[start, end)` that hold these indexes and few others, such as seals between blocks."""
    start = end = -1
    for index in sorted(indexes):
        if start < 0:
            start = index
        elif index > end + _GAP_MAX:
            yield start, end
            start = index
        end = index + 1
    if start >= 0:
        yield start, end


@dataclass(frozen=True, slots=True)
class Endorsed:
    """A checkpoint to prove things under."""

    size: int
    checkpoint: bytes
    is_final: bool


class Reader:
    """Answers from what is committed and published. Raises `NotPublished`."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    @property
    def published(self) -> Published:
        """The checkpoint answers refer to."""
        published = self._replica.published
        if not published.checkpoint:
            raise NotPublished
        return published

    def endorsed(self, size: int) -> Endorsed:
        """The best checkpoint over so many leaves that were committed: the final one, if it is."""
        final = self._replica.final
        if final is not None and final.size >= size:
            return Endorsed(final.size, final.shortest, is_final=True)
        published = self._replica.published_from(size)
        return Endorsed(published.head.size, published.checkpoint, is_final=False)

    def _require(self, index: int) -> None:
        """Raise `Backfilling` for a leaf this node has yet to replay, as it began after it."""
        if index < self._replica.base:
            raise Backfilling

    def proofs(self, indexes: Sequence[int], size: int) -> list[tuple[Digest, ...]]:
        """Inclusion proofs of leaves under one checkpoint; those of neighbours cost little."""
        reader = TileReader(self._replica, size)
        found: dict[int, tuple[Digest, ...]] = {}
        for start, end in _runs(indexes):
            run = tree.inclusion_proofs(start, end, size, reader)
            found.update(zip(range(start, end), run, strict=True))
        return [found[index] for index in indexes]

    def receipt(self, index: int) -> bytes:
        """The `.tlog-proof` of a committed leaf, under the best checkpoint there is for it."""
        endorsed = self.endorsed(index + 1)
        proof = self.proofs([index], endorsed.size)[0]
        return encode_receipt(Receipt(index, proof, endorsed.checkpoint))

    def leaf(self, reference: int | DigestHex) -> ReadLeaf | None:
        """The leaf at an index, or the record of a digest."""
        with self._replica.store.snapshot() as snapshot:
            if isinstance(reference, int):
                self._require(reference)
                stored = snapshot.leaf(reference)
            else:
                stored = _record_of(snapshot, reference)
            if stored is None:
                self._require(0)  # it may be among those before
                return None
            block = snapshot.block_of(stored.index)
        if block is None:
            return None
        if is_seal(stored.leaf):
            return ReadLeaf(stored.index, stored.leaf, None, None, "seal", block)
        record = parse_record(stored.leaf)
        return ReadLeaf(
            stored.index, stored.leaf, stored.outcome, record.digest, record.kind, block
        )

    def digests_like(self, start: str) -> list[DigestHex]:
        """The digests of records that begin so; where there are many, some of them."""
        self._require(0)
        with self._replica.store.snapshot() as snapshot:
            some = islice(snapshot.candidates(start), _CANDIDATES_MAX)
            digests = {parse_record(stored.leaf).digest for stored in some}
        return sorted(one for one in digests if one.startswith(start))

    def outcome(self, leaf: ReadLeaf) -> OutcomeProof:
        """The outcome of a record (of a seal: the block's settlement), proved."""
        block = leaf.block
        with self._replica.store.snapshot() as snapshot:
            outcomes = snapshot.outcomes(block)
            seal = snapshot.leaf(block.seal_index)
        if seal is None:
            raise LookupError(f"block {block.height} has no seal")
        position = 0 if leaf.outcome is None else leaf.index - block.first + 1
        hashes = [leaf_hash(outcome) for outcome in outcomes]
        proof = tree.inclusion_proof(position, len(hashes), _ListReader(hashes))
        return OutcomeProof(
            outcome=outcomes[position],
            position=position,
            count=len(outcomes),
            proof=tuple(proof),
            seal_index=block.seal_index,
            seal_leaf=seal.leaf,
            seal_receipt=self.receipt(block.seal_index),
        )

    def state(self, key: str) -> StateProof:
        """The value under a key, or that there is none, proved under the latest seal."""
        with self._replica.store.snapshot() as snapshot:
            stored = snapshot.head()
            if stored is None:
                raise LookupError("the database holds no ledger")
            head = stored.head
            view = StoredState(snapshot.connection, 1, 64)
            value = snapshot.value(key)
            proof = merkle_map.prove(key.encode(), view, view.leaf_at)
            seal = snapshot.leaf(head.size - 1)
        if seal is None:
            raise LookupError("the log ends in no seal")
        return StateProof(
            value=value,
            proof=proof,
            size=head.size,
            height=head.height,
            time=head.time,
            state_root=head.state_root,
            seal_leaf=seal.leaf,
            seal_receipt=self.receipt(head.size - 1),
        )

    def tile(self, tile: Tile) -> bytes | None:
        """A tile of the published log; None for one it does not have, or not in that width."""
        if tile.width > tile_width(tile.level, tile.index, self.published.head.size):
            return None
        data = self._replica.tiles([tile])[0][: DIGEST_BYTES * tile.width]
        if len(data) < DIGEST_BYTES * tile.width:
            self._require(0)
        return data

    def bundle(self, bundle: Bundle) -> bytes | None:
        """An entry bundle of the published log."""
        if bundle.width > tile_width(0, bundle.index, self.published.head.size):
            return None
        start = TILE_WIDTH * bundle.index
        self._require(start)
        with self._replica.store.snapshot() as snapshot:
            return encode_bundle(snapshot.leaves(start, start + bundle.width))


class _ListReader:
    """A `tree.HashReader` over a short list of leaf hashes."""

    def __init__(self, hashes: Sequence[Digest]) -> None:
        self._hashes = hashes

    def hashes(self, nodes: Sequence[tree.Node]) -> list[Digest]:
        """As `tree.HashReader.hashes`."""
        return [
            tree.root_of(self._hashes[index << level : (index + 1) << level])
            for level, index in nodes
        ]


def _record_of(snapshot: Snapshot, digest: DigestHex) -> StoredLeaf | None:
    for stored in snapshot.candidates(digest):
        if parse_record(stored.leaf).digest == digest:
            return stored
    return None
