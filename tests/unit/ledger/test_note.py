"""Signed notes: published examples, the rules of opening, and every damaged byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FormatError, LedgerError, NotCanonical, VerificationError, WeakKeyError
from ledger.lexical import encode_base64
from ledger.note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    TEXT_BYTES_MAX,
    Note,
    NoteSignature,
    TextVerifier,
    VerifierKey,
    add_signatures,
    check_key_name,
    encode_note,
    encode_vkey,
    open_note,
    parse_note,
    parse_vkey,
    sign_text,
)
from ledger.suites import NOTE_COSIGNATURE, NOTE_ED25519, NOTE_SUBTREE
from tests.mutations import mutations
from tests.signers import ed25519_signer, ml_dsa_signer

# golang.org/x/mod/sumdb/note: the keys and the note of its tests.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01"
    "oOTGwnWLox33WWd1RvMc+QQ=\n"
).encode()
NOTE = TEXT + b"\n" + PETER_LINE
BOTH = NOTE + ENOCH_LINE

peter = TextVerifier(parse_vkey(PETER))
enoch = TextVerifier(parse_vkey(ENOCH))


def names(data: bytes, *verifiers: TextVerifier) -> list[str]:
    return [signature.name for signature in open_note(data, verifiers).signatures]


def test_the_published_note_opens() -> None:
    assert open_note(NOTE, [peter]).note.text == TEXT
    assert encode_note(parse_note(BOTH)) == BOTH


def test_lines_of_unknown_keys_are_ignored() -> None:
    assert names(BOTH, peter) == ["PeterNeumann"]
    assert names(BOTH, enoch) == ["EnochRoot"]
    assert names(BOTH, enoch, peter) == ["PeterNeumann", "EnochRoot"]
    same_name = ENOCH_LINE.replace(b"EnochRoot", b"PeterNeumann")
    same_id = PETER_LINE.replace(b"PeterNeumann", b"EnochRoot")
    assert names(NOTE + same_name + same_id, peter) == ["PeterNeumann"]


def test_no_known_key_no_note() -> None:
    with pytest.raises(VerificationError, match="no signature of a known key"):
        open_note(BOTH, [])
    with pytest.raises(VerificationError, match="no signature of a known key"):
        open_note(NOTE, [enoch])


def test_a_bad_line_of_a_known_key_spoils_the_note() -> None:
    bad = BOTH.replace(b"Hp+vAF", b"Hp+vAG")
    assert names(bad, peter) == ["PeterNeumann"]
    with pytest.raises(VerificationError):
        open_note(bad, [peter, enoch])
    with pytest.raises(VerificationError):  # even beside a good one of the same key
        open_note(BOTH + bad[len(NOTE) :], [enoch])


def test_repeated_lines_count_once() -> None:
    assert names(NOTE + PETER_LINE, peter) == ["PeterNeumann"]


def test_two_keys_with_one_name_and_id_are_ambiguous() -> None:
    twin = VerifierKey("EnochRoot", NOTE_ED25519, ed25519_signer(1).public_key)
    object.__setattr__(twin, "key_id", enoch.key.key_id)
    with pytest.raises(VerificationError, match="two different keys"):
        open_note(BOTH, [enoch, TextVerifier(twin)])
    assert names(BOTH, enoch, enoch) == ["EnochRoot"]


def test_every_byte_counts() -> None:
    for name, damaged in mutations(NOTE):
        with pytest.raises(LedgerError):
            pytest.fail(f"{name}: {open_note(damaged, [peter])!r}")


def test_a_damaged_note_never_keeps_both_lines() -> None:
    for _, damaged in mutations(BOTH, bits=b"\x01"):
        try:
            opened = open_note(damaged, [peter, enoch])
        except LedgerError:
            continue
        assert len(opened.signatures) == 1
        assert opened.note.text == TEXT


GOOD = encode_base64(bytes(68))
MALFORMED = {
    "no signatures": TEXT,
    "an empty line and nothing": TEXT + b"\n",
    "no line feed at the end": NOTE[:-1],
    "a control character": b"\x01" + NOTE,
    "a tab": b"\t" + NOTE,
    "a carriage return": NOTE.replace(b"\n", b"\r\n"),
    "not UTF-8": b"\xff" + NOTE,
    "a space in the name": TEXT + f"\n— Bad Name {GOOD}\n".encode(),
    "a no-break space in the name": TEXT + f"\n— Bad\u00a0Name {GOOD}\n".encode(),
    "a line separator in the name": TEXT + f"\n— Bad\u2028Name {GOOD}\n".encode(),
    "a plus in the name": TEXT + f"\n— Bad+Name {GOOD}\n".encode(),
    "no name": TEXT + f"\n—  {GOOD}\n".encode(),
    "a long name": TEXT + f"\n— {'n' * 256} {GOOD}\n".encode(),
    "a hyphen for the dash": TEXT + f"\n- name {GOOD}\n".encode(),
    "no signature": TEXT + b"\n\xe2\x80\x94 name \n",
    "a key id and no signature": TEXT + f"\n— name {encode_base64(bytes(4))}\n".encode(),
    "an unexpected line": NOTE + b"Unexpected line.\n",
    "an empty line at the end": NOTE + b"\n",
    "a space at the end": NOTE[:-1] + b" \n",
    "loose base64 in an unknown line": NOTE + b"\xe2\x80\x94 name AAAAAAB=\n",
    "too many signatures": TEXT + b"\n" + PETER_LINE * (SIGNATURES_MAX + 1),
    "too long a text": b"x" * TEXT_BYTES_MAX + NOTE,
    "too long": NOTE + PETER_LINE * (NOTE_BYTES_MAX // len(PETER_LINE)),
    "nothing": b"",
    "only a signature": PETER_LINE,
    "line feeds": b"\n\n\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_note_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        parse_note(MALFORMED[name])


def test_the_caps_leave_room() -> None:
    parse_note(TEXT + b"\n" + PETER_LINE * SIGNATURES_MAX)
    parse_note(b"x" * (TEXT_BYTES_MAX - 1) + b"\n\n" + PETER_LINE)


def test_the_last_blank_line_ends_the_text() -> None:
    text = b"one\n\n" + PETER_LINE + b"\ntwo\n"
    signature = sign_text(text, "name", ed25519_signer(1))
    note = encode_note(Note(text, (signature,)))
    key = VerifierKey("name", NOTE_ED25519, ed25519_signer(1).public_key)
    assert open_note(note, [TextVerifier(key)]).note.text == text


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10),
)
def test_what_is_signed_opens_or_is_refused_on_writing(text: str, name: str) -> None:
    signer = ed25519_signer(1)
    body = f"{text}\n".encode()
    try:
        signature = sign_text(body, name, signer)
        note = encode_note(Note(body, (signature,)))
        parsed = parse_note(note)
    except FormatError:
        return
    assert parsed == Note(body, (signature,))
    key = VerifierKey(name, NOTE_ED25519, signer.public_key)
    assert open_note(note, [TextVerifier(key)]).signatures == (signature,)


def test_a_newer_line_replaces_its_older_one() -> None:
    signer = ed25519_signer(1)
    old = sign_text(b"other\n", "name", signer)
    new = sign_text(TEXT, "name", signer)
    once = add_signatures(NOTE, [old])
    assert add_signatures(once, [new]) == add_signatures(NOTE, [new])
    assert len(parse_note(add_signatures(once, [new])).signatures) == 2


@pytest.mark.parametrize("vkey", [PETER, ENOCH])
def test_a_vkey_comes_back(vkey: str) -> None:
    assert encode_vkey(parse_vkey(vkey)) == vkey


def test_every_byte_of_a_vkey_counts() -> None:
    for name, damaged in mutations(PETER.encode()):
        try:
            text = damaged.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises((FormatError, WeakKeyError)):
            pytest.fail(f"{name}: {parse_vkey(text)}")


@pytest.mark.parametrize(
    "vkey",
    [
        # x/mod/sumdb/note: a key of another size, an unknown algorithm, with fitting key ids
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("c74f20a3", "c74f20a"),
        PETER + "\n",
        " " + PETER,
        "",
        "++",
    ],
)
def test_a_bad_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(FormatError):
        parse_vkey(vkey)


def test_published_cosigner_keys_are_read() -> None:
    key = parse_vkey("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
    assert (key.name, key.signature_type) == ("remora.n621.de", NOTE_COSIGNATURE)
    plus = parse_vkey("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6")
    assert (plus.name, plus.signature_type) == ("TEST", NOTE_ED25519)


def test_a_key_signs_only_what_its_algorithm_signs() -> None:
    ed25519, ml_dsa = ed25519_signer(1).public_key, ml_dsa_signer(1).public_key
    for signature_type, public in ((NOTE_SUBTREE, ed25519), (NOTE_ED25519, ml_dsa), (b"", ml_dsa)):
        with pytest.raises(FormatError):
            VerifierKey("name", signature_type, public)
    with pytest.raises(FormatError, match="plain text"):
        TextVerifier(VerifierKey("name", NOTE_COSIGNATURE, ed25519))
    vkey = encode_vkey(VerifierKey("name", NOTE_SUBTREE, ml_dsa))
    assert encode_vkey(parse_vkey(vkey)) == vkey


def test_key_ids_depend_on_name_type_and_key() -> None:
    first, second = ed25519_signer(1).public_key, ed25519_signer(2).public_key
    keys = [
        VerifierKey("a", NOTE_ED25519, first),
        VerifierKey("b", NOTE_ED25519, first),
        VerifierKey("a", NOTE_COSIGNATURE, first),
        VerifierKey("a", NOTE_ED25519, second),
    ]
    assert len({key.key_id for key in keys}) == len(keys)


def test_names_are_checked_on_writing_too() -> None:
    for name in ("", "a b", "a+b", "a\u3000b", "a\nb", "\ud800", "条" * 86):
        with pytest.raises(FormatError):
            check_key_name(name)
        with pytest.raises(FormatError):
            sign_text(b"\n", name, ed25519_signer(1))
    check_key_name("条" * 85)


def test_only_what_can_be_read_is_written() -> None:
    line = NoteSignature("name", bytes(4), bytes(64))
    for text in (b"", b"no line feed", b"\xff\n", b"x" * TEXT_BYTES_MAX + b"\n"):
        with pytest.raises(FormatError):
            encode_note(Note(text, (line,)))
    for bad in (
        NoteSignature("a name", bytes(4), bytes(64)),
        NoteSignature("name", bytes(3), bytes(64)),
        NoteSignature("name", bytes(4), b""),
    ):
        with pytest.raises(FormatError):
            encode_note(Note(TEXT, (bad,)))


def test_another_formatting_is_named_as_such() -> None:
    with pytest.raises(NotCanonical):
        parse_note(NOTE.replace(b"JnAM=", b"JnAN="))
