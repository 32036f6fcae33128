"""A node moves from one kind of database to another: all of it, verified, or nothing."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, delete, select, update
from sqlmodel import SQLModel

from contracts.replay import Block
from node import backup, transfer
from node.backup import Advance, back_up, move, restore, steps_of
from node.replica import ReplicaError
from node.settings import Settings
from node.storage.address import Database, PostgresAddress
from node.storage.database import open_database
from node.storage.lock import DatabaseInUse, locked
from node.storage.models import LeafRow, MapNodeRow, StateRow, TileRow, table_of
from node.storage.postgres import ServerError
from node.storage.store import SqlStore
from node.views.models import TITLE
from tests import bodies
from tests.log_files import long_story, story
from tests.nodes import close, open_replica, running
from tests.older import take_back
from tests.postgres import Server
from tests.served import file_of, settings_in
from tests.world import World

Contents = dict[str, list[tuple[object, ...]]]


def quiet(_steps: int) -> None:
    """Nobody looks on."""


@pytest.fixture(scope="module")
def world() -> World:
    """Every row of every table is in the story of `test_views`; here some of most are enough."""
    return story()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def served(postgres: Server) -> Iterator[PostgresAddress]:
    made = postgres.new_database()
    yield made
    postgres.drop(made)


def contents(database: Database) -> Contents:
    """Every table, in the order of its keys."""
    engine = open_database(database)
    with SqlStore(engine).snapshot() as snapshot:
        found = {
            table.name: [
                tuple(row)
                for row in snapshot.connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in SQLModel.metadata.sorted_tables
        }
    engine.dispose()
    return found


def changed(database: Database, change: Callable[[Connection], object]) -> None:
    engine = open_database(database)
    with engine.begin() as connection:
        change(connection)
    engine.dispose()


def tables(served: PostgresAddress, postgres: Server) -> Sequence[object]:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    return postgres.run(query, served.parameters["dbname"])


def next_block(world: World) -> Block:
    record = world.sign("transport/main", bodies.schema("next"))
    return Block(world.later(1_000), "steward", (record,))


def test_a_node_moves_to_a_server_and_back(
    settings: Settings, served: PostgresAddress, tmp_path: Path
) -> None:
    world = story()
    close(open_replica(settings.database, world))
    before = contents(settings.database)
    steps: list[int] = []
    moved = move(settings, served, steps.append)
    assert moved.head == world.head
    assert sum(steps) == steps_of(settings.database, served) == 2 * sum(map(len, before.values()))
    assert contents(served) == before == contents(settings.database)
    replica = open_replica(served)
    replica.apply(next_block(world))  # rows go on being numbered where they ended
    head = replica.head
    close(replica)
    there = settings.model_copy(update={"database": served})
    back = tmp_path / "back.db"
    assert move(there, back, quiet).head == head
    assert contents(back) == contents(served)
    assert back.stat().st_mode & 0o777 == 0o600


async def test_a_server_is_backed_up_while_the_node_runs(
    settings: Settings, served: PostgresAddress, postgres: Server, tmp_path: Path
) -> None:
    there, copy = settings.model_copy(update={"database": served}), tmp_path / "copy.db"
    async with running(served, World.genesis()) as node:
        await node.accept(node.world.sign("transport/main", bodies.schema("a")))
        copied = back_up(there, copy, quiet)
        assert copied.head == node.replica.head
        await node.accept(node.world.sign("transport/main", bodies.schema("b")))
    with pytest.raises(ReplicaError, match="not empty"):
        restore(there, copy, quiet)
    other = postgres.new_database()
    put_back = settings.model_copy(update={"database": other})
    assert restore(put_back, copy, quiet).head == copied.head
    assert contents(other) == contents(copy)
    postgres.drop(other)


def test_whoever_still_uses_either_of_them_is_told(
    settings: Settings, served: PostgresAddress, world: World
) -> None:
    close(open_replica(settings.database, world))
    for database in (settings.database, served):
        with locked(database), pytest.raises(DatabaseInUse, match="another process"):
            move(settings, served, quiet)
    with pytest.raises(ServerError, match=r'database "nowhere\d+" does not exist'):
        move(settings, PostgresAddress(served.url.replace("test", "nowhere", 1)), quiet)


def tampered(what: str) -> Callable[[Connection], object]:
    leaf, state = table_of(LeafRow), table_of(StateRow)
    one = select(state.c.key).limit(1).scalar_subquery()
    statement = {
        "leaf": update(leaf).where(leaf.c["index"] == 2).values(leaf=b"{}"),
        "no leaf": delete(leaf).where(leaf.c["index"] == 2),
        "state": update(state).where(state.c.key == one).values(value=b"{}"),
        "no state": delete(state).where(state.c.key == one),
        "tile": update(table_of(TileRow)).values(data=bytes(19 * 32)),
        "no tile": delete(table_of(TileRow)),
        "node": update(table_of(MapNodeRow)).values(node=b"\0"),
        "no node": delete(table_of(MapNodeRow)),
    }[what]
    return lambda connection: connection.execute(statement)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("leaf", "leaves do not give the root"),
        ("no leaf", "leaves do not give the root"),
        ("state", "state does not give the root"),
        ("no state", "state does not give the root"),
        ("tile", "leaves do not give the tiles"),
        ("no tile", "leaves do not give the tiles"),
        ("node", "state does not give the nodes"),
        ("no node", "state does not give the nodes"),
    ],
)
def test_what_contradicts_itself_is_not_moved(
    settings: Settings,
    served: PostgresAddress,
    postgres: Server,
    world: World,
    what: str,
    told: str,
) -> None:
    close(open_replica(settings.database, world))
    changed(settings.database, tampered(what))
    with pytest.raises(ReplicaError, match=told):
        move(settings, served, quiet)
    assert not tables(served, postgres)


def test_every_tile_is_looked_at(settings: Settings, served: PostgresAddress) -> None:
    close(open_replica(settings.database, long_story(300)))
    tile = table_of(TileRow)
    first = update(tile).where(tile.c.level == 0, tile.c["index"] == 0)
    damage = first.values(data=bytes(8_192))
    changed(settings.database, lambda connection: connection.execute(damage))
    with pytest.raises(ReplicaError, match="do not give the tiles"):
        move(settings, served, quiet)


@pytest.mark.parametrize("lost", ["head", "leaf", "member_view"])
def test_what_is_not_written_as_it_was_read_is_not_kept(
    lost: str,
    settings: Settings,
    served: PostgresAddress,
    postgres: Server,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close(open_replica(settings.database, world))
    copy = transfer._copy

    def lose(source: Connection, target: Connection, table: Table, advance: Advance) -> bytes:
        digest = copy(source, target, table, advance)
        if table.name == lost:
            key = table.primary_key.columns[0]
            first = select(key).order_by(key).limit(1).scalar_subquery()
            target.execute(delete(table).where(key == first))
        return digest

    monkeypatch.setattr(transfer, "_copy", lose)
    with pytest.raises(ReplicaError, match=f"`{lost}` is not what was read"):
        move(settings, served, quiet)
    assert not tables(served, postgres)


def test_a_move_that_ends_early_leaves_nothing(
    settings: Settings,
    served: PostgresAddress,
    postgres: Server,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close(open_replica(settings.database, world))

    def stop(_steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(settings, served, stop)
    assert not tables(served, postgres)
    move(settings, served, quiet)
    there = settings.model_copy(update={"database": served})
    with pytest.raises(KeyboardInterrupt):
        move(there, tmp_path / "back.db", stop)

    def fail(_engine: Engine) -> None:
        raise ReplicaError("too late")

    monkeypatch.setattr(backup, "_held_by", fail)
    with pytest.raises(ReplicaError):
        move(there, tmp_path / "back.db", quiet)
    assert not [*tmp_path.glob("*back.db")]


def test_only_the_present_schema_is_moved(
    settings: Settings, served: PostgresAddress, world: World
) -> None:
    close(open_replica(settings.database, world))
    changed(settings.database, lambda connection: take_back(connection, "0010"))
    before = file_of(settings).read_bytes()
    with pytest.raises(ReplicaError, match="earlier version: `blockpool node check`"):
        move(settings, served, quiet)
    assert file_of(settings).read_bytes() == before


def test_a_title_with_a_zero_is_moved(
    settings: Settings, served: PostgresAddress, world: World
) -> None:
    close(open_replica(settings.database, world))
    row = {"record": "f" * 64, "code": "a\0b", "words": "\0"}
    changed(settings.database, lambda connection: connection.execute(TITLE.insert().values(row)))
    move(settings, served, quiet)
    assert contents(served)["title_view"][-1] == ("f" * 64, "a\1b", "\1")
