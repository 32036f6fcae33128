"""How a connection over TLS begins: a handshake within bounds, then HTTP.

    connection made ──▶ handshake ──▶ Connection
      HANDSHAKE_S_MAX ────▶│

A handshake costs the node a signature and whoever begins it nothing; so few may be under way at a
time, and none for long. Those who speak no TLS, a version before 1.3, or show a certificate of a key
that is not pinned are hung up on; `handshake-failed` says why.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.server import ServerState

from node.client.certificates import issuer_of
from node.connections import Connection
from node.logs import log

HANDSHAKES_MAX: Final = 128
HANDSHAKE_S_MAX: Final = 10
GOODBYE_S_MAX: Final = 5
"""So long the other may take to say that it has understood the end."""
ContextOf = Callable[[], ssl.SSLContext]


class Doorway:
    """Takes the place of uvicorn's protocol class: what it makes becomes a `Connection`."""

    def __init__(self, context_of: Mapping[int, ContextOf]) -> None:
        """`context_of` has by local port the context of the next handshake there."""
        self.context_of = context_of
        self.waiting: set[Entrance] = set()

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> "Entrance":
        """As uvicorn makes a protocol."""
        return Entrance(self, partial(Connection, config, server_state, app_state, _loop))

    def close(self) -> None:
        """Hang up on all who have not come in yet."""
        for one in tuple(self.waiting):
            one.give_up()


class Entrance(asyncio.Protocol):
    """A connection until TLS is spoken on it."""

    def __init__(self, doorway: Doorway, begin: Callable[[], Connection]) -> None:
        self._doorway = doorway
        self._begin = begin
        self._early = b""
        self._lost: tuple[Exception | None] | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the handshake, unless too many are under way."""
        if len(self._doorway.waiting) >= HANDSHAKES_MAX:
            transport.abort()
            return
        transport.pause_reading()  # the bytes that come are for TLS
        self._doorway.waiting.add(self)
        self._task = asyncio.create_task(self._come_in(transport), name="handshake")

    def data_received(self, data: bytes) -> None:
        """Keep what was said right after the handshake."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that nobody is there any more."""
        self._lost = (exc,)

    def give_up(self) -> None:
        """Wait no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _come_in(self, transport: asyncio.Transport) -> None:
        try:
            spoken = await self._handshake(transport)
        except OSError as error:  # those of TLS are such, too
            who = transport.get_extra_info("peername")
            log.info("handshake-failed", client=who and who[0], reason=_reason(error))
        else:
            self._hand_over(spoken)
        finally:
            self._doorway.waiting.discard(self)

    async def _handshake(self, transport: asyncio.Transport) -> asyncio.Transport:
        """The transport on which HTTP is spoken. Raises `OSError`."""
        port = transport.get_extra_info("sockname")[1]
        spoken = await asyncio.get_running_loop().start_tls(
            transport,
            self,
            self._doorway.context_of[port](),
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_S_MAX,
            ssl_shutdown_timeout=GOODBYE_S_MAX,
        )
        if spoken is None:
            raise ConnectionResetError("closed within the handshake")
        return spoken

    def _hand_over(self, spoken: asyncio.Transport) -> None:
        connection = self._begin()
        connection.transport_key = issuer_of(spoken.get_extra_info("peercert"))
        spoken.set_protocol(connection)
        connection.connection_made(spoken)
        if self._early:
            connection.data_received(self._early)
        if self._lost is not None:
            connection.connection_lost(*self._lost)


def _reason(error: OSError) -> str:
    """Why a handshake failed, in the words of the library: these quote nothing of the other's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or type(error).__name__
