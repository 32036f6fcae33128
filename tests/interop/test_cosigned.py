"""Others verify what our orderer collected from our witnesses: the quorum on a real network."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from proofbundle.tlogproof import verify_tlog_proof
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tiles import leaf_hash as their_leaf_hash

from ledger.note import encode_vkey
from tests import bodies
from tests.network import ORDERER, Member, Network, eventually
from tests.world import ORIGIN

QUORUM = 3


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return Network(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def nodes(network: Network) -> Iterator[dict[str, Member]]:
    """As many as the quorum takes, the one that orders among them."""
    with ExitStack() as stack:
        yield {
            member: stack.enter_context(network.node(member))
            for member in (ORDERER, "health", "transport")
        }


def log_vkeys(network: Network) -> list[str]:
    return [encode_vkey(log.key) for log in network.policy.logs]


def witness_vkeys(network: Network) -> list[str]:
    return [encode_vkey(witness.key) for witness in network.policy.witnesses]


def test_a_receipt_holds_for_them_with_the_quorum(
    network: Network, nodes: dict[str, Member]
) -> None:
    record = network.world.sign("health/main", bodies.schema("a"))
    told = nodes["health"].submit(record, until="final")
    assert told["final"]
    verify = partial(
        verify_tlog_proof,
        told["receipt"],
        record.envelope.encoded,
        log_vkeys(network)[0],
        witness_vkeys(network),
        expected_origin=ORIGIN,
    )
    found = verify(threshold=QUORUM)
    assert found["ok"], found
    assert found["index"] == told["index"]
    assert not verify(threshold=QUORUM + 1)["ok"]


@pytest.mark.parametrize("member", [ORDERER, "transport"])
def test_they_verify_the_checkpoint_that_each_node_serves(
    member: str, network: Network, nodes: dict[str, Member]
) -> None:
    record = network.world.sign("transport/main", bodies.schema(f"of.{member}"))
    index = nodes[ORDERER].submit(record, until="final")["index"]
    node = nodes[member]
    eventually(lambda: node.witnesses()["finalSize"] > index)
    backend = HttpBackend(f"{node.process.url}/")
    backend.session.trust_env = False  # no proxy between this machine and itself
    reader = TilesReader(backend)
    checkpoint = reader.get_checkpoint()
    log, witnesses = (
        VkeySet(*map(Vkey.from_string, vkeys))
        for vkeys in (log_vkeys(network), witness_vkeys(network))
    )
    assert len(log.verify(checkpoint.signatures, checkpoint)) == 2
    assert len(witnesses.verify(checkpoint.signatures, checkpoint)) >= 2 * QUORUM
    proof = reader.get_inclusion_proof(index, checkpoint.size)
    proof.check(their_leaf_hash(record.envelope.encoded), checkpoint.root_hash)
    backend.session.close()
