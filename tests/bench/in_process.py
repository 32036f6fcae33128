"""The in-process path: bytes in, committed and answered; no HTTP."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.transition import Rejected
from ledger.times import to_ms
from node.engine.embedded import EmbeddedEngine
from node.pipeline import Committed, Pipeline, VerifiedSignatures
from node.replica import Replica, initialise
from node.storage.address import Database
from node.storage.database import open_database
from node.storage.store import SqlStore
from node.verification import Verifier, processes_for
from tests.bench.mix import Consortium, Streams
from tests.log_files import log_signers
from tests.world import ORIGIN

BATCH_RECORDS: Final = 1_000


def prepare(consortium: Consortium, database: Path) -> Path:
    """A database that holds what has happened in the consortium so far."""
    store = SqlStore(open_database(database))
    initialise(store, consortium.world.leaves[0])
    replica = Replica(store, ORIGIN, log_signers())
    for block in consortium.blocks:
        replica.apply(block)
    replica.close()
    store.engine.dispose()
    return database


def copy_database(database: Path, name: str) -> Path:
    """A copy of a closed database beside it, in place of an earlier one."""
    copy = database.with_name(name)
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(database, copy)
    return copy


@dataclass(frozen=True, slots=True)
class Node:
    """A node without engine and service: each submission brings an engine of its own."""

    replica: Replica
    signatures: VerifiedSignatures
    verifier: Verifier


@contextmanager
def opened(database: Database, *, orders: bool = True) -> Iterator[Node]:
    """A node over a database, its caches empty; with log keys, if it orders records."""
    signatures = VerifiedSignatures()
    store = SqlStore(open_database(database))
    held = log_signers() if orders else []
    replica = Replica(store, ORIGIN, held, verify=signatures)
    verifier = Verifier(processes_for(os.cpu_count()))
    try:
        yield Node(replica, signatures, verifier)
    finally:
        verifier.close()
        replica.close()
        store.engine.dispose()


def submit(node: Node, streams: Streams) -> float:
    """Submit streams side by side, batch by batch; the seconds until the last answer.

    The clock stands still meanwhile, so that records signed long before are as fresh as they were.
    Raises `ValueError` unless all were accepted without a finding.
    """
    stands_ms = to_ms(node.replica.head.time)
    seconds, answers = asyncio.run(_submit(node, streams, lambda: stands_ms))
    for answer in answers:
        if isinstance(answer, Rejected) or answer.outcome.findings:
            raise ValueError(f"the mix is not what it should be: {answer}")
    return seconds


async def _submit(
    node: Node, streams: Streams, now_ms: Callable[[], int]
) -> tuple[float, list[Committed | Rejected]]:
    engine = EmbeddedEngine(node.replica, "steward", now_ms=now_ms)
    pipeline = Pipeline(node.replica, engine, node.signatures, node.verifier)
    answers: list[Committed | Rejected] = []

    async def one(records: Sequence[bytes]) -> None:
        for start in range(0, len(records), BATCH_RECORDS):
            answers.extend(await pipeline.submit(records[start : start + BATCH_RECORDS]))

    await engine.start()
    began = time.perf_counter()
    await asyncio.gather(*map(one, streams))
    seconds = time.perf_counter() - began
    await engine.stop()
    pipeline.close()
    return seconds, answers
