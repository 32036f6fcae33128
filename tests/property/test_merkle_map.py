"""The map against its naive reference, under any history of changes."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.merkle_map import (
    MapNodes,
    encode_proof,
    parse_proof,
    prove,
    update,
    verify_absence,
    verify_membership,
)
from ledger.merkle_map.nodes import encode_path
from ledger.merkle_map.update import update_leaves
from ledger.types import Digest
from tests.reference import naive_map

keys = st.integers(0, 40).map(lambda n: f"key/{n}".encode())
values = st.binary(max_size=4)
batches = st.lists(
    st.dictionaries(keys, st.none() | values, max_size=30),
    max_size=5,
)
# Paths that share long prefixes: a few nibbles, each repeated up to the end of the path.
paths = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([1, 1, 2, 7, 20])), min_size=1, max_size=6
).map(lambda runs: b"".join(bytes([n]) * length for n, length in runs).ljust(64, b"\x0f")[:64])
leaf_batches = st.lists(
    st.dictionaries(paths, st.none() | st.binary(min_size=32, max_size=32).map(Digest)),
    max_size=5,
)


def after(history: list[dict[bytes, bytes | None]]) -> dict[bytes, bytes]:
    held: dict[bytes, bytes | None] = {}
    for changes in history:
        held |= changes
    return {key: value for key, value in held.items() if value is not None}


@given(batches)
def test_history_leaves_no_trace_and_all_is_provable(
    history: list[dict[bytes, bytes | None]],
) -> None:
    nodes = MapNodes()
    for changes in history:
        nodes.apply(update(changes, nodes))
    held = after(history)
    root = nodes.root()
    assert root == naive_map.map_root(held)
    fresh = MapNodes()
    fresh.apply(update(held, fresh))
    assert fresh.nodes([]) == nodes.nodes([])

    by_digest = {Digest(sha256(key).digest()): (key, value) for key, value in held.items()}
    for key in (f"key/{n}".encode() for n in range(41)):
        proof = parse_proof(encode_proof(prove(key, nodes, by_digest.__getitem__)))
        if key in held:
            verify_membership(root, key, held[key], proof)
            with pytest.raises(VerificationError):
                verify_membership(root, key, held[key] + b"!", proof)
            with pytest.raises(VerificationError):
                verify_absence(root, key, proof)
        else:
            verify_absence(root, key, proof)
            with pytest.raises(VerificationError):
                verify_membership(root, key, b"", proof)


@given(leaf_batches)
def test_paths_with_long_common_prefixes(
    history: list[dict[bytes, Digest | None]],
) -> None:
    nodes, held = MapNodes(), dict[str, bytes]()
    for changes in history:
        for path, leaf in changes.items():
            held.pop(encode_path(path), None)
            if leaf is not None:
                held[encode_path(path)] = leaf
        changed = update_leaves(list(changes.items()), nodes)
        assert not [path for path in changed.removed if path in changed.nodes]
        assert nodes.apply(changed) == naive_map.root_of_leaves(held)
    fresh = MapNodes()
    fresh.apply(update_leaves([(path, leaf) for path, leaf in _last(history).items()], fresh))
    assert fresh.nodes([]) == nodes.nodes([])


def _last(history: list[dict[bytes, Digest | None]]) -> dict[bytes, Digest | None]:
    last: dict[bytes, Digest | None] = {}
    for changes in history:
        last |= changes
    return last
