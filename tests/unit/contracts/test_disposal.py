# ruff: noqa: E501  a row of a rule table is a line
"""When a right is over, what it gave is deleted, and that stated in time."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.values import Case, GrantedRight
from ledger.records import Body
from ledger.records.genesis import Parameters
from ledger.records.terms import Terms
from ledger.times import DAY_MS
from ledger.types import Time
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, rule_table

KEPT: Final = Parameters(disposal_days=5)
BRIEF: Final = replace(TERMS, delete_within=30 * DAY_MS, not_after="2026-11-30T00:00:00.000Z")
"""Until Monday, 30 November; the data is deleted by 30 December, and 5 working days."""
OPEN_ENDED: Final = replace(TERMS, delete_within=0)


def kept(parameters: Parameters = KEPT) -> Story:
    """`flights` is offered for all of `TERMS`, where the ledger sets days to state disposals."""
    return Story(parameters).publish()


def disposes(grant: Callable[[Story], str], **changes: object) -> Callable[[Story], Body]:
    """Health states that what a right gave it was deleted."""
    return lambda story: replace(bodies.disposal(story.world.now, grant(story)), **changes)


def by_the_clerk(story: Story) -> Body:
    story.world.accept(story.world.appoint("health/clerk", datasets=("tides",)))
    return bodies.disposal(story.world.now, story.grant())


def case_of(story: Story) -> Case | None:
    """What is owed for the last right given."""
    case = story.world.value(f"case/{story.grant_id}-disposal")
    assert case is None or isinstance(case, Case)
    return case


def due(story: Story) -> Time | None:
    case = case_of(story)
    return None if case is None else case.due


ROWS = (
    Row("R509", "of one's own right", "health/main", disposes(lambda s: s.grant())),
    Row("R509", "that is not over yet", "health/main", disposes(lambda s: s.grant(), disposed_at="2027-01-01T00:00:00.000Z"), reasons.SPAN_IN_FUTURE),
    Row("R509", "of a right that there is not", "health/main", disposes(lambda _: f"{NOWHERE}-0"), findings.GRANT_UNKNOWN),
    Row("R509", "of somebody else's right", "weather/main", disposes(lambda s: s.grant()), findings.GRANT_UNKNOWN),
    Row("R512", "by a writer for other data", "health/clerk", by_the_clerk, findings.OUTSIDE_APPOINTMENT),
)  # fmt: skip


@rule_table(ROWS)
def test_disposals(row: Row) -> None:
    play(kept(), row)


@pytest.mark.rule("R509")
def test_one_record_speaks_of_several_rights() -> None:
    story = kept()
    grants = sorted((story.grant(), story.grant()))
    body = bodies.disposal(story.world.now, *grants, f"{NOWHERE}-0")
    assert story.world.find(story.world.sign("health/main", body)) == ("grant-unknown",)
    for grant_id in grants:
        right = story.world.value(f"grant/{grant_id}")
        assert isinstance(right, GrantedRight)
        assert right.disposed_at == body.disposed_at


@pytest.mark.rule("R510")
@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (BRIEF, "2027-01-07T00:00:00.000Z"),
        (replace(BRIEF, delete_within=0), "2026-12-08T00:00:00.000Z"),
        (replace(BRIEF, delete_within=None), None),
        (OPEN_ENDED, None),
    ],
)
def test_it_is_due_once_the_right_is_over(terms: Terms, expected: Time | None) -> None:
    story = kept()
    story.grant(terms)
    assert due(story) == expected
    story.offer(terms)
    assert case_of(story) is None
    story.says("health/main", bodies.acceptance(story.grant_id))
    assert due(story) == expected


@pytest.mark.rule("R510")
def test_nothing_is_owed_where_the_ledger_sets_no_days_or_nobody_had_the_data() -> None:
    story = kept(Parameters())
    story.steps("health/main", "end", story.grant(BRIEF))
    assert case_of(story) is None
    story = kept()
    story.steps("health/main", "decline", story.offer(BRIEF))
    assert case_of(story) is None
    story.says("transport/main", bodies.revocation(story.stand(BRIEF)))
    assert case_of(story) is None


@pytest.mark.rule("R510")
def test_the_deadline_moves_with_the_end_of_the_right() -> None:
    story = kept()
    grant_id = story.grant(BRIEF)
    renewed = replace(BRIEF, delete_within=0, not_after="2026-12-31T00:00:00.000Z")
    story.says("transport/main", bodies.amendment(grant_id, renewed))
    assert due(story) == "2027-01-08T00:00:00.000Z"
    lasting = replace(renewed, not_after=None)
    story.says("transport/main", bodies.amendment(grant_id, lasting))
    assert case_of(story) is not None
    assert due(story) is None
    story.says("transport/main", bodies.revocation(grant_id))  # on Monday, 23 November
    assert due(story) == "2026-12-01T00:00:00.000Z"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R510")
def test_ending_a_right_that_has_run_out_gives_no_more_time() -> None:
    story = kept()
    grant_id = story.grant(BRIEF)
    before = due(story)
    story.world.block(at="2026-12-15T00:00:00.000Z")
    story.steps("health/main", "end", grant_id)
    assert due(story) == before


@pytest.mark.rule("R510", "R511", "F17")
def test_what_is_not_stated_in_time_is_found_and_can_still_be_stated() -> None:
    story = kept()
    grant_id = story.grant(BRIEF)
    late = due(story)
    result = story.world.block(at=late)
    (found,) = result.settlement.findings
    assert (found.case, found.code) == (
        f"{grant_id}-disposal-not-deleted-in-time",
        "not-deleted-in-time",
    )
    assert story.state_of(f"{grant_id}-disposal") == "overdue"
    story.says("health/main", bodies.disposal(story.world.now, grant_id))
    assert story.state_of(f"{grant_id}-disposal") == "disposed"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R511")
def test_a_disposal_counts_once_the_right_is_over() -> None:
    story = kept()
    grant_id = story.grant(BRIEF)
    story.says("health/main", bodies.disposal(story.world.now, grant_id))
    assert story.state_of(f"{grant_id}-disposal") == "expected"
    story.world.block(at=BRIEF.not_after)
    story.says("health/main", bodies.disposal(story.world.now, grant_id))
    assert story.state_of(f"{grant_id}-disposal") == "disposed"
    assert due(story) is None
    again = story.world.sign("health/main", bodies.disposal(story.world.now, grant_id))
    assert story.world.find(again) == ()


@pytest.mark.rule("R510")
def test_what_fell_with_a_right_above_is_owed_once_it_is_ended_too() -> None:
    wide = replace(TERMS, delegable=1, delete_within=0)
    story = Story(Parameters(disposal_days=5)).publish(conditions=wide)
    above = story.grant(wide)
    story.grant_id = story.pass_on(above, "audit", replace(wide, delegable=0))
    story.says("transport/main", bodies.revocation(above))
    assert story.state_of(f"{above}-disposal") == "expected"
    assert case_of(story) is None
    story.says("transport/main", bodies.revocation(story.grant_id))
    assert due(story) == "2026-12-01T00:00:00.000Z"
