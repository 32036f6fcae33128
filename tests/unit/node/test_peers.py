"""Other nodes that answer as no node should."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpx
import pytest

from ledger.note import NOTE_BYTES_MAX
from node.client.errors import AnswerError, ClientError
from node.network import peers
from node.network.peers import Address, Peer, is_safe
from node.surroundings import Surroundings

URL: Final = "https://node.example"
PART: Final = b" " * 65_536
CALLS: Final[dict[str, Callable[[Peer], Awaitable[object]]]] = {
    "checkpoints": lambda peer: peer.checkpoints(0, 0, 0),
    "add-checkpoint": lambda peer: peer.add_checkpoint(b"old 0\n\n"),
    "latest": lambda peer: peer.latest("origin"),
    "heads": lambda peer: peer.heads(),
}


def peer_of(handler: Callable[[httpx.Request], httpx.Response]) -> Peer:
    return Peer("health", Address(URL), None, Surroundings(transport=httpx.MockTransport(handler)))


class Endless(httpx.AsyncByteStream):
    """A body that never ends; how much of it was taken."""

    def __init__(self) -> None:
        self.bytes_taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.bytes_taken += len(PART)
            yield PART


@pytest.mark.parametrize("call", CALLS)
async def test_an_endless_answer_is_cut(call: str) -> None:
    body = Endless()
    peer = peer_of(lambda _: httpx.Response(200, stream=body))
    with pytest.raises(AnswerError, match="more than"):
        await CALLS[call](peer)
    most = peers.HEADS_MAX * len(PART) if call == "heads" else 4 * NOTE_BYTES_MAX
    assert body.bytes_taken <= most + 3 * len(PART)
    await peer.close()


@pytest.mark.parametrize("call", ["checkpoints", "heads"])
@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"heads":1,"latest":2}', b"\xff", b"[" * 9_999]
)
async def test_garbage_is_an_error_of_the_client(call: str, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    peer = peer_of(lambda _: httpx.Response(200, content=content, headers=headers))
    with pytest.raises(ClientError):
        await CALLS[call](peer)
    await peer.close()


@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_drop_by_drop_ends_in_time(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "ANSWER_S", 0.05)

    class Drops(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.01)

    peer = peer_of(lambda _: httpx.Response(200, stream=Drops()))
    with pytest.raises(ClientError, match="no whole answer"):
        await CALLS[call](peer)
    await peer.close()


def test_addresses_on_which_others_could_listen_are_not_talked_to() -> None:
    assert not any(map(is_safe, ("http://node.example", "ftp://node.example", "https://", "x")))
    assert is_safe(URL)
