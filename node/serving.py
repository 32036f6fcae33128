"""The servers of a node: uvicorn's, in plain HTTP or over TLS."""

import socket
from collections.abc import Callable, Sequence
from functools import partial

import uvicorn

from node.api.service import Service
from node.connections import Connection
from node.tls.contexts import Contexts
from node.tls.doorway import Doorway


class Server(uvicorn.Server):
    """A server that ends its event streams when it is told to stop, instead of waiting for them.

    `service_of` is set by whoever makes it: the parts are there once it serves.
    """

    service_of: Callable[[], Service]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn has it."""
        self.service_of().news.close()
        await super().shutdown(sockets)


class TlsServer(Server):
    """A server whose connections begin with TLS; its second socket is the one for browsers."""

    doorways: Sequence[Doorway] = ()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections ourselves: uvicorn would keep one context, and count no handshakes."""
        await super().startup(sockets=[])
        tls = self.service_of().tls
        self.doorways = [
            Doorway(listener, context, partial(self._connection, tls))
            for listener, context in zip(sockets or (), (tls.answering, tls.browsing), strict=False)
        ]
        for one in self.doorways:
            one.open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn has it."""
        for one in self.doorways:
            await one.close()
        await super().shutdown(sockets)

    def _connection(self, tls: Contexts) -> Connection:
        connection = Connection(self.config, self.server_state, self.lifespan.state)
        connection.principal_of = tls.pins.principal_of
        return connection
