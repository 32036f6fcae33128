"""DSSE envelopes: a payload, and signatures over its exact bytes.

    {"payload":"<base64>","payloadType":"application/vnd.in-toto+json",
     "signatures":[{"keyid":"<64 hex>","sig":"<base64>"}]}

What is signed is the pre-authentication encoding (DSSE 1.0.2), lengths counted in bytes:

    DSSEv1 28 application/vnd.in-toto+json <payload length> <payload>

A leaf of the log holds the **canonical** envelope: this JSON, compact, members sorted, standard
padded base64, 1 to 16 signatures in strictly ascending order of `keyid`, at most 65,535 bytes.
Otherwise the same record could be logged again under another leaf hash. The API is milder:
`canonical=False` reads whatever DSSE allows (other order and white space, URL-safe base64, unknown
members) and yields the canonical envelope. The signatures are over the payload, so re-encoding
keeps them.

To open an envelope is to verify, *then* parse. This module never looks into a payload:

    envelope = parse_envelope(leaf)             # bounds and form
    keys = {...}                                # the caller looks up envelope.keyids
    payload = open_envelope(envelope, keys)     # every signature holds
    ...                                         # only now: parse the payload

`keyid` is unauthenticated: it says which key to try, never which key to trust.

>>> from ledger.keys import generate_private_key
>>> from ledger.suites import ED25519
>>> signer = generate_private_key(ED25519)
>>> envelope = sign_envelope(b'{"_type":"..."}', [signer])
>>> again = parse_envelope(envelope.encoded)
>>> open_envelope(again, {signer.public_key.keyid: signer.public_key}) == envelope.payload
True
"""

import binascii
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.json import Decoder

from ledger.canonical import Canonical, decode, encode, parse
from ledger.errors import FormatError, TooLarge, VerificationError
from ledger.keys import PublicKey, Signer
from ledger.types import LEAF_BYTES_MAX, DigestHex, KeyId

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
SIGNATURES_MAX: Final = 16
INPUT_BYTES_MAX: Final = 4 * LEAF_BYTES_MAX
"""Largest envelope read before it is re-encoded: white space and escapes cost the sender only."""

_PAE_PREFIX = b"DSSEv1 %d %b " % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode("ascii"))


class Signature(Canonical, frozen=True, gc=False):
    """One signature of an envelope."""

    keyid: DigestHex
    sig: bytes


class _Wire(Canonical, frozen=True, gc=False):
    """An envelope as it is written; msgspec reads and writes `bytes` as standard base64."""

    payload: bytes
    payload_type: Literal["application/vnd.in-toto+json"]
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=SIGNATURES_MAX)]


class _LooseSignature(Struct, frozen=True):
    keyid: DigestHex
    sig: str


class _Loose(Struct, frozen=True, rename="camel"):
    payload: str
    payload_type: Literal["application/vnd.in-toto+json"]
    signatures: Annotated[
        tuple[_LooseSignature, ...], Meta(min_length=1, max_length=SIGNATURES_MAX)
    ]


class Envelope(Struct, frozen=True, gc=False):
    """A well-formed envelope whose signatures nobody has verified yet.

    Attributes:
        payload: the signed bytes.
        signatures: ascending by keyid, without repeats.
        encoded: the canonical encoding: the leaf.
    """

    payload: bytes
    signatures: tuple[Signature, ...]
    encoded: bytes

    @property
    def keyids(self) -> tuple[KeyId, ...]:
        """The keys it claims to be signed by."""
        return tuple(KeyId(signature.keyid) for signature in self.signatures)


_wire = Decoder(_Wire)
_loose = Decoder(_Loose)


def pae(payload: bytes) -> bytes:
    """The pre-authentication encoding of `payload`."""
    return b"%b%d %b" % (_PAE_PREFIX, len(payload), payload)


def parse_envelope(data: bytes, *, canonical: bool = True) -> Envelope:
    """The envelope in `data`.

    Raises `FormatError` if it is none, `TooLarge` if it has too many bytes, and `NotCanonical` if
    it is encoded otherwise than canonically, unless `canonical` is False.
    """
    if not canonical:
        return _normalise(data)
    if len(data) > LEAF_BYTES_MAX:
        raise TooLarge(f"the envelope has {len(data)} bytes, more than {LEAF_BYTES_MAX}")
    wire = parse(data, _wire)
    _require_ascending(wire.signatures)
    return Envelope(wire.payload, wire.signatures, data)


def sign_envelope(payload: bytes, signers: Sequence[Signer]) -> Envelope:
    """The canonical envelope of `payload`, signed by every one of `signers`.

    Raises `FormatError` if the signers are none, too many or share a key, or the leaf is too large.
    """
    message = pae(payload)
    signatures = [
        Signature(keyid=key.keyid, sig=signer.sign(key.suite.envelope_message(message)))
        for signer in signers
        for key in (signer.public_key,)
    ]
    return _encode(payload, signatures)


def verify_signature(envelope: Envelope, key: PublicKey) -> None:
    """Raise `VerificationError` unless the envelope holds a good signature by `key`."""
    for signature in envelope.signatures:
        if signature.keyid == key.keyid:
            return key.verify(signature.sig, key.suite.envelope_message(pae(envelope.payload)))
    raise VerificationError(f"the envelope holds no signature by key {key.keyid[:8]}…")


def open_envelope(envelope: Envelope, keys: Mapping[KeyId, PublicKey]) -> bytes:
    """The payload, once *every* signature of the envelope has been verified with its key in `keys`.

    Raises `VerificationError` if a key is missing or a signature does not hold. Whether these were
    the right keys for what the payload says is the caller's to decide, afterwards.
    """
    for keyid in envelope.keyids:
        key = keys.get(keyid)
        if key is None or key.keyid != keyid:
            raise VerificationError(f"no key {keyid[:8]}… is known")
        verify_signature(envelope, key)
    return envelope.payload


def _normalise(data: bytes) -> Envelope:
    if len(data) > INPUT_BYTES_MAX:
        raise TooLarge(f"the envelope has {len(data)} bytes, more than {INPUT_BYTES_MAX}")
    loose = decode(data, _loose)
    signatures = [Signature(keyid=s.keyid, sig=_decode_base64(s.sig)) for s in loose.signatures]
    return _encode(_decode_base64(loose.payload), signatures)


def _encode(payload: bytes, signatures: Sequence[Signature]) -> Envelope:
    if not 1 <= len(signatures) <= SIGNATURES_MAX:
        raise FormatError(f"an envelope has 1 to {SIGNATURES_MAX} signatures")
    ordered = tuple(sorted(signatures, key=lambda signature: signature.keyid))
    _require_ascending(ordered)
    encoded = encode(_Wire(payload=payload, payload_type=PAYLOAD_TYPE, signatures=ordered))
    if len(encoded) > LEAF_BYTES_MAX:
        raise TooLarge(f"the envelope has {len(encoded)} bytes, more than {LEAF_BYTES_MAX}")
    return Envelope(payload, ordered, encoded)


def _require_ascending(signatures: Sequence[Signature]) -> None:
    for left, right in pairwise(signatures):
        if left.keyid >= right.keyid:
            raise FormatError("signatures must be strictly ascending by keyid, without repeats")


def _decode_base64(text: str) -> bytes:
    """Standard or URL-safe base64, padded or not, as DSSE senders write it."""
    standard = text.replace("-", "+").replace("_", "/")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        return binascii.a2b_base64(padded, strict_mode=True)
    except ValueError as error:
        raise FormatError(f"not base64: {error}") from error
