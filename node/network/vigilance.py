"""What a node does about a log that lies: it follows, cosigns and orders no further, and tells why.

The evidence is kept as a file, the alarm is raised for good: it outlives restarts until somebody
takes the file away. What the node held before, it goes on serving.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import LedgerError
from node.client.log_source import LogSource, SourceError
from node.logs import log
from node.network import evidence
from node.network.feed import WrongLeavesError
from node.replica import Replica


@dataclass(slots=True)
class Standing:
    """How a node stands to the log of its peers. `size` is what they have, as far as is known."""

    size: int = 0
    alarm: str | None = None
    evidence: Path | None = None


class Vigilance:
    """Holds what peers show against what this node has. Close it."""

    def __init__(self, replica: Replica, folder: Path) -> None:
        """With evidence that was kept in the folder before, it begins with the alarm."""
        self._replica = replica
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vigilance")
        kept = evidence.kept_in(folder)
        self.standing = Standing(evidence=kept)
        if kept is not None:
            self.standing.alarm = kept.name.partition("-")[0]
            log.critical("log-diverged", kind=self.standing.alarm, evidence=kept.name)

    def close(self) -> None:
        """Let go of the thread; a read under way ends with its connection."""
        self._thread.shutdown(wait=False)

    async def look_at(self, note: bytes) -> None:
        """A checkpoint signed by the log, of leaves this node holds: if it denies them, an alarm.

        So what is shown to a witness alone is noticed, too.
        """
        with contextlib.suppress(WrongLeavesError, SourceError):
            await self.look_for_fork(evidence.Nowhere(), note)

    async def look_for_fork(self, source: LogSource, note: bytes) -> None:
        """Two checkpoints of one log that cannot both be true are the end of following it.

        Raises `WrongLeavesError` once the evidence is kept, `SourceError`.
        """
        found = await asyncio.get_running_loop().run_in_executor(
            self._thread, evidence.of_fork, self._replica, source, note
        )
        if found is not None:
            await self.raise_alarm("fork", lambda: found, found.about.size)
            raise WrongLeavesError("two checkpoints contradict one another")

    async def raise_alarm(
        self, kind: evidence.Kind, collect: Callable[[], evidence.Evidence], size: int
    ) -> None:
        """Go no further, say so, and keep the evidence."""

        def keep() -> Path:
            return evidence.keep(self._folder, collect(), size)

        self.standing.alarm = kind
        try:
            path = await asyncio.get_running_loop().run_in_executor(self._thread, keep)
        except (OSError, LedgerError, SourceError) as error:
            log.critical("log-diverged", kind=kind, evidence=None, exc_info=error)
            return
        self.standing.evidence = path
        log.critical("log-diverged", kind=kind, evidence=path.name)
