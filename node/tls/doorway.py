"""How connections over TLS begin: a handshake within bounds, then HTTP.

    accepted ──▶ handshake ──▶ Connection
      HANDSHAKE_S_MAX ──▶│

A handshake costs the node a signature, and whoever begins it nothing. So none may take long, and
few may be under way: who comes when all places are taken gets that of whoever has been at it
longest, which is nobody who means to finish. Those who speak no TLS, a version before 1.3, or show
a certificate of a key that is not pinned are hung up on; `handshake-failed` says why.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from node.logs import log

HANDSHAKES_MAX: Final = 128
HANDSHAKE_S_MAX: Final = 10
GOODBYE_S_MAX: Final = 5
"""So long the other may take to say that it has understood the end."""
PAUSE_S: Final = 1


class Doorway:
    """Accepts what comes to a listening socket, and speaks TLS with it."""

    def __init__(
        self,
        listener: socket.socket,
        context: Callable[[], ssl.SSLContext],
        protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        """`context` is asked for each handshake; `protocol` makes what follows it."""
        self._listener = listener
        self._context = context
        self._protocol = protocol
        self._handshakes: dict[asyncio.Task[None], None] = {}  # in the order of their beginning
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to accept."""
        self._listener.settimeout(0)  # asyncio waits, the socket does not
        self._task = asyncio.create_task(self._accept(), name="doorway")

    async def close(self) -> None:
        """Accept nobody any more, and hang up on all who have not come in yet."""
        tasks = [*self._handshakes] if self._task is None else [self._task, *self._handshakes]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(self._listener)
            except OSError as error:  # no descriptor left, or it was given up meanwhile
                log.warning("not-accepted", exc_info=error)
                await asyncio.sleep(PAUSE_S)
                continue
            if len(self._handshakes) >= HANDSHAKES_MAX:
                next(iter(self._handshakes)).cancel()
            task = asyncio.create_task(self._come_in(accepted, address[0]), name="handshake")
            self._handshakes[task] = None
            task.add_done_callback(self._handshakes.pop)

    async def _come_in(self, accepted: socket.socket, client: str) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol,
                accepted,
                ssl=self._context(),
                ssl_handshake_timeout=HANDSHAKE_S_MAX,
                ssl_shutdown_timeout=GOODBYE_S_MAX,
            )
        except OSError as error:  # those of TLS are such, too
            log.info("handshake-failed", client=client, reason=_reason(error))


def _reason(error: OSError) -> str:
    """Why a handshake failed, in the words of the library: these quote nothing of the other's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or type(error).__name__
