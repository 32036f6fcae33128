"""What waits in SQLite's write-ahead log is moved into the database beside the thread that commits.

    commit     appends the pages of a block to the log             the committing thread
    move       copies pages from the log to their places           a thread of its own
    finish     copies the few that came meanwhile                  the committing thread, rarely

SQLite would move them within a commit: every so often one block would take twice its time. Moved
after every block they are few, and no block finds the disk busier than the one before. While
blocks keep coming the mover never gets to the end of the log, and only a log moved to its end is
begun anew. So once it is long, and but little is left, the committing thread moves the rest between
two blocks.
"""

import logging
import threading
from sqlite3 import Error as SqliteError
from typing import Final

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import SQLAlchemyError

LONG_PAGES: Final = 32_000
"""A log of 128 MB is to be begun anew."""
REST_PAGES: Final = 2_000
"""So many the committing thread moves in the time of a small block."""
_log = logging.getLogger("blockpool")


class WalMover:
    """Moves pages while a node runs. `after_block` is called by the thread that commits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Readers may hold all other connections for long: no commit is to wait for one of them.
        self._own = engine.raw_connection()
        self._is_nearly_done = False
        self._work = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def after_block(self) -> None:
        """A block was committed, and the next one has not begun."""
        if self._is_nearly_done:
            self._is_nearly_done = False
            self._move(self._own)
        else:
            self._work.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="move-wal", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; SQLite moves what is left when the last connection closes."""
        self._is_closed = True
        self._work.set()
        if self._thread is not None:
            self._thread.join()
        self._own.close()

    def _run(self) -> None:
        moved_before = 0
        while True:
            self._work.wait()
            self._work.clear()
            if self._is_closed:
                return
            written, moved = self._move()
            if written >= LONG_PAGES:
                self._is_nearly_done = written - moved <= REST_PAGES
                # A reader may hold up what was written since it began: then there is no hurry.
                if moved > moved_before and not self._is_nearly_done:
                    self._work.set()
            moved_before = moved

    def _move(self, own: PoolProxiedConnection | None = None) -> tuple[int, int]:
        """Move what can be; returns pages in the log, and how many of them are moved."""
        try:
            connection = own or self._engine.raw_connection()
            try:
                row = connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            finally:
                if own is None:
                    connection.close()
        except (SQLAlchemyError, SqliteError) as error:
            # Nothing is lost: all of it stands in the log, and is moved another time.
            _log.warning("wal-not-moved", exc_info=error)
            return 0, 0
        return row[1], row[2]


def mover_of(engine: Engine) -> WalMover | None:
    """A mover for SQLite; a server looks after its log itself."""
    return WalMover(engine) if engine.dialect.name == "sqlite" else None
