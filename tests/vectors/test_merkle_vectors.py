"""The published vectors are what the generator makes, and `ledger` agrees with each of them."""

import json

import pytest

from ledger import tree
from ledger.errors import VerificationError
from ledger.hashing import leaf_hash
from ledger.merkle_map import MapNodes, update
from ledger.types import Digest
from tests.vectors import generate

TREE = json.loads((generate.FOLDER / "tree.json").read_text())
MAP = json.loads((generate.FOLDER / "map.json").read_text())


def digest(text: str) -> Digest:
    return Digest(bytes.fromhex(text))


def test_files_are_up_to_date() -> None:
    assert generate.main(["--check"]) == 0


def test_roots() -> None:
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in TREE["leaves"]]
    assert [tree.root_of(hashes[:size]).hex() for size in range(len(hashes) + 1)] == TREE["roots"]


def test_inclusion_proofs() -> None:
    for vector in TREE["inclusion"]:
        try:
            tree.verify_inclusion(
                digest(vector["leafHash"]),
                vector["index"],
                vector["size"],
                [digest(value) for value in vector["proof"]],
                digest(vector["root"]),
            )
        except VerificationError:
            assert not vector["accepted"], vector
        else:
            assert vector["accepted"], vector


def test_consistency_proofs() -> None:
    for vector in TREE["consistency"]:
        try:
            tree.verify_consistency(
                vector["oldSize"],
                digest(vector["oldRoot"]),
                vector["newSize"],
                digest(vector["newRoot"]),
                [digest(value) for value in vector["proof"]],
            )
        except VerificationError:
            assert not vector["accepted"], vector
        else:
            assert vector["accepted"], vector


@pytest.mark.parametrize(
    ("pairs", "root"), [(vector["pairs"], vector["root"]) for vector in MAP["maps"]]
)
def test_map_roots(pairs: dict[str, str], root: str) -> None:
    changes = {bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs.items()}
    assert update(changes, MapNodes()).root.hex() == root
