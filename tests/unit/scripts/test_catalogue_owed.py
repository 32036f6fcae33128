"""What a provider owes its catalogue, as `blockpool case` tells it."""

from pathlib import Path

import pytest

from contracts.values import Case
from ledger.records.genesis import Parameters
from tests.story import Story
from tests.unit.scripts.conftest import YEAR_MS, Command
from tests.world import World


@pytest.fixture
def world() -> World:
    """A ledger that asks for updates and confirmations in time."""
    return World.genesis(
        parameters=Parameters(clock_skew_ms=YEAR_MS, confirm_days=250, update_days=5)
    )


def test_a_duty_says_of_what_it_is(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish(frequency="daily")
    listed = command.ok("case", "list", "--workflow", "update", "--state", "expected")
    assert "flights" in listed
    listed = command.ok("case", "list", "--workflow", "confirmation")
    assert "transport" in listed


def test_an_entry_of_a_sheet_meets_the_demand_it_names(
    command: Command, world: World, tmp_path: Path
) -> None:
    table, sheet = tmp_path / "flights.csv", tmp_path / "catalogue.csv"
    table.write_text("carrier\nAA\n", encoding="utf-8")
    opened = command.json("case", "open", "demand", "--text", "who flies", writer="health/main")
    (demand,) = [one["id"] for one in opened["created"]]
    command.ok("case", "step", "assign", demand, "--member", "transport", writer="steward/main")
    filled = ("category=traffic", "sharing=conditional", "system=tower", "frequency=daily",
              "purposes=health", "operations=read", f"demand={demand}")  # fmt: skip
    options = [option for one in filled for option in ("--set", one)]
    command.ok("catalogue", "scan", table, "--out", sheet, *options)
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    assert "assigned" in command.ok("case", "show", demand)
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    assert "entry/flights" in command.ok("case", "show", demand)
    case = world.value(f"case/{demand}")
    assert isinstance(case, Case)
    assert case.state == "met"
