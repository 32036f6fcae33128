"""A copy of a node's database, consistent while the node runs, and the way back.

SQLite copies it page by page and begins again where a block came in between; the copy is of one
size of the log. What stands beside the database is not in it: keys, which are kept offline; the
outbox and what was cosigned, which must never come from the past.
"""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.replay import Head
from node.replica import Replica, ReplicaError, origin_of
from node.settings import Settings
from node.storage.database import PAGE_BYTES, PRIVATE, open_database
from node.storage.lock import locked
from node.storage.store import SqlStore

PAGES_AT_ONCE: Final = 4_096
Advance = Callable[[int], None]
"""Told how many more bytes are copied."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds."""

    origin: str
    head: Head


def back_up(settings: Settings, copy: Path, advance: Advance) -> Copied:
    """Copy the database of a node, running or not, and verify the copy.

    Raises `FileExistsError`, `ReplicaError`, `sqlite3.Error`, `OSError`.
    """
    if not settings.database.exists():
        raise ReplicaError(f"{settings.database} does not exist")
    return _copied(settings.database, copy, advance)


def restore(settings: Settings, backup: Path, advance: Advance) -> Copied:
    """Put a verified copy of a backup in the place of a database that is not there.

    Raises as `back_up`, and `DatabaseInUse`.
    """
    with locked(settings.database):
        return _copied(backup, settings.database, advance)


def _copied(source: Path, target: Path, advance: Advance) -> Copied:
    """The copy is there once it is whole and verified, or not at all."""
    if target.exists():
        raise FileExistsError(target)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE))
    try:
        _copy(source, beside, advance)
        copied = _verified(beside)
        _sync(beside)
        beside.rename(target)
        _sync(target.parent)
    finally:
        for suffix in ("", "-wal", "-shm"):
            beside.with_name(beside.name + suffix).unlink(missing_ok=True)
    return copied


def _copy(source: Path, target: Path, advance: Advance) -> None:
    uri = f"{source.resolve().as_uri()}?mode=ro"
    if not source.with_name(f"{source.name}-wal").exists():
        uri += "&immutable=1"  # nobody writes it, and its folder may be one nobody can write to
    reader, writer = sqlite3.connect(uri, uri=True), sqlite3.connect(target)
    copied = 0

    def tell(_status: int, left: int, total: int) -> None:
        nonlocal copied
        advance((total - left - copied) * PAGE_BYTES)
        copied = total - left

    try:
        reader.backup(writer, pages=PAGES_AT_ONCE, progress=tell)
        # The copy is one file: what waits in a log beside it would be left behind.
        writer.execute("PRAGMA journal_mode = DELETE")
    finally:
        reader.close()
        writer.close()


def _verified(copy: Path) -> Copied:
    """What is in a copy whose pages are sound and whose tree gives its root."""
    with sqlite3.connect(copy) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    connection.close()
    if found != "ok":
        raise ReplicaError(f"the copy is damaged: {found}")
    store = SqlStore(open_database(copy))
    try:
        origin, _, _ = origin_of(store)
        replica = Replica(store, origin)
        try:
            return Copied(origin, replica.head)
        finally:
            replica.close()
    finally:
        store.engine.dispose()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
