"""The socket a node listens at: an address and port, or a path for this machine alone."""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from node.settings import Settings


@contextmanager
def listening_socket(settings: Settings) -> Iterator[socket.socket]:
    """The socket, listening: whatever is wrong with it is known before anything is opened.

    Who connects from now on is answered once the node has started. Raises `OSError`, whose
    `filename` says where.
    """
    if settings.unix_socket is not None:
        with _unix_socket(settings.unix_socket) as bound:
            yield bound
        return
    is_ipv6 = ":" in settings.host
    with socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _naming(f"{settings.host} port {settings.port}"):
            bound.bind((settings.host, settings.port))
            bound.listen()  # only this finds out that the port is taken
        yield bound


def address_of(bound: socket.socket) -> str:
    """Where clients find it, as `--node` takes it."""
    if bound.family == socket.AF_UNIX:
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
