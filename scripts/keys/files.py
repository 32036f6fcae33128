"""Files that hold secrets: keys made once and never overwritten, passphrases, tokens.

A file is created exclusively with mode 0600 before a byte of the key is in it, and synced together
with its folder before the caller hears of success. It is read as the node reads its own.
"""

import os
from pathlib import Path

from ledger.errors import KeyFileError
from node.client import secret_files
from node.client.secret_files import SecretError

_MODE = 0o600


def write_private_key(path: Path, pem: bytes) -> None:
    """Create `path` with the key in it; raises `KeyFileError` if there is a file already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    except FileExistsError as error:
        raise KeyFileError(f"{path} exists; a key file is never overwritten") from error
    except OSError as error:
        raise KeyFileError(f"{path} cannot be created: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _MODE)  # whatever the umask took away
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)  # half a key is no key
        raise KeyFileError(f"{path} cannot be written: {error.strerror}") from error


def read_secret(path: Path) -> bytes:
    """What is in `path`; raises `KeyFileError` if others may read it."""
    try:
        return secret_files.read_secret(path)
    except SecretError as error:
        raise KeyFileError(str(error)) from error


def read_token(path: Path) -> str:
    """The bearer token in `path`. Raises as `read_secret`."""
    return read_secret(path).decode("ascii", "replace").strip()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
