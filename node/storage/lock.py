"""One process at a time writes a database.

Two nodes over one database would sign two histories with one key. SQLite alone would let them: it
keeps transactions apart, not what their writers believe the head to be. So whoever writes holds a
lock on a file beside the database. The kernel lets go of it however the process ends; the file
stays, and means nothing by itself.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DatabaseInUse(Exception):  # noqa: N818  the name states the fact
    """Another process holds the database."""


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Within this context nobody else writes the database. Raises `DatabaseInUse`, `OSError`."""
    path = database.resolve()
    path = path.with_name(f"{path.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatabaseInUse(f"another process works on {database}") from error
        yield
    finally:
        os.close(descriptor)
