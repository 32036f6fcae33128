"""Signatures verified in threads while the auditor replays: `cryptography` lets go of the GIL.

Handing single signatures to threads would cost as much as verifying them, so they go in batches.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from contracts.audit import Verification
from ledger.envelope import Envelope, verify_signature
from ledger.errors import VerificationError
from ledger.keys import PublicKey

BATCH: Final = 64

_Found = dict[int, VerificationError]
"""What does not hold, by place in the batch."""


class VerificationPool:
    """A `contracts.audit.StartVerification`. A context manager."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="verify")
        self._batch = _Batch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __call__(self, envelope: Envelope, key: PublicKey) -> Verification:
        """Start to verify, together with its neighbours."""
        batch = self._batch
        place = len(batch.jobs)
        batch.jobs.append((envelope, key))
        if len(batch.jobs) == BATCH:
            self._submit(batch)
        return lambda: self._wait(batch, place)

    def _wait(self, batch: "_Batch", place: int) -> None:
        found = batch.found or self._submit(batch)
        error = found.result().get(place)
        if error is not None:
            raise error

    def _submit(self, batch: "_Batch") -> "Future[_Found]":
        batch.found = self._pool.submit(_verify, batch.jobs)
        self._batch = _Batch()
        return batch.found


@dataclass(slots=True)
class _Batch:
    """Signatures that are verified together; `found` once they are on their way."""

    jobs: list[tuple[Envelope, PublicKey]] = field(default_factory=list)
    found: Future[_Found] | None = None


def _verify(jobs: Sequence[tuple[Envelope, PublicKey]]) -> _Found:
    found: _Found = {}
    for place, (envelope, key) in enumerate(jobs):
        try:
            verify_signature(envelope, key)
        except VerificationError as error:
            found[place] = error
    return found
