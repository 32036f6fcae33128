"""What came of a ruling is told with the case in which it was made."""

import pytest

from tests import bodies
from tests.story import Story
from tests.unit.contracts.test_rulings import binding, opened, refused, ruled
from tests.unit.scripts.conftest import Command
from tests.world import World

OVER = "it is over: nobody can do anything more"


@pytest.fixture
def story(world: World) -> Story:
    story = Story()
    story.world = world
    return story.publish()


def test_a_dispute_names_the_request_that_it_has_reopened(command: Command, story: Story) -> None:
    request = refused(story)
    dispute = ruled(story, opened(story, "dispute", request), "upheld")
    assert "what was ruled" not in command.ok("explain", dispute)
    second = binding(story, opened(story, "dispute", request), "upheld")
    told = command.ok("explain", second).replace("\n", " ")
    assert f"what was ruled is to be done in {request}" in told
    assert "now: reopened" in told
    assert OVER not in told
    assert "裁定在以下事项中落实" in command.ok("explain", second, "--lang", "zh")
    assert f"to be done in {request}" in command.run("case", "show", second).stderr


def test_a_contest_names_the_order_that_follows(command: Command, story: Story) -> None:
    dispute = binding(story, opened(story, "dispute", story.ask()), "upheld")
    assert f"{dispute}-order" in command.ok("explain", dispute).replace("\n", " ")


def test_what_was_rejected_obliges_nobody(command: Command, story: Story) -> None:
    dispute = binding(story, opened(story, "dispute", refused(story)), "rejected")
    assert OVER in command.ok("explain", dispute)
    assert "what was ruled" not in command.run("case", "show", dispute).stderr


def decided(story: Story, ruling: str, *, is_refused: bool = True) -> tuple[str, str, str]:
    """Weather refuses a request, or nothing yet; the government decides what health disputes.

    Returns the request, the dispute and the decision.
    """
    entry = story.says("weather/main", bodies.entry(dataset="tides")).digest
    story.steps("steward/main", "approve", entry)
    item = bodies.request_item(entry, dataset="tides")
    request = f"{story.says('health/main', bodies.request(item)).digest}-0"
    if is_refused:
        story.steps("weather/main", "refuse", request, "security")
    dispute = ruled(story, opened(story, "dispute", request), "rejected")
    story.steps("health/main", "appeal", dispute)
    body = bodies.case_step("decide", dispute, ground=ruling)
    return request, dispute, story.says("transport/main", body).digest


def rules_of(told: str) -> set[str]:
    return {one for one in ("R723", "R724") if f"{one}  " in told}


def test_a_ruling_that_reopens_cites_the_rule_by_which_it_does(
    command: Command, story: Story
) -> None:
    request, dispute, decision = decided(story, "upheld")
    told = command.ok("explain", decision)
    assert rules_of(told) == {"R724"}
    assert "(request for one dataset; reopened by it; now: reopened)" in told
    assert rules_of(command.ok("explain", decision, "--all-rules")) == {"R723", "R724"}
    story.says(
        "weather/main",
        bodies.grant(bodies.grant_item("health", dataset="tides", request=request)),
    )
    assert "reopened by it; now: granted" in command.ok("explain", decision)
    assert "由此重新办理" in command.ok("explain", decision, "--lang", "zh")
    course = command.ok("explain", request)
    assert f"reopened, as was ruled in {dispute[:8]}…-0" in course
    assert "裁定重新办理" in command.ok("explain", request, "--lang", "zh")


def test_a_rejection_cites_no_rule_of_what_follows(command: Command, story: Story) -> None:
    *_, decision = decided(story, "rejected")
    assert rules_of(command.ok("explain", decision)) == set()


def test_a_decision_that_orders_cites_the_rule_of_orders(command: Command, story: Story) -> None:
    *_, decision = decided(story, "upheld", is_refused=False)
    told = command.ok("explain", decision)
    assert rules_of(told) == {"R723"}
    assert "reopened by it" not in told


def test_where_nobody_appealed_the_seal_has_reopened_the_request(
    command: Command, story: Story
) -> None:
    request = refused(story)
    dispute = binding(story, opened(story, "dispute", request), "upheld")
    assert f"reopened, as was ruled in {dispute[:8]}…-0" in command.ok("explain", request)
    seal = str(len(story.world.leaves) - 1)
    assert "reopened by it; now: reopened" in command.ok("explain", seal)
    assert "a deadline passed" in command.ok("explain", dispute)
