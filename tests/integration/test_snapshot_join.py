"""A node joins a long log: it serves from a snapshot, replays the log behind it, then cosigns."""

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.policy_file import encode_policy
from node.settings import Snapshots
from tests import bodies
from tests.network import ORDERER, Member, Network, eventually


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


def joining(network: Network, member: str) -> dict[str, Any]:
    """The settings of a node that begins from a snapshot, however short the log."""
    policy = network.folder / "policy"
    policy.write_bytes(encode_policy(network.policy))
    folder = network.folder / member / "snapshots"
    return {
        "believed_policy": policy,
        "snapshots": Snapshots(folder=folder, join=True, join_leaves_min=1),
    }


def test_who_joins_from_a_snapshot_comes_to_hold_and_cosign_all(network: Network) -> None:
    world = network.world
    records = [world.sign("health/main", bodies.schema(f"column{n}")) for n in range(6)]
    with network.node(ORDERER) as steward, network.node("audit"), network.node("health"):
        for record in records[:4]:
            assert steward.submit(record, until="final")["final"]
        with network.node("transport", **joining(network, "transport")) as transport:
            eventually(lambda: "replayed-all" in transport.process.log)
            assert "standing-on-snapshot" in transport.process.log
            told = transport.submit(records[4], until="final")
            eventually(lambda: transport.root() == steward.root())
            first = transport.client.get(f"/v1/records/{records[0].digest}")
            assert first.status_code == httpx.codes.OK
            eventually(partial(has_cosigned, steward, "transport", told["index"] + 1))
            assert not (network.folder / "transport/snapshots/joined.db").exists()


def has_cosigned(node: Member, member: str, size: int) -> bool:
    told = next(one for one in node.witnesses()["witnesses"] if one["member"] == member)
    return (told["size"] or 0) >= size


def test_who_is_killed_on_a_snapshot_goes_on_from_it(network: Network) -> None:
    """Whenever it ends it has what it had; nothing is fetched anew, nothing cosigned too soon."""
    world = network.world
    for start in range(0, 1_000, 100):
        said = [bodies.schema(f"column{start + n}") for n in range(100)]
        world.accept(*(world.sign("health/main", one) for one in said))
    settings = joining(network, "transport")
    with network.node(ORDERER) as steward, network.node("audit"), network.node("health"):
        size = steward.size()
        eventually(lambda: steward.witnesses()["finalSize"] >= size)
        with network.node("transport", **settings) as transport:
            eventually(lambda: "standing-on-snapshot" in transport.process.log)
            eventually(lambda: transport.size() == size)
            assert not has_cosigned(steward, "transport", 1)
            transport.process.kill()
        with network.node("transport", **settings) as transport:
            eventually(lambda: "replayed-all" in transport.process.log)
            assert transport.process.log.count("fetching-snapshot") == 1
            told = transport.submit(world.sign("health/main", bodies.schema("last")), "final")
            eventually(partial(has_cosigned, steward, "transport", told["index"] + 1))
            answer = transport.client.get("/v1/records/100")
            assert answer.json() == steward.client.get("/v1/records/100").json()
