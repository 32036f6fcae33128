"""The way of a record into the ledger: check, order, answer.

    submit(envelopes)
      check    in chunks, beside the thread that commits: read strictly, verify signatures
      order    the engine forms a block; the replica decides and commits it
      answer   index and outcome, or the reason it was refused

A signature is verified once: what was verified here, the rules need not verify again. A record
that is refused may be in the ledger already; it is then answered as it was.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from contracts.transition import Rejected, rejection_of
from contracts.values import ChainHead
from ledger.envelope import Envelope, parse_envelope, verify_signature
from ledger.errors import FormatError, VerificationError
from ledger.keys import PublicKey
from ledger.records import Record, read_record
from ledger.seal import Outcome, parse_outcome
from ledger.types import DigestHex, KeyId, Time, WriterId
from node.engine import Ordering, Placed
from node.replica import Replica
from node.storage.store import Snapshot
from node.verification import Signed, Verifier

CHUNK_RECORDS: Final = 500


class Committed(Struct, frozen=True):
    """A record's place in the ledger. `already`: it was there before this submission."""

    index: int
    digest: DigestHex
    height: int
    block_time: Time
    outcome: Outcome
    already: bool = False


Verdicts = Mapping[tuple[int, KeyId], VerificationError | None]
"""By place of an envelope in memory and key id: what is wrong with that signature."""
_NOT_VERIFIED: Final = VerificationError("not verified yet")


class VerifiedSignatures:
    """What was verified before ordering, for the rules to look up: a `SignatureCheck`.

    An envelope is found by its place in memory, which another one may take over as soon as it is
    gone. So entries are made just before their record is ordered, and taken out, come what may,
    once it is decided.
    """

    __slots__ = ("_verdicts",)

    def __init__(self) -> None:
        self._verdicts: dict[tuple[int, KeyId], VerificationError | None] = {}

    def __call__(self, envelope: Envelope, key: PublicKey) -> None:
        """As `contracts.transition.SignatureCheck`."""
        verdict = self._verdicts.get((id(envelope), key.keyid), _NOT_VERIFIED)
        if verdict is _NOT_VERIFIED:
            verify_signature(envelope, key)
        elif verdict is not None:
            raise verdict

    def holds(self, envelope: Envelope, keyid: KeyId) -> bool:
        """Whether the signature by this key was verified, and found to hold."""
        return self._verdicts.get((id(envelope), keyid), _NOT_VERIFIED) is None

    @contextmanager
    def remembered(self, verdicts: Verdicts) -> Iterator[None]:
        """Within this context these verdicts are known; their envelopes MUST live as long."""
        self._verdicts.update(verdicts)
        try:
            yield
        finally:
            for known in verdicts:
                self._verdicts.pop(known, None)

    def __len__(self) -> int:
        """Number of signatures remembered."""
        return len(self._verdicts)


async def verdicts_on(
    envelopes: Iterable[Envelope], keys: Mapping[str, PublicKey], verifier: Verifier
) -> Verdicts:
    """The signatures by keys known by now; those by keys to come the rules verify."""
    signed = {
        (id(envelope), key.keyid): Signed(envelope.payload, signature.sig, key)
        for envelope in envelopes
        for signature in envelope.signatures
        if (key := keys.get(signature.keyid)) is not None
    }
    verdicts = await verifier.verify(list(signed.values()))
    return dict(zip(signed, verdicts, strict=True))


class Pipeline:
    """Submits records to an engine and answers for them."""

    def __init__(
        self,
        replica: Replica,
        ordering: Ordering,
        signatures: VerifiedSignatures,
        verifier: Verifier,
        check_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._replica = replica
        self._ordering = ordering
        self._signatures = signatures
        self._check_room = check_room
        self._verifier = verifier
        self._pool = ThreadPoolExecutor(thread_name_prefix="read")

    async def submit(self, submitted: Sequence[Envelope | bytes], /) -> list[Committed | Rejected]:
        """Submit envelopes, or bytes in any DSSE encoding; answers in order.

        Raises `DiskFull` or `QueueFull`, with none of them taken, and `EngineStopped`, their fate
        not known.
        """
        self._check_room()
        chunks = range(0, len(submitted), CHUNK_RECORDS)
        read: list[Record | Rejected] = []
        verdicts: dict[tuple[int, KeyId], VerificationError | None] = {}
        for chunk in await asyncio.gather(
            *(self._check(submitted[start : start + CHUNK_RECORDS]) for start in chunks)
        ):
            read += chunk[0]
            verdicts.update(chunk[1])
        records = [one for one in read if isinstance(one, Record)]
        with self._signatures.remembered(verdicts):
            placed = await self._ordering.order(records)
        known = await self._find_refused(records, placed)
        places = iter(placed)
        return [
            _answer(one, next(places), known) if isinstance(one, Record) else one for one in read
        ]

    def chain_head(self, writer: WriterId, /) -> ChainHead | None:
        """The end of a writer's chain, every record answered so far counted in."""
        with self._replica.store.snapshot() as snapshot:
            value = snapshot.value(f"chain/{writer}")
        return value if isinstance(value, ChainHead) else None

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    async def _check(
        self, submitted: Sequence[Envelope | bytes]
    ) -> tuple[list[Record | Rejected], Verdicts]:
        """Read records; verify them with those of their keys that are known by now."""
        loop = asyncio.get_running_loop()
        read = await loop.run_in_executor(self._pool, _read_all, submitted)
        envelopes = (one.envelope for one in read if isinstance(one, Record))
        return read, await verdicts_on(envelopes, self._replica.keys, self._verifier)

    async def _find_refused(
        self, records: Sequence[Record], placed: Sequence[Placed]
    ) -> Mapping[bytes, Committed]:
        refused = [
            record
            for record, place in zip(records, placed, strict=True)
            if isinstance(place.verdict, Rejected)
        ]
        if not refused:
            return {}
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._find, refused)

    def _find(self, refused: Sequence[Record]) -> dict[bytes, Committed]:
        """By leaf, the answers that records got when they were accepted.

        A repeated record may be refused for more than its place in the chain: its key may have been
        rotated since.
        """
        with self._replica.store.snapshot() as snapshot:
            found = ((record, _recorded(snapshot, record)) for record in refused)
            return {record.envelope.encoded: one for record, one in found if one is not None}


def _answer(
    record: Record, place: Placed, known: Mapping[bytes, Committed]
) -> Committed | Rejected:
    verdict = place.verdict
    if isinstance(verdict, Rejected):
        return known.get(record.envelope.encoded, verdict)
    outcome = verdict.outcome
    index = 0 if outcome.index is None else outcome.index
    return Committed(index, record.digest, place.height, place.time, outcome)


def _recorded(snapshot: Snapshot, record: Record) -> Committed | None:
    for stored in snapshot.candidates(record.digest):
        block = snapshot.block_of(stored.index)
        same = stored.leaf == record.envelope.encoded
        if same and block is not None and stored.outcome is not None:
            return Committed(
                index=stored.index,
                digest=record.digest,
                height=block.height,
                block_time=block.time,
                outcome=parse_outcome(stored.outcome),
                already=True,
            )
    return None


def _read_all(submitted: Sequence[Envelope | bytes]) -> list[Record | Rejected]:
    return [_read(one) for one in submitted]


def _read(submitted: Envelope | bytes) -> Record | Rejected:
    try:
        envelope = _envelope_in(submitted) if isinstance(submitted, bytes) else submitted
        return read_record(envelope)
    except FormatError as error:
        return rejection_of(error)


def _envelope_in(data: bytes) -> Envelope:
    """The canonical envelope, or, at some cost, the one another DSSE encoding stands for."""
    try:
        return parse_envelope(data)
    except FormatError:
        return parse_envelope(data, canonical=False)
