"""The log over HTTP, by the letter of C2SP tlog-tiles."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from ledger.tiles import Bundle, encode_bundle
from node.storage.address import Database
from tests.log_files import long_story
from tests.served import served, settings_in
from tests.world import World

RECORDS: Final = 300


@pytest.fixture(scope="module")
def world() -> World:
    return long_story(RECORDS)


@pytest.fixture
async def node(
    tmp_path: Path, world: World, database: Database
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings_in(tmp_path, database=database), world) as client:
        yield client


async def raw(client: httpx.AsyncClient, path: str, accepted: str) -> httpx.Response:
    """An answer whose body is as it was sent."""
    request = client.build_request("GET", path, headers={"Accept-Encoding": accepted})
    answer = await client.send(request, stream=True)
    answer.extensions["sent"] = b"".join([part async for part in answer.aiter_raw()])
    return answer


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip, deflate"])
async def test_a_bundle_is_compressed_for_who_accepts_it(
    accepted: str, node: httpx.AsyncClient, world: World
) -> None:
    answer = await raw(node, "/tile/entries/000", accepted)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.extensions["sent"]) == encode_bundle(world.leaves[:256])
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0"])
async def test_a_bundle_is_sent_as_it_is_to_others(
    accepted: str, node: httpx.AsyncClient, world: World
) -> None:
    answer = await raw(node, "/tile/entries/000", accepted)
    assert "content-encoding" not in answer.headers
    assert answer.extensions["sent"] == encode_bundle(world.leaves[:256])


async def test_tiles_never_change_and_checkpoints_do(node: httpx.AsyncClient, world: World) -> None:
    last = Bundle(1, len(world.leaves) - 256).path
    for path in ("/tile/0/000", "/tile/entries/000", f"/{last}"):
        kept = (await node.get(path)).headers["cache-control"].split(", ")
        assert "immutable" in kept
        assert "public" not in kept  # others' caches may not answer for the node's tokens
    assert (await node.get("/checkpoint")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/tile/0/001", "/tile/0/000.p/7/x", "/tile/0/0", "/tile/entries/001", "/tile/9/000"]
)
async def test_what_the_log_does_not_have(path: str, node: httpx.AsyncClient) -> None:
    assert (await node.get(path)).status_code == 404
