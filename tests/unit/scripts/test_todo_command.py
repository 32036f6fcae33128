"""`blockpool todo`: what waits for whom by when; its commands do what they say."""

import shlex

import pytest
from msgspec.structs import replace
from typer.core import TyperGroup
from typer.main import get_command

from contracts.tasks import Task
from contracts.values import Case
from contracts.workflows import WORKFLOWS
from ledger.records import KIND_OF_NAME
from ledger.records.governance import RemoveMember, SucceedMember
from scripts.main import app
from scripts.todo.steps import COMMANDS, command_of
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

DAY_MS = 86_400_000


@pytest.fixture
def request_id(world: World) -> str:
    """The case of a request that transport has to answer."""
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry())
    world.accept(entry)
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    asked = world.sign("health/main", bodies.request(bodies.request_item(entry.digest)))
    world.accept(asked)
    return f"{asked.digest}-0"


def test_it_says_what_to_do_by_when(command: Command, request_id: str) -> None:
    told = command.ok("todo", "--member", "transport")
    for words in ("request for one dataset: flights", "must", "refuse", "provider", "10", "health"):
        assert words in told
    assert (
        f"1  blockpool case step refuse {request_id} --ground GROUND  # legal-restriction, " in told
    )
    assert f"     blockpool record grant --request {request_id}\n" in told
    assert "  2  " not in told, "one case is one line"


def test_in_chinese(command: Command, request_id: str) -> None:
    told = command.ok("todo", "--member", "transport", "--lang", "zh")
    for words in ("共享申请: flights", "应办", "不同意共享", "数据提供部门", request_id):
        assert words in told
    assert command.ok("todo", "--member", "weather", "--lang", "zh") == "没有待办\n"


def test_what_is_overdue_says_so(command: Command, world: World, request_id: str) -> None:
    world.block(at=world.later(30 * DAY_MS))
    assert request_id in command.ok("todo", "--member", "transport", "--must")
    first, *_ = command.json("todo", "--member", "transport")
    assert first["task"]["urgency"] == "overdue"
    assert "overdue" in command.ok("todo", "--member", "transport")


def test_the_command_it_shows_takes_the_step(
    command: Command, world: World, request_id: str
) -> None:
    grant = next(
        one["command"]
        for one in command.json("todo", "--must", writer="transport/main")
        if one["task"]["step"] == "grant"
    )
    name, *arguments = shlex.split(grant)
    assert name == "blockpool"
    command.ok(*arguments, writer="transport/main")
    case = world.value(f"case/{request_id}")
    assert isinstance(case, Case)
    assert case.state == "granted"
    assert command.ok("todo", "--must", writer="transport/main") == "nothing to do\n"


def test_what_has_no_deadline_is_not_nothing(command: Command, request_id: str) -> None:
    assert request_id in command.ok("todo", "--member", "health")
    told = command.ok("todo", "--must", "--member", "health")
    assert told == "nothing has a deadline; may be done without --must: 1\n"
    assert command.ok("todo", "--must", "--member", "audit") == "nothing to do\n"


def test_it_is_for_the_writer_unless_another_member_is_named(
    command: Command, request_id: str
) -> None:
    own = command.json("todo", writer="health/main")
    assert {one["task"]["step"] for one in own} == {"withdraw", "take-up"}
    other = command.json("todo", "--member", "transport", writer="health/main")
    assert {one["task"]["step"] for one in other} >= {"refuse", "grant"}
    assert "whose tasks?" in command.fails("todo", code=2)


def test_it_says_if_the_right_does_not_hold(command: Command, world: World) -> None:
    """Health passes on what it then ends."""
    deep = replace(bodies.TERMS, delegable=1)
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry(conditions=deep))
    world.accept(entry)
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    given = world.sign("transport/main", bodies.grant(bodies.grant_item("health", terms=deep)))
    world.accept(given)
    grant_id = f"{given.digest}-0"
    world.accept(world.sign("health/main", bodies.acceptance(grant_id)))
    world.accept(world.sign("health/main", bodies.delegation(grant_id, "weather")))
    assert "does not hold" not in command.ok("todo", "--member", "weather")
    world.accept(world.sign("health/main", bodies.case_step("end", grant_id)))
    told = command.ok("todo", "--member", "weather")
    assert "not now, the right does not hold: the grant ended at" in told
    assert "授权并非有效：授权已于" in command.ok("todo", "--member", "weather", "--lang", "zh")


def test_what_a_supplement_must_say(command: Command, world: World, request_id: str) -> None:
    asked = bodies.case_step("ask-supplement", request_id, note="which wards?")
    world.accept(world.sign("transport/main", asked))
    assert "what was asked: which wards?" in command.ok("todo", "--member", "health")
    assert "要求补正：which wards?" in command.ok("todo", "--member", "health", "--lang", "zh")


def test_what_was_delivered_is_to_be_acknowledged(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    grant = story.publish().grant()
    first = story.says("transport/main", bodies.delivery(grant, world.now)).digest
    told = command.ok("todo", "--member", "health")
    assert "delivered: flights (times: 1)" in told
    assert f"blockpool record receive {first} FILE --rows ROWS" in told
    story.says("transport/main", bodies.delivery(grant, world.now, rows=2))
    told = command.ok("todo", "--member", "health")
    assert "delivered: flights (times: 2)" in told
    listed = next(line for line in told.splitlines() if "record deliveries" in line)
    assert "health" in command.ok(*shlex.split(listed)[2:])
    assert [one["handed"]["provider"] for one in command.json("todo", "--member", "health")
            if "handed" in one] == ["transport"]  # fmt: skip
    assert "delivered" not in command.ok("todo", "--member", "health", "--must")


def test_what_is_returned_is_to_be_mended(command: Command, world: World) -> None:
    world.accept(world.sign("transport/main", bodies.schema()))

    def submitted(**changes: object) -> str:
        entry = world.sign("transport/main", bodies.entry(**changes))
        world.accept(entry)
        return entry.digest

    returned = bodies.case_step("return", submitted(), ground="incomplete", note="what is a ward?")
    world.accept(world.sign("steward/main", returned))
    told = command.ok("todo", "--member", "transport")
    for words in ("flights (returned)", "mend and publish again", "incomplete: what is a ward?"):
        assert words in told
    assert "修改后重新提交" in command.ok("todo", "--member", "transport", "--lang", "zh")
    listed = command.ok("catalogue", "list", "--provider", "transport")
    assert "returned by the steward" in listed
    assert "what is a ward?" in listed
    (one,) = command.json("todo", "--member", "transport", "--as-at", "9")
    assert one["returned"]["dataset"] == "flights"
    again = submitted(title="mended")
    told = command.ok("todo", "--member", "steward")
    assert "what is approved: blockpool catalogue show flights --draft" in told
    assert "returned" not in command.ok("todo", "--member", "transport")
    assert "returned" not in command.ok("catalogue", "list", "--provider", "transport")
    world.accept(world.sign("steward/main", bodies.case_step("approve", again)))
    assert "flights (returned)" not in command.ok("todo", "--member", "transport")


def test_what_is_owed_by_those_merged_into_it(command: Command, world: World) -> None:
    """Transport, asked by health, is merged into weather: what it owes waits for weather."""
    story = Story()
    story.world = world
    request = story.publish().ask()
    assert request not in command.ok("todo", "--member", "weather")
    merger = SucceedMember(member="transport", successor="weather")
    proposed = story.says("audit/main", bodies.proposal(merger, world.later(DAY_MS)))
    for voter in ("audit/main", "health/main"):
        story.says(voter, bodies.ballot(proposed.digest))
    told = command.ok("todo", "--member", "weather")
    for words in (request, "provider, for transport", "sign as transport/…"):
        assert words in told
    assert "以 transport/… 签名" in command.ok("todo", "--member", "weather", "--lang", "zh")
    (own, *_) = command.json("todo", "--member", "weather")
    assert own["task"]["member"] == "transport"


def test_a_vote_says_on_what(command: Command, world: World) -> None:
    removal = bodies.proposal(RemoveMember(member="weather"), world.later(DAY_MS))
    world.accept(world.sign("audit/main", removal))
    told = command.ok("todo", "--member", "health")
    assert "action put to the vote: remove-member weather" in told
    assert "remove-member weather" in command.ok("case", "list", "--workflow", "proposal")


def a_task(record: str, step: str = "reply", workflow: str = "grant") -> Task:
    return Task(
        case="0" * 64,
        duty="may",
        member="health",
        part="provider",
        record=record,
        state="open",
        step=step,
        subject="grant/" + "0" * 64,
        workflow=workflow,
    )


def test_every_command_exists() -> None:
    for known_as in COMMANDS:
        workflow, _, record = known_as.rpartition("/")
        assert record in KIND_OF_NAME
        assert workflow in {"", *WORKFLOWS}
        line = command_of(a_task(record, workflow=workflow))
        command = get_command(app)
        known: set[str] = set()
        for name in shlex.split(line, comments=True)[1:]:
            if isinstance(command, TyperGroup):
                command = command.commands[name]
                known = {option for parameter in command.params for option in parameter.opts}
            elif name.startswith("-"):
                assert name in known, line


def test_every_step_has_a_command() -> None:
    for row in (row for one in WORKFLOWS.values() for row in one.steps):
        assert row.by in COMMANDS
        assert command_of(a_task(row.by, row.name)).startswith("blockpool ")
