"""Certificates that prove a transport key, and the anchors by which they are verified.

A node is known by a *transport key*: an Ed25519 key that its member has registered on the ledger.
TLS speaks of certificates, so two kinds are made of such a key, neither by any authority:

    anchor   public key ─▶ certificate   made by whoever verifies, from the public key alone
    leaf     private key ─▶ certificate  made by whoever holds it, for a fresh key, for a few days

A trust anchor is a name and a public key (RFC 5280, 6.1.1 (d)); what else stands in its
certificate, the signature above all, no verifier looks at. So anybody builds the anchor of a key
that the ledger names, hands it to TLS, and believes the leaves which that key has signed, and no
others. An anchor allows no certificate between itself and a leaf: with one, its holder could name
somebody else's key as the issuer.

Leaves end soon and are made anew in the running node, so no date has to be kept in mind; the key
itself never speaks TLS, and may be held by whatever can sign.

>>> from ledger.keys import generate_private_key
>>> from ledger.suites import ED25519
>>> key = generate_private_key(ED25519)
>>> leaf = issue(key, ["node.health.example", "10.0.0.7"], now_s=1_700_000_000)
>>> leaf.ends_s - 1_700_000_000 == LEAF_S
True
>>> anchor_of(key.public_key) == anchor_of(key.public_key)
True
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from secrets import token_hex
from typing import Final, Never, Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.keys import PublicKey, Signer
from ledger.types import KeyId

DAY_S: Final = 86_400
LEAF_S: Final = 7 * DAY_S
SKEW_S: Final = DAY_S
"""So far behind may the clock of whoever verifies be."""
_ALWAYS: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
_NOBODY: Final = Ed25519PrivateKey.from_private_bytes(bytes(32))
"""Signs what nobody verifies."""
_ANCHORS_CACHED: Final = 1_024
Buffer: TypeAlias = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate and its private key as PEM, the key under a passphrase made for it alone.

    `keyid` is the transport key that vouches for it; it holds until `ends_s`, seconds since 1970.
    """

    keyid: KeyId
    pem: bytes = field(repr=False)
    passphrase: bytes = field(repr=False)
    ends_s: float


@lru_cache(maxsize=_ANCHORS_CACHED)
def anchor_of(key: PublicKey) -> bytes:
    """The certificate, DER, by which TLS believes the leaves of a transport key."""
    begins, ends = _ALWAYS
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(key.keyid))
        .issuer_name(_name(key.keyid))
        .public_key(Ed25519PublicKey.from_public_bytes(key.raw))
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier(bytes.fromhex(key.keyid)), critical=False)
    )
    return builder.sign(_NOBODY, None).public_bytes(Encoding.DER)


def issue(signer: Signer, hosts: Sequence[str], now_s: float) -> Leaf:
    """A leaf of a transport key, with a fresh key of its own, for whoever asks for `hosts`.

    Who pins the key looks at no name; the hosts are for tools that compare them.
    """
    secret, passphrase = Ed25519PrivateKey.generate(), token_hex().encode()
    keyid, ends_s = signer.public_key.keyid, now_s + LEAF_S
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    names = [_general_name(host) for host in hosts] or [x509.DNSName("node.invalid")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name("blockpool"))
        .issuer_name(_name(keyid))
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(now_s - SKEW_S, UTC))
        .not_valid_after(datetime.fromtimestamp(ends_s, UTC))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier(bytes.fromhex(keyid), None, None), critical=False
        )
    )
    certificate = builder.sign(_Held(signer), None).public_bytes(Encoding.PEM)
    encryption = BestAvailableEncryption(passphrase)
    key = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return Leaf(keyid, certificate + key, passphrase, ends_s)


def issuer_of(certificate: Mapping[str, object] | None) -> KeyId | None:
    """The transport key that vouches for a certificate TLS has verified, as `getpeercert` has it.

    None where none was shown.
    """
    if not certificate:
        return None
    issuer = certificate["issuer"]
    if not isinstance(issuer, tuple):
        raise TypeError("an issuer is a tuple of names")
    names = {name: value for part in issuer for name, value in part}
    return KeyId(names["commonName"])


class _Held(Ed25519PrivateKey):
    """A `Signer` where `cryptography` wants a key: it asks for nothing but signatures."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def public_key(self) -> Ed25519PublicKey:
        """The public half."""
        return Ed25519PublicKey.from_public_bytes(self._signer.public_key.raw)

    def sign(self, data: Buffer) -> bytes:
        """The signature over `data`."""
        return self._signer.sign(bytes(data))

    def private_bytes(self, *_format: object) -> Never:
        """The key does not leave its holder."""
        raise TypeError("the key is held elsewhere")

    def private_bytes_raw(self) -> Never:
        """The same."""
        raise TypeError("the key is held elsewhere")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
