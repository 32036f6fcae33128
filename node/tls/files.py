"""Files that may be replaced while the node runs: looked at whenever what is in them is wanted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar

from ledger.errors import LedgerError
from ledger.keys import PrivateKey, PublicKey, parse_description, parse_private_key
from ledger.suites import ED25519
from node.client.secret_files import SecretError, read_secret
from node.logs import log

_PUBLIC_BYTES_MAX: Final = 4_096
T = TypeVar("T")
Mark: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Watched(Generic[T]):
    """What `load` makes of some files, and makes again once they have changed.

    What cannot be used at the start raises `SecretError`; later it is told in the log, and what was
    there before stays: half a file, or a certificate whose key has yet to come, ends nothing.
    """

    def __init__(self, files: Sequence[Path], load: Callable[[], T]) -> None:
        self._files = files
        self._load = load
        self._mark = _mark_of(files)
        self._value = load()

    @property
    def value(self) -> T:
        """What the files say; the same object as long as they are the same."""
        mark = _mark_of(self._files)
        if mark != self._mark:
            self._mark = mark
            try:
                self._value = self._load()
            except (SecretError, OSError) as error:
                log.error("tls-file-unusable", detail=str(error))
        return self._value


def read_keys(files: Sequence[Path], passphrase_file: Path | None) -> Sequence[PrivateKey]:
    """The transport keys in those files that are there; at least one. Raises `SecretError`."""
    passphrase = None
    if passphrase_file is not None:
        passphrase = read_secret(passphrase_file).split(b"\n", 1)[0].rstrip(b"\r")
    keys = [_key_in(file, passphrase) for file in files if file.exists()]
    if not keys:
        raise SecretError(f"{files[0]} is not there: the node has no transport key")
    return keys


def _key_in(file: Path, passphrase: bytes | None) -> PrivateKey:
    pem = read_secret(file)
    try:
        key = parse_private_key(pem, passphrase if b"ENCRYPTED" in pem else None)
    except LedgerError as error:
        raise SecretError(f"{file}: {error}") from error
    if key.public_key.suite is not ED25519:
        raise SecretError(f"{file}: a transport key is of the suite ed25519")
    return key


def read_public_key(file: Path) -> PublicKey:
    """The public half of a transport key, as `blockpool keys new` writes it. Raises `SecretError`.

    It is no secret, but says whose word counts.
    """
    try:
        with file.open("rb") as opened:
            key = parse_description(opened.read(_PUBLIC_BYTES_MAX))
    except (OSError, LedgerError) as error:
        raise SecretError(f"{file} holds no public key: {error}") from error
    if key.suite is not ED25519:
        raise SecretError(f"{file}: a transport key is of the suite ed25519")
    return key


def _mark_of(files: Sequence[Path]) -> Mark:
    return tuple(_mark(file) for file in files)


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
