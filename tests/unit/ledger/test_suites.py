"""Ed25519 at its published edges, and the table of suites."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.errors import FormatError, VerificationError, WeakKeyError
from ledger.keys import PublicKey
from ledger.suites import ED25519, ML_DSA_44, SUITES, Suite
from tests.reference import edwards
from tests.signers import ed25519_signer, ml_dsa_signer

# Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020), the published test cases.
SMALL_KEY = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
MIXED_KEY = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
OTHER_MIXED_KEY = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
PRIME_KEY = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"
CASES = {
    "0 small A, small R, S = 0": (
        SMALL_KEY,
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        (
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
            "0000000000000000000000000000000000000000000000000000000000000000"
        ),
        "weak key",
    ),
    "1 small A, mixed R": (
        SMALL_KEY,
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        (
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"
        ),
        "weak key",
    ),
    "2 mixed A, small R": (
        MIXED_KEY,
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        (
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
            "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e"
        ),
        "good",
    ),
    "3 mixed A, mixed R": (
        OTHER_MIXED_KEY,
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        (
            "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
            "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009"
        ),
        "good",
    ),
    "4 holds with cofactor only": (
        OTHER_MIXED_KEY,
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        (
            "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
            "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09"
        ),
        "bad",
    ),
    "5 holds with cofactor and unreduced hash only": (
        OTHER_MIXED_KEY,
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        (
            "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7"
            "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405"
        ),
        "bad",
    ),
    "6 S above L": (
        PRIME_KEY,
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        (
            "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e"
            "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514"
        ),
        "bad",
    ),
    "7 S far above L": (
        PRIME_KEY,
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        (
            "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942"
            "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22"
        ),
        "bad",
    ),
    "8 R not canonical": (
        MIXED_KEY,
        "fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a",
        (
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
            "454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607"
        ),
        "bad",
    ),
    "9 R not canonical, hashed as if it were": (
        MIXED_KEY,
        "84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1",
        (
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
            "084d5b99c2a9463d9c8bd5026916996984eeec87ddf1d3be329006ace1b37b09"
        ),
        "bad",
    ),
}
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
]


def verdict(key: bytes, message: bytes, signature: bytes) -> str:
    try:
        PublicKey(ED25519, key).verify(signature, message)
    except WeakKeyError:
        return "weak key"
    except VerificationError:
        return "bad"
    return "good"


@pytest.mark.parametrize("case", CASES)
def test_the_published_edge_cases(case: str) -> None:
    key, message, signature, expected = CASES[case]
    given = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verdict(*given) == expected


@pytest.mark.parametrize("case", CASES)
def test_the_library_agrees_with_the_naive_equation(case: str) -> None:
    key, message, signature, expected = CASES[case]
    holds = edwards.verify_cofactorless(
        bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message)
    )
    if expected != "weak key":
        assert holds == (expected == "good")


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_rfc_8032_vectors(key: str, message: str, signature: str) -> None:
    given = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verdict(*given) == "good"


def all_encodings(point: edwards.Point) -> list[bytes]:
    """Every 32 bytes a lenient decoder reads as `point`."""
    ys = [y for y in (point[1], point[1] + edwards.P) if y < 2**255]
    numbers = [y | sign << 255 for y in ys for sign in (0, 1)]
    encodings = [number.to_bytes(32, "little") for number in numbers]
    return [data for data in encodings if edwards.decode(data) == point]


def test_every_encoding_of_a_small_order_point_is_a_weak_key() -> None:
    points = edwards.small_order_points()
    assert len(dict.fromkeys(points)) == 8
    encodings = [data for point in points for data in all_encodings(point)]
    assert len(encodings) == 14  # 8 canonical, and 6 that a lenient decoder takes
    for data in encodings:
        assert verdict(data, b"", bytes(64)) == "weak key"


def test_under_the_identity_a_trivial_signature_would_hold_for_every_message() -> None:
    identity = edwards.encode(edwards.IDENTITY)
    trivial = identity + bytes(32)
    for message in (b"grant", b"revoke"):
        assert edwards.verify_cofactorless(identity, trivial, message)
        Ed25519PublicKey.from_public_bytes(identity).verify(trivial, message)  # the trap
        assert verdict(identity, message, trivial) == "weak key"


def test_every_y_that_is_not_reduced_is_a_weak_key() -> None:
    for y in range(edwards.P, 2**255):
        for sign in (0, 1):
            assert verdict((y | sign << 255).to_bytes(32, "little"), b"", bytes(64)) == "weak key"


def test_what_is_no_point_is_a_weak_key() -> None:
    outside = [y for y in range(2, 40) if edwards.recover_x(y, 0) is None]
    inside = [y for y in range(2, 40) if edwards.recover_x(y, 0) is not None]
    assert outside
    assert inside
    for y in outside:
        with pytest.raises(WeakKeyError, match="not a point"):
            PublicKey(ED25519, y.to_bytes(32, "little"))
    for y in inside:
        assert PublicKey(ED25519, y.to_bytes(32, "little")).raw[0] == y


def test_a_signature_has_no_second_form() -> None:
    signer = ed25519_signer(1)
    key, message = signer.public_key.raw, b"message"
    signature = signer.sign(message)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    assert verdict(key, message, signature) == "good"
    multiple = s + edwards.L
    while multiple < 2**256:
        assert verdict(key, message, r + multiple.to_bytes(32, "little")) == "bad"
        multiple += edwards.L
    assert verdict(key, message, signature + b"\x00") == "bad"
    assert verdict(key, message, signature[:-1]) == "bad"
    assert verdict(key, message, b"") == "bad"


def test_a_signature_with_small_order_r_is_what_its_maker_made_it() -> None:
    # r = 0: R is the identity. RFC 8032 accepts it; only the holder of the key can make one.
    signer = 12345
    key = edwards.encode(edwards.multiply(signer, edwards.BASE))
    r = edwards.encode(edwards.IDENTITY)
    s = edwards.challenge(r, key, b"m") * signer % edwards.L
    assert verdict(key, b"m", r + s.to_bytes(32, "little")) == "good"
    lenient = (edwards.P + 1).to_bytes(32, "little")  # the same R, encoded otherwise
    s = edwards.challenge(lenient, key, b"m") * signer % edwards.L
    assert verdict(key, b"m", lenient + s.to_bytes(32, "little")) == "bad"


@pytest.mark.parametrize("bit", range(512))
def test_every_bit_of_an_ed25519_signature_counts(bit: int) -> None:
    signer = ed25519_signer(2)
    flipped = bytearray(signer.sign(b"message"))
    flipped[bit // 8] ^= 1 << bit % 8
    assert verdict(signer.public_key.raw, b"message", bytes(flipped)) == "bad"


def test_every_byte_of_an_ml_dsa_signature_counts() -> None:
    signer = ml_dsa_signer(2)
    signature = signer.sign(b"message")
    signer.public_key.verify(signature, b"message")
    for at in range(len(signature)):
        flipped = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        with pytest.raises(VerificationError):
            signer.public_key.verify(flipped, b"message")


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_sizes_are_those_of_the_table(suite: Suite) -> None:
    secret = suite.generate()
    raw = suite.load_secret(secret)
    assert raw is not None
    assert len(raw) == suite.public_bytes
    assert len(secret.sign(b"")) == suite.signature_bytes
    assert suite.parse_public(suite.encode_public(raw)) == raw
    for wrong in (raw[:-1], raw + b"\x00", b""):
        with pytest.raises(FormatError):
            PublicKey(suite, wrong)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_public_key_is_written_in_one_way_only(suite: Suite) -> None:
    signer = ed25519_signer(3) if suite is ED25519 else ml_dsa_signer(3)
    text = suite.encode_public(signer.public_key.raw)
    other_forms = (text.upper(), text + "\n", " " + text, text.replace("a", "-"), text[:-1], "zz")
    for other in other_forms:
        with pytest.raises(FormatError):
            suite.parse_public(other)


def test_ml_dsa_keys_are_written_as_the_library_writes_them() -> None:
    signer = ml_dsa_signer(4)
    key = MLDSA44PublicKey.from_public_bytes(signer.public_key.raw)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert ML_DSA_44.encode_public(signer.public_key.raw) == pem
