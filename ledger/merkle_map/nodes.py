"""Paths, hashes and stored nodes of the map.

A *path* holds one nibble a byte, so that `path[depth]` is a nibble and slices are prefixes. An
inner node is stored under its path as what it hashes and what it takes to find the way:

    bitmap, 2 bytes ‖ hash of each child ‖ depth of each child ‖ labels

A leaf counts as a child at depth 64: its path is complete. A child one level below its parent needs
no label, as its nibble completes its path; every other has its packed path, padded to 32 bytes.
"""

from binascii import hexlify, unhexlify
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, Protocol

from ledger.errors import FormatError
from ledger.types import DIGEST_BYTES, Digest

Path = bytes
"""Nibbles from the root, one a byte."""

Child = tuple[Path, Digest]
"""A leaf or an inner node as its parent names it: where it is, and its hash."""

ROOT_PATH: Final[Path] = b""
LEAF_DEPTH: Final = 64
EMPTY_NODE: Final = bytes(2)
"""The stored root node of the empty map."""

_FROM_HEX: Final = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
_TO_HEX: Final = bytes.maketrans(bytes(range(16)), b"0123456789abcdef")


class NodeReader(Protocol):
    """Where the stored inner nodes of one version of a map come from."""

    def nodes(self, paths: Sequence[Path]) -> Mapping[Path, bytes]:
        """MUST map each of `paths` to its node; MAY hold more. The empty map has a root node."""
        ...


def path_of(key: bytes) -> Path:
    """The path of a key's leaf."""
    return hexlify(sha256(key).digest()).translate(_FROM_HEX)


def pack(path: Path) -> bytes:
    """Two nibbles to a byte, an odd last one followed by a zero nibble."""
    digits = path.translate(_TO_HEX)
    return unhexlify(digits + b"0" if len(digits) & 1 else digits)


def unpack(packed: bytes, depth: int) -> Path:
    """The first `depth` nibbles of packed bytes."""
    return hexlify(packed).translate(_FROM_HEX)[:depth]


def encode_path(path: Path) -> str:
    """A path as text: a hexadecimal digit for each nibble."""
    return path.hex()[1::2]


def parse_path(digits: str) -> Path:
    """The path written in hexadecimal digits. Raises FormatError."""
    try:
        return unhexlify("".join([f"0{digit}" for digit in digits]))
    except ValueError as error:
        raise FormatError("map path is not hexadecimal") from error


def hash_leaf(key: bytes, value: bytes) -> Digest:
    """H(02 || uint32 length of key || key || value)."""
    return Digest(sha256(b"\x02" + len(key).to_bytes(4) + key + value).digest())


def hash_node(path: Path, branches: bytes) -> Digest:
    """H(03 || depth || prefix || branches); the branches are bitmap and hashes of the children."""
    return Digest(sha256(b"\x03" + len(path).to_bytes(1) + pack(path) + branches).digest())


def branches_of(node: bytes) -> bytes:
    """The part of a stored node that is hashed."""
    return node[: 2 + DIGEST_BYTES * (node[0].bit_count() + node[1].bit_count())]


def encode_node(depth: int, children: Sequence[Child]) -> bytes:
    """The stored node at `depth` with these children, given in the order of their paths."""
    bitmap = 0
    for path, _ in children:
        bitmap |= 1 << path[depth]
    hashes = b"".join([child_hash for _, child_hash in children])
    depths = bytes([len(path) for path, _ in children])
    labels = b"".join([_label(depth, path) for path, _ in children])
    return bitmap.to_bytes(2) + hashes + depths + labels


def find_child(node: bytes, path: Path, nibble: int) -> Child | None:
    """The child of the node at `path` under `nibble`."""
    bitmap = node[0] << 8 | node[1]
    if not bitmap >> nibble & 1:
        return None
    count, rank = bitmap.bit_count(), (bitmap & (1 << nibble) - 1).bit_count()
    depths_at = 2 + DIGEST_BYTES * count
    child_hash = Digest(node[2 + DIGEST_BYTES * rank : 34 + DIGEST_BYTES * rank])
    child_depth, direct = node[depths_at + rank], len(path) + 1
    if child_depth == direct:
        return path + nibble.to_bytes(1), child_hash
    unlabelled = node.count(direct, depths_at, depths_at + rank)
    label_at = depths_at + count + DIGEST_BYTES * (rank - unlabelled)
    return unpack(node[label_at : label_at + DIGEST_BYTES], child_depth), child_hash


def replace_hash(node: bytes, nibble: int, child_hash: Digest) -> bytes:
    """The node with another hash for the child it has under `nibble`."""
    bitmap = node[0] << 8 | node[1]
    start = 2 + DIGEST_BYTES * (bitmap & (1 << nibble) - 1).bit_count()
    return node[:start] + child_hash + node[start + DIGEST_BYTES :]


def replace_child(node: bytes, depth: int, nibble: int, child: Child | None) -> bytes:
    """The node at `depth` with `child`, or none, under `nibble`, in place of what is there."""
    bitmap, bit = node[0] << 8 | node[1], 1 << nibble
    count, rank = bitmap.bit_count(), (bitmap & bit - 1).bit_count()
    had = bitmap >> nibble & 1
    depths_at = 2 + DIGEST_BYTES * count
    labels_at = depths_at + count
    hashes, depths, labels = node[2:depths_at], node[depths_at:labels_at], node[labels_at:]
    cut = DIGEST_BYTES * rank
    label_cut = DIGEST_BYTES * (rank - depths.count(depth + 1, 0, rank))
    label_end = label_cut
    if had and depths[rank] != depth + 1:
        label_end += DIGEST_BYTES
    path, child_hash = child or (b"", b"")
    return b"".join(
        (
            (bitmap | bit if child else bitmap & ~bit).to_bytes(2),
            hashes[:cut] + child_hash + hashes[cut + DIGEST_BYTES * had :],
            depths[:rank] + (len(path).to_bytes(1) if child else b"") + depths[rank + had :],
            labels[:label_cut] + (_label(depth, path) if child else b"") + labels[label_end:],
        )
    )


def _label(depth: int, path: Path) -> bytes:
    return b"" if len(path) == depth + 1 else pack(path).ljust(DIGEST_BYTES, b"\x00")
