"""SHA-256 and the two hashes of the log's tree (RFC 9162 section 2.1.1).

Every hashed thing starts with a byte that says what it is, so that no leaf can pass for a node:

    00  leaf of the log          01  inner node of the log
    02  leaf of the map          03  inner node of the map      (`ledger.merkle_map`)

>>> leaf_hash(b"").hex()
'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
>>> EMPTY_ROOT == sha256(b"")
True
"""

import hashlib
from typing import Final

from ledger.types import Digest


def sha256(data: bytes) -> Digest:
    """Hash `data`."""
    return Digest(hashlib.sha256(data).digest())


def leaf_hash(leaf: bytes) -> Digest:
    """Hash a leaf of the log: H(00 || leaf)."""
    return Digest(hashlib.sha256(b"\x00" + leaf).digest())


def node_hash(left: bytes, right: bytes) -> Digest:
    """Hash an inner node of the log from its two children: H(01 || left || right)."""
    return Digest(hashlib.sha256(b"\x01" + left + right).digest())


EMPTY_ROOT: Final = sha256(b"")
"""Root of the tree without leaves."""
