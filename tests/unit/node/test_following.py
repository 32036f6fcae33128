"""A node that follows: what it takes over, and what it never believes.

The peer is a folder of files and a checkpoint, honest or not; everything else is real.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from contracts.replay import Block, step
from contracts.transition import Accepted, Rejected
from ledger import tree
from ledger.checkpoint import Checkpoint, log_key, parse_checkpoint, sign_checkpoint
from ledger.envelope import verify_signature
from ledger.errors import VerificationError
from ledger.hashing import leaf_hash
from ledger.note import parse_note
from ledger.policy import consortium_policy
from ledger.records import Record, parse_record
from ledger.tiles import Bundle, TileEdge, TileReader
from ledger.types import Digest, MemberId
from node.client import evidence
from node.client.answers import BatchAnswer, BatchItem, Problem
from node.client.errors import Unreachable
from node.client.log_source import SourceError
from node.network.following import FollowingEngine
from node.network.forwarding import OrdererUnreachable, reach
from node.network.peers import Checkpoints
from node.network.vigilance import Vigilance
from node.news import News
from node.pipeline import VerifiedSignatures
from node.reader import Reader
from node.replica import Diverged, NotPublished, Replica, SealedBlock, initialise
from node.storage.database import open_database
from node.storage.store import SqlStore
from node.verification import Verifier
from scripts.audit.evidence import prove
from tests import bodies
from tests.log_files import Files, log_files, log_signers, long_story, sign, story
from tests.network import witnessed_world
from tests.nodes import close, open_replica, policy_of
from tests.reference.memory_tiles import MemoryTiles
from tests.story import Story
from tests.unit.contracts.test_arrangements import given
from tests.unit.contracts.test_audit import resealed
from tests.world import ORIGIN, World, log_signer_ml_dsa, signer


@dataclass
class Folder:
    """A `LogSource` over files; `lost` paths cannot be read."""

    files: Files
    lost: set[str] = field(default_factory=set)

    def read(self, path: str, _bytes_max: int) -> bytes | None:
        if path in self.lost:
            raise SourceError(path)
        return self.files.get(path)


@dataclass
class FakePeer:
    """A node that says what a test has it say."""

    leaves: Sequence[bytes]
    note: bytes = b""
    member: MemberId = "steward"
    is_silent: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0
    _told: bytes = b""

    def __post_init__(self) -> None:
        self.tell(self.leaves)

    def tell(self, leaves: Sequence[bytes], note: bytes | None = None) -> None:
        """From now on this is its log."""
        self.leaves = leaves
        self.files = Folder(log_files(leaves))
        self.note = self.files.files["checkpoint"] if note is None else note
        self.changed.set()

    async def checkpoints(self, latest: int, _final: int, wait_s: int) -> Checkpoints:
        """Waits as a node does, if there is nothing new."""
        self.asked += 1
        if not wait_s:
            return Checkpoints(self.note.decode())
        if self.is_silent:
            raise Unreachable("silent")
        if latest == len(self.leaves) and self.note == self._told:
            self.changed.clear()
            await self.changed.wait()
        self._told = self.note
        return Checkpoints(self.note.decode())

    async def submit(self, leaves: Sequence[bytes]) -> BatchAnswer:
        raise Unreachable(f"takes none of {len(leaves)}")


@dataclass
class Book:
    """A `PeerBook` of given peers."""

    peers: list[FakePeer]

    def of(self, member: MemberId) -> FakePeer | None:
        return next((one for one in self.peers if one.member == member), None)

    def orderer(self) -> MemberId:
        return "steward"

    def to_follow(self) -> list[FakePeer]:
        return self.peers

    async def close(self) -> None:
        """They have no connections."""


@dataclass
class Following:
    """The parts of a node that follows."""

    replica: Replica
    engine: FollowingEngine
    news: News
    vigilance: Vigilance
    folder: Path

    async def reach(self, size: int) -> None:
        assert await reach(self.replica, self.news, size, 20)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110  the engine tells nobody of this
                await asyncio.sleep(0.01)

    async def alarmed(self) -> Path:
        """Return once the evidence is kept."""
        await self.until(lambda: self.vigilance.standing.evidence is not None)
        path = self.vigilance.standing.evidence
        assert path is not None
        return path


@asynccontextmanager
async def following(
    folder: Path, world: World, *peers: FakePeer, founded: bool = False
) -> AsyncIterator[Following]:
    """A node that knows nothing but genesis, and these peers."""
    store = SqlStore(open_database(folder / "ledger.db"))
    if not founded:
        initialise(store, world.leaves[0])
    signatures = VerifiedSignatures()
    replica = Replica(store, ORIGIN, verify=signatures)
    verifier, news = Verifier(), News()
    replica.subscribe(lambda _published, _block, _result: news.publish())
    engine = FollowingEngine(
        replica,
        signatures,
        verifier,
        news,
        Book([*peers]),  # type: ignore[arg-type]
        vigilance := Vigilance(replica, folder / "evidence"),
    )
    await engine.start()
    try:
        yield Following(replica, engine, news, vigilance, folder)
    finally:
        await engine.stop()
        vigilance.close()
        verifier.close()
        close(replica)
    assert engine.failure is None
    assert not len(signatures)


def grown(world: World, rows: int = 3) -> list[bytes]:
    """The leaves of the story with one more use."""
    grant = next(key for key in world.state.keys("grant/")).partition("/")[2]
    world.accept(world.sign("health/main", bodies.usage(grant, world.now, rows=(rows,))))
    return [*world.leaves]


def proof_to_end(world: World, missing: int) -> tree.Proof:
    """That the log begins with all leaves but the last ones."""
    size = len(world.leaves)
    source = MemoryTiles()
    source.put(TileEdge().extend([leaf_hash(leaf) for leaf in world.leaves])[1])
    return tree.consistency_proof(size - missing, size, TileReader(source, size))


def has_asked(peer: FakePeer, times: int) -> bool:
    return peer.asked > times


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.network.following.PAUSE_S", 0.01)
    monkeypatch.setattr("node.network.following.PAUSE_S_MAX", 0.02)


@pytest.mark.parametrize("chunk_bundles", [1, 2, 8])
async def test_it_comes_to_hold_what_the_peer_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_bundles: int
) -> None:
    monkeypatch.setattr("node.network.feed.CHUNK_BUNDLES", chunk_bundles)
    world = long_story(1_500)
    peer = FakePeer(world.leaves)
    async with following(tmp_path, world, peer) as node:
        await node.reach(len(world.leaves))
        assert node.replica.head == world.head
        assert node.replica.published.checkpoint == peer.note
        with node.replica.store.snapshot() as snapshot:
            assert list(snapshot.leaves(0, len(world.leaves) + 1)) == world.leaves
        bundle = Bundle(1, 256)
        assert Reader(node.replica).bundle(bundle) == peer.files.files[bundle.path]


async def test_it_goes_on_as_the_log_grows_and_after_a_restart(tmp_path: Path) -> None:
    world = story()
    peer = FakePeer([*world.leaves])
    async with following(tmp_path, world, peer) as node:
        await node.reach(len(world.leaves))
        for _ in range(3):
            more = grown(world)
            peer.tell(more)
            await node.reach(len(more))
    peer.tell(grown(world))
    async with following(tmp_path, world, peer, founded=True) as node:
        await node.reach(len(peer.leaves))
        assert node.replica.head == world.head


async def test_a_peer_that_serves_garbage_is_left_for_another(tmp_path: Path) -> None:
    world = long_story(600)
    good = FakePeer(world.leaves, member="health")
    for spoil in (garbage, cut_short, another_history, unsigned, silent, lost):
        bad = FakePeer([*world.leaves])
        spoil(bad)
        folder = tmp_path / spoil.__name__
        folder.mkdir()
        async with following(folder, world, bad, good) as node:
            await node.reach(len(world.leaves))
            assert node.replica.head == world.head
            assert node.vigilance.standing.alarm is None
            assert bad.asked


def garbage(peer: FakePeer) -> None:
    peer.files.files[Bundle(1, 256).path] = b"garbage"


def cut_short(peer: FakePeer) -> None:
    path = Bundle(0, 256).path
    peer.files.files[path] = peer.files.files[path][:-1]


def another_history(peer: FakePeer) -> None:
    """Valid records, the last block left out; but not what the checkpoint commits to."""
    note, fewer = peer.note, log_files(peer.leaves[:-3])
    peer.files.files.update({path: data for path, data in fewer.items() if path != "checkpoint"})
    peer.note = note


def unsigned(peer: FakePeer) -> None:
    peer.note = sign(peer.leaves, [signer("thief"), log_signer_ml_dsa("thief")])


def silent(peer: FakePeer) -> None:
    peer.is_silent = True


def lost(peer: FakePeer) -> None:
    peer.files.lost.add(Bundle(1, 256).path)


async def test_a_leaf_that_the_rules_do_not_yield_ends_the_following(tmp_path: Path) -> None:
    """An honest beginning, then a record left out of a block that is sealed as if it were in."""
    world = long_story(400)
    honest = len(world.leaves)
    grown(world)
    lie = resealed(world.leaves, honest, None)
    peer = FakePeer(world.leaves[:honest])
    async with following(tmp_path, world, peer) as node:
        await node.reach(honest)
        peer.tell(lie)
        path = await node.alarmed()
        assert node.vigilance.standing.alarm == "rules"
        assert node.replica.head.size == honest
        with evidence.opened(path) as archive:
            proved = prove(archive, policy_of(world), 1)
        assert (proved.kind, proved.size) == ("rules", len(lie))
        assert proved.index is not None
        assert proved.index >= honest


async def test_a_second_history_ends_the_following(tmp_path: Path) -> None:
    """At the same size, at a later one, at an earlier one."""
    world, other = story(), story()
    fork_at = len(world.leaves)
    grown(world)
    same, later = grown(other, rows=4), grown(other)
    assert world.leaves[:fork_at] == other.leaves[:fork_at]
    for number, leaves in enumerate((same, later)):
        folder = tmp_path / str(number)
        folder.mkdir()
        peer = FakePeer([*world.leaves])
        async with following(folder, world, peer) as node:
            await node.reach(len(world.leaves))
            peer.tell(leaves)
            path = await node.alarmed()
            assert node.vigilance.standing.alarm == "fork"
            with evidence.opened(path) as archive:
                assert prove(archive, policy_of(world), 1).kind == "fork"
            assert node.replica.head.size == len(world.leaves)


async def test_a_second_history_is_noticed_on_the_way_to_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on disk was promised by a signed checkpoint, though it was never reached."""
    monkeypatch.setattr("node.network.feed.CHUNK_BUNDLES", 1)
    world, other = long_story(900), long_story(100)
    for rows in range(4, 500):
        grown(other, rows)
    peer = FakePeer(world.leaves)
    peer.files.lost.add(Bundle(2, 256).path)
    async with following(tmp_path, world, peer) as node:
        await node.until(lambda: node.replica.underway is not None)
        assert node.replica.published.head.size == 2
        peer.tell([*other.leaves])
        path = await node.alarmed()
        with evidence.opened(path) as archive:
            assert prove(archive, policy_of(world), 1).kind == "fork"
    again = FakePeer(world.leaves)
    async with following(tmp_path, world, again, founded=True) as node:
        assert node.vigilance.standing.alarm == "fork"  # until somebody takes the file away
        await asyncio.sleep(0.1)
        assert not again.asked


def test_a_block_in_which_nothing_happens_is_none(tmp_path: Path) -> None:
    world = story()
    replica = open_replica(tmp_path / "ledger.db", world)
    block = Block(world.later(), "steward", ())
    empty = step(world.state, world.head, block, verify_signature)
    leaves = [*world.leaves, *empty.leaves]
    with pytest.raises(Diverged, match="nothing happens"):
        replica.follow([SealedBlock(block, empty.leaves)], sign(leaves))
    assert replica.head == world.head
    close(replica)


async def test_claims_without_leaves_cost_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint of absurd size; a peer that never lets this node wait."""
    monkeypatch.setattr("node.network.following.PAUSE_S", 0.2)
    monkeypatch.setattr("node.network.following.PAUSE_S_MAX", 1.0)
    world = story()
    peer = Impatient(world.leaves)
    root = Digest(bytes(32))
    peer.note = sign_checkpoint(Checkpoint(ORIGIN, 2**62, root), log_signers())
    async with following(tmp_path, world, peer) as node:
        await asyncio.sleep(0.5)
        assert 1 <= peer.asked <= 4
        peer.tell(world.leaves)
        await node.reach(len(world.leaves))
        before = peer.asked
        await asyncio.sleep(0.5)
        assert peer.asked - before <= 4


@dataclass
class Impatient(FakePeer):
    """A peer that answers at once, whether there is news or not."""

    async def checkpoints(self, latest: int, final: int, _wait_s: int) -> Checkpoints:
        return await super().checkpoints(latest, final, 0)


def test_evidence_needs_one_orderer_who_signed_all_of_it() -> None:
    """Two orderers who contradict one another: at least one lied, and nobody knows which."""
    world = story()
    other = [signer("other/log"), log_signer_ml_dsa("other/log")]
    forged = Checkpoint(ORIGIN, len(world.leaves), Digest(bytes(32)))
    keys = [log_key(ORIGIN, one.public_key) for one in (*log_signers(), *other)]
    policy = consortium_policy(keys, {}, quorum=0)
    honest = sign(world.leaves)
    (thief,) = log_signers()[:1]
    for signers, is_proved in (
        (other, False),
        ([thief], False),
        ([thief, other[1]], False),
        (log_signers(), True),
    ):
        note = sign_checkpoint(forged, signers)
        root = parse_checkpoint(parse_note(honest).text).root
        about = evidence.About(kind="fork", size=forged.size, root=forged.root, earlier_root=root)
        archive = InMemory(about, {evidence.EARLIER: honest, evidence.CHECKPOINT: note})
        if is_proved:
            assert len(prove(archive, policy, 1).signers) == 2  # type: ignore[arg-type]
            continue
        with pytest.raises(VerificationError):
            prove(archive, policy, 1)  # type: ignore[arg-type]


@dataclass
class InMemory:
    """An archive without a file."""

    said: evidence.About
    notes: dict[str, bytes]

    def about(self) -> evidence.About:
        return self.said

    def note(self, name: str) -> bytes:
        return self.notes[name]


async def test_log_keys_that_a_vote_has_replaced_are_followed(tmp_path: Path) -> None:
    """Whether the vote came while it was away, or while it followed."""
    told = Story()
    given(told, "steward")
    world = told.world
    new = [signer("log-to-be"), log_signer_ml_dsa("log-to-be")]
    after = [*world.leaves]
    before = after[: len(after) - len(world.results[-1].leaves)]
    for steps in ([after], [before, after]):
        folder = tmp_path / str(len(steps))
        folder.mkdir()
        peer = FakePeer(steps[0])
        async with following(folder, world, peer) as node:
            for leaves in steps:
                peer.tell(leaves, sign(leaves, new if leaves is after else None))
                await node.reach(len(leaves))
            assert node.replica.head == world.head
            checkpoint = node.replica.published.checkpoint
            peer.tell(after, sign(after))  # the old keys are nobody's any more
            asked = peer.asked
            await node.until(partial(has_asked, peer, asked))
            assert node.replica.published.checkpoint == checkpoint


async def test_it_goes_on_after_it_was_killed_between_two_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks are on disk before the checkpoint that covers them: nothing is lost, nor shown."""
    monkeypatch.setattr("node.network.feed.CHUNK_BUNDLES", 1)
    world = long_story(900)
    peer = FakePeer(world.leaves)
    peer.files.lost.add(Bundle(2, 256).path)
    async with following(tmp_path, world, peer) as node:
        await node.until(lambda: node.replica.head.size > 256)
        stopped_at = node.replica.head.size
        assert node.replica.published.head.size == 2
        with pytest.raises(NotPublished):
            _ = Reader(node.replica).published
    peer.files.lost.clear()
    async with following(tmp_path, world, peer, founded=True) as node:
        assert node.replica.head.size >= stopped_at
        await node.reach(len(world.leaves))
        assert node.replica.head == world.head


def test_whose_word_counts_follows_blocks_that_are_not_published_yet(tmp_path: Path) -> None:
    world = witnessed_world()
    store = SqlStore(open_database(tmp_path / "ledger.db"))
    initialise(store, world.leaves[0])
    replica = Replica(store, ORIGIN)
    sealed = [
        SealedBlock(block, result.leaves)
        for block, result in zip(world.blocks, world.results, strict=True)
    ]
    note = sign(world.leaves)
    replica.follow(sealed[:-1], note, proof_to_end(world, len(world.results[-1].leaves)))
    assert replica.published.checkpoint == b""
    wrong = SealedBlock(sealed[-1].block, sealed[0].leaves)
    with pytest.raises(Diverged):
        replica.follow([wrong], note)
    replica.follow(sealed[-1:], note)
    assert replica.published.trust.witnesses.keys() == {"audit", "health", "steward", "transport"}
    assert replica.published.trust.can_be_final
    assert replica.head == world.head
    close(replica)


async def test_what_is_submitted_is_forwarded_and_answered_by_its_own_replay(
    tmp_path: Path,
) -> None:
    world = story()
    orderer = Orderer(world)
    async with following(tmp_path, world, orderer) as node:
        await node.reach(len(world.leaves))
        good = world.sign("transport/main", bodies.schema("c"))
        bad = world.sign("nobody/main", bodies.schema("d"), key=signer("nobody"))
        for repeated in (False, True):
            first, second = await node.engine.order([good, bad])
            assert isinstance(second.verdict, Rejected)
            assert second.verdict.reason.code == "unknown-writer"
            if repeated:  # the pipeline finds it where it is
                assert isinstance(first.verdict, Rejected)
            else:
                assert isinstance(first.verdict, Accepted)
                assert first.verdict.outcome.index == world.head.size - 2
        assert node.replica.head == world.head
        orderer.is_silent = True
        with pytest.raises(OrdererUnreachable):
            await node.engine.order([good])


@dataclass
class Orderer(FakePeer):
    """A peer that orders: each submission is a block of its world."""

    world: World | None = None
    placed: dict[str, int] = field(default_factory=dict)

    def __init__(self, world: World) -> None:
        self.world, self.placed = world, {}
        super().__init__([*world.leaves])

    async def submit(self, leaves: Sequence[bytes]) -> BatchAnswer:
        """The answers a node would give."""
        if self.is_silent:
            raise Unreachable("silent")
        assert self.world is not None
        records = [parse_record(leaf) for leaf in leaves]
        known = [one for one in records if one.digest in self.placed]
        new = [one for one in records if one.digest not in self.placed]
        verdicts = iter(self._decided(new))
        items = []
        for record in records:
            if record in known:
                items.append(BatchItem(200, self.placed[record.digest]))
                continue
            verdict = next(verdicts)
            if isinstance(verdict, Rejected):
                items.append(BatchItem(400, problem=Problem(verdict.reason.code, 400)))
            else:
                assert verdict.outcome.index is not None
                self.placed[record.digest] = verdict.outcome.index
                items.append(BatchItem(201, verdict.outcome.index))
        self.tell([*self.world.leaves])
        return BatchAnswer(tuple(items), "")

    def _decided(self, records: Sequence[Record]) -> Sequence[Accepted | Rejected]:
        """The verdicts of a block, which is dropped if all of them are refusals."""
        assert self.world is not None
        block = Block(self.world.later(), "steward", records)
        result = step(self.world.state, self.world.head, block, verify_signature)
        return result.verdicts if result.is_empty else self.world.block(*records).verdicts
