"""Files that hold secrets: keys made once and never overwritten, passphrases, tokens.

A file is created exclusively with mode 0600 before a byte of the key is in it, and synced together
with its folder before the caller hears of success. Reading refuses a file that others can read: by
then somebody else may hold the secret, which a quiet repair would hide.
"""

import os
import stat
from pathlib import Path
from typing import Final

from ledger.errors import KeyFileError

KEY_FILE_BYTES_MAX: Final = 65_536
_MODE = 0o600
_OTHERS = 0o077


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
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise KeyFileError(f"{path} is not a file")
            if status.st_mode & _OTHERS:
                raise KeyFileError(
                    f"{path} can be used by others (mode {stat.S_IMODE(status.st_mode):04o}); "
                    f"if nobody read it, run: chmod 600 {path}"
                )
            secret = file.read(KEY_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    if len(secret) > KEY_FILE_BYTES_MAX:
        raise KeyFileError(f"{path} is too large for a secret")
    return secret


def read_token(path: Path) -> str:
    """The bearer token in `path`. Raises as `read_secret`."""
    return read_secret(path).decode("ascii", "replace").strip()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
