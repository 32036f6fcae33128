"""Names and limits every other module shares.

Digests travel as 32 raw bytes inside the code and as 64 lower-case hex characters in JSON
(`DigestHex`). Units stand last in a name: `leaf_bytes_max` counts bytes, `offset_ms` milliseconds.
"""

from typing import Annotated, Final, NewType

from msgspec import Meta

Digest = NewType("Digest", bytes)
"""SHA-256 output, 32 raw bytes."""

KeyId = NewType("KeyId", str)
"""SHA-256 of a public key's canonical description, 64 lower-case hex characters."""

DIGEST_BYTES: Final = 32
LEAF_BYTES_MAX: Final = 65_535
"""Largest leaf: the length prefix of a C2SP entry bundle has 16 bits."""
SAFE_INTEGER_MAX: Final = 2**53 - 1
"""Largest integer every JSON implementation carries without loss (RFC 8259 section 6)."""

DigestHex = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Count = Annotated[int, Meta(ge=0, le=SAFE_INTEGER_MAX)]
"""A whole number that survives every JSON parser."""
