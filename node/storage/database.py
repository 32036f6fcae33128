"""Opening a database: SQLite with the settings a ledger needs, and its migrations.

A transaction is durable when `commit` returns: write-ahead log, `synchronous=FULL`. Readers see the
snapshot of their transaction's start and never block the one writer.
"""

import contextlib
import os
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_MS: Final = 10_000
PAGE_CACHE_KIB: Final = 64 * 1024
PAGE_BYTES: Final = 4 * 1024  # of a new database; where state is large, a block touches many pages
WAL_PAGES: Final = 100_000  # more wait in the log where nobody moves them: see `node.storage.wal`
READERS_MAX: Final = 16
PRIVATE: Final = 0o600
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def open_database(path: Path) -> Engine:
    """The SQLite database at `path`, brought to the newest schema; made if it is missing."""
    _keep_private(path)
    engine = create_engine(
        f"sqlite:///{path}",
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


def _keep_private(path: Path) -> None:
    """For its owner alone before SQLite opens it: the files beside it take over its mode."""
    path = path.resolve()  # SQLite puts them beside the file itself, not beside a link to it
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE))
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):  # left there by a process that was killed
            path.with_name(path.name + suffix).chmod(PRIVATE)


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest version; each step is one transaction."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


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
