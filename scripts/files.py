"""Files written whole or not at all."""

import os
from pathlib import Path

from scripts.console_text import fail


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Create `path`, for its owner alone if `private`; ends the command if it exists already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if private else 0o666
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        fail(f"{path} exists", hint="choose another name, or remove it first")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of what is in `path`; a crash leaves the one or the other."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
