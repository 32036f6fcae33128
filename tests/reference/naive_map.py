"""The map's root from the whole set of its pairs, recursively, by the definition in FORMAT.md."""

from collections.abc import Mapping
from hashlib import sha256

from ledger.types import Digest


def map_root(pairs: Mapping[bytes, bytes]) -> Digest:
    """The root of the map that holds exactly these pairs."""
    leaves = {
        sha256(key).hexdigest(): sha256(
            b"\x02" + len(key).to_bytes(4, "big") + key + value
        ).digest()
        for key, value in pairs.items()
    }
    return root_of_leaves(leaves)


def root_of_leaves(leaves: Mapping[str, bytes]) -> Digest:
    """The same from leaf hashes by path, 64 hexadecimal digits."""
    return Digest(_node("", leaves))


def _subtree(leaves: Mapping[str, bytes]) -> bytes:
    if len(leaves) == 1:
        return next(iter(leaves.values()))
    paths = list(leaves)
    depth = 0
    while all(path[depth] == paths[0][depth] for path in paths):
        depth += 1
    return _node(paths[0][:depth], leaves)


def _node(prefix: str, leaves: Mapping[str, bytes]) -> bytes:
    bitmap, hashes = 0, b""
    for nibble in range(16):
        below = {
            path: leaf for path, leaf in leaves.items() if path.startswith(prefix + f"{nibble:x}")
        }
        if below:
            bitmap |= 1 << nibble
            hashes += _subtree(below)
    packed = bytes.fromhex(prefix + "0" * (len(prefix) % 2))
    return sha256(
        b"\x03" + bytes([len(prefix)]) + packed + bitmap.to_bytes(2, "big") + hashes
    ).digest()
