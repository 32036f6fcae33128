"""This node as a witness (c2sp.org/tlog-witness): what it cosigns, and what it keeps of it.

    offer ──▶ which log? ──▶ signed by it? ──▶ grown since the last? ──▶ what its rule asks
                                                                              │
    cosignatures ◀── kept in the place of the last ◀── signed ◀───────────────┘

The ledger's own log is cosigned as far as this node has replayed it, under the member's name and by
its witness keys. Logs of others (`node.network.foreign`) are cosigned under another name and by
other keys: that cosignature says less.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from contracts.replay import Head
from ledger import tree
from ledger.checkpoint import Checkpoint, cosign_under
from ledger.errors import LedgerError
from ledger.keys import Signer
from ledger.note import (
    Note,
    NoteSignature,
    VerifierKey,
    add_signatures,
    encode_note,
    encode_signature_line,
    parse_note,
)
from ledger.tiles import TileReader
from ledger.times import to_ms
from node.client.evidence import AHEAD_MS_MAX
from node.network.cosigned import Cosigned, CosignedStore
from node.network.offers import WitnessError, check_offer, parse_offer
from node.network.vigilance import Vigilance
from node.replica import Replica
from node.trust import endorse

REPLAYED_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Under which name and by which keys a log is cosigned."""

    name: str
    signers: Sequence[Signer]

    def cosign(self, checkpoint: Checkpoint, time_s: int) -> Sequence[NoteSignature]:
        """A line by each of the keys."""
        return [cosign_under(checkpoint, self.name, one, time_s) for one in self.signers]


class WitnessedLog(Protocol):
    """A log, and what is asked of its checkpoints before they are cosigned."""

    @property
    def origin(self) -> str:
        """The log."""

    @property
    def identity(self) -> Identity:
        """As whom it is cosigned."""

    async def signed(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        """The checkpoint with the log's own lines alone. MUST raise `WitnessError` without them."""
        ...

    async def check(self, note: bytes, checkpoint: Checkpoint) -> None:
        """MUST raise `WitnessError` for a checkpoint that is not to be cosigned, or not yet.

        `note` is what `signed` returned.
        """
        ...


class Witness:
    """Cosigns checkpoints of some logs."""

    def __init__(
        self, logs: Sequence[WitnessedLog], store: CosignedStore, clock_ms: Callable[[], int]
    ) -> None:
        self._logs = {one.origin: one for one in logs}
        self._origins = {sha256(origin.encode()).hexdigest(): origin for origin in self._logs}
        self._store = store
        self._clock_ms = clock_ms

    async def add_checkpoint(self, body: bytes) -> bytes:
        """The cosignature lines for a checkpoint; `body` is that of `POST /add-checkpoint`.

        Raises `WitnessError`.
        """
        offer = parse_offer(body)
        checkpoint = offer.checkpoint
        log = self._logs.get(checkpoint.origin)
        if log is None:
            raise WitnessError(404, "no log of this origin is witnessed here")
        note = await log.signed(offer.note, checkpoint)
        before = await asyncio.to_thread(self._store.get, log.origin)
        check_offer(offer, before)
        await log.check(note, checkpoint)
        return await asyncio.to_thread(self._cosign, log, checkpoint, note, before)

    async def latest(self, digest: str) -> bytes | None:
        """The checkpoint cosigned last of the log whose origin has this SHA-256, in hex."""
        origin = self._origins.get(digest)
        return None if origin is None else await asyncio.to_thread(self._store.note, origin)

    def _cosign(
        self, log: WitnessedLog, checkpoint: Checkpoint, note: bytes, before: Cosigned
    ) -> bytes:
        """The lines; kept before they are given."""
        lines = log.identity.cosign(checkpoint, self._clock_ms() // 1_000)
        if not self._store.swap(before, checkpoint, add_signatures(note, lines)):
            size = self._store.get(log.origin).size
            raise WitnessError(409, "another was cosigned meanwhile", size=size)
        return "".join(f"{encode_signature_line(line)}\n" for line in lines).encode()


class ReplayedLog:
    """The ledger's own log: what this node has replayed of it, and no more.

    `reach` waits until the node has replayed so many leaves. `watch` is shown a checkpoint that
    denies what the node holds, or one of a block that is still to come.
    """

    def __init__(
        self,
        replica: Replica,
        identity: Identity,
        clock_ms: Callable[[], int],
        reach: Callable[[int, float], Awaitable[bool]] | None = None,
        watch: Vigilance | None = None,
    ) -> None:
        self.origin = replica.origin
        self.identity = identity
        self._replica = replica
        self._clock_ms = clock_ms
        self._reach = reach or self._has_reached
        self._watch = watch

    async def signed(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        """As `WitnessedLog.signed`: by all keys of one that orders."""
        self._check_no_alarm()
        self._check_replayed()
        own = self._own_lines(note)
        if own is None:
            # A vote this node has yet to replay may have given the log other keys.
            await self._reach(checkpoint.size, REPLAYED_S)
            own = self._own_lines(note)
        if own is None:
            raise WitnessError(403, "no orderer of this ledger signed the checkpoint")
        if checkpoint.size <= self._replica.published.head.size:
            await self._compare(own, checkpoint)  # whatever else is wrong with the request
        return own

    async def check(self, note: bytes, checkpoint: Checkpoint) -> None:
        """As `WitnessedLog.check`: this node has replayed these very leaves."""
        if not await self._reach(checkpoint.size, REPLAYED_S):
            raise WitnessError(503, "this node has not replayed the log so far")
        self._check_no_alarm()
        if not await self._compare(note, checkpoint):
            raise WitnessError(422, "this node has replayed another log up to this size")
        head = await asyncio.to_thread(self._head_at, checkpoint.size)
        if to_ms(head.time) > self._clock_ms() + AHEAD_MS_MAX:
            if self._watch is not None:
                await self._watch.look_ahead(note, head)
            raise WitnessError(503, f"the block's time {head.time} is still to come")
        self._check_replayed()  # last: what came before was asked of the copy held by then

    async def _has_reached(self, size: int, _wait_s: float) -> bool:
        return self._replica.published.head.size >= size

    def _check_no_alarm(self) -> None:
        if self._watch is not None and self._watch.standing.alarm is not None:
            raise WitnessError(503, "the log is not what the rules yield: it is cosigned no more")

    def _check_replayed(self) -> None:
        if self._replica.base:
            raise WitnessError(
                503, "this node began from a snapshot, and has yet to replay the log"
            )

    def _own_lines(self, note: bytes) -> bytes | None:
        trust = self._replica.published.trust
        try:
            own = lines_of(note, [entry.key for entry in trust.policy.logs])
            endorse(own, trust)
        except LedgerError:
            return None
        return own

    async def _compare(self, note: bytes, checkpoint: Checkpoint) -> bool:
        """Whether it is of the leaves this node holds; a lie of the log raises an alarm."""
        tiles = TileReader(self._replica, checkpoint.size)
        is_same = await asyncio.to_thread(tree.root, checkpoint.size, tiles) == checkpoint.root
        if not is_same and self._watch is not None:
            await self._watch.look_at(note)
            self._check_no_alarm()
        return is_same

    def _head_at(self, size: int) -> Head:
        """Where the log stood at a size, which has to end a block."""
        with self._replica.store.snapshot() as snapshot:
            try:
                return snapshot.head_at(size, self._replica.head.ledger)
            except LookupError as error:
                raise WitnessError(422, f"no block ends at size {size}") from error


def lines_of(note: bytes, keys: Sequence[VerifierKey]) -> bytes:
    """The note with the lines of these keys alone: what strangers have added is ignored, not kept.

    Raises `FormatError`; the note is not verified.
    """
    parsed = parse_note(note)
    known = {(key.name, key.key_id) for key in keys}
    own = tuple(line for line in parsed.signatures if (line.name, line.key_id) in known)
    return encode_note(Note(parsed.text, own))
