"""Tasks are the steps the rules would accept, with the deadlines that the rules settle."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.calendar import deadline, working_days_left
from contracts.tasks import Task, awaited, may_sign, tasks_of, waits
from contracts.transition import Accepted
from contracts.values import Case, Member, Writer
from contracts.workflows import WORKFLOWS
from ledger.records.catalogue import Mode
from ledger.records.genesis import Calendar, Parameters
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import CaseId, MemberId, Time
from tests import bodies, supervised
from tests.story import Story, published
from tests.strategies import calendars
from tests.unit.contracts.test_workflows import COURSES, UNANSWERED, finding
from tests.world import ROLES

OVERDUE: Final = "answer-overdue"


def case_of(story: Story, case_id: CaseId) -> Case:
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    return case


def tasks(
    story: Story, case_id: CaseId, member: MemberId, now: Time | None = None
) -> dict[str, Task]:
    """A member's tasks in a case, by step."""
    state, time = story.world.state, now or story.world.now
    found = tasks_of(state, time, case_id, case_of(story, case_id), member)
    assert len({task.step for task in found}) == len(found)
    return {task.step: task for task in found}


@pytest.mark.parametrize(("workflow", "state"), COURSES)
def test_a_task_is_a_step_that_is_accepted_and_no_other_is(workflow: str, state: str) -> None:
    """Every member tries every step; the rules, not the table, say which were its to take."""
    for member in ROLES:
        story = published()
        listed = tasks(story, case_id := COURSES[workflow, state](story), member)
        for row in (row for row in WORKFLOWS[workflow].steps if row.by == "step"):
            trial = published()
            assert COURSES[workflow, state](trial) == case_id, "the same story, told again"
            ground = next(iter(row.grounds), None)
            record = trial.world.sign(
                f"{member}/main",
                bodies.case_step(row.name, case_id, ground=ground, **supervised.NAMED[row.names]),
            )
            (verdict,) = trial.world.block(record).verdicts
            assert isinstance(verdict, Accepted) == (row.name in listed), (member, row)


def test_a_task_says_what_to_do_by_when() -> None:
    story = published()
    request = story.ask()
    due = case_of(story, request).due
    assert tasks(story, request, "transport")["refuse"] == Task(
        case=request,
        dataset="flights",
        days_left=10,
        due=due,
        duty="must",
        grounds=WORKFLOWS["request"].rows("refuse")[0].grounds,
        member="transport",
        others=("health",),
        part="provider",
        record="step",
        state="open",
        step="refuse",
        subject=f"request/{request}",
        workflow="request",
    )
    assert tasks(story, request, "transport")["grant"].record == "grant"
    assert tasks(story, request, "health")["withdraw"].duty == "may"
    assert tasks(story, request, "weather") == {}


def test_it_warns_three_and_one_working_days_ahead() -> None:
    """Asked on Monday 23 November at 00:00 UTC, due in ten days: Monday 7 December at 24:00."""
    story = published()
    request = story.ask()
    told = {
        now: (task.days_left, task.urgency)
        for now in (
            "2026-12-01T23:59:59.999Z",
            "2026-12-02T00:00:00.000Z",
            "2026-12-04T12:00:00.000Z",
            "2026-12-06T12:00:00.000Z",
            "2026-12-07T23:59:59.999Z",
            "2026-12-08T00:00:00.000Z",
        )
        for task in (tasks(story, request, "transport", now)["refuse"],)
    }
    assert list(told.values()) == [
        (4, None),
        (3, "three-days"),
        (1, "one-day"),
        (1, "one-day"),
        (0, "one-day"),
        (0, "overdue"),
    ]


def test_a_missed_deadline_is_still_a_task() -> None:
    story = published()
    request = story.ask()
    due = case_of(story, request).due
    story.world.block(at=due)
    assert case_of(story, request).due is None
    assert story.state_of(f"{request}-{OVERDUE}") == "raised"
    task = tasks(story, request, "transport")["refuse"]
    assert (task.duty, task.due, task.urgency) == ("must", due, "overdue")
    assert tasks(story, request, "health")["withdraw"].duty == "may"


@pytest.mark.rule("R415", "R525")
def test_under_a_right_that_fell_nothing_is_to_be_done() -> None:
    """Health ends what it passed on to audit, which had not used it, and to weather, on offer."""
    deep = replace(bodies.TERMS, delegable=1)
    story = Story(Parameters(use_days=20)).publish(conditions=deep)
    above = story.grant(deep)
    below = story.pass_on(above, "audit")
    offer = f"{story.says('health/main', bodies.delegation(above, 'weather')).digest}-0"
    assert tasks(story, offer, "weather")["accept"].hindered is None
    use = tasks(story, f"{below}-first-use", "audit")["report-use"]
    assert (use.duty, use.hindered) == ("must", None)
    story.steps("health/main", "end", above)
    use = tasks(story, f"{below}-first-use", "audit")["report-use"]
    assert use.hindered is not None
    assert (use.duty, use.hindered.startswith("the grant ended at")) == ("may", True)
    assert tasks(story, offer, "weather")["accept"].hindered is not None
    assert tasks(story, offer, "weather")["decline"].hindered is None


def test_what_was_answered_is_still_to_be_counted_when_the_right_is_over() -> None:
    service = Mode(kind="service", endpoint="https://example.org/flights", version="1")
    story = Story(Parameters(reconcile_days=5)).publish(mode=service)
    grant_id = story.grant()
    story.says("health/main", bodies.usage(grant_id, story.world.now))
    story.says("transport/main", bodies.revocation(grant_id))
    count = tasks(story, f"{grant_id}-account-2026-11", "transport")["count-answers"]
    assert count.duty == "must"


def test_a_deadline_runs_against_the_parties_where_nobody_is_named_late() -> None:
    story = published()
    case_id = finding(story)
    assert tasks(story, case_id, "health")["reply"].duty == "must"
    dismissal = tasks(story, case_id, "audit")["dismiss"]
    assert (dismissal.duty, dismissal.part) == ("may", "auditor")
    assert dismissal.code == "no-effective-grant"
    other = UNANSWERED(story)
    late = tasks(story, other, "health")["reply"]
    assert (late.duty, late.due) == ("may", None)


@pytest.mark.parametrize("state", ["expected", "overdue"])
def test_no_deadline_asks_for_what_is_done_for_reasons_of_its_own(state: str) -> None:
    story = published()
    listed = tasks(story, COURSES["update", state](story), "transport")
    assert {step: task.duty for step, task in listed.items()} == {"release": "must", "drop": "may"}


def test_the_steward_must_review() -> None:
    story = Story()
    entry = story.submit()
    assert {task.duty for task in tasks(story, entry, "steward").values()} == {"must"}
    assert tasks(story, entry, "transport")["supersede"].duty == "may"
    assert tasks(story, entry, "transport")["supersede"].dataset == "flights"


def test_a_suspended_member_has_none() -> None:
    story = published()
    request = story.ask()
    member = story.world.value("member/transport")
    assert isinstance(member, Member)
    suspended = Member(
        code=member.code,
        custodian=member.custodian,
        jurisdiction=member.jurisdiction,
        names=member.names,
        status="suspended",
    )
    story.world.state.commit({"member/transport": suspended})
    assert tasks(story, request, "transport") == {}


@pytest.mark.parametrize(("workflow", "state"), COURSES)
def test_a_case_waits_unless_it_is_over_or_may_stay_so(workflow: str, state: str) -> None:
    story = published()
    case = case_of(story, COURSES[workflow, state](story))
    leads_on = any(row.state == state and row.who for row in WORKFLOWS[workflow].steps)
    assert bool(awaited(case)) == leads_on
    may_stay = {("account", "compared"), ("grant", "in-force")}
    assert waits(case) == (leads_on and (workflow, state) not in may_stay)


def test_a_writer_takes_what_it_was_appointed_for() -> None:
    story = published()
    refusal = tasks(story, story.ask(), "transport")["refuse"]
    reply = tasks(story, finding(story), "health")["reply"]
    now = story.world.now
    base = story.world.value("writer/transport/main")
    assert isinstance(base, Writer)

    def writer(**changes: object) -> Writer:
        known = {"appointed_by": base.appointed_by, "key": base.key, "families": ("cases",)}
        return Writer(**{**known, **changes})  # type: ignore[arg-type]

    assert may_sign(writer(), refusal, now)
    assert may_sign(writer(datasets=("flights",)), refusal, now)
    assert not may_sign(writer(datasets=("delays",)), refusal, now)
    assert not may_sign(writer(datasets=("flights",)), reply, now)
    assert not may_sign(writer(families=("use",)), refusal, now)
    assert not may_sign(writer(status="ended"), refusal, now)
    assert may_sign(writer(not_after=now), refusal, now)
    assert not may_sign(writer(not_after="2026-01-01T00:00:00.000Z"), refusal, now)


@given(calendars(), st.integers(0, 4_000 * DAY_MS), st.integers(1, 60))
def test_the_days_left_at_the_start_are_those_given(
    calendar: Calendar, start_ms: int, days: int
) -> None:
    start = from_ms(to_ms("2020-01-01T00:00:00.000Z") + start_ms)
    due = deadline(start, days, calendar)
    assert working_days_left(start, due, calendar) == days
    assert working_days_left(due, start, calendar) == 0
