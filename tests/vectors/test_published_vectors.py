"""Vectors that others published, run against `ledger`; `published.json` names their sources.

Where we differ from a source, a test here says so, and FORMAT.md says why.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from ledger import tree
from ledger.errors import FormatError, VerificationError, WeakKeyError
from ledger.hashing import leaf_hash, sha256
from ledger.keys import PublicKey
from ledger.suites import ED25519, ML_DSA_44, Suite
from ledger.types import Digest
from tests.vectors.generate import FOLDER

PUBLISHED = json.loads((FOLDER / "published.json").read_text())
TREE = PUBLISHED["tree"]
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in TREE["leaves"]]
ROOTS = [Digest(bytes.fromhex(root)) for root in TREE["roots"]]
NOTHING, OTHER, SHORT = sha256(b""), sha256(b"other"), Digest(b"WrongRoot")
WITH_CONTEXT = 3
"""The Wycheproof vector that is valid under a context; ours is empty."""


def verdict(suite: Suite, key: bytes, message: bytes, signature: bytes) -> str:
    try:
        PublicKey(suite, key).verify(signature, message)
    except WeakKeyError:
        return "weak key"
    except (FormatError, VerificationError):
        return "invalid"
    return "valid"


@pytest.mark.parametrize("vector", PUBLISHED["wycheproofEd25519"]["vectors"], ids=lambda v: v[0])
def test_wycheproof_ed25519(vector: Any) -> None:
    _, result, *texts = vector
    key, message, signature = map(bytes.fromhex, texts)
    assert verdict(ED25519, key, message, signature) == result


@pytest.mark.parametrize("vector", PUBLISHED["ed25519vectors"]["vectors"], ids=lambda v: v[1])
def test_low_order_and_non_canonical_points(vector: Any) -> None:
    """Keys of low order are refused in every encoding; otherwise it is as RFC 8032 says."""
    _, flags, *texts = vector
    key, message, signature = map(bytes.fromhex, texts)
    found = set(flags.split())
    expected = "valid"
    if found & {"LowOrderResidue", "NonCanonicalR"}:
        expected = "invalid"
    if "LowOrderA" in found:
        expected = "weak key"
    assert verdict(ED25519, key, message, signature) == expected


@pytest.mark.parametrize("vector", PUBLISHED["wycheproofMlDsa44"]["vectors"], ids=lambda v: v[2])
def test_wycheproof_ml_dsa_44(vector: Any) -> None:
    number, result, _, key, message, signature = vector
    raw = b64decode(PUBLISHED["wycheproofMlDsa44"]["keys"][key])
    expected = "invalid" if number == WITH_CONTEXT else result
    assert verdict(ML_DSA_44, raw, bytes.fromhex(message), b64decode(signature)) == expected


def test_the_reference_tree() -> None:
    assert [tree.root_of(LEAVES[: size + 1]) for size in range(len(LEAVES))] == ROOTS


Inclusion = tuple[Digest, int, int, list[Digest], Digest]
Consistency = tuple[int, Digest, int, Digest, list[Digest]]


def damaged(proof: list[Digest], *known: Digest) -> Iterator[tuple[str, list[Digest]]]:
    """The proofs of the reference's probes."""
    for name, spare in [
        ("nothing", Digest(b"")),
        *((f"known {i}", k) for i, k in enumerate(known)),
    ]:
        yield f"{name} behind", [*proof, spare]
        yield f"{name} in front", [spare, *proof]
    if proof:
        yield "cut", proof[:-1]
        yield "emptied", []
        yield "first twice", [proof[0], *proof]
    if len(proof) > 1:
        yield "another inserted", [proof[0], OTHER, *proof[1:]]
    for at, sibling in enumerate(proof):
        flipped = Digest(bytes([sibling[0] ^ 8]) + sibling[1:])
        yield f"hash {at} changed", [*proof[:at], flipped, *proof[at + 1 :]]


def inclusion_probes(index: int, size: int, proof: list[Digest]) -> Iterator[tuple[str, Inclusion]]:
    leaf, root = LEAVES[index], ROOTS[size - 1]
    for other in (index - 1, index + 1, index ^ 2):
        yield f"index {other}", (leaf, other, size, proof, root)
    for other in (size * 2, size // 2):
        yield f"size {other}", (leaf, index, other, proof, root)
    for hashed in (SHORT, Digest(b"")):
        yield f"leaf {hashed!r}", (hashed, index, size, proof, root)
        yield f"leaf and root {hashed!r}", (hashed, index, size, proof, hashed)
    for other_root in (NOTHING, OTHER, SHORT, Digest(b"")):
        yield f"root {other_root!r}", (leaf, index, size, proof, other_root)
    for name, other_proof in damaged(proof, root):
        yield f"proof: {name}", (leaf, index, size, other_proof, root)


def consistency_probes(
    old: int, new: int, proof: list[Digest]
) -> Iterator[tuple[str, Consistency]]:
    first, second = ROOTS[old - 1], ROOTS[new - 1]
    for other in (old - 1, old + 1, old ^ 2):
        yield f"old size {other}", (other, first, new, second, proof)
    for other in (new * 2, new // 2):
        yield f"new size {other}", (old, first, other, second, proof)
    yield "wrong old root", (old, SHORT, new, second, proof)
    yield "wrong new root", (old, first, new, SHORT, proof)
    yield "swapped roots", (old, second, new, first, proof)
    for name, other_proof in damaged(proof, first, second):
        yield f"proof: {name}", (old, first, new, second, other_proof)


def is_refused(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except VerificationError:
        return True
    return False


def hashes(texts: list[str]) -> list[Digest]:
    return [Digest(bytes.fromhex(text)) for text in texts]


@pytest.mark.parametrize(("index", "size", "texts"), TREE["inclusion"])
def test_inclusion_and_its_probes(index: int, size: int, texts: list[str]) -> None:
    proof = hashes(texts)
    tree.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size - 1])
    for name, probe in inclusion_probes(index, size, proof):
        assert is_refused(partial(tree.verify_inclusion, *probe)), name


@pytest.mark.parametrize(("old", "new", "texts"), TREE["consistency"][1:])
def test_consistency_and_its_probes(old: int, new: int, texts: list[str]) -> None:
    proof = hashes(texts)
    tree.verify_consistency(old, ROOTS[old - 1], new, ROOTS[new - 1], proof)
    for name, probe in consistency_probes(old, new, proof):
        assert is_refused(partial(tree.verify_consistency, *probe)), name


@pytest.mark.parametrize(
    ("probe", "theirs"),
    [
        ((1, ROOTS[0], 1, ROOTS[0], []), "accepted"),
        ((0, NOTHING, 0, NOTHING, []), "accepted"),
        ((0, NOTHING, 1, OTHER, []), "accepted"),
        ((1, ROOTS[0], 1, OTHER, []), "refused"),
        ((1, OTHER, 0, NOTHING, []), "refused"),
        ((2, OTHER, 1, ROOTS[0], []), "refused"),
        ((1, OTHER, 2, ROOTS[1], []), "refused"),
        ((0, NOTHING, 0, OTHER, []), "refused"),
        ((0, NOTHING, 0, NOTHING, [NOTHING]), "refused"),
        ((0, NOTHING, 1, NOTHING, [NOTHING]), "refused"),
        ((1, NOTHING, 1, NOTHING, [NOTHING]), "refused"),
        # The reference compares roots and asks nothing else of them; we know the empty tree's.
        ((0, OTHER, 0, OTHER, []), "refused by us alone"),
        ((0, OTHER, 1, ROOTS[0], []), "refused by us alone"),
        ((1, SHORT, 1, SHORT, []), "refused by us alone"),
    ],
)
def test_consistency_of_trivial_sizes(probe: Consistency, theirs: str) -> None:
    assert is_refused(partial(tree.verify_consistency, *probe)) == (theirs != "accepted")
