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
from tests.bodies import NOWHERE
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


@pytest.mark.rule("R515")
def test_nothing_is_owed_where_the_ledger_sets_no_days_or_nothing_is_in_force() -> None:
    story = published()
    story.grant()
    assert case_of(story) is None
    story = Story(Parameters(effect_days=5)).publish()
    story.offer()
    assert case_of(story) is None
    story.stand()
    assert case_of(story) is None


@pytest.mark.rule("R514", "R515", "F19")
def test_it_is_due_some_working_days_after_the_right_comes_into_force() -> None:
    story = Story(Parameters(effect_days=5)).publish()
    grant_id = story.offer()
    story.says("health/main", bodies.acceptance(grant_id))  # on Monday, 23 November
    story.steps("health/main", "end", grant_id)
    case = case_of(story)
    assert case is not None
    assert case.due == "2026-12-01T00:00:00.000Z"
    result = story.world.block(at=case.due)
    assert [one.case for one in result.settlement.findings] == [f"{grant_id}-effect-effect-overdue"]
    story.says("health/main", bodies.effect_report(story.world.now, grant_id))
    assert story.state_of(f"{grant_id}-effect") == "reported"
    again = story.world.sign("health/main", bodies.effect_report(story.world.now, grant_id))
    assert story.world.find(again) == ()
    assert violations(story.world.state, story.world.leaves) == []
