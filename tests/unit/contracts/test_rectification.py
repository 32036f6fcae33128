"""A rectification that settles a confirmed finding closes it when it is closed itself."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.invariants import violations
from contracts.values import Case
from ledger.records import Body
from ledger.records.catalogue import VersionContent
from ledger.types import CaseId
from tests import bodies
from tests.story import Row, Story, play, published, rule_table


def confirmed(story: Story, by: str = "health") -> CaseId:
    """Somebody used data without a grant, and that was confirmed."""
    use = bodies.usage(None, story.world.now)
    case_id = f"{story.says(f'{by}/main', use).digest}-no-effective-grant"
    story.steps(f"{by}/main", "reply", case_id)
    story.steps("audit/main", "confirm", case_id)
    return case_id


def raised(story: Story) -> CaseId:
    use = bodies.usage(None, story.world.now)
    return f"{story.says('health/main', use).digest}-no-effective-grant"


def closed(story: Story) -> CaseId:
    case_id = confirmed(story)
    story.steps("health/main", "rectify", case_id)
    story.steps("audit/main", "close", case_id)
    return case_id


def differing(story: Story) -> CaseId:
    """A finding against two."""
    sent = bodies.delivery(story.grant(), story.world.now)
    delivered = story.says("transport/main", sent).digest
    received = bodies.acknowledgement(delivered, rows=1)
    case_id = f"{story.says('health/main', received).digest}-counts-differ"
    story.steps("health/main", "reply", case_id)
    story.steps("audit/main", "confirm", case_id)
    return case_id


def orders(finding: Callable[[Story], CaseId], *against: str) -> Callable[[Story], Body]:
    """A rectification that settles a finding."""
    return lambda story: bodies.opening(
        "rectification", *(against or ("health",)), case=finding(story), settles=True
    )


ROWS = (
    Row("R714", "of a confirmed finding", "steward/main", orders(confirmed)),
    Row("R714", "of one not confirmed", "steward/main", orders(raised), reasons.WRONG_STATE),
    Row("R714", "of one that is over", "steward/main", orders(closed), reasons.WRONG_STATE),
    Row(
        "R714",
        "against somebody else",
        "steward/main",
        orders(confirmed, "weather"),
        reasons.NOT_ACCUSED,
    ),
    Row(
        "R714",
        "against others, too",
        "steward/main",
        orders(confirmed, "health", "weather"),
        reasons.NOT_ACCUSED,
    ),
    Row("R714", "of one of two", "steward/main", orders(differing), reasons.NOT_ACCUSED),
    Row(
        "R714",
        "of what is no finding",
        "steward/main",
        orders(Story.grant),
        reasons.NOT_ACCUSED,
    ),
    Row("R707", "by no office", "weather/main", orders(confirmed), reasons.NOT_YOUR_OFFICE),
)


@rule_table(ROWS)
def test_a_rectification_settles(row: Row) -> None:
    play(published(), row)


def ordered(story: Story, finding: CaseId, *, settles: bool = True) -> CaseId:
    body = bodies.opening("rectification", "health", case=finding, settles=settles)
    order = f"{story.says('steward/main', body).digest}-0"
    story.steps("health/main", "report", order)
    return order


@pytest.mark.rule("R715", "W613", "W501", "W503")
@pytest.mark.parametrize("is_rectified", [False, True])
def test_what_is_put_right_is_closed_with_its_order(*, is_rectified: bool) -> None:
    story = published()
    finding = confirmed(story)
    order = ordered(story, finding)
    if is_rectified:
        story.steps("health/main", "rectify", finding)
    story.steps("audit/main", "close", order)
    assert story.state_of(order) == "closed"
    assert story.state_of(finding) == "closed"
    case = story.world.value(f"case/{finding}")
    assert isinstance(case, Case)
    assert case.due is None
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R715")
def test_an_order_that_settles_nothing_closes_itself_alone() -> None:
    story = published()
    finding = confirmed(story)
    story.steps("audit/main", "close", ordered(story, finding, settles=False))
    assert story.state_of(finding) == "confirmed"


@pytest.mark.rule("R715")
def test_what_was_closed_or_referred_before_stays_so() -> None:
    story = published()
    finding = confirmed(story)
    order = ordered(story, finding)
    story.steps("audit/main", "refer", finding, "discipline")
    story.steps("audit/main", "close", order)
    assert story.state_of(finding) == "referred"


@pytest.mark.rule("R715")
def test_a_party_to_a_finding_does_not_close_it_by_an_order() -> None:
    story = Story()
    story.says("steward/main", bodies.schema())
    entry = story.says("steward/main", bodies.entry(dataset="tides")).digest
    # Nobody but the steward reviews: its own entry waits, and its data is used all the same.
    assert story.state_of(entry) == "submitted"
    use = bodies.usage(None, story.world.now)
    content = VersionContent(dataset="tides", sha256=bodies.CONTENT, version=1)
    record = story.says("health/main", replace(use, content=content))
    finding = f"{record.digest}-no-effective-grant"
    story.steps("health/main", "reply", finding)
    story.steps("audit/main", "confirm", finding)
    order = ordered(story, finding)
    story.steps("steward/main", "close", order)
    assert (story.state_of(order), story.state_of(finding)) == ("closed", "confirmed")
