"""What waits for a writer to sign it: orders in a line, each with the caller who awaits it."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.keys import Signer
from ledger.records import Body
from ledger.types import DigestHex, WriterId
from node.signer_answers import Answer, SignerBusy


@dataclass(slots=True)
class Order:
    """A body somebody wants recorded; `caller` is None after a crash."""

    body: Body
    caller: asyncio.Future[Answer] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether somebody still waits for the answer."""
        return self.caller is not None and not self.caller.done()

    def answer(self, answer: Answer) -> None:
        """Tell the caller, if somebody still waits."""
        if self.caller is not None and not self.caller.done():
            self.caller.set_result(answer)


@dataclass(slots=True)
class Line:
    """One writer: what waits to be signed. `signer` is None if its key is no longer held.

    `unfinal` are index and digest of what is in the ledger and in the outbox, as it is not final.
    """

    writer: WriterId
    signer: Signer | None
    waiting: deque[Order] = field(default_factory=deque)
    has_work: asyncio.Event = field(default_factory=asyncio.Event)
    is_stuck: bool = False
    unfinal: list[tuple[int, DigestHex]] = field(default_factory=list)

    def take(self, count_max: int) -> list[Order]:
        """The next orders whose callers still wait."""
        taken: list[Order] = []
        while self.waiting and len(taken) < count_max:
            order = self.waiting.popleft()
            if order.is_awaited:
                taken.append(order)
        if not self.waiting:
            self.has_work.clear()
        return taken

    def turn_away(self, why: str) -> None:
        """Answer those that wait; nothing was signed for them."""
        answer_all(self.waiting, SignerBusy(why))
        self.waiting.clear()
        self.has_work.clear()


def answer_all(orders: Iterable[Order], answer: Answer) -> None:
    """The same answer to each."""
    for order in orders:
        order.answer(answer)
