"""More time to answer a request is asked for as often as the ledger allows."""

import pytest

from contracts import reasons
from contracts.invariants import violations
from ledger.records.genesis import Parameters
from tests import bodies
from tests.story import Story


def denied(story: Story) -> str:
    """Transport asked for more time, and got none."""
    request = story.request_id
    story.steps("transport/main", "ask-extension", request)
    story.steps("steward/main", "deny-extension", request)
    return request


@pytest.mark.rule("R716", "1382", "W211", "W213")
def test_what_was_denied_is_not_asked_for_again() -> None:
    story = Story(Parameters(extension_asks=1)).publish()
    story.ask()
    body = bodies.case_step("ask-extension", denied(story))
    assert story.world.refuse(story.world.sign("transport/main", body)) == reasons.ASKED_ALREADY
    story.says(
        "transport/main", bodies.grant(bodies.grant_item("health", request=story.request_id))
    )
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R716")
def test_a_ledger_may_allow_more_or_set_no_limit() -> None:
    for parameters, times in ((Parameters(extension_asks=2), 2), (Parameters(), 4)):
        story = Story(parameters).publish()
        story.ask()
        for _ in range(times):
            denied(story)
        body = story.world.sign(
            "transport/main", bodies.case_step("ask-extension", story.request_id)
        )
        if parameters.extension_asks is None:
            story.world.accept(body)
        else:
            assert story.world.refuse(body) == reasons.ASKED_ALREADY


@pytest.mark.rule("R716")
def test_another_request_is_asked_about_anew() -> None:
    story = Story(Parameters(extension_asks=1)).publish()
    for _ in range(2):
        story.ask()
        denied(story)
