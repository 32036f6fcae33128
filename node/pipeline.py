"""The way of a record into the ledger: check, order, answer.

    submit(envelopes)
      check    in a thread pool, in chunks: read the record strictly, verify its signatures
      order    the engine forms a block; the replica decides and commits it
      answer   index and outcome, or the reason it was refused

A signature is verified once: what the pool has verified, the rules need not verify again. A record
whose place in its chain is taken may be in the ledger already; it is then answered as it was.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from contracts.reasons import MALFORMED, NOT_CANONICAL, SEQUENCE_TAKEN
from contracts.transition import Accepted, Rejected
from contracts.values import ChainHead, parse_value
from ledger.envelope import Envelope, parse_envelope, verify_signature
from ledger.errors import FormatError, NotCanonical, VerificationError
from ledger.keys import PublicKey
from ledger.records import Record, parse_record, read_record
from ledger.seal import Outcome, parse_outcome
from ledger.types import DigestHex, Time, WriterId
from node.engine import Engine, Placed
from node.replica import Replica
from node.storage.models import StateRow, table_of

CHUNK_RECORDS: Final = 64
_state = table_of(StateRow)


@dataclass(frozen=True, slots=True)
class Committed:
    """A record's place in the ledger. `already`: it was there before this submission."""

    index: int
    digest: DigestHex
    height: int
    block_time: Time
    outcome: Outcome
    already: bool = False


class VerifiedSignatures:
    """What the thread pool has verified, for the rules to look up: a `SignatureCheck`.

    Entries are made before their record is ordered and taken out when it is decided.
    """

    __slots__ = ("_verdicts",)

    def __init__(self) -> None:
        self._verdicts: dict[tuple[int, str], VerificationError | None] = {}

    def __call__(self, envelope: Envelope, key: PublicKey) -> None:
        """As `contracts.transition.SignatureCheck`."""
        known = (id(envelope), key.keyid)
        if known not in self._verdicts:
            verify_signature(envelope, key)
            return
        error = self._verdicts[known]
        if error is not None:
            raise error

    def verify(self, envelope: Envelope, key: PublicKey) -> None:
        """Verify now and remember."""
        try:
            verify_signature(envelope, key)
        except VerificationError as error:
            self._verdicts[id(envelope), key.keyid] = error
        else:
            self._verdicts[id(envelope), key.keyid] = None

    def forget(self, envelope: Envelope) -> None:
        """The record has been decided."""
        for keyid in envelope.keyids:
            self._verdicts.pop((id(envelope), keyid), None)

    def __len__(self) -> int:
        """Number of signatures remembered."""
        return len(self._verdicts)


class Pipeline:
    """Submits records to an engine and answers for them."""

    def __init__(
        self,
        replica: Replica,
        engine: Engine,
        signatures: VerifiedSignatures,
        threads: int | None = None,
    ) -> None:
        self._replica = replica
        self._engine = engine
        self._signatures = signatures
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="check")

    async def submit(self, submitted: Sequence[Envelope | bytes], /) -> list[Committed | Rejected]:
        """Submit envelopes, or bytes in any DSSE encoding; answers in order.

        Raises `QueueFull`, with none of them taken, and `EngineStopped`, their fate not known.
        """
        loop = asyncio.get_running_loop()
        chunks = [
            loop.run_in_executor(self._pool, self._check, submitted[start : start + CHUNK_RECORDS])
            for start in range(0, len(submitted), CHUNK_RECORDS)
        ]
        checked = [one for chunk in chunks for one in await chunk]
        records = [one for one in checked if isinstance(one, Record)]
        try:
            placed = await self._engine.order(records)
        finally:
            for record in records:
                self._signatures.forget(record.envelope)
        answers = iter(self._answers(records, placed))
        return [next(answers) if isinstance(one, Record) else one for one in checked]

    def chain_head(self, writer: WriterId, /) -> ChainHead | None:
        """The end of a writer's chain, every record answered so far counted in."""
        key = f"chain/{writer}"
        with self._replica.store.snapshot() as snapshot:
            row = snapshot.connection.execute(_state.select().where(_state.c.key == key)).first()
        value = None if row is None else parse_value(key, row.value)
        return value if isinstance(value, ChainHead) else None

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _check(self, submitted: Sequence[Envelope | bytes]) -> list[Record | Rejected]:
        return [self._check_one(one) for one in submitted]

    def _check_one(self, submitted: Envelope | bytes) -> Record | Rejected:
        try:
            envelope = _read(submitted) if isinstance(submitted, bytes) else submitted
            record = read_record(envelope)
        except NotCanonical as error:
            return Rejected(NOT_CANONICAL, str(error))
        except FormatError as error:
            return Rejected(MALFORMED, str(error))
        for keyid in record.envelope.keyids:
            key = self._replica.keys.get(keyid)
            if key is not None:
                self._signatures.verify(record.envelope, key)
        return record

    def _answers(
        self, records: Sequence[Record], placed: Sequence[Placed]
    ) -> list[Committed | Rejected]:
        return [self._answer(record, place) for record, place in zip(records, placed, strict=True)]

    def _answer(self, record: Record, place: Placed) -> Committed | Rejected:
        verdict = place.verdict
        if isinstance(verdict, Accepted):
            head, outcome = place.block.head, verdict.outcome
            index = 0 if outcome.index is None else outcome.index
            return Committed(index, record.digest, head.height, head.time, outcome)
        if verdict.reason is SEQUENCE_TAKEN:
            return self._find(record) or verdict
        return verdict

    def _find(self, record: Record) -> Committed | None:
        """The answer a record got when it was accepted."""
        with self._replica.store.snapshot() as snapshot:
            for stored in snapshot.candidates(record.digest):
                block = snapshot.block_of(stored.index)
                same = parse_record(stored.leaf).digest == record.digest
                if same and block is not None and stored.outcome is not None:
                    outcome = parse_outcome(stored.outcome)
                    return Committed(
                        stored.index,
                        record.digest,
                        block.height,
                        block.time,
                        outcome,
                        already=True,
                    )
        return None


def _read(data: bytes) -> Envelope:
    """The canonical envelope, or, at some cost, the one another DSSE encoding stands for."""
    try:
        return parse_envelope(data)
    except FormatError:
        return parse_envelope(data, canonical=False)
