"""As many requests of a member for a dataset wait as the ledger allows."""

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.invariants import violations
from contracts.values import Case, OpenRequests
from ledger.records.genesis import Parameters
from tests import bodies
from tests.bodies import SOON, TERMS
from tests.story import Story

pytestmark = pytest.mark.rule("R449")


def bounded(most: int | None = 2) -> Story:
    return Story(Parameters(open_requests=most)).publish()


def is_refused(story: Story, *, by: str = "health", items: int = 1) -> bool:
    item = bodies.request_item(story.entry)
    record = story.world.sign(f"{by}/main", bodies.request(*[item] * items))
    return story.world.refuse(record) == reasons.TOO_MANY_OPEN


def waiting(story: Story) -> tuple[str, ...]:
    value = story.world.value("open-requests/flights/health")
    assert isinstance(value, OpenRequests)
    return value.cases


@pytest.mark.rule("1403")
def test_who_has_asked_often_enough_waits_for_an_answer() -> None:
    story = bounded()
    assert is_refused(story, items=3)
    asked = (story.ask(), story.ask())
    assert waiting(story) == asked
    assert is_refused(story)
    story.ask(by="weather")
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.parametrize("step", ["grant", "refuse", "withdraw"])
def test_what_is_answered_or_withdrawn_makes_room(step: str) -> None:
    story = bounded()
    first, second = story.ask(), story.ask()
    match step:
        case "grant":
            story.says("transport/main", bodies.grant(bodies.grant_item("health", request=first)))
        case "refuse":
            story.steps("transport/main", "refuse", first, "not-necessary")
        case _:
            story.steps("health/main", "withdraw", first)
    third = story.ask()
    assert waiting(story) == (second, third)
    assert is_refused(story)


def test_what_is_late_still_waits() -> None:
    story = bounded(1)
    case = story.world.value(f"case/{story.ask()}")
    assert isinstance(case, Case)
    assert case.due is not None
    story.world.block(at=case.due)
    assert is_refused(story)


def test_what_is_taken_up_at_once_is_not_counted() -> None:
    story = bounded(1)
    story.stand()
    story.ask()
    story.ask()
    assert story.world.value("open-requests/flights/health") is None


def test_formalities_can_always_be_asked_for() -> None:
    story = bounded(1)
    story.in_emergency()
    story.ask(replace(TERMS, not_after=SOON))
    story.formalities()
    assert len(waiting(story)) == 1


def test_without_a_bound_nothing_is_kept() -> None:
    story = bounded(None)
    for _ in range(3):
        story.ask()
    assert story.world.value("open-requests/flights/health") is None
