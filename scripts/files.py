"""Files written whole or not at all."""

import os
from pathlib import Path

from scripts.console_text import fail


def write_new(path: Path, data: bytes) -> None:
    """Create `path`; ends the command if there is a file already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        fail(f"{path} exists", hint="choose another name, or remove it first")


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
