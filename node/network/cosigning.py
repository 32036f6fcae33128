"""The node that orders asks the witnesses to cosign its checkpoints; with a quorum one is final.

    round     the newest checkpoint is offered to all witnesses at once
    answer    a witness cosigns once it has replayed so far; its lines are verified
    quorum    the checkpoint with its cosignatures is final; the next round begins

One checkpoint at a time, so that the cosignatures come together on one; sizes that were published
meanwhile are skipped, as the next round covers them. A round in which nobody cosigns any more gives
way to a newer checkpoint: who comes back joins the one at hand. Each witness is asked in a task of
its own, so that none holds up the others; one that answers after the quorum is counted all the
same: it is not behind.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

from ledger import tree
from ledger.checkpoint import SIZE_MAX
from ledger.errors import LedgerError
from ledger.lexical import parse_decimal
from ledger.note import (
    SIGNATURES_MAX,
    Note,
    NoteSignature,
    encode_note,
    parse_note,
)
from ledger.tiles import TileReader
from ledger.types import Digest, MemberId
from node.client.errors import ClientError
from node.client.flows import Answer, NoAnswer
from node.client.request_ids import CURRENT, new_request_id
from node.logs import log
from node.network.offers import WitnessError, encode_offer, verified_lines
from node.network.witness import Witness
from node.news import News
from node.replica import Published, Replica

PAUSE_S: Final = 0.5
PAUSE_S_MAX: Final = 15.0
ANSWER_S_MAX: Final = 30.0
ROUND_S: Final = 10.0
"""Without a cosignature for so long, a round gives way to a newer checkpoint."""
_TOLD_CHARS_MAX: Final = 200
_OK, _CONFLICT = 200, 409


@dataclass(slots=True)
class WitnessStanding:
    """Where a witness stands, as far as this node knows. `problem` is why it is behind."""

    size: int = 0
    problem: str = ""


@dataclass(slots=True)
class _Round:
    """One checkpoint and the cosignatures on it so far, the last of them at `moved_s`.

    All witnesses are asked for them under one request id.
    """

    published: Published
    moved_s: float
    request_id: str = field(default_factory=new_request_id)
    lines: dict[MemberId, Sequence[NoteSignature]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.published.head.size

    def note(self) -> bytes:
        """With all lines, or where a note has no room for them one of each member."""
        parsed = parse_note(self.published.checkpoint)
        every = sum(map(len, self.lines.values())) + len(parsed.signatures)
        of_each = 1 if every > SIGNATURES_MAX else None
        cosigned = (line for name in sorted(self.lines) for line in self.lines[name][:of_each])
        lines = (*parsed.signatures, *cosigned)
        return encode_note(Note(parsed.text, lines[:SIGNATURES_MAX]))


class Cosigner(Protocol):
    """A witness that can be asked."""

    async def add_checkpoint(self, body: bytes) -> Answer | NoAnswer:
        """Its answer to `POST /add-checkpoint`. Raises `ClientError`."""
        ...

    async def latest(self, origin: str) -> bytes | None:
        """What it cosigned last of a log, if it shows that. Raises `ClientError`."""
        ...


class OwnCosigner:
    """The witness of this very node."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def add_checkpoint(self, body: bytes) -> Answer | NoAnswer:
        """As `Cosigner.add_checkpoint`."""
        try:
            return Answer(_OK, {}, await self._witness.add_checkpoint(body))
        except WitnessError as error:
            told = str(error) if error.size is None else f"{error.size}\n"
            return Answer(error.status, {}, told.encode())
        except sqlite3.Error as error:
            return NoAnswer(f"what was cosigned cannot be kept: {error}")

    async def latest(self, origin: str) -> bytes | None:
        """As `Cosigner.latest`."""
        return await self._witness.latest(sha256(origin.encode()).hexdigest())


class Cosigning:
    """Collects cosignatures. `cosigner_of` finds a witness; None where no address is known."""

    def __init__(
        self, replica: Replica, news: News, cosigner_of: Callable[[MemberId], Cosigner | None]
    ) -> None:
        self._replica = replica
        self._news = news
        self._cosigner_of = cosigner_of
        self._round: _Round | None = None
        self._tasks: dict[MemberId, asyncio.Task[None]] = {}
        self.standings: dict[MemberId, WitnessStanding] = {}

    async def run(self) -> None:
        """Round after round, until it is cancelled."""
        try:
            while True:
                woken = self._news.subscribe()
                self._begin()
                # No `wait_for`: news at the same moment would make it lose the cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ROUND_S):
                        await woken.wait()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks, self._round = {}, None
            self.standings.clear()  # whoever orders next knows better

    def _begin(self) -> None:
        """Begin the next round, if there is more and it is time; ask whoever is not being asked."""
        published, final = self._replica.published, self._replica.final
        trust = published.trust
        for member in set(self._tasks) - set(trust.witnesses):
            self._tasks.pop(member).cancel()
            self.standings.pop(member, None)
        is_behind = final is None or final.size < published.head.size
        if trust.quorum and is_behind and self._is_over(published):
            self._round = _Round(published, _now_s())
        for member in trust.witnesses:
            task = self._tasks.get(member)
            if task is None or task.done():
                self.standings.setdefault(member, WitnessStanding())
                self._tasks[member] = asyncio.create_task(self._ask(member), name="cosigning")

    def _is_over(self, newest: Published) -> bool:
        """Whether the round at hand is final, no longer what makes final, or leads nowhere."""
        current, final = self._round, self._replica.final
        if current is None or current.published.trust is not newest.trust:
            return True
        is_stale = newest.head.size > current.size and _now_s() - current.moved_s >= ROUND_S
        return is_stale or (final is not None and final.size >= current.size)

    async def _ask(self, member: MemberId) -> None:
        """One witness: offer it round after round, with pauses where it does not answer."""
        standing = self.standings[member]
        pause_s = PAUSE_S
        while (current := self._round) is not None and member not in current.lines:
            try:
                CURRENT.set(current.request_id)  # this task's own
                async with asyncio.timeout(ANSWER_S_MAX):
                    lines = await self._offer(member, standing, current)
                await self._add(member, current, lines)
            except (ClientError, LedgerError, _RefusedError, TimeoutError) as error:
                problem = str(error) or f"no answer within {ANSWER_S_MAX:g} seconds"
                if standing.problem != problem:
                    told = problem[:_TOLD_CHARS_MAX]
                    log.warning("witness-behind", witness=member, size=standing.size, problem=told)
                standing.problem = problem
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
            else:
                standing.size, standing.problem = current.size, ""
                pause_s = PAUSE_S

    async def _offer(
        self, member: MemberId, standing: WitnessStanding, current: _Round
    ) -> Sequence[NoteSignature]:
        """Its lines on a checkpoint. Raises `_RefusedError`, `ClientError`, `LedgerError`."""
        cosigner = self._cosigner_of(member)
        if cosigner is None:
            raise _RefusedError("no address of its node is known")
        answer = await self._answer(cosigner, standing.size, current)
        if answer.status == _CONFLICT:  # so one learns what it cosigned last
            standing.size = parse_decimal(_text(answer).rstrip("\n"), at_most=SIZE_MAX)
            if standing.size > current.size:
                raise _RefusedError(f"it has cosigned {standing.size} leaves, ahead of this node")
            answer = await self._answer(cosigner, standing.size, current)
        if answer.status != _OK:
            raise _RefusedError(f"it answers {answer.status}: {_text(answer)[:_TOLD_CHARS_MAX]}")
        keys = current.published.trust.witnesses.get(member, ())
        return verified_lines(current.published.checkpoint, answer.content, keys)

    async def _answer(self, cosigner: Cosigner, size: int, current: _Round) -> Answer:
        old_size = min(size, current.size)
        proof = await asyncio.to_thread(self._proof, old_size, current.size)
        offer = encode_offer(old_size, proof, current.published.checkpoint)
        answer = await cosigner.add_checkpoint(offer)
        if not isinstance(answer, Answer):
            raise _RefusedError(answer.detail)
        return answer

    async def _add(self, member: MemberId, current: _Round, lines: Sequence[NoteSignature]) -> None:
        """Count a cosignature; with the quorum the checkpoint is final, unless a later one is."""
        current.lines[member] = lines
        current.moved_s = _now_s()
        has_quorum = len(current.lines) >= current.published.trust.quorum
        if has_quorum and await asyncio.to_thread(self._replica.finalise, current.note()):
            self._news.publish()

    def _proof(self, old_size: int, new_size: int) -> Sequence[Digest]:
        return tree.consistency_proof(old_size, new_size, TileReader(self._replica, new_size))


class _RefusedError(Exception):
    """A witness does not cosign now."""


def _text(answer: Answer) -> str:
    return answer.content.decode("ascii", "replace")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
