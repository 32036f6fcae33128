"""The node that orders asks the witnesses to cosign its checkpoints; with a quorum one is final.

    round     the newest checkpoint is offered to all witnesses at once
    answer    a witness cosigns once it has replayed so far; its lines are verified
    quorum    the checkpoint with its cosignatures is final; the next round begins

One checkpoint at a time, so that the cosignatures come together on one; sizes that were published
meanwhile are skipped, as the next round covers them. Who lags behind joins with the round that is
then at hand. A witness that answers after the quorum is counted all the same: it is not behind.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ledger import tree
from ledger.checkpoint import SIZE_MAX, CheckpointVerifier
from ledger.errors import FormatError, LedgerError
from ledger.lexical import parse_decimal
from ledger.note import (
    Note,
    NoteSignature,
    VerifierKey,
    encode_note,
    parse_note,
    parse_signature_line,
)
from ledger.tiles import TileReader
from ledger.types import Digest, MemberId
from node.client.errors import ClientError
from node.client.flows import Answer, NoAnswer
from node.logs import log
from node.network.offers import WitnessError, encode_offer
from node.network.witness import Witness
from node.news import News
from node.replica import Published, Replica

PAUSE_S: Final = 0.5
PAUSE_S_MAX: Final = 15.0
_OK, _CONFLICT = 200, 409


@dataclass(slots=True)
class WitnessStanding:
    """Where a witness stands, as far as this node knows. `problem` is why it is behind."""

    size: int = 0
    problem: str = ""


@dataclass(slots=True)
class _Round:
    """One checkpoint and the cosignatures on it so far."""

    published: Published
    lines: dict[MemberId, Sequence[NoteSignature]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.published.head.size

    def note(self) -> bytes:
        parsed = parse_note(self.published.checkpoint)
        cosigned = (line for member in sorted(self.lines) for line in self.lines[member])
        return encode_note(Note(parsed.text, (*parsed.signatures, *cosigned)))


class Cosigner(Protocol):
    """A witness that can be asked."""

    async def add_checkpoint(self, body: bytes) -> Answer | NoAnswer:
        """Its answer to `POST /add-checkpoint`. Raises `ClientError`."""
        ...


class OwnCosigner:
    """The witness of this very node."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def add_checkpoint(self, body: bytes) -> Answer:
        """As `Cosigner.add_checkpoint`."""
        try:
            return Answer(_OK, {}, await self._witness.add_checkpoint(body))
        except WitnessError as error:
            told = str(error) if error.size is None else f"{error.size}\n"
            return Answer(error.status, {}, told.encode())


class Cosigning:
    """Collects cosignatures. `cosigner_of` finds a witness; None where no address is known."""

    def __init__(
        self, replica: Replica, news: News, cosigner_of: Callable[[MemberId], Cosigner | None]
    ) -> None:
        self._replica = replica
        self._news = news
        self._cosigner_of = cosigner_of
        self._round: _Round | None = None
        self._changed = asyncio.Event()
        self._tasks: dict[MemberId, asyncio.Task[None]] = {}
        self.standings: dict[MemberId, WitnessStanding] = {}

    async def run(self) -> None:
        """Round after round, until it is cancelled."""
        try:
            while True:
                event = self._news.subscribe()
                self._begin()
                waiting = [asyncio.ensure_future(one.wait()) for one in (event, self._changed)]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for one in waiting:
                    one.cancel()
                self._changed.clear()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _begin(self) -> None:
        """Begin the next round, if the one before has come to its end and there is more."""
        published, final = self._replica.published, self._replica.final
        trust = published.trust
        for member in set(self._tasks) - set(trust.witnesses):
            self._tasks.pop(member).cancel()
            self.standings.pop(member, None)
        is_open = (
            self._round is not None
            and self._round.published.trust is trust
            and (final is None or final.size < self._round.size)
        )
        if trust.quorum and not is_open and (final is None or final.size < published.head.size):
            self._round = _Round(published)
        for member in trust.witnesses:
            task = self._tasks.get(member)
            if task is None or task.done():
                self.standings.setdefault(member, WitnessStanding())
                self._tasks[member] = asyncio.create_task(self._ask(member))

    async def _ask(self, member: MemberId) -> None:
        """One witness: offer it round after round, with pauses where it does not answer."""
        standing = self.standings[member]
        pause_s = PAUSE_S
        while (current := self._round) is not None and member not in current.lines:
            try:
                await self._offer(member, standing, current)
            except (ClientError, LedgerError, _RefusedError) as error:
                if standing.problem != str(error):
                    log.warning("witness-behind", witness=member, size=standing.size)
                standing.problem = str(error)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
            else:
                standing.problem = ""
                pause_s = PAUSE_S

    async def _offer(self, member: MemberId, standing: WitnessStanding, current: _Round) -> None:
        cosigner = self._cosigner_of(member)
        if cosigner is None:
            raise _RefusedError("no address of its node is known")
        if standing.size > current.size:
            raise _RefusedError("it is ahead of this node")
        proof = await asyncio.to_thread(self._proof, standing.size, current.size)
        body = encode_offer(standing.size, proof, current.published.checkpoint)
        answer = await cosigner.add_checkpoint(body)
        if not isinstance(answer, Answer):
            raise _RefusedError(answer.detail)
        if answer.status == _CONFLICT:
            standing.size = parse_decimal(
                answer.content.decode("ascii", "replace").strip(), at_most=SIZE_MAX
            )
            return
        if answer.status != _OK:
            raise _RefusedError(f"it answers {answer.status}")
        keys = current.published.trust.witnesses.get(member, ())
        lines = verified_lines(current.published.checkpoint, answer.content, keys)
        standing.size = current.size
        self._add(member, current, lines)

    def _add(self, member: MemberId, current: _Round, lines: Sequence[NoteSignature]) -> None:
        current.lines[member] = lines
        if len(current.lines) >= current.published.trust.quorum:
            if self._replica.finalise(current.note()):
                self._news.publish()
            self._changed.set()

    def _proof(self, old_size: int, new_size: int) -> Sequence[Digest]:
        return tree.consistency_proof(old_size, new_size, TileReader(self._replica, new_size))


class _RefusedError(Exception):
    """A witness does not cosign now."""


def verified_lines(
    note: bytes, content: bytes, keys: Sequence[VerifierKey]
) -> Sequence[NoteSignature]:
    """The cosignature lines of an answer, by these keys. Raises `FormatError`, `VerificationError`.

    Lines of other keys are left out; one of these keys at least has signed.
    """
    known: Mapping[tuple[str, bytes], VerifierKey] = {(key.name, key.key_id): key for key in keys}
    lines = [parse_signature_line(line) for line in content.decode("utf-8").splitlines()]
    own = tuple(line for line in lines if (line.name, line.key_id) in known)
    if not own:
        raise FormatError("no line is by a key of the witness")
    parsed = parse_note(note)
    for line in own:
        key = known[line.name, line.key_id]
        CheckpointVerifier(key).verify(parsed.text, line.payload)
    return own
