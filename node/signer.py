"""Signing for local systems: the node holds the keys of writers and keeps their chains.

One task per writer takes what callers ask for, in order, and brings one batch after another through
the same steps:

    1  read the end of the chain            nothing of this writer is under way now
    2  sign the batch, in a thread          a crash up to here: nobody was told anything
    3  write it to the outbox               from here on it will be answered, crash or not
    4  submit it                            a crash here: the same bytes are submitted at start
    5  sort the answers                     what fell out of the chain is signed again: back to 4
    6  take what was answered out of the outbox, then tell the callers

Where witnesses cosign, what is in the ledger stays in the outbox until it is final: should whoever
orders be lost with a record that no quorum has seen, its bytes are still here to be sent again.

Step 6 has this order because a refusal must be the last word: a record still in the outbox is
submitted again after a crash, and what was refused today could be accepted then.

A record refused amid a batch leaves the rest with a predecessor that never was; they come back
`wrong-previous`, as they do when the same key writes elsewhere (`sequence-taken`). Both are signed
again at the new end of the chain, replacing their old rows in one transaction. If that settles
nothing several times in a row, their callers get the refusal; what nobody waits for any more, as
after a crash, is tried until it is in. Without its key it cannot be signed again, and is dropped.

If the pipeline does not answer, nothing is known about the batch. It stays in the outbox and is
submitted again and again, and nothing else of this writer is signed meanwhile. After some attempts
its callers are let go with `Unsettled`, and new ones turned away with `SignerBusy`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from contracts.reasons import MALFORMED, SEQUENCE_TAKEN, WRONG_PREVIOUS
from contracts.transition import Rejected
from ledger.errors import FormatError
from ledger.keys import Signer
from ledger.records import Body, Record
from ledger.times import from_ms
from ledger.types import DigestHex, WriterId
from node.client.chain import Position, Signed, sign_at
from node.client.clock import MACHINE_CLOCK
from node.client.personal import find_personal_numbers, places_of
from node.outbox import Outbox
from node.pipeline import Committed
from node.signer_answers import (
    Answer,
    NotHeld,
    PersonalData,
    Recorder,
    SignerBusy,
    SignerError,
    SignerLimits,
    Unsettled,
)
from node.signer_lines import Line, Order, answer_all

T = TypeVar("T")
_REOPENED: Final = (SEQUENCE_TAKEN, WRONG_PREVIOUS)


_Batch: TypeAlias = list[tuple[Order, Signed]]


class LocalSigner:
    """Signs, submits and answers for the writers whose keys this node holds; see the module.

    `start` it in the event loop it is used in, `stop` it before the outbox is closed.
    """

    def __init__(  # noqa: PLR0913  what it connects
        self,
        ledger: DigestHex,
        keys: Mapping[WriterId, Signer],
        outbox: Outbox,
        pipeline: Recorder,
        *,
        is_settled: Callable[[int], bool] = lambda _index: True,
        limits: SignerLimits = SignerLimits(),  # noqa: B008  frozen
        clock_ms: Callable[[], int] = MACHINE_CLOCK,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._keys = keys
        self._outbox = outbox
        self._pipeline = pipeline
        self._is_settled = is_settled
        self._limits = limits
        self._clock_ms = clock_ms
        self._sleep = sleep
        self._lines: dict[WriterId, Line] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; what a crash left in the outbox is submitted before anything is signed.

        Raises `OutboxError`.
        """
        left = await asyncio.to_thread(self._outbox.writers)
        for writer in dict.fromkeys((*self._keys, *left)):
            records = await asyncio.to_thread(self._outbox.records_of, writer)
            line = self._lines[writer] = Line(writer, self._keys.get(writer))
            self._tasks.append(asyncio.create_task(self._work(line, records)))

    async def stop(self) -> None:
        """End. Whoever still waits is told whether anything was signed."""
        lines, self._lines = self._lines, {}
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in lines.values():
            line.turn_away("the node is stopping")

    def heads(self) -> list[bytes]:
        """Of each writer here, the first record signed that the ledger does not have; from disk.

        Raises `OutboxError`.
        """
        found = []
        for writer in self._outbox.writers():
            head = self._pipeline.chain_head(writer)
            placed = 0 if head is None else head.records
            waiting = (one for one in self._outbox.records_of(writer))
            found += [one for one in waiting if one.chain.sequence >= placed][:1]
        return [one.envelope.encoded for one in found]

    async def submit(self, items: Iterable[tuple[WriterId, Body]]) -> list[Answer]:
        """The answer to each item, in order; one writer's bodies keep their order in its chain."""
        callers = [self._enqueue(writer, body) for writer, body in items]
        return list(await asyncio.gather(*callers))

    async def submit_one(self, writer: WriterId, body: Body) -> Committed | Rejected:
        """The ledger's answer to one body; raises `SignerError` where there is none."""
        (answer,) = await self.submit([(writer, body)])
        if isinstance(answer, SignerError):
            raise answer
        return answer

    def _enqueue(self, writer: WriterId, body: Body) -> asyncio.Future[Answer]:
        caller: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        line = self._lines.get(writer)
        rule = self._limits.personal
        if writer not in self._keys:
            caller.set_result(NotHeld(writer))
        elif rule is not None and (found := find_personal_numbers(body, rule)):
            caller.set_result(PersonalData(places_of(found)))
        elif line is None or line.is_stuck or len(line.waiting) >= self._limits.waiting_max:
            caller.set_result(SignerBusy(writer))
        else:
            line.waiting.append(Order(body, caller))
            line.has_work.set()
        return caller

    async def _work(self, line: Line, left: Sequence[Record]) -> None:
        """A writer's task: what was left in the outbox, then batch after batch."""
        await self._settle(line, [(Order(record.body), _signed_of(record)) for record in left])
        while True:
            await line.has_work.wait()
            orders = line.take(self._limits.batch_records_max)
            try:
                batch = await self._sign(line, orders)
                await asyncio.to_thread(self._outbox.exchange, (), [one for _, one in batch])
            except asyncio.CancelledError:
                answer_all(orders, Unsettled("the node is stopping"))
                raise
            except Exception as error:  # noqa: BLE001  whatever it was, nothing left this process
                answer_all(orders, SignerBusy(str(error)))
            else:
                await self._settle(line, batch)

    async def _settle(self, line: Line, batch: _Batch) -> None:
        """Submit what is in the outbox until all of it is answered."""
        fruitless = 0
        try:
            while batch:
                may_reopen = fruitless < self._limits.retry.attempts_max
                again = await self._round(line, batch, may_reopen=may_reopen)
                fruitless = 0 if len(again) < len(batch) else fruitless + 1
                batch = again
                if fruitless:
                    await self._sleep(self._limits.retry.pause_after(fruitless - 1).seconds)
        except asyncio.CancelledError:
            answer_all([order for order, _ in batch], Unsettled("the node is stopping"))
            raise

    async def _round(self, line: Line, batch: _Batch, *, may_reopen: bool) -> _Batch:
        """One submission. Returns what fell out of the chain, signed anew and in the outbox."""
        answers = await self._insist(line, batch, lambda: self._submit(batch))
        settled: list[tuple[Order, Committed | Rejected]] = []
        reopened: list[Order] = []
        for (order, _), answer in zip(batch, answers, strict=True):
            is_out = isinstance(answer, Rejected) and answer.reason in _REOPENED
            if is_out and (may_reopen or not order.is_awaited):
                reopened.append(order)
            else:
                settled.append((order, answer))
        again = await self._insist(line, batch, lambda: self._sign(line, reopened))
        exchanged = self._answered(line, batch, answers), [signed for _, signed in again]
        await self._insist(
            line, batch, lambda: asyncio.to_thread(self._outbox.exchange, *exchanged)
        )
        for order, answer in settled:
            order.answer(answer)
        return again

    def _answered(
        self, line: Line, batch: _Batch, answers: Sequence[Committed | Rejected]
    ) -> list[DigestHex]:
        """What the outbox need not hold any more: of this batch, and of those before it."""
        gone = []
        for (_, signed), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Committed):
                line.unfinal.append((answer.index, signed.digest))
            else:
                gone.append(signed.digest)
        gone += [digest for index, digest in line.unfinal if self._is_settled(index)]
        line.unfinal = [one for one in line.unfinal if not self._is_settled(one[0])]
        return gone

    async def _submit(self, batch: _Batch) -> Sequence[Committed | Rejected]:
        answers = await self._pipeline.submit([signed.envelope for _, signed in batch])
        if len(answers) != len(batch):
            raise RuntimeError(f"{len(answers)} answers to {len(batch)} records")
        return answers

    async def _insist(self, line: Line, batch: _Batch, action: Callable[[], Awaitable[T]]) -> T:
        """What `action` comes to, however often it takes; its callers are let go in between."""
        retry = self._limits.retry
        attempt = 0
        while True:
            try:
                result = await action()
            except Exception as error:  # noqa: BLE001  the outbox holds what is at stake
                if attempt + 1 >= retry.attempts_max:
                    line.is_stuck = True
                    answer_all([order for order, _ in batch], Unsettled(str(error)))
                    line.turn_away(str(error))
                await self._sleep(retry.pause_after(attempt).seconds)
                attempt += 1
            else:
                line.is_stuck = False
                return result

    async def _sign(self, line: Line, orders: Sequence[Order]) -> _Batch:
        """The orders signed at the end of the chain; those that cannot be are answered."""
        if line.signer is None or not orders:
            return []
        head = self._pipeline.chain_head(line.writer)
        sequence, previous = (0, None) if head is None else (head.records, head.head)
        start = Position(self._ledger, line.writer, sequence, previous)
        batch, malformed = await asyncio.to_thread(self._sign_from, start, line.signer, orders)
        for order, error in malformed:
            order.answer(Rejected(MALFORMED, str(error)))
        return batch

    def _sign_from(
        self, position: Position, signer: Signer, orders: Sequence[Order]
    ) -> tuple[_Batch, list[tuple[Order, FormatError]]]:
        batch: _Batch = []
        malformed: list[tuple[Order, FormatError]] = []
        for order in orders:
            try:
                signed = sign_at(position, order.body, (signer,), from_ms(self._clock_ms()))
            except FormatError as error:
                malformed.append((order, error))
            else:
                batch.append((order, signed))
                position = signed.next_position
        return batch, malformed


def _signed_of(record: Record) -> Signed:
    """A record of the outbox, as it was when it was signed."""
    chain = record.chain
    position = Position(chain.ledger or "", chain.writer, chain.sequence, chain.previous)
    return Signed(record.body, position, record.digest, record.envelope)
