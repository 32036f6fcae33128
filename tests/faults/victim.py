"""A node that comes to harm: it submits batches, notes what it is answered, and meets its fault.

    trial = Trial(folder / "ledger.db", folder / "acknowledged", batches())
    assert run(trial, Kill(block=1, step="map")) == -SIGKILL     # a process of its own, no handler
    acknowledged(trial)                                          # what its callers were told

`live` is the whole life of the node, the same in the process that is harmed and in the one that
recovers. A kill is real: the process sends itself SIGKILL, and no handler of ours runs.
"""

import asyncio
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from sqlite3 import Error as SqliteError
from sqlite3 import OperationalError
from typing import Final, Protocol

from msgspec import Struct
from msgspec.json import decode, encode
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from ledger.types import DigestHex
from node.engine import EngineStopped
from node.engine.embedded import EmbeddedEngine
from node.pipeline import Committed, Pipeline, VerifiedSignatures
from node.reader import Reader
from node.replica import Replica
from node.storage.address import Database
from node.storage.database import open_database
from node.storage.store import COMMIT_STEPS, SqlStore, Step
from node.verification import Verifier
from tests.log_files import log_signers
from tests.nodes import PROMPT, Clock, close
from tests.world import ORIGIN

IN_TRANSACTION: Final = COMMIT_STEPS[: COMMIT_STEPS.index("committed")]
STOPPED: Final = 3
"""The exit code of a node whose database failed."""
_PROCESSES: Final = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


class Acknowledged(Struct, frozen=True):
    """What the submitter of one record was told."""

    index: int
    digest: DigestHex
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Trial:
    """Which batches go to which database; the answers are appended to a file."""

    database: Database
    answers: Path
    batches: Sequence[Sequence[bytes]]
    now_ms: int

    @property
    def file(self) -> Path:
        """The database, which is a file."""
        assert isinstance(self.database, Path)
        return self.database


class Fault(Protocol):
    """Harm that is done to a node. Pickled into its process."""

    def arm(self, database: Database, /) -> Step:
        """Lie in wait, before the node opens its database; returns who is told of its steps."""
        ...


@dataclass(slots=True)
class AtPoint:
    """Strikes in the n-th block: after a step of its commit, or before its n-th SQL statement.

    Statements are counted from the end of the block before, or from the start of the process;
    COMMIT and ROLLBACK count too.
    """

    block: int = 0
    step: str = ""
    statement: int = -1
    _committed: int = 0
    _statements: int = 0

    def strike(self) -> None:
        """Do the harm."""
        raise NotImplementedError

    def arm(self, _database: Database, /) -> Step:
        """As `Fault.arm`."""
        for name in ("before_cursor_execute", "commit", "rollback"):
            event.listen(Engine, name, self._on_statement)
        return self._on_step

    def _on_step(self, name: str) -> None:
        if self._committed == self.block and name == self.step:
            self.strike()
        if name == "committed":
            self._committed += 1
            self._statements = 0

    def _on_statement(self, *_: object) -> None:
        self._statements += 1
        if self._committed == self.block and self._statements == self.statement + 1:
            self.strike()


class Kill(AtPoint):
    """The process is gone."""

    def strike(self) -> None:
        """As `AtPoint.strike`."""
        os.kill(os.getpid(), signal.SIGKILL)


class Fail(AtPoint):
    """The database reports an error, once."""

    def strike(self) -> None:
        """As `AtPoint.strike`."""
        raise OperationalError("disk I/O error")


@dataclass(frozen=True, slots=True)
class FullDisk:
    """From the n-th block on the write-ahead log cannot grow by more than `room_bytes`.

    The kernel cuts the write that crosses the limit short, then refuses (EFBIG): a torn write.
    """

    block: int
    room_bytes: int

    def arm(self, database: Database, /) -> Step:
        """As `Fault.arm`."""
        log = Path(f"{database}-wal")
        last_steps = 0

        def on_step(name: str) -> None:
            nonlocal last_steps
            if name != IN_TRANSACTION[-1]:
                return
            if last_steps == self.block:
                _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
                size = log.stat().st_size + self.room_bytes
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
            last_steps += 1

        return on_step


def run(trial: Trial, fault: Fault) -> int | None:
    """Let a node live in a process of its own until its fault; returns the exit code."""
    process = _PROCESSES.Process(target=_run, args=(trial, fault))
    process.start()
    process.join()
    return process.exitcode


def acknowledged(trial: Trial) -> list[Acknowledged]:
    """Everything its callers were told, in order."""
    lines = trial.answers.read_bytes().splitlines() if trial.answers.exists() else []
    return [decode(line, type=Acknowledged) for line in lines]


async def live(trial: Trial, on_step: Step = lambda _name: None) -> None:
    """Submit every batch, and note what is answered at once. Raises `EngineStopped`."""
    signatures = VerifiedSignatures()
    store = SqlStore(open_database(trial.database))
    replica = Replica(store, ORIGIN, log_signers(), verify=signatures, on_step=on_step)
    engine = EmbeddedEngine(replica, "steward", PROMPT, Clock(trial.now_ms))
    pipeline = Pipeline(replica, engine, signatures, Verifier())
    await engine.start()
    try:
        for batch in trial.batches:
            answers = await pipeline.submit(batch)
            _note(trial.answers, Reader(replica), answers)
    finally:
        await engine.stop()
        pipeline.close()
        close(replica)


def _note(path: Path, reader: Reader, answers: Sequence[object]) -> None:
    """Append answers to the file in one write: once it returns, a kill cannot undo it."""
    told = b""
    for answer in answers:
        assert isinstance(answer, Committed), answer
        receipt = reader.receipt(answer.index)
        told += encode(Acknowledged(answer.index, answer.digest, receipt)) + b"\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    assert os.write(file, told) == len(told)
    os.close(file)


def _run(trial: Trial, fault: Fault) -> None:
    try:
        asyncio.run(live(trial, fault.arm(trial.database)))
    except (EngineStopped, DBAPIError, SqliteError):
        os._exit(STOPPED)  # as abruptly as a kill
