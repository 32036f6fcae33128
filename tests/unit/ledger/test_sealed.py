"""Sealed text: hiding, binding, and written down exactly."""

import struct
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import Decoder

from ledger.canonical import Canonical, encode, parse
from ledger.errors import FormatError, VerificationError
from ledger.sealed import SALT_BYTES, MaybeSealed, Sealed, new_salt, open_sealed, seal

SALT = bytes(range(32))


class Note(Canonical, frozen=True):
    note: MaybeSealed


@given(st.text(max_size=100), st.binary(min_size=32, max_size=32))
def test_the_commitment_is_the_documented_hash(text: str, salt: bytes) -> None:
    data = text.encode()
    layout = b"urn:blockpool:sealed:v1" + struct.pack(">I32sI", 32, salt, len(data)) + data
    assert seal(text, salt).sealed == sha256(layout).hexdigest()
    assert open_sealed(seal(text, salt), salt, text) == text


@given(st.text(max_size=40), st.text(max_size=40))
def test_another_text_does_not_open_it(sealed: str, other: str) -> None:
    if sealed != other:
        with pytest.raises(VerificationError):
            open_sealed(seal(sealed, SALT), SALT, other)


def test_every_bit_of_the_salt_counts() -> None:
    sealed = seal("text", SALT)
    for bit in range(256):
        salt = (int.from_bytes(SALT, "big") ^ 1 << bit).to_bytes(32, "big")
        with pytest.raises(VerificationError):
            open_sealed(sealed, salt, "text")


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_a_salt_has_one_size(salt: bytes) -> None:
    with pytest.raises(FormatError):
        seal("text", salt)


def test_text_is_utf_8() -> None:
    with pytest.raises(FormatError):
        seal("\ud800", SALT)


def test_salts_are_fresh() -> None:
    assert len(new_salt()) == SALT_BYTES
    assert new_salt() != new_salt()


def test_a_field_holds_either() -> None:
    decoder = Decoder(Note)
    sealed = seal("text", SALT)
    for note in (Note(note="text"), Note(note=sealed)):
        assert parse(encode(note), decoder) == note
    assert encode(sealed) == f'{{"sealed":"{sealed.sealed}"}}'.encode()
    for bad in (b'{"note":""}', b'{"note":{"sealed":"AB"}}', b'{"note":1}', b'{"note":{}}'):
        with pytest.raises(FormatError):
            parse(bad, decoder)
    assert isinstance(parse(encode(Note(note=sealed)), decoder).note, Sealed)
