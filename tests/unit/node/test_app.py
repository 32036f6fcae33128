"""The service: what it warns of when it starts, and how it ends when a commit fails."""

import io
import json
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from contracts.replay import Block, BlockResult
from node.app import create_app
from node.client.secret_files import SecretError
from node.composition import Keys
from node.logs import configured_logs
from node.replica import Replica, ReplicaError
from node.settings import Peer
from tests import bodies
from tests.log_files import log_signers
from tests.nodes import close, open_replica
from tests.served import served, settings_in
from tests.world import World

FULL: Final = OSError(28, "No space left on device")


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_a_commit_that_fails_stops_the_node_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Replica, _block: Block) -> BlockResult:
        raise FULL

    settings, world, told = settings_in(tmp_path), World.genesis(), io.StringIO()
    close(open_replica(settings.database, world))
    monkeypatch.setattr(Replica, "apply", fail)
    app, stops = create_app(settings, Keys(log_signers())), list[bool]()
    app.state.stop = lambda: stops.append(True)
    record = world.sign("transport/main", bodies.schema()).envelope.encoded
    transport = httpx.ASGITransport(app)
    with configured_logs("info", told):
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        ):
            answer = await client.post("/v1/records", content=record)
            assert (answer.status_code, answer.json()["code"]) == (503, "stopping")
            assert answer.headers["retry-after"]
            ready = await client.get("/health/ready")
            assert (ready.status_code, ready.text) == (503, "stopped\n")
            assert (await client.get("/health/live")).status_code == 200
    assert stops == [True]
    assert app.state.failed
    (failure,) = [line for line in lines(told) if line["level"] == "critical"]
    assert (failure["event"], failure["error"]) == ("commit-failed", "OSError")
    assert "No space left" in failure["detail"]


@pytest.mark.parametrize(("at", "warned"), [("2199-01-01T00:00:00.000Z", 1), (None, 0)])
async def test_a_clock_behind_the_log_is_told(at: str | None, warned: int, tmp_path: Path) -> None:
    world, told = World.genesis(), io.StringIO()
    world.accept(world.sign("transport/main", bodies.schema()), at=at)
    with configured_logs("info", told):
        async with served(settings_in(tmp_path), world) as client:
            assert (await client.get("/v1/ledger")).status_code == 200
    events = [line["event"] for line in lines(told)]
    assert events.count("clock-behind") == warned


async def test_the_disk_below_its_reserve_is_told_and_nothing_taken(tmp_path: Path) -> None:
    world, told = World.genesis(), io.StringIO()
    settings = settings_in(tmp_path, disk_reserve_bytes=2**50)
    record = world.sign("transport/main", bodies.schema()).envelope.encoded
    with configured_logs("info", told):
        async with served(settings, world) as client:
            answer = await client.post("/v1/records", content=record)
            assert (answer.status_code, answer.json()["code"]) == (503, "disk-full")
    (request,) = lines(told)
    assert (request["status"], request["problem"]) == (503, "disk-full")


async def test_what_a_node_that_follows_is_given_is_told_when_it_cannot_be_used(
    tmp_path: Path,
) -> None:
    """A token for a peer, a policy to believe on the way: the file is named, nothing is begun."""
    world = World.genesis()
    close(open_replica(tmp_path / "ledger.db", world))
    token, policy = tmp_path / "token", tmp_path / "policy"
    token.touch(mode=0o600)
    token.write_bytes(b"\xff short")
    policy.write_text("no policy\n", encoding="utf-8")
    peer = Peer(member="steward", url="https://node.example", token_file=token)
    for changes, told in (
        ({"peers": (peer,)}, str(token)),
        ({"believed_policy": policy}, str(policy)),
        ({"believed_policy": tmp_path / "none"}, "none"),
    ):
        app = create_app(settings_in(tmp_path, **changes), Keys(log_signers()))
        with pytest.raises((SecretError, ReplicaError), match=told):
            async with app.router.lifespan_context(app):
                pass
