"""Hashes of the log's tree, against published values and hashlib itself."""

from hashlib import sha256 as reference

from ledger.hashing import EMPTY_ROOT, leaf_hash, node_hash, sha256


def test_hash_of_nothing_is_the_empty_root() -> None:
    # RFC 9162 section 2.1.1: the hash of an empty list is the hash of an empty string (FIPS 180-4).
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_hash_of_the_empty_leaf_is_the_published_one() -> None:
    # First value of the Certificate Transparency reference tree.
    assert (
        leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_leaf_and_node_are_told_apart_by_their_first_byte() -> None:
    left, right = sha256(b"l"), sha256(b"r")
    assert sha256(b"abc") == reference(b"abc").digest()
    assert leaf_hash(left + right) == reference(b"\x00" + left + right).digest()
    assert node_hash(left, right) == reference(b"\x01" + left + right).digest()
    assert leaf_hash(left + right) != node_hash(left, right)
