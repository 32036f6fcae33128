"""Copies of a node's database: made while it runs, verified, put back where there is none."""

import sqlite3
from pathlib import Path

import pytest

from node.backup import back_up, restore
from node.replica import ReplicaError
from node.settings import Settings
from node.storage.lock import DatabaseInUse, locked
from tests import bodies
from tests.log_files import story
from tests.nodes import Node, close, open_replica, running
from tests.served import file_of, settings_in
from tests.world import World


def quiet(_bytes: int) -> None:
    """Nobody looks on."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


async def test_a_copy_of_a_running_node_holds_the_log_at_one_size(settings: Settings) -> None:
    world = World.genesis()
    async with running(settings.database, world) as node:
        await accept(node, "a")
        copy = file_of(settings).with_name("copy.db")
        moved: list[int] = []
        copied = back_up(settings, copy, moved.append)
        assert copied.head == node.replica.head
        assert sum(moved) >= 4_096
        await accept(node, "b")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in copy.parent.glob("*copy.db*")] == ["copy.db"]
    replica = open_replica(copy)
    assert replica.head == copied.head
    close(replica)


async def accept(node: Node, name: str) -> None:
    await node.accept(node.world.sign("transport/main", bodies.schema(name)))


def test_it_is_put_back_where_there_is_none(settings: Settings) -> None:
    world = story()
    close(open_replica(settings.database, world))
    copy = file_of(settings).with_name("copy.db")
    back_up(settings, copy, quiet)
    with pytest.raises(FileExistsError):
        restore(settings, copy, quiet)
    for one in file_of(settings).parent.glob("ledger.db*"):
        one.unlink()
    with locked(settings.database), pytest.raises(DatabaseInUse):
        restore(settings, copy, quiet)
    copy.parent.chmod(0o700)
    assert restore(settings, copy, quiet).head == world.head
    replica = open_replica(settings.database)
    assert replica.head == world.head
    close(replica)


def test_what_is_damaged_or_no_ledger_is_not_taken(settings: Settings, tmp_path: Path) -> None:
    world = story()
    with pytest.raises(ReplicaError, match="does not exist"):
        back_up(settings, tmp_path / "copy.db", quiet)
    close(open_replica(settings.database, world))
    copy = tmp_path / "copy.db"
    back_up(settings, copy, quiet)
    with pytest.raises(FileExistsError):
        back_up(settings, copy, quiet)
    for one in file_of(settings).parent.glob("ledger.db*"):
        one.unlink()
    text = tmp_path / "text"
    text.write_bytes(b"no database" * 1_000)
    with pytest.raises(sqlite3.DatabaseError):
        restore(settings, text, quiet)
    sqlite3.connect(tmp_path / "empty.db").close()
    with pytest.raises(ReplicaError):
        restore(settings, tmp_path / "empty.db", quiet)
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE tile SET data = zeroblob(length(data))")
    connection.close()
    with pytest.raises(ReplicaError, match="root of the head"):
        restore(settings, copy, quiet)
    assert not file_of(settings).exists()
    assert not [*tmp_path.glob(".*")]
