"""A bounded share of the queue for each key, so that one writer cannot fill it for all.

The name a record gives as its writer is only a claim: whoever counted by it would let anybody use
up the share of somebody else. So records are counted by the key whose signature on them was found
to hold, and all records for which there is none share one share.

>>> shares = Shares(waiting_max=2)
>>> with shares.held(["key a", "key a"]):
...     with shares.held(["key b"]):
...         pass
...     with shares.held(["key a"]):
...         pass
Traceback (most recent call last):
    ...
node.engine.QueueFull: too many records of one key wait to be ordered
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ledger.envelope import Envelope
from ledger.records import Record
from ledger.types import KeyId
from node.engine import Ordering, Placed, QueueFull

RETRY_AFTER_S: Final = 1
NOBODY: Final = ""


class Shares:
    """How many records of each key wait."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def held(self, keys: Sequence[str]) -> Iterator[None]:
        """Within this context a record of each of `keys` waits. Raises `QueueFull`.

        What comes alone is let in whatever its size; the size of a submission has bounds elsewhere.
        """
        wanted = Counter(keys)
        for key, count in wanted.items():
            waiting = self._waiting[key]
            if waiting and waiting + count > self._waiting_max:
                raise QueueFull(RETRY_AFTER_S, "too many records of one key wait to be ordered")
        self._waiting.update(wanted)
        try:
            yield
        finally:
            self._waiting.subtract(wanted)
            for key in wanted:
                if not self._waiting[key]:
                    del self._waiting[key]


class SharedOrdering:
    """An `Ordering` that takes from each key no more than its share."""

    def __init__(
        self,
        ordering: Ordering,
        shares: Shares,
        holds: Callable[[Envelope, KeyId], bool],
        tell: Callable[[Sequence[str]], None] = lambda _signers: None,
    ) -> None:
        """`holds` says whether a signature was found to hold; `tell` hears the signers."""
        self._ordering = ordering
        self._shares = shares
        self._holds = holds
        self._tell = tell

    async def order(self, records: Sequence[Record]) -> Sequence[Placed]:
        """As `Ordering.order`."""
        signers = [self._signer(record) for record in records]
        self._tell(signers)
        with self._shares.held(signers):
            return await self._ordering.order(records)

    def _signer(self, record: Record) -> str:
        """The id of the first key whose signature holds, or `NOBODY`."""
        envelope = record.envelope
        return next((one for one in envelope.keyids if self._holds(envelope, one)), NOBODY)
