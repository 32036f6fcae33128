"""The course of a request between asking and answer: supplemented once, extended by the steward."""

import pytest

from contracts import reasons
from contracts.invariants import violations
from contracts.values import Case
from ledger.records.genesis import Parameters
from ledger.types import Time
from tests import bodies
from tests.story import Story, published

ANSWER_DUE: Time = "2026-12-08T00:00:00.000Z"
"""Ten working days after Monday, 23 November."""


def due(story: Story) -> Time | None:
    case = story.world.value(f"case/{story.request_id}")
    assert isinstance(case, Case)
    return case.due


def overdue_in(story: Story, at: Time) -> list[str]:
    """The findings with which a block at that time begins."""
    return [one.code for one in story.world.block(at=at).settlement.findings]


@pytest.mark.rule("W205", "W206", "W210")
def test_a_request_is_supplemented_once_and_then_answered() -> None:
    story = published()
    request = story.ask()
    story.steps("transport/main", "ask-supplement", request)
    assert due(story) == "2026-12-01T00:00:00.000Z"
    story.steps("health/main", "supplement", request)
    assert due(story) == ANSWER_DUE
    again = story.world.sign("transport/main", bodies.case_step("ask-supplement", request))
    assert story.world.refuse(again) == reasons.WRONG_STATE
    story.says("transport/main", bodies.grant(bodies.grant_item("health", request=request)))
    assert story.state_of(request) == "granted"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R447", "W206")
def test_asking_for_a_supplement_makes_no_data_conditional() -> None:
    story = Story().publish(sharing="unconditional")
    request = story.ask()
    assert due(story) == "2026-11-25T00:00:00.000Z", "a working day"
    story.steps("transport/main", "ask-supplement", request)
    story.steps("health/main", "supplement", request)
    assert due(story) == "2026-11-25T00:00:00.000Z"
    assert overdue_in(story, "2026-11-25T00:00:00.000Z") == ["answer-overdue"]
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("W205", "R014")
def test_who_does_not_supplement_in_time_has_withdrawn() -> None:
    story = Story(Parameters(supplement_days=1)).publish()
    request = story.ask()
    story.steps("transport/main", "ask-supplement", request)
    assert overdue_in(story, "2026-11-25T00:00:00.000Z") == []
    assert story.state_of(request) == "withdrawn"


@pytest.mark.rule("W206", "F31")
def test_an_answer_can_be_late_before_the_supplement_and_after_it() -> None:
    story = published()
    request = story.ask()
    assert overdue_in(story, ANSWER_DUE) == ["answer-overdue"]
    story.steps("transport/main", "ask-supplement", request)
    story.steps("health/main", "supplement", request)
    late = due(story)
    assert late is not None
    assert overdue_in(story, late) == ["answer-overdue"]
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("W211", "W212", "W219")
def test_the_steward_extends_the_time_for_an_answer() -> None:
    story = Story(Parameters(extension_days=20)).publish()
    request = story.ask()
    story.steps("transport/main", "ask-extension", request)
    assert due(story) == ANSWER_DUE
    by_itself = story.world.sign("transport/main", bodies.case_step("allow-extension", request))
    assert story.world.refuse(by_itself) == reasons.NOT_YOUR_STEP
    story.steps("steward/main", "allow-extension", request)
    assert due(story) == "2026-12-22T00:00:00.000Z"
    again = story.world.sign("transport/main", bodies.case_step("ask-extension", request))
    assert story.world.refuse(again) == reasons.WRONG_STATE
    story.says("transport/main", bodies.grant(bodies.grant_item("health", request=request)))
    assert story.state_of(request) == "granted"


@pytest.mark.rule("W211", "W213", "F31")
def test_the_deadline_runs_on_while_an_extension_is_asked_for_and_when_it_is_denied() -> None:
    story = published()
    request = story.ask()
    story.steps("transport/main", "ask-extension", request)
    story.steps("steward/main", "deny-extension", request)
    assert (story.state_of(request), due(story)) == ("open", ANSWER_DUE)
    story.steps("transport/main", "ask-extension", request)
    assert overdue_in(story, ANSWER_DUE) == ["answer-overdue"]
    assert story.state_of(request) == "extension-asked"
    assert violations(story.world.state, story.world.leaves) == []
