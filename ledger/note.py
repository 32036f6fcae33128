r"""Signed notes (c2sp.org/signed-note): text, a blank line, signature lines.

    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm…

A note is UTF-8 without ASCII control characters but the line feed; its last blank line ends the
text. A signature line is an em dash, a space, the key's name, a space, and the base64 of a 4-byte
key id and the signature proper. The key id is the start of `SHA-256(name || 0A || type || public
key)`: a hint, as anybody can make a key with the same one. A verifier key is written `<name>+<key
id in hex>+<base64 of type || public key>` (a *vkey*). Parsing is strict: what is parsed re-formats
to the same bytes.

Opening follows the specification: lines of unknown keys are ignored, a line of a known key that
does not verify spoils the whole note, and without one good line of a known key there is no note.

>>> key = parse_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
>>> line = (
...     "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
...     "OBH3mFXmRKuwHjG1Yu72IneyaQM="
... )
>>> opened = open_note(f"This is an example message.\n\n{line}\n".encode(), [TextVerifier(key)])
>>> opened.note.text
b'This is an example message.\n'
>>> opened.signatures[0].name
'example.com/foo'
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

from ledger.errors import FormatError, NotCanonical, UnknownSigner, VerificationError
from ledger.keys import PublicKey, Signer
from ledger.lexical import encode_base64, parse_base64
from ledger.suites import NOTE_ED25519, SUITES

KEY_ID_BYTES: Final = 4
NAME_BYTES_MAX: Final = 255
"""Longest key name: the ML-DSA-44 cosignature holds its length in one byte."""
NOTE_BYTES_MAX: Final = 1_000_000
"""Largest note; the text and 100 post-quantum signatures fit."""
SIGNATURES_MAX: Final = 100
TEXT_BYTES_MAX: Final = 65_536

_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]", re.ASCII)
# The White_Space property of Unicode above ASCII, spelled out: it must not change with a version of
# Python. Names hold none of it, nor a space, nor a plus.
_NOT_IN_NAMES = re.compile(
    "[ +\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f]", re.ASCII
)
_LINE_START = "— "
_VKEY = re.compile(r"\A([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\Z", re.ASCII)
_SUITE_OF_TYPE = {
    signature_type: suite
    for suite in SUITES.values()
    for signature_type in (suite.log_type, suite.cosignature_type)
}


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose it claims to be, and what follows the key id."""

    name: str
    key_id: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A well-formed note nobody has verified yet; `text` ends in a line feed."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note with at least one good signature; `signatures` are the good ones."""

    note: Note
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, for one type of note signature."""

    name: str
    signature_type: bytes
    public_key: PublicKey
    key_id: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        suite = self.public_key.suite
        if self.signature_type not in (suite.log_type, suite.cosignature_type):
            raise FormatError(f"an {suite.name} key makes no such note signatures")
        hashed = self.name.encode() + b"\n" + self.signature_type + self.public_key.raw
        object.__setattr__(self, "key_id", sha256(hashed).digest()[:KEY_ID_BYTES])

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}"


class NoteVerifier(Protocol):
    """What can check the signature lines of one key."""

    @property
    def key(self) -> VerifierKey:
        """The key whose lines it checks."""

    def verify(self, text: bytes, payload: bytes) -> None:
        """MUST raise `VerificationError` unless `payload` is the key's signature for `text`."""


@dataclass(frozen=True, slots=True)
class TextVerifier:
    """Checks plain Ed25519 signatures over the text (type 01)."""

    key: VerifierKey

    def __post_init__(self) -> None:
        if self.key.signature_type != NOTE_ED25519:
            raise FormatError(f"the key {self.key} does not sign plain text")

    def verify(self, text: bytes, payload: bytes) -> None:
        """Raise `VerificationError` unless `payload` signs `text`."""
        self.key.public_key.verify(payload, text)


def check_key_name(name: str) -> None:
    """Raise `FormatError` unless `name` can name a key."""
    if not name or _NOT_IN_NAMES.search(name):
        raise FormatError("a key name is not empty and holds no space and no plus")
    if len(_utf8(name)) > NAME_BYTES_MAX:
        raise FormatError(f"a key name has at most {NAME_BYTES_MAX} bytes")


def parse_vkey(text: str) -> VerifierKey:
    """The verifier key in `text`; raises `FormatError` or `WeakKeyError`.

    A key id that is not computed as above, or a type this ledger does not know, is an error.
    """
    match = _VKEY.match(text)
    if match is None:
        raise FormatError("a verifier key is written <name>+<8 hex digits>+<base64>")
    name, key_id, material = match[1], bytes.fromhex(match[2]), parse_base64(match[3])
    for signature_type, suite in _SUITE_OF_TYPE.items():
        if material.startswith(signature_type):
            raw = material.removeprefix(signature_type)
            key = VerifierKey(name, signature_type, PublicKey(suite, raw))
            if key.key_id != key_id:
                raise FormatError(f"the key id {key_id.hex()} is not that of the key {key}")
            return key
    raise FormatError(f"the key {name}+{key_id.hex()} is of a type this ledger does not know")


def encode_vkey(key: VerifierKey) -> str:
    """The verifier key as text."""
    return f"{key}+{encode_base64(key.signature_type + key.public_key.raw)}"


def parse_note(data: bytes) -> Note:
    """The note in `data`; raises `FormatError`."""
    if len(data) > NOTE_BYTES_MAX:
        raise FormatError(f"the note has {len(data)} bytes, more than {NOTE_BYTES_MAX}")
    if _CONTROL.search(data):
        raise FormatError("a note holds no control characters but line feeds")
    cut = data.rfind(b"\n\n")
    if cut < 0 or not data.endswith(b"\n"):
        raise FormatError("a note is text, a blank line and signature lines, each ended")
    lines = _decode(data[cut + 2 :]).split("\n")[:-1]
    if not 1 <= len(lines) <= SIGNATURES_MAX:
        raise FormatError(f"a note has 1 to {SIGNATURES_MAX} signatures")
    note = Note(data[: cut + 1], tuple(parse_signature_line(line) for line in lines))
    if encode_note(note) != data:  # the lines do; this holds the text and the rest to it
        raise NotCanonical("the note differs from its own formatting")
    return note


def encode_note(note: Note) -> bytes:
    """The note as bytes; raises `FormatError` for what could not be parsed again."""
    if not note.text.endswith(b"\n") or len(note.text) > TEXT_BYTES_MAX:
        raise FormatError(f"the text ends in a line feed and has at most {TEXT_BYTES_MAX} bytes")
    _decode(note.text)
    lines = "".join(encode_signature_line(signature) + "\n" for signature in note.signatures)
    return note.text + b"\n" + lines.encode()


def parse_signature_line(line: str) -> NoteSignature:
    """The signature in a line without its line feed; raises `FormatError`."""
    name, _, base64 = line.removeprefix(_LINE_START).partition(" ")
    signed = parse_base64(base64)
    signature = NoteSignature(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])
    if encode_signature_line(signature) != line:
        raise FormatError("a signature line is an em dash, a key name and base64")
    return signature


def encode_signature_line(signature: NoteSignature) -> str:
    """The signature as a line, without line feed; raises `FormatError` as parsing would."""
    check_key_name(signature.name)
    if len(signature.key_id) != KEY_ID_BYTES or not signature.payload:
        raise FormatError("a signature line holds a key id of 4 bytes and a signature")
    signed = encode_base64(signature.key_id + signature.payload)
    return f"{_LINE_START}{signature.name} {signed}"


def sign_text(text: bytes, name: str, signer: Signer) -> NoteSignature:
    """The plain Ed25519 signature (type 01) over `text`."""
    key = VerifierKey(name, NOTE_ED25519, signer.public_key)
    return NoteSignature(name, key.key_id, signer.sign(text))


def add_signatures(note: bytes, signatures: Sequence[NoteSignature]) -> bytes:
    """The note with further signature lines; a newer line of a key replaces its older one."""
    parsed = parse_note(note)
    merged = {(s.name, s.key_id): s for s in (*parsed.signatures, *signatures)}
    return encode_note(Note(parsed.text, tuple(merged.values())))


def open_note(data: bytes, verifiers: Sequence[NoteVerifier]) -> OpenedNote:
    """The note in `data`, if a key of `verifiers` signed it.

    Raises `FormatError` if it is none, `VerificationError` if a line of a known key does not hold,
    if no line is of a known key, or if two different keys of `verifiers` share name and key id.
    """
    return verify_note(parse_note(data), verifiers)


def verify_note(note: Note, verifiers: Sequence[NoteVerifier]) -> OpenedNote:
    """As `open_note`, for a note already parsed."""
    known: dict[tuple[str, bytes], NoteVerifier] = {}
    for verifier in verifiers:
        key = verifier.key
        if known.setdefault((key.name, key.key_id), verifier).key != key:
            raise VerificationError(f"two different keys are called {key}")
    good: dict[tuple[str, bytes], NoteSignature] = {}
    for signature in note.signatures:
        line = (signature.name, signature.key_id)
        if line in known:
            known[line].verify(note.text, signature.payload)
            good.setdefault(line, signature)
    if not good:
        raise UnknownSigner("the note has no signature of a known key")
    return OpenedNote(note, tuple(good.values()))


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("a note is UTF-8") from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError("a key name is UTF-8") from error
