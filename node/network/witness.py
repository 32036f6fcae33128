"""This node as a witness (c2sp.org/tlog-witness): it cosigns what it has replayed, and no more.

    POST /add-checkpoint     old 20852163            the size it cosigned last
                             <consistency proof>
                             <empty line>
                             <checkpoint>

What it cosigned last is kept in a file of its own, and written there before any answer: so it never
cosigns two histories, whatever happens to it. That file is never restored from a backup. A new one
begins with nothing, which is safe: what it cosigns it has replayed itself.

Other people's logs are witnessed too, if the settings name them, under another name and by another
key: their cosignatures say that the log has only grown, which is all we can know of it.
"""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from ledger import tree
from ledger.checkpoint import SIZE_MAX, Checkpoint, cosign_checkpoint, parse_checkpoint
from ledger.errors import FormatError, LedgerError, VerificationError
from ledger.hashing import EMPTY_ROOT
from ledger.keys import Signer
from ledger.lexical import parse_base64, parse_decimal
from ledger.note import NOTE_BYTES_MAX, encode_signature_line, parse_note
from ledger.tiles import TileReader
from ledger.times import to_ms
from ledger.types import DIGEST_BYTES, Digest, MemberId
from node.network.following import Standing
from node.replica import Replica
from node.trust import endorse

PROOF_LINES_MAX: Final = 63
BODY_BYTES_MAX: Final = NOTE_BYTES_MAX + 64 * 64
REPLAYED_S: Final = 10.0
AHEAD_MS_MAX: Final = 60_000
"""A seal further ahead of this node's clock is not cosigned."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS cosigned (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL
) STRICT
"""


class WitnessError(Exception):
    """A checkpoint is not cosigned; `status` is the HTTP status the protocol has for that."""

    def __init__(self, status: int, detail: str, *, size: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a witness cosigned last of a log. Nothing yet: size 0."""

    size: int = 0
    root: Digest = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Offer:
    """A request to cosign: `old_size` is what the log believes was cosigned last."""

    old_size: int
    proof: tuple[Digest, ...]
    note: bytes
    checkpoint: Checkpoint


class CosignedStore:
    """What was cosigned last, durably. Threads may share it. Raises `sqlite3.Error`, `OSError`."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._lock = Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _SCHEMA):
            self._db.execute(statement)

    def get(self, origin: str) -> Cosigned:
        """The last of a log."""
        with self._lock:
            row = self._db.execute(
                "SELECT size, root FROM cosigned WHERE origin = ?", (origin,)
            ).fetchone()
        return Cosigned() if row is None else Cosigned(row[0], Digest(row[1]))

    def swap(self, before: Cosigned, after: Checkpoint, note: bytes) -> bool:
        """Put `after` in the place of `before`, unless another has come there; whether it did."""
        values = (after.size, after.root, note)
        with self._lock, self._db:
            if before.size == 0:
                cursor = self._db.execute(
                    "INSERT INTO cosigned (size, root, note, origin) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (origin) DO NOTHING",
                    (*values, after.origin),
                )
            else:
                cursor = self._db.execute(
                    "UPDATE cosigned SET size = ?, root = ?, note = ? "
                    "WHERE origin = ? AND size = ? AND root = ?",
                    (*values, after.origin, before.size, before.root),
                )
            return cursor.rowcount == 1

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()


class Witness:
    """Cosigns the ledger's own checkpoints for `member`. Raises `WitnessError` where it does not.

    Of a node that follows, `reach` waits until it has replayed so many leaves, and `standing` says
    whether the log lied; a node that orders has decided them all.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what it connects
        self,
        replica: Replica,
        member: MemberId,
        signers: Sequence[Signer],
        store: CosignedStore,
        clock_ms: Callable[[], int],
        reach: Callable[[int, float], Awaitable[bool]] | None = None,
        standing: Standing | None = None,
    ) -> None:
        self._replica = replica
        self._member = member
        self._signers = signers
        self._store = store
        self._reach = reach or self._has_reached
        self._standing = standing
        self._clock_ms = clock_ms

    async def add_checkpoint(self, body: bytes) -> bytes:
        """The cosignature lines for a checkpoint; `body` is that of `POST /add-checkpoint`."""
        offer = parse_offer(body)
        checkpoint = offer.checkpoint
        if checkpoint.origin != self._replica.origin:
            raise WitnessError(404, "no log of this origin is witnessed here")
        if self._standing is not None and self._standing.alarm is not None:
            raise WitnessError(503, "the log is not what the rules yield: it is cosigned no more")
        if not self._is_signed(offer.note):
            # A vote this node has yet to replay may have given the log other keys.
            await self._reach(checkpoint.size, REPLAYED_S)
            if not self._is_signed(offer.note):
                raise WitnessError(403, "no orderer of this ledger signed the checkpoint")
        before = self._store.get(checkpoint.origin)
        check_offer(offer, before)
        if not await self._reach(checkpoint.size, REPLAYED_S):
            raise WitnessError(503, "this node has not replayed the log so far")
        return await asyncio.to_thread(self._cosign, offer, before)

    async def _has_reached(self, size: int, _wait_s: float) -> bool:
        return self._replica.head.size >= size

    def _is_signed(self, note: bytes) -> bool:
        try:
            endorse(note, self._replica.published.trust)
        except LedgerError:
            return False
        return True

    def _cosign(self, offer: Offer, before: Cosigned) -> bytes:
        """The lines, if it is what this node has replayed; kept before they are given."""
        checkpoint = offer.checkpoint
        now_ms = self._clock_ms()
        if (
            tree.root(checkpoint.size, TileReader(self._replica, checkpoint.size))
            != checkpoint.root
        ):
            raise WitnessError(422, "this node has replayed another log up to this size")
        with self._replica.store.snapshot() as snapshot:
            try:
                head = snapshot.head_at(checkpoint.size, self._replica.head.ledger)
            except LookupError as error:
                raise WitnessError(422, str(error)) from error
        if to_ms(head.time) > now_ms + AHEAD_MS_MAX:
            raise WitnessError(503, f"the block's time {head.time} is still to come")
        if not self._store.swap(before, checkpoint, offer.note):
            size = self._store.get(checkpoint.origin).size
            raise WitnessError(409, "another was cosigned meanwhile", size=size)
        time_s = now_ms // 1_000
        lines = [cosign_checkpoint(checkpoint, self._member, one, time_s) for one in self._signers]
        return b"".join(f"{encode_signature_line(line)}\n".encode() for line in lines)


def parse_offer(body: bytes) -> Offer:
    """A request to cosign. Raises `WitnessError` (400)."""
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        if not blank or not first.startswith("old ") or len(lines) > PROOF_LINES_MAX:
            raise FormatError("`old`, at most 63 hashes, an empty line, a checkpoint")
        old_size = parse_decimal(first.removeprefix("old "), at_most=SIZE_MAX)
        proof = tuple(_hash(line) for line in lines)
        checkpoint = parse_checkpoint(parse_note(note).text)
    except (LedgerError, UnicodeDecodeError) as error:
        raise WitnessError(400, str(error)) from error
    if old_size > checkpoint.size:
        raise WitnessError(400, f"old size {old_size} is above {checkpoint.size}")
    return Offer(old_size, proof, note, checkpoint)


def check_offer(offer: Offer, before: Cosigned) -> None:
    """Raise `WitnessError` unless the log has only grown since."""
    checkpoint = offer.checkpoint
    if offer.old_size != before.size:
        raise WitnessError(409, f"size {before.size} was cosigned last", size=before.size)
    if before.size == 0 and offer.proof:
        raise WitnessError(422, "from size 0 no proof is needed")
    try:
        tree.verify_consistency(
            before.size, before.root, checkpoint.size, checkpoint.root, offer.proof
        )
    except VerificationError as error:
        raise WitnessError(422, str(error)) from error


def _hash(line: str) -> Digest:
    data = parse_base64(line)
    if len(data) != DIGEST_BYTES:
        raise FormatError(f"a hash has {DIGEST_BYTES} bytes")
    return Digest(data)
