"""Orders about a finding: one at a time against a member, and gone with the finding."""

from collections.abc import Callable

import pytest

from contracts import reasons
from contracts.invariants import violations
from contracts.values import ORDERS_MAX, Case
from ledger.records.supervision import Opened
from ledger.types import CaseId
from tests import bodies
from tests.story import Story, published


def finding(story: Story) -> CaseId:
    """Health used data without a grant."""
    use = bodies.usage(None, story.world.now)
    return f"{story.says('health/main', use).digest}-no-effective-grant"


def order(
    story: Story,
    about: CaseId,
    workflow: Opened = "inspection",
    against: str = "health",
    by: str = "steward",
) -> CaseId:
    body = bodies.opening(workflow, against, case=about)
    return f"{story.says(f'{by}/main', body).digest}-0"


def closed(story: Story, case_id: CaseId) -> None:
    story.steps("health/main", "reply", case_id)
    story.steps("audit/main", "confirm", case_id)
    story.steps("health/main", "rectify", case_id)
    story.steps("audit/main", "close", case_id)


def cured(story: Story, case_id: CaseId) -> None:
    story.steps("health/main", "reply", case_id)
    story.steps("audit/main", "cure", case_id)


def dismissed(story: Story, case_id: CaseId) -> None:
    story.steps("audit/main", "dismiss", case_id, "explained")


@pytest.mark.rule("R726", "W405", "W503", "W508")
@pytest.mark.parametrize("end", [closed, cured, dismissed])
def test_orders_go_with_their_finding(end: Callable[[Story, CaseId], None]) -> None:
    story = published()
    found = finding(story)
    reported, waiting = order(story, found), order(story, found, against="weather")
    story.steps("health/main", "report", reported)
    other = order(story, found)
    end(story, found)
    states = [story.state_of(one) for one in (reported, waiting, other)]
    assert states == ["closed", "lifted", "lifted"]
    assert story.world.block(at="2027-12-31T00:00:00.000Z").settlement.findings == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R725")
@pytest.mark.parametrize("end", [closed, cured, dismissed])
def test_about_what_is_over_nobody_is_ordered(end: Callable[[Story, CaseId], None]) -> None:
    story = published()
    found = finding(story)
    end(story, found)
    body = bodies.opening("inspection", "health", case=found)
    record = story.world.sign("steward/main", body)
    assert story.world.refuse(record) == reasons.WRONG_STATE


@pytest.mark.rule("R715", "R726")
def test_a_rectification_that_settles_takes_the_other_orders_along() -> None:
    story = published()
    found = finding(story)
    story.steps("health/main", "reply", found)
    story.steps("audit/main", "confirm", found)
    body = bodies.opening("rectification", "health", case=found, settles=True)
    settling = f"{story.says('steward/main', body).digest}-0"
    other = order(story, found, against="weather")
    story.steps("health/main", "report", settling)
    story.steps("audit/main", "close", settling)
    assert [story.state_of(one) for one in (settling, found, other)] == [
        "closed",
        "closed",
        "lifted",
    ]


@pytest.mark.rule("R725", "1384")
@pytest.mark.parametrize("workflow", ["inspection", "rectification", "supervision-order"])
def test_nobody_is_ordered_twice_about_one_finding(workflow: Opened) -> None:
    story = published()
    found = finding(story)
    first = order(story, found)
    body = bodies.opening(workflow, "health", "weather", case=found)
    record = story.world.sign("audit/main", body)
    assert story.world.refuse(record) == reasons.ORDERED_ALREADY
    order(story, found, workflow, against="weather", by="audit")
    order(story, finding(story), workflow, by="audit")
    story.steps("health/main", "report", first)
    order(story, found, workflow, by="audit")


@pytest.mark.rule("R725")
def test_a_case_that_is_no_finding_bears_several_orders() -> None:
    story = published()
    request = story.ask()
    assert order(story, request) != order(story, request, by="audit")


@pytest.mark.rule("R725")
def test_an_order_that_was_lifted_makes_room() -> None:
    story = published()
    found = finding(story)
    story.steps("audit/main", "lift", order(story, found), "mistaken")
    again = order(story, found)
    case = story.world.value(f"case/{found}")
    assert isinstance(case, Case)
    assert case.orders == (again,)
    assert len(case.orders) < ORDERS_MAX
