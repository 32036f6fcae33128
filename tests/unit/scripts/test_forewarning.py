"""What would be a finding against whoever signs is asked about once; `--anyway` insists."""

import pytest
from msgspec.structs import replace

from contracts.values import Case, Ledger
from tests import bodies
from tests.story import Story
from tests.unit.contracts.test_rulings import opened, ruled
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


def case_of(story: Story, case: str) -> Case:
    value = story.world.value(f"case/{case}")
    assert isinstance(value, Case)
    return value


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


def test_a_use_for_a_purpose_that_there_is_not(command: Command, story: Story) -> None:
    log = command.folder / "log.csv"
    log.write_text(f"at,rows\n{story.world.now},1\n", encoding="utf-8")
    use = ("record", "use", log, "--grant", story.grant(), "--operation", "query", "--fields", "a")
    said = command.fails(*use, "--purpose", "helth", writer=CONSUMER)
    assert "`helth` is no purpose that the ledger has adopted" in said
    command.ok(*use, "--purpose", "health.audit", writer=CONSUMER)


def test_a_delivery_before_the_right_was_in_force(command: Command, story: Story) -> None:
    deliver = ("record", "deliver", story.grant(), "--rows", "1")
    early = ("--started-at", "2026-01-01", "--ended-at", story.world.now)
    asks_then_does(command, "delivered-without-grant", *deliver, *early, writer=PROVIDER)


def test_more_rows_handed_over_than_there_are(command: Command, story: Story) -> None:
    deliver = ("record", "deliver", story.grant(), "--rows", "10000", "--ended-at")
    asks_then_does(command, "delivery-differs", *deliver, story.world.now, writer=PROVIDER)


def test_reports_on_a_right_of_somebody_else(command: Command, story: Story) -> None:
    dispose = ("record", "dispose", story.grant(), "--disposed-at", story.world.now)
    asks_then_does(command, "grant-unknown", *dispose, writer="weather/main")
    span = ("--started-at", story.world.now, "--ended-at", story.world.now)
    effect = ("record", "effect", story.grant_id, "--text", "fewer queues", *span)
    asks_then_does(command, "grant-unknown", *effect, writer="weather/main")


def test_a_receipt_of_what_was_handed_to_somebody_else(command: Command, story: Story) -> None:
    grant = story.grant()
    delivery = story.says(PROVIDER, bodies.delivery(grant, story.world.now)).digest
    receive = ("record", "receive", delivery, "--rows", "10")
    asks_then_does(command, "delivery-unknown", *receive, writer="weather/main")


def test_two_sides_that_count_differently_are_not_asked(command: Command, story: Story) -> None:
    """Or whoever received less would be led to say what the other says."""
    grant = story.grant()
    delivery = story.says(PROVIDER, bodies.delivery(grant, story.world.now)).digest
    receive = ("record", "receive", delivery, "--rows", "9")
    done = command.json(*receive, writer=CONSUMER)
    assert [one["code"] for one in done["records"][0]["findings"]] == ["counts-differ"]


def test_a_refusal_that_the_catalogue_contradicts(command: Command, story: Story) -> None:
    ledger = story.world.value("ledger")
    assert isinstance(ledger, Ledger)
    weighed = replace(ledger, parameters=replace(ledger.parameters, answers_weighed=True))
    story.world.state.commit({"ledger": weighed})
    refuse = ("case", "step", "refuse", story.ask(), "--ground", "not-held")
    asks_then_does(command, "refusal-unfounded", *refuse, writer=PROVIDER)


def test_what_would_be_refused_is_left_to_the_node(command: Command, story: Story) -> None:
    revoke = ("record", "revoke", story.grant(), "--ground", "purpose-fulfilled")
    said = command.fails(*revoke, writer="weather/main")
    assert "not-provider" in said
    assert "this would be a finding" not in said


def test_an_incident_with_data_that_there_is_not(command: Command, story: Story) -> None:
    leak = ("case", "incident", "leak", "--stage", "store", *DISCOVERED)
    asks_then_does(command, "unknown-reference", *leak, "--datasets", "flightz", writer=CONSUMER)
    assert story.world.value("dataset/flightz") is None
    right = command.json(*leak, "--datasets", "flights", writer=CONSUMER)
    assert right["records"][0]["findings"] == []


def test_a_refusal_against_a_ruling_tells_what_still_works(command: Command, story: Story) -> None:
    request = story.ask()
    story.steps(PROVIDER, "refuse", request, "not-held")
    said = bodies.opening("dispute", case=request)
    dispute = f"{story.says(CONSUMER, said).digest}-0"
    story.steps(PROVIDER, "answer", dispute)
    story.steps(CONSUMER, "escalate", dispute)
    story.steps("steward/main", "rule", dispute, "upheld")
    due = case_of(story, dispute).due
    assert due is not None
    story.world.block(at=due)
    assert case_of(story, request).state == "reopened"
    refuse = ("case", "step", "refuse", request, "--ground", "legal-restriction")
    told = command.fails(*refuse, writer=PROVIDER)
    assert "blockpool record grant --request REQUEST" in told
    asks_then_does(command, "refused-against-ruling", *refuse, writer=PROVIDER)
    assert "wrong-state" in command.fails("record", "grant", "--request", request, writer=PROVIDER)
    command.ok("record", "grant", "flights", "--members", "health", writer=PROVIDER)


def ordered(story: Story) -> tuple[str, str]:
    """A finding about a use without a right, confirmed, and an order that rests on it."""
    use = story.says(CONSUMER, bodies.usage(None, story.world.now))
    finding = f"{use.digest}-no-effective-grant"
    story.steps(CONSUMER, "reply", finding)
    story.steps("audit/main", "confirm", finding)
    order = bodies.opening("rectification", "health", case=finding)
    order_id = f"{story.says('audit/main', order).digest}-0"
    story.steps(CONSUMER, "rectify", finding)
    return finding, order_id


def test_who_closes_a_finding_is_told_of_the_order_that_goes_with_it(
    command: Command, story: Story
) -> None:
    finding, order = ordered(story)
    close = ("case", "step", "close", finding)
    told = command.fails(*close, writer="audit/main")
    assert f"this would lift the order {order}, still to be reported on" in told
    assert "wait for the report and close the order first, or insist with --anyway" in told
    assert case_of(story, finding).state == "rectified"
    command.ok(*close, "--anyway", writer="audit/main")
    assert case_of(story, order).state == "lifted"


def test_an_order_that_was_reported_on_goes_without_a_word(command: Command, story: Story) -> None:
    finding, order = ordered(story)
    story.steps(CONSUMER, "report", order)
    command.ok("case", "step", "close", finding, writer="audit/main")
    assert case_of(story, order).state == "closed"


def appealed(story: Story, ruling: str) -> str:
    """A dispute of the consumer about its refused request, ruled on and brought further by it."""
    request = story.ask()
    story.steps(PROVIDER, "refuse", request, "security")
    dispute = ruled(story, opened(story, "dispute", request), ruling)
    story.steps(CONSUMER, "appeal", dispute)
    return dispute


def test_who_withdraws_is_told_what_was_ruled_for_it(command: Command, story: Story) -> None:
    dispute = appealed(story, "upheld-in-part")
    withdraw = ("case", "step", "withdraw", dispute)
    told = command.fails(*withdraw, writer=CONSUMER)
    assert f"this would give up what was ruled in {dispute}: upheld-in-part" in told
    assert case_of(story, dispute).state == "appealed"
    command.ok(*withdraw, "--anyway", writer=CONSUMER)
    assert case_of(story, dispute).state == "withdrawn"


def test_who_has_won_nothing_withdraws_without_a_word(command: Command, story: Story) -> None:
    dispute = appealed(story, "rejected")
    command.ok("case", "step", "withdraw", dispute, writer=CONSUMER)
    assert case_of(story, dispute).state == "withdrawn"
