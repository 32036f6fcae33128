"""Receipts: every leaf of small logs, every damaged byte, and the size promised."""

import pytest

from ledger.checkpoint import (
    Checkpoint,
    cosign_checkpoint,
    log_key,
    sign_checkpoint,
    witness_key,
)
from ledger.errors import FormatError, LedgerError, VerificationError
from ledger.hashing import leaf_hash, node_hash, sha256
from ledger.note import add_signatures
from ledger.policy import consortium_policy
from ledger.receipt import (
    EXTRA_BYTES_MAX,
    RECEIPT_BYTES_MAX,
    Receipt,
    encode_receipt,
    parse_receipt,
    verify_receipt,
)
from ledger.tree import inclusion_proof, root_of
from ledger.types import Digest
from tests.mutations import mutations
from tests.signers import ed25519_signer, ml_dsa_signer

ORIGIN = "example.com/log"
LOG, LOG_ML_DSA, HEALTH, TAX = (
    ed25519_signer(1),
    ml_dsa_signer(1),
    ed25519_signer(2),
    ed25519_signer(3),
)
WITNESSES = {
    "health": [witness_key(ORIGIN, "health", HEALTH.public_key)],
    "tax": [witness_key(ORIGIN, "tax", TAX.public_key)],
}
POLICY = consortium_policy([log_key(ORIGIN, LOG.public_key)], WITNESSES, quorum=2)
LEAVES = [f"leaf {n}".encode() for n in range(20)]


class Hashes:
    """All complete nodes of a small log."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaf_hashes = [leaf_hash(leaf) for leaf in leaves]

    def hashes(self, nodes: object) -> list[Digest]:
        assert isinstance(nodes, list | tuple)
        return [
            root_of(self.leaf_hashes[index << level : index + 1 << level]) for level, index in nodes
        ]


def checkpoint_of(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]))


def cosigned(checkpoint: Checkpoint) -> bytes:
    lines = [
        cosign_checkpoint(checkpoint, "health", HEALTH, 9),
        cosign_checkpoint(checkpoint, "tax", TAX, 9),
    ]
    return add_signatures(sign_checkpoint(checkpoint, [LOG]), lines)


def receipt_of(index: int, size: int, extra: bytes | None = None) -> bytes:
    proof = inclusion_proof(index, size, Hashes(LEAVES[:size]))
    return encode_receipt(Receipt(index, tuple(proof), cosigned(checkpoint_of(size)), extra))


def test_every_leaf_of_every_small_log() -> None:
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            verified = verify_receipt(receipt_of(index, size), LEAVES[index], POLICY)
            assert verified.index == index
            assert verified.checkpoint.checkpoint == checkpoint_of(size)
            with pytest.raises(VerificationError):
                verify_receipt(receipt_of(index, size), LEAVES[index] + b".", POLICY)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (11, 13)])
def test_every_byte_counts(index: int, size: int) -> None:
    data = receipt_of(index, size)
    verify_receipt(data, LEAVES[index], POLICY)
    for name, damaged in mutations(data):
        with pytest.raises(LedgerError):
            pytest.fail(f"{name}: {verify_receipt(damaged, LEAVES[index], POLICY)!r}")


def test_the_file_as_the_specification_writes_it() -> None:
    sibling, note = leaf_hash(LEAVES[0]), cosigned(checkpoint_of(2))
    encoded = encode_receipt(Receipt(1, (sibling,), note, b"extra"))
    head, _, rest = encoded.partition(b"\n\n")
    assert rest == note
    assert head.split(b"\n")[:3] == [b"c2sp.org/tlog-proof@v1", b"extra ZXh0cmE=", b"index 1"]
    assert len(head.split(b"\n")) == 4


def test_extra_data_comes_back_and_proves_nothing() -> None:
    data = receipt_of(3, 7, extra=b"\x00anything\xff")
    assert parse_receipt(data).extra == b"\x00anything\xff"
    assert encode_receipt(parse_receipt(data)) == data
    other = receipt_of(3, 7, extra=b"something else")
    for either in (data, other):
        assert verify_receipt(either, LEAVES[3], POLICY).index == 3


def test_spare_missing_and_swapped_hashes_are_refused() -> None:
    receipt = parse_receipt(receipt_of(3, 7))
    first, second, third = receipt.proof
    wrong = [(first, second), (second, third), (first, second, third, third), ()]
    wrong += [(second, first, third), (node_hash(first, second), third)]
    for proof in wrong:
        damaged = encode_receipt(Receipt(3, proof, receipt.checkpoint_note))
        with pytest.raises(VerificationError):
            verify_receipt(damaged, LEAVES[3], POLICY)


@pytest.mark.parametrize("index", [0, 2, 4, 7, 2**40])
def test_another_index_is_refused(index: int) -> None:
    receipt = parse_receipt(receipt_of(3, 7))
    moved = encode_receipt(Receipt(index, receipt.proof, receipt.checkpoint_note))
    with pytest.raises(VerificationError):
        verify_receipt(moved, LEAVES[3], POLICY)


def test_an_inner_node_is_no_leaf() -> None:
    # Without the leading byte, the concatenation of two hashes would pass for a leaf.
    receipt = parse_receipt(receipt_of(3, 7))
    inner = leaf_hash(LEAVES[2]) + leaf_hash(LEAVES[3])
    shorter = encode_receipt(Receipt(1, receipt.proof[1:], receipt.checkpoint_note))
    with pytest.raises(VerificationError):
        verify_receipt(shorter, inner, POLICY)


def test_the_policy_decides() -> None:
    one = add_signatures(
        sign_checkpoint(checkpoint_of(1), [LOG]),
        [cosign_checkpoint(checkpoint_of(1), "health", HEALTH, 9)],
    )
    data = encode_receipt(Receipt(0, (), one))
    with pytest.raises(VerificationError, match="missing: 'tax/any'"):
        verify_receipt(data, LEAVES[0], POLICY)
    lenient = consortium_policy([log_key(ORIGIN, LOG.public_key)], WITNESSES, quorum=1)
    assert verify_receipt(data, LEAVES[0], lenient).index == 0
    stranger = consortium_policy([log_key(ORIGIN, TAX.public_key)], WITNESSES, quorum=1)
    with pytest.raises(VerificationError):
        verify_receipt(data, LEAVES[0], stranger)


NOTE = cosigned(checkpoint_of(1))
HASH = b"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
BAD_FILES = {
    "nothing": b"",
    "only a checkpoint": NOTE,
    "another first line": b"c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE,
    "a line feed before": b"\nc2sp.org/tlog-proof@v1\nindex 0\n\n" + NOTE,
    "no index": b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
    "no index but a hash": b"c2sp.org/tlog-proof@v1\n" + HASH + b"\n" + NOTE,
    "a leading zero": b"c2sp.org/tlog-proof@v1\nindex 00\n\n" + NOTE,
    "a sign": b"c2sp.org/tlog-proof@v1\nindex +0\n\n" + NOTE,
    "a space": b"c2sp.org/tlog-proof@v1\nindex  0\n\n" + NOTE,
    "carriage returns": b"c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\n" + NOTE,
    "a huge index": b"c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\n" + NOTE,
    "two indexes": b"c2sp.org/tlog-proof@v1\nindex 0\nindex 0\n\n" + NOTE,
    "empty extra": b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n" + NOTE,
    "extra behind the index": b"c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n" + NOTE,
    "extra twice": b"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\n" + NOTE,
    "extra and nothing": b"c2sp.org/tlog-proof@v1\nextra AAAA\n\n" + NOTE,
    "a short hash": b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + NOTE,
    "a hash with stray bits": b"c2sp.org/tlog-proof@v1\nindex 0\n" + HASH[:-3] + b"R=\n\n" + NOTE,
    "too many hashes": b"c2sp.org/tlog-proof@v1\nindex 0\n" + HASH * 64 + b"\n" + NOTE,
    "two empty lines": b"c2sp.org/tlog-proof@v1\nindex 0\n\n\n" + NOTE,
    "no checkpoint": b"c2sp.org/tlog-proof@v1\nindex 0\n\n",
    "not ASCII": "c2sp.org/tlog-proof@v1\nindex ٠\n\n".encode() + NOTE,
    "too much extra": b"c2sp.org/tlog-proof@v1\nextra "
    + b"AAAA" * (EXTRA_BYTES_MAX // 3 + 1)
    + b"\nindex 0\n\n"
    + NOTE,
    "too long": b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + b"A" * RECEIPT_BYTES_MAX,
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_no_receipt(name: str) -> None:
    with pytest.raises(FormatError):
        parse_receipt(BAD_FILES[name])


def test_a_receipt_is_small() -> None:
    # A million records, a quorum of 5, and the log's ML-DSA line, which is counted apart.
    proof = tuple(sha256(bytes([level])) for level in range(20))
    checkpoint = Checkpoint(ORIGIN, 2**20, sha256(b"root"))
    members = [(f"department-{n}", ed25519_signer(10 + n)) for n in range(5)]
    lines = [cosign_checkpoint(checkpoint, member, signer, 9) for member, signer in members]
    small = add_signatures(sign_checkpoint(checkpoint, [LOG]), lines)
    note = add_signatures(sign_checkpoint(checkpoint, [LOG, LOG_ML_DSA]), lines)
    assert len(encode_receipt(Receipt(2**19, proof, small))) <= 2_048
    assert len(note) - len(small) <= 3_300
