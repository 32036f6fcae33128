r"""Cosignatures (c2sp.org/tlog-cosignature): what a log or a witness signs about a tree.

A timestamped signature is eight bytes big-endian POSIX seconds, then the signature. What it signs:

- Ed25519 (note type 04): `cosignature/v1`, a `time` line, and the whole text of the checkpoint. The
  cosigner's name is not in it, so a cosigner needs a key of its own.

      cosignature/v1
      time 1679315147
      example.com/behind-the-sofa
      20852163
      CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

- ML-DSA-44 (note type 06), in TLS notation, with `start` 0 and `end` the size for a checkpoint.
  Time 0 claims nothing about being the latest, and is the only time allowed for a `start` above 0.

      struct {
          uint8 label[12] = "subtree/v1\n\0";
          opaque cosigner_name<1..2^8-1>;
          uint64 timestamp;
          opaque log_origin<1..2^8-1>;
          uint64 start;
          uint64 end;
          uint8 hash[32];
      } cosigned_message;

>>> ed25519_message(b"example.com/log\n0\n...\n", 7)
b'cosignature/v1\ntime 7\nexample.com/log\n0\n...\n'
>>> subtree_message("w", 7, "example.com/log", 0, 1, Digest(bytes(32)))[:25]
b'subtree/v1\n\x00\x01w\x00\x00\x00\x00\x00\x00\x00\x07\x0fex'
"""

from typing import Final

from ledger.errors import FormatError
from ledger.types import DIGEST_BYTES, Digest

TIMESTAMP_BYTES: Final = 8
TIMESTAMP_S_MAX: Final = 2**63 - 1
_LABEL = b"subtree/v1\n\x00"


def witness_name(origin: str, member: str) -> str:
    """The key name under which a member cosigns the log `origin`."""
    return f"{origin}/witness/{member}"


def ed25519_message(text: bytes, timestamp_s: int) -> bytes:
    """What an Ed25519 cosigner signs about the checkpoint `text`."""
    return b"cosignature/v1\ntime %d\n%b" % (timestamp_s, text)


def subtree_message(
    cosigner: str, timestamp_s: int, origin: str, start: int, end: int, root: Digest
) -> bytes:
    """What an ML-DSA-44 cosigner signs about the leaves `[start, end)` of the log `origin`.

    Raises `FormatError` for what the structure cannot hold.
    """
    if start and timestamp_s:
        raise FormatError("a signature over a subtree that does not start at 0 has time 0")
    if not 0 <= start <= end or len(root) != DIGEST_BYTES:
        raise FormatError("a subtree has 0 <= start <= end and a hash of 32 bytes")
    parts = (
        _LABEL,
        _opaque(cosigner),
        _uint64(timestamp_s),
        _opaque(origin),
        _uint64(start),
        _uint64(end),
        root,
    )
    return b"".join(parts)


def encode_timestamped(timestamp_s: int, signature: bytes) -> bytes:
    """A timestamped signature as bytes."""
    return _uint64(timestamp_s) + signature


def parse_timestamped(payload: bytes) -> tuple[int, bytes]:
    """Time in POSIX seconds, and signature; raises `FormatError`."""
    timestamp_s = int.from_bytes(payload[:TIMESTAMP_BYTES], "big")
    if len(payload) <= TIMESTAMP_BYTES or timestamp_s > TIMESTAMP_S_MAX:
        raise FormatError("a timestamped signature is a time of 63 bits and a signature")
    return timestamp_s, payload[TIMESTAMP_BYTES:]


def _opaque(text: str) -> bytes:
    data = text.encode("utf-8")
    if not 1 <= len(data) <= 0xFF:
        raise FormatError("cosigner name and origin have 1 to 255 bytes")
    return bytes([len(data)]) + data


def _uint64(value: int) -> bytes:
    if not 0 <= value <= TIMESTAMP_S_MAX:
        raise FormatError("times and sizes are at least 0 and below 2^63")
    return value.to_bytes(8, "big")
