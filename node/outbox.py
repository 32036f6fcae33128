"""The outbox: records signed for local systems that the ledger has not answered yet.

A small SQLite file of its own, beside the ledger's database:

    signed(place, writer, digest, leaf)      a row from before the first submission to the answer

A row is durable (WAL, `synchronous=FULL`) before its record leaves the signer, so a crash can lose
only what was not signed yet, and nobody was told otherwise. After a crash the rows are submitted
again, byte for byte; what the ledger has already is answered as it was, so a row that outlives its
answer records nothing twice. An old copy is another matter: a row that has been signed anew since
would be signed and recorded once more. So the outbox is never restored from a backup; without one
it begins empty.

It is not a table of the ledger's database, because that one follows from the log alone, may be
rebuilt or copied from another node at any time, and is written by one thread in one transaction per
block, which comes after what has to be promised here. SQLModel would add nothing to one table and
three statements.

Opened by one process at a time: two would sign for the same places.

>>> from pathlib import Path
>>> outbox = Outbox(Path(":memory:"))
>>> outbox.writers()
()
>>> outbox.close()
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from ledger.errors import FormatError
from ledger.records import Record, parse_record
from ledger.types import DigestHex, WriterId
from node.client.chain import Signed

SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE signed (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    writer TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    leaf BLOB NOT NULL
) STRICT
"""


class OutboxError(Exception):
    """The outbox cannot be opened, read or written; what was asked for has not been done."""


class Outbox:
    """Signed records awaiting their answer. Threads may share it. Raises `OutboxError`."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        try:
            if str(path) != ":memory:":
                # For the owner's eyes: nobody else shall read a record before the ledger has it.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise OutboxError(f"{path}: {error}") from error
        try:
            self._prepare()
        except (OutboxError, sqlite3.Error) as error:
            self._db.close()
            raise OutboxError(f"{path}: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def writers(self) -> tuple[WriterId, ...]:
        """Whose records await an answer, ascending."""
        rows = self._read("SELECT DISTINCT writer FROM signed ORDER BY writer")
        return tuple(str(writer) for (writer,) in rows)

    def records_of(self, writer: WriterId) -> list[Record]:
        """The writer's records that await an answer, in the order they were put in."""
        rows = self._read("SELECT leaf FROM signed WHERE writer = ? ORDER BY place", writer)
        try:
            return [parse_record(leaf) for (leaf,) in rows if isinstance(leaf, bytes)]
        except FormatError as error:
            raise OutboxError(f"a row of {writer} is no record: {error}") from error

    def exchange(self, answered: Iterable[DigestHex], signed: Sequence[Signed]) -> None:
        """Take out what was answered and put in what was signed: both or neither, and durably."""
        gone = [(digest,) for digest in answered]
        rows = [(one.position.writer, one.digest, one.envelope.encoded) for one in signed]
        if not gone and not rows:
            return
        try:
            with self._lock, self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("DELETE FROM signed WHERE digest = ?", gone)
                self._db.executemany(
                    "INSERT INTO signed (writer, digest, leaf) VALUES (?, ?, ?)", rows
                )
        except sqlite3.Error as error:
            raise OutboxError(str(error)) from error

    def _prepare(self) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN EXCLUSIVE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.execute(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            raise OutboxError(f"an outbox of version {version}, not {SCHEMA_VERSION}")
        self._db.execute("COMMIT")

    def _read(self, query: str, *values: str) -> list[tuple[object, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise OutboxError(str(error)) from error
