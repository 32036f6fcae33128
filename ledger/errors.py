"""The error tree of `ledger`.

    LedgerError
    ├── FormatError         the bytes are not what the format allows
    │   ├── NotCanonical    they mean something, but are not its one encoding
    │   └── TooLarge        there are more of them than the format allows
    ├── VerificationError   well-formed, but a signature, proof or quorum does not hold
    │   └── UnknownSigner   no signature is by a key that is known
    ├── WeakKeyError        a public key no verifier may trust
    └── KeyFileError        a key file that cannot be read, written or decrypted

Everything a caller may want to show is in the message; nothing secret ever is.
"""


class LedgerError(Exception):
    """Root of every error this package raises on purpose."""


class FormatError(LedgerError):
    """Bytes that do not follow the format."""


class NotCanonical(FormatError):  # noqa: N818  the name states the fact, as the reason code does
    """Bytes that parse, but differ from the one canonical encoding of their value."""


class TooLarge(FormatError):  # noqa: N818  the same
    """More bytes than the format allows; they were not looked at."""


class VerificationError(LedgerError):
    """A signature, proof or policy that does not hold."""


class UnknownSigner(VerificationError):  # noqa: N818  the same
    """Signatures, but none by a key that is known: nothing is proved to be wrong."""


class WeakKeyError(LedgerError):
    """A public key that is not canonical or of small order."""


class KeyFileError(LedgerError):
    """A key file that cannot be read, written or decrypted."""
