"""One process at a time writes a database.

Two nodes over one database would sign two histories with one key. SQLite alone would let them: it
keeps transactions apart, not what their writers believe the head to be. So whoever writes holds a
lock on a file beside the database. The kernel lets go of it however the process ends; the file
stays, and means nothing by itself. On a server it is an advisory lock of the database, which goes
with the session that holds it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from node.storage.address import Database, PostgresAddress
from node.storage.postgres import session, told

_WRITING: Final = 0x626C6F636B706F6F  # number of an advisory lock: "blockpoo"


class DatabaseInUse(Exception):  # noqa: N818  the name states the fact
    """Another process holds the database."""


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Within this context nobody else writes the database.

    Raises `DatabaseInUse`, `OSError`, `ServerError`.
    """
    if isinstance(database, PostgresAddress):
        with _session_lock(database):
            yield
    else:
        with _file_lock(database):
            yield


@contextmanager
def _session_lock(database: PostgresAddress) -> Iterator[None]:
    with told(database):
        connection = session(database)
    with closing(connection):
        with told(database):
            connection.autocommit = True
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_WRITING,)).fetchone()
        if row != (True,):
            raise DatabaseInUse(f"another process works on {database}")
        yield


@contextmanager
def _file_lock(database: Path) -> Iterator[None]:
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
