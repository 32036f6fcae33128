"""What is granted is used in time, and what was handed over is reported, where the ledger asks."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.values import Case
from ledger.records.genesis import Parameters
from ledger.records.terms import Terms
from ledger.times import DAY_MS
from ledger.types import Time
from tests import bodies
from tests.bodies import TERMS
from tests.story import Story

BOTH: Final = Parameters(use_days=20, use_report_days=5)
DEEP: Final = replace(TERMS, delegable=1)
IN_20_DAYS: Final = "2026-12-22T00:00:00.000Z"
"""Twenty working days after Monday, 23 November, are over with Monday, 21 December."""
IN_5_DAYS: Final = "2026-12-01T00:00:00.000Z"


def asked(parameters: Parameters = BOTH) -> Story:
    return Story(parameters).publish()


def case_of(story: Story) -> Case | None:
    """What is asked of the last right given."""
    case = story.world.value(f"case/{story.grant_id}-first-use")
    assert case is None or isinstance(case, Case)
    return case


def stands(story: Story) -> tuple[str, Time | None]:
    case = case_of(story)
    assert case is not None
    return case.state, case.due


def use(story: Story) -> None:
    story.says("health/main", bodies.usage(story.grant_id, story.world.now))


def hand_over(story: Story) -> None:
    story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))


@pytest.mark.rule("R516")
@pytest.mark.parametrize(
    ("terms", "due"),
    [
        (TERMS, IN_20_DAYS),
        (replace(TERMS, not_after="2027-01-01T00:00:00.000Z"), IN_20_DAYS),
        # Ends within the 20 days: 5 working days to report, after what the terms allow for it.
        (replace(TERMS, not_after="2026-11-30T12:00:00.000Z"), "2026-12-08T00:00:00.000Z"),
        (
            replace(TERMS, not_after="2026-11-30T12:00:00.000Z", report_within=2 * DAY_MS),
            "2026-12-10T00:00:00.000Z",
        ),
    ],
)
def test_a_right_is_to_be_used_before_it_ends(terms: Terms, due: Time) -> None:
    story = asked()
    story.catalogue(conditions=replace(TERMS, report_within=terms.report_within))
    story.grant(terms)
    assert stands(story) == ("awaited", due)
    story.offer(terms)
    assert case_of(story) is None
    story.says("health/main", bodies.acceptance(story.grant_id))
    assert stands(story) == ("awaited", due)


@pytest.mark.rule("R516")
def test_where_no_report_is_awaited_a_right_is_used_by_the_day_on_which_it_ends() -> None:
    story = asked(Parameters(use_days=20))
    story.grant(replace(TERMS, not_after="2026-11-30T12:00:00.000Z"))
    assert stands(story) == ("awaited", "2026-12-01T00:00:00.000Z")


@pytest.mark.rule("R516", "F21")
def test_what_is_never_used_is_found_and_can_still_be_used() -> None:
    story = asked()
    grant_id = story.grant()
    assert story.world.block(at="2026-12-21T23:59:59.999Z").is_empty
    result = story.world.block(at=IN_20_DAYS)
    (found,) = result.settlement.findings
    assert (found.case, found.code) == (
        f"{grant_id}-first-use-granted-never-used",
        "granted-never-used",
    )
    case = story.world.value(f"case/{found.case}")
    assert isinstance(case, Case)
    assert [(one.member, one.part) for one in case.parties] == [
        ("health", "accused"),
        ("transport", "claimant"),
    ]
    assert stands(story) == ("unused", None)
    use(story)
    assert stands(story) == ("used", None)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R516")
def test_who_ends_what_it_does_not_use_is_not_found() -> None:
    story = asked()
    story.steps("health/main", "end", story.grant())
    assert stands(story) == ("awaited", None)
    assert story.world.block(at=IN_20_DAYS).settlement.findings == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R516")
def test_who_ends_what_was_handed_over_and_not_used_is_not_found() -> None:
    story = asked()
    grant_id = story.grant()
    hand_over(story)
    story.steps("health/main", "end", grant_id)
    assert stands(story) == ("delivered", None)
    assert story.world.block(at=IN_20_DAYS).settlement.findings == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R516")
def test_the_deadline_moves_with_the_end_of_the_right() -> None:
    story = asked()
    brief = replace(TERMS, not_after="2026-11-30T12:00:00.000Z")
    story.grant(brief)
    story.says("transport/main", bodies.amendment(story.grant_id))
    assert stands(story) == ("awaited", IN_20_DAYS)
    story.says("transport/main", bodies.amendment(story.grant_id, brief, ground="security"))
    assert stands(story) == ("awaited", "2026-12-08T00:00:00.000Z")


def revoke(story: Story) -> None:
    above = story.grant(DEEP)
    story.grant_id = story.pass_on(above, "audit")
    story.says("transport/main", bodies.revocation(above))


@pytest.mark.rule("R525")
@pytest.mark.parametrize("hinder", [revoke, Story.in_emergency])
def test_who_may_not_use_what_was_granted_is_not_found(hinder: Callable[[Story], object]) -> None:
    story = asked(Parameters(field_use_days=20, use_days=20))
    story.catalogue(conditions=DEEP)
    hinder(story)
    assert stands(story)[0] == "awaited"
    found = story.world.block(at=IN_20_DAYS).settlement.findings
    assert {one.code for one in found} <= {"formalities-overdue"}
    assert stands(story) == ("unused", None)
    assert story.state_of(f"{story.grant_id}-fields") == "unused"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R516", "R517", "R518")
@pytest.mark.parametrize("what", [use, hand_over, Story.stand])
def test_nothing_is_asked_where_the_ledger_sets_no_days(what: Callable[[Story], object]) -> None:
    story = asked(Parameters())
    story.grant()
    what(story)
    assert case_of(story) is None


@pytest.mark.rule("R516")
def test_a_standing_grant_is_nobodys_to_use() -> None:
    story = asked()
    story.stand()
    assert case_of(story) is None


@pytest.mark.rule("R517", "R518", "F20", "W905")
@pytest.mark.parametrize("parameters", [BOTH, Parameters(use_report_days=5)])
def test_the_use_of_what_was_handed_over_is_reported(parameters: Parameters) -> None:
    story = asked(parameters)
    grant_id = story.grant()
    hand_over(story)
    assert stands(story) == ("delivered", IN_5_DAYS)
    story.world.block(at="2026-11-24T12:00:00.000Z")
    hand_over(story)
    assert stands(story) == ("delivered", IN_5_DAYS), "the first delivery counts"
    (found,) = story.world.block(at=IN_5_DAYS).settlement.findings
    assert (found.case, found.code) == (
        f"{grant_id}-first-use-delivered-not-reported",
        "delivered-not-reported",
    )
    assert stands(story) == ("unreported", None)
    use(story)
    assert stands(story) == ("used", None)
    hand_over(story)
    assert stands(story) == ("used", None)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R517")
def test_terms_that_leave_time_to_report_are_kept_to() -> None:
    story = asked()
    terms = replace(TERMS, report_within=7 * DAY_MS)
    story.catalogue(conditions=terms)
    story.grant(terms)
    hand_over(story)
    assert stands(story) == ("delivered", "2026-12-08T00:00:00.000Z")


@pytest.mark.rule("R517", "R518")
def test_what_was_used_before_asks_for_nothing_more() -> None:
    story = asked(Parameters(use_report_days=5))
    story.grant()
    use(story)
    hand_over(story)
    assert case_of(story) is None


@pytest.mark.rule("R517")
def test_what_is_handed_over_without_a_right_asks_for_nothing() -> None:
    story = asked(Parameters(use_report_days=5))
    story.grant()
    body = bodies.delivery(story.grant_id, story.world.now)
    found = story.world.find(story.world.sign("weather/main", body))
    assert found == ("delivered-without-grant",)
    assert case_of(story) is None


@pytest.mark.rule("R518")
def test_a_use_of_what_was_passed_on_is_one_of_every_right_above() -> None:
    wide = replace(TERMS, delegable=1)
    story = asked()
    story.catalogue(conditions=wide)
    above = story.grant(wide)
    story.grant_id = story.pass_on(above, "audit")
    assert stands(story) == ("awaited", IN_20_DAYS)
    story.says("audit/main", bodies.usage(story.grant_id, story.world.now))
    for grant_id in (story.grant_id, above):
        assert story.state_of(f"{grant_id}-first-use") == "used"


@pytest.mark.rule("R518")
def test_a_use_by_somebody_else_is_no_use_of_the_right() -> None:
    story = asked()
    story.grant()
    story.says("weather/main", bodies.usage(story.grant_id, story.world.now))
    assert stands(story) == ("awaited", IN_20_DAYS)
