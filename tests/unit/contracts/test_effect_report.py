# ruff: noqa: E501  a row of a rule table is a line
"""What a right was good for is reported in time, where the ledger asks."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.values import Case
from ledger.records import Body
from ledger.records.genesis import Parameters
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, published, rule_table


def reports(grant: Callable[[Story], str], **changes: object) -> Callable[[Story], Body]:
    """Health reports what it achieved with a right."""
    return lambda story: replace(bodies.effect_report(story.world.now, grant(story)), **changes)


def by_the_clerk(story: Story) -> Body:
    story.world.accept(story.world.appoint("health/clerk", datasets=("tides",)))
    return bodies.effect_report(story.world.now, story.grant())


def case_of(story: Story) -> Case | None:
    """What is owed for the last right given."""
    case = story.world.value(f"case/{story.grant_id}-effect")
    assert case is None or isinstance(case, Case)
    return case


ROWS = (
    Row("R513", "of one's own right", "health/main", reports(lambda s: s.grant())),
    Row("R513", "of a period that is not over", "health/main", reports(lambda s: s.grant(), ended_at="2027-01-01T00:00:00.000Z"), reasons.SPAN_IN_FUTURE),
    Row("R513", "of a right that there is not", "health/main", reports(lambda _: f"{NOWHERE}-0"), findings.GRANT_UNKNOWN),
    Row("R513", "of somebody else's right", "weather/main", reports(lambda s: s.grant()), findings.GRANT_UNKNOWN),
    Row("R513", "by a writer for other data", "health/clerk", by_the_clerk, findings.OUTSIDE_APPOINTMENT),
)  # fmt: skip


@rule_table(ROWS)
def test_reports(row: Row) -> None:
    play(published(), row)


def hands_over(story: Story) -> None:
    story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))


def uses(story: Story) -> None:
    story.says("health/main", bodies.usage(story.grant_id, story.world.now))


BEGINNINGS = pytest.mark.parametrize("begin", [hands_over, uses])


@pytest.mark.rule("R515")
@BEGINNINGS
def test_nothing_is_owed_where_the_ledger_sets_no_days(begin: Callable[[Story], None]) -> None:
    story = published()
    story.grant()
    begin(story)
    assert case_of(story) is None


@pytest.mark.rule("R515")
def test_nothing_is_owed_for_what_was_neither_handed_over_nor_used() -> None:
    story = Story(Parameters(effect_days=5)).publish()
    grant_id = story.grant()
    assert story.world.block(at="2027-12-31T00:00:00.000Z").is_empty
    story.steps("health/main", "end", grant_id)
    assert case_of(story) is None
    story.stand()
    assert case_of(story) is None
    offer = story.offer()
    used = story.world.sign("health/main", bodies.usage(offer, story.world.now))
    assert story.world.find(used) == ("no-effective-grant",)
    assert case_of(story) is None


@pytest.mark.rule("R514", "R515", "F19")
@BEGINNINGS
def test_it_is_due_some_working_days_after_the_first_delivery_or_use(
    begin: Callable[[Story], None],
) -> None:
    story = Story(Parameters(effect_days=5)).publish()
    grant_id = story.grant()
    story.world.block(at="2026-11-30T12:00:00.000Z")
    begin(story)  # on a Monday
    story.world.block(at="2026-12-01T12:00:00.000Z")
    uses(story)
    story.steps("health/main", "end", grant_id)
    case = case_of(story)
    assert case is not None
    assert case.due == "2026-12-08T00:00:00.000Z"
    result = story.world.block(at=case.due)
    assert [one.case for one in result.settlement.findings] == [f"{grant_id}-effect-effect-overdue"]
    story.says("health/main", bodies.effect_report(story.world.now, grant_id))
    assert story.state_of(f"{grant_id}-effect") == "reported"
    uses(story)
    again = story.world.sign("health/main", bodies.effect_report(story.world.now, grant_id))
    assert story.world.find(again) == ()
    assert story.state_of(f"{grant_id}-effect") == "reported"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R515")
def test_who_passed_on_what_was_used_reports_too() -> None:
    wide = replace(TERMS, delegable=1)
    story = Story(Parameters(effect_days=5)).publish(conditions=wide)
    above = story.grant(wide)
    below = story.pass_on(above, "audit")
    story.says("audit/main", bodies.usage(below, story.world.now))
    assert [story.state_of(f"{one}-effect") for one in (above, below)] == ["expected"] * 2
