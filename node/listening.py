"""The sockets a node listens at: an address and ports, or a path for this machine alone."""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from node.settings import Settings


@contextmanager
def listening_sockets(settings: Settings) -> Iterator[Sequence[socket.socket]]:
    """The sockets, listening: whatever is wrong with them is known before anything is opened.

    The first is that of `port` or `unix_socket`; a second one is that of the certificate. Who
    connects from now on is answered once the node has started. Raises `OSError`, whose `filename`
    says where.
    """
    with ExitStack() as stack:
        if settings.unix_socket is not None:
            yield [stack.enter_context(_unix_socket(settings.unix_socket))]
            return
        ports = [settings.port]
        if settings.tls is not None and settings.tls.certificate is not None:
            ports.append(settings.tls.certificate_port)
        yield [stack.enter_context(_tcp_socket(settings.host, port)) for port in ports]


def address_of(bound: socket.socket, *, is_tls: bool = False) -> str:
    """Where clients find it, as `--node` takes it."""
    if bound.family == socket.AF_UNIX:
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    scheme = "https" if is_tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@contextmanager
def _tcp_socket(host: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _naming(f"{host} port {port}"):
            bound.bind((host, port))
            bound.listen()  # only this finds out that the port is taken
        yield bound


@contextmanager
def _unix_socket(path: Path) -> Iterator[socket.socket]:
    _remove_abandoned(path)
    with socket.socket(socket.AF_UNIX) as bound:
        before = os.umask(0o177)  # for its owner alone from the first moment
        try:
            with _naming(str(path)):
                bound.bind(str(path))
                bound.listen()
        finally:
            os.umask(before)
        try:
            yield bound
        finally:
            path.unlink(missing_ok=True)


def _remove_abandoned(path: Path) -> None:
    """Take away the socket of a process that was killed; one that answers stays."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    except ConnectionRefusedError:
        path.unlink()
    except OSError:
        return


@contextmanager
def _naming(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        with contextlib.suppress(ValueError):
            raise OSError(error.errno, error.strerror, where) from error
        raise
