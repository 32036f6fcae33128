"""The snapshots a node offers: of one size, made when somebody asks, few at a time."""

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger import snapshot
from ledger.merkle_map import MapNodes, update
from ledger.snapshot import Pair, parse_part
from node.client.answers import Offer
from node.replica import Replica
from node.snapshots import Snapshots
from node.storage.disk import DiskGuard
from tests import bodies
from tests.log_files import story
from tests.nodes import close, open_replica
from tests.world import World


@dataclass
class Offers:
    """What a node offers, its clock and its disk a test's."""

    world: World
    replica: Replica
    folder: Path
    every_leaves: int = 2
    now_s: float = 1_000.0
    free_bytes: Callable[[], int] = lambda: 1 << 40
    snapshots: Snapshots = field(init=False)

    def __post_init__(self) -> None:
        guard = DiskGuard(self.folder, 1 << 20, lambda _folder: self.free_bytes())
        self.snapshots = Snapshots(
            self.replica, self.folder, self.every_leaves, guard, lambda: self.now_s
        )

    def made(self) -> Offer | None:
        """What is offered once what was begun has ended."""
        if (offer := self.snapshots.latest()) is None:
            self.settle()
            offer = self.snapshots.latest()
        return offer

    def settle(self) -> None:
        """Wait for what is being made, and past the rest that follows."""
        done = threading.Event()
        self.snapshots._thread.submit(done.set)
        assert done.wait(20)
        self.now_s += 1.0

    def grow(self) -> None:
        """One more block."""
        record = self.world.sign("transport/main", bodies.schema(f"c{self.replica.head.size}"))
        self.world.accept(record)
        self.replica.apply(self.world.blocks[-1])

    def pairs(self, offer: Offer) -> list[Pair]:
        """All pairs of an offer."""
        found: list[Pair] = []
        for number in range(offer.parts):
            part = self.snapshots.part(offer.size, number)
            assert part is not None
            found += parse_part(gzip.decompress(part), found[-1][0] if found else b"")
        return found


@pytest.fixture
def offers(tmp_path: Path) -> Iterator[Offers]:
    world = story()
    replica = open_replica(tmp_path / "ledger.db", world)
    found = Offers(world, replica, tmp_path / "offered")
    yield found
    found.snapshots.close()
    close(replica)


def test_an_offer_is_the_whole_state_at_its_size(offers: Offers) -> None:
    offer = offers.made()
    assert offer is not None
    head = offers.replica.head
    assert (offer.size, offer.height) == (head.size, head.height)
    root = MapNodes().apply(update(dict(offers.pairs(offer)), MapNodes()))
    assert root == head.state_root == bytes.fromhex(offer.state_root)
    parts = [offers.snapshots.part(offer.size, number) for number in range(offer.parts)]
    assert sum(len(gzip.decompress(part or b"")) for part in parts) == offer.bytes_count


def test_it_is_of_one_size_however_the_ledger_goes_on(
    offers: Offers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "PART_BYTES_MAX", 4_000)
    head = offers.replica.head

    def grow() -> int:
        if offers.replica.head.size < head.size + 10:
            offers.grow()
        return 1 << 40

    offers.free_bytes = grow
    offers.every_leaves = 1_000
    assert offers.snapshots.latest() is None
    offers.settle()
    offer = offers.snapshots.latest()
    assert offers.replica.head.size > head.size
    if offer is None:  # it has grown old meanwhile
        ((_, offer),) = offers.snapshots._offers.items()
    assert offer.parts > 2
    root = MapNodes().apply(update(dict(offers.pairs(offer)), MapNodes()))
    assert root == head.state_root == bytes.fromhex(offer.state_root)


def test_another_is_made_only_when_somebody_asks_and_it_is_old(offers: Offers) -> None:
    first = offers.made()
    assert first is not None
    offers.settle()
    assert offers.made() == first
    offers.grow()
    assert [path.name for path in offers.folder.iterdir()] == [str(first.size)]
    second = offers.made()
    assert second is not None
    assert second.size == offers.replica.head.size > first.size


def test_two_are_kept(offers: Offers) -> None:
    made = []
    for _ in range(3):
        offer = offers.made()
        assert offer is not None
        made.append(offer)
        offers.settle()
        offers.grow()
    assert {path.name for path in offers.folder.iterdir()} == {str(one.size) for one in made[1:]}
    assert offers.snapshots.part(made[0].size, 0) is None
    assert offers.snapshots.part(made[1].size, 0) is not None
    assert offers.snapshots.part(made[2].size, made[2].parts) is None


def test_after_one_is_made_the_node_rests(offers: Offers) -> None:
    def take_time() -> int:
        offers.now_s += 5
        return 1 << 40

    offers.free_bytes = take_time
    first = offers.made()
    offers.grow()
    assert offers.snapshots.latest() == first
    offers.now_s += 50
    assert offers.snapshots.latest() is None
    offers.settle()
    assert offers.made() != first


def test_without_room_there_is_none_and_nothing_is_left(offers: Offers) -> None:
    offers.free_bytes = lambda: 1_000
    assert offers.made() is None
    offers.settle()
    assert [*offers.folder.iterdir()] == []
    offers.free_bytes = lambda: 1 << 40
    assert offers.made() is not None


def test_a_node_that_is_started_begins_without(offers: Offers) -> None:
    assert offers.made() is not None
    offers.snapshots.close()
    again = Offers(offers.world, offers.replica, offers.folder)
    assert not offers.folder.exists()
    assert again.made() is not None
    again.snapshots.close()


def test_what_is_offered_is_for_its_owner_alone(offers: Offers) -> None:
    offer = offers.made()
    assert offer is not None
    paths = [offers.folder, *offers.folder.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}


def test_who_is_told_to_stop_offers_nothing_more(offers: Offers) -> None:
    offers.snapshots.close()
    assert offers.snapshots.latest() is None
    assert not offers.folder.exists()
