"""What comes to a port of TLS and does not speak it as it should, on real sockets."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import time
from typing import Final

import pytest
import uvloop

from node.client.certificates import issue
from node.client.pinning import pinned
from node.tls import doorway
from node.tls.doorway import Doorway
from tests.handshakes import answering
from tests.network import transport_signer

OURS: Final = transport_signer("health")
THEIRS: Final = transport_signer("weather")
SOON_S: Final = 0.05
Case = Callable[[int], Awaitable[None]]


class Echo(asyncio.Protocol):
    """Says back what it hears."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@asynccontextmanager
async def listening(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A port behind which somebody echoes."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        door = Doorway(bound, lambda: context, Echo)
        door.open()
        yield bound.getsockname()[1]
        await door.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Case], None]:
    """Run a case at a port, on each kind of loop that a node may run on."""

    async def at_port(case: Case) -> None:
        async with listening(answering([THEIRS.public_key], issue(OURS, [], time()))) as port:
            await case(port)

    def run(case: Case) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(at_port(case))

    return run


async def echoed(port: int, context: ssl.SSLContext) -> bytes:
    """What comes back of a word; nothing where the other side hangs up."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except OSError:  # those of TLS are such, too
        return b""
    try:
        writer.write(b"word")
        return await reader.read(4)
    except OSError:
        return b""
    finally:
        writer.transport.abort()


async def hung_up(reader: asyncio.StreamReader) -> None:
    """Return once the other side has had enough."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass


def caller() -> ssl.SSLContext:
    return pinned([OURS.public_key], issue(THEIRS, [], time()))


def test_those_who_speak_tls_come_in(run: Callable[[Case], None]) -> None:
    async def case(port: int) -> None:
        assert await asyncio.gather(*(echoed(port, caller()) for _ in range(20))) == [b"word"] * 20
        assert await echoed(port, pinned([OURS.public_key])) == b"word"

    run(case)


def test_what_is_no_tls_is_hung_up_on(
    run: Callable[[Case], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="blockpool")

    async def case(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n")
        await hung_up(reader)
        writer.close()
        assert await echoed(port, caller()) == b"word"

    run(case)
    assert "'reason': 'HTTP_REQUEST'" in caplog.text


def test_an_old_version_is_hung_up_on(
    run: Callable[[Case], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="blockpool")
    old = pinned([OURS.public_key])
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2

    async def case(port: int) -> None:
        assert await echoed(port, old) == b""

    run(case)
    assert "'reason': 'UNSUPPORTED_PROTOCOL'" in caplog.text


def test_a_key_that_is_not_pinned_is_hung_up_on(
    run: Callable[[Case], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="blockpool")

    async def case(port: int) -> None:
        stranger = issue(transport_signer("audit"), [], time())
        assert await echoed(port, pinned([OURS.public_key], stranger)) == b""

    run(case)
    assert "unable to get local issuer certificate" in caplog.text


def test_who_says_nothing_is_given_up(
    run: Callable[[Case], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorway, "HANDSHAKE_S_MAX", SOON_S)

    async def case(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await hung_up(reader)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01\x02\x00\x01")  # a hello that is never finished
        await hung_up(reader)
        writer.close()

    run(case)


def test_who_is_silent_keeps_nobody_out(
    run: Callable[[Case], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorway, "HANDSHAKES_MAX", 4)

    async def case(port: int) -> None:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for reader, _ in silent[:4]:
            await hung_up(reader)
        assert await asyncio.gather(*(echoed(port, caller()) for _ in range(3))) == [b"word"] * 3
        for _, writer in silent:
            writer.transport.abort()

    run(case)


def test_a_node_that_stops_waits_for_no_handshake(run: Callable[[Case], None]) -> None:
    with socket.socket() as silent:

        async def case(port: int) -> None:
            silent.connect(("127.0.0.1", port))
            assert await echoed(port, caller()) == b"word"

        run(case)
        assert silent.recv(1) == b""
