"""Who has lost a right by a breach does not take it up again by itself."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.values import Bar
from ledger.records.genesis import Parameters
from ledger.records.governance import SetParameters, SucceedMember
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Story, published
from tests.unit.contracts.test_governance import adopt

Spoil = Callable[[Story, str], object]


def barring() -> Story:
    """`flights` with a standing grant, where breaches bar."""
    story = Story(Parameters(breach_bars=True)).publish()
    story.stand()
    return story


def taken_up(story: Story) -> str:
    return story.ask().replace("-0", "-1")


def accepted(story: Story) -> str:
    story.says("health/main", bodies.acceptance(story.offer()))
    return story.grant_id


def suspended(story: Story, grant_id: str) -> None:
    story.steps("transport/main", "suspend", grant_id, "overreach")


def by_order(story: Story, grant_id: str) -> None:
    story.steps("steward/main", "order-suspension", grant_id, "overreach")


def revoked(story: Story, grant_id: str) -> None:
    story.says("transport/main", bodies.revocation(grant_id))


def ended_while_suspended(story: Story, grant_id: str) -> None:
    suspended(story, grant_id)
    story.steps("health/main", "end", grant_id)


def bar(story: Story) -> Bar | None:
    value = story.world.value("bar/flights/health")
    assert value is None or isinstance(value, Bar)
    return value


BREACHES = [suspended, by_order, revoked, ended_while_suspended]


@pytest.mark.rule("R444")
@pytest.mark.parametrize("spoil", BREACHES)
@pytest.mark.parametrize("how", [taken_up, accepted])
def test_nothing_is_taken_up_after_a_breach(spoil: Spoil, how: Callable[[Story], str]) -> None:
    story = barring()
    spoil(story, how(story))
    request = story.ask()
    assert story.state_of(request) == "open"
    item = bodies.grant_item("health", request=request)
    story.says("transport/main", bodies.grant(item))
    assert story.state_of(story.ask(by="weather")) == "granted"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R444")
@pytest.mark.parametrize("spoil", BREACHES)
def test_nobody_is_barred_where_the_ledger_does_not_ask(spoil: Spoil) -> None:
    story = published()
    story.stand()
    spoil(story, taken_up(story))
    assert story.state_of(story.ask()) == "granted"
    assert bar(story) is None


@pytest.mark.rule("R444")
def test_a_right_that_is_resumed_bars_no_more() -> None:
    story = barring()
    first, second = taken_up(story), taken_up(story)
    suspended(story, first)
    by_order(story, second)
    assert bar(story) == Bar(suspended=2)
    story.steps("transport/main", "resume", first)
    assert story.state_of(story.ask()) == "open"
    story.steps("steward/main", "lift-suspension", second)
    assert bar(story) is None
    assert story.state_of(story.ask()) == "granted"


@pytest.mark.rule("R444")
def test_a_right_that_ends_otherwise_bars_nobody() -> None:
    story = barring()
    ended = bodies.revocation(taken_up(story), ground="purpose-fulfilled", consultation=NOWHERE)
    story.says("transport/main", ended)
    story.steps("health/main", "end", taken_up(story))
    assert story.state_of(story.ask()) == "granted"


@pytest.mark.rule("R444")
def test_a_standing_grant_given_afterwards_stands_for_all() -> None:
    story = barring()
    revoked(story, taken_up(story))
    story.stand()
    assert story.state_of(story.ask()) == "granted"


@pytest.mark.rule("R444")
def test_what_a_delegator_takes_back_bars_nobody() -> None:
    story = Story(Parameters(breach_bars=True))
    wide = replace(TERMS, delegable=1)
    story.publish(conditions=wide)
    below = story.pass_on(story.grant(wide), "audit")
    story.stand()
    story.says("health/main", bodies.revocation(below))
    assert story.state_of(story.ask(by="audit")) == "granted"


@pytest.mark.rule("R444")
def test_who_is_barred_does_not_help_itself_by_another_id() -> None:
    story = barring()
    adopt(story, SucceedMember(member="weather", successor="health"))
    revoked(story, taken_up(story))
    assert story.state_of(story.ask(by="weather")) == "open"
    assert story.state_of(story.ask(by="audit")) == "granted"


@pytest.mark.rule("R444")
def test_a_bar_outlives_a_merger_and_bars_nobody_else() -> None:
    story = barring()
    revoked(story, story.ask(by="weather").replace("-0", "-1"))
    adopt(story, SucceedMember(member="weather", successor="health"))
    assert story.state_of(story.ask(by="weather")) == "open"
    assert story.state_of(story.ask(by="health")) == "granted"


@pytest.mark.rule("R444")
def test_a_suspension_ends_for_whom_it_has_barred() -> None:
    story = barring()
    grant_id = story.ask(by="weather").replace("-0", "-1")
    suspended(story, grant_id)
    adopt(story, SucceedMember(member="weather", successor="health"))
    assert story.state_of(story.ask(by="weather")) == "open"
    story.steps("transport/main", "resume", grant_id)
    assert story.state_of(story.ask(by="weather")) == "granted"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R444")
def test_an_offer_that_nobody_took_was_broken_by_nobody() -> None:
    story = barring()
    revoked(story, story.offer())
    assert story.state_of(story.ask()) == "granted"


@pytest.mark.rule("R444")
def test_what_was_not_counted_lifts_no_bar() -> None:
    story = Story(Parameters(breach_bars=False)).publish()
    first, second = story.grant(), story.grant()
    story.stand()
    suspended(story, first)
    adopt(story, SetParameters(parameters=Parameters(breach_bars=True)))
    suspended(story, second)
    story.steps("transport/main", "resume", first)
    assert bar(story) == Bar(suspended=1)
    assert story.state_of(story.ask()) == "open"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R444", "R413")
def test_revoking_a_standing_grant_bars_nobody() -> None:
    story = Story(Parameters(breach_bars=True)).publish()
    revoked(story, story.stand())
    assert story.world.value("bar/flights/None") is None
