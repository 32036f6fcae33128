"""As many requests of a member for a dataset wait as the ledger allows."""

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.invariants import violations
from contracts.values import REQUESTS_KEPT, Case, OpenRequests
from ledger.records.genesis import Parameters
from tests import bodies
from tests.bodies import SOON, TERMS
from tests.story import Story
from tests.unit.contracts.test_backflow import OWN, above
from tests.unit.contracts.test_workflows import COURSES

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


@pytest.mark.rule("R014")
def test_what_has_lapsed_makes_room_before_a_block_has_settled_it() -> None:
    parameters = Parameters(open_requests=1, settlements_per_block=1, supplement_days=5)
    story = Story(parameters).publish()
    story.steps("transport/main", "ask-supplement", story.ask(by="weather"))
    story.world.block(at="2026-11-25T00:00:00.000Z")
    lapsed = story.ask()
    story.steps("transport/main", "ask-supplement", lapsed)
    again = story.world.sign("health/main", bodies.request(bodies.request_item(story.entry)))
    story.world.accept(again, at="2027-01-30T00:00:00.000Z")
    assert story.state_of(lapsed) == "withdrawn"
    assert waiting(story) == (f"{again.digest}-0",)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R724")
def test_what_a_ruling_reopens_waits_beside_what_was_asked_since() -> None:
    story = bounded(1)
    refused = story.ask()
    story.steps("transport/main", "refuse", refused, "security")
    opening = bodies.opening("dispute", case=refused)
    dispute = f"{story.says('health/main', opening).digest}-0"
    asked = story.ask()
    story.steps("transport/main", "answer", dispute)
    story.steps("health/main", "escalate", dispute)
    story.steps("steward/main", "rule", dispute, "upheld")
    ruled = story.world.value(f"case/{dispute}")
    assert isinstance(ruled, Case)
    story.world.block(at=ruled.due)
    assert story.state_of(refused) == "reopened"
    assert waiting(story) == (asked, refused)
    story.says("transport/main", bodies.grant(bodies.grant_item("health", request=refused)))
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


def test_without_a_bound_the_last_are_kept() -> None:
    story = bounded(None)
    asked = [story.ask() for _ in range(REQUESTS_KEPT + 1)]
    assert waiting(story) == tuple(asked[1:])
    story.steps("health/main", "withdraw", asked[1])
    asked.append(story.ask())
    assert waiting(story) == tuple(asked[2:])


WAITING = [
    pytest.param(state, marks=pytest.mark.rule(number))
    for state, number in (
        ("open", "W231"),
        ("supplement-asked", "W232"),
        ("supplemented", "W233"),
        ("extension-asked", "W234"),
        ("extended", "W235"),
        ("reopened", "W237"),
    )
]


@pytest.mark.rule("R450")
@pytest.mark.parametrize("state", WAITING)
def test_what_waits_is_superseded_by_what_is_taken_up(state: str) -> None:
    story = bounded(None)
    request = COURSES["request", state](story)
    story.stand()
    taken = story.ask()
    assert (story.state_of(request), story.state_of(taken)) == ("superseded", "granted")
    assert story.world.block(at="2027-12-31T00:00:00.000Z").settlement.findings == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R450", "W236")
def test_so_is_what_a_lower_level_asked_about_itself() -> None:
    story = above()
    request = story.ask(OWN, by="weather")
    assert story.state_of(request) == "backflow"
    story.stand(OWN)
    story.ask(OWN, by="weather")
    assert story.state_of(request) == "superseded"


@pytest.mark.rule("R450")
def test_what_is_for_more_or_for_others_waits_on() -> None:
    story = bounded(None)
    less = replace(TERMS, fields=("a",))
    wider, narrower, other = story.ask(), story.ask(less), story.ask(by="weather")
    story.stand()
    story.ask(replace(TERMS, fields=("a", "b")))
    states = [story.state_of(one) for one in (wider, narrower, other)]
    assert states == ["open", "superseded", "open"]
    story.ask()
    assert story.state_of(wider) == "superseded"
    assert story.state_of(other) == "open"


@pytest.mark.rule("R450")
def test_what_was_asked_of_another_schema_waits_on() -> None:
    story = bounded(None)
    less = replace(TERMS, fields=("a",))
    request, schema = story.ask(less), bodies.schema("a", "d")
    story.says("transport/main", schema)
    story.catalogue(schema=schema.schema)
    item = bodies.grant_item(standing=True, schema=schema.schema)
    story.says("transport/main", bodies.grant(item))
    assert story.state_of(story.ask(less)) == "granted"
    assert story.state_of(request) == "open"


@pytest.mark.rule("R450")
@pytest.mark.parametrize("is_reopened", [False, True])
def test_formalities_are_completed_by_their_provider(*, is_reopened: bool) -> None:
    story = bounded(None)
    story.in_emergency()
    request = story.formalities()
    if is_reopened:
        story.steps("transport/main", "refuse", request, "security")
        opening = bodies.opening("dispute", case=request)
        dispute = f"{story.says('health/main', opening).digest}-0"
        story.steps("transport/main", "answer", dispute)
        story.steps("health/main", "escalate", dispute)
        story.steps("steward/main", "rule", dispute, "upheld")
        story.world.block(at="2026-12-31T00:00:00.000Z")
        assert story.state_of(request) == "reopened"
    story.stand()
    assert story.state_of(story.ask()) == "granted"
    assert story.state_of(request) != "superseded"
