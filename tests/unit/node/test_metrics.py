"""The measurements: what they count, and that their labels are bounded."""

from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from node.metrics import GAUGES
from tests import bodies
from tests.served import served, settings_in
from tests.world import World, signer

OCTETS: Final = {"Content-Type": "application/octet-stream"}


async def read(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    answer = await client.get("/metrics")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def framed(*leaves: bytes) -> bytes:
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)


@pytest.fixture
async def node(tmp_path: Path) -> Any:
    world = World.genesis()
    async with served(settings_in(tmp_path), world) as client:
        yield client, world


async def test_records_are_counted_by_their_answers(node: tuple[httpx.AsyncClient, World]) -> None:
    client, world = node
    good = world.sign("transport/main", bodies.schema())
    forged = world.sign("health/main", bodies.schema("x"), key=signer("nobody"))
    for body in (framed(good.envelope.encoded, forged.envelope.encoded, b"{"), None):
        content = body or framed(good.envelope.encoded)
        answer = await client.post("/v1/records/batch", content=content, headers=OCTETS)
        assert answer.status_code == 200
    samples = await read(client)
    answers = {
        key[1]: value for key, value in samples.items() if key[0] == "blockpool_records_total"
    }
    assert answers.pop("accepted") == answers.pop("repeated") == answers.pop("malformed") == 1
    assert [*answers.values()] == [1]  # the forged one, by whatever reason comes first
    assert samples["blockpool_signature_checks_total", "holds"] == 2
    assert samples["blockpool_signature_checks_total", "fails"] == 1
    assert samples["blockpool_block_records_sum",] == 3
    assert samples["blockpool_commit_seconds_count",] == 2


async def test_gauges_show_the_running_parts(node: tuple[httpx.AsyncClient, World]) -> None:
    client, world = node
    samples = await read(client)
    assert {key[0] for key in samples} >= GAUGES.keys()
    assert samples["blockpool_log_size",] == len(world.leaves)
    assert samples["blockpool_block_height",] == world.head.height
    assert samples["blockpool_disk_free_bytes",] > 0
    assert samples["blockpool_records_waiting",] == 0


async def test_requests_are_counted_by_route_and_status(
    node: tuple[httpx.AsyncClient, World],
) -> None:
    client, _ = node
    for path in ("/v1/records/0", "/v1/records/1", "/v1/records/99999", "/a", "/b"):
        await client.get(path)
    samples = await read(client)
    route = "/v1/records/{reference}"
    assert samples["blockpool_requests_total", "GET", route, "200"] == 2
    assert samples["blockpool_requests_total", "GET", route, "404"] == 1
    assert samples["blockpool_requests_total", "GET", "none", "404"] == 2
    assert samples["blockpool_request_seconds_count", route] == 3


async def test_no_label_says_who(node: tuple[httpx.AsyncClient, World]) -> None:
    client, world = node
    record = world.sign("transport/main", bodies.schema())
    await client.post("/v1/records", content=record.envelope.encoded)
    await client.get("/v1/writers/transport/main")
    text = (await client.get("/metrics")).text
    for word in ("transport", "health", record.digest, *record.envelope.keyids):
        assert word not in text
