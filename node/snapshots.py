"""Snapshots this node offers to nodes that join: its whole state at one size of the log, in parts.

    snapshots/offered/41270/0.gz …     parts as `ledger.snapshot` has them, compressed

One is made when somebody asks and the last one has grown old: a node nobody joins pays nothing. It
is read in a transaction of its own, by a thread of its own, while the ledger goes on; the cost is
that of the state, whatever the history, and a rest follows that is ten times as long. The last two
are kept, as somebody may still be reading the one before. A node that is started begins without.
"""

import gzip
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import LedgerError
from ledger.snapshot import encode_parts
from node.client.answers import Offer
from node.logs import log
from node.replica import Replica
from node.storage.disk import DiskFull, DiskGuard
from node.storage.pairs import read_pairs

KEPT: Final = 2
REST_FACTOR: Final = 10.0


class Snapshots:
    """The offers of a node, in a folder. Any thread may ask. Close it."""

    def __init__(
        self,
        replica: Replica,
        folder: Path,
        every_leaves: int,
        room: DiskGuard,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        """A snapshot is old once the log has grown by `every_leaves`."""
        self._replica = replica
        self._folder = folder
        self._every_leaves = every_leaves
        self._room = room
        self._now_s = now_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="snapshot")
        self._making: Future[None] | None = None
        self._rests_until_s = now_s()
        self._is_closed = False
        self._offers: dict[int, Offer] = {}
        shutil.rmtree(folder, ignore_errors=True)  # it may not have come to its end

    def latest(self) -> Offer | None:
        """The newest one; None while one is made, as there was none or it was old: ask again."""
        newest = self._offers[max(self._offers)] if self._offers else None
        if newest is not None and self._replica.head.size - newest.size < self._every_leaves:
            return newest
        is_idle = self._making is None or self._making.done()
        if is_idle and self._now_s() < self._rests_until_s:
            return newest
        if is_idle and not self._is_closed:
            self._making = self._thread.submit(self._make)
        return None

    def part(self, size: int, number: int) -> bytes | None:
        """A part, compressed by gzip; None if there is none."""
        try:
            return (self._folder / str(size) / f"{number}.gz").read_bytes()
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """End the thread; what it has not finished is no offer."""
        self._is_closed = True
        self._thread.shutdown()

    def _make(self) -> None:
        began_s = self._now_s()
        beside = self._folder / "new"
        try:
            for folder in (self._folder.parent, self._folder, beside):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            offer = self._write(beside)
            if offer is not None:
                self._keep(beside, offer)
        except (OSError, DiskFull, LedgerError, LookupError, SQLAlchemyError) as error:
            log.warning("snapshot-failed", exc_info=error)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        self._rests_until_s = self._now_s() + REST_FACTOR * (self._now_s() - began_s)

    def _write(self, folder: Path) -> Offer | None:
        """The parts, into a folder; None if the node was told to stop meanwhile."""
        parts = bytes_count = 0
        with self._replica.store.snapshot() as snapshot:
            stored = snapshot.head()
            if stored is None:
                raise LookupError("the database holds no ledger")
            for part in encode_parts(read_pairs(snapshot.connection)):
                if self._is_closed:
                    return None
                self._room.check()
                _write(folder / f"{parts}.gz", gzip.compress(part, compresslevel=1, mtime=0))
                parts, bytes_count = parts + 1, bytes_count + len(part)
        head = stored.head
        return Offer(head.size, head.height, head.state_root.hex(), parts, bytes_count)

    def _keep(self, written: Path, offer: Offer) -> None:
        """Offer what was written, and the one before it; older ones go."""
        written.rename(self._folder / str(offer.size))
        self._offers = {**self._offers, offer.size: offer}
        log.info("snapshot-made", size=offer.size, parts=offer.parts, bytes=offer.bytes_count)
        for size in sorted(self._offers)[:-KEPT]:
            self._offers = {key: one for key, one in self._offers.items() if key != size}
            shutil.rmtree(self._folder / str(size), ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
