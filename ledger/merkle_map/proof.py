"""Proofs that a key has a value, or that it is absent, under a root of the map.

A proof shows the inner nodes on the key's path, from the root down: of each its depth, its bitmap
and the hashes of its children, except the one that comes next, whose hash follows from what is
shown below it. The verifier starts at the lowest, computes its way up and compares the root. The
prefixes it takes from the key itself. The package's docstring argues why absence is proved so.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final

from msgspec import Meta
from msgspec.json import Decoder

from ledger import canonical
from ledger.canonical import Canonical
from ledger.errors import FormatError, VerificationError
from ledger.merkle_map.nodes import (
    LEAF_DEPTH,
    ROOT_PATH,
    Child,
    NodeReader,
    Path,
    branches_of,
    encode_path,
    find_child,
    hash_leaf,
    hash_node,
    pack,
    parse_path,
    path_of,
)
from ledger.types import DIGEST_BYTES, LEAF_BYTES_MAX, Digest

PROOF_BYTES_MAX: Final = 262_144
"""Above the largest proof there can be: 64 nodes of 15 hashes, and another leaf, in base64."""

BITMAP_MAX: Final = 0xFFFF
Bitmap = Annotated[int, Meta(ge=0, le=BITMAP_MAX)]
Hashes = Annotated[bytes, Meta(max_length=16 * DIGEST_BYTES)]
LeafBytes = Annotated[bytes, Meta(max_length=LEAF_BYTES_MAX)]


class PathNode(Canonical):
    """An inner node on the key's path. `hashes`: its children's, the next shown one's left out."""

    bitmap: Bitmap
    depth: Annotated[int, Meta(ge=0, lt=LEAF_DEPTH)]
    hashes: Hashes


class OtherLeaf(Canonical):
    """A leaf in the place the key's leaf would have."""

    key: LeafBytes
    value: LeafBytes


class OtherNode(Canonical):
    """An inner node, all its children's hashes, whose prefix parts from the key's path."""

    bitmap: Bitmap
    hashes: Hashes
    prefix: Annotated[str, Meta(pattern=r"\A[0-9a-f]{1,63}\Z")]


class MapProof(Canonical):
    """The nodes on a key's path, the root first, and for some absent keys what lies across it."""

    other_leaf: OtherLeaf | None = None
    other_node: OtherNode | None = None
    path: Annotated[tuple[PathNode, ...], Meta(min_length=1, max_length=LEAF_DEPTH)]


_decoder = Decoder(MapProof)


def encode_proof(proof: MapProof) -> bytes:
    """The canonical JSON of a proof; byte strings are in padded base64."""
    return canonical.encode(proof)


def parse_proof(data: bytes) -> MapProof:
    """The proof in canonical JSON. Raises FormatError."""
    if len(data) > PROOF_BYTES_MAX:
        raise FormatError(f"a map proof has at most {PROOF_BYTES_MAX} bytes")
    return canonical.parse(data, _decoder)


def prove(
    key: bytes, reader: NodeReader, leaf_at: Callable[[Digest], tuple[bytes, bytes]]
) -> MapProof:
    """The proof that `key` is in the map, or that it is not, whichever is true.

    `leaf_at` finds the key and value whose key has a given SHA-256: an absent key may fall on the
    place of another leaf, which the proof must then show.
    """
    target, at = path_of(key), ROOT_PATH
    shown: list[PathNode] = []
    while target.startswith(at):
        branches, child = _read(reader, at, target)
        shown.append(_path_node(at, branches, target, child))
        if child is None or child[0] == target:
            return MapProof(path=tuple(shown))
        at = child[0]
    if len(at) == LEAF_DEPTH:
        other_key, value = leaf_at(Digest(pack(at)))
        return MapProof(path=tuple(shown), other_leaf=OtherLeaf(key=other_key, value=value))
    branches, _ = _read(reader, at, at + b"\x00")
    other = OtherNode(
        bitmap=int.from_bytes(branches[:2]), hashes=branches[2:], prefix=encode_path(at)
    )
    return MapProof(path=tuple(shown), other_node=other)


def verify_membership(root: Digest, key: bytes, value: bytes, proof: MapProof) -> None:
    """Check that `key` has `value` in the map with this root. Raises VerificationError."""
    if proof.other_leaf is not None or proof.other_node is not None:
        raise VerificationError("map proof: it is one of absence")
    _climb(root, path_of(key), proof.path, hash_leaf(key, value))


def verify_absence(root: Digest, key: bytes, proof: MapProof) -> None:
    """Check that `key` is not in the map with this root.

    Raises VerificationError; FormatError at a prefix that `parse_proof` would have refused.
    """
    target = path_of(key)
    leaf, node = proof.other_leaf, proof.other_node
    if leaf is not None and node is not None:
        raise VerificationError("map proof: it ends in two ways")
    below = None
    if leaf is not None:
        if leaf.key == key:
            raise VerificationError("map proof: it shows the key itself")
        below = hash_leaf(leaf.key, leaf.value)
    if node is not None:
        prefix = parse_path(node.prefix)
        if target.startswith(prefix):
            raise VerificationError("map proof: the node it ends in lies on the key's path")
        below = _hash_shown(prefix, node.bitmap, node.hashes)
    _climb(root, target, proof.path, below)


def _climb(root: Digest, target: Path, path: Sequence[PathNode], below: Digest | None) -> None:
    """Compute the root from what lies below the lowest node shown; None is nothing."""
    depth_below = LEAF_DEPTH
    for shown in reversed(path):
        if not 0 <= shown.depth < depth_below:
            raise VerificationError("map proof: depths do not ascend")
        depth_below = shown.depth
        nibble, hashes = target[shown.depth], shown.hashes
        if bool(shown.bitmap >> nibble & 1) != (below is not None):
            raise VerificationError("map proof: what it shows is not where the key's path leads")
        if below is not None:
            place = DIGEST_BYTES * (shown.bitmap & (1 << nibble) - 1).bit_count()
            hashes = hashes[:place] + below + hashes[place:]
        below = _hash_shown(target[: shown.depth], shown.bitmap, hashes)
    if depth_below != 0 or below != root:
        raise VerificationError("map proof: it does not lead to the root")


def _hash_shown(prefix: Path, bitmap: int, hashes: bytes) -> Digest:
    if not 0 <= bitmap <= BITMAP_MAX or len(hashes) != DIGEST_BYTES * bitmap.bit_count():
        raise VerificationError("map proof: the number of hashes is not that of the bitmap")
    return hash_node(prefix, bitmap.to_bytes(2) + hashes)


def _read(reader: NodeReader, at: Path, target: Path) -> tuple[bytes, Child | None]:
    """What is hashed of the node at `at`, and its child towards `target`."""
    node = reader.nodes([at]).get(at)
    if node is None:
        raise VerificationError(f"map: the node at depth {len(at)} is missing")
    return branches_of(node), find_child(node, at, target[len(at)])


def _path_node(at: Path, branches: bytes, target: Path, child: Child | None) -> PathNode:
    bitmap, hashes = int.from_bytes(branches[:2]), branches[2:]
    if child is not None:
        place = DIGEST_BYTES * (bitmap & (1 << target[len(at)]) - 1).bit_count()
        hashes = hashes[:place] + hashes[place + DIGEST_BYTES :]
    return PathNode(bitmap=bitmap, depth=len(at), hashes=hashes)
