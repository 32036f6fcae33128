"""Whoever gives a right hands the data over in time, where the ledger asks."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.invariants import violations
from contracts.values import Case
from ledger.records import Body
from ledger.records.catalogue import VersionContent
from ledger.records.genesis import Parameters
from ledger.records.terms import RowFilter
from ledger.types import ItemId, Time
from tests import bodies
from tests.bodies import CONTENT, NOWHERE, TERMS
from tests.story import Story, published

MONDAY_DUE = "2026-12-22T00:00:00.000Z"
"""Twenty working days after Monday, 23 November."""


def owing() -> Story:
    """`flights`, where the ledger gives twenty working days to hand over what was granted."""
    return Story(Parameters(supply_days=20)).publish()


def case_of(story: Story, grant_id: ItemId | None = None) -> Case | None:
    """What is owed under a right, the last one given."""
    case = story.world.value(f"case/{grant_id or story.grant_id}-supply")
    assert case is None or isinstance(case, Case)
    return case


def due(story: Story) -> Time | None:
    case = case_of(story)
    assert case is not None
    return case.due


def hands_over(story: Story, writer: str = "transport/main", **changes: object) -> tuple[str, ...]:
    """A delivery under the last right given; returns what was found."""
    body = bodies.delivery(story.grant_id, story.world.now, **changes)
    return story.world.find(story.world.sign(writer, body))


@pytest.mark.rule("R430")
def test_nothing_is_owed_where_the_ledger_sets_no_days() -> None:
    story = published()
    story.grant()
    assert case_of(story) is None


@pytest.mark.rule("R430")
def test_nothing_is_owed_for_an_offer_a_standing_grant_or_what_was_passed_on() -> None:
    story = owing()
    story.offer()
    assert case_of(story) is None
    assert case_of(story, story.stand()) is None
    wide = replace(TERMS, delegable=1)
    story.catalogue(conditions=wide)
    assert case_of(story, story.pass_on(story.grant(wide), "audit")) is None


@pytest.mark.rule("R430")
@pytest.mark.parametrize("how", ["granted", "accepted", "taken up"])
def test_it_is_due_so_many_working_days_after_the_right_is_in_force(how: str) -> None:
    story = owing()
    if how == "granted":
        story.grant()
    elif how == "accepted":
        story.says("health/main", bodies.acceptance(story.offer()))
    else:
        story.stand()
        story.grant_id = story.ask().replace("-0", "-1")
    assert due(story) == MONDAY_DUE
    case = case_of(story)
    assert case is not None
    assert [(one.member, one.part) for one in case.parties] == [
        ("health", "consumer"),
        ("transport", "provider"),
    ]


@pytest.mark.rule("R430")
def test_a_right_that_begins_later_is_due_later() -> None:
    story = owing()
    story.grant(replace(TERMS, not_before="2026-12-07T00:00:00.000Z"))
    assert due(story) == "2027-01-05T00:00:00.000Z"


@pytest.mark.rule("R430")
def test_it_is_due_before_the_right_is_over() -> None:
    story = owing()
    brief = replace(TERMS, not_after="2026-12-07T00:00:00.000Z")
    grant_id = story.grant(brief)
    assert due(story) == brief.not_after
    story.steps("steward/main", "order-suspension", grant_id, "overreach")
    story.world.block(at="2026-12-08T00:00:00.000Z")
    story.steps("steward/main", "lift-suspension", grant_id)
    assert case_of(story, grant_id) is not None
    assert story.world.block(at="2027-12-08T00:00:00.000Z").settlement.findings == ()


@pytest.mark.rule("R430", "R713", "F39")
def test_what_is_not_handed_over_in_time_is_found_against_the_lead() -> None:
    story = Story(Parameters(supply_days=20))
    story.publish(co_providers=("weather",), joint_rule="any")
    grant_id = story.grant()
    assert story.world.block(at="2026-12-21T23:59:59.999Z").settlement.findings == ()
    (found,) = story.world.block(at=MONDAY_DUE).settlement.findings
    assert found.case == f"{grant_id}-supply-supply-overdue"
    finding = story.world.value(f"case/{found.case}")
    assert isinstance(finding, Case)
    assert [(one.member, one.part) for one in finding.parties] == [
        ("transport", "accused"),
        ("health", "claimant"),
    ]


@pytest.mark.rule("R431", "W861", "W862")
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("writer", ["transport/main", "weather/main"])
def test_the_first_delivery_meets_it(writer: str, *, is_late: bool) -> None:
    story = Story(Parameters(supply_days=20))
    story.publish(co_providers=("weather",), joint_rule="any")
    grant_id = story.grant()
    if is_late:
        story.world.block(at=MONDAY_DUE)
    assert hands_over(story, writer) == ()
    assert story.state_of(f"{grant_id}-supply") == "supplied"
    assert due(story) is None
    assert hands_over(story, writer) == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R431")
@pytest.mark.parametrize(
    ("writer", "changes", "found"),
    [
        ("weather/main", {}, "delivered-without-grant"),
        ("transport/main", {"rows": 11}, "delivery-differs"),
        ("transport/main", {"rows": 0}, "delivery-differs"),
        (
            "transport/main",
            {"content": VersionContent(dataset="flights", sha256=NOWHERE, version=1)},
            "delivery-differs",
        ),
    ],
)
def test_a_delivery_out_of_order_meets_nothing(
    writer: str, changes: dict[str, object], found: str
) -> None:
    story = owing()
    grant_id = story.grant()
    assert hands_over(story, writer, **changes) == (found,)
    assert story.state_of(f"{grant_id}-supply") == "expected"


@pytest.mark.rule("R431", "R425", "F34")
def test_no_rows_are_a_supply_where_the_right_or_the_version_has_none() -> None:
    story = owing()
    some = replace(TERMS, rows=(RowFilter(column="a", prefixes=("11",)),))
    grant_id = story.grant(some)
    assert hands_over(story, rows=0) == ()
    assert story.state_of(f"{grant_id}-supply") == "supplied"
    story.says("transport/main", bodies.release(bodies.release_item(version=2, rows=0)))
    grant_id = story.grant()
    content = VersionContent(dataset="flights", sha256=CONTENT, version=2)
    assert hands_over(story, rows=0, content=content) == ()
    assert story.state_of(f"{grant_id}-supply") == "supplied"


@pytest.mark.rule("R431", "R425")
def test_an_answer_without_rows_is_no_finding_and_no_supply() -> None:
    story = owing()
    grant_id = story.grant()
    assert hands_over(story, rows=0, mode="service") == ()
    assert story.state_of(f"{grant_id}-supply") == "expected"
    assert hands_over(story, rows=1, mode="service") == ()
    assert story.state_of(f"{grant_id}-supply") == "supplied"


@pytest.mark.rule("R431")
def test_a_writer_for_other_data_meets_what_its_member_owes() -> None:
    story = owing()
    grant_id = story.grant()
    story.world.accept(story.world.appoint("transport/clerk", datasets=("tides",)))
    assert hands_over(story, "transport/clerk") == ("outside-appointment",)
    assert story.state_of(f"{grant_id}-supply") == "supplied"


def revokes(story: Story) -> Body:
    return bodies.revocation(story.grant_id)


def ends(story: Story) -> Body:
    return bodies.case_step("end", story.grant_id)


@pytest.mark.rule("R432", "W863", "W864", "W865", "W866")
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("writer", "says", "state"),
    [("transport/main", revokes, "dropped"), ("health/main", ends, "waived")],
)
def test_a_right_that_ends_owes_nothing_more(
    writer: str, says: Callable[[Story], Body], state: str, *, is_late: bool
) -> None:
    story = owing()
    grant_id = story.grant()
    if is_late:
        story.world.block(at=MONDAY_DUE)
    story.says(writer, says(story))
    assert story.state_of(f"{grant_id}-supply") == state
    assert story.world.block(at="2027-12-31T00:00:00.000Z").settlement.findings == ()


@pytest.mark.rule("R432")
def test_what_was_handed_over_or_waived_stays_so_when_the_right_ends() -> None:
    story = owing()
    grant_id = story.grant()
    hands_over(story)
    story.says("transport/main", revokes(story))
    assert story.state_of(f"{grant_id}-supply") == "supplied"
    grant_id = story.grant()
    story.steps("health/main", "waive", f"{grant_id}-supply")
    assert story.state_of(grant_id) == "in-force"
    story.steps("health/main", "end", grant_id)
    assert story.state_of(f"{grant_id}-supply") == "waived"


@pytest.mark.rule("R432", "1204")
def test_the_provider_waives_nothing() -> None:
    story = owing()
    waiver = bodies.case_step("waive", f"{story.grant()}-supply")
    assert story.world.refuse(story.world.sign("transport/main", waiver)) == reasons.NOT_YOUR_STEP


@pytest.mark.rule("R430")
def test_nothing_is_due_while_the_right_is_suspended() -> None:
    story = owing()
    grant_id = story.grant()
    story.steps("steward/main", "order-suspension", grant_id, "overreach")
    assert due(story) is None
    assert story.world.block(at="2026-12-28T00:00:00.000Z").settlement.findings == ()
    story.steps("steward/main", "lift-suspension", grant_id)
    assert due(story) == "2027-01-26T00:00:00.000Z"
    assert violations(story.world.state, story.world.leaves) == []
    hands_over(story)
    story.steps("transport/main", "suspend", grant_id, "overreach")
    story.steps("transport/main", "resume", grant_id)
    assert due(story) is None


@pytest.mark.rule("R430", "F39")
def test_who_suspends_and_resumes_gains_no_days() -> None:
    story = owing()
    grant_id = story.grant()
    story.world.block(at="2026-12-21T23:59:50.000Z")
    story.steps("transport/main", "suspend", grant_id, "security-incident")
    story.steps("transport/main", "resume", grant_id)
    assert due(story) == MONDAY_DUE
    story.steps("transport/main", "suspend", grant_id, "security-incident")
    story.world.block(at="2026-12-29T12:00:00.000Z")
    story.steps("transport/main", "resume", grant_id)
    assert due(story) == "2026-12-31T00:00:00.000Z", "one working day at least"
    (found,) = story.world.block(at="2026-12-31T00:00:00.000Z").settlement.findings
    assert found.code == "supply-overdue"


def taken_up(story: Story) -> tuple[ItemId, ItemId]:
    """A standing grant, and what health has taken up under it."""
    standing = story.stand()
    story.grant_id = story.ask().replace("-0", "-1")
    return standing, story.grant_id


@pytest.mark.rule("R526", "F39")
def test_what_was_taken_up_is_not_owed_while_the_standing_grant_is_suspended() -> None:
    story = owing()
    standing, grant_id = taken_up(story)
    story.world.block(at="2026-12-14T00:00:00.000Z")
    story.steps("steward/main", "order-suspension", standing, "overreach")
    assert story.world.block(at=MONDAY_DUE).settlement.findings == ()
    assert due(story) == "2026-12-30T00:00:00.000Z", "eight days were lost"
    assert story.world.block(at="2026-12-30T00:00:00.000Z").settlement.findings == ()
    story.steps("steward/main", "lift-suspension", standing)
    (found,) = story.world.block(at=due(story)).settlement.findings
    assert (found.code, story.world.now) == ("supply-overdue", "2027-01-07T00:00:00.000Z")
    assert story.state_of(f"{grant_id}-supply") == "overdue"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R526")
def test_what_was_taken_up_is_not_owed_once_the_standing_grant_has_ended() -> None:
    story = owing()
    standing, grant_id = taken_up(story)
    story.says("transport/main", bodies.revocation(standing))
    assert story.world.block(at=MONDAY_DUE).settlement.findings == ()
    assert due(story) is None
    assert story.state_of(f"{grant_id}-supply") == "expected"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R527", "R431")
def test_of_what_is_taken_up_many_times_one_delivery_is_due_and_meets_it() -> None:
    story = owing()
    story.stand()
    items = [bodies.request_item(story.entry, replace(TERMS, uses_max=n)) for n in range(1, 129)]
    digest = story.says("health/main", bodies.request(*items)).digest
    first, last = f"{digest}-128", f"{digest}-255"
    assert story.state_of(f"{first}-supply") == "expected"
    assert case_of(story, last) is None
    story.grant_id = last
    assert hands_over(story) == ()
    assert story.state_of(f"{first}-supply") == "supplied"
    assert story.world.block(at=MONDAY_DUE).settlement.findings == ()
    _, again = taken_up(story)
    assert story.state_of(f"{again}-supply") == "expected", "what comes later is due again"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R527", "F39")
@pytest.mark.parametrize("how", ["ended", "suspended", "overdue"])
def test_what_is_due_no_more_keeps_nothing_from_being_due(how: str) -> None:
    story = owing()
    _, first = taken_up(story)
    if how == "ended":
        story.says("transport/main", bodies.revocation(first))
    elif how == "suspended":
        story.steps("transport/main", "suspend", first, "overreach")
    else:
        story.world.block(at=MONDAY_DUE)
    second = story.ask().replace("-0", "-1")
    assert story.state_of(f"{second}-supply") == "expected"
    assert case_of(story, story.ask().replace("-0", "-1")) is None
