# ruff: noqa: E501  a row of a rule table is a line
"""Ways to a right that nobody gave, and that none of them leads there."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.transition import Accepted
from ledger.records import Body
from ledger.records.genesis import Parameters
from ledger.records.terms import Terms
from tests import bodies
from tests.bodies import TERMS
from tests.story import Row, Story, play, rule_table

WIDE: Terms = replace(TERMS, delegable=3, uses_max=1)
"""Passed on three times, used once."""
BELOW: Terms = replace(WIDE, delegable=2)


def shared() -> Story:
    """`flights`, offered for one use, to be passed on."""
    return Story(Parameters(breach_bars=True)).publish(conditions=WIDE)


def revoked(story: Story) -> str:
    """A right that was revoked."""
    story.says("transport/main", bodies.revocation(story.grant(WIDE)))
    return story.grant_id


def granted_anew(story: Story) -> str:
    """A right that hangs from one which was revoked, after the same was granted anew."""
    above = story.grant(WIDE)
    below = story.pass_on(above, "audit", BELOW)
    story.says("transport/main", bodies.revocation(above))
    story.grant(WIDE)
    return below


def renewed(story: Story) -> tuple[str, str]:
    """Health's right, passed on to audit; then both are renewed."""
    above = story.grant(WIDE)
    below = story.pass_on(above, "audit", BELOW)
    story.says("transport/main", bodies.amendment(above, WIDE))
    story.says("health/main", bodies.amendment(below, BELOW))
    return above, below


def passes_back(to: str) -> Callable[[Story], Body]:
    """Audit passes on what was renewed above it."""
    return lambda s: bodies.delegation(renewed(s)[1], to, terms=replace(BELOW, delegable=1))


def passes_back_another(story: Story) -> Body:
    """Health has another right by now, under which it is no holder above."""
    _, below = renewed(story)
    story.grant(WIDE)
    return bodies.delegation(below, "health", terms=replace(BELOW, delegable=1))


def widened_below(story: Story) -> Body:
    """Who passed a right on widens it after its own was narrowed."""
    above, below = renewed(story)
    narrow = replace(WIDE, delegable=1)
    story.says("transport/main", bodies.amendment(above, narrow, ground="not-necessary"))
    return bodies.amendment(below, replace(BELOW, fields=("a",), uses_max=None))


def uses(grant: Callable[[Story], str]) -> Callable[[Story], Body]:
    return lambda s: bodies.usage(grant(s), s.world.now)


def second_use(story: Story) -> Body:
    """Health has used up what audit shares with it."""
    above, below = renewed(story)
    story.says("health/main", bodies.usage(above, story.world.now))
    return bodies.usage(below, story.world.now)


def use_of_before(story: Story) -> Body:
    """Of a time before the right was granted."""
    before = story.world.now
    return bodies.usage(story.grant(WIDE), before)


def taken_up_again(story: Story) -> Body:
    """The same under a standing grant, with the one use it allows to each member used up."""
    story.stand(WIDE)
    first = story.ask(WIDE).replace("-0", "-1")
    story.says("health/main", bodies.usage(first, story.world.now))
    second = story.ask(WIDE).replace("-0", "-1")
    return bodies.usage(second, story.world.now)


def emergency_again(story: Story) -> Body:
    """What was given in an emergency is revoked; the formalities are still missing."""
    item = bodies.grant_item(
        "health", terms=replace(TERMS, not_after=bodies.SOON, uses_max=1), emergency="accident"
    )
    first = f"{story.says('steward/main', bodies.grant(item)).digest}-0"
    story.says("transport/main", bodies.revocation(first))
    return bodies.grant(item)


ROWS = (
    Row("R407", "accept what was revoked", "health/main", lambda s: bodies.acceptance(revoked(s)), reasons.WRONG_STATE),
    Row("R418", "renew what was revoked", "transport/main", lambda s: bodies.amendment(revoked(s), WIDE), reasons.WRONG_STATE),
    Row("R416", "pass on what was revoked", "health/main", lambda s: bodies.delegation(revoked(s), "audit", terms=BELOW), reasons.NOT_EFFECTIVE),
    Row("R411", "resume what was revoked", "transport/main", lambda s: bodies.case_step("resume", revoked(s)), reasons.WRONG_STATE),
    Row("R402 R444", "use what was revoked", "health/main", uses(revoked), findings.NO_EFFECTIVE_GRANT),
    Row("R415", "use what hung from it, when it is granted anew", "audit/main", uses(granted_anew), findings.NO_EFFECTIVE_GRANT),
    Row("R419", "renew what hung from it, when it is granted anew", "health/main", lambda s: bodies.amendment(granted_anew(s), replace(BELOW, uses_max=None)), reasons.WIDER_THAN_ABOVE),
    Row("R414", "pass back to who passed it on, though it was renewed", "audit/main", passes_back("health"), reasons.RIGHT_RETURNS),
    Row("R414", "pass back to the provider", "audit/main", passes_back("transport"), reasons.RIGHT_RETURNS),
    Row("R414", "pass back to who has another right now", "audit/main", passes_back_another, reasons.RIGHT_RETURNS),
    Row("R419", "widen below what was narrowed above", "health/main", widened_below, reasons.WIDER_THAN_ABOVE),
    Row("R417", "use what the right above has used up, though it was renewed", "audit/main", second_use, findings.USES_EXCEEDED),
    Row("R505", "take up again what was used up", "health/main", taken_up_again, findings.USES_EXCEEDED),
    Row("R503", "use before the grant", "health/main", use_of_before, findings.NO_EFFECTIVE_GRANT),
    Row("R435", "a second emergency instead of the formalities", "steward/main", emergency_again, reasons.FORMALITIES_MISSING),
)  # fmt: skip


@rule_table(ROWS)
def test_ways(row: Row) -> None:
    play(shared(), row)


@pytest.mark.rule("R417", "R505", "F8")
@pytest.mark.parametrize("order", [("audit", "weather"), ("weather", "audit"), ("health", "audit")])
def test_of_two_who_race_for_the_last_use_one_is_found(order: tuple[str, str]) -> None:
    """In one block, the first in the order of the log has it."""
    story = shared()
    above = story.grant(WIDE)
    rights = {"health": above}
    rights |= {one: story.pass_on(above, one, BELOW) for one in ("audit", "weather")}
    now = story.world.now
    records = [story.world.sign(f"{one}/main", bodies.usage(rights[one], now)) for one in order]
    result = story.world.block(*records)
    found = []
    for verdict in result.verdicts:
        assert isinstance(verdict, Accepted)
        found.append([one.code for one in verdict.outcome.findings])
    assert found == [[], ["uses-exceeded"]]
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R403", "1304")
def test_of_two_answers_to_one_request_in_one_block_one_gives_a_right() -> None:
    story = Story().publish(co_providers=("weather",), joint_rule="any")
    item = bodies.grant_item("health", request=story.ask())
    world = story.world
    answers = [world.sign(f"{one}/main", bodies.grant(item)) for one in ("transport", "weather")]
    first, second = world.block(*answers).verdicts
    assert isinstance(first, Accepted)
    assert not isinstance(second, Accepted)
    assert second.reason == reasons.WRONG_STATE
