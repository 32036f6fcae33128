"""Transport keys over TLS: the right key is believed, and nothing else, whatever it shows."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.keys import PrivateKey, PublicKey
from node.client import certificates
from node.client.certificates import DAY_S, LEAF_S, SKEW_S, anchor_of, issue
from node.client.pinning import pinned
from tests.handshakes import answering, shake
from tests.world import signer

OURS: Final = signer("health/transport")
THEIRS: Final = signer("weather/transport")
HOST: Final = "node.health.example"


def leaf_of(key: PrivateKey, age_s: float = 0) -> certificates.Leaf:
    return issue(key, [HOST], time() - age_s)


def test_both_ends_are_known_by_their_keys() -> None:
    answerer = answering([OURS.public_key, THEIRS.public_key], leaf_of(OURS))
    shaken = shake(pinned([OURS.public_key], leaf_of(THEIRS)), answerer)
    assert shaken.succeeded
    assert shaken.caller == THEIRS.public_key.keyid


def test_who_shows_nothing_is_nobody() -> None:
    shaken = shake(pinned([OURS.public_key]), answering([THEIRS.public_key], leaf_of(OURS)))
    assert shaken.succeeded
    assert shaken.caller is None


def test_a_node_without_pins_is_called_by_nobody_known() -> None:
    shaken = shake(pinned([OURS.public_key], leaf_of(THEIRS)), answering([], leaf_of(OURS)))
    assert shaken.answerer_error is not None


@pytest.mark.parametrize("believed", [[], [THEIRS.public_key]])
def test_a_node_with_another_key_is_not_believed(believed: list[PublicKey]) -> None:
    shaken = shake(pinned(believed), answering([], leaf_of(OURS)))
    assert isinstance(shaken.caller_error, ssl.SSLCertVerificationError)


def test_a_caller_with_another_key_is_not_believed() -> None:
    shaken = shake(
        pinned([OURS.public_key], leaf_of(THEIRS)), answering([OURS.public_key], leaf_of(OURS))
    )
    assert isinstance(shaken.answerer_error, ssl.SSLCertVerificationError)


def test_either_of_two_keys_is_believed() -> None:
    both = [THEIRS.public_key, OURS.public_key]
    assert all(shake(pinned(both), answering([], leaf_of(one))).succeeded for one in (OURS, THEIRS))


@pytest.mark.parametrize(
    ("age_s", "is_believed"),
    [
        (-SKEW_S - 60, False),
        (-SKEW_S + 60, True),
        (LEAF_S - 60, True),
        (LEAF_S + 60, False),
        (400 * DAY_S, False),
    ],
)
def test_a_leaf_holds_for_some_days_and_a_day_before(age_s: float, *, is_believed: bool) -> None:
    shaken = shake(pinned([OURS.public_key]), answering([], leaf_of(OURS, age_s)))
    assert shaken.succeeded == is_believed
    caller = pinned([THEIRS.public_key], leaf_of(OURS, age_s))
    assert shake(caller, answering([OURS.public_key], leaf_of(THEIRS))).succeeded == is_believed


def test_only_the_newest_version_of_tls_is_spoken() -> None:
    old = pinned([OURS.public_key])
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
    assert not shake(old, answering([], leaf_of(OURS))).succeeded
    behind = answering([], leaf_of(OURS))
    behind.minimum_version, behind.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
    assert not shake(pinned([OURS.public_key]), behind).succeeded


def test_tools_that_compare_names_find_the_host_they_asked_for(tmp_path: Path) -> None:
    """An anchor in a file is what such a tool is given as its authority."""
    file = tmp_path / "anchor.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(anchor_of(OURS.public_key)), encoding="ascii")
    tool = ssl.create_default_context(cafile=str(file))
    answerer = answering([], issue(OURS, [HOST, "10.0.0.7"], time()))
    assert shake(tool, answerer, HOST).succeeded
    assert shake(tool, answerer, "10.0.0.7").succeeded
    assert not shake(tool, answerer, "node.weather.example").succeeded


def test_the_key_of_a_leaf_is_shown_to_nobody() -> None:
    leaf = leaf_of(OURS)
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in leaf.pem
    assert leaf.passphrase.decode() not in repr(leaf)
    assert "BEGIN" not in repr(leaf)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    issuer: Ed25519PrivateKey,
    issuer_name: str,
    own: Ed25519PrivateKey,
    own_name: str = "somebody",
    *extensions: tuple[x509.ExtensionType, bool],
) -> x509.Certificate:
    """A certificate that says what its maker wants it to say."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(own_name))
        .issuer_name(name(issuer_name))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(issuer, None)


def leaf_from(own: Ed25519PrivateKey, *chain: x509.Certificate) -> certificates.Leaf:
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
    key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificates.Leaf(OURS.public_key.keyid, pem + key, b"", 0)


def identified(key: PublicKey) -> tuple[x509.ExtensionType, bool]:
    return x509.AuthorityKeyIdentifier(bytes.fromhex(key.keyid), None, None), False


OF_CALLERS: Final = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
_HELD: Final = certificates._Held(THEIRS)
"""What an attacker holds: the key of another member."""


def signed_by_nobody() -> certificates.Leaf:
    own = Ed25519PrivateKey.generate()
    return leaf_from(own, certificate(own, OURS.public_key.keyid, own))


def signed_by_another_in_our_name() -> certificates.Leaf:
    own, key = Ed25519PrivateKey.generate(), OURS.public_key
    return leaf_from(own, certificate(_HELD, key.keyid, own, "us", identified(key), OF_CALLERS))


def below_an_authority_of_another_in_our_name() -> certificates.Leaf:
    between, own, us = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), OURS.public_key
    authority = certificate(
        _HELD,
        THEIRS.public_key.keyid,
        between,
        us.keyid,
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (x509.SubjectKeyIdentifier(bytes.fromhex(us.keyid)), False),
        identified(THEIRS.public_key),
    )
    below = certificate(between, us.keyid, own, "us", identified(us), OF_CALLERS)
    return leaf_from(own, below, authority)


def the_anchor_itself() -> certificates.Leaf:
    """Its signature is by a key everybody has, the public half in it is ours."""
    own = certificates._NOBODY
    return leaf_from(own, x509.load_der_x509_certificate(anchor_of(OURS.public_key)))


@pytest.mark.parametrize(
    "forge",
    [signed_by_nobody, signed_by_another_in_our_name, below_an_authority_of_another_in_our_name],
)
def test_nobody_passes_for_another(forge: Callable[[], certificates.Leaf]) -> None:
    answerer = answering([OURS.public_key, THEIRS.public_key], leaf_of(OURS))
    shaken = shake(pinned([OURS.public_key], forge()), answerer)
    assert isinstance(shaken.answerer_error, ssl.SSLCertVerificationError)
    assert shaken.caller is None


def test_an_anchor_is_shown_by_nobody_who_does_not_hold_its_key() -> None:
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        pinned([], the_anchor_itself())


def test_a_leaf_made_for_something_else_is_not_believed() -> None:
    """A key that signs leaves signs no others; and one that did would not be taken for one."""
    own, key = Ed25519PrivateKey.generate(), OURS.public_key
    usage = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
    held = certificates._Held(OURS)
    leaf = leaf_from(own, certificate(held, key.keyid, own, "us", identified(key), usage))
    shaken = shake(pinned([key], leaf), answering([key], leaf_of(OURS)))
    assert isinstance(shaken.answerer_error, ssl.SSLCertVerificationError)


def test_a_long_chain_is_not_read_to_its_end() -> None:
    own = Ed25519PrivateKey.generate()
    many = [certificate(own, "x" * 60, own, "y" * 60) for _ in range(500)]
    answerer = answering([OURS.public_key], leaf_of(OURS))
    shaken = shake(pinned([OURS.public_key], leaf_from(own, *many)), answerer)
    assert shaken.answerer_error is not None
    assert shaken.answerer_error.reason == "EXCESSIVE_MESSAGE_SIZE"


def test_what_holds_the_key_is_asked_for_signatures_alone() -> None:
    held = certificates._Held(OURS)
    with pytest.raises(TypeError, match="held elsewhere"):
        held.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError, match="held elsewhere"):
        held.private_bytes_raw()
