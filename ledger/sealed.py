"""Sealed text: a commitment on the ledger, the text off it.

Every member holds every leaf, for ever. Text that no rule reads (a scene of use, a legal basis,
names of actors, details of an incident) may therefore be given as a salted commitment

    {"sealed": "<64 hex>"}      SHA-256( D || u32(32) || salt || u32(n) || text )

with D the 23 bytes `urn:blockpool:sealed:v1`, `u32` four bytes big-endian, `salt` 32 random bytes
and `text` n bytes of UTF-8. Salt and text are handed to those entitled to read, who check them
against the ledger. Without the salt a guess at the text cannot be tested; once the salt is erased
nobody can prove what the text was. The salt must be fresh for every text: reuse would show which
texts are equal.

>>> salt = bytes(range(32))
>>> sealed = seal("inspection of 3 May", salt)
>>> open_sealed(sealed, salt, "inspection of 3 May")
'inspection of 3 May'
>>> open_sealed(sealed, salt, "inspection of 4 May")
Traceback (most recent call last):
    ...
ledger.errors.VerificationError: salt and text are not what was sealed
"""

import secrets
from hashlib import sha256
from typing import Final, TypeAlias

from ledger.canonical import Canonical
from ledger.errors import FormatError, VerificationError
from ledger.types import DigestHex, LongText

SALT_BYTES: Final = 32
_DOMAIN = b"urn:blockpool:sealed:v1"


class Sealed(Canonical):
    """A commitment to text that is not on the ledger."""

    sealed: DigestHex


MaybeSealed: TypeAlias = LongText | Sealed
"""Text in the open, or a commitment to it."""


def new_salt() -> bytes:
    """A salt for one text, from the operating system's randomness."""
    return secrets.token_bytes(SALT_BYTES)


def seal(text: str, salt: bytes) -> Sealed:
    """The commitment to `text` under `salt`; raises `FormatError` for a salt of another size."""
    if len(salt) != SALT_BYTES:
        raise FormatError(f"a salt has {SALT_BYTES} bytes")
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError("the text has characters that UTF-8 cannot hold") from error
    parts = (len(salt).to_bytes(4, "big"), salt, len(encoded).to_bytes(4, "big"), encoded)
    return Sealed(sealed=sha256(_DOMAIN + b"".join(parts)).hexdigest())


def open_sealed(sealed: Sealed, salt: bytes, text: str) -> str:
    """`text`, if it is what was sealed under `salt`; raises `VerificationError` otherwise."""
    if seal(text, salt) != sealed:
        raise VerificationError("salt and text are not what was sealed")
    return text
