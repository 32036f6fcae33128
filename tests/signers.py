"""Keys for tests, the same in every run."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.keys import PrivateKey


def ed25519_signer(number: int) -> PrivateKey:
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def ml_dsa_signer(number: int) -> PrivateKey:
    return PrivateKey(MLDSA44PrivateKey.from_seed_bytes(bytes([number]) * 32))
