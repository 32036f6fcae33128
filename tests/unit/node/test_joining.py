"""A node stands on a snapshot while it replays the log, and comes back to what it has replayed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.cosignature import witness_name
from ledger.note import parse_note
from ledger.seal import encode_seal, parse_seal
from ledger.tiles import Bundle, Tile
from ledger.times import to_ms
from node.client import evidence
from node.maintenance import check_ledger
from node.network.cosigned import CosignedStore
from node.network.offers import WitnessError, encode_offer
from node.network.witness import Identity, ReplayedLog, Witness
from node.reader import Reader
from node.replica import Backfilling, Replica, ReplicaError
from node.storage.database import open_database
from node.storage.store import SqlStore
from scripts.audit.evidence import prove
from tests.joining import joined, settings_of
from tests.log_files import log_files, sign
from tests.nodes import Clock, close, policy_of
from tests.snapshot_peer import SnapshotPeer
from tests.unit.contracts.test_audit import resealed
from tests.world import ORIGIN, SECOND_MS, witness_signers


@contextmanager
def opened(database: Path) -> Iterator[Replica]:
    replica = Replica(SqlStore(open_database(database)), ORIGIN)
    yield replica
    close(replica)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("following.PAUSE_S", "following.PAUSE_S_MAX", "joining.PAUSE_S"):
        monkeypatch.setattr(f"node.network.{name}", 0.02)


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[SnapshotPeer]:
    found = SnapshotPeer(tmp_path / "peer")
    found.grow(3)
    found.cosign()
    yield found
    found.close()


async def test_it_serves_from_the_snapshot_and_comes_back_to_what_it_replayed(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    async with joined(tmp_path / "node", peer, backfills=False) as node:
        size = peer.world.head.size
        await node.stands(size)
        assert node.replica.base == size
        assert node.replica.published.checkpoint == peer.replica.published.checkpoint
        assert not node.gate.whole.is_set()
        assert node.gate.replayed_size == 2
        peer.grow(2)
        peer.cosign()
        await node.reach(peer.world.head.size, 20)
        assert node.replica.head == peer.world.head
        node.backfill.is_shut = False
        async with asyncio.timeout(20):
            await node.gate.whole.wait()
        assert (node.replica.base, node.replica.head) == (0, peer.world.head)
        await node.until(lambda: not node.database.exists())
        peer.grow()
        assert await node.reach(peer.world.head.size, 20)
        with node.replica.store.snapshot() as snapshot:
            assert list(snapshot.leaves(0, peer.world.head.size)) == peer.world.leaves
    with opened(tmp_path / "node/ledger.db") as replica:
        assert replica.head == peer.world.head


async def test_what_it_tells_meanwhile_is_proved_and_what_it_lacks_is_told(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    async with joined(tmp_path / "node", peer, backfills=False) as node:
        base = peer.world.head.size
        await node.stands(base)
        peer.grow(3, records=100)
        peer.cosign()
        size = peer.world.head.size
        await node.reach(size, 20)
        ours, theirs = Reader(node.replica), Reader(peer.replica)
        assert ours.state("member/health") == theirs.state("member/health")
        assert ours.state("member/nobody").proof == theirs.state("member/nobody").proof
        for index in (base, base + 1, base + 250, size - 1):
            leaf = ours.leaf(index)
            assert leaf is not None
            assert leaf == theirs.leaf(index)
            assert ours.receipt(index) == theirs.receipt(index)
            assert ours.outcome(leaf) == theirs.outcome(leaf)
        for index in (0, 1, 2, base - 1):
            with pytest.raises(Backfilling):
                ours.leaf(index)
        known = theirs.leaf(3)
        assert known is not None
        assert known.digest is not None
        for digest in (known.digest, "0" * 64):
            with pytest.raises(Backfilling):
                ours.leaf(digest)
        with pytest.raises(Backfilling):
            ours.digests_like(known.digest[:8])


async def test_every_tile_it_serves_is_that_of_the_log(peer: SnapshotPeer, tmp_path: Path) -> None:
    peer.grow(2, records=75)
    peer.cosign()
    async with joined(tmp_path / "node", peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        peer.grow(2, records=75)
        peer.cosign()
        size = peer.world.head.size
        await node.reach(size, 20)
        ours, theirs = Reader(node.replica), Reader(peer.replica)
        answers = {"same": 0, "missing": 0}
        for name in names(size):
            ask = ("tile", "bundle")[isinstance(name, Bundle)]
            try:
                assert getattr(ours, ask)(name) == getattr(theirs, ask)(name)
                answers["same"] += 1
            except Backfilling:
                answers["missing"] += 1
        assert answers["same"] > 1
        assert answers["missing"] > 1


def names(size: int) -> Iterator[Tile | Bundle]:
    for index in range(size // 256 + 2):
        for width in (1, 17, 256):
            yield Bundle(index, width)
            yield Tile(0, index, width)
    yield from (Tile(1, 0, width) for width in range(1, size // 256 + 2))


async def test_nothing_is_cosigned_before_the_log_is_replayed(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    async with joined(tmp_path / "node", peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        clock = Clock(to_ms(peer.world.now) + SECOND_MS)
        identity = Identity(witness_name(ORIGIN, "transport"), witness_signers("transport"))
        watch = node.vigilance
        log = ReplayedLog(node.replica, identity, clock, node.reach, watch)
        store = CosignedStore(tmp_path / "witness.db")
        witness = Witness([log], store, clock)
        offer = encode_offer(0, (), peer.replica.published.checkpoint)
        with pytest.raises(WitnessError, match="began from a snapshot") as refused:
            await witness.add_checkpoint(offer)
        assert refused.value.status == 503
        assert store.get(ORIGIN).size == 0
        with pytest.raises(WitnessError, match="began from a snapshot"):
            await log.check(peer.replica.published.checkpoint, checkpoint_of(peer))
        node.backfill.is_shut = False
        async with asyncio.timeout(20):
            await node.gate.whole.wait()
        assert await witness.add_checkpoint(offer)
        assert store.get(ORIGIN).size == peer.world.head.size
        store.close()


def checkpoint_of(peer: SnapshotPeer) -> Checkpoint:
    return parse_checkpoint(parse_note(peer.replica.published.checkpoint).text)


async def test_a_node_that_stands_on_a_snapshot_orders_nothing(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    async with joined(tmp_path / "node", peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        with pytest.raises(ReplicaError, match="orders nothing"):
            node.replica.apply(peer.world.blocks[-1])


async def test_it_goes_on_where_it_was_after_a_restart(peer: SnapshotPeer, tmp_path: Path) -> None:
    folder = tmp_path / "node"
    async with joined(folder, peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        base = node.replica.base
    peer.grow(2)
    peer.cosign()
    peer.log.clear()
    async with joined(folder, peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        assert node.replica.base == base
        assert not [path for path in peer.log if path.startswith("v1/snapshot")]
    async with joined(folder, peer) as node:
        async with asyncio.timeout(20):
            await node.gate.whole.wait()
        assert node.replica.head == peer.world.head


async def test_the_check_tells_where_the_node_stands(peer: SnapshotPeer, tmp_path: Path) -> None:
    folder = tmp_path / "node"
    async with joined(folder, peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
    checked = check_ledger(settings_of(folder), ())
    assert (checked.head.size, checked.standing) == (2, peer.world.head)
    async with joined(folder, peer) as node:
        await node.until(node.gate.whole.is_set)
    checked = check_ledger(settings_of(folder), ())
    assert (checked.head, checked.standing) == (peer.world.head, None)


async def test_a_snapshot_that_goes_no_further_is_forgotten(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    """The node ended after the return, before the file was gone."""
    folder = tmp_path / "node"
    async with joined(folder, peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        kept = node.database
    copy = kept.read_bytes()
    async with joined(folder, peer) as node:
        await node.gate.whole.wait()
    kept.write_bytes(copy)
    async with joined(folder, peer) as node:
        await node.until(node.gate.whole.is_set)
        assert not kept.exists()
        assert (node.replica.base, node.replica.head) == (0, peer.world.head)


async def test_a_damaged_snapshot_is_fetched_again(peer: SnapshotPeer, tmp_path: Path) -> None:
    folder = tmp_path / "node"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "snapshots/joined.db").write_bytes(b"no database" * 1_000)
    async with joined(folder, peer, backfills=False) as node:
        await node.stands(peer.world.head.size)


async def test_near_the_end_it_replays(peer: SnapshotPeer, tmp_path: Path) -> None:
    async with joined(tmp_path / "node", peer, far=1_000) as node:
        assert await node.reach(peer.world.head.size, 20)
        assert node.replica.base == 0
        assert not [path for path in peer.log if path.startswith("v1/snapshot")]


async def test_a_lying_peer_is_left_for_another(peer: SnapshotPeer, tmp_path: Path) -> None:
    liar = SnapshotPeer(tmp_path / "liar", peer.world)
    liar.altered = {f"v1/snapshots/{peer.world.head.size}/0": b"\xff" * 100}
    liar.cosign()
    async with joined(tmp_path / "node", liar, peer, backfills=False) as node:
        await node.stands(peer.world.head.size)
        assert any(path.endswith("/0") for path in liar.log if path.startswith("v1/snapshots"))
    liar.close()


async def test_without_a_snapshot_to_believe_it_replays(peer: SnapshotPeer, tmp_path: Path) -> None:
    peer.altered["v1/snapshot"] = None
    async with joined(tmp_path / "node", peer) as node:
        assert await node.reach(peer.world.head.size, 20)
        assert node.replica.base == 0
        assert node.gate.whole.is_set()


async def test_without_a_final_checkpoint_it_replays(peer: SnapshotPeer, tmp_path: Path) -> None:
    peer.cosign("health")
    async with joined(tmp_path / "node", peer) as node:
        assert await node.reach(peer.world.head.size, 20)
        assert node.replica.base == 0


async def test_it_waits_for_somebody_who_answers(peer: SnapshotPeer, tmp_path: Path) -> None:
    peer.is_silent = True
    async with joined(tmp_path / "node", peer, backfills=False) as node:
        await asyncio.sleep(0.05)
        assert not node.gate.whole.is_set()
        peer.is_silent = False
        await node.stands(peer.world.head.size)


async def test_a_lie_before_the_snapshot_is_an_alarm_with_evidence(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    """A quorum has signed a log that the rules do not yield: only a replay shows it."""
    world = peer.world
    at = world.results[2].head.size - 1
    seal = replace(parse_seal(world.leaves[at]).predicate, outcomes_root="0" * 64)
    lie = resealed(world.leaves, at, encode_seal(seal, world.head.ledger))
    peer.altered |= log_files(lie)
    peer.latest = sign(lie)
    peer.cosign()
    async with joined(tmp_path / "node", peer) as node:
        await node.stands(len(lie))
        await node.until(lambda: node.vigilance.standing.evidence is not None)
        assert node.vigilance.standing.alarm == "rules"
        assert node.replica.base > 0
        assert node.gate.replayed_size <= at
        assert not node.gate.whole.is_set()
        path = node.vigilance.standing.evidence
        assert path is not None
        with evidence.opened(path) as archive:
            assert prove(archive, policy_of(world), 1).index == at


async def test_another_log_behind_the_snapshot_is_an_alarm_with_evidence(
    peer: SnapshotPeer, tmp_path: Path
) -> None:
    """The orderer tells the backfill another history than it told the quorum."""
    fork = SnapshotPeer(tmp_path / "fork")
    fork.grow(5, name="other")
    async with joined(tmp_path / "node", peer, behind=[fork]) as node:
        await node.until(lambda: node.vigilance.standing.evidence is not None)
        assert node.vigilance.standing.alarm == "fork"
        assert (node.replica.base, node.replica.head) != (0, fork.world.head)
        assert not node.gate.whole.is_set()
        path = node.vigilance.standing.evidence
        assert path is not None
        with evidence.opened(path) as archive:
            assert prove(archive, policy_of(peer.world), 1).kind == "fork"
    fork.close()
