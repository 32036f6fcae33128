"""`blockpool record account`: what was counted under a right."""

import pytest

from ledger.records.catalogue import Mode
from ledger.records.genesis import Parameters
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

YEAR_MS = 31_557_600_000


@pytest.fixture
def world() -> World:
    counted = Parameters(clock_skew_ms=YEAR_MS, field_use_days=20, reconcile_days=5)
    return World.genesis(parameters=counted)


def told(world: World, **changes: object) -> Story:
    story = Story()
    story.world = world
    story.publish(**changes)
    story.grant()
    return story


def test_both_sides_of_a_month_stand_side_by_side(command: Command, world: World) -> None:
    story = told(world, mode=Mode(kind="service"))
    used = bodies.usage(story.grant_id, world.now, rows=(2, 3), fields=("a",))
    story.says("health/main", used)
    sent = bodies.delivery(story.grant_id, world.now, count=3, mode="service", sha256=None)
    story.says("transport/main", sent)
    shown = command.ok("record", "account", story.grant_id)
    assert [line.strip().split("  ")[-1].strip() for line in shown.splitlines()] == [
        "health",
        "2 times, 5 rows",
        "b, c",
        "3 times, 10 rows",
        "2 times, 5 rows",
    ]
    as_json = command.json("record", "account", story.grant_id, "--month", "2026-11")
    assert as_json["month"] == {
        "answered": {"rows": 10, "times": 3},
        "month": "2026-11",
        "used": {"rows": 5, "times": 2},
    }
    december = command.json("record", "account", story.grant_id, "--month", "2026-12")
    assert december["month"]["used"] == {"rows": 0, "times": 0}
    assert as_json["unused"] == ["b", "c"]


def test_of_what_is_no_service_no_month_is_counted(command: Command, world: World) -> None:
    story = told(world)
    shown = command.ok("record", "account", story.grant_id)
    assert "answered" not in shown
    assert "0 times, 0 rows" in shown


def test_what_is_no_right_or_no_month_is_said(command: Command, world: World) -> None:
    assert "no grant `x`" in command.fails("record", "account", "x")
    story = told(world)
    wrong = ("record", "account", story.grant_id, "--month", "11/2026")
    assert "is no date" in command.fails(*wrong)
