"""securesystemslib, which TUF and in-toto use, reads our keys and verifies our envelopes."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError as TheirVerificationError
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import Key, SSlibKey

from ledger.canonical import encode
from ledger.envelope import open_envelope, parse_envelope, sign_envelope
from ledger.keys import PrivateKey, PublicKey
from ledger.suites import ED25519
from tests.signers import ed25519_signer, ml_dsa_signer

PAYLOAD = '{"_type":"https://in-toto.io/Statement/v1","name":"条数据"}'.encode()
SIGNERS = [ed25519_signer(1), ed25519_signer(2), ml_dsa_signer(3)]
NAMES = ["ed25519", "another ed25519", "ml-dsa-44"]


def their_key(key: PublicKey) -> Key:
    load = Ed25519PublicKey if key.suite is ED25519 else MLDSA44PublicKey
    return SSlibKey.from_crypto(load.from_public_bytes(key.raw))


@pytest.mark.parametrize("signer", SIGNERS, ids=NAMES)
def test_the_key_id_is_theirs(signer: PrivateKey) -> None:
    theirs = their_key(signer.public_key)
    assert signer.public_key.keyid == theirs.keyid
    assert json.loads(encode(signer.public_key.description)) == theirs.to_dict()


@pytest.mark.parametrize("signer", SIGNERS, ids=NAMES)
def test_they_verify_one_signature(signer: PrivateKey) -> None:
    envelope = sign_envelope(PAYLOAD, [signer])
    theirs = TheirEnvelope.from_dict(json.loads(envelope.encoded))
    key = their_key(signer.public_key)
    assert list(theirs.verify([key], 1)) == [key.keyid]


def test_they_verify_all_signatures_together() -> None:
    envelope = sign_envelope(PAYLOAD, SIGNERS)
    theirs = TheirEnvelope.from_dict(json.loads(envelope.encoded))
    keys = [their_key(signer.public_key) for signer in SIGNERS]
    assert len(theirs.verify(keys, 3)) == 3


def test_they_refuse_a_changed_payload() -> None:
    wire = json.loads(sign_envelope(PAYLOAD, SIGNERS[:1]).encoded)
    wire["payload"] = "e30="
    with pytest.raises(TheirVerificationError):
        TheirEnvelope.from_dict(wire).verify([their_key(SIGNERS[0].public_key)], 1)


def test_we_verify_what_they_sign() -> None:
    theirs = TheirEnvelope(PAYLOAD, "application/vnd.in-toto+json", {})
    signers = [CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()]
    for signer in signers:
        theirs.sign(signer)
    envelope = parse_envelope(json.dumps(theirs.to_dict(), indent=1).encode(), canonical=False)
    keys = [PublicKey(ED25519, bytes.fromhex(s.public_key.keyval["public"])) for s in signers]
    assert open_envelope(envelope, {key.keyid: key for key in keys}) == PAYLOAD
