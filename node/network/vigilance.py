"""What a node does about a log that lies: it follows, cosigns and orders no further, and tells why.

The evidence is kept as a file, the alarm is raised for good: it outlives restarts until somebody
takes the file away. What the node held before, it goes on serving.

A block from the future is another matter: whose clock is wrong, the log does not say. It is kept as
evidence, too, and nothing is cosigned until its time has come.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from contracts.replay import Head
from ledger.errors import LedgerError
from ledger.times import from_ms, to_ms
from ledger.types import Time
from node.client.clock import MACHINE_CLOCK
from node.client.evidence import AHEAD_MS_MAX
from node.client.log_source import LogSource, SourceError
from node.logs import log
from node.network import evidence
from node.network.feed import WrongLeavesError
from node.replica import Replica


@dataclass(slots=True)
class Standing:
    """How a node stands to the log of its peers. `size` is what they have, as far as is known.

    `ahead` is the time of the last block that was from the future.
    """

    size: int = 0
    alarm: str | None = None
    evidence: Path | None = None
    ahead: Time | None = None


class Vigilance:
    """Holds what peers show against what this node has. Close it."""

    def __init__(
        self, replica: Replica, folder: Path, clock_ms: Callable[[], int] = MACHINE_CLOCK
    ) -> None:
        """With evidence that was kept in the folder before, it begins with the alarm."""
        self._replica = replica
        self._folder = folder
        self._clock_ms = clock_ms
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vigilance")
        kept = evidence.kept_in(folder)
        self.standing = Standing(evidence=kept)
        if kept is not None:
            self.standing.alarm = kept.name.partition("-")[0]
            log.critical("log-diverged", kind=self.standing.alarm, evidence=kept.name)

    def is_raised(self) -> bool:
        """Whether there is an alarm; one for the future ends when that has come."""
        ahead = self.standing.ahead
        is_ahead = ahead is not None and to_ms(ahead) > self._clock_ms() + AHEAD_MS_MAX
        return is_ahead or self.standing.alarm is not None

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

    async def look_ahead(self, note: bytes, head: Head) -> bool:
        """Whether the last block of a checkpoint is from the future; if so it is told and kept."""
        now_ms = self._clock_ms()
        if to_ms(head.time) <= now_ms + AHEAD_MS_MAX:
            return False
        if self.standing.ahead != head.time:
            self.standing.ahead = head.time
            await asyncio.get_running_loop().run_in_executor(
                self._thread, self._keep_ahead, note, head, from_ms(now_ms)
            )
        return True

    def _keep_ahead(self, note: bytes, head: Head, now: Time) -> None:
        try:
            found = evidence.of_future(self._replica, note, head.size, now)
            path = evidence.keep(self._folder, found, head.size)
        except (OSError, LedgerError) as error:
            log.critical("block-from-the-future", block_time=head.time, exc_info=error)
        else:
            log.critical("block-from-the-future", block_time=head.time, evidence=path.name)

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
