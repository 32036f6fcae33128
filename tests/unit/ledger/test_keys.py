"""Keys: descriptions, key ids, and private keys at rest."""

import pickle
import subprocess
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.json import Decoder

from ledger.canonical import encode, parse
from ledger.errors import FormatError, KeyFileError, VerificationError, WeakKeyError
from ledger.keys import (
    KeyDescription,
    KeyValue,
    PrivateKey,
    PublicKey,
    encode_private_key,
    encode_private_key_unencrypted,
    generate_private_key,
    parse_private_key,
    parse_public_key,
)
from ledger.suites import ED25519, SUITES, Suite
from tests.signers import ed25519_signer, ml_dsa_signer

SIGNERS = {"ed25519": ed25519_signer(1), "ml-dsa-44": ml_dsa_signer(1)}


@pytest.fixture(params=SIGNERS)
def signer(request: pytest.FixtureRequest) -> PrivateKey:
    return SIGNERS[request.param]


def test_a_description_leads_back_to_the_key(signer: PrivateKey) -> None:
    description = signer.public_key.description
    assert parse_public_key(description) == signer.public_key
    assert parse_public_key(description) is parse_public_key(description)
    assert parse(encode(description), Decoder(KeyDescription)) == description


def test_the_keyid_is_the_hash_of_the_description() -> None:
    public = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
    key = ed25519_signer(1).public_key
    text = f'{{"keytype":"ed25519","keyval":{{"public":"{public}"}},"scheme":"ed25519"}}'
    assert key.keyid == sha256(text.encode()).hexdigest()
    assert encode(key.description) == text.encode()


@pytest.mark.parametrize(
    ("keytype", "scheme", "public"),
    [
        ("ed25519", "ml-dsa-44/1", "00" * 32),
        ("rsa", "rsassa-pss-sha256", "00" * 32),
        ("", "", ""),
        ("ed25519", "ed25519", ""),
        ("ed25519", "ed25519", "0" * 63),
        ("ed25519", "ed25519", "AB" * 32),
        ("ml-dsa", "ml-dsa-44/1", "00" * 1312),
    ],
)
def test_a_bad_description_is_refused(keytype: str, scheme: str, public: str) -> None:
    with pytest.raises(FormatError):
        parse_public_key(
            KeyDescription(keytype=keytype, keyval=KeyValue(public=public), scheme=scheme)
        )


def test_a_weak_key_is_refused_wherever_it_comes_from() -> None:
    identity = (1).to_bytes(32, "little")
    with pytest.raises(WeakKeyError):
        PublicKey(ED25519, identity)
    description = KeyValue(public=identity.hex())
    with pytest.raises(WeakKeyError):
        parse_public_key(KeyDescription(keytype="ed25519", keyval=description, scheme="ed25519"))


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_fresh_keys_differ_and_verify(suite: Suite) -> None:
    first, second = generate_private_key(suite), generate_private_key(suite)
    signature = first.sign(b"message")
    first.public_key.verify(signature, b"message")
    for key, message in ((second.public_key, b"message"), (first.public_key, b"Message")):
        with pytest.raises(VerificationError):
            key.verify(signature, message)


def test_an_encrypted_key_opens_with_its_passphrase_only(signer: PrivateKey) -> None:
    pem = encode_private_key(signer, b"correct horse")
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert parse_private_key(pem, b"correct horse").public_key == signer.public_key
    for wrong in (b"Correct horse", b"correct horse ", b"x"):
        with pytest.raises(KeyFileError):
            parse_private_key(pem, wrong)
    with pytest.raises(KeyFileError, match="passphrase is needed"):
        parse_private_key(pem)


def test_the_same_key_is_never_encrypted_twice_alike(signer: PrivateKey) -> None:
    assert encode_private_key(signer, b"x") != encode_private_key(signer, b"x")


def test_an_empty_passphrase_is_no_passphrase(signer: PrivateKey) -> None:
    with pytest.raises(KeyFileError, match="empty"):
        encode_private_key(signer, b"")


def test_a_key_in_the_clear_says_so(signer: PrivateKey) -> None:
    pem = encode_private_key_unencrypted(signer)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert parse_private_key(pem).public_key == signer.public_key
    with pytest.raises(KeyFileError, match="not encrypted"):
        parse_private_key(pem, b"x")


def test_openssl_opens_the_encrypted_key() -> None:
    signer = ed25519_signer(9)
    pem = encode_private_key(signer, b"pass")
    command = ["openssl", "pkey", "-passin", "pass:pass", "-pubout", "-outform", "DER"]
    try:
        done = subprocess.run(command, input=pem, capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("no openssl on this machine")
    assert done.stdout.endswith(signer.public_key.raw)


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAA==\n"])
def test_junk_is_no_key(junk: bytes) -> None:
    with pytest.raises(KeyFileError, match="not a readable private key"):
        parse_private_key(junk)


def test_a_key_of_another_algorithm_is_refused() -> None:
    pem = generate_ec(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyFileError, match="algorithm"):
        parse_private_key(pem)


def test_secrets_are_never_shown_nor_pickled(signer: PrivateKey) -> None:
    secret = b"\x01" * 32
    shown = f"{signer!r} {signer} {signer.public_key!r}"
    assert signer.public_key.keyid in shown
    assert secret.hex() not in shown
    assert repr(secret) not in shown
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(signer)
