"""What would be a finding against whoever signs is asked about once; `--anyway` insists."""

import pytest

from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

PROVIDER, CONSUMER = "transport/main", "health/main"
DISCOVERED = ("--discovered-at", "2026-11-23T00:00:00Z", "--text", "a lost disk")


@pytest.fixture
def story(world: World) -> Story:
    """`flights` is released."""
    told = Story()
    told.world = world
    return told.publish()


def asks_then_does(command: Command, code: str, *line: object, writer: str) -> None:
    """The command ends without signing; with `--anyway` it signs, and the finding is the one."""
    before = len(command.node.world.leaves)
    said = command.fails(*line, writer=writer)
    assert f"error: this would be a finding {code}: " in said
    assert "or insist with --anyway" in said
    assert len(command.node.world.leaves) == before
    done = command.json(*line, "--anyway", writer=writer)
    assert [one["code"] for one in done["records"][-1]["findings"]] == [code]


def test_an_answer_narrower_than_asked_without_a_ground(command: Command, story: Story) -> None:
    request = ("record", "grant", "--request", story.ask())
    asks_then_does(command, "conditions-added", *request, "--fields", "a", writer=PROVIDER)


def test_a_narrowing_without_a_ground(command: Command, story: Story) -> None:
    amend = ("record", "amend", story.grant(), "--fields", "a")
    asks_then_does(command, "terms-narrowed", *amend, writer=PROVIDER)


def test_an_end_brought_forward(command: Command, story: Story) -> None:
    amend = ("record", "amend", story.grant(), "--not-after")
    sooner = (*amend, "2027-01-31", "--ground", "not-held")
    asks_then_does(command, "ended-at-will", *sooner, writer=PROVIDER)
    command.ok(*amend, "2027-01-15", "--ground", "security", writer=PROVIDER)


def test_all_columns_by_their_names_are_no_narrowing(command: Command, story: Story) -> None:
    done = command.json("record", "amend", story.grant(), "--fields", "a,b,c", writer=PROVIDER)
    assert done["records"][0]["findings"] == []


def test_a_revocation_without_consultation(command: Command, story: Story) -> None:
    revoke = ("record", "revoke", story.grant(), "--ground", "purpose-fulfilled")
    asks_then_does(command, "ended-at-will", *revoke, writer=PROVIDER)


def test_a_revocation_for_a_breach_needs_none(command: Command, story: Story) -> None:
    revoke = ("record", "revoke", story.grant(), "--ground", "breach")
    assert command.json(*revoke, writer=PROVIDER)["records"][0]["findings"] == []


def test_a_use_of_columns_that_there_are_not(command: Command, story: Story) -> None:
    grant = story.grant()
    log = command.folder / "log.csv"
    log.write_text(f"at,rows\n{story.world.now},1\n", encoding="utf-8")
    use = ("record", "use", log, "--grant", grant, "--operation", "query", "--fields", "a,wrd")
    said = command.fails(*use, writer=CONSUMER)
    assert "`flights` has no column wrd" in said
    assert "hint: its columns are a, b, c" in said
    done = command.json(*use, "--anyway", writer=CONSUMER)
    assert len(done["records"]) == 1


def test_a_delivery_before_the_right_was_in_force(command: Command, story: Story) -> None:
    deliver = ("record", "deliver", story.grant(), "--rows", "1", "--mode", "service")
    early = ("--started-at", "2026-01-01", "--ended-at", story.world.now)
    asks_then_does(command, "delivered-without-grant", *deliver, *early, writer=PROVIDER)


def test_an_incident_with_data_that_there_is_not(command: Command, story: Story) -> None:
    leak = ("case", "incident", "leak", "--stage", "store", *DISCOVERED)
    asks_then_does(command, "unknown-reference", *leak, "--datasets", "flightz", writer=CONSUMER)
    assert story.world.value("dataset/flightz") is None
    right = command.json(*leak, "--datasets", "flights", writer=CONSUMER)
    assert right["records"][0]["findings"] == []
