"""A key in a PKCS#11 token, a hardware module for instance, as a `Signer`.

The token makes Ed25519 signatures (CKM_EDDSA); the key never leaves it. A session may end at any
time: the module is restarted, the token taken out and put back, the network to it lost. So what
fails is tried once more in a new session, and fails then with `KeyFileError`. A PIN that is refused
is not shown again: after some tries tokens lock themselves.

Each signature is verified before it is given away: a fault of the token must not get onto the
ledger, and from a wrong signature beside a right one the key may be computed.
"""

import contextlib
from threading import Lock
from typing import Final

import pkcs11
from pkcs11 import (
    Attribute,
    KeyType,
    Mechanism,
    ObjectClass,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    SignMixin,
    UserAlreadyLoggedIn,
)

from ledger.errors import KeyFileError, LedgerError
from ledger.keys import PublicKey
from ledger.suites import ED25519
from node.client.keys.pkcs11_uri import Pkcs11Uri
from node.client.secret_files import SecretError, read_secret

_POINT_BYTES: Final = 32
_OCTETS: Final = b"\x04\x20"
"""DER of an octet string of 32 bytes, in which PKCS#11 wraps a point; some modules do not."""
_REFUSALS: Final = (PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked)


class Pkcs11Signer:
    """The key that a URI names; threads take turns."""

    def __init__(self, uri: Pkcs11Uri) -> None:
        """Open it and find its public half. Raises `KeyFileError`."""
        self._uri = uri
        self._turn = Lock()
        self._refused: KeyFileError | None = None
        self._session: pkcs11.Session | None = None
        self._key = self._open()
        self.public_key = self._public_key()
        self.sign(b"")  # it does sign, and with that key

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly `message`. Raises `KeyFileError`."""
        with self._turn:
            try:
                signature = self._key.sign(message, mechanism=Mechanism.EDDSA)
            except PKCS11Error:
                self._key = self._open()  # the session may have ended
                try:
                    signature = self._key.sign(message, mechanism=Mechanism.EDDSA)
                except PKCS11Error as error:
                    raise self._error(error) from error
        try:
            self.public_key.verify(signature, message)
        except LedgerError as error:
            raise KeyFileError(f"token {self._uri.token}: it signed with another key") from error
        return bytes(signature)

    def _open(self) -> SignMixin:
        """The key in a new session."""
        if self._refused is not None:
            raise self._refused
        uri = self._uri
        try:
            if self._session is not None:
                with contextlib.suppress(PKCS11Error):
                    self._session.close()
            self._session = self._log_in()
            key = self._find(self._session, ObjectClass.PRIVATE_KEY)
        except _REFUSALS as error:
            self._refused = self._error(error)
            raise self._refused from error
        except PKCS11Error as error:
            raise self._error(error) from error
        if not isinstance(key, SignMixin):
            raise KeyFileError(f"token {uri.token}: the key is not for signing")
        return key

    def _log_in(self) -> pkcs11.Session:
        """A session of the user. Raises `KeyFileError`, `PKCS11Error`."""
        uri = self._uri
        try:
            pin = read_secret(uri.pin_file).split(b"\n", 1)[0].decode("utf-8")
        except (SecretError, UnicodeDecodeError) as error:
            raise KeyFileError(f"the PIN of token {uri.token}: {error}") from error
        token = pkcs11.lib(str(uri.module)).get_token(
            token_label=uri.token, token_serial=uri.serial
        )
        try:
            return token.open(user_pin=pin)
        except UserAlreadyLoggedIn:  # with another key; the process is logged in as a whole
            return token.open()

    def _find(self, session: pkcs11.Session, of_class: ObjectClass) -> pkcs11.Key:
        """The one object of a class that the URI names."""
        return session.get_key(
            object_class=of_class,
            key_type=KeyType.EC_EDWARDS,
            label=self._uri.label,
            id=self._uri.id,
        )

    def _public_key(self) -> PublicKey:
        try:
            session = self._log_in()
            point = bytes(self._find(session, ObjectClass.PUBLIC_KEY)[Attribute.EC_POINT])
            session.close()
        except PKCS11Error as error:
            raise self._error(error) from error
        raw = point.removeprefix(_OCTETS) if len(point) > _POINT_BYTES else point
        try:
            return PublicKey(ED25519, raw)
        except LedgerError as error:
            raise KeyFileError(f"token {self._uri.token}: no Ed25519 key: {error}") from error

    def _error(self, error: PKCS11Error) -> KeyFileError:
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return KeyFileError(f"token {self._uri.token}: {told}")
