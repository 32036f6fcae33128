"""Keys: what verifies, what signs, and how both are written down.

A `PublicKey` that exists is a usable one: size, encoding and strength were checked when it was
made, and its verifier is loaded once and shared between threads. Its `keyid` is the SHA-256 of the
canonical JSON `{"keytype":…,"keyval":{"public":…},"scheme":…}`, as securesystemslib computes
it, so that DSSE verifiers of other projects find our signatures.

A private key is used through the `Signer` protocol, so that it may as well live in a hardware
module or another process. `PrivateKey` is the one held in memory; it is never shown or pickled.

>>> text = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
>>> description = KeyDescription(keytype="ed25519", keyval=KeyValue(public=text), scheme="ed25519")
>>> key = parse_public_key(description)
>>> key.description == description
True
>>> from ledger.suites import ED25519
>>> signer = generate_private_key(ED25519)
>>> signer.public_key.verify(signer.sign(b"hello"), b"hello")
>>> key.verify(signer.sign(b"hello"), b"hello")
Traceback (most recent call last):
    ...
ledger.errors.VerificationError: the signature by key 4cc3f338… does not verify
"""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Never, Protocol

from cryptography.exceptions import InvalidSignature
from msgspec import Meta
from msgspec.json import Decoder

from ledger import pkcs8
from ledger.canonical import Canonical, decode
from ledger.errors import FormatError, KeyFileError, VerificationError
from ledger.suites import SUITES, SecretKey, Suite, VerifyFunction
from ledger.types import KeyId

_SUITE_OF = {(suite.keytype, suite.scheme): suite for suite in SUITES.values()}
_KEYS_CACHED = 4096  # about one writer key per department of a large consortium


class KeyValue(Canonical):
    """The `keyval` of a key description."""

    public: Annotated[str, Meta(max_length=4096)]


class KeyDescription(Canonical):
    """A public key as it stands in records, in the form of TUF and securesystemslib."""

    keytype: Annotated[str, Meta(max_length=32)]
    keyval: KeyValue
    scheme: Annotated[str, Meta(max_length=32)]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that verifies; raises `FormatError` or `WeakKeyError` when made of a bad one."""

    suite: Suite
    raw: bytes = field(repr=False)
    keyid: KeyId = field(init=False, compare=False)
    _verify: VerifyFunction = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        suite = self.suite
        if len(self.raw) != suite.public_bytes:
            raise FormatError(f"an {suite.name} public key has {suite.public_bytes} bytes")
        object.__setattr__(self, "_verify", suite.load_public(self.raw))
        object.__setattr__(self, "keyid", _keyid(suite, self.raw))

    @property
    def description(self) -> KeyDescription:
        """The key as it stands in records."""
        public = KeyValue(public=self.suite.encode_public(self.raw))
        return KeyDescription(keytype=self.suite.keytype, keyval=public, scheme=self.suite.scheme)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise `VerificationError` unless `signature` is this key's over `message`."""
        try:
            if len(signature) == self.suite.signature_bytes:
                return self._verify(signature, message)
        except InvalidSignature:
            pass
        raise VerificationError(f"the signature by key {self.keyid[:8]}… does not verify")


class Signer(Protocol):
    """Something that signs with one key, wherever the key is kept.

    `sign` MUST return a signature that `public_key.verify` accepts over the same message, and MUST
    be safe to call from several threads.
    """

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this one signs."""

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly `message`."""


class PrivateKey:
    """A private key held in memory; a `Signer`."""

    __slots__ = ("_secret", "public_key")

    def __init__(self, secret: SecretKey) -> None:
        self._secret = secret
        self.public_key = _public_key_of(secret)

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly `message`."""
        return self._secret.sign(message)

    def __repr__(self) -> str:
        return f"<PrivateKey of {self.public_key!r}>"

    def __reduce__(self) -> Never:
        raise TypeError("a private key is not to be pickled")


def parse_public_key(description: KeyDescription) -> PublicKey:
    """The key described; raises `FormatError` or `WeakKeyError`.

    Recent keys are cached: a ledger has few keys and sees each one in record after record.
    """
    return _load(description.keytype, description.scheme, description.keyval.public)


def parse_description(data: bytes) -> PublicKey:
    """The key in a `.pub` file, JSON of its description; raises `FormatError`, `WeakKeyError`."""
    return parse_public_key(decode(data, _description))


def generate_private_key(suite: Suite) -> PrivateKey:
    """A fresh key from the operating system's randomness."""
    return PrivateKey(suite.generate())


def encode_private_key(key: PrivateKey, passphrase: bytes) -> bytes:
    """PKCS#8 PEM encrypted under `passphrase`; raises `KeyFileError` if that is empty."""
    return pkcs8.encode_encrypted(key._secret, passphrase)  # noqa: SLF001  this module's own


def encode_private_key_unencrypted(key: PrivateKey) -> bytes:
    """PKCS#8 PEM in the clear, for those who asked for exactly that."""
    return pkcs8.encode_plain(key._secret)  # noqa: SLF001  this module's own


def parse_private_key(pem: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """The key in a PKCS#8 PEM; raises `KeyFileError`."""
    return PrivateKey(pkcs8.parse(pem, passphrase))


_description = Decoder(KeyDescription)


@lru_cache(maxsize=_KEYS_CACHED)
def _load(keytype: str, scheme: str, public: str) -> PublicKey:
    suite = _SUITE_OF.get((keytype, scheme))
    if suite is None:
        raise FormatError(f"no signature suite has keytype `{keytype}` and scheme `{scheme}`")
    return PublicKey(suite, suite.parse_public(public))


def _public_key_of(secret: SecretKey) -> PublicKey:
    for suite in SUITES.values():
        raw = suite.load_secret(secret)
        if raw is not None:
            return PublicKey(suite, raw)
    raise KeyFileError("the private key is of an algorithm this ledger does not know")


def _keyid(suite: Suite, raw: bytes) -> KeyId:
    # OLPC canonical JSON escapes only quotes and backslashes, which no key text has: the line
    # breaks of a PEM stand raw in what is hashed.
    keyval = f'{{"public":"{suite.encode_public(raw)}"}}'
    text = f'{{"keytype":"{suite.keytype}","keyval":{keyval},"scheme":"{suite.scheme}"}}'
    return KeyId(sha256(text.encode("ascii")).hexdigest())
