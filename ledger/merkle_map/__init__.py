"""The authenticated map: one root for a set of key-value pairs, whatever order they came in.

Theory of operation
-------------------
The *path* of a key is SHA-256(key) as 64 nibbles. The map is a trie over these paths, compressed:
a leaf hangs where its path first differs from all others, an inner node stands only where at least
two paths part. So the set of pairs alone decides the shape. The one exception is the root, which is
always the inner node at depth 0, with however few children. Three keys, paths 1a…, 1b7…, 1b9…:

    depth 0         (root)                bitmap: 1
                      │1
    depth 1          (1)                  bitmap: a, b
                  a┌──┴──┐b
    depth 2      1a…    (1b)              bitmap: 7, 9
                       7┌─┴─┐9
    depth 3           1b7…  1b9…

    leaf     H(02 ‖ length of key, 4 bytes ‖ key ‖ value)
    node     H(03 ‖ depth, 1 byte ‖ prefix ‖ bitmap, 2 bytes ‖ hashes of the children by nibble)

Integers are big-endian; *prefix* is the path of the node, `depth` nibbles packed two to a byte, an
odd last one followed by a zero nibble; bit i of the bitmap says that there is a child at nibble i.

Why depth and prefix are hashed
-------------------------------
A proof of absence shows the nodes on the key's path down to where it ends. Suppose the key is there
all the same. Hashes being collision-resistant, every node shown is the node that stands on the
key's path: the root by its hash, each next one because the one above names it. The verifier takes
prefixes from the key it asks about, so a node from elsewhere has another hash. The proof ends in

- a node without a child for the key's next nibble: but there the real one has a child;
- a leaf with another key: but there the real one has this key, or an inner node, whose hash begins
  with 03 and not 02;
- a node whose prefix the key's path does not follow: but the real one lies on the key's path.

Were depth not hashed, a prover could show a true node at a false depth, have the verifier look
at the wrong nibble of the path, find no child there and "prove" a present key absent.

>>> nodes = MapNodes()
>>> _ = nodes.apply(update({b"grant/1": b"active", b"grant/2": b"ended"}, nodes))
>>> _ = nodes.apply(update({b"grant/1": b"ended", b"grant/2": None}, nodes))
>>> root = nodes.apply(update({b"grant/3": b"active"}, nodes))
>>> pairs = {b"grant/1": b"ended", b"grant/3": b"active"}
>>> update(pairs, MapNodes()).root == root
True
>>> proof = prove(b"grant/1", nodes, leaf_at={}.__getitem__)
>>> verify_membership(root, b"grant/1", b"ended", proof)
"""

from ledger.merkle_map.memory import MapNodes
from ledger.merkle_map.nodes import (
    EMPTY_NODE,
    ROOT_PATH,
    NodeReader,
    Path,
    branches_of,
    hash_leaf,
    hash_node,
    pack,
    path_of,
)
from ledger.merkle_map.proof import (
    MapProof,
    encode_proof,
    parse_proof,
    prove,
    verify_absence,
    verify_membership,
)
from ledger.merkle_map.update import MapUpdate, update

__all__ = [
    "EMPTY_NODE",
    "ROOT_PATH",
    "MapNodes",
    "MapProof",
    "MapUpdate",
    "NodeReader",
    "Path",
    "branches_of",
    "encode_proof",
    "hash_leaf",
    "hash_node",
    "pack",
    "parse_proof",
    "path_of",
    "prove",
    "update",
    "verify_absence",
    "verify_membership",
]
