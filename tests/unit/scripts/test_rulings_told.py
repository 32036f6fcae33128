"""What came of a ruling is told with the case in which it was made."""

import pytest

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
