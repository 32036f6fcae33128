"""The map: its shape and hashes, its updates against a naive reference, its proofs and attacks."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
import pytest

from ledger.errors import FormatError, LedgerError, VerificationError
from ledger.merkle_map import (
    EMPTY_NODE,
    ROOT_PATH,
    MapNodes,
    MapProof,
    Path,
    encode_proof,
    hash_leaf,
    parse_proof,
    path_of,
    prove,
    update,
    verify_absence,
    verify_membership,
)
from ledger.merkle_map.nodes import branches_of, encode_path, hash_node, pack, parse_path, unpack
from ledger.merkle_map.proof import PROOF_BYTES_MAX, OtherLeaf, OtherNode, PathNode
from ledger.merkle_map.update import update_leaves
from ledger.types import Digest
from tests.reference import naive_map

PAIRS = {f"key/{n}".encode(): f"value {n}".encode() for n in range(150)}


def built(pairs: Mapping[bytes, bytes | None]) -> MapNodes:
    nodes = MapNodes()
    nodes.apply(update(pairs, nodes))
    return nodes


NODES = built(PAIRS)
ROOT = NODES.root()
BY_DIGEST = {Digest(sha256(key).digest()): (key, value) for key, value in PAIRS.items()}


def proof_of(key: bytes) -> MapProof:
    return prove(key, NODES, BY_DIGEST.__getitem__)


def absent(kind: str) -> tuple[bytes, MapProof]:
    """A key that is absent in the given way: nothing, a leaf or a node lies in its place."""
    for n in range(100_000):
        key = f"absent/{n}".encode()
        proof = proof_of(key)
        ways = {"leaf": proof.other_leaf is not None, "node": proof.other_node is not None}
        if ways.get(kind, not any(ways.values())):
            return key, proof
    pytest.fail(f"no key is absent because of a {kind}")


ABSENT = {kind: absent(kind) for kind in ("nothing", "leaf", "node")}


class CountingNodes:
    def __init__(self, nodes: MapNodes) -> None:
        self.asked: list[list[Path]] = []
        self._nodes = nodes

    def nodes(self, paths: Sequence[Path]) -> Mapping[Path, bytes]:
        self.asked.append(list(paths))
        found = self._nodes.nodes(paths)
        return {path: found[path] for path in paths}


# Shape and hashes


def test_root_of_the_empty_map_is_a_node_without_children() -> None:
    assert MapNodes().root() == sha256(b"\x03\x00\x00\x00").digest()
    assert update({}, MapNodes()).root == MapNodes().root() == naive_map.map_root({})
    assert MapNodes().nodes([])[ROOT_PATH] == EMPTY_NODE


def test_root_of_one_pair_is_a_node_with_one_leaf() -> None:
    leaf = sha256(b"\x02\x00\x00\x00\x03keyvalue").digest()
    bitmap = 1 << (sha256(b"key").digest()[0] >> 4)
    root = sha256(b"\x03\x00" + bitmap.to_bytes(2, "big") + leaf).digest()
    assert update({b"key": b"value"}, MapNodes()).root == root


def test_deeper_node_hashes_its_depth_and_its_padded_prefix() -> None:
    branches = b"\x00\x03" + bytes(64)
    assert hash_node(b"\x0a\x03\x0f", branches) == sha256(b"\x03\x03\xa3\xf0" + branches).digest()
    assert hash_node(b"\x0a\x03", branches) == sha256(b"\x03\x02\xa3" + branches).digest()


def test_key_and_value_cannot_lend_each_other_bytes() -> None:
    assert hash_leaf(b"ab", b"c") != hash_leaf(b"a", b"bc")


def test_path_packs_and_unpacks() -> None:
    path = path_of(b"key")
    assert pack(path) == sha256(b"key").digest()
    for depth in range(65):
        assert unpack(pack(path[:depth]).ljust(32, b"\x00"), depth) == path[:depth]


# Updates


def test_map_grown_and_shrunk_key_by_key_is_the_map() -> None:
    nodes, held = MapNodes(), dict[bytes, bytes]()
    for key, value in PAIRS.items():
        held[key] = value
        assert nodes.apply(update({key: value}, nodes)) == naive_map.map_root(held)
        assert nodes.nodes([]) == built(held).nodes([])
    for key in PAIRS:
        del held[key]
        assert nodes.apply(update({key: None}, nodes)) == naive_map.map_root(held)
        assert nodes.nodes([]) == built(held).nodes([])
    assert nodes.nodes([]) == {ROOT_PATH: EMPTY_NODE}


def test_update_sets_adds_and_removes_in_one_go() -> None:
    keys = list(PAIRS)
    changes: dict[bytes, bytes | None] = dict.fromkeys(keys[:50])
    changes |= dict.fromkeys(keys[50:100], b"new")
    changes |= {f"added/{n}".encode(): b"added" for n in range(50)}
    changes |= {f"never there/{n}".encode(): None for n in range(50)}
    after = {key: value for key, value in {**PAIRS, **changes}.items() if value is not None}
    nodes = built(PAIRS)
    changed = update(changes, nodes)
    assert not [path for path in changed.removed if path in changed.nodes]
    assert nodes.apply(changed) == naive_map.map_root(after)
    assert nodes.nodes([]) == built(after).nodes([])


def test_change_that_changes_nothing_writes_nothing() -> None:
    for changes in ({}, PAIRS, {b"never there": None}):
        changed = update(changes, NODES)
        assert (changed.root, dict(changed.nodes), changed.removed) == (ROOT, {}, ())


def test_nodes_of_a_level_are_asked_for_together() -> None:
    reader = CountingNodes(NODES)
    update(dict.fromkeys(PAIRS, b"new"), reader)
    depths = [[len(path) for path in paths] for paths in reader.asked]
    assert depths[:2] == [[0], [1] * 16]
    assert len(depths) <= max(map(len, NODES.nodes([]))) + 1
    asked = [path for paths in reader.asked for path in paths]
    assert sorted(asked) == sorted(NODES.nodes([]))


def test_missing_node_stops_update_and_proof() -> None:
    key = next(iter(PAIRS))
    torn = built(PAIRS)
    del torn._nodes[path_of(key)[:1]]
    with pytest.raises(VerificationError, match="depth 1 is missing"):
        update({key: b"new"}, torn)
    with pytest.raises(VerificationError, match="depth 1 is missing"):
        prove(key, torn, BY_DIGEST.__getitem__)


def crafted(prefix: str) -> Path:
    return parse_path(prefix.ljust(64, "0"))


# Paths that part late, early, next to one another and at the very last nibble.
CRAFTED = [
    crafted(prefix)
    for prefix in ("0" * 64, "0" * 63 + "1", "0" * 62 + "1", "0" * 40 + "1", "0" * 40 + "2",
                   "0" * 40 + "01", "1", "11", "111", "f" * 63, "f" * 64, "f" * 20, "f" * 21 + "7")
]  # fmt: skip


def test_paths_with_long_common_prefixes() -> None:
    leaves = {path: Digest(sha256(path).digest()) for path in CRAFTED}
    nodes, held = MapNodes(), dict[str, bytes]()
    for path, leaf in leaves.items():
        held[encode_path(path)] = leaf
        root = nodes.apply(update_leaves([(path, leaf)], nodes))
        assert root == naive_map.root_of_leaves(held)
    for path in CRAFTED[::2] + CRAFTED[1::2]:
        del held[encode_path(path)]
        root = nodes.apply(update_leaves([(path, None)], nodes))
        assert root == naive_map.root_of_leaves(held)
    assert nodes.nodes([]) == {ROOT_PATH: EMPTY_NODE}


# Proofs


@pytest.mark.parametrize("key", PAIRS)
def test_every_key_is_proved_present(key: bytes) -> None:
    proof = parse_proof(encode_proof(proof_of(key)))
    verify_membership(ROOT, key, PAIRS[key], proof)
    with pytest.raises(VerificationError):
        verify_absence(ROOT, key, proof)


@pytest.mark.parametrize("kind", ABSENT)
def test_absent_key_is_proved_absent(kind: str) -> None:
    key, proof = ABSENT[kind]
    verify_absence(ROOT, key, parse_proof(encode_proof(proof)))
    with pytest.raises(VerificationError):
        verify_membership(ROOT, key, b"value", proof)


def test_every_key_is_absent_from_the_empty_map() -> None:
    proof = prove(b"key", MapNodes(), BY_DIGEST.__getitem__)
    verify_absence(MapNodes().root(), b"key", proof)


def test_membership_is_of_one_value_under_one_root() -> None:
    key, other = list(PAIRS)[:2]
    proof = proof_of(key)
    for root, of, value in [
        (MapNodes().root(), key, PAIRS[key]),
        (ROOT, key, PAIRS[other]),
        (ROOT, other, PAIRS[other]),
        (ROOT, key + b"v", PAIRS[key][1:]),
    ]:
        with pytest.raises(VerificationError):
            verify_membership(root, of, value, proof)


def verify(proof: MapProof, key: bytes, value: bytes | None) -> None:
    if value is None:
        verify_absence(ROOT, key, proof)
    else:
        verify_membership(ROOT, key, value, proof)


def verifies(data: bytes, key: bytes, value: bytes | None) -> bool:
    try:
        verify(parse_proof(data), key, value)
    except LedgerError:
        return False
    return True


EXAMPLES = [
    *((key, value, proof_of(key)) for key, value in list(PAIRS.items())[:1]),
    *((key, None, proof) for key, proof in ABSENT.values()),
]


@pytest.mark.parametrize(("key", "value", "proof"), EXAMPLES)
def test_no_flipped_bit_is_accepted(key: bytes, value: bytes | None, proof: MapProof) -> None:
    data = encode_proof(proof)
    assert verifies(data, key, value)
    for at, byte in enumerate(data):
        for bit in range(8):
            damaged = data[:at] + bytes([byte ^ 1 << bit]) + data[at + 1 :]
            assert not verifies(damaged, key, value), f"byte {at}, bit {bit}"
        assert not verifies(data[:at], key, value)
        assert not verifies(data[:at] + data[at + 1 :], key, value)


def altered(proof: MapProof, at: int, **changes: object) -> MapProof:
    node = msgspec.structs.replace(proof.path[at], **changes)
    return msgspec.structs.replace(proof, path=(*proof.path[:at], node, *proof.path[at + 1 :]))


@pytest.mark.parametrize(("key", "value", "proof"), EXAMPLES)
def test_no_altered_proof_is_accepted(key: bytes, value: bytes | None, proof: MapProof) -> None:
    damaged = [msgspec.structs.replace(proof, path=proof.path[:-1])]
    damaged += [msgspec.structs.replace(proof, path=(*proof.path, proof.path[-1]))]
    damaged += [msgspec.structs.replace(proof, path=proof.path[1:])]
    damaged += [msgspec.structs.replace(proof, path=proof.path[::-1])]
    damaged += [msgspec.structs.replace(proof, path=())]
    for at, node in enumerate(proof.path):
        damaged += [altered(proof, at, bitmap=node.bitmap ^ 1 << bit) for bit in range(17)]
        damaged += [altered(proof, at, bitmap=-1), altered(proof, at, depth=-1)]
        damaged += [altered(proof, at, depth=depth) for depth in range(66) if depth != node.depth]
        damaged += [
            altered(proof, at, hashes=node.hashes[:-1]),
            altered(proof, at, hashes=node.hashes[32:]),
            altered(proof, at, hashes=node.hashes + bytes(32)),
            altered(proof, at, hashes=node.hashes[32:] + node.hashes[:32]),
        ]
    for bad in damaged:
        if bad != proof:  # a path of one node is its own reverse
            with pytest.raises(VerificationError):
                verify(bad, key, value)


def attacks(key: bytes) -> list[MapProof]:
    """Attempts to prove a present key absent from what is truly in the map."""
    true = proof_of(key)
    target = path_of(key)
    last = true.path[-1]
    full = branches_of(NODES.nodes([])[target[: last.depth]])[2:]
    other = next(k for k in PAIRS if k != key)
    found = [
        true,
        altered(true, -1, hashes=full),
        altered(true, -1, bitmap=last.bitmap & ~(1 << target[last.depth])),
        msgspec.structs.replace(true, other_leaf=OtherLeaf(key=key, value=PAIRS[key])),
        msgspec.structs.replace(true, other_leaf=OtherLeaf(key=other, value=PAIRS[other])),
    ]
    # The true last node, all its hashes, at every depth where the key's nibble has no child in it.
    found += [
        altered(true, -1, hashes=full, depth=depth)
        for depth in range(64)
        if not last.bitmap >> target[depth] & 1
    ]
    # A true node on the path, given out as one that lies across it.
    for prefix in (target[: last.depth], target[: last.depth - 1], target[: last.depth] + b"\x00"):
        node = OtherNode(bitmap=last.bitmap, hashes=full, prefix=encode_path(prefix))
        found.append(MapProof(path=true.path[:-1], other_node=node))
    return found


def test_no_present_key_is_proved_absent() -> None:
    deep = [key for key in PAIRS if len(proof_of(key).path) > 1]
    assert len(deep) > 100
    for key in deep:
        for proof in attacks(key):
            with pytest.raises(VerificationError):
                verify_absence(ROOT, key, proof)


@pytest.mark.parametrize("prefix", ["", "g", "0g", " 0", "٠"])
def test_prefix_that_is_none_proves_nothing(prefix: str) -> None:
    key, proof = ABSENT["node"]
    node = OtherNode(bitmap=3, hashes=bytes(64), prefix=prefix)
    with pytest.raises(LedgerError):
        verify_absence(ROOT, key, msgspec.structs.replace(proof, other_node=node))


def test_proof_cannot_end_in_two_ways() -> None:
    key, leaf = ABSENT["leaf"]
    both = msgspec.structs.replace(leaf, other_node=ABSENT["node"][1].other_node)
    with pytest.raises(VerificationError, match="two ways"):
        verify_absence(ROOT, key, both)


def test_hostile_encodings_are_refused() -> None:
    data = encode_proof(proof_of(next(iter(PAIRS))))
    node = PathNode(bitmap=0, depth=0, hashes=b"")
    for hostile in (
        b"",
        b"{}",
        b"[]",
        b'{"path":[]}',
        b'{"path":[],"path":[]}',
        data + b"\n",
        data.replace(b'"path"', b'"Path"'),
        data[:-1] + b',"spare":1}',
        encode_proof(MapProof(path=(node,) * 65)),
        encode_proof(MapProof(path=(PathNode(bitmap=65_536, depth=0, hashes=b""),))),
        encode_proof(MapProof(path=(PathNode(bitmap=0, depth=64, hashes=b""),))),
        encode_proof(MapProof(path=(PathNode(bitmap=0, depth=0, hashes=bytes(513)),))),
        encode_proof(MapProof(path=(node,), other_leaf=OtherLeaf(key=bytes(65_536), value=b""))),
        encode_proof(
            MapProof(path=(node,), other_node=OtherNode(bitmap=0, hashes=b"", prefix="0" * 64))
        ),
        b" " * (PROOF_BYTES_MAX + 1),
    ):
        with pytest.raises(FormatError):
            parse_proof(hostile)


def test_largest_proof_fits_the_limit() -> None:
    nodes = tuple(PathNode(bitmap=0xFFFF, depth=n, hashes=bytes(512)) for n in range(64))
    leaf = OtherLeaf(key=bytes(65_535), value=bytes(65_535))
    largest = MapProof(path=nodes, other_leaf=leaf)
    assert parse_proof(encode_proof(largest)) == largest
