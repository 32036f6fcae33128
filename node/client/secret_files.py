"""Reading files that hold secrets: keys, passphrases, tokens.

A file that others can use is refused: by then somebody else may hold the secret, which a quiet
repair would hide. So is what is no file: a pipe would make the reader wait.
"""

import os
import stat
from pathlib import Path
from typing import Final

SECRET_BYTES_MAX: Final = 65_536
_OTHERS: Final = 0o077


class SecretError(ValueError):
    """A file that holds a secret cannot be used; the message never quotes it."""


def read_secret(path: Path) -> bytes:
    """What a file of secrets holds. Raises `SecretError` if others can use it, or if it cannot."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SecretError(f"{path} is not a file")
            if status.st_mode & _OTHERS:
                raise SecretError(
                    f"{path} can be used by others (mode {stat.S_IMODE(status.st_mode):04o}); "
                    f"if nobody read it, run: chmod 600 {path}"
                )
            secret = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        raise SecretError(f"{path} cannot be read: {error.strerror}") from error
    if len(secret) > SECRET_BYTES_MAX:
        raise SecretError(f"{path} is too large for a secret")
    return secret
