"""Four nodes in four processes: they follow, forward, cosign, fall behind and catch up."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from ledger.policy import verify_policy
from ledger.receipt import verify_receipt
from tests import bodies
from tests.network import ORDERER, WAIT_S_MAX, Member, Network, eventually, witnessed_world


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


@pytest.fixture
def tls_network(tmp_path: Path) -> Network:
    return Network(tmp_path, witnessed_world(is_tls=True), is_tls=True)


def is_final(node: Member, size: int) -> bool:
    return bool(node.witnesses()["finalSize"] >= size)


def test_a_record_submitted_anywhere_is_final_everywhere(network: Network) -> None:
    world = network.world
    record = world.sign("health/main", bodies.schema())
    with (
        network.node(ORDERER) as steward,
        network.node("health") as health,
        network.node("transport") as transport,
    ):
        told = health.submit(record, until="final")
        assert told["final"]
        leaf = record.envelope.encoded
        assert verify_receipt(told["receipt"].encode(), leaf, network.policy).index == told["index"]
        for node in (steward, health, transport):
            size = told["index"] + 1
            eventually(partial(is_final, node, size))
            note = node.client.get("/checkpoint").content
            assert verify_policy(network.policy, note).checkpoint.size >= size
            again = node.submit(record)
            assert (again["index"], again["digest"]) == (told["index"], told["digest"])


def ids_of(node: Member, route: str) -> set[str]:
    """The ids under which a node's log tells of requests for a resource."""
    lines = [json.loads(line) for line in node.process.log.splitlines()]
    return {line["request_id"] for line in lines if line.get("route") == route}


def test_one_id_is_in_the_logs_of_all_nodes_a_request_comes_to(network: Network) -> None:
    """What was submitted here was forwarded there; a round of cosignatures is one everywhere."""
    record = network.world.sign("health/main", bodies.schema())
    with (
        network.node(ORDERER) as steward,
        network.node("health") as health,
        network.node("transport") as transport,
    ):
        answer = health.post(record, until="final")
        given = answer.headers["x-request-id"]
        assert eventually(lambda: given in ids_of(health, "/v1/records"))
        assert eventually(lambda: given in ids_of(steward, "/v1/records/batch"))
        cosign = "/add-checkpoint"
        assert eventually(lambda: ids_of(health, cosign) & ids_of(transport, cosign))


def test_the_ledger_goes_on_while_one_is_down_and_who_comes_late_catches_up(
    network: Network,
) -> None:
    """Three of four make a quorum; with two of them nothing is final, but nothing is lost."""
    world = network.world
    records = [world.sign("health/main", bodies.schema(f"column{n}")) for n in range(4)]
    with network.node(ORDERER) as steward, network.node("audit") as audit:
        with network.node("health") as health:
            assert health.submit(records[0], until="final")["final"]
            health.process.kill()
        told = steward.submit(records[1])
        assert not told["final"]
        assert audit.submit(records[2])["index"] > told["index"]
        eventually(lambda: is_behind(steward, "health"))
        final = steward.witnesses()["finalSize"]
        assert final <= told["index"]
        with network.node("transport") as transport, network.node("health") as health:
            told = transport.submit(records[3], until="final")
            assert told["final"]
            for node in (steward, audit, transport, health):
                eventually(partial(is_final, node, told["index"] + 1))
            eventually(lambda: not is_behind(steward, "health"))
            assert health.root() == steward.root()


def is_behind(node: Member, member: str) -> bool:
    told = next(one for one in node.witnesses()["witnesses"] if one["member"] == member)
    return bool(told["problem"])


def test_submissions_are_refused_while_nobody_orders_and_taken_again_after(
    network: Network,
) -> None:
    record = network.world.sign("health/main", bodies.schema())
    with network.node("health") as health:
        with network.node(ORDERER) as steward:
            size = steward.size()
            eventually(lambda: health.size() == size)
        answer = health.post(record)
        assert (answer.status_code, answer.json()["code"]) == (503, "orderer-unreachable")
        assert int(answer.headers["Retry-After"]) > 0
        assert health.size() == size
        with network.node(ORDERER):
            assert eventually(lambda: health.post(record).status_code == 201)


def test_a_node_that_was_restored_from_a_backup_catches_up_before_it_orders(
    network: Network,
) -> None:
    """The others hold more: it would sign a second history."""
    world = network.world
    with network.node(ORDERER) as steward, network.node("audit"), network.node("health"):
        assert steward.submit(world.sign("health/main", bodies.schema()), until="final")["final"]
        backup = network.backup(ORDERER)
        again = world.sign("health/main", bodies.schema("b"))
        assert steward.submit(again, until="final")["final"]
        steward.process.kill()
        network.restore(ORDERER, backup)
        with network.node(ORDERER) as restored:
            told = restored.insist(world.sign("health/main", bodies.schema("c")), until="final")
            assert told["final"]
            assert told["index"] == len(world.leaves) + 4  # behind two records and their seals
            assert "others-hold-more" in restored.process.log


def test_a_node_orders_only_once_enough_witnesses_have_told_that_they_are_not_ahead(
    network: Network,
) -> None:
    record = network.world.sign("health/main", bodies.schema())
    with network.node(ORDERER) as steward, ThreadPoolExecutor(1) as pool:
        told = pool.submit(steward.submit, record)
        eventually(lambda: "waiting-for-witnesses" in steward.process.log)
        assert not told.done()
        with network.node("audit"):
            assert told.result(WAIT_S_MAX)["index"] == len(network.world.leaves)


def test_four_nodes_with_tls(tls_network: Network) -> None:
    """They know one another by their transport keys, and nobody asks for a token."""
    network = tls_network
    record = network.world.sign("health/main", bodies.schema())
    with (
        network.node(ORDERER) as steward,
        network.node("health") as health,
        network.node("transport") as transport,
        network.node("audit") as audit,
    ):
        told = transport.submit(record, until="final")
        assert told["final"]
        for node in (steward, health, transport, audit):
            eventually(partial(is_final, node, told["index"] + 1))
