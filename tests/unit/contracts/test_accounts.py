"""What both sides count of a service is compared month by month, where the ledger asks."""

from collections.abc import Sequence
from typing import Final

import pytest
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.values import Case, ServiceAccount
from ledger.records.catalogue import Mode
from ledger.records.genesis import Calendar, Parameters
from ledger.records.terms import Terms
from ledger.times import DAY_MS
from ledger.types import Time
from tests import bodies
from tests.bodies import TERMS
from tests.story import Story
from tests.world import World

SERVICE: Final = Mode(kind="service", endpoint="https://example.org/flights", version="1")
NOTHING_KEPT: Final = replace(TERMS, storage="none")
NOVEMBER: Final = "2026-11-30T12:00:00.000Z"
DUE: Final = "2026-12-08T00:00:00.000Z"
"""November ends with a Monday; five working days later ends Monday, 7 December."""
AGAIN: Final = "2026-12-16T00:00:00.000Z"
"""Five working days after what is reported on 8 December."""


def served(terms: Terms = NOTHING_KEPT, parameters: Parameters | None = None) -> Story:
    """Health has a right to a service, and it is the last day of November."""
    story = Story(parameters or Parameters(reconcile_days=5)).publish(
        conditions=terms, mode=SERVICE
    )
    story.grant(terms)
    story.world.block(at=NOVEMBER)
    return story


def answers(story: Story, count: int, rows: int, by: str = "transport") -> None:
    body = bodies.delivery(
        story.grant_id, story.world.now, count=count, mode="service", rows=rows, sha256=None
    )
    story.says(f"{by}/main", body)


def uses(story: Story, rows: Sequence[int], by: str = "health") -> None:
    story.says(f"{by}/main", bodies.usage(story.grant_id, story.world.now, rows=rows))


def account(story: Story, month: str = "2026-11") -> ServiceAccount | None:
    value = story.world.value(f"account/{story.grant_id}/{month}")
    assert value is None or isinstance(value, ServiceAccount)
    return value


def compared(story: Story, at: Time = DUE, state: str = "compared") -> list[str]:
    """The codes of what is found when the month is compared; who is accused stands first."""
    result = story.world.block(at=at)
    assert story.state_of(f"{story.grant_id}-account-2026-11") == state
    found = []
    for one in result.settlement.findings:
        case = story.world.value(f"case/{one.case}")
        assert isinstance(case, Case)
        accused = [party.member for party in case.parties if party.part == "accused"]
        found.append(f"{'+'.join(accused)}: {one.code}")
    assert violations(story.world.state, story.world.leaves) == []
    return found


BOTH: Final = ["transport+health: month-differs"]


@pytest.mark.rule("R522", "R523", "R524", "F20", "F23")
@pytest.mark.parametrize(
    ("answered", "used", "terms", "found"),
    [
        ((100, 100), [1] * 100, TERMS, []),
        ((100, 100), [1] * 99, TERMS, []),
        ((100, 100), [1] * 98, TERMS, BOTH),
        ((100, 100), [1] * 99 + [0], TERMS, []),
        ((100, 100), [1] * 98 + [0, 0], TERMS, BOTH),
        ((100, 100), [1] * 102, NOTHING_KEPT, BOTH),
        ((100, 100), [1] * 102, TERMS, []),
        ((100, 100), [], TERMS, ["health: delivered-not-reported"]),
        (None, [1], TERMS, []),
        (None, [1], NOTHING_KEPT, BOTH),
    ],
)
def test_the_counts_of_a_month_agree(
    answered: tuple[int, int] | None, used: Sequence[int], terms: Terms, found: list[str]
) -> None:
    story = served(terms)
    if answered is not None:
        answers(story, *answered)
    if used:
        uses(story, used)
    assert compared(story) == found


@pytest.mark.rule("R522", "W922")
def test_both_sides_add_up_in_any_order() -> None:
    story = served()
    uses(story, [3, 4])
    answers(story, 2, 7)
    case = story.world.value(f"case/{story.grant_id}-account-2026-11")
    assert isinstance(case, Case)
    assert (case.due, case.records) == (DUE, 2)
    uses(story, [1])
    answers(story, 1, 1)
    assert account(story) == ServiceAccount(
        answered_rows=8, answers=3, givers=("transport",), used_rows=8, uses=3
    )
    assert compared(story) == []


@pytest.mark.rule("R522")
def test_a_month_is_one_of_the_ledgers_calendar() -> None:
    story = Story()
    story.world = World.genesis(
        parameters=Parameters(reconcile_days=5), calendar=Calendar(utc_offset_minutes=480)
    )
    story.publish(mode=SERVICE)
    story.grant()
    story.world.block(at="2026-11-30T15:59:58.000Z")
    uses(story, [1])
    story.world.block(at="2026-11-30T16:00:01.000Z")
    uses(story, [1, 1])
    november, december = account(story), account(story, "2026-12")
    assert november is not None
    assert december is not None
    assert (november.uses, december.uses) == (1, 2)
    case = story.world.value(f"case/{story.grant_id}-account-2026-11")
    assert isinstance(case, Case)
    assert case.due == "2026-12-07T16:00:00.000Z", "the month ends at midnight in China"


@pytest.mark.rule("R522")
@pytest.mark.parametrize(
    ("report_within", "due"),
    [(2 * DAY_MS, "2026-12-10T00:00:00.000Z"), (1, "2026-12-09T00:00:00.000Z"), (0, DUE)],
)
def test_the_terms_leave_time_to_report(report_within: int, due: Time) -> None:
    terms = replace(TERMS, report_within=report_within)
    story = served(terms)
    uses(story, [1])
    case = story.world.value(f"case/{story.grant_id}-account-2026-11")
    assert isinstance(case, Case)
    assert case.due == due


@pytest.mark.rule("R522")
def test_who_reports_on_a_month_long_past_leaves_time_to_the_other() -> None:
    story = served()
    body = bodies.delivery(story.grant_id, story.world.now, mode="service", sha256=None)
    story.world.block(at="2027-03-01T00:00:00.000Z")
    story.says("transport/main", body)
    case = story.world.value(f"case/{story.grant_id}-account-2026-11")
    assert isinstance(case, Case)
    assert case.due == "2027-03-09T00:00:00.000Z"


@pytest.mark.rule("R522")
def test_what_comes_after_the_comparison_is_compared_once_more() -> None:
    story = served()
    answers(story, 1, 1)
    assert compared(story) == ["health: delivered-not-reported"]
    story.says("health/main", bodies.usage(story.grant_id, NOVEMBER))
    case = story.world.value(f"case/{story.grant_id}-account-2026-11")
    assert isinstance(case, Case)
    assert (case.state, case.due) == ("reopened", AGAIN)
    assert compared(story, AGAIN, "closed") == []
    story.says("health/main", bodies.usage(story.grant_id, NOVEMBER))
    after = account(story)
    assert after is not None
    assert after.uses == 2, "what comes later still is counted"
    assert story.state_of(f"{story.grant_id}-account-2026-11") == "closed"


@pytest.mark.rule("R522", "R524", "W923", "W924", "W925", "W926")
def test_who_is_late_with_its_answers_hides_none() -> None:
    story = served()
    uses(story, [1])
    assert compared(story) == BOTH
    in_november = bodies.delivery(
        story.grant_id, NOVEMBER, count=100, mode="service", rows=100, sha256=None
    )
    story.says("transport/main", in_november)
    story.says("transport/main", in_november)
    story.says("health/main", bodies.usage(story.grant_id, NOVEMBER))
    assert compared(story, AGAIN, "closed") == BOTH


@pytest.mark.rule("R522")
def test_only_services_have_accounts_and_only_what_is_answered_counts() -> None:
    story = served(parameters=Parameters())
    answers(story, 1, 1)
    uses(story, [1])
    assert account(story) is None
    story = Story(Parameters(reconcile_days=5)).publish()
    story.grant()
    uses(story, [1])
    assert account(story) is None
    story = served()
    story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))
    assert account(story) is None
    foreign = bodies.delivery(story.grant_id, story.world.now, mode="service", sha256=None)
    found = story.world.find(story.world.sign("weather/main", foreign))
    assert found == ("delivered-without-grant",)
    assert account(story) is None


@pytest.mark.rule("R522", "R524")
def test_of_what_was_passed_on_either_giver_states_the_answers() -> None:
    wide = replace(NOTHING_KEPT, delegable=1)
    story = Story(Parameters(reconcile_days=5)).publish(conditions=wide, mode=SERVICE)
    above = story.grant(wide)
    story.grant_id = story.pass_on(above, "audit", NOTHING_KEPT)
    story.world.block(at=NOVEMBER)
    uses(story, [1], by="audit")
    assert account(story) is not None
    assert story.world.value(f"account/{above}/2026-11") is None
    case = story.world.value(f"case/{story.grant_id}-account-2026-11")
    assert isinstance(case, Case)
    assert [(one.member, one.part) for one in case.parties] == [
        ("audit", "consumer"),
        ("health", "provider"),
    ]
    answers(story, 3, 1)
    assert compared(story) == ["transport+audit: month-differs"]


@pytest.mark.rule("R524", "F23")
def test_whoever_stated_answers_is_accused_not_who_did_last() -> None:
    wide = replace(NOTHING_KEPT, delegable=1)
    story = Story(Parameters(reconcile_days=5)).publish(conditions=wide, mode=SERVICE)
    story.grant_id = story.pass_on(story.grant(wide), "audit", NOTHING_KEPT)
    story.world.block(at=NOVEMBER)
    uses(story, [1], by="audit")
    answers(story, 1000, 1000, by="health")
    answers(story, 1, 1, by="transport")
    assert compared(story) == ["health+transport+audit: month-differs"]
