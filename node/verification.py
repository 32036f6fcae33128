"""Signatures verified beside the thread that commits.

A verification takes most of a record's time and needs nothing but bytes. In a thread it lets go of
the interpreter's lock only to wait for it again, thousands of times a second, behind the thread
that commits; so a node with cores to spare verifies in processes. They hold no state and no secret;
if one dies, the node says so and verifies in threads from then on.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Final, NamedTuple

from ledger.envelope import pae
from ledger.errors import VerificationError
from ledger.keys import KeyDescription, PublicKey, parse_public_key

FEW: Final = 8
"""So many signatures are verified in a thread in the time it takes to hand them to a process."""
_Job = tuple[int, bytes, bytes]
"""Number of the key, signature, payload."""
# Not `node.logs`: every process that verifies imports this module, and that one half of the node.
_log = logging.getLogger("blockpool")


class Signed(NamedTuple):
    """A signature over an envelope's payload, and the key to verify it by."""

    payload: bytes
    signature: bytes
    key: PublicKey


class Verifier:
    """Verifies batches of signatures: in processes, or in threads where `processes` is 0."""

    def __init__(self, processes: int = 0) -> None:
        self._threads = ThreadPoolExecutor(thread_name_prefix="verify")
        self._pool = _start(processes) if processes else None

    async def verify(self, batch: Sequence[Signed]) -> list[VerificationError | None]:
        """For each signature, what is wrong with it."""
        keys = {one.key.keyid: one.key for one in batch}
        number = {keyid: n for n, keyid in enumerate(keys)}
        descriptions = [key.description for key in keys.values()]
        jobs = [(number[one.key.keyid], one.signature, one.payload) for one in batch]
        loop = asyncio.get_running_loop()
        pool: Executor = self._threads
        if self._pool is not None and len(batch) > FEW:
            pool = self._pool
        try:
            wrong = await loop.run_in_executor(pool, _verify, descriptions, jobs)
        except BrokenProcessPool:
            self._do_without(pool)
            wrong = await loop.run_in_executor(self._threads, _verify, descriptions, jobs)
        return [VerificationError(wrong[n]) if n in wrong else None for n in range(len(batch))]

    def close(self) -> None:
        """End threads and processes."""
        self._threads.shutdown()
        if self._pool is not None:
            self._pool.shutdown()

    def _do_without(self, broken: Executor) -> None:
        if self._pool is broken:
            self._pool.shutdown(wait=False)
            self._pool = None
            _log.error("verifier-died")


def _start(processes: int) -> ProcessPoolExecutor:
    # Not forked: a fork copies locks that other threads of this process hold.
    context = get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)
    for _ in range(processes):
        pool.submit(_verify, (), ())  # a process starts with its first work
    return pool


def processes_for(cores: int | None) -> int:
    """How many processes leave one core to the thread that commits."""
    return (cores or 1) - 1


def _begin() -> None:
    """In a new process: leave signals to the node, and end when the node ends, however it does."""
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_node, daemon=True).start()


def _end_with_the_node() -> None:
    node = parent_process()
    if node is not None:
        node.join()
        os._exit(0)


def _verify(descriptions: Sequence[KeyDescription], jobs: Sequence[_Job]) -> dict[int, str]:
    """By place, what is wrong."""
    keys = [parse_public_key(one) for one in descriptions]
    wrong: dict[int, str] = {}
    for place, (number, signature, payload) in enumerate(jobs):
        key = keys[number]
        try:
            key.verify(signature, key.suite.envelope_message(pae(payload)))
        except VerificationError as error:
            wrong[place] = str(error)
    return wrong
