"""Signature algorithms, as one table.

A `Suite` is everything that differs between algorithms: sizes, names in key descriptions, type
bytes in signed notes, how a public key is written and checked, what an envelope has signed. Callers
hold a suite and never ask which; a further algorithm is a further row of `SUITES`.

**Ed25519** verification is RFC 8032 section 5.1.7 in its cofactorless form,
`[S]B = R + [SHA-512(R || A || M)]A`, with nothing left to the library's taste:

- S must be below the group order L, so a signature cannot be altered into a second valid one.
- R is compared as bytes with the encoding of `[S]B - [h]A`, so only its canonical encoding passes.
- A must be a canonical encoding (y < 2^255 - 19) of a point of the curve that is not of small
  order. Under a small-order key some signatures hold for every message, and for y = +-1 the sign
  bit has a second encoding; so all encodings of the eight small-order points are refused, when a
  key is loaded and before anything can be verified with it.
- Keys and R with a small-order component besides a large one are accepted, as RFC 8032 accepts
  them: whoever made such a key signed what it signed. Batch verification with cofactors would
  disagree with us there and is not used.

**ML-DSA-44** is FIPS 204 with an empty context. In envelopes it signs what securesystemslib's
scheme `ml-dsa-44/1` signs (TUF TAP 21): the bytes "tuf", 01 and the SHA-512 of the message. In
notes it signs the C2SP subtree message directly; neither can be mistaken for the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha512
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)

from ledger.errors import FormatError, WeakKeyError
from ledger.lexical import encode_base64, parse_base64

NOTE_ED25519: Final = b"\x01"
"""C2SP signed-note: Ed25519 over the note's text."""
NOTE_COSIGNATURE: Final = b"\x04"
"""C2SP tlog-cosignature: timestamped Ed25519."""
NOTE_SUBTREE: Final = b"\x06"
"""C2SP tlog-cosignature: timestamped ML-DSA-44 over a (sub)tree."""

VerifyFunction = Callable[[bytes, bytes], None]
"""(signature, message) -> None, or `cryptography`'s `InvalidSignature`."""


class SecretKey(Protocol):
    """What a suite's private key object can do; `cryptography`'s classes do."""

    def sign(self, data: bytes, /) -> bytes:
        """The signature over `data`."""

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002  named by the library
        encryption_algorithm: KeySerializationEncryption,
    ) -> bytes:
        """The key, serialised."""


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """One signature algorithm; compared by identity, as rows of a table are."""

    name: str
    keytype: str
    scheme: str
    public_bytes: int
    signature_bytes: int
    log_type: bytes
    """Note signature type with which a log signs its own checkpoint."""
    cosignature_type: bytes
    """Note signature type with which a witness cosigns it."""
    encode_public: Callable[[bytes], str]
    """Raw public key to `keyval.public`."""
    parse_public: Callable[[str], bytes]
    """`keyval.public` to raw public key; one spelling only."""
    load_public: Callable[[bytes], VerifyFunction]
    """Raw public key of the right size to its verifier; raises `WeakKeyError`."""
    load_secret: Callable[[SecretKey], bytes | None]
    """The raw public key, if the private key object is of this suite."""
    generate: Callable[[], SecretKey]
    envelope_message: Callable[[bytes], bytes]
    """What is signed for an envelope with these pre-authentication bytes."""

    def __repr__(self) -> str:
        return f"<Suite {self.name}>"


_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_Y_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


def _load_ed25519(raw: bytes) -> VerifyFunction:
    # The top bit is the sign of x: negating a point keeps its order, so y alone decides.
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise WeakKeyError("the Ed25519 public key is not canonically encoded")
    if y in _SMALL_ORDER_Y:
        raise WeakKeyError("the Ed25519 public key is a point of small order")
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square (Euler); y^2 = 1 has been refused above.
    numerator, denominator = y * y - 1, _D * y * y + 1
    if pow(numerator * denominator, (_P - 1) // 2, _P) != 1:
        raise WeakKeyError("the Ed25519 public key is not a point of the curve")
    return Ed25519PublicKey.from_public_bytes(raw).verify


def _parse_ed25519(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise FormatError("an Ed25519 public key is written in hex") from error
    if raw.hex() != text:
        raise FormatError("an Ed25519 public key is written in lower-case hex")
    return raw


def _secret_ed25519(key: SecretKey) -> bytes | None:
    return key.public_key().public_bytes_raw() if isinstance(key, Ed25519PrivateKey) else None


# SubjectPublicKeyInfo of every ML-DSA-44 key (RFC 9881): this prefix, then the raw key.
_SPKI_ML_DSA_44 = bytes.fromhex("30820532300b06096086480165030403110382052100")
_PEM_BEGIN = "-----BEGIN PUBLIC KEY-----\n"
_PEM_END = "-----END PUBLIC KEY-----\n"
_PEM_LINE = 64


def _encode_ml_dsa_44(raw: bytes) -> str:
    body = encode_base64(_SPKI_ML_DSA_44 + raw)
    lines = [body[at : at + _PEM_LINE] + "\n" for at in range(0, len(body), _PEM_LINE)]
    return _PEM_BEGIN + "".join(lines) + _PEM_END


def _parse_ml_dsa_44(text: str) -> bytes:
    body = text.removeprefix(_PEM_BEGIN).removesuffix(_PEM_END).replace("\n", "")
    raw = parse_base64(body)[len(_SPKI_ML_DSA_44) :]
    if _encode_ml_dsa_44(raw) != text:
        raise FormatError("an ML-DSA-44 public key is written as PEM SubjectPublicKeyInfo")
    return raw


def _load_ml_dsa_44(raw: bytes) -> VerifyFunction:
    return MLDSA44PublicKey.from_public_bytes(raw).verify


def _secret_ml_dsa_44(key: SecretKey) -> bytes | None:
    return key.public_key().public_bytes_raw() if isinstance(key, MLDSA44PrivateKey) else None


ED25519: Final = Suite(
    name="ed25519",
    keytype="ed25519",
    scheme="ed25519",
    public_bytes=32,
    signature_bytes=64,
    log_type=NOTE_ED25519,
    cosignature_type=NOTE_COSIGNATURE,
    encode_public=bytes.hex,
    parse_public=_parse_ed25519,
    load_public=_load_ed25519,
    load_secret=_secret_ed25519,
    generate=Ed25519PrivateKey.generate,
    envelope_message=bytes,
)
ML_DSA_44: Final = Suite(
    name="ml-dsa-44",
    keytype="ml-dsa",
    scheme="ml-dsa-44/1",
    public_bytes=1312,
    signature_bytes=2420,
    log_type=NOTE_SUBTREE,
    cosignature_type=NOTE_SUBTREE,
    encode_public=_encode_ml_dsa_44,
    parse_public=_parse_ml_dsa_44,
    load_public=_load_ml_dsa_44,
    load_secret=_secret_ml_dsa_44,
    generate=MLDSA44PrivateKey.generate,
    envelope_message=lambda message: b"tuf\x01" + sha512(message).digest(),
)
SUITES: Final = {suite.name: suite for suite in (ED25519, ML_DSA_44)}
"""Every algorithm this ledger knows, by name."""
