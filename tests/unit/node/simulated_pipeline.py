"""The way into a simulated log, with a crash, a fault or an intruder wherever a test wants one."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.reasons import Reason
from contracts.transition import Rejected
from contracts.values import ChainHead
from ledger.envelope import Envelope
from ledger.keys import PrivateKey
from ledger.seal import Outcome
from node.client.chain import Position, sign_at
from node.pipeline import Committed
from tests.unit.node.simulated_log import LEDGER, TIME, SimulatedLog, body

NOW_MS: Final = 1_795_425_000_000


class Crash(BaseException):
    """The process is gone: nothing after this runs."""


class Unavailable(Exception):  # noqa: N818
    """The pipeline gives no answer."""


@dataclass
class SimulatedPipeline:
    """Appends to a log. `faults` are used up one per submission.

    They are: `crash before` and `crash after` the records are decided, `no answer before` and
    `no answer after`, `intruder` (somebody else writes with the same key first), or none.
    """

    log: SimulatedLog = field(default_factory=SimulatedLog)
    faults: deque[str] = field(default_factory=deque)
    intruders: dict[str, PrivateKey] = field(default_factory=dict)
    submissions: list[int] = field(default_factory=list)
    is_down: bool = False
    gate: asyncio.Event | None = None
    on_submit: Callable[[Sequence[Envelope]], None] | None = None

    async def submit(self, envelopes: Sequence[Envelope], /) -> Sequence[Committed | Rejected]:
        if self.on_submit is not None:
            self.on_submit(envelopes)
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        self.submissions.append(len(envelopes))
        fault = self.faults.popleft() if self.faults else ""
        self._fail_if(self.is_down or fault == "crash before", fault == "no answer before")
        if fault == "intruder":
            self._intrude()
        answers = [self._answer(envelope) for envelope in envelopes]
        await asyncio.sleep(0)
        self._fail_if(self.is_down or fault == "crash after", fault == "no answer after")
        return answers

    def chain_head(self, writer: str, /) -> ChainHead | None:
        return self.log.heads.get(writer)

    def _fail_if(self, is_crash: bool, is_unavailable: bool) -> None:  # noqa: FBT001
        if is_crash:
            self.is_down = True
            raise Crash
        if is_unavailable:
            raise Unavailable("the pipeline is stopping")

    def _answer(self, envelope: Envelope) -> Committed | Rejected:
        told = self.log.append(envelope)
        if isinstance(told, Reason):
            return Rejected(told, "simulated", ("ground",))
        index, already = told
        digest = self.log.records[index].digest
        return Committed(
            index, digest, index + 1, TIME, Outcome(digest=digest, index=index), already
        )

    def _intrude(self) -> None:
        for writer, key in self.intruders.items():
            head = self.chain_head(writer)
            sequence, previous = (0, None) if head is None else (head.records, head.head)
            position = Position(LEDGER, writer, sequence, previous)
            intrusion = body(f"intruder {writer} {sequence}")
            told = self.log.append(sign_at(position, intrusion, (key,), TIME).envelope)
            assert not isinstance(told, Reason)
