"""A deadline that waits for a later block to settle it is over all the same."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.tasks import tasks_of
from contracts.values import Case, GrantedRight
from ledger.records import Body
from ledger.records.actions import SplitMember
from ledger.records.genesis import Parameters
from ledger.records.governance import Action, RemoveMember, SuspendMember
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import CaseId, ItemId, Time
from tests import bodies
from tests.bodies import TERMS
from tests.story import Story
from tests.supervised import COURSES

LATE = "2027-01-30T00:00:00.000Z"
"""After every deadline of these stories."""


def queued(**parameters: Any) -> Story:
    """A ledger that settles one deadline per block, with one that falls due before all others."""
    story = Story(Parameters(settlements_per_block=1, **parameters)).publish()
    story.says("weather/main", bodies.request(bodies.request_item(story.entry)))
    return story


def due_of(story: Story, case_id: CaseId) -> Time:
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    assert case.due is not None
    return case.due


def asked_after_another(story: Story) -> CaseId:
    """Of two requests that fall due together, the one that is settled second."""
    first, second = sorted((story.ask(), story.ask()))
    assert due_of(story, first) == due_of(story, second)
    return second


@pytest.mark.rule("R014", "F31")
def test_who_answers_before_the_settlement_is_late() -> None:
    story = Story(Parameters(settlements_per_block=1)).publish()
    second = asked_after_another(story)
    answer = story.world.sign(
        "transport/main", bodies.grant(bodies.grant_item("health", request=second))
    )
    late = from_ms(to_ms(due_of(story, second)) + 5 * DAY_MS)
    story.world.accept(answer, at=late)
    assert story.state_of(f"{second}-answer-overdue") == "raised"
    assert story.state_of(second) == "granted"
    # Nothing is left for the next block.
    assert story.world.block(at=from_ms(to_ms(late) + 1)).is_empty


@pytest.mark.rule("R014", "R013", "1304")
def test_what_became_binding_is_not_appealed() -> None:
    story = queued()
    case_id = COURSES["objection", "ruled"](story)
    late = from_ms(to_ms(due_of(story, case_id)) + DAY_MS)
    appeal = story.world.sign("health/main", bodies.case_step("appeal", case_id))
    assert story.world.refuse(appeal, at=late) == reasons.WRONG_STATE


@pytest.mark.rule("R014", "R435", "F40")
def test_formalities_are_asked_for_too_late() -> None:
    story = queued()
    story.in_emergency(by="steward")
    item = replace(bodies.request_item(story.entry), emergency=story.grant_id)
    request = story.world.sign("health/main", bodies.request(item))
    story.world.accept(request, at="2026-12-20T00:00:00.000Z")
    assert story.state_of(f"{story.grant_id}-formalities") == "lapsed"
    assert story.state_of(f"{story.grant_id}-formalities-formalities-overdue") == "raised"


@pytest.mark.rule("R014", "R435")
def test_what_has_lapsed_is_not_brought_back_by_the_answer() -> None:
    story = queued()
    story.in_emergency(by="steward")
    request = story.formalities()
    answer = bodies.grant(bodies.grant_item("health", request=request))
    story.world.accept(story.world.sign("transport/main", answer), at="2026-12-20T00:00:00.000Z")
    right = story.world.value(f"grant/{story.grant_id}")
    assert isinstance(right, GrantedRight)
    assert right.lapses_at == "2026-12-08T00:00:00.000Z"
    assert story.state_of(f"{story.grant_id}-formalities") == "completed"


def suspended(grant: ItemId) -> Body:
    return bodies.case_step("suspend", grant, ground="security-incident")


def ended(grant: ItemId) -> Body:
    return bodies.case_step("end", grant)


def lengthened(grant: ItemId) -> Body:
    return bodies.amendment(grant, replace(TERMS, not_after="2027-06-30T00:00:00.000Z"))


@pytest.mark.parametrize(
    ("parameters", "writer", "act", "case", "finding"),
    [
        pytest.param(
            {"supply_days": 20},
            "transport/main",
            suspended,
            "supply",
            findings.SUPPLY_OVERDUE,
            marks=pytest.mark.rule("R014", "R430", "F39"),
            id="supply, suspended",
        ),
        pytest.param(
            {"supply_days": 20},
            "health/main",
            ended,
            "supply",
            findings.SUPPLY_OVERDUE,
            marks=pytest.mark.rule("R014", "R432", "F39"),
            id="supply, ended",
        ),
        pytest.param(
            {"use_days": 20},
            "transport/main",
            suspended,
            "first-use",
            findings.GRANTED_NEVER_USED,
            marks=pytest.mark.rule("R014", "R526", "F21"),
            id="first use, suspended",
        ),
        pytest.param(
            {"field_use_days": 20},
            "transport/main",
            suspended,
            "fields",
            findings.FIELDS_NEVER_USED,
            marks=pytest.mark.rule("R014", "R526", "F22"),
            id="columns, suspended",
        ),
        pytest.param(
            {"use_days": 20},
            "health/main",
            ended,
            "first-use",
            findings.GRANTED_NEVER_USED,
            marks=pytest.mark.rule("R014", "R516", "F21"),
            id="first use, ended",
        ),
        pytest.param(
            {"field_use_days": 20},
            "health/main",
            ended,
            "fields",
            findings.FIELDS_NEVER_USED,
            marks=pytest.mark.rule("R014", "R521", "F22"),
            id="columns, ended",
        ),
        pytest.param(
            {"field_use_days": 20},
            "transport/main",
            lengthened,
            "fields",
            findings.FIELDS_NEVER_USED,
            marks=pytest.mark.rule("R014", "R521", "F22"),
            id="columns, amended",
        ),
        pytest.param(
            {"effect_days": 20},
            "health/main",
            lambda grant: bodies.effect_report("2026-11-24T00:00:00.000Z", grant),
            "effect",
            findings.EFFECT_OVERDUE,
            marks=pytest.mark.rule("R014", "R514", "F19"),
            id="effect, reported",
        ),
    ],
)
def test_what_was_missed_is_not_put_off(
    parameters: dict[str, int],
    writer: str,
    act: Callable[[ItemId], Body],
    case: str,
    finding: findings.Finding,
) -> None:
    story = queued(**parameters)
    grant = story.grant()
    if case == "effect":
        story.says("health/main", bodies.usage(grant, story.world.now))
    due = due_of(story, f"{grant}-{case}")
    story.world.block(story.world.sign(writer, act(grant)), at=LATE)
    found = story.world.value(f"case/{grant}-{case}-{finding.code}")
    assert isinstance(found, Case)
    assert found.finding is not None
    assert found.finding.limit == due


@pytest.mark.rule("R014", "R520", "F22")
def test_columns_used_too_late_were_not_used_in_time() -> None:
    story = queued(field_use_days=20)
    grant = story.grant()
    use = replace(bodies.usage(grant, story.world.now), fields=("a",))
    story.world.block(story.world.sign("health/main", use), at=LATE)
    found = story.world.value(f"case/{grant}-fields-fields-never-used")
    assert isinstance(found, Case)
    assert found.finding is not None
    assert found.finding.measure == "3 of 3 columns: a, b, c"


def adopted(story: Story, action: Action) -> None:
    proposal = story.says("audit/main", bodies.proposal(action, "2026-12-01T00:00:00.000Z"))
    for one in ("audit", "health", "steward"):
        if story.state_of(proposal.digest) == "open":
            story.says(f"{one}/main", bodies.ballot(proposal.digest))
    assert story.state_of(proposal.digest) == "adopted"


@pytest.mark.rule("R713")
@pytest.mark.parametrize("action", [SuspendMember, RemoveMember])
def test_who_may_not_answer_is_not_late(action: type[RemoveMember | SuspendMember]) -> None:
    story = Story().publish()
    story.ask()
    adopted(story, action(member="transport"))
    assert story.world.block(at=LATE).settlement.findings == ()


@pytest.mark.rule("R713", "R009", "F17")
def test_who_is_suspended_states_facts_in_time() -> None:
    story = Story(Parameters(disposal_days=5)).publish(conditions=replace(TERMS, delete_within=0))
    grant = story.grant(replace(TERMS, delete_within=0))
    story.says("health/main", ended(grant))
    adopted(story, SuspendMember(member="health"))
    found = story.world.block(at=LATE).settlement.findings
    assert [one.code for one in found] == ["not-deleted-in-time"]


@pytest.mark.rule("R713", "R004")
def test_who_was_removed_states_nothing() -> None:
    story = Story(Parameters(disposal_days=5)).publish(conditions=replace(TERMS, delete_within=0))
    item = bodies.grant_item("weather", terms=replace(TERMS, delete_within=0))
    grant = f"{story.says('transport/main', bodies.grant(item)).digest}-0"
    story.says("weather/main", bodies.acceptance(grant))
    story.says("weather/main", ended(grant))
    adopted(story, RemoveMember(member="weather"))
    assert story.world.block(at=LATE).settlement.findings == ()


@pytest.mark.rule("R713", "R629")
def test_of_a_member_that_was_split_the_hand_counts() -> None:
    story = Story().publish()
    adopted(story, SplitMember(datasets=("flights",), member="transport", successor="weather"))
    story.ask()
    adopted(story, SuspendMember(member="weather"))
    assert story.world.block(at=LATE).settlement.findings == ()


@pytest.mark.rule("R713", "F31")
def test_who_was_named_a_provider_by_another_is_not_late_for_it() -> None:
    story = Story().publish(co_providers=("weather",), joint_rule="any")
    request = story.ask()
    due = due_of(story, request)
    case = story.world.value(f"case/{request}")
    assert isinstance(case, Case)
    (task,) = {
        one.duty
        for one in tasks_of(story.world.state, story.world.now, request, case, "weather")
        if one.step == "grant"
    }
    assert task == "may"
    story.world.block(at=due)
    found = story.world.value(f"case/{request}-answer-overdue")
    assert isinstance(found, Case)
    assert [(one.member, one.part) for one in found.parties] == [
        ("transport", "accused"),
        ("health", "claimant"),
    ]


@pytest.mark.rule("W408", "F35")
def test_each_of_two_accused_is_heard() -> None:
    story = Story().publish()
    grant = story.grant()
    delivery = story.says("transport/main", bodies.delivery(grant, story.world.now))
    receipt = story.says("health/main", bodies.acknowledgement(delivery.digest, rows=1))
    case_id = f"{receipt.digest}-counts-differ"
    story.steps("health/main", "reply", case_id)
    story.steps("transport/main", "reply", case_id)
    story.steps("steward/main", "confirm", case_id)
