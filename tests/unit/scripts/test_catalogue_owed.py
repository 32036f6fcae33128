"""What a provider owes its catalogue, as `blockpool case` tells it."""

import pytest

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
