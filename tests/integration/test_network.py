"""Four nodes in four processes: they follow, forward, cosign, fall behind and catch up."""

from functools import partial
from pathlib import Path

import pytest

from ledger.policy import verify_policy
from ledger.receipt import verify_receipt
from tests import bodies
from tests.network import ORDERER, Member, Network, eventually


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


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
