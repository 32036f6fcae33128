"""By when the next version of a dataset is due."""

from typing import Final

import pytest
from msgspec.structs import replace

from contracts.values import Case, Dataset
from ledger.records.genesis import Parameters
from ledger.times import DAY_MS
from tests import bodies
from tests.story import Story

KEPT: Final = Parameters(update_days=5)


def duty_of(story: Story, dataset: str = bodies.DATASET) -> str | None:
    value = story.world.value(f"dataset/{dataset}")
    assert isinstance(value, Dataset)
    return value.duty


def owed(story: Story) -> tuple[str, Case]:
    """The case in which the next version of `flights` is owed."""
    duty = duty_of(story)
    assert duty is not None
    case = story.world.value(f"case/{duty}")
    assert isinstance(case, Case)
    return duty, case


def due(story: Story) -> str:
    _, case = owed(story)
    assert case.due is not None
    return case.due


@pytest.mark.rule("R319")
@pytest.mark.parametrize(
    ("frequency", "day"),
    [
        ("daily", "2026-12-02"),
        ("weekly", "2026-12-08"),
        ("monthly", "2027-01-01"),
        ("quarterly", "2027-03-03"),
        ("yearly", "2027-12-02"),
    ],
)
def test_a_version_is_due_some_working_days_after_the_period(frequency: str, day: str) -> None:
    story = Story(KEPT)
    entry = story.catalogue(frequency=frequency)  # on Monday, 23 November
    assert duty_of(story) == f"{entry}-update"
    assert due(story) == f"{day}T00:00:00.000Z"


@pytest.mark.rule("R319")
@pytest.mark.parametrize("frequency", ["realtime", "once", "irregular"])
def test_what_has_no_day_owes_nothing(frequency: str) -> None:
    story = Story(KEPT).publish(frequency=frequency)
    assert duty_of(story) is None


@pytest.mark.rule("R319")
def test_nothing_is_owed_where_the_ledger_sets_no_days() -> None:
    assert duty_of(Story().publish(frequency="daily")) is None


@pytest.mark.rule("R319")
def test_a_campaign_owes_nothing_beyond_its_end() -> None:
    campaign = {"frequency": "weekly", "production": "campaign"}
    story = Story(KEPT).publish(**campaign, production_end="2026-11-29T00:00:00.000Z")
    assert duty_of(story) is None
    story = Story(KEPT).publish(**campaign, production_end="2026-12-01T00:00:00.000Z")
    assert duty_of(story) is not None


@pytest.mark.rule("R319")
def test_a_change_of_the_entry_leaves_the_duty_that_stands() -> None:
    story = Story(KEPT).publish(frequency="yearly")
    before = due(story)
    story.catalogue(frequency="daily")
    assert due(story) == before
    story.says("transport/main", bodies.release(bodies.release_item(version=2)))
    assert due(story) < before


@pytest.mark.rule("R320", "W121")
def test_a_release_meets_the_duty_and_begins_the_next() -> None:
    story = Story(KEPT)
    first = f"{story.catalogue(frequency='weekly')}-update"
    story.world.block(at=story.world.later(3 * DAY_MS))
    items = bodies.release_item(), bodies.release_item(version=2)
    record = story.says("transport/main", bodies.release(*items))
    assert story.state_of(first) == "released"
    assert duty_of(story) == f"{record.digest}-0-update"
    assert due(story) == "2026-12-11T00:00:00.000Z"


@pytest.mark.rule("R320", "W121")
def test_who_releases_more_than_it_promised_has_more_time_and_met_no_more() -> None:
    story = Story(KEPT).publish(frequency="weekly")
    world, (duty, case) = story.world, owed(story)
    versions = (bodies.release_item(version=number) for number in range(2, 66))
    story.says("transport/main", bodies.release(*versions))
    assert owed(story) == (duty, replace(case, due="2026-12-08T00:00:00.000Z"))
    world.block(at=world.later(3 * DAY_MS))
    story.says("transport/main", bodies.release(bodies.release_item(version=66)))
    assert owed(story) == (duty, replace(case, due="2026-12-11T00:00:00.000Z"))
    world.block(at=world.later(DAY_MS))
    story.says("transport/main", bodies.release(bodies.release_item(version=67)))
    assert story.state_of(duty) == "released"
    assert duty_of(story) != duty


@pytest.mark.rule("R320", "F78", "W122")
def test_a_version_that_is_late_is_found_once() -> None:
    story = Story(KEPT).publish(frequency="daily")
    world = story.world
    duty, case = owed(story)
    settled = world.block(at=case.due).settlement
    assert [(one.case, one.code) for one in settled.findings] == [
        (f"{duty}-update-overdue", "update-overdue")
    ]
    assert not world.block(at=world.later(400 * DAY_MS)).settlement.findings[1:]
    assert story.state_of(duty) == "overdue"
    finding = world.value(f"case/{duty}-update-overdue")
    assert isinstance(finding, Case)
    assert finding.finding is not None
    assert finding.finding.limit == case.due
    story.says("transport/main", bodies.release(bodies.release_item(version=2)))
    assert story.state_of(duty) == "released"
    assert owed(story)[1].state == "expected"


@pytest.mark.rule("R321", "W123", "W124")
@pytest.mark.parametrize("late", [False, True])
def test_what_is_archived_owes_nothing(late: bool) -> None:  # noqa: FBT001  a parameter
    story = Story(KEPT).publish(frequency="daily")
    duty, case = owed(story)
    if late:
        story.world.block(at=case.due)
    story.says("transport/main", bodies.lifecycle())
    assert (duty_of(story), story.state_of(duty)) == (None, "dropped")


@pytest.mark.rule("R319", "R320")
def test_many_versions_fall_due_at_once_and_are_settled_in_turn() -> None:
    story = Story(replace(KEPT, settlements_per_block=2))
    for name in ("one", "two", "three"):
        story.catalogue(dataset=name, frequency="daily")
    world = story.world
    first = world.block(at="2027-01-01T00:00:00.000Z").settlement
    second = world.block().settlement
    assert (len(first.findings), len(second.findings)) == (2, 1)
