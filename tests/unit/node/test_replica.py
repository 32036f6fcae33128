"""A node's copy of the ledger: the blocks it is given, what it keeps of them, how it fails."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from sqlalchemy import delete, update

from contracts.reasons import Refused
from contracts.replay import Block
from ledger import tree
from ledger.checkpoint import log_key, open_checkpoint
from ledger.hashing import leaf_hash
from ledger.records import parse_record
from ledger.seal import is_seal
from ledger.tiles import Tile, TileReader
from node import replica as replica_module
from node.reader import Reader
from node.replica import CacheSizes, NotPublished, Replica, ReplicaError, initialise, origin_of
from node.storage import store as store_module
from node.storage.address import Database
from node.storage.database import open_database
from node.storage.models import CheckpointRow, HeadRow, LeafRow, StateRow, TileRow, table_of
from node.storage.store import COMMIT_STEPS, SqlStore
from tests import bodies
from tests.log_files import log_signers, story
from tests.nodes import close, open_replica
from tests.world import ORIGIN, World

IN_TRANSACTION: Final = COMMIT_STEPS[: COMMIT_STEPS.index("committed")]


class Crash(Exception):  # noqa: N818  the name states the fact
    """Stands for the end of the process."""


class Faults:
    """An `on_step` that notes every step and crashes at one."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.at = ""

    def __call__(self, name: str) -> None:
        self.steps.append(name)
        if name == self.at:
            raise Crash(name)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def world() -> World:
    return story()


@pytest.fixture
def replica(database: Database, world: World, faults: Faults) -> Iterator[Replica]:
    made = open_replica(database, world, on_step=faults)
    faults.steps.clear()
    yield made
    close(made)


def next_block(world: World) -> Block:
    """A block that `world` has not seen."""
    records = [world.sign("weather/main", bodies.schema(name)) for name in "ab"]
    return Block(world.later(), "steward", records)


def state_of(store: SqlStore) -> dict[str, bytes]:
    table = table_of(StateRow)
    with store.snapshot() as snapshot:
        return {row.key: row.value for row in snapshot.connection.execute(table.select())}


def check_checkpoint(replica: Replica) -> None:
    """The checkpoint is of the leaves on disk, by both log keys."""
    with replica.store.snapshot() as snapshot:
        leaves = snapshot.leaves(0, replica.head.size)
    keys = [log_key(ORIGIN, signer.public_key) for signer in log_signers()]
    opened = open_checkpoint(replica.published.checkpoint, keys)
    assert opened.checkpoint.size == len(leaves)
    assert opened.checkpoint.root == tree.root_of([leaf_hash(leaf) for leaf in leaves])
    assert len(opened.signatures) == 2


def test_a_replica_holds_what_a_ledger_in_memory_holds(replica: Replica, world: World) -> None:
    assert replica.head == world.head
    with replica.store.snapshot() as snapshot:
        assert list(snapshot.leaves(0, replica.head.size + 1)) == world.leaves
    values: dict[str, bytes] = {}
    for result in (world.founding, *world.results):
        for key, value in result.values.items():
            values.pop(key, None)
            if value is not None:
                values[key] = value
    assert state_of(replica.store) == values
    check_checkpoint(replica)


def test_caches_of_one_entry_change_nothing_but_speed(database: Database, world: World) -> None:
    store = SqlStore(open_database(database))
    initialise(store, world.leaves[0])
    replica = Replica(store, ORIGIN, log_signers(), cache=CacheSizes(1, 1))
    for block, result in zip(world.blocks, world.results, strict=True):
        assert replica.apply(block).leaves == result.leaves
    close(replica)


def test_records_are_found_by_digest_in_every_epoch(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "EPOCH_LEAVES", 3)
    replica = open_replica(database, world)
    reader = Reader(replica)
    records = [parse_record(leaf) for leaf in world.leaves if not is_seal(leaf)]
    assert len(world.leaves) > 9
    for record in records:
        found = reader.leaf(record.digest)
        assert found is not None
        assert world.leaves[found.index] == record.envelope.encoded
    assert reader.leaf(bodies.NOWHERE) is None
    close(replica)


def test_a_reopened_replica_goes_on_where_it_stopped(database: Database, world: World) -> None:
    store = SqlStore(open_database(database))
    initialise(store, world.leaves[0])
    store.engine.dispose()
    replica = open_replica(database)
    for block, result in zip(world.blocks, world.results, strict=True):
        close(replica)
        replica = open_replica(database)
        assert replica.apply(block).leaves == result.leaves
    assert replica.head == world.head
    check_checkpoint(replica)
    close(replica)


def test_a_block_in_which_nothing_happens_is_not_kept(
    replica: Replica, faults: Faults, world: World
) -> None:
    wrong = world.sign("weather/main", bodies.schema("a"), place=(7, bodies.NOWHERE))
    before = replica.published
    for records in ([], [wrong]):
        result = replica.apply(Block(world.later(), "steward", records))
        assert result.is_empty
    assert replica.published == before
    assert not faults.steps
    replica.apply(next_block(world))  # and a later one may have the same time


def test_a_commit_goes_through_its_steps_in_order(
    replica: Replica, faults: Faults, world: World
) -> None:
    replica.apply(next_block(world))
    assert tuple(faults.steps) == COMMIT_STEPS


@pytest.mark.parametrize("step", IN_TRANSACTION)
def test_what_fails_before_the_commit_never_happened(
    replica: Replica, database: Database, faults: Faults, step: str, world: World
) -> None:
    block, before, values = next_block(world), replica.published, state_of(replica.store)
    faults.at = step
    with pytest.raises(Crash):
        replica.apply(block)
    assert replica.published == before
    again = open_replica(database)
    assert again.head == world.head
    assert state_of(again.store) == values
    result = again.apply(block)
    assert result.leaves == world.block(*block.records, at=block.time).leaves
    check_checkpoint(again)
    close(again)


def test_what_fails_after_the_commit_is_there_when_reopened(
    replica: Replica, database: Database, faults: Faults, world: World
) -> None:
    block = next_block(world)
    faults.at = "committed"
    with pytest.raises(Crash):
        replica.apply(block)
    world.block(*block.records, at=block.time)
    again = open_replica(database)
    assert again.head == world.head
    check_checkpoint(again)
    with again.store.snapshot() as snapshot:
        assert snapshot.checkpoint() == (world.head.size, again.published.checkpoint)
    close(again)


def test_a_checkpoint_once_signed_is_not_signed_again(replica: Replica, database: Database) -> None:
    """ML-DSA signatures differ every time: two notes of one size would look like two logs."""
    before = replica.published.checkpoint
    again = open_replica(database)
    assert again.published.checkpoint == before
    close(again)


def test_tiles_lead_to_the_root_of_the_checkpoint(replica: Replica) -> None:
    size = replica.head.size
    with replica.store.snapshot() as snapshot:
        hashes = [leaf_hash(leaf) for leaf in snapshot.leaves(0, size)]
    assert replica.tiles([Tile(0, 0, size)]) == [b"".join(hashes)]
    assert tree.root(size, TileReader(replica, size)) == tree.root_of(hashes)


def test_a_reader_between_commit_and_publication_waits_for_the_checkpoint(
    database: Database, world: World
) -> None:
    between, answered = threading.Event(), threading.Event()

    def on_step(name: str) -> None:
        if name == "committed" and armed:
            between.set()
            assert not answered.wait(0.1), "answered without a checkpoint"

    armed: list[bool] = []
    replica = open_replica(database, world, on_step=on_step)
    reader = Reader(replica)
    armed.append(True)
    with ThreadPoolExecutor(1) as pool:

        def read() -> int:
            assert between.wait(10)
            proved = reader.state("ledger")
            answered.set()
            return proved.size

        asked = pool.submit(read)
        result = replica.apply(next_block(world))
        assert asked.result() == result.head.size
    close(replica)


def test_a_block_committed_but_never_published_is_not_proved(
    replica: Replica, faults: Faults, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    faults.at = "committed"
    with pytest.raises(Crash):
        replica.apply(next_block(world))
    monkeypatch.setattr(replica_module, "PUBLISHING_S_MAX", 0.01)
    with pytest.raises(NotPublished):
        Reader(replica).state("ledger")


def test_listeners_hear_of_each_block_once(replica: Replica, world: World) -> None:
    heard: list[int] = []
    replica.subscribe(lambda published, _block, _result: heard.append(published.head.size))
    block = next_block(world)
    replica.apply(block)
    replica.apply(Block(world.later(60_000), "steward", []))
    assert heard == [replica.head.size]


def test_new_keys_are_known_at_once_and_after_reopening(
    replica: Replica, database: Database, world: World
) -> None:
    appointed = world.appoint("health/clerk")
    known = set(replica.keys)
    replica.apply(Block(world.later(), "steward", [appointed]))
    (new,) = set(replica.keys) - known
    assert new in appointed.envelope.keyids
    again = open_replica(database)
    assert again.keys == replica.keys
    close(again)


def test_a_deadline_is_due_from_its_time_on(database: Database) -> None:
    world = World.genesis()
    world.accept(world.sign("transport/main", bodies.schema()))
    world.accept(world.sign("transport/main", bodies.entry()))
    (due,) = (key.split("/")[1] for key in world.state.keys("due/"))
    replica = open_replica(database, world)
    assert not replica.has_due(world.later())
    assert replica.has_due(due)
    result = replica.apply(Block(due, "steward", []))
    assert [finding.code for finding in result.settlement.findings] == ["review-overdue"]
    assert not replica.has_due(due)
    close(replica)


@pytest.mark.parametrize("table", [table_of(TileRow), table_of(HeadRow)], ids=str)
def test_a_database_that_contradicts_itself_is_not_opened(
    replica: Replica, database: Database, table: object
) -> None:
    tiles, head = table_of(TileRow), table_of(HeadRow)
    broken = (
        update(tiles).values(data=b"\0" * 32 * replica.head.size)
        if table is tiles
        else update(head).values(root=b"\0" * 32)
    )
    with replica.store.engine.connect() as connection, connection.begin():
        connection.execute(broken)
    with pytest.raises(ReplicaError, match="root"):
        open_replica(database)


def test_a_lost_checkpoint_is_signed_again(replica: Replica, database: Database) -> None:
    with replica.store.engine.connect() as connection, connection.begin():
        connection.execute(delete(table_of(CheckpointRow)))
    again = open_replica(database)
    check_checkpoint(again)
    close(again)


def test_an_empty_database_is_no_ledger(database: Database) -> None:
    store = SqlStore(open_database(database))
    with pytest.raises(ReplicaError, match="no ledger"):
        origin_of(store)
    with pytest.raises(ReplicaError, match="no ledger"):
        Replica(store, ORIGIN, log_signers())
    store.engine.dispose()


def test_a_database_holds_one_ledger(replica: Replica, world: World) -> None:
    before = replica.head
    with pytest.raises(ReplicaError, match="already"):
        initialise(replica.store, world.leaves[0])
    origin, genesis, digest = origin_of(replica.store)
    assert (origin, digest) == (ORIGIN, before.ledger)
    assert genesis == parse_record(world.leaves[0]).body


def test_a_ledger_is_founded_by_a_genesis_record_alone(database: Database, world: World) -> None:
    store = SqlStore(open_database(database))
    with pytest.raises(Refused):
        initialise(store, world.leaves[2])
    with pytest.raises(ReplicaError, match="no ledger"):
        origin_of(store)
    initialise(store, world.leaves[0])
    store.engine.dispose()


def test_founding_gives_the_first_seal(database: Database, world: World) -> None:
    store = SqlStore(open_database(database))
    assert initialise(store, world.leaves[0]) == world.founding.head
    with store.snapshot() as snapshot:
        assert list(snapshot.leaves(0, 9)) == list(world.founding.leaves)
    store.engine.dispose()


def test_a_first_leaf_that_is_no_genesis_record_is_told(replica: Replica, world: World) -> None:
    leaf = table_of(LeafRow)
    other = world.leaves[2]
    with replica.store.engine.connect() as connection, connection.begin():
        connection.execute(update(leaf).where(leaf.c["index"] == 0).values(leaf=other))
    with pytest.raises(ReplicaError, match="genesis"):
        origin_of(replica.store)
