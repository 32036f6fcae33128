"""`blockpool case open` and `blockpool case incident`, and the steps that name something."""

import pytest

from contracts.values import Case, EntryTerms
from tests import bodies
from tests.unit.scripts.conftest import Command
from tests.world import World


@pytest.fixture
def released(world: World) -> str:
    """A version of `flights`; its digest is that of its contents."""
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry())
    world.accept(entry)
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    world.accept(world.sign("transport/main", bodies.release()))
    return "flights@1"


def case_of(world: World, case: str) -> Case:
    value = world.value(f"case/{case}")
    assert isinstance(value, Case)
    return value


def test_a_correction_is_asked_for_and_made(command: Command, world: World, released: str) -> None:
    opened = command.json(
        "case", "open", "correction", "--release", released, "--text", "minutes, not hours",
        writer="health/main",
    )  # fmt: skip
    (case,) = [one["id"] for one in opened["created"]]
    assert case_of(world, case).subject == "release/flights/1"
    assert "flights@1" in command.ok("case", "list", "--workflow", "correction")
    assert "step --release" in command.ok("case", "show", case)
    refused = command.fails("case", "step", "correct", case, writer="transport/main")
    assert "reference-wrong" in refused
    second = bodies.release(bodies.correcting_item())
    world.accept(world.sign("transport/main", second))
    command.ok("case", "step", "correct", case, "--release", "flights@2", writer="transport/main")
    assert "release/flights/2" in command.ok("case", "show", case)


def test_a_case_is_named_by_the_record_that_opened_it(
    command: Command, world: World, released: str
) -> None:
    assert released
    entry = world.value("entry/flights")
    assert isinstance(entry, EntryTerms)
    asked = world.sign("health/main", bodies.request(bodies.request_item(entry.record)))
    world.accept(asked)
    refusal = bodies.case_step("refuse", f"{asked.digest}-0", ground="not-held")
    world.accept(world.sign("transport/main", refusal))
    said = ("case", "open", "dispute", "--text", "it is held", "--case")
    opened = command.json(*said, asked.digest, writer="health/main")
    (case,) = [one["id"] for one in opened["created"]]
    assert case_of(world, case).subject == f"case/{asked.digest}-0"
    told = command.fails(*said, entry.record[:-1] + "0", writer="health/main")
    assert "not-found" in told
    schema = world.sign("weather/main", bodies.schema("x"))
    world.accept(schema)
    told = command.fails(*said, schema.digest, writer="health/main")
    assert "is a record; it opened no case" in told


def test_a_demand_is_assigned_and_met(command: Command, world: World, released: str) -> None:
    assert released
    opened = command.json(
        "case", "open", "demand", "--text", "who flies where", writer="health/main"
    )
    (case,) = [one["id"] for one in opened["created"]]
    command.ok("case", "step", "assign", case, "--member", "transport", writer="steward/main")
    command.ok("case", "step", "meet", case, "--dataset", "flights", writer="transport/main")
    assert case_of(world, case).answer == "entry/flights"


def test_an_order_goes_to_every_member_listed(command: Command, world: World) -> None:
    opened = command.json(
        "case", "open", "inspection", "--against", "weather, health", "--days", "5",
        "--text", "yearly", writer="audit/main",
    )  # fmt: skip
    created = [(one["id"][-2:], one["what"]) for one in opened["created"]]
    assert created == [("-0", "inspection: health"), ("-1", "inspection: weather")]
    told = command.ok("explain", opened["records"][0]["digest"])
    for said in ("audit opens: inspection. yearly", "against: health, weather", "within 5 working"):
        assert said in told
    refused = command.fails(
        "case", "open", "inspection", "--against", "weather", "--text", "x", writer="health/main"
    )
    assert "not-your-office" in refused


def test_a_finding_is_settled_with_all_whom_it_accuses(
    command: Command, world: World, released: str
) -> None:
    assert released
    use = world.sign("health/main", bodies.usage(None, world.now))
    world.accept(use)
    line = (
        "case", "open", "rectification", "--case", f"{use.digest}-no-effective-grant",
        "--against", "weather", "--text", "look after what is yours",
    )  # fmt: skip
    refused = command.fails(*line, "--settles", writer="steward/main")
    assert "not-accused: health" in refused
    assert "else leave it out" in refused
    opened = command.json(*line, writer="steward/main")
    assert [one["what"] for one in opened["created"]] == ["rectification: weather"]


def test_a_dispute_says_what_it_is_about(command: Command, world: World) -> None:
    world.accept(world.sign("health/main", bodies.opening("demand")))
    (row,) = command.json("case", "list", "--workflow", "demand")
    demand = str(row["id"])
    command.ok("case", "step", "assign", demand, "--member", "weather", writer="steward/main")
    command.ok(
        "case", "open", "dispute", "--case", demand, "--text", "too slow", writer="health/main"
    )
    assert "a case: demand" in command.ok("case", "list", "--workflow", "dispute")


def test_what_cannot_be_read_is_told(command: Command, released: str) -> None:
    assert released
    for release, told in (("flights", "flights@2"), ("flights@7", "has no version 7")):
        shown = command.fails(
            "case", "open", "correction", "--release", release, "--text", "x", writer="health/main"
        )
        assert told in shown
    unknown = command.fails("case", "open", "war", "--text", "x", writer="health/main")
    assert "none of complaint, correction" in unknown


def test_an_incident_is_reported(command: Command, world: World) -> None:
    done = command.json(
        "case", "incident", "leak", "--stage", "transfer", "--datasets", "flights",
        "--discovered-at", "2026-11-23T00:00:00Z", "--people", "12", "--text", "a lost disk",
        "--anyway", writer="health/main",
    )  # fmt: skip
    (case,) = [one["id"] for one in done["created"]]
    assert case_of(world, case).workflow == "incident"
    told = command.ok("explain", case.partition("-")[0])
    for said in (
        "with health: leak, stage: transfer",
        "a lost disk",
        "people concerned: 12",
        "R708",
    ):
        assert said in told
    codes = [finding["code"] for one in done["records"] for finding in one["findings"]]
    assert "unknown-reference" in codes
