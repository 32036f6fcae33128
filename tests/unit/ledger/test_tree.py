"""The tree against a naive RFC 9162 and against `merkletools`, for all small sizes."""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise

import pytest

from ledger import tree
from ledger.errors import VerificationError
from ledger.hashing import EMPTY_ROOT, leaf_hash
from ledger.types import Digest
from tests.reference import naive_tree

SIZE_MAX = 130
LEAVES = [f"leaf {n}".encode() for n in range(SIZE_MAX)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [naive_tree.mth(LEAVES[:size]) for size in range(SIZE_MAX + 1)]

# Sizes around powers of two, where proofs change their shape.
EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129]


@cache
def complete(level: int, index: int) -> Digest:
    return naive_tree.mth(LEAVES[index << level : (index + 1) << level])


class CompleteNodes:
    """A reader that refuses nodes beyond its leaves and counts its calls."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.calls = 0

    def hashes(self, nodes: Sequence[tree.Node]) -> list[Digest]:
        self.calls += 1
        for level, index in nodes:
            assert (index + 1) << level <= self.size, "asked for a ragged node"
        return [complete(level, index) for level, index in nodes]


def flipped(value: Digest, byte: int) -> Digest:
    return Digest(value[:byte] + bytes([value[byte] ^ 1 << byte % 8]) + value[byte + 1 :])


@pytest.mark.parametrize("size", range(SIZE_MAX + 1))
def test_root_is_that_of_the_rfc(size: int) -> None:
    assert tree.root_of(HASHES[:size]) == ROOTS[size]
    assert tree.root(size, CompleteNodes(size)) == ROOTS[size]


@pytest.mark.parametrize("size", range(1, SIZE_MAX + 1))
def test_every_inclusion_proof_is_that_of_the_rfc_and_verifies(size: int) -> None:
    reader = CompleteNodes(size)
    for index, proof in enumerate(tree.inclusion_proofs(0, size, size, reader)):
        assert list(proof) == naive_tree.path(index, LEAVES[:size])
        assert tree.inclusion_proof(index, size, CompleteNodes(size)) == proof
        tree.verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])
    assert reader.calls == 1


def test_proofs_of_a_part_are_those_of_the_whole() -> None:
    size = 43
    whole = tree.inclusion_proofs(0, size, size, CompleteNodes(size))
    for start in range(size + 1):
        for end in range(start, size + 1):
            part = tree.inclusion_proofs(start, end, size, CompleteNodes(size))
            assert part == whole[start:end]


@pytest.mark.parametrize("new", range(SIZE_MAX + 1))
def test_every_consistency_proof_is_that_of_the_rfc_and_verifies(new: int) -> None:
    for old in range(new + 1):
        reader = CompleteNodes(new)
        proof = tree.consistency_proof(old, new, reader)
        assert list(proof) == (naive_tree.proof(old, LEAVES[:new]) if old else [])
        assert reader.calls <= 1
        tree.verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


def test_tree_agrees_with_an_independent_implementation() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that the sha3 package is missing
        from merkletools import MerkleTools  # noqa: PLC0415
    oracle = MerkleTools()
    oracle.hash_function = lambda pair: hashlib.sha256(b"\x01" + pair)
    for size in range(1, SIZE_MAX + 1):
        oracle.add_leaf(HASHES[size - 1].hex())
        oracle.make_tree()
        assert oracle.get_merkle_root() == tree.root_of(HASHES[:size]).hex()
        for index, proof in enumerate(tree.inclusion_proofs(0, size, size, CompleteNodes(size))):
            steps = oracle.get_proof(index)
            assert [next(iter(step.values())) for step in steps] == [h.hex() for h in proof]
            assert oracle.validate_proof(steps, HASHES[index].hex(), ROOTS[size].hex())


def mutations(proof: tree.Proof) -> list[tuple[str, tree.Proof]]:
    """Every way of damaging a proof that a test names."""
    stranger = leaf_hash(b"stranger")
    found = [
        ("spare hash at the end", (*proof, stranger)),
        ("spare hash at the start", (stranger, *proof)),
        ("hash too long", (*proof[:-1], Digest((proof[-1] if proof else stranger) + b"\x00"))),
    ]
    for at, value in enumerate(proof):
        found.append((f"hash {at} missing", proof[:at] + proof[at + 1 :]))
        found.append((f"hash {at} twice", (*proof[: at + 1], *proof[at:])))
        found.append((f"hash {at} short", (*proof[:at], Digest(value[:-1]), *proof[at + 1 :])))
        found.extend(
            (f"hash {at} byte {byte}", (*proof[:at], flipped(value, byte), *proof[at + 1 :]))
            for byte in range(32)
        )
    found.extend(
        (f"hashes {at} and {at + 1} swapped", (*proof[:at], b, a, *proof[at + 2 :]))
        for at, (a, b) in enumerate(pairwise(proof))
    )
    return found


def accepted(
    verify: Callable[[tree.Proof], None], damaged: list[tuple[str, tree.Proof]]
) -> list[str]:
    """The names of the damaged proofs that verify all the same."""
    names = []
    for name, proof in damaged:
        try:
            verify(proof)
        except VerificationError:
            continue
        names.append(name)
    return names


@pytest.mark.parametrize("size", EDGES)
def test_no_damaged_inclusion_proof_verifies(size: int) -> None:
    for index in sorted({0, 1 % size, size // 2, size - 1}):
        good = tree.inclusion_proof(index, size, CompleteNodes(size))
        verify = partial(tree.verify_inclusion, HASHES[index], index, size, root=ROOTS[size])
        verify(good)
        assert accepted(verify, mutations(good)) == []


@pytest.mark.parametrize("size", EDGES)
def test_inclusion_is_proved_of_one_leaf_at_one_index_in_one_tree(size: int) -> None:
    for index in range(size):
        proof = tree.inclusion_proof(index, size, CompleteNodes(size))
        wrong = [
            (flipped(HASHES[index], index % 32), index, size, ROOTS[size]),
            (HASHES[index], index, size, flipped(ROOTS[size], index % 32)),
            (HASHES[index], index ^ 1, size, ROOTS[size]),
            (HASHES[index], index + size, size, ROOTS[size]),
            (HASHES[index], -1, size, ROOTS[size]),
            (HASHES[index], index, 0, EMPTY_ROOT),
            (HASHES[index], index, size * 2, ROOTS[size]),
        ]
        for leaf, at, of, root in wrong:
            with pytest.raises(VerificationError):
                tree.verify_inclusion(leaf, at, of, proof, root)


@pytest.mark.parametrize("new", EDGES)
def test_no_damaged_consistency_proof_verifies(new: int) -> None:
    for old in sorted({0, 1, new // 2, new // 2 + 1, new - 1, new}):
        good = tree.consistency_proof(old, new, CompleteNodes(new))
        verify = partial(tree.verify_consistency, old, ROOTS[old], new, ROOTS[new])
        verify(good)
        assert accepted(verify, mutations(good)) == []


@pytest.mark.parametrize("new", EDGES)
def test_consistency_is_proved_of_two_roots_only(new: int) -> None:
    for old in range(new + 1):
        proof = tree.consistency_proof(old, new, CompleteNodes(new))
        wrong = [
            (old, flipped(ROOTS[old], old % 32), new, ROOTS[new]),
            (new + 1, ROOTS[old], new, ROOTS[new]),
            (-1, ROOTS[old], new, ROOTS[new]),
        ]
        if old:  # nothing ties the root of a tree to the empty one before it
            wrong.append((old, ROOTS[old], new, flipped(ROOTS[new], old % 32)))
        for old_size, old_root, new_size, new_root in wrong:
            with pytest.raises(VerificationError):
                tree.verify_consistency(old_size, old_root, new_size, new_root, proof)


def test_proof_of_what_cannot_be_is_refused() -> None:
    reader = CompleteNodes(5)
    for start, end, size in [(-1, 1, 5), (5, 6, 5), (3, 2, 5), (0, 1, 0)]:
        with pytest.raises(ValueError, match="no leaves"):
            tree.inclusion_proofs(start, end, size, reader)
    for old, new in [(-1, 5), (6, 5)]:
        with pytest.raises(ValueError, match="cannot precede"):
            tree.consistency_proof(old, new, reader)
    assert reader.calls == 0
