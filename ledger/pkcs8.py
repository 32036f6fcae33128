"""Private keys as PKCS#8 PEM, encrypted under a passphrase.

The container is RFC 5958 `EncryptedPrivateKeyInfo` with PBES2 (RFC 8018): scrypt (RFC 7914) makes
the key, AES-256-CBC encrypts. `cryptography` reads this form but would write PBKDF2 with 2,048
rounds, which a graphics card searches at millions of passphrases a second; so the writing is ours,
forty lines of DER. scrypt runs with N = 2^14, r = 8, p = 5: 16 MiB and about a tenth of a second
per guess, within the memory OpenSSL's own tools allow.

    EncryptedPrivateKeyInfo ::= SEQUENCE {
      SEQUENCE { PBES2, SEQUENCE {
        SEQUENCE { scrypt, SEQUENCE { OCTET STRING salt, N, r, p } },
        SEQUENCE { aes256-CBC, OCTET STRING iv } } },
      OCTET STRING encryptedKey }
"""

import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.errors import KeyFileError
from ledger.lexical import encode_base64
from ledger.suites import SecretKey

_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 5
_OID_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_OID_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_OID_AES256_CBC = bytes.fromhex("060960864801650304012a")
_SEQUENCE, _OCTETS, _INTEGER = b"\x30", b"\x04", b"\x02"


def encode_plain(key: SecretKey) -> bytes:
    """The key as PEM that anyone who reads the file can use."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encode_encrypted(key: SecretKey, passphrase: bytes) -> bytes:
    """The key as PEM under a passphrase; salt and IV are fresh."""
    if not passphrase:
        raise KeyFileError("the passphrase is empty")
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    kdf = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    encryptor = Cipher(AES256(kdf.derive(passphrase)), CBC(iv)).encryptor()
    padder = PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    encrypted = encryptor.update(padded) + encryptor.finalize()
    return _pem(_container(salt, iv, encrypted))


def parse(pem: bytes, passphrase: bytes | None) -> SecretKey:
    """The private key in `pem`; raises `KeyFileError`, which never shows what it read."""
    try:
        # Any algorithm may come out; whether a suite knows it is the caller's next question.
        return load_pem_private_key(pem, passphrase)  # type: ignore[return-value]
    except TypeError as error:
        hint = "is encrypted: a passphrase is needed" if passphrase is None else "is not encrypted"
        raise KeyFileError(f"the private key {hint}") from error
    except ValueError as error:
        raise KeyFileError("not a readable private key, or a wrong passphrase") from error


def _container(salt: bytes, iv: bytes, encrypted: bytes) -> bytes:
    numbers = b"".join(_integer(n) for n in (_SCRYPT_N, _SCRYPT_R, _SCRYPT_P))
    scrypt = _OID_SCRYPT + _tlv(_SEQUENCE, _tlv(_OCTETS, salt) + numbers)
    cipher = _OID_AES256_CBC + _tlv(_OCTETS, iv)
    pbes2 = _OID_PBES2 + _tlv(_SEQUENCE, _tlv(_SEQUENCE, scrypt) + _tlv(_SEQUENCE, cipher))
    return _tlv(_SEQUENCE, _tlv(_SEQUENCE, pbes2) + _tlv(_OCTETS, encrypted))


def _tlv(tag: bytes, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return tag + bytes([size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + bytes([0x80 | len(length)]) + length + value


def _integer(value: int) -> bytes:
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _pem(der: bytes) -> bytes:
    body = encode_base64(der)
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    label = "ENCRYPTED PRIVATE KEY-----\n"
    return f"-----BEGIN {label}{lines}\n-----END {label}".encode("ascii")
