"""Numbers and bytes as text, each in one spelling only.

The C2SP formats write sizes as ASCII decimals and hashes as base64. Both have look-alikes (leading
zeroes, other digits, white space, loose padding bits) that one implementation reads and another
refuses; a log that emits or accepts them splits its readers. These parsers accept exactly what the
encoders write.

>>> parse_decimal("20852163", at_most=2**63 - 1)
20852163
>>> parse_base64("YQ==")
b'a'
>>> parse_base64("YR==")
Traceback (most recent call last):
    ...
ledger.errors.NotCanonical: base64 with stray bits in its last character
"""

import binascii
import re

from ledger.errors import FormatError, NotCanonical

_DECIMAL = re.compile(r"\A(?:0|[1-9][0-9]{0,18})\Z", re.ASCII)


def encode_base64(data: bytes) -> str:
    """RFC 4648 section 4: standard alphabet, padded, on one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def parse_base64(text: str) -> bytes:
    """The bytes whose `encode_base64` is `text`; raises `FormatError`."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error is one
        raise FormatError(f"not standard padded base64: {error}") from error
    if encode_base64(data) != text:
        raise NotCanonical("base64 with stray bits in its last character")
    return data


def parse_decimal(text: str, *, at_most: int) -> int:
    """A whole number in ASCII decimal without sign or leading zeroes; raises `FormatError`."""
    if not _DECIMAL.match(text) or (value := int(text)) > at_most:
        raise FormatError(f"not a plain decimal between 0 and {at_most}")
    return value
