"""What this witness cosigned last of each log, in a file of its own.

It is written there before any answer, and only in the place of what the request was checked
against: so two histories are never cosigned, whatever happens in between. The file is never
restored from a backup, which would make the witness forget. A new one begins with nothing.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from ledger.checkpoint import Checkpoint
from ledger.hashing import EMPTY_ROOT
from ledger.types import Digest

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS cosigned (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL
) STRICT
"""
_SWAP: Final = """
INSERT INTO cosigned (origin, size, root, note) VALUES (?, ?, ?, ?)
ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note
WHERE cosigned.size = ? AND cosigned.root = ?
"""


class CosignedError(Exception):
    """The file of what was cosigned cannot be used."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a witness cosigned last of a log. Nothing yet: the empty log, which precedes any."""

    size: int = 0
    root: Digest = EMPTY_ROOT


class CosignedStore:
    """What was cosigned last, durably. Threads may share it. Raises `sqlite3.Error`."""

    def __init__(self, path: Path) -> None:
        """Raises `CosignedError`."""
        self._lock = Lock()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            self._db = _opened(path)
        except (OSError, sqlite3.Error) as error:
            raise CosignedError(f"{path}: {error}") from error

    def get(self, origin: str) -> Cosigned:
        """The last of a log."""
        query = "SELECT size, root FROM cosigned WHERE origin = ?"
        with self._lock:
            row = self._db.execute(query, (origin,)).fetchone()
        return Cosigned() if row is None else Cosigned(row[0], Digest(row[1]))

    def note(self, origin: str) -> bytes | None:
        """The last of a log as a checkpoint with its cosignatures; None before there is one."""
        query = "SELECT note FROM cosigned WHERE origin = ?"
        with self._lock:
            row = self._db.execute(query, (origin,)).fetchone()
        return None if row is None else bytes(row[0])

    def swap(self, before: Cosigned, after: Checkpoint, note: bytes) -> bool:
        """Put `after` in the place of `before`, unless another has come there; whether it did."""
        values = (after.origin, after.size, after.root, note, before.size, before.root)
        with self._lock:
            return self._db.execute(_SWAP, values).rowcount == 1

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _SCHEMA):
            db.execute(statement)
    except sqlite3.Error:
        db.close()
        raise
    return db
