"""A node that stands on a snapshot answers as one that holds the log, or says that it cannot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from ledger.policy_file import encode_policy
from node.api.operations import OPERATIONS
from node.app import create_app
from node.composition import Keys
from node.settings import Settings
from tests.joining import joined, settings_of
from tests.log_files import log_signers, story
from tests.served import settings_in
from tests.snapshot_peer import SnapshotPeer, policy_of_one

BASE: Final = 19
"""Where the snapshot was taken; the log goes on from there."""
PLACES: Final = {
    "{reference}": ("20", "21", "3", "18", "0" * 64, "00000000", "1000"),
    "{path}": ("0/000.p/5", "0/000.p/23", "entries/000.p/20", "1/000.p/1", "entries/001.p/1"),
    "{key}": ("member/health", "member/nobody", "chain/health/main", "ledger"),
    "{member}/{name}": ("health/main", "nobody/main"),
    "{member}/{indicator}": ("health/timely-answers",),
    "{member}": ("health",),
    "{grant}": ("0" * 64 + "-0",),
    "{dataset}": ("flights",),
    "{case}": ("0" * 64,),
    "{size}/{part}": ("19/0",),
}
OWN: Final = frozenset({"/health/ready", "/metrics", "/{log}/checkpoint", "/v1/snapshot"})
"""What a node says of itself."""
IN_FULL: Final = frozenset({
    "/checkpoint", "/health/live", "/v1/checkpoints", "/v1/heads", "/v1/ledger", "/v1/state/{key}",
    "/v1/witnesses", "/v1/writers/{member}/{name}",
})  # fmt: skip
FROM_THERE_ON: Final = frozenset({
    "/v1/records/{reference}", "/v1/records/{reference}/outcome",
    "/v1/records/{reference}/receipt", "/tile/{path}",
})  # fmt: skip


def paths_of(template: str) -> list[str]:
    for place, values in PLACES.items():
        if place in template:
            return [template.replace(place, value) for value in values]
    return [f"{template}?from=0" if template == "/v1/events" else template]


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, Keys(log_signers() if settings.orders else ()))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Of one that stands on a snapshot, and of one that holds the whole log."""
    peer = SnapshotPeer(tmp_path / "whole", story())
    peer.cosign("audit")
    folder = tmp_path / "joined"
    async with joined(folder, peer, backfills=False, policy=policy_of_one()) as node:
        await node.stands(BASE)
        peer.grow(2)
        assert await node.reach(peer.world.head.size, 20)
    peer.close()
    (folder / "policy").write_bytes(encode_policy(policy_of_one()))
    async with (
        client_of(settings_of(folder)) as standing,
        client_of(settings_in(tmp_path / "whole")) as whole,
    ):
        while (await standing.get("/health/ready")).is_error:
            pass
        yield standing, whole


async def test_it_answers_the_same_or_not_at_all(
    nodes: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    standing, whole = nodes
    answered: set[str] = set()
    missing: set[str] = set()
    for name in OPERATIONS:
        method, _, template = name.partition(" ")
        for path in paths_of(template) if method == "GET" and template not in OWN else ():
            ours = await standing.get(path)
            if ours.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                assert ours.json()["code"] == "backfilling"
                assert ours.json()["detail"] == f"of the {BASE} leaves {SAID}"
                assert int(ours.headers["Retry-After"]) > 0
                missing.add(template)
            else:
                theirs = await whole.get(path)
                assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
                answered.add(template)
    assert answered == IN_FULL | FROM_THERE_ON
    assert not missing & IN_FULL
    assert missing >= FROM_THERE_ON


SAID: Final = "before its snapshot the node has replayed 2"


async def test_it_says_that_it_is_ready_and_how_far_it_has_come(
    nodes: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    standing, whole = nodes
    assert (await standing.get("/health/ready")).text == "ready, backfilling\n"
    assert (await whole.get("/health/ready")).text == "ready\n"
    measured = {
        name: (await one.get("/metrics")).text for name, one in zip("sw", nodes, strict=True)
    }
    assert "blockpool_replayed_size 2.0" in measured["s"]
    assert "blockpool_log_size 23.0" in measured["s"]
    assert "blockpool_replayed_size 23.0" in measured["w"]
    assert (await standing.get("/v1/snapshot")).json()["code"] == "backfilling"
