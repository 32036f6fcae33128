"""`blockpool case`: who waits for what, and steps in one case or many."""

import pytest

from contracts.values import Case
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


@pytest.fixture
def review(world: World) -> str:
    """The case of an entry that waits for its review."""
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry())
    world.accept(entry)
    return entry.digest


def state_of(world: World, case: str) -> str:
    value = world.value(f"case/{case}")
    assert isinstance(value, Case)
    return value.state


def test_cases_are_listed_and_filtered(command: Command, review: str) -> None:
    (row,) = command.json("case", "list", "--workflow", "review", "--party", "transport")
    assert (row["id"], row["state"]) == (review, "submitted")
    assert command.json("case", "list", "--state", "approved") == []
    listed = command.ok("case", "list")
    assert review in listed
    assert "flights" in listed


def test_a_case_says_who_may_take_which_step(command: Command, review: str) -> None:
    shown = command.ok("case", "show", review)
    for told in ("review of a catalogue entry", "transport (provider)", "approve", "steward"):
        assert told in shown
    steps = command.json("case", "show", review)["steps"]
    assert {one["name"] for one in steps} == {"approve", "return", "supersede"}
    assert "no case" in command.fails("case", "show", "0" * 64)


def test_a_case_in_chinese(command: Command, world: World, review: str) -> None:
    shown = command.ok("case", "show", review, "--lang", "zh")
    for told in (
        "目录条目审核", "待审核 submitted", "transport（数据提供部门）", "审核通过 approve",
        "政务数据共享主管部门", "内容不完整 incomplete",
    ):  # fmt: skip
        assert told in shown
    returned = bodies.case_step("return", review, ground="incomplete", note="缺摘要")
    world.accept(world.sign("steward/main", returned))
    shown = command.ok("case", "show", review, "--lang", "zh")
    for told in ("退回 return", "内容不完整 incomplete", "缺摘要", "办理人"):
        assert told in shown


def test_a_step_is_taken_by_whom_it_is_for(command: Command, world: World, review: str) -> None:
    refused = command.fails("case", "step", "approve", review, writer="health/main")
    assert "not-your-step" in refused
    assert "hint: blockpool case show lists who may take which step" in refused
    no_ground = command.fails("case", "step", "return", review, writer="steward/main")
    assert "ground-missing" in no_ground
    command.ok(
        "case", "step", "return", review, "--ground", "incomplete", "--note", "no summary",
        writer="steward/main",
    )  # fmt: skip
    assert state_of(world, review) == "returned"
    late = command.fails("case", "step", "approve", review, writer="steward/main")
    assert "wrong-state" in late


def test_all_pending_cases_are_taken_at_once(command: Command, world: World, review: str) -> None:
    other = world.sign("weather/main", bodies.entry(dataset="storms"))
    world.accept(other)
    done = command.json("case", "step", "approve", "--pending", writer="steward/main")
    assert {one["id"] for one in done["created"]} == {review, other.digest}
    assert len(done["records"]) == 1
    assert {state_of(world, one) for one in (review, other.digest)} == {"approved"}
    nothing = command.fails("case", "step", "approve", "--pending", writer="steward/main")
    assert "no case waits for the step approve" in nothing


def test_the_cases_are_named_or_all_are_meant(command: Command, review: str) -> None:
    command.fails("case", "step", "approve", writer="steward/main", code=2)
    command.fails("case", "step", "approve", review, "--pending", writer="steward/main", code=2)


def test_a_step_there_is_not_is_told_with_those_there_are(
    command: Command, review: str, world: World
) -> None:
    told = command.fails("case", "step", "deny", review, writer="steward/main")
    assert "review of a catalogue entry: there is no step `deny`" in told
    assert "possible now: approve, return" in told
    told = command.fails("case", "step", "aprove", review, writer="steward/main")
    assert "did you mean approve?" in told
    told = command.fails("case", "step", "supersede", review, writer="transport/main")
    assert "is taken with a record of its own: blockpool catalogue publish" in told


def test_a_step_with_a_record_of_its_own_is_told_as_it_is_typed(
    command: Command, world: World
) -> None:
    story = Story()
    story.world = world
    request = story.publish().ask()
    told = command.fails("case", "step", "grant", request, writer="transport/main")
    assert f"a record of its own: blockpool record grant --request {request}" in told
