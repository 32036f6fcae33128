"""The exact bytes cosigners sign."""

import struct

import pytest

from ledger.cosignature import (
    TIMESTAMP_S_MAX,
    ed25519_message,
    encode_timestamped,
    parse_timestamped,
    subtree_message,
    witness_name,
)
from ledger.errors import FormatError
from ledger.hashing import sha256

ROOT = sha256(b"root")


def test_the_ed25519_message_of_the_specification() -> None:
    text = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert ed25519_message(text, 1679315147) == b"cosignature/v1\ntime 1679315147\n" + text


def test_the_subtree_message_of_the_specification() -> None:
    cosigner, origin = "witness.example/w1", "example.com/log"
    expected = struct.pack(
        ">12sB18sQB15sQQ32s",
        b"subtree/v1\n\0",
        18,
        cosigner.encode(),
        0,
        15,
        origin.encode(),
        8,
        13,
        ROOT,
    )
    assert subtree_message(cosigner, 0, origin, 8, 13, ROOT) == expected


def test_names_are_measured_in_bytes() -> None:
    assert subtree_message("条" * 85, 0, "o", 0, 1, ROOT)[12] == 255
    for cosigner, origin in (("条" * 86, "o"), ("c", "条" * 86), ("", "o"), ("c", "")):
        with pytest.raises(FormatError):
            subtree_message(cosigner, 0, origin, 0, 1, ROOT)


@pytest.mark.parametrize(
    ("timestamp_s", "start", "end"),
    [(1, 1, 2), (0, 2, 1), (0, -1, 1), (-1, 0, 1), (2**63, 0, 1), (0, 0, 2**63)],
)
def test_what_the_structure_cannot_say_is_refused(timestamp_s: int, start: int, end: int) -> None:
    with pytest.raises(FormatError):
        subtree_message("c", timestamp_s, "o", start, end, ROOT)


def test_a_timestamped_signature_comes_back() -> None:
    for timestamp_s in (0, 1679315147, TIMESTAMP_S_MAX):
        payload = encode_timestamped(timestamp_s, b"signature")
        assert parse_timestamped(payload) == (timestamp_s, b"signature")
    for bad in (b"", bytes(7), bytes(8), b"\x80" + bytes(71)):
        with pytest.raises(FormatError):
            parse_timestamped(bad)


def test_witnesses_are_named_below_the_log() -> None:
    assert witness_name("example.com/log", "health") == "example.com/log/witness/health"
