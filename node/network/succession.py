"""The engine of a node: it orders while its member is in office, and follows otherwise.

    not in office       follow, until a vote gives the office to this member
    in office           ask whether anybody holds more; if so follow until this node holds it, too
                        order, until a vote gives the office to another member
    told to take over   ask the same, with patience; then a block of its own takes the office (R019)

So a planned hand-over needs nobody at the machines: the node that leaves office signs the block of
the vote, goes over to following and forwards what it is sent; the one that enters office goes on
behind that very block. With an alarm a node does neither: it serves what it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.replay import Block
from ledger.records import Record
from ledger.types import MemberId
from node.background import in_background
from node.engine import Application, EngineStopped, Placed
from node.engine.embedded import EmbeddedEngine, next_time
from node.logs import log
from node.network.beginning import Behind
from node.network.following import FollowingEngine
from node.network.forwarding import OrdererUnreachable
from node.network.vigilance import Standing
from node.replica import Replica, ReplicaError

PATIENCE_S: Final = 30.0
"""So long a node that takes over waits for witnesses beyond those it needs."""
Predicate = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a term of either kind is made of.

    `require_latest` is that of `node.network.beginning`, given patience and who is lost; `cosign`
    collects cosignatures until it is cancelled.
    """

    application: Application
    order: Callable[[Callable[[], Awaitable[None]], Predicate], EmbeddedEngine]
    follow: Callable[[Predicate], FollowingEngine]
    require_latest: Callable[[float, MemberId | None], Awaitable[None]]
    cosign: Callable[[], Coroutine[None, None, None]]


class SuccessionEngine:
    """As `Engine`; see the module."""

    def __init__(
        self,
        replica: Replica,
        member: MemberId,
        standing: Standing,
        parts: Parts,
        now_ms: Callable[[], int],
        *,
        takes_over: bool = False,
    ) -> None:
        """`takes_over`: the operator says that who is in office is gone for good."""
        self._replica = replica
        self._member = member
        self._standing = standing
        self._parts = parts
        self._now_ms = now_ms
        self._takes_over = takes_over
        self._known_size = 0
        self._term: EmbeddedEngine | FollowingEngine | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._failure: BaseException | None = None

    @property
    def waiting_count(self) -> int:
        """As `Engine.waiting_count`."""
        return 0 if self._term is None else self._term.waiting_count

    @property
    def failure(self) -> BaseException | None:
        """As `Engine.failure`."""
        ended = None if self._term is None else self._term.failure
        return self._failure or (None if isinstance(ended, Behind) else ended)

    @property
    def orders(self) -> bool:
        """Whether this node orders at present."""
        return isinstance(self._term, EmbeddedEngine)

    async def start(self) -> None:
        """As `Engine.start`."""
        if not self._takes_over:
            await self._begin_term()
        self._task = asyncio.create_task(self._run(), name="succession")

    async def stop(self) -> None:
        """As `Engine.stop`."""
        self._is_stopping = True
        if self._term is not None:
            await self._term.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def finished(self) -> None:
        """As `Engine.finished`."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def order(self, records: Sequence[Record]) -> Sequence[Placed]:
        """As `Ordering.order`; a record that meets a change of office is to be sent again."""
        term = self._term
        if term is None:
            raise OrdererUnreachable("this node is about to take over, and does not order yet")
        try:
            return await term.order(records)
        except EngineStopped:
            if self._is_stopping or self.failure is not None:
                raise
            raise OrdererUnreachable("another node orders from now on") from None

    async def _run(self) -> None:
        try:
            if self._takes_over:
                await self._take_over()
            while not self._is_stopping:
                if self._term is None:
                    await self._begin_term()
                await self._finish_term()
        except Exception as error:  # noqa: BLE001  whatever it was, the engine stops, loudly
            self._failure = error

    async def _begin_term(self) -> None:
        parts = self._parts
        if self._may_order():
            self._term = parts.order(lambda: parts.require_latest(0, None), self._may_order)
        else:
            if self._is_in_office() and not self._replica.holds_log_keys_of(self._member):
                log.error("office-without-keys")
            self._term = parts.follow(self._may_order)
        await self._term.start()
        if self._task is not None:
            log.info("term-begun", orders=self.orders, size=self._replica.head.size)

    async def _finish_term(self) -> None:
        """Until the term ends by itself. Raises what stopped its engine."""
        term = self._term
        if term is None:
            return
        cosigning = in_background("cosigning", self._parts.cosign()) if self.orders else None
        try:
            await term.finished()
        finally:
            if cosigning is not None:
                cosigning.cancel()
                await asyncio.wait([cosigning])
        if isinstance(term.failure, Behind):
            self._note_size(term.failure.size)
        elif term.failure is not None:
            raise term.failure
        if not self._is_stopping:
            await term.stop()
            self._term = None

    async def _take_over(self) -> None:
        """Hold all that anybody shows, then form the block that takes the office."""
        if not self._replica.holds_log_keys_of(self._member):
            raise ReplicaError(f"`{self._member}` is no sequencer, or its log keys are not here")
        while (size := await self._size_elsewhere()) is not None:
            self._note_size(size)
            self._term = self._parts.follow(self._holds_known)
            await self._term.start()
            await self._finish_term()
        if self._is_in_office():
            return
        before = self._replica.published.trust.sequencer
        time = next_time(self._replica.head, self._now_ms())
        await asyncio.to_thread(self._parts.application.apply, Block(time, self._member, ()))
        log.warning("office-taken-over", before=before, size=self._replica.head.size)

    async def _size_elsewhere(self) -> int | None:
        """How many leaves somebody shows, if that is more than this node holds."""
        try:
            lost = self._replica.published.trust.sequencer
            await self._parts.require_latest(PATIENCE_S, lost)
        except Behind as behind:
            return behind.size
        return None

    def _note_size(self, size: int) -> None:
        self._known_size = self._standing.size = size
        log.warning("others-hold-more", size=size)

    def _may_order(self) -> bool:
        """Whether this node is to order, and can."""
        return (
            self._is_in_office()
            and self._standing.alarm is None
            and self._holds_known()
            and self._replica.holds_log_keys_of(self._member)
        )

    def _is_in_office(self) -> bool:
        """Whether its member orders, as of a checkpoint; where validators do, any of them."""
        trust = self._replica.published.trust
        is_in_office = trust.sequencer in (self._member, None) and self._member in trust.orderers
        return is_in_office and self._replica.underway is None and not self._replica.base

    def _holds_known(self) -> bool:
        """Whether this node holds all that was shown to it before it began to order."""
        return self._replica.published.head.size >= self._known_size
