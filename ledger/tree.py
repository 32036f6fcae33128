"""The Merkle tree of the log: roots, inclusion proofs, consistency proofs (RFC 9162 section 2.1).

A *node* is named by `(level, index)` and spans the leaves `[index << level, (index + 1) << level)`,
cut off at the size of the tree. The tree of 7 leaves:

    level 3                    0                    (3, 0) is the root
                      ┌────────┴────────┐
    level 2           0                 1           (2, 1) is ragged: it spans leaves 4, 5, 6
                  ┌───┴───┐         ┌───┴───┐
    level 1       0       1         2       3       (1, 3) is ragged: it is leaf 6, risen
                ┌─┴─┐   ┌─┴─┐     ┌─┴─┐     │
    level 0     0   1   2   3     4   5     6

A node wholly inside the tree is *complete*: its hash never changes again, so it can be stored. The
hash of a *ragged* one changes as the tree grows; it is folded from complete nodes when needed. A
proof is the list of siblings met on the way up; where a node has no sibling it adds nothing.

Whoever verifies supplies index and sizes. The proof carries hashes only, exactly as many as index
and sizes call for: a missing or a spare one is refused.

>>> from ledger.hashing import leaf_hash
>>> leaves = [leaf_hash(letter) for letter in (b"a", b"b", b"c")]
>>> class Reader:  # any source of complete nodes
...     def hashes(self, nodes):
...         return [root_of(leaves[i << level : (i + 1) << level]) for level, i in nodes]
>>> proof = inclusion_proof(2, 3, Reader())
>>> proof == (node_hash(leaves[0], leaves[1]),)
True
>>> verify_inclusion(leaves[2], 2, 3, proof, root_of(leaves))
>>> proof = consistency_proof(1, 3, Reader())
>>> verify_consistency(1, leaves[0], 3, root_of(leaves), proof)
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

from ledger.errors import VerificationError
from ledger.hashing import EMPTY_ROOT, node_hash
from ledger.types import DIGEST_BYTES, Digest

Node = tuple[int, int]
"""Level and index of a node."""

Proof = tuple[Digest, ...]
"""Siblings on the way up, the one nearest to the leaf first."""


class HashReader(Protocol):
    """Where the hashes of complete nodes come from."""

    def hashes(self, nodes: Sequence[Node]) -> Sequence[Digest]:
        """MUST return one hash for each of `nodes`, in their order; all of them are complete."""
        ...


def root_of(leaf_hashes: Sequence[Digest]) -> Digest:
    """The root over a whole list of leaf hashes; about 0.7 µs a leaf."""
    if not leaf_hashes:
        return EMPTY_ROOT
    sha256 = hashlib.sha256
    row: list[bytes] = list(leaf_hashes)
    while len(row) > 1:
        risen = row[len(row) & ~1 :]
        pairs = zip(row[::2], row[1::2], strict=False)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        row += risen
    return Digest(row[0])


def root(size: int, reader: HashReader) -> Digest:
    """The root of the first `size` leaves."""
    if size == 0:
        return EMPTY_ROOT
    return _read([((size - 1).bit_length(), 0)], size, reader)[0]


def inclusion_proof(index: int, size: int, reader: HashReader) -> Proof:
    """The proof that leaf `index` is in the tree of `size` leaves (RFC 9162 section 2.1.3.1)."""
    return inclusion_proofs(index, index + 1, size, reader)[0]


def inclusion_proofs(start: int, end: int, size: int, reader: HashReader) -> list[Proof]:
    """The inclusion proofs of the leaves `[start, end)`, with one call of the reader.

    Proofs of neighbours share their upper part, so they are built from the root downwards: each
    node's proof is its sibling, if it has one, before the proof of its parent.
    """
    if not 0 <= start <= end <= size:
        raise ValueError(f"no leaves [{start}, {end}) in a tree of {size}")
    if start == end:
        return []
    height = (size - 1).bit_length()
    siblings = [
        (level, node ^ 1)
        for level in range(height)
        for node in range(start >> level, ((end - 1) >> level) + 1)
        if node ^ 1 <= (size - 1) >> level
    ]
    hashes = dict(zip(siblings, _read(siblings, size, reader), strict=True))
    proofs: list[Proof] = [()]
    for level in reversed(range(height)):
        first, last = start >> level, (end - 1) >> level
        parents, first_parent = proofs, first >> 1
        proofs = []
        for node in range(first, last + 1):
            above = parents[(node >> 1) - first_parent]
            sibling = hashes.get((level, node ^ 1))
            proofs.append(above if sibling is None else (sibling, *above))
    return proofs


def consistency_proof(old_size: int, new_size: int, reader: HashReader) -> Proof:
    """The proof that the tree of `old_size` is a prefix of `new_size` (RFC 9162 section 2.1.4.1).

    Empty if the sizes are equal, or the old one is 0.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree of {old_size} leaves cannot precede one of {new_size}")
    if old_size in (0, new_size):
        return ()
    level, node, last = _old_edge(old_size, new_size)
    nodes = [(level, node)] if node else []
    while last:
        if node ^ 1 <= last:
            nodes.append((level, node ^ 1))
        level, node, last = level + 1, node >> 1, last >> 1
    return tuple(_read(nodes, new_size, reader))


def verify_inclusion(
    leaf_hash: Digest, index: int, size: int, proof: Sequence[Digest], root: Digest
) -> None:
    """Check that `leaf_hash` is leaf `index` of the tree with this size and root.

    RFC 9162 section 2.1.3.2. Raises VerificationError.
    """
    if not 0 <= index < size:
        raise VerificationError(f"inclusion proof: no leaf {index} in a tree of {size}")
    siblings = _checked("inclusion proof", proof, leaf_hash, root)
    running, node, last = leaf_hash, index, size - 1
    while last:
        if node & 1:
            running = node_hash(_next("inclusion proof", siblings), running)
        elif node < last:
            running = node_hash(running, _next("inclusion proof", siblings))
        node, last = node >> 1, last >> 1
    _end("inclusion proof", siblings)
    if running != root:
        raise VerificationError(f"inclusion proof: leaf {index} does not lead to the root")


def verify_consistency(
    old_size: int, old_root: Digest, new_size: int, new_root: Digest, proof: Sequence[Digest]
) -> None:
    """Check that the old tree is a prefix of the new one.

    RFC 9162 section 2.1.4.2; the empty tree is a prefix of every tree, by an empty proof. Raises
    VerificationError.
    """
    if not 0 <= old_size <= new_size:
        raise VerificationError(f"consistency proof: {old_size} leaves cannot precede {new_size}")
    siblings = _checked("consistency proof", proof, old_root, new_root)
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise VerificationError("consistency proof: not the root of the empty tree")
    if old_size == new_size and old_root != new_root:
        raise VerificationError(f"consistency proof: two roots of {new_size} leaves")
    if old_size in (0, new_size):
        _end("consistency proof", siblings)
        return
    _, node, last = _old_edge(old_size, new_size)
    old = new = _next("consistency proof", siblings) if node else old_root
    while last:
        if node & 1:
            sibling = _next("consistency proof", siblings)
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        elif node < last:
            new = node_hash(new, _next("consistency proof", siblings))
        node, last = node >> 1, last >> 1
    _end("consistency proof", siblings)
    if old != old_root or new != new_root:
        raise VerificationError("consistency proof: does not lead to both roots")


def _old_edge(old_size: int, new_size: int) -> tuple[int, int, int]:
    """The largest complete node that ends the old tree, and the last node of the new at its level.

    Both trees share this node, so the climb to either root starts from it. If its index is 0 it
    is the whole old tree, and the verifier knows its hash already.
    """
    level = (old_size & -old_size).bit_length() - 1
    return level, (old_size - 1) >> level, (new_size - 1) >> level


def _read(nodes: Sequence[Node], size: int, reader: HashReader) -> list[Digest]:
    """The hashes of nodes of the tree of `size` leaves, ragged ones folded from complete ones."""
    covers = [_cover(level, index, size) for level, index in nodes]
    hashes = iter(reader.hashes([part for cover in covers for part in cover]))
    return [_fold([next(hashes) for _ in cover]) for cover in covers]


def _cover(level: int, index: int, size: int) -> list[Node]:
    """The complete nodes that make up a node, from left to right: itself, or one for each 1 bit."""
    if (index + 1) << level <= size:
        return [(level, index)]
    rest = size - (index << level)
    return [(low, (size >> low) - 1) for low in reversed(range(level)) if rest >> low & 1]


def _fold(hashes: list[Digest]) -> Digest:
    running = hashes.pop()
    while hashes:
        running = node_hash(hashes.pop(), running)
    return running


def _checked(what: str, proof: Sequence[Digest], *known: Digest) -> Iterator[Digest]:
    """Hashes of another length would let bytes wander between the two children of a node."""
    if any(len(found) != DIGEST_BYTES for found in (*known, *proof)):
        raise VerificationError(f"{what}: a hash is not 32 bytes long")
    return iter(proof)


def _next(what: str, siblings: Iterator[Digest]) -> Digest:
    sibling = next(siblings, None)
    if sibling is None:
        raise VerificationError(f"{what}: too short")
    return sibling


def _end(what: str, siblings: Iterator[Digest]) -> None:
    if next(siblings, None) is not None:
        raise VerificationError(f"{what}: spare hashes")
