"""Opening a database: a server's (see `node.storage.postgres`), or SQLite as a ledger needs it.

A transaction is durable when `commit` returns: write-ahead log, `synchronous=FULL`. Readers see the
snapshot of their transaction's start and never block the one writer.
"""

import contextlib
import os
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from node.storage.address import Database, PostgresAddress
from node.storage.postgres import open_postgres, postgres_reading
from node.storage.schema import migrate

BUSY_TIMEOUT_MS: Final = 10_000
PAGE_CACHE_KIB: Final = 64 * 1024
PAGE_BYTES: Final = 4 * 1024  # of a new database; where state is large, a block touches many pages
WAL_PAGES: Final = 100_000  # more wait in the log where nobody moves them: see `node.storage.wal`
READERS_MAX: Final = 16
PRIVATE: Final = 0o600
_SQLITE: Final = "sqlite"


def open_database(database: Database) -> Engine:
    """The database, brought to the newest schema; a file is made if it is missing.

    Raises `ServerError`.
    """
    if isinstance(database, PostgresAddress):
        return open_postgres(database)
    _keep_private(database)
    engine = create_engine(
        f"sqlite:///{database}",
        poolclass=QueuePool,
        pool_size=READERS_MAX,
        max_overflow=0,
        hide_parameters=True,  # errors are logged; records must not be
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    with engine.connect() as connection:
        migrate(connection)
    return engine


def reading(engine: Engine) -> Engine:
    """The same database for transactions that only read, each of one moment."""
    return engine if engine.dialect.name == _SQLITE else postgres_reading(engine)


def _keep_private(path: Path) -> None:
    """For its owner alone before SQLite opens it: the files beside it take over its mode."""
    path = path.resolve()  # SQLite puts them beside the file itself, not beside a link to it
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE))
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):  # left there by a process that was killed
            path.with_name(path.name + suffix).chmod(PRIVATE)


def forget_database(path: Path) -> None:
    """Remove a database and what SQLite keeps beside it, as far as it is there.

    The file first: without its log it may be half of what it was.
    """
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _configure(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not by themselves
    for pragma in (
        f"page_size={PAGE_BYTES}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"cache_size=-{PAGE_CACHE_KIB}",
        f"wal_autocheckpoint={WAL_PAGES}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
