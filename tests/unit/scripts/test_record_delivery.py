"""`blockpool record deliver` and `receive`: both sides of one handing over."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.values import StatedDelivery
from ledger.hashing import sha256
from ledger.records import Delivery, parse_record
from ledger.records.catalogue import Content, Mode
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

TABLE = b"a,b,c\n1,2,3\n"
ENDED_AT = ("--ended-at", "2026-11-23T08:00:00+08:00")


@pytest.fixture
def grant_id(world: World) -> str:
    """Health's right to `flights`, of which the table below was released."""
    story = Story()
    story.world = world
    story.catalogue()
    content = Content(assurance="content", sha256=sha256(TABLE).hex())
    item = replace(bodies.release_item(), content=content)
    story.says("transport/main", bodies.release(item))
    return story.grant()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What was released."""
    written = tmp_path / "flights.csv"
    written.write_bytes(TABLE)
    return written


@pytest.fixture
def served(world: World) -> str:
    """Health's right to `flights`, supplied by a service."""
    story = Story()
    story.world = world
    return story.publish(mode=Mode(kind="service")).grant()


def stated(world: World, delivery: str) -> StatedDelivery:
    value = world.value(f"delivery/{delivery}")
    assert isinstance(value, StatedDelivery)
    return value


def test_a_file_is_delivered_and_received(
    command: Command, world: World, grant_id: str, file: Path
) -> None:
    deliver = ("record", "deliver", grant_id, file, "--rows", "1", "--ended-at", world.now)
    done = command.json(*deliver, writer="transport/main")
    assert done["records"][0]["findings"] == []
    (created,) = done["created"]
    assert stated(world, created["id"]).sha256 == sha256(file.read_bytes()).hex()
    receive = ("record", "receive", created["id"], file, "--rows", "1")
    assert command.json(*receive, writer="health/main")["records"][0]["findings"] == []
    assert stated(world, created["id"]).acknowledged is not None


def test_a_period_of_a_service_is_counted_by_both_sides(
    command: Command, world: World, served: str
) -> None:
    deliver = ("record", "deliver", served, "--rows", "50", "--count", "20", "--mode", "service")
    command.ok(*deliver, "--ended-at", world.now, writer="transport/main")
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, Delivery)
    assert (body.count, body.rows, body.sha256) == (20, 50, None)
    delivery = parse_record(world.leaves[-2]).digest
    receive = ("record", "receive", delivery, "--rows", "50", "--count", "10")
    result = command.run(*receive, writer="health/main")
    assert result.exit_code == 0
    assert "warning: finding counts-differ" in result.stderr


def test_what_is_not_there_is_told(command: Command, world: World, grant_id: str) -> None:
    unknown = ("record", "deliver", f"{bodies.NOWHERE}-0", "--rows", "1", *ENDED_AT)
    assert "no grant" in command.fails(*unknown, writer="transport/main")
    missing = ("record", "deliver", grant_id, "missing.csv", "--rows", "1", *ENDED_AT)
    assert "no file `missing.csv`" in command.fails(*missing, writer="transport/main")
    other = ("record", "deliver", grant_id, "--version", "2", "--rows", "1", *ENDED_AT)
    assert "has no version 2" in command.fails(*other, writer="transport/main")
    assert world.value(f"delivery/{bodies.NOWHERE}") is None


@pytest.mark.parametrize(
    ("content", "rows", "told"),
    [
        (b"a,b,d\n1,2,3\n", "1", "flights.csv holds what the right does not grant: d"),
        (b"a,b\n1,2\n", "1", "flights.csv lacks what the right grants: c"),
        (TABLE, "2", "flights.csv has 1 row, not 2"),
        (b"a,b,c\n1,2,4\n", "1", "flights.csv is not what was released as flights@1"),
    ],
)
def test_another_file_than_was_released_is_asked_about(
    command: Command, grant_id: str, file: Path, content: bytes, rows: str, told: str
) -> None:
    world = command.node.world
    file.write_bytes(content)
    deliver = ("record", "deliver", grant_id, file, "--rows", rows, "--ended-at", world.now)
    size = len(world.leaves)
    said = command.fails(*deliver, writer="transport/main")
    assert told in said
    assert "or insist with --anyway" in said
    assert len(world.leaves) == size
    command.ok(*deliver, "--anyway", writer="transport/main")
    assert len(world.leaves) > size


def test_some_columns_are_those_that_were_granted(
    command: Command, world: World, grant_id: str, file: Path
) -> None:
    """Such a file is none that was released, so its bytes tell nothing."""
    amend = ("record", "amend", grant_id, "--fields", "a,c", "--ground", "security")
    command.ok(*amend, writer="transport/main")
    deliver = ("record", "deliver", grant_id, file, "--rows", "1", "--ended-at", world.now)
    said = command.fails(*deliver, writer="transport/main")
    assert "holds what the right does not grant: b" in said
    assert "hint: hand over a, c alone" in said
    file.write_bytes(b"a,c\n1,3\n")
    command.ok(*deliver, writer="transport/main")


def test_a_file_that_is_no_table_is_compared_as_it_is(
    command: Command, world: World, grant_id: str, tmp_path: Path
) -> None:
    packed = tmp_path / "flights.7z"
    packed.write_bytes(b"7z")
    deliver = ("record", "deliver", grant_id, packed, "--rows", "1", "--ended-at", world.now)
    said = command.fails(*deliver, writer="transport/main")
    assert "columns and rows are not compared" in said
    assert "is not what was released as flights@1" in said
    packed.write_bytes(TABLE)
    command.ok(*deliver, writer="transport/main")


def test_another_way_than_the_entry_says_is_asked_about(
    command: Command, world: World, grant_id: str
) -> None:
    deliver = ("record", "deliver", grant_id, "--rows", "1", "--ended-at", world.now)
    said = command.fails(*deliver, "--mode", "service", writer="transport/main")
    assert "`flights` is supplied as a file, not as a service" in said
    assert "hint: give --mode file" in said
    command.ok(*deliver, "--mode", "batch", writer="transport/main")


def test_a_service_is_no_file(command: Command, world: World, served: str) -> None:
    deliver = ("record", "deliver", served, "--rows", "1", "--ended-at", world.now)
    assert "supplied as a service" in command.fails(*deliver, writer="transport/main")


def test_who_receives_counts_its_own_file(
    command: Command, world: World, grant_id: str, file: Path
) -> None:
    deliver = ("record", "deliver", grant_id, file, "--rows", "1", "--ended-at", world.now)
    (created,) = command.json(*deliver, writer="transport/main")["created"]
    receive = ("record", "receive", created["id"], file, "--rows")
    assert "has 1 row, not 10" in command.fails(*receive, "10", writer="health/main")
    assert stated(world, created["id"]).acknowledged is None
    command.ok(*receive, "1", writer="health/main")
