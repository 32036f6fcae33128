"""`blockpool todo`, of what is owed under rights and about findings: its commands can be typed."""

import shlex

import pytest

from ledger.records.genesis import Parameters
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import YEAR_MS, Command
from tests.world import World


@pytest.fixture
def world() -> World:
    asked = Parameters(clock_skew_ms=YEAR_MS, emergency_days=10, supply_days=20, use_days=20)
    return World.genesis(parameters=asked)


@pytest.fixture
def story(world: World) -> Story:
    played = Story()
    played.world = world
    return played.publish()


def commands(command: Command, member: str, workflow: str) -> dict[str, str]:
    """By step, what to type in the cases of a workflow."""
    rows = command.json("todo", "--member", member)
    return {
        one["task"]["step"]: one["command"] for one in rows if one["task"]["workflow"] == workflow
    }


def test_to_end_a_right_names_the_right(command: Command, story: Story) -> None:
    grant = story.grant()
    ending = commands(command, "transport", "supply")["drop"]
    assert ending == f"blockpool record revoke {grant} --ground GROUND"
    typed = shlex.split(ending.replace("GROUND", "purpose-fulfilled"))[1:]
    told = command.ok("todo", "--member", "transport")
    assert "record revoke ends the right: under it nothing is owed any more" in told
    assert "不再要求交付" in command.ok("todo", "--member", "transport", "--lang", "zh")
    command.ok(*typed, "--anyway", writer="transport/main")
    assert story.state_of(f"{grant}-supply") == "dropped"
    assert "ends the right" not in command.ok("todo", "--member", "transport")


def test_formalities_name_the_request_that_completes_them(command: Command, story: Story) -> None:
    grant = story.in_emergency()
    request = story.formalities()
    completing = commands(command, "transport", "formalities")["complete"]
    assert completing == f"blockpool record grant --request {request}"
    assert "REQUEST" not in command.ok("todo", "--member", "transport")
    command.ok(*shlex.split(completing)[1:], writer="transport/main")
    assert story.state_of(f"{grant}-formalities") == "completed"


def test_under_a_right_that_is_over_nothing_is_to_be_handed_over(
    command: Command, story: Story
) -> None:
    """What was used before can still be reported."""
    grant = story.grant()
    assert "deliver" in commands(command, "transport", "first-use")
    story.says("transport/main", bodies.revocation(grant, ground="breach"))
    assert commands(command, "transport", "first-use") == {}
    assert "report-use" in commands(command, "health", "first-use")


def test_an_order_tells_the_finding_it_rests_on_and_who_waits(
    command: Command, story: Story
) -> None:
    use = story.says("health/main", bodies.usage(None, story.world.now))
    finding = f"{use.digest}-no-effective-grant"
    story.says("audit/main", bodies.opening("rectification", "health", case=finding))
    told = command.ok("todo", "--member", "health")
    row = next(one for one in told.splitlines() if "no-effective-grant" in one and "report" in one)
    assert "auditor" in row
    assert f"the finding it rests on: blockpool case show {finding}" in told
    assert "所依据的疑点见：" in command.ok("todo", "--member", "health", "--lang", "zh")
