"""Names, scalar types and limits every other module shares.

Digests travel as 32 raw bytes inside the code (`Digest`) and as 64 lower-case hex characters in
JSON (`DigestHex`). Units stand last in a name: `leaf_bytes_max` counts bytes, `offset_ms`
milliseconds. Identifiers are ASCII; other text is compared byte by byte, never folded or
normalised.
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
"""SHA-256 as 64 lower-case hex characters."""
Count = Annotated[int, Meta(ge=0, le=SAFE_INTEGER_MAX)]
"""A whole number that survives every JSON parser."""

MemberId = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{1,62}\Z")]
"""A department: opaque, permanent, ASCII."""
WriterId = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{1,62}/[a-z][a-z0-9-]{0,62}\Z")]
"""A signing identity, `<member>/<name>`; `<member>/custodian` is the custodian key's chain."""
DatasetId = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{1,62}\Z")]
"""A dataset: opaque, permanent, ASCII, unique in the ledger."""
Slug = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,62}\Z")]
"""A short ASCII code: an information system, a category, a ground."""
PurposeCode = Annotated[
    str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*\Z", max_length=128)
]
"""A dotted purpose code; it covers every code that continues it after a dot."""
Version = Annotated[int, Meta(ge=1, le=SAFE_INTEGER_MAX)]
"""A version number, counted from 1 without gaps."""
ItemId = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}-(?:0|[1-9][0-9]{0,3})\Z")]
"""The n-th thing a record created (a request item, a grant): `<record digest>-<n>`."""
CaseId = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}(?:-[a-z0-9-]{1,80})?\Z")]
"""A case: the digest of the record it hangs from, and what distinguishes it there."""

ShortText = Annotated[str, Meta(min_length=1, max_length=256)]
"""A line of text, 1 to 256 code points."""
LongText = Annotated[str, Meta(min_length=1, max_length=4_096)]
"""A paragraph, 1 to 4,096 code points."""
ColumnName = Annotated[str, Meta(min_length=1, max_length=128)]
"""The name of a column (data item), 1 to 128 code points of any script."""

# The Gregorian calendar as a pattern: months have their days, 29 February its leap years.
_YEAR = r"(?:19[7-9][0-9]|[2-9][0-9]{3})"
_LEAP_YEAR = (
    r"(?:19(?:7[26]|8[048]|9[26])|[2-9][0-9](?:0[48]|[2468][048]|[13579][26])"
    r"|(?:[2468][048]|[3579][26])00)"
)
_DATE = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    rf"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}"

Date = Annotated[str, Meta(pattern=rf"\A{_DATE}\Z")]
"""A calendar date, `YYYY-MM-DD`, 1970 to 9999."""
Time = Annotated[str, Meta(pattern=rf"\A{_DATE}T{_CLOCK}Z\Z")]
"""RFC 3339 in UTC with exactly three decimals, so that text order is time order."""
