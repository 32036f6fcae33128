"""The collector of cosignatures: how checkpoints become final, and who cannot keep them from it.

The witnesses are made up, each in its own way; replica, rules and signatures are real.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from contracts.audit import policy_in
from ledger.checkpoint import Checkpoint, cosign_checkpoint
from ledger.cosignature import witness_name
from ledger.keys import Signer
from ledger.note import encode_signature_line, parse_note
from ledger.policy import verify_policy
from ledger.records.genesis import Parameters
from ledger.records.governance import SetRoles
from ledger.types import MemberId
from node.client.errors import Unreachable
from node.client.flows import Answer, NoAnswer
from node.network import cosigning
from node.network.cosigned import CosignedStore
from node.network.cosigning import Cosigner, Cosigning, OwnCosigner, WitnessStanding
from node.network.offers import Offer, parse_offer
from node.network.witness import Identity, ReplayedLog, Witness
from node.news import News
from node.replica import Final as FinalCheckpoint
from node.replica import Replica
from tests import bodies
from tests.network import ROLES, registered, witnessed_world
from tests.nodes import Clock, close, open_replica
from tests.story import Story
from tests.unit.contracts.test_governance import adopt
from tests.world import ORIGIN, World, log_signer_ml_dsa, signer, witness_signers

WITNESSES: Final = ("audit", "health", "steward", "transport")
TIME_S: Final = 1_700_000_000
Said = Answer | NoAnswer


def lines_of(
    checkpoint: Checkpoint, member: MemberId, signers: list[Signer], time_s: int = TIME_S
) -> bytes:
    made = [cosign_checkpoint(checkpoint, member, one, time_s) for one in signers]
    return "".join(f"{encode_signature_line(line)}\n" for line in made).encode()


@dataclass
class FakeWitness:
    """A witness that signs whatever follows its `size`, unless `says` has it say something else."""

    member: MemberId
    size: int = 0
    signers: list[Signer] = field(default_factory=list)
    says: Callable[["FakeWitness", Offer], Said | Awaitable[Said]] | None = None
    asked: list[int] = field(default_factory=list)
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.signers = self.signers or list(witness_signers(self.member))
        self.is_open.set()

    async def add_checkpoint(self, body: bytes) -> Said:
        offer = parse_offer(body)
        self.asked.append(offer.checkpoint.size)
        await self.is_open.wait()
        if self.says is None:
            return self.honest(offer)
        said = self.says(self, offer)
        return said if isinstance(said, Answer | NoAnswer) else await said

    def honest(self, offer: Offer) -> Answer:
        if offer.old_size != self.size:
            return Answer(409, {}, f"{self.size}\n".encode())
        self.size = offer.checkpoint.size
        return Answer(200, {}, lines_of(offer.checkpoint, self.member, self.signers))


@dataclass
class Bench:
    """A node that orders and collects, and the witnesses it asks."""

    world: World
    replica: Replica
    news: News
    witnesses: dict[MemberId, FakeWitness]

    def grow(self, blocks: int = 1) -> int:
        """Some more blocks; the size then."""
        for _ in range(blocks):
            name = f"s{self.world.head.height}"
            self.world.accept(self.world.sign("weather/main", bodies.schema(name)))
        return self.catch_up()

    def catch_up(self) -> int:
        """Have the node commit what the world has decided."""
        for block in self.world.blocks[self.replica.head.height :]:
            self.replica.apply(block)
        return self.replica.head.size

    def shut(self, *members: MemberId) -> None:
        """These witnesses keep the collector waiting."""
        for member in members:
            self.witnesses[member].is_open.clear()

    def open(self, *members: MemberId) -> None:
        """They answer after all."""
        for member in members:
            self.witnesses[member].is_open.set()

    @property
    def final(self) -> FinalCheckpoint | None:
        return self.replica.final

    def is_final(self, size: int) -> bool:
        """Whether the checkpoint of this size is the latest that is final."""
        return self.final is not None and self.final.size == size

    def cosigned(self) -> set[MemberId]:
        """Whose lines the final checkpoint has."""
        assert self.final is not None
        names = {line.name for line in parse_note(self.final.checkpoint).signatures}
        return {one for one in WITNESSES if witness_name(ORIGIN, one) in names}


async def until(condition: Callable[[], bool]) -> None:
    """Return once it is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def _prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosigning, "PAUSE_S", 0.001)
    monkeypatch.setattr(cosigning, "PAUSE_S_MAX", 0.004)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    world = witnessed_world()
    replica, news = open_replica(tmp_path / "ledger.db", world), News()
    replica.subscribe(lambda *_: news.publish())
    yield Bench(world, replica, news, {member: FakeWitness(member) for member in WITNESSES})
    close(replica)


@asynccontextmanager
async def collecting(
    bench: Bench, of: Callable[[MemberId], Cosigner | None] | None = None
) -> AsyncIterator[Cosigning]:
    """The collector at work; when it has ended, so have all its tasks."""
    before = asyncio.all_tasks()
    collector = Cosigning(bench.replica, bench.news, of or bench.witnesses.get)
    task = asyncio.create_task(collector.run())
    try:
        yield collector
    finally:
        assert not task.done(), task.exception()
        task.cancel()
        await asyncio.wait([task])
    assert asyncio.all_tasks() == before


def has(collector: Cosigning, size: int, *members: MemberId) -> bool:
    """Whether these witnesses have cosigned so far and nothing is wrong with them."""
    good = WitnessStanding(size, "")
    return all(collector.standings.get(member) == good for member in members)


async def test_a_checkpoint_is_final_with_the_quorum_and_not_before(bench: Bench) -> None:
    size = bench.replica.head.size
    bench.shut(*WITNESSES)
    async with collecting(bench) as collector:
        bench.open("audit", "health")
        await until(lambda: has(collector, size, "audit", "health"))
        assert not bench.is_final(size)
        bench.open("steward")
        await until(lambda: bench.is_final(size))
        assert bench.final is not None
        opened = verify_policy(policy_in(bench.world.state, ORIGIN), bench.final.checkpoint)
        assert opened.checkpoint.size == size
        assert bench.cosigned() == {"audit", "health", "steward"}
        bench.open("transport")
        await until(lambda: has(collector, size, *WITNESSES))


async def test_sizes_between_are_skipped(bench: Bench) -> None:
    first = bench.replica.head.size
    bench.shut(*WITNESSES)
    async with collecting(bench) as collector:
        await until(lambda: all(one.asked for one in bench.witnesses.values()))
        last = bench.grow(3)
        bench.open(*WITNESSES)
        await until(lambda: has(collector, last, *WITNESSES))
        await until(lambda: bench.is_final(last))
    for one in bench.witnesses.values():
        assert list(dict.fromkeys(one.asked)) == [first, last]


def text(status: int, told: str | bytes) -> Callable[[FakeWitness, Offer], Said]:
    content = told.encode() if isinstance(told, str) else told
    return lambda _one, _offer: Answer(status, {}, content)


def signed_by(
    member: MemberId, *signers: Signer, time_s: int = TIME_S, times: int = 1
) -> Callable[[FakeWitness, Offer], Said]:
    return lambda _one, offer: Answer(
        200, {}, lines_of(offer.checkpoint, member, list(signers), time_s) * times
    )


async def unreachable(_one: FakeWitness, _offer: Offer) -> Said:
    raise Unreachable("connection refused")


async def hang(_one: FakeWitness, _offer: Offer) -> Said:
    await asyncio.Event().wait()
    return NoAnswer("never")


def for_another(one: FakeWitness, offer: Offer) -> Said:
    other = Checkpoint(ORIGIN, offer.checkpoint.size + 1, offer.checkpoint.root)
    return Answer(200, {}, lines_of(other, one.member, one.signers))


BAD: Final = "health"
STRANGE: Final = [signer("stranger"), log_signer_ml_dsa("stranger")]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (text(503, "not yet\n"), "it answers 503: not yet"),
        (text(500, "x" * 999), "it answers 500: " + "x" * 200),
        (text(200, b"\xff\n"), "the answer is not UTF-8"),
        (text(200, ""), "no line is by a key of the witness"),
        (text(200, "OK\n"), "a signature line"),
        (text(200, "OK"), "the answer is not at most 100 lines, each ended"),
        (signed_by("audit", *witness_signers("audit")), "no line is by a key of the witness"),
        (signed_by(BAD, *STRANGE), "no line is by a key of the witness"),
        (signed_by(BAD, *witness_signers(BAD), time_s=0), "a witness tells the time"),
        (signed_by(BAD, *witness_signers(BAD), times=51), "the answer is not at most 100 lines"),
        (for_another, "the signature"),
        (text(409, "7\n"), "it answers 409: 7"),
        (text(409, ""), "not a plain decimal"),
        (text(409, "-1\n"), "not a plain decimal"),
        (text(409, "999\n"), "it has cosigned 999 leaves, ahead of this node"),
        (lambda _one, _offer: NoAnswer("cut off"), "cut off"),
        (unreachable, "connection refused"),
        (hang, "no answer within 0.05 seconds"),
    ],
)
async def test_a_witness_that_does_not_do_its_part_is_told_and_delays_nobody(
    says: Callable[[FakeWitness, Offer], Said | Awaitable[Said]],
    told: str,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cosigning, "ANSWER_S_MAX", 0.05)
    bad = bench.witnesses[BAD]
    bad.says = says
    async with collecting(bench) as collector:
        await until(lambda: bench.final is not None)
        size = bench.grow()
        await until(lambda: bench.is_final(size))
        assert bench.cosigned() == set(WITNESSES) - {BAD}
        await until(lambda: told in collector.standings[BAD].problem)
        bad.says = None  # and once it does, it is no longer behind
        await until(lambda: has(collector, size, *WITNESSES))
        assert bench.witnesses[BAD].size == size


async def test_a_witness_without_an_address_is_told(bench: Bench) -> None:
    del bench.witnesses[BAD]
    async with collecting(bench) as collector:
        await until(lambda: bench.final is not None)
        assert collector.standings[BAD].problem == "no address of its node is known"


async def test_an_own_witness_that_repeats_itself_counts_once(bench: Bench) -> None:
    for member in WITNESSES[:3]:
        bench.witnesses[member].says = signed_by(member, *witness_signers(member), times=50)
    async with collecting(bench):
        await until(lambda: bench.final is not None)
        assert bench.final is not None
        assert len(parse_note(bench.final.checkpoint).signatures) <= 2 + 2 * len(WITNESSES)


async def test_a_vote_on_who_is_a_witness_begins_the_round_anew(bench: Bench) -> None:
    first = bench.replica.head.size
    bench.shut("steward", "transport")
    async with collecting(bench) as collector:
        await until(lambda: has(collector, first, "audit", "health"))
        story = Story()
        story.world = bench.world
        adopt(story, SetRoles(member="audit", roles=("auditor", "committee")))
        second = bench.catch_up()
        await until(lambda: has(collector, second, "health"))
        assert "audit" not in collector.standings
        bench.open("steward", "transport")
        await until(lambda: bench.is_final(second))
        assert bench.cosigned() == {"health", "steward", "transport"}


async def test_keys_that_are_replaced_count_no_more(bench: Bench) -> None:
    size = bench.grow()
    bench.shut("steward")
    async with collecting(bench) as collector:
        await until(lambda: has(collector, size, "audit", "health", "transport"))
        await until(lambda: bench.final is not None)
        bench.world.accept(registered(bench.world, "transport", label="transport/new"))
        second = bench.catch_up()
        await until(lambda: has(collector, second, "audit", "health"))
        problem = "no line is by a key of the witness"
        await until(lambda: collector.standings["transport"].problem == problem)
        assert bench.is_final(size)
        bench.witnesses["transport"].signers = list(witness_signers("transport/new"))
        await until(lambda: bench.is_final(second))


async def test_with_fewer_witnesses_than_the_quorum_nothing_is_final(tmp_path: Path) -> None:
    world = World.genesis(ROLES, parameters=Parameters(quorum=3))
    for member in WITNESSES[:2]:
        world.accept(registered(world, member))
    replica, news = open_replica(tmp_path / "ledger.db", world), News()
    replica.subscribe(lambda *_: news.publish())
    bench = Bench(world, replica, news, {one: FakeWitness(one) for one in WITNESSES})
    async with collecting(bench) as collector:
        size = bench.grow()
        await until(lambda: has(collector, size, *WITNESSES[:2]))
        assert bench.final is None
        world.accept(registered(world, "steward"))
        size = bench.catch_up()
        await until(lambda: bench.is_final(size))
    close(replica)


async def test_without_witnesses_all_is_final_until_there_is_one(tmp_path: Path) -> None:
    story = Story()
    replica, news = open_replica(tmp_path / "ledger.db", story.world), News()
    replica.subscribe(lambda *_: news.publish())
    bench = Bench(story.world, replica, news, {"transport": FakeWitness("transport")})
    async with collecting(bench) as collector:
        size = bench.grow()
        assert bench.is_final(size)
        adopt(story, SetRoles(member="transport", roles=("government", "witness")))
        assert not bench.is_final(bench.catch_up())
        assert collector.standings == {}
        story.world.accept(registered(story.world, "transport"))
        size = bench.catch_up()
        await until(lambda: bench.is_final(size))
        assert bench.cosigned() == {"transport"}
    close(replica)


async def test_after_a_restart_it_goes_on(bench: Bench, tmp_path: Path) -> None:
    async with collecting(bench):
        size = bench.grow()
        await until(lambda: bench.is_final(size))
    close(bench.replica)
    bench.replica = open_replica(tmp_path / "ledger.db")
    bench.replica.subscribe(lambda *_: bench.news.publish())
    assert bench.is_final(size)
    async with collecting(bench) as collector:
        later = bench.grow()
        await until(lambda: bench.is_final(later))
        await until(lambda: has(collector, later, *WITNESSES))


async def test_a_round_that_leads_nowhere_gives_way_to_a_newer_checkpoint(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosigning, "ROUND_S", 0.02)
    gone = [bench.witnesses[member] for member in ("steward", "transport")]
    for one in gone:
        one.says = unreachable
    async with collecting(bench) as collector:
        await until(lambda: all(one.asked for one in gone))
        last = bench.grow(2)
        await until(lambda: has(collector, last, "audit", "health"))
        await until(lambda: gone[0].asked[-1] == last)
        assert bench.final is None
        gone[0].says = None
        await until(lambda: bench.is_final(last))
        assert gone[0].size == last


async def test_a_slow_answer_counts_for_the_round_it_was_asked_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no round would end where all answers take longer than a round."""
    monkeypatch.setattr(cosigning, "ROUND_S", 0.02)
    first = bench.replica.head.size
    bench.shut("steward", "transport")
    async with collecting(bench) as collector:
        await until(lambda: bool(bench.witnesses["steward"].asked))
        last = bench.grow()
        await until(lambda: has(collector, last, "audit", "health"))
        bench.shut("audit", "health")
        bench.open("steward")
        await until(lambda: bench.final is not None)
        bench.open(*WITNESSES)
        await until(lambda: bench.is_final(last))
    assert bench.witnesses["steward"].asked[0] == first


async def test_the_witness_of_this_node_is_asked_without_a_network(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = CosignedStore(tmp_path / "witness.db"), Clock(2**41)
    identity = Identity(witness_name(ORIGIN, "steward"), witness_signers("steward"))
    own = OwnCosigner(Witness([ReplayedLog(bench.replica, identity, clock)], store, clock))

    def of(member: MemberId) -> Cosigner | None:
        return own if member == "steward" else bench.witnesses[member]

    async with collecting(bench, of) as collector:
        size = bench.grow()
        await until(lambda: has(collector, size, *WITNESSES))
    async with collecting(bench, of) as collector:  # which learns from a conflict where it stands
        size = bench.grow()
        await until(lambda: has(collector, size, *WITNESSES))

        def full(*_: object) -> bool:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(CosignedStore, "swap", full)
        size = bench.grow()
        await until(lambda: bench.is_final(size))
        await until(lambda: "cannot be kept" in collector.standings["steward"].problem)
    store.close()
