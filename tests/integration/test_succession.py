"""The office of sequencer moves: by vote, and to a deputy when who had it is lost."""

from functools import partial
from pathlib import Path

import pytest

from ledger.policy import verify_policy
from ledger.records import Ballot, Proposal, Record
from ledger.records.governance import SetRoles
from ledger.times import DAY_MS, from_ms
from node.client.clock import MACHINE_CLOCK
from tests import bodies
from tests.log_files import log_signers
from tests.network import (
    DEPUTY,
    ORDERER,
    ROLES,
    WITH_DEPUTY,
    Member,
    Network,
    eventually,
    witnessed_world,
)
from tests.world import ORIGIN


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Four nodes, two of them sequencers: the steward's is in office, transport's its deputy."""
    return Network(tmp_path, witnessed_world(roles_of=WITH_DEPUTY), WITH_DEPUTY)


def is_final(node: Member, size: int) -> bool:
    return bool(node.witnesses()["finalSize"] >= size)


def vote(network: Network) -> list[Record]:
    """The committee gives the office to the deputy."""
    world = network.world
    action = SetRoles(member=DEPUTY, roles=WITH_DEPUTY[DEPUTY])
    closes_at = from_ms(MACHINE_CLOCK() + DAY_MS)
    body = Proposal(action=action, closes_at=closes_at, reason="new machines")
    proposed = world.sign("audit/main", body)
    ballots = [
        world.sign(f"{member}/main", Ballot(proposal=proposed.digest, vote="yes"))
        for member in ("health", "steward")
    ]
    return [proposed, *ballots]


def test_a_vote_moves_the_office_while_records_go_on_coming(network: Network) -> None:
    world = network.world
    chained = [world.sign("weather/main", bodies.schema(name)) for name in "abc"]
    with (
        network.node(ORDERER) as steward,
        network.node(DEPUTY) as deputy,
        network.node("health") as health,
    ):
        nodes = (deputy, steward, health)
        voted = [steward.insist(record) for record in vote(network)]
        size = voted[-1]["index"] + 2
        told = [nodes[n].insist(chained[n], until="final") for n in range(3)]
        for node in nodes:
            eventually(partial(is_final, node, told[-1]["index"] + 1))
            assert node.witnesses()["sequencer"] == DEPUTY
        assert steward.root() == deputy.root() == health.root()
        assert "term-begun" in steward.process.log
        note = health.client.get("/checkpoint").content
        assert verify_policy(network.policy, note).checkpoint.size > size
        lines = [line for line in note.decode().split("\n") if line.startswith(f"— {ORIGIN} ")]
        assert len(lines) == len(log_signers(DEPUTY))


def test_a_deputy_takes_over_and_no_final_record_is_lost(network: Network) -> None:
    world = network.world
    records = [world.sign("health/main", bodies.schema(name)) for name in "abc"]
    with network.node("audit") as audit, network.node("health") as health:
        with network.node(ORDERER) as steward, network.node(DEPUTY) as deputy:
            final = deputy.submit(records[0], until="final")
            assert final["final"]
            deputy.process.kill()
            told = health.submit(records[1])  # no more than two cosign it, so it is not final
            eventually(lambda: audit.size() > told["index"])
            steward.process.kill()
        with network.node(DEPUTY, takes_over=True) as deputy:
            kept = deputy.insist(records[1])
            assert kept["index"] == told["index"], "somebody still held it"
            last = audit.insist(records[2], until="final")
            assert last["final"]
            assert deputy.witnesses()["sequencer"] == DEPUTY
            again = health.insist(records[0])
            assert again["index"] == final["index"]
            with network.node(ORDERER) as steward:
                eventually(partial(is_final, steward, last["index"] + 1))
                assert steward.witnesses()["sequencer"] == DEPUTY
                assert steward.root() == deputy.root()


def test_who_ordered_alone_before_it_was_lost_does_not_order_again(network: Network) -> None:
    """Nobody else holds what it ordered last, so the ledger has gone on without that."""
    world = network.world
    alone, after = (world.sign("health/main", bodies.schema(name)) for name in "ab")
    with network.node(ORDERER) as steward:
        with network.node("audit") as audit, network.node("health"), network.node(DEPUTY):
            eventually(lambda: audit.size() == steward.size())
        steward.submit(alone)
        steward.process.kill()
    with (
        network.node("audit"),
        network.node("health") as health,
        network.node(DEPUTY, takes_over=True),
    ):
        assert health.insist(alone, until="final")["final"], "whoever sent it sends it again"
        assert health.insist(after, until="final")["final"]
        with network.node(ORDERER) as steward:
            eventually(lambda: steward.client.get("/health/ready").text.startswith("alarm"))
            answer = steward.post(after)
            assert answer.status_code == 503


def test_only_a_sequencer_takes_over(network: Network) -> None:
    plain = Network(network.folder, witnessed_world(), {**ROLES, DEPUTY: WITH_DEPUTY[DEPUTY]})
    with plain.node(DEPUTY, takes_over=True) as node:
        assert node.process.ended() == 1
        assert "no sequencer" in node.process.log
