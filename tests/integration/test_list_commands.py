# ruff: noqa: E501  a row of a table is a line
"""The commands that list and tell, against a real node: as at now and as at a past moment."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec import json as msgspec_json
from typer.testing import CliRunner, Result

from contracts.values import _DECODERS, Case
from node.client import Client
from scripts.explain.sources import NodeSource
from scripts.main import app
from tests.node_process import node_process
from tests.nodes import close, open_replica
from tests.served import settings_in
from tests.unit.node.test_views import history
from tests.world import World

WIDTH: Final = "400"


@pytest.fixture(scope="module")
def world() -> World:
    return history()


@pytest.fixture(scope="module")
def node(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a node answers that has come as far as the world."""
    settings = settings_in(tmp_path_factory.mktemp("node"))
    close(open_replica(settings.database, world))
    with node_process(settings) as process:
        yield process.url


class Command:
    """Runs `blockpool` against the node."""

    def __init__(self, node: str) -> None:
        self._runner = CliRunner(env={"BLOCKPOOL_NODE": node, "COLUMNS": WIDTH})

    def run(self, *arguments: str) -> Result:
        """What a command line came to."""
        return self._runner.invoke(app, list(arguments))

    def ok(self, *arguments: str) -> str:
        """What a command that succeeds prints."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """What it prints as JSON."""
        return msgspec_json.decode(self.ok(*arguments, "--json"))


@pytest.fixture
def command(node: str) -> Command:
    return Command(node)


def case_in(world: World, workflow: str, state: str) -> str:
    for key in sorted(world.state.keys("case/")):
        value = world.value(key)
        if isinstance(value, Case) and (value.workflow, value.state) == (workflow, state):
            return key.removeprefix("case/")
    raise LookupError(workflow)


def test_duties_are_listed_by_whom_and_by_what_became_of_them(command: Command) -> None:
    every = command.json("case", "duties")
    assert {"met", "overdue"} <= {one["outcome"] for one in every}
    overdue = command.json("case", "duties", "--outcome", "overdue")
    assert overdue == [one for one in every if one["outcome"] == "overdue"]
    of_steward = command.json("case", "duties", "--member", "steward", "--workflow", "review")
    assert {one["who"] for one in of_steward} == {"@steward"}
    assert command.json("case", "duties", "--as-at", "3") == []
    told = command.ok("case", "duties", "--outcome", "met")
    assert "transport" in told
    assert "overdue" not in told


def test_an_unknown_outcome_is_refused(command: Command) -> None:
    refused = command.run("case", "duties", "--outcome", "late")
    assert refused.exit_code != 0
    assert "outcome" in refused.output


def test_a_case_tells_its_course_until_then(command: Command, world: World) -> None:
    case = case_in(world, "request", "refused")
    told = command.json("case", "show", case)
    assert [one["kind"] for one in told["course"]] == ["request", "step"]
    (first, second) = (one["index"] for one in told["course"])
    shown = command.ok("case", "show", case)
    for word in ("weather/main", "request", "transport/main", "refuse", "not-held"):
        assert word in shown
    before = command.json("case", "show", case, "--as-at", str(second))
    assert (before["value"]["state"], len(before["course"])) == ("open", 1)
    assert {one["name"] for one in before["steps"]} >= {"refuse", "withdraw"}
    missing = command.run("case", "show", case, "--at", str(first))
    assert f"no case {case}" in missing.stderr


def test_a_deadline_that_passed_is_part_of_the_course(command: Command, world: World) -> None:
    overdue = next(
        key.removeprefix("case/").removesuffix("-review-overdue")
        for key in world.state.keys("case/")
        if key.endswith("-review-overdue")
    )
    assert "a deadline passed" in command.ok("case", "show", overdue)


def test_cases_are_listed_as_at_a_past_moment(command: Command) -> None:
    now = command.json("case", "list", "--workflow", "grant")
    assert len(now) > len(command.json("case", "list", "--workflow", "grant", "--as-at", "30"))


def test_a_dataset_is_shown_as_at_a_past_moment(command: Command, world: World) -> None:
    first, second, *_ = [one.head.size for one in world.results if "entry/fused" in one.changes]
    show = ("catalogue", "show", "fused")
    now = command.json(*show)
    assert (now["entry"]["code"], now["releases"]) == ("F-2", 1)
    then = command.json(*show, "--as-at", str(second - 1))
    assert (then["entry"]["code"], then["releases"]) == ("F-1", 0)
    waiting = command.json(*show, "--as-at", str(second - 1), "--draft")
    assert waiting["entry"]["code"] == "F-2"
    assert "no entry of `fused` waits" in command.run(*show, "--draft").stderr
    assert "one waits for the steward" in command.run(*show, "--as-at", str(first - 1)).stderr


def test_deliveries_are_listed_until_they_are_acknowledged(command: Command) -> None:
    (one,) = command.json("record", "deliveries", "--consumer", "health")
    assert one["acknowledged"] is not None
    assert command.json("record", "deliveries", "--open") == []
    assert command.json("record", "deliveries", "--provider", "health") == []
    assert command.json("record", "deliveries", "--grant", one["grant"]) == [one]
    assert "acknowledged in" in command.ok("record", "deliveries")


def test_rights_are_listed_by_where_they_stand(command: Command) -> None:
    every = command.json("record", "grants")
    assert {"ended", "in-force"} <= {one["state"] for one in every}
    for one in every:
        assert (one["state"] == "in-force") == (one["why"] is None)
        assert one["state"] != "in-force" or "endedAt" not in one
    ended = command.json("record", "grants", "--state", "ended")
    assert ended == [one for one in every if one["state"] == "ended"]
    since = next(one for one in ended if "inForceSince" in one)["inForceSince"]
    before = command.json("record", "grants", "--as-at", since)
    assert "ended" not in {one["state"] for one in before}
    assert "is none of" in command.run("record", "grants", "--state", "dead").stderr


def test_the_chain_of_a_right_is_told_as_at_a_past_moment(command: Command) -> None:
    rights = command.json("record", "grants", "--consumer", "health")
    ended = next(one["id"] for one in rights if one.get("endedAt"))
    (link,) = command.json("record", "chain", ended)["chain"]
    assert link["holds"].startswith("the grant ended")
    assert link["uses"] == 3
    since = link["inForceSince"]
    (link,) = command.json("record", "chain", ended, "--as-at", since)["chain"]
    assert (link["holds"], link["uses"]) == ("yes", None)


def test_the_lineage_of_a_dataset_is_told_in_both_directions(command: Command) -> None:
    flights = command.json("catalogue", "lineage", "flights")
    assert flights["up"] == []
    assert {one["dataset"] for one in flights["down"]} == {"fused"}
    assert flights["whole"]
    fused = command.json("catalogue", "lineage", "fused")
    assert fused["up"] == flights["down"]
    told = command.ok("catalogue", "lineage", "fused")
    assert "the release of version 1" in told
    assert "fused is made into nothing else" in told
    before = command.json("catalogue", "lineage", "flights", "--as-at", "30")
    assert before["down"] == []
    unknown = command.run("catalogue", "lineage", "tides")
    assert "no dataset tides" in unknown.stderr


def test_the_catalogue_is_searched_by_words_and_code(command: Command) -> None:
    assert [one["dataset"] for one in command.json("catalogue", "list", "--text", "BESUCHE")] == [
        "fused"
    ]
    assert command.json("catalogue", "list", "--text", "besuche", "--sharing", "withheld") == []
    assert [one["dataset"] for one in command.json("catalogue", "list", "--code", "T-1")] == [
        "flights"
    ]
    assert command.json("catalogue", "list", "--as-at", "3") == []


def test_systems_are_listed_as_at_a_past_moment(command: Command) -> None:
    assert command.json("catalogue", "systems") != []
    assert command.json("catalogue", "systems", "--as-at", "3") == []


def test_steps_are_listed_and_counted_by_ground(command: Command, world: World) -> None:
    case = case_in(world, "request", "refused")
    (refusal,) = command.json("case", "steps", "--workflow", "request", "--step", "refuse")
    assert (refusal["case"], refusal["ground"], refusal["writer"]) == (
        case,
        "not-held",
        "transport/main",
    )
    counts = command.json("case", "steps", "--workflow", "request", "--count-by", "ground")
    assert counts["not-held"] == 1
    approvals = command.json("case", "steps", "--step", "approve", "--member", "steward")
    assert len(approvals) >= 3
    assert "steward/main" in command.ok("case", "steps", "--step", "approve")
    assert command.json("case", "steps", "--ground", "security") == []
    at = refusal["time"]
    assert refusal in command.json("case", "steps", "--since", at)
    assert refusal not in command.json("case", "steps", "--until", at)
    size = str(refusal["index"])
    assert refusal not in command.json("case", "steps", "--as-at", size)
    assert command.run("case", "steps", "--count-by", "colour").exit_code != 0


def test_findings_are_listed_by_accused_code_and_state(command: Command) -> None:
    every = command.json("case", "findings")
    assert {one["finding"]["code"] for one in every} >= {"no-effective-grant", "review-overdue"}
    (late,) = command.json("case", "findings", "--accused", "steward")
    assert late["finding"]["code"] == "review-overdue"
    assert command.json("case", "findings", "--state", "closed") == []
    told = command.ok("case", "findings", "--code", "review-overdue")
    assert "steward" in told
    assert "no-effective-grant" not in told


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        ("steps --step refuse", ("when", "request", "refuse  not-held"), ("时间", "共享申请 request", "不同意共享 refuse", "不掌握该数据 not-held")),
        ("steps --step refuse --count-by ground", ("ground", "not-held"), ("步骤数", "不掌握该数据 not-held")),
        ("steps --step refuse --count-by member", ("member", "transport"), ("步骤数", "transport")),
        ("steps --step refuse --count-by step", ("step", "refuse"), ("步骤数", "不同意共享 refuse")),
        ("steps --step refuse --count-by workflow", ("workflow", "request"), ("步骤数", "共享申请 request")),
        ("duties --outcome met", ("outcome", "met", "transport"), ("履行情况", "按期完成 met", "transport")),
        ("duties --workflow review", ("@steward",), ("政务数据共享主管部门 @steward",)),
        ("findings", ("review-overdue", "raised"), ("review-overdue", "已提出 raised", "被疑方")),
    ],
)  # fmt: skip
def test_steps_duties_and_findings_are_read_in_chinese(
    command: Command, arguments: str, english: tuple[str, ...], chinese: tuple[str, ...]
) -> None:
    for lang, words in (("en", english), ("zh", chinese)):
        told = command.ok("case", *arguments.split(), "--lang", lang)
        for word in words:
            assert word in told
    as_json = command.json("case", *arguments.split(), "--lang", "zh")
    assert as_json == command.json("case", *arguments.split())


@pytest.mark.parametrize("prefix", sorted(_DECODERS))
def test_of_whatever_is_explained_the_past_is_asked_where_a_node_keeps_it(
    node: str, world: World, prefix: str
) -> None:
    """A node refuses to tell of a past it does not keep."""
    key = next(iter(sorted(world.state.keys(prefix))), f"{prefix}/none")
    with Client(node) as client:
        NodeSource(client, node, "3").get(key)
        value = NodeSource(client, node, str(world.head.size)).get(key)
    assert value == world.value(key)


def test_members_are_listed_by_status_and_role(command: Command, world: World) -> None:
    every = [one["id"] for one in command.json("govern", "members")]
    assert every == [key.removeprefix("member/") for key in sorted(world.state.keys("member/"))]
    stewards = command.json("govern", "members", "--role", "steward")
    assert [one["id"] for one in stewards] == ["steward"]
    assert command.json("govern", "members", "--status", "removed") == []
    told = command.ok("govern", "members", "--as-at", "2")
    assert "transport" in told
    assert "committee, sequencer, steward" in told
