"""Copies of a node's database: consistent while the node runs, back again, to another kind.

    back up    the database, running or not                 ──▶ a file of SQLite
    restore    that file                                    ──▶ the database, where there is none
    move       the database of a node that does not run     ──▶ a database of any kind

Between files SQLite copies page by page and begins again where a block came in between. To and from
a server all tables are transferred, as `node.transfer` has it. Either way the copy is of one size
of the log, and there once it is whole and verified, or not at all. What stands beside the database
is not in it: keys, which are kept offline; the outbox and what was cosigned, which must never come
from the past.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, text

from contracts.replay import Head
from node import transfer
from node.replica import Replica, ReplicaError, origin_of
from node.settings import Settings
from node.storage.address import Database, PostgresAddress
from node.storage.database import PAGE_BYTES, PRIVATE, forget_database, open_database, reading
from node.storage.lock import locked
from node.storage.postgres import connect_postgres
from node.storage.schema import is_newest, migrate
from node.storage.store import SqlStore

PAGES_AT_ONCE: Final = 4_096
Advance = Callable[[int], None]
"""Told how many more bytes are copied, or steps of a transfer made."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds."""

    origin: str
    head: Head


def back_up(settings: Settings, copy: Path, advance: Advance) -> Copied:
    """Copy the database of a node, running or not, and verify the copy.

    Raises `FileExistsError`, `ReplicaError`, `ServerError`, `sqlite3.Error`, `OSError`.
    """
    return _copied(settings.database, copy, advance)


def restore(settings: Settings, backup: Path, advance: Advance) -> Copied:
    """Put a verified copy of a backup in the place of a database that is not there.

    Raises as `back_up`, and `DatabaseInUse`.
    """
    with locked(settings.database):
        return _copied(backup, settings.database, advance)


def move(settings: Settings, target: Database, advance: Advance) -> Copied:
    """Copy the database of a node that does not run to where there is none; nothing is taken away.

    Raises as `restore`.
    """
    with locked(settings.database), locked(target):
        return _copied(settings.database, target, advance)


def steps_of(source: Database, target: Database) -> int | None:
    """How much `Advance` will be told, where there is something to copy."""
    if isinstance(source, Path) and not source.exists():
        return None
    if isinstance(source, Path) and isinstance(target, Path):
        return source.stat().st_size
    with _reader(source) as connection:
        return transfer.steps_of(connection)


def _copied(source: Database, target: Database, advance: Advance) -> Copied:
    if isinstance(source, Path) and not source.exists():
        raise ReplicaError(f"{source} does not exist")
    if isinstance(target, PostgresAddress):
        return _to_server(source, target, advance)
    if target.exists():
        raise FileExistsError(target)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE))
    try:
        if isinstance(source, PostgresAddress):
            _from_server(source, beside, advance)
        else:
            _copy_pages(source, beside, advance)
        copied = _verified(beside)
        _sync(beside)
        beside.rename(target)
        _sync(target.parent)
    finally:
        forget_database(beside)
    return copied


def _to_server(source: Database, target: PostgresAddress, advance: Advance) -> Copied:
    """One transaction: should anything fail, the server holds nothing of it."""
    engine = connect_postgres(target)
    try:
        with _reader(source) as reader, engine.begin() as writer:
            if not transfer.is_empty(writer):
                raise ReplicaError(f"{target} is not empty: name a new database")
            migrate(writer)
            transfer.transfer(reader, writer, advance)
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))  # queries are planned by what the tables hold
        return _held_by(engine)
    finally:
        engine.dispose()


def _from_server(source: PostgresAddress, target: Path, advance: Advance) -> None:
    engine = open_database(target)
    try:
        with _reader(source) as reader, engine.begin() as writer:
            transfer.transfer(reader, writer, advance)
    finally:
        engine.dispose()
    _close_log(target)


@contextmanager
def _reader(source: Database) -> Iterator[Connection]:
    """One moment of a database that is only read. Raises `ReplicaError` for an earlier schema."""
    if isinstance(source, PostgresAddress):
        engine = connect_postgres(source)
    else:
        engine = create_engine("sqlite://", creator=lambda: _opened(source))
    try:
        with reading(engine).connect() as connection, connection.begin():
            if isinstance(source, Path):
                connection.exec_driver_sql("BEGIN")
            if not is_newest(connection):
                told = "is of an earlier version: `blockpool node check` brings it to this one"
                raise ReplicaError(f"{source} {told}")
            yield connection
    finally:
        engine.dispose()


def _opened(source: Path) -> sqlite3.Connection:
    """A file that is only read; transactions begin where it is said."""
    uri = f"{source.resolve().as_uri()}?mode=ro"
    if not source.with_name(f"{source.name}-wal").exists():
        uri += "&immutable=1"  # nobody writes it, and its folder may be one nobody can write to
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _copy_pages(source: Path, target: Path, advance: Advance) -> None:
    reader, writer = _opened(source), sqlite3.connect(target)
    copied = 0

    def tell(_status: int, left: int, total: int) -> None:
        nonlocal copied
        advance((total - left - copied) * PAGE_BYTES)
        copied = total - left

    try:
        reader.backup(writer, pages=PAGES_AT_ONCE, progress=tell)
    finally:
        reader.close()
        writer.close()
    _close_log(target)


def _close_log(copy: Path) -> None:
    """The copy is one file: what waits in a log beside it would be left behind."""
    connection = sqlite3.connect(copy)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def _verified(copy: Path) -> Copied:
    """What is in a copy whose pages are sound and whose tree gives its root."""
    with sqlite3.connect(copy) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    connection.close()
    if found != "ok":
        raise ReplicaError(f"the copy is damaged: {found}")
    engine = open_database(copy)
    try:
        return _held_by(engine)
    finally:
        engine.dispose()


def _held_by(engine: Engine) -> Copied:
    """What a database holds that a node can go on with."""
    store = SqlStore(engine)
    origin, _, _ = origin_of(store)
    replica = Replica(store, origin)
    try:
        return Copied(origin, replica.head)
    finally:
        replica.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
