"""Who has lost a right by a breach does not take it up again by itself."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.tasks import tasks_of
from contracts.values import BARS_KEPT, Bar, Case
from ledger.records.actions import SplitMember
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


def suspensions(story: Story) -> int:
    """How many rights of health to `flights` are suspended, as its bar says."""
    value = story.world.value("bar/flights/health")
    assert value is None or isinstance(value, Bar)
    return 0 if value is None else value.suspended


def used(story: Story, grant_id: str, at: str | None = None, by: str = "health") -> tuple[str, ...]:
    """What is found of a use under a right, now or at another moment."""
    use = bodies.usage(grant_id, at or story.world.now)
    return story.world.find(story.world.sign(f"{by}/main", use))


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
    assert story.world.value("bar/flights/health") is None


@pytest.mark.rule("R444")
def test_a_right_that_is_resumed_bars_no_more() -> None:
    story = barring()
    first, second = taken_up(story), taken_up(story)
    suspended(story, first)
    by_order(story, second)
    assert suspensions(story) == 2
    story.steps("transport/main", "resume", first)
    assert story.state_of(story.ask()) == "open"
    story.steps("steward/main", "lift-suspension", second)
    assert suspensions(story) == 0
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


@pytest.mark.rule("R444", "R628")
@pytest.mark.parametrize("spoil", [suspended, by_order, revoked])
def test_who_holds_a_part_is_barred_by_a_breach_of_that_part(spoil: Spoil) -> None:
    story = barring()
    grant_id = taken_up(story)
    adopt(story, SplitMember(datasets=("flights",), member="health", successor="weather"))
    spoil(story, grant_id)
    assert story.state_of(story.ask(by="weather")) == "open"
    assert story.state_of(story.ask(by="audit")) == "granted"
    assert violations(story.world.state, story.world.leaves) == []


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
    assert suspensions(story) == 1
    assert story.state_of(story.ask()) == "open"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R444", "R413")
def test_revoking_a_standing_grant_bars_nobody() -> None:
    story = Story(Parameters(breach_bars=True)).publish()
    revoked(story, story.stand())
    assert story.world.value("bar/flights/None") is None


NOT_HELD = ("no-effective-grant",)


@pytest.mark.rule("R444", "R415", "F1")
@pytest.mark.parametrize("spoil", BREACHES)
def test_what_was_taken_up_before_a_breach_does_not_hold_either(spoil: Spoil) -> None:
    story = barring()
    spoiled, stockpiled, granted = taken_up(story), taken_up(story), accepted(story)
    before = story.world.now
    spoil(story, spoiled)
    assert used(story, stockpiled, before) == (), "it held then"
    assert used(story, stockpiled) == NOT_HELD
    assert used(story, granted) == (), "the provider gave it to health itself"
    others = story.ask(by="weather").replace("-0", "-1")
    assert used(story, others, by="weather") == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R444", "R415", "F1")
def test_what_was_passed_on_falls_with_what_was_taken_up() -> None:
    wide = replace(TERMS, delegable=1)
    story = Story(Parameters(breach_bars=True)).publish(conditions=wide)
    story.stand(wide)
    spoiled = taken_up(story)
    passed_on = story.pass_on(story.ask(wide).replace("-0", "-1"), "audit")
    assert used(story, passed_on, by="audit") == ()
    revoked(story, spoiled)
    assert used(story, passed_on, by="audit") == NOT_HELD


@pytest.mark.rule("R444", "R415", "F1")
def test_a_bar_that_is_lifted_was_one_for_its_time() -> None:
    story = barring()
    first, second, stockpiled = (taken_up(story) for _ in range(3))
    before = story.world.now
    suspended(story, first)
    by_order(story, second)
    story.steps("transport/main", "resume", first)
    during = story.world.now
    assert used(story, stockpiled) == NOT_HELD
    story.steps("steward/main", "lift-suspension", second)
    assert used(story, stockpiled) == ()
    assert used(story, stockpiled, before) == ()
    assert used(story, stockpiled, during) == NOT_HELD, "reported once it is over"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R444")
def test_of_the_times_of_a_bar_the_last_are_kept() -> None:
    story = barring()
    grant_id = taken_up(story)
    for _ in range(BARS_KEPT + 1):
        suspended(story, grant_id)
        story.steps("transport/main", "resume", grant_id)
    kept = story.world.value("bar/flights/health")
    assert isinstance(kept, Bar)
    assert len(kept.spans) == BARS_KEPT
    assert kept.spans[-1].until is not None
    for _ in range(BARS_KEPT + 1):
        revoked(story, accepted(story))
    kept = story.world.value("bar/flights/health")
    assert isinstance(kept, Bar)
    assert len(kept.broken) == BARS_KEPT


@pytest.mark.rule("R444", "R415")
def test_what_is_taken_up_under_a_later_standing_grant_holds() -> None:
    story = barring()
    stockpiled = taken_up(story)
    revoked(story, taken_up(story))
    story.says("transport/main", bodies.revocation(story.grant_id))
    story.stand()
    later = taken_up(story)
    assert used(story, later) == ()
    assert used(story, stockpiled) == NOT_HELD
    revoked(story, later)
    assert used(story, stockpiled) == NOT_HELD


@pytest.mark.rule("R444", "R415", "F1")
def test_who_acts_for_another_is_barred_under_both_names() -> None:
    story = barring()
    other = story.ask(by="weather").replace("-0", "-1")
    adopt(story, SucceedMember(member="weather", successor="health"))
    revoked(story, taken_up(story))
    assert used(story, other, by="weather") == NOT_HELD


@pytest.mark.rule("R444", "R415")
def test_nothing_falls_where_breaches_have_ceased_to_bar() -> None:
    story = barring()
    spoiled, stockpiled = taken_up(story), taken_up(story)
    revoked(story, spoiled)
    adopt(story, SetParameters(parameters=Parameters(breach_bars=False)))
    assert used(story, stockpiled) == ()


@pytest.mark.rule("R444", "R525", "R526")
@pytest.mark.parametrize("spoil", [revoked, suspended])
def test_who_is_barred_is_not_asked_for_use_nor_owed_anything(spoil: Spoil) -> None:
    asked = Parameters(breach_bars=True, field_use_days=20, supply_days=20, use_days=20)
    story = Story(asked).publish()
    story.stand()
    first = taken_up(story)
    item = bodies.request_item(story.entry)
    spoiled = f"{story.says('health/main', bodies.request(item)).digest}-1"
    spoil(story, spoiled)
    for name in ("supply", "first-use", "fields"):
        case = story.world.value(f"case/{first}-{name}")
        assert isinstance(case, Case)
        told = tasks_of(story.world.state, story.world.now, f"{first}-{name}", case, "health")
        assert all(one.duty == "may" for one in told)
    assert story.world.block(at="2026-12-31T00:00:00.000Z").settlement.findings == ()
    assert violations(story.world.state, story.world.leaves) == []
