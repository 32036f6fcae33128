"""Engines decide two things: the records of the next block in their order, and its time.

An engine drives an `Application`; the application decides what the records come to. Every engine
gives the same leaves, outcomes and roots for the same sequence of blocks. One that follows
(`node.network.following`) takes both from the node that orders, and hands records on to it.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from contracts.replay import Block, BlockResult, Head
from contracts.transition import Accepted, Rejected
from ledger.records import Record
from ledger.types import Count, Time


class Application(Protocol):
    """What an engine drives."""

    @property
    def head(self) -> Head:
        """The block before."""
        ...

    def apply(self, block: Block) -> BlockResult:
        """Decide and commit one block. MUST NOT be called from two threads at once."""
        ...

    def has_due(self, time: Time) -> bool:
        """Whether a deadline has passed at `time`, so that a block is due without records."""
        ...


class QueueFull(Exception):  # noqa: N818  the name states the fact
    """Too many records wait already; ask again after `retry_after_s`."""

    def __init__(
        self, retry_after_s: int, why: str = "too many records wait to be ordered"
    ) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class EngineStopped(Exception):  # noqa: N818  the name states the fact
    """The engine takes no more records: it was asked to stop, or a commit failed."""


class Placed(Struct, frozen=True, gc=False):
    """What the rules made of a record, and in which block."""

    verdict: Accepted | Rejected
    height: Count
    time: Time


class Ordering(Protocol):
    """What submitting needs of an engine."""

    async def order(self, records: Sequence[Record]) -> Sequence[Placed]:
        """Hand records over; returns, for each, where it came to stand.

        MUST keep the order of records handed over together. Raises `QueueFull` before any of them
        is taken, `EngineStopped` if their fate is not known.
        """
        ...


class Engine(Ordering, Protocol):
    """Groups records into blocks; a node runs one."""

    @property
    def waiting_count(self) -> int:
        """Records that wait to be ordered."""
        ...

    @property
    def failure(self) -> BaseException | None:
        """What stopped the engine, if a block could not be committed; None as long as all is well.

        MUST be set before anybody is told `EngineStopped` for it.
        """
        ...

    async def start(self) -> None:
        """Begin to form blocks."""
        ...

    async def stop(self) -> None:
        """Take no more records, finish those that wait, and return."""
        ...

    async def finished(self) -> None:
        """Return when the engine has stopped, whatever made it."""
        ...
