"""Checkpoints (c2sp.org/tlog-checkpoint): a log's signed word on its size and root.

The text is three lines, the log's name (*origin*), its size and the base64 of its root:

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

We write and accept no extension lines: ML-DSA signatures do not cover them. The log signs with keys
named like the origin, with Ed25519 (type 01) for everybody and with ML-DSA-44 (type 06) against
quantum computers; witnesses add cosignatures (types 04 and 06) under names of their own.

>>> from ledger.keys import generate_private_key
>>> from ledger.suites import ED25519
>>> signer = generate_private_key(ED25519)
>>> checkpoint = Checkpoint("example.com/log", 0, EMPTY_ROOT)
>>> note = sign_checkpoint(checkpoint, [signer])
>>> opened = open_checkpoint(note, [log_key("example.com/log", signer.public_key)])
>>> opened.checkpoint.size
0
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.cosignature import (
    ed25519_message,
    encode_timestamped,
    parse_timestamped,
    subtree_message,
    witness_name,
)
from ledger.errors import FormatError, VerificationError
from ledger.hashing import EMPTY_ROOT
from ledger.keys import PublicKey, Signer
from ledger.lexical import encode_base64, parse_base64, parse_decimal
from ledger.note import (
    NAME_BYTES_MAX,
    Note,
    NoteSignature,
    VerifierKey,
    check_key_name,
    encode_note,
    parse_note,
    verify_note,
)
from ledger.suites import NOTE_COSIGNATURE, NOTE_ED25519, NOTE_SUBTREE
from ledger.types import DIGEST_BYTES, Digest

SIZE_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's name, size (count of leaves) and root."""

    origin: str
    size: int
    root: Digest

    @property
    def text(self) -> bytes:
        """The three lines."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n".encode()


@dataclass(frozen=True, slots=True)
class GoodSignature:
    """A verified line of a checkpoint; the time is None where the type has none."""

    key: VerifierKey
    timestamp_s: int | None


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint its log did sign. `note` holds the original bytes, unknown lines included."""

    checkpoint: Checkpoint
    note: bytes
    signatures: tuple[GoodSignature, ...]


@dataclass(frozen=True, slots=True)
class CheckpointVerifier:
    """Checks one key's lines on checkpoints, of every type; a `NoteVerifier`."""

    key: VerifierKey

    def verify(self, text: bytes, payload: bytes) -> None:
        """Raise `VerificationError` unless `payload` is the key's signature for `text`."""
        try:
            timestamp_s, signature = _split(self.key, payload)
            message = _message(self.key, parse_foreign_checkpoint(text), timestamp_s or 0)
        except FormatError as error:
            raise VerificationError(f"the signature of {self.key}: {error}") from error
        self.key.public_key.verify(signature, message)


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint whose `text` this is; raises `FormatError`."""
    checkpoint = parse_foreign_checkpoint(text)
    check_key_name(checkpoint.origin)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise FormatError("the root of an empty log is the hash of nothing")
    return checkpoint


def parse_foreign_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint of any log, whatever its name, and whatever root an empty one claims.

    Raises `FormatError`.
    """
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("a checkpoint is UTF-8") from error
    if len(lines) != 4 or lines[3]:
        raise FormatError("a checkpoint is three lines: origin, size and root")
    origin, size, root = lines[0], parse_decimal(lines[1], at_most=SIZE_MAX), parse_base64(lines[2])
    if not 1 <= len(origin.encode()) <= NAME_BYTES_MAX:
        raise FormatError(f"an origin has 1 to {NAME_BYTES_MAX} bytes")
    if len(root) != DIGEST_BYTES:
        raise FormatError(f"a root has {DIGEST_BYTES} bytes")
    return Checkpoint(origin, size, Digest(root))


def log_key(origin: str, public_key: PublicKey) -> VerifierKey:
    """The key with which the log `origin` signs its checkpoints."""
    return VerifierKey(origin, public_key.suite.log_type, public_key)


def witness_key(origin: str, member: str, public_key: PublicKey) -> VerifierKey:
    """The key with which a member cosigns the checkpoints of the log `origin`."""
    name = witness_name(origin, member)
    return VerifierKey(name, public_key.suite.cosignature_type, public_key)


def sign_checkpoint(
    checkpoint: Checkpoint, signers: Sequence[Signer], *, timestamp_s: int = 0
) -> bytes:
    """The checkpoint as a note, with a line by each of the log's signers.

    A log says nothing about time unless `timestamp_s` is given; only ML-DSA-44 lines carry it.
    """
    keys = [log_key(checkpoint.origin, signer.public_key) for signer in signers]
    lines = [
        _sign(checkpoint, key, signer, timestamp_s)
        for key, signer in zip(keys, signers, strict=True)
    ]
    return encode_note(Note(checkpoint.text, tuple(lines)))


def cosign_checkpoint(
    checkpoint: Checkpoint, member: str, signer: Signer, timestamp_s: int
) -> NoteSignature:
    """A witness's line: `member` replayed the log up to this size, at this time (POSIX seconds)."""
    return cosign_under(checkpoint, witness_name(checkpoint.origin, member), signer, timestamp_s)


def cosign_under(
    checkpoint: Checkpoint, name: str, signer: Signer, timestamp_s: int
) -> NoteSignature:
    """A line by a cosigner of any other name; what it says is for who knows the name to know."""
    key = VerifierKey(name, signer.public_key.suite.cosignature_type, signer.public_key)
    return _sign(checkpoint, key, signer, timestamp_s)


def open_checkpoint(
    note: bytes, log_keys: Sequence[VerifierKey], cosigner_keys: Sequence[VerifierKey] = ()
) -> OpenedCheckpoint:
    """The checkpoint in `note`, if its log signed it with one of `log_keys`.

    Cosigners are optional here (`ledger.policy` counts them), but a bad line of any known key
    spoils the note. Raises `FormatError` or `VerificationError`.
    """
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    keys = {(key.name, key.key_id): key for key in (*cosigner_keys, *log_keys)}
    verifiers = [CheckpointVerifier(key) for key in (*log_keys, *cosigner_keys)]
    good = [
        GoodSignature(key, _split(key, line.payload)[0])
        for line in verify_note(parsed, verifiers).signatures
        for key in (keys[line.name, line.key_id],)
    ]
    if not any(s.key in log_keys and s.key.name == checkpoint.origin for s in good):
        raise VerificationError("the checkpoint is not signed by a known key of its log")
    return OpenedCheckpoint(checkpoint, note, tuple(good))


def _sign(
    checkpoint: Checkpoint, key: VerifierKey, signer: Signer, timestamp_s: int
) -> NoteSignature:
    signature = signer.sign(_message(key, checkpoint, timestamp_s))
    if key.signature_type != NOTE_ED25519:
        signature = encode_timestamped(timestamp_s, signature)
    return NoteSignature(key.name, key.key_id, signature)


def _split(key: VerifierKey, payload: bytes) -> tuple[int | None, bytes]:
    return (None, payload) if key.signature_type == NOTE_ED25519 else parse_timestamped(payload)


def _message(key: VerifierKey, checkpoint: Checkpoint, timestamp_s: int) -> bytes:
    return _MESSAGES[key.signature_type](key, checkpoint, timestamp_s)


def _subtree(key: VerifierKey, checkpoint: Checkpoint, timestamp_s: int) -> bytes:
    size, root = checkpoint.size, checkpoint.root
    return subtree_message(key.name, timestamp_s, checkpoint.origin, 0, size, root)


_MESSAGES: Final[dict[bytes, Callable[[VerifierKey, Checkpoint, int], bytes]]] = {
    NOTE_ED25519: lambda _key, checkpoint, _timestamp_s: checkpoint.text,
    NOTE_COSIGNATURE: lambda _key, checkpoint, time_s: ed25519_message(checkpoint.text, time_s),
    NOTE_SUBTREE: _subtree,
}
"""What a line of each type of key signs."""
