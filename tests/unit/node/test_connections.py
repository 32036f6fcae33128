"""How long a connection may do nothing of use: each way to hold one is ended by its timer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Final

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState

from node import connections
from node.api import requests
from node.api.problems import ApiError
from node.api.service import Bodies
from node.connections import Connection

SOON_S: Final = 0.05
HEAD: Final = b"GET / HTTP/1.1\r\nHost: node\r\n"
CHUNKED: Final = b"POST / HTTP/1.1\r\nHost: node\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE: Final = bytes(64 * 1024 * 1024)

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that looks at no body."""
    await Response(b"yes")(scope, receive, send)


async def answer_at_length(scope: Scope, receive: Receive, send: Send) -> None:
    """More than the kernel keeps for somebody who does not read."""
    await Response(LARGE)(scope, receive, send)


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """A port at which `Connection` serves an application; ends when all connections have."""
    config = uvicorn.Config(app, http=Connection, ws="none", log_config=None)
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        while state.connections:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(SOON_S / 10)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What still came until the other side hung up."""
    received = b""
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            received += part
    return received


async def drip(peer: Peer, drop: bytes) -> bytes:
    """Send a little again and again, until the other side has had enough."""
    reader, writer = peer
    listening = asyncio.create_task(ended(reader))
    while not listening.done():
        writer.write(drop)
        await asyncio.sleep(SOON_S / 10)
    return await listening


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S_MAX", SOON_S)
    monkeypatch.setattr(connections, "WRITE_S_MAX", SOON_S)
    monkeypatch.setattr(requests, "BODY_S_MAX", SOON_S)


async def test_a_connection_on_which_nothing_is_said() -> None:
    async with listening(answer_at_once) as port, connected(port) as (reader, _):
        assert await ended(reader) == b""


@pytest.mark.parametrize("drop", [b"X: y\r\n", b"a"])
async def test_a_head_that_trickles_in(drop: bytes) -> None:
    async with listening(answer_at_once) as port, connected(port) as peer:
        peer[1].write(HEAD)
        assert await drip(peer, drop) == b""


@pytest.mark.parametrize("drop", [b"\r\n", b"G"])
async def test_a_next_request_that_never_comes(drop: bytes) -> None:
    async with listening(answer_at_once) as port, connected(port) as peer:
        peer[1].write(HEAD + b"\r\n")
        assert (await drip(peer, drop)).startswith(b"HTTP/1.1 200 OK")


async def test_a_body_that_nobody_wants_any_more() -> None:
    async with listening(answer_at_once) as port, connected(port) as peer:
        peer[1].write(CHUNKED)
        assert (await drip(peer, b"1\r\na\r\n")).startswith(b"HTTP/1.1 200 OK")


async def test_an_answer_that_is_not_read() -> None:
    with socket.socket() as peer:
        async with listening(answer_at_length) as port:
            peer.setblocking(False)  # noqa: FBT003  so its parameter is called
            loop = asyncio.get_running_loop()
            await loop.sock_connect(peer, ("127.0.0.1", port))
            await loop.sock_sendall(peer, HEAD + b"\r\n")
            received = len(await loop.sock_recv(peer, 1))
        peer.setblocking(True)  # noqa: FBT003  the same
        with suppress(ConnectionError):
            while part := peer.recv(65_536):
                received += len(part)
    assert received < len(LARGE)


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"])
async def test_an_answer_that_is_read_slowly_arrives(
    more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the time it has to ask for more, a peer spends most on reading."""
    monkeypatch.setattr(connections, "WRITE_S_MAX", 60)
    async with listening(answer_at_length) as port, connected(port) as (reader, writer):
        writer.write(HEAD + more + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length" in head
        assert await reader.readexactly(len(LARGE)) == LARGE


async def test_connections_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", 1)
    async with listening(answer_at_once) as port, connected(port) as one, connected(port) as two:
        assert b"too-many-connections" in await ended(two[0])
        assert await ended(one[0]) == b""


async def test_a_body_that_does_not_come() -> None:
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def receive() -> Message:
        return await never

    app = SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(bodies=Bodies())))
    request = Request({"type": "http", "headers": [], "method": "POST", "app": app}, receive)
    with pytest.raises(ApiError) as slow:
        await requests.read_body(request, 10)
    assert slow.value.problem.code == "body-too-slow"
