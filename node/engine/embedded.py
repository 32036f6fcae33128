"""The embedded sequencer: one queue, one thread that commits, blocks closed on size or time.

A block is formed as soon as the one before is committed and something waits; the first record
waits at most `linger_ms` for company. Under load blocks grow to `records_max` by themselves. While
nothing is submitted, a block is formed when a deadline has passed, and the next one at once as long
as there are more.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from contracts.replay import Block, Head
from ledger.records import Record
from ledger.times import from_ms, to_ms
from ledger.types import MemberId, Time
from node.client.clock import MACHINE_CLOCK
from node.engine import Application, EngineStopped, Placed, QueueFull

RETRY_AFTER_S: Final = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """When a block is closed, and how much may wait.

    `leaf_bytes_max` bounds the records of one block together; `idle_ms` is how often an idle engine
    looks for deadlines.
    """

    records_max: int = 500
    leaf_bytes_max: int = 8 * 1024 * 1024
    linger_ms: int = 5
    waiting_max: int = 20_000
    idle_ms: int = 1_000


class _Submission:
    """Records handed over together; answered when the last of them is placed."""

    __slots__ = ("answer", "missing", "placed")

    def __init__(self, count: int) -> None:
        self.placed: list[Placed | None] = [None] * count
        self.missing = count
        self.answer: asyncio.Future[list[Placed]] = asyncio.get_running_loop().create_future()

    def place(self, number: int, placed: Placed) -> None:
        """Note where one record came to stand."""
        self.placed[number] = placed
        self.missing -= 1
        if self.missing == 0 and not self.answer.done():
            self.answer.set_result([one for one in self.placed if one is not None])

    def give_up(self) -> None:
        """The fate of the rest is not known."""
        if not self.answer.done():
            self.answer.set_exception(EngineStopped())


_Waiting = tuple[Record, _Submission, int]


class EmbeddedEngine:
    """The default `Engine`: this node alone groups."""

    def __init__(
        self,
        application: Application,
        proposer: MemberId,
        limits: Limits = Limits(),
        now_ms: Callable[[], int] = MACHINE_CLOCK,
        may_begin: Callable[[], Awaitable[None]] | None = None,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_begin` returns once blocks may be formed; until then records wait.

        `may_go_on` is asked before each block; what waits when it may not is left to another node.
        """
        self._application = application
        self._proposer = proposer
        self._limits = limits
        self._now_ms = now_ms
        self._may_begin = may_begin
        self._may_go_on = may_go_on
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._has_settled = False
        self._has_begun = False
        self._task: asyncio.Task[None] | None = None
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self.failure: BaseException | None = None

    @property
    def waiting_count(self) -> int:
        """As `Engine.waiting_count`."""
        return len(self._waiting)

    async def start(self) -> None:
        """As `Engine.start`."""
        self._task = asyncio.create_task(self._run(), name="embedded-engine")

    async def stop(self) -> None:
        """As `Engine.stop`."""
        self._stopping = True
        self._wake.set()
        if self._task is not None and not self._has_begun:
            self._task.cancel()
            await asyncio.wait([self._task])
        elif self._task is not None:
            await self._task
        self._committer.shutdown()

    async def finished(self) -> None:
        """As `Engine.finished`."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def order(self, records: Sequence[Record]) -> Sequence[Placed]:
        """As `Engine.order`."""
        if self._stopping:
            raise EngineStopped
        if not records:
            return []
        waiting = len(self._waiting)
        if waiting and waiting + len(records) > self._limits.waiting_max:
            raise QueueFull(RETRY_AFTER_S)
        submission = _Submission(len(records))
        self._waiting.extend((record, submission, n) for n, record in enumerate(records))
        self._wake.set()
        return await submission.answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        taken: list[_Waiting] = []
        try:
            if self._may_begin is not None:
                await self._may_begin()
            self._has_begun = True
            while await self._something_to_do():
                taken = self._take()
                block = Block(self._block_time(), self._proposer, [one[0] for one in taken])
                result = await loop.run_in_executor(self._committer, self._application.apply, block)
                height, time = result.head.height, result.head.time
                for verdict, (_, submission, number) in zip(result.verdicts, taken, strict=True):
                    submission.place(number, Placed(verdict, height, time))
        except Exception as error:  # noqa: BLE001  whatever it was, the engine stops, loudly
            self.failure = error
        finally:
            self._stopping = True
            for _, submission, _ in (*taken, *self._waiting):
                submission.give_up()
            self._waiting.clear()

    async def _something_to_do(self) -> bool:
        """Wait for records or a deadline; False once the engine shall stop and nothing waits."""
        loop = asyncio.get_running_loop()
        while not self._waiting:
            if self._stopping or not self._may_go_on():
                return False
            self._wake.clear()
            # A block settles so many deadlines and no more: behind one that did, others may wait.
            wait_s = 0 if self._has_settled else self._limits.idle_ms / 1_000
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                now = from_ms(self._now_ms())
                due = await loop.run_in_executor(self._committer, self._application.has_due, now)
                self._has_settled = due
                if due:
                    return True
        if len(self._waiting) < self._limits.records_max and not self._stopping:
            await asyncio.sleep(self._limits.linger_ms / 1_000)
        return self._may_go_on()

    def _take(self) -> list[_Waiting]:
        """The records of the next block, in the order they came."""
        taken: list[_Waiting] = []
        block_bytes = 0
        while self._waiting and len(taken) < self._limits.records_max:
            block_bytes += len(self._waiting[0][0].envelope.encoded)
            if taken and block_bytes > self._limits.leaf_bytes_max:
                break
            taken.append(self._waiting.popleft())
        return taken

    def _block_time(self) -> Time:
        return next_time(self._application.head, self._now_ms())


def next_time(head: Head, now_ms: int) -> Time:
    """Now, but later than the block before: a clock set back does not stop the ledger."""
    return from_ms(max(now_ms, to_ms(head.time) + 1))
