"""What is asked under a right waits while the right does not hold, and its days run on after."""

from typing import Final

import pytest
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.tasks import tasks_of
from contracts.values import Case
from ledger.records.catalogue import Mode
from ledger.records.genesis import Parameters
from ledger.records.governance import SetParameters
from ledger.records.terms import Terms
from ledger.types import ItemId, Time
from tests import bodies
from tests.bodies import TERMS
from tests.story import Story
from tests.unit.contracts.test_governance import adopt

ALL: Final = Parameters(field_use_days=20, supply_days=20, use_days=20, use_report_days=5)
DEEP: Final = replace(TERMS, delegable=1)
ENDINGS: Final = ("fields", "first-use", "supply")
IN_20_DAYS: Final = "2026-12-22T00:00:00.000Z"
"""Twenty working days after Monday, 23 November, are over with Monday, 21 December."""
IN_10_DAYS: Final = "2026-12-08T00:00:00.000Z"
LONG_AFTER: Final = "2027-12-31T00:00:00.000Z"


def due(story: Story, ending: str, grant_id: ItemId | None = None) -> Time | None:
    case = story.world.value(f"case/{grant_id or story.grant_id}-{ending}")
    assert isinstance(case, Case)
    return case.due


def found_at(story: Story, at: Time) -> set[str]:
    return {one.code for one in story.world.block(at=at).settlement.findings}


def granted(terms: Terms = TERMS) -> Story:
    story = Story(ALL).publish(conditions=DEEP)
    story.grant(terms)
    return story


@pytest.mark.rule("R526", "R430", "R516", "R519", "F21", "F22", "F39")
def test_what_was_left_of_the_days_runs_on_after_a_suspension() -> None:
    story = granted()
    story.world.block(at=IN_10_DAYS)
    story.steps("transport/main", "suspend", story.grant_id, "overreach")
    assert [due(story, ending) for ending in ENDINGS] == [None, None, None]
    assert found_at(story, "2027-01-12T00:00:00.000Z") == set()
    story.steps("transport/main", "resume", story.grant_id)
    assert {due(story, ending) for ending in ENDINGS} == {"2027-01-26T00:00:00.000Z"}
    assert found_at(story, "2027-01-25T23:59:59.999Z") == set()
    assert found_at(story, "2027-01-26T00:00:00.000Z") == {"supply-overdue"}
    assert violations(story.world.state, story.world.leaves) == []


UNUSED: Final = {"fields-never-used", "granted-never-used"}
EARLY: Final = Parameters(field_use_days=20, supply_days=10, use_days=20)
LATE: Final = Parameters(field_use_days=20, supply_days=30, use_days=20)


@pytest.mark.rule("R525", "F21", "F22")
@pytest.mark.parametrize("parameters", [EARLY, LATE], ids=["overdue", "owed"])
@pytest.mark.parametrize(
    ("how", "found"),
    [("never", set()), ("handed over", UNUSED), ("waived", UNUSED)],
)
def test_nobody_is_late_with_using_what_it_was_never_given(
    how: str, found: set[str], parameters: Parameters
) -> None:
    story = Story(parameters).publish()
    grant_id = story.grant()
    assert found_at(story, "2026-12-21T12:00:00.000Z") <= {"supply-overdue"}
    if how == "handed over":
        story.says("transport/main", bodies.delivery(grant_id, story.world.now))
    elif how == "waived":
        story.steps("health/main", "waive", f"{grant_id}-supply")
    assert found_at(story, IN_20_DAYS) == found
    assert story.state_of(f"{grant_id}-first-use") == "unused"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R525", "R527", "F21", "F22")
@pytest.mark.parametrize("is_handed_over", [False, True])
def test_what_is_taken_up_again_waits_for_the_one_delivery(*, is_handed_over: bool) -> None:
    story = Story(LATE).publish()
    story.stand()
    for _ in range(2):
        story.grant_id = story.ask().replace("-0", "-1")
    assert story.world.value(f"case/{story.grant_id}-supply") is None
    if is_handed_over:
        story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))
    assert found_at(story, IN_20_DAYS) == (UNUSED if is_handed_over else set())


@pytest.mark.rule("R525", "F21", "F22")
def test_what_was_passed_on_waits_for_the_delivery_above() -> None:
    story = Story(EARLY).publish(conditions=DEEP)
    story.pass_on(story.grant(DEEP), "audit")
    assert found_at(story, LONG_AFTER) == {"supply-overdue"}


@pytest.mark.rule("R525", "R517", "F20")
def test_what_was_handed_over_is_to_be_reported_though_another_delivery_is_owed() -> None:
    story = Story(replace(LATE, use_report_days=5)).publish()
    body = bodies.delivery(story.grant(), story.world.now, rows=11)
    assert story.world.find(story.world.sign("transport/main", body)) == ("delivery-differs",)
    assert story.state_of(f"{story.grant_id}-supply") == "expected"
    assert found_at(story, "2026-12-01T00:00:00.000Z") == {"delivered-not-reported"}


@pytest.mark.rule("R525", "F21", "F22")
def test_a_service_has_only_to_be_called() -> None:
    service = Mode(kind="service", endpoint="https://example.org/flights", version="1")
    story = Story(replace(LATE, reconcile_days=5)).publish(mode=service)
    story.grant()
    assert found_at(story, IN_20_DAYS) == UNUSED


VOTED: Final = (
    replace(ALL, field_use_days=5, supply_days=5, use_days=5),
    replace(ALL, field_use_days=60, supply_days=60, use_days=60),
    Parameters(),
)


@pytest.mark.rule("R526", "R430", "R516", "R519", "R618", "F21", "F22", "F39")
@pytest.mark.parametrize("voted", VOTED, ids=["shorter", "longer", "none"])
@pytest.mark.parametrize("is_resumed_before", [False, True])
def test_what_runs_already_is_due_by_the_days_of_then(
    voted: Parameters, *, is_resumed_before: bool
) -> None:
    story = granted()
    story.world.block(at="2026-11-30T00:00:00.000Z")
    story.steps("transport/main", "suspend", story.grant_id, "overreach")
    story.world.block(at="2026-12-07T00:00:00.000Z")
    if not is_resumed_before:
        adopt(story, SetParameters(parameters=voted))
    story.steps("transport/main", "resume", story.grant_id)
    if is_resumed_before:
        adopt(story, SetParameters(parameters=voted))
    assert {due(story, ending) for ending in ENDINGS} == {"2026-12-29T00:00:00.000Z"}
    assert found_at(story, "2026-12-28T23:59:59.999Z") == set()
    assert found_at(story, "2026-12-29T00:00:00.000Z") == {"supply-overdue"}
    assert story.state_of(f"{story.grant_id}-first-use") == "unused"


@pytest.mark.rule("R518", "R618")
def test_a_use_meets_what_was_asked_though_nothing_is_any_more() -> None:
    story = Story(Parameters(use_days=20)).publish()
    grant_id = story.grant()
    adopt(story, SetParameters(parameters=Parameters()))
    story.says("health/main", bodies.usage(grant_id, story.world.now))
    assert story.state_of(f"{grant_id}-first-use") == "used"
    assert found_at(story, IN_20_DAYS) == set()


@pytest.mark.rule("R516", "R618")
def test_of_a_right_of_before_nothing_more_is_asked() -> None:
    story = Story().publish()
    grant_id = story.grant()
    adopt(story, SetParameters(parameters=ALL))
    story.says("transport/main", bodies.amendment(grant_id, replace(TERMS, uses_max=5)))
    assert story.world.value(f"case/{grant_id}-first-use") is None


@pytest.mark.rule("R526", "R517", "F20")
def test_so_does_what_was_left_to_report_what_was_handed_over() -> None:
    story = granted()
    story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))
    assert due(story, "first-use") == "2026-12-01T00:00:00.000Z"
    story.world.block(at="2026-11-25T12:00:00.000Z")
    story.steps("transport/main", "suspend", story.grant_id, "overreach")
    story.world.block(at="2026-12-09T12:00:00.000Z")
    story.steps("transport/main", "resume", story.grant_id)
    assert due(story, "first-use") == "2026-12-15T00:00:00.000Z"
    assert found_at(story, "2026-12-15T00:00:00.000Z") == {"delivered-not-reported"}


@pytest.mark.rule("R526")
def test_who_is_suspended_on_the_last_day_has_a_day_left() -> None:
    story = granted()
    story.world.block(at="2026-12-21T23:59:50.000Z")
    story.steps("transport/main", "suspend", story.grant_id, "overreach")
    story.world.block(at="2027-03-01T12:00:00.000Z")
    story.steps("transport/main", "resume", story.grant_id)
    assert {due(story, ending) for ending in ENDINGS} == {"2027-03-03T00:00:00.000Z"}


@pytest.mark.rule("R526")
def test_nothing_is_due_once_the_period_of_the_right_is_over() -> None:
    story = granted(replace(TERMS, not_after=IN_10_DAYS))
    story.steps("transport/main", "suspend", story.grant_id, "overreach")
    story.world.block(at=IN_20_DAYS)
    story.steps("transport/main", "resume", story.grant_id)
    assert {due(story, ending) for ending in ENDINGS} == {None}
    assert found_at(story, LONG_AFTER) == set()


@pytest.mark.rule("R526", "R516")
def test_nothing_is_due_after_the_right_but_the_report_of_its_use() -> None:
    ends = "2026-12-22T12:00:00.000Z"
    story = granted(replace(TERMS, not_after=ends))
    story.world.block(at="2026-12-21T23:59:50.000Z")
    story.steps("transport/main", "suspend", story.grant_id, "overreach")
    story.world.block(at="2026-12-22T06:00:00.000Z")
    story.steps("transport/main", "resume", story.grant_id)
    assert [due(story, ending) for ending in ENDINGS] == [ends, "2026-12-24T00:00:00.000Z", ends]


@pytest.mark.rule("R526", "F21", "F22")
def test_a_deadline_below_a_right_that_was_suspended_is_put_off() -> None:
    story = granted(DEEP)
    above, below = story.grant_id, story.pass_on(story.grant_id, "audit")
    story.grant_id = below
    story.steps("health/main", "waive", f"{above}-supply")
    story.world.block(at=IN_10_DAYS)
    story.steps("transport/main", "suspend", above, "overreach")
    story.world.block(at="2026-12-15T00:00:00.000Z")
    story.steps("transport/main", "resume", above)
    assert due(story, "first-use") == IN_20_DAYS, "nothing is written below"
    assert found_at(story, IN_20_DAYS) == set()
    assert {due(story, one) for one in ("fields", "first-use")} == {"2026-12-29T00:00:00.000Z"}
    story.steps("transport/main", "suspend", above, "overreach")
    assert found_at(story, "2026-12-29T00:00:00.000Z") == set()
    later = due(story, "first-use")
    assert later is not None
    assert later > "2026-12-29T00:00:00.000Z"
    case = story.world.value(f"case/{below}-first-use")
    assert isinstance(case, Case)
    (task,) = tasks_of(story.world.state, story.world.now, f"{below}-first-use", case, "audit")
    assert task.duty == "may"
    story.steps("transport/main", "resume", above)
    assert found_at(story, LONG_AFTER) >= {"fields-never-used", "granted-never-used"}
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R526")
def test_nothing_else_is_put_off() -> None:
    story = Story(replace(ALL, disposal_days=5)).publish(conditions=replace(TERMS, delete_within=0))
    grant_id = story.grant(replace(TERMS, delete_within=0, not_after=IN_10_DAYS))
    story.steps("transport/main", "suspend", grant_id, "overreach")
    assert found_at(story, LONG_AFTER) == {"not-deleted-in-time"}


@pytest.mark.rule("R526", "R014", "F39")
@pytest.mark.parametrize("spoil", ["suspend", "revoke"])
def test_what_comes_after_a_deadline_does_not_put_it_off(spoil: str) -> None:
    # One deadline is settled in a block, so that the last one waits for the third block.
    story = Story(Parameters(settlements_per_block=1, supply_days=20)).publish()
    standing = story.stand()
    taken = [story.ask(by=one).replace("-0", "-1") for one in ("audit", "health", "weather")]
    story.world.block(at=IN_20_DAYS)
    if spoil == "suspend":
        story.steps("steward/main", "order-suspension", standing, "overreach")
    else:
        story.says("transport/main", bodies.revocation(standing))
    (found,) = story.world.block().settlement.findings
    assert found.case == f"{max(taken)}-supply-supply-overdue"
