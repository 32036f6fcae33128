"""A node in a process of its own, listening at a real socket.

    with node_process(settings_in(tmp_path, verify_processes=0)) as node:
        httpx.get(f"{node.url}/v1/ledger")
    node.log                                # what it wrote to its standard error

The database must hold a ledger. On leaving, the node is told to stop and must do so without a
fault, unless it has ended before.
"""

import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import httpx

from node.app import serve
from node.composition import Keys
from node.settings import Settings
from tests.log_files import log_signers
from tests.world import witness_signers

START_S_MAX: Final = 30
STOP_S_MAX: Final = 30
_PROCESSES: Final = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """Where a node runs."""

    process: BaseProcess
    port: int
    log_file: Path
    is_tls: bool = False

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"{'https' if self.is_tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything it has told so far."""
        return self.log_file.read_text(encoding="utf-8")

    def connect(self) -> socket.socket:
        """A connection to say anything on."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=START_S_MAX)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.join(STOP_S_MAX)

    def ended(self) -> int | None:
        """Wait for its end; the exit code."""
        self.process.join(STOP_S_MAX)
        return self.process.exitcode


@contextmanager
def node_process(
    settings: Settings, file_bytes_max: int | None = None, *, takes_over: bool = False
) -> Iterator[NodeProcess]:
    """The node, from when it is ready; none of its files may grow beyond `file_bytes_max`.

    It listens at the port of its settings, or at a free one.
    """
    port = settings.port or free_port()
    settings = settings.model_copy(update={"port": port})
    log_file = settings.own_folder / "ledger.log"
    given = (settings, log_file, file_bytes_max, takes_over)
    process = _PROCESSES.Process(target=_serve, args=given)
    process.start()
    node = NodeProcess(process, port, log_file, is_tls=settings.tls is not None)
    try:
        _wait_until_ready(node)
        yield node
    finally:
        was_stopped = process.is_alive()
        process.terminate()
        code = node.ended()
        if code is None:
            process.kill()
    assert code == 0 or not was_stopped, node.log


def _serve(
    settings: Settings,
    log_file: Path,
    file_bytes_max: int | None,
    takes_over: bool,  # noqa: FBT001
) -> None:
    file = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, sys.stderr.fileno())
    if file_bytes_max is not None:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, most))
    held = log_signers(settings.member) if settings.orders else []
    witness = [] if settings.witness is None else witness_signers(settings.member)
    sys.exit(serve(settings, Keys(held, {}, witness), takes_over=takes_over))


def free_port() -> int:
    """A port nobody listens at, a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(node: NodeProcess) -> None:
    deadline = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline and node.process.is_alive():
        try:
            httpx.get(f"{node.url}/health/live", verify=False)  # noqa: S501  whoever answers there
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"no node at {node.url}: {node.log}")
