"""The node as a process of its own, on a loopback port: founded, started, killed, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from ledger.types import MemberId
from scripts.demo.folder import Folder
from scripts.demo.stage import DemoError, StageClock

START_S_MAX: Final = 60
STOP_S_MAX: Final = 30
_POLL_S: Final = 0.05
_BLOCKPOOL: Final = (sys.executable, "-P", "-m", "scripts")
"""This very interpreter; `-P` keeps a folder called `scripts` in the working directory out."""


@dataclass(slots=True)
class NodeProcess:
    """`blockpool node run`. A context manager: the process ends with the block."""

    folder: Path
    port: int
    clock: StageClock
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self.folder / "blockpool.toml"

    def start(self, *, until: str = "ready") -> float:
        """Start it, by the clock of the stage; returns the seconds until it was ready, or `live`.

        Raises `DemoError`.
        """
        started = time.monotonic()
        offset = {"BLOCKPOOL_CLOCK_OFFSET_DAYS": str(self.clock.offset_days)}
        with (self.folder / "messages.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                [*_BLOCKPOOL, "node", "run", "--config", str(self.config)],
                env={**os.environ, **offset},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while not self._is(until):
            if self._process.poll() is not None or time.monotonic() - started > START_S_MAX:
                raise DemoError("the node did not start", f"see {self.folder / 'messages.log'}")
            time.sleep(_POLL_S)
        return time.monotonic() - started

    def kill(self) -> None:
        """Kill it with SIGKILL: no handler runs, nothing is flushed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DemoError("the node did not stop when asked to") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def repoint(self, before: str, after: str) -> None:
        """Have it follow another address."""
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace(before, after), encoding="utf-8")

    def _is(self, state: str) -> bool:
        try:
            return httpx.get(f"{self.url}/health/{state}").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def found_orderer(folder: Folder, member: MemberId, clock: StageClock) -> NodeProcess:
    """Write the configuration of the node that orders, and the database with the genesis block."""
    keys = folder.keys
    how = ("--log-key", keys / "log.pem", "--log-key-pq", keys / "log-pq.pem")
    return _found(folder, folder.node, member, clock, *how)


def found_follower(
    folder: Folder, member: MemberId, orderer: NodeProcess, clock: StageClock
) -> NodeProcess:
    """The same of a node that follows another; of the ledger it knows the genesis record alone."""
    how = ("--follow", orderer.url, "--member", member)
    return _found(folder, folder.root / f"node-{member}", member, clock, *how)


def _found(
    folder: Folder, place: Path, member: MemberId, clock: StageClock, *how: str | Path
) -> NodeProcess:
    node = NodeProcess(place, _free_port(), clock)
    command: list[str | Path] = ["node", "init", place, "--genesis", folder.root / "genesis.json"]
    for option, name in (("--witness-key", "witness"), ("--witness-key-pq", "witness-pq")):
        command += [option, folder.keys / f"{member}-{name}.pem"]
    command += ["--port", str(node.port), *how]
    done = subprocess.run(  # noqa: S603  our own command
        [*_BLOCKPOOL, *map(str, command)], capture_output=True, check=False, text=True
    )
    if done.returncode != 0:
        raise DemoError(f"the node was not founded: {done.stderr.strip()}")
    return node


def _free_port() -> int:
    """A port nobody listens at. Chosen now, because the node comes back to it after the crash."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
