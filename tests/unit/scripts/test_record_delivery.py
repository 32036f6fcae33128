"""`blockpool record deliver` and `receive`: both sides of one handing over."""

from pathlib import Path

import pytest

from contracts.values import StatedDelivery
from ledger.hashing import sha256
from ledger.records import Delivery, parse_record
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

ENDED_AT = ("--ended-at", "2026-11-23T08:00:00+08:00")


@pytest.fixture
def grant_id(world: World) -> str:
    """Health's right to `flights`, of which a version was released."""
    story = Story()
    story.world = world
    return story.publish().grant()


def stated(world: World, delivery: str) -> StatedDelivery:
    value = world.value(f"delivery/{delivery}")
    assert isinstance(value, StatedDelivery)
    return value


def test_a_file_is_delivered_and_received(
    command: Command, world: World, grant_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "flights.csv"
    file.write_bytes(b"a,b,c\n1,2,3\n")
    deliver = ("record", "deliver", grant_id, file, "--rows", "1", "--ended-at", world.now)
    done = command.json(*deliver, writer="transport/main")
    assert done["records"][0]["findings"] == []
    (created,) = done["created"]
    assert stated(world, created["id"]).sha256 == sha256(file.read_bytes()).hex()
    receive = ("record", "receive", created["id"], file, "--rows", "1")
    assert command.json(*receive, writer="health/main")["records"][0]["findings"] == []
    assert stated(world, created["id"]).acknowledged is not None


def test_a_period_of_a_service_is_counted_by_both_sides(
    command: Command, world: World, grant_id: str
) -> None:
    deliver = ("record", "deliver", grant_id, "--rows", "50", "--count", "20", "--mode", "service")
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
