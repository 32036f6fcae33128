"""What is decided for a claimant obliges the respondent: an order, or a request reopened."""

from typing import Final

import pytest

from contracts.calendar import deadline
from contracts.invariants import violations
from contracts.tasks import tasks_of
from contracts.values import Case, Ledger, Party
from contracts.view import held
from ledger.records.genesis import Parameters
from ledger.records.supervision import Opened
from ledger.types import CaseId
from tests import bodies
from tests.story import Story, published
from tests.supervised import OBJECTION
from tests.unit.contracts.test_backflow import OWN, above

WON: Final = ("upheld", "upheld-in-part")


def case_of(story: Story, case_id: CaseId) -> Case:
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    return case


def pass_deadline(story: Story, case_id: CaseId) -> None:
    story.world.block(at=case_of(story, case_id).due)


def refused(story: Story, ground: str = "security") -> CaseId:
    request = story.ask()
    story.steps("transport/main", "refuse", request, ground)
    return request


def opened(story: Story, workflow: Opened, case: CaseId, by: str = "health") -> CaseId:
    return f"{story.says(f'{by}/main', bodies.opening(workflow, case=case)).digest}-0"


def ruled(story: Story, contest: CaseId, ruling: str, by: str = "health") -> CaseId:
    """Who is against the claimant answers, the claimant goes to the steward, and that rules."""
    respondent = next(one for one in case_of(story, contest).parties if one.part == "respondent")
    story.steps(f"{respondent.member}/main", "answer", contest)
    story.steps(f"{by}/main", "escalate", contest)
    story.steps("steward/main", "rule", contest, ruling)
    return contest


def binding(story: Story, contest: CaseId, ruling: str, by: str = "health") -> CaseId:
    """Nobody appeals."""
    pass_deadline(story, ruled(story, contest, ruling, by))
    return contest


@pytest.mark.rule("R724", "W225", "R447")
@pytest.mark.parametrize("ruling", WON)
def test_a_refusal_that_was_not_upheld_is_to_be_answered_again(ruling: str) -> None:
    story = published()
    request = refused(story)
    dispute = binding(story, opened(story, "dispute", request), ruling)
    assert (story.state_of(dispute), story.state_of(request)) == ("binding", "reopened")
    assert story.world.value(f"case/{dispute}-order") is None
    case = case_of(story, request)
    listed = tasks_of(story.world.state, story.world.now, request, case, "transport")
    assert {one.step: (one.duty, one.due) for one in listed} == {
        "refuse": ("must", case.due),
        "grant": ("must", case.due),
    }
    assert case.due is not None
    story.says("transport/main", bodies.grant(bodies.grant_item("health", request=request)))
    assert story.state_of(request) == "granted"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R724", "R447", "R438")
def test_what_a_lower_level_asked_about_itself_is_due_as_it_was() -> None:
    story = above(Parameters(backflow_days=3))
    request = story.ask(OWN, by="weather")
    story.steps("transport/main", "refuse", request, "security")
    binding(story, opened(story, "dispute", request, "weather"), "upheld", "weather")
    ledger = held(story.world.state, Ledger, "ledger")
    case = case_of(story, request)
    assert case.state == "reopened"
    assert case.due == deadline(story.world.now, 3, ledger.calendar)


@pytest.mark.rule("R724", "R713", "F31")
def test_what_was_reopened_and_is_not_answered_is_found() -> None:
    story = published()
    request = refused(story)
    binding(story, opened(story, "dispute", request), "upheld")
    (found,) = story.world.block(at=case_of(story, request).due).settlement.findings
    assert found.case == f"{request}-answer-overdue"
    assert case_of(story, found.case).parties[0] == Party(member="transport", part="accused")


@pytest.mark.rule("R448", "F46", "W226", "W227", "W228")
def test_what_was_reopened_is_not_refused_unseen() -> None:
    story = published()
    request = refused(story)
    binding(story, opened(story, "dispute", request), "upheld-in-part")
    again = bodies.case_step("refuse", request, ground="legal-restriction")
    assert story.world.find(story.world.sign("transport/main", again)) == (
        "refused-against-ruling",
    )
    assert story.state_of(request) == "refused"


@pytest.mark.rule("R448")
def test_a_first_refusal_defies_nothing() -> None:
    story = published()
    refusal = bodies.case_step("refuse", story.ask(), ground="security")
    assert story.world.find(story.world.sign("transport/main", refusal)) == ()


@pytest.mark.rule("R723", "R013")
@pytest.mark.parametrize("ruling", [*WON, "rejected"])
def test_what_the_government_decides_for_the_claimant_is_an_order(ruling: str) -> None:
    story = published()
    dispute = ruled(story, opened(story, "dispute", story.grant()), "rejected")
    story.steps("health/main", "appeal", dispute)
    # Transport is the government of these stories, and a party: nobody decides its own case.
    record = story.world.sign("transport/main", bodies.case_step("decide", dispute, ground=ruling))
    story.world.refuse(record)
    objection = ruled(story, OBJECTION(story), "rejected")
    story.steps("health/main", "appeal", objection)
    story.steps("transport/main", "decide", objection, ruling)
    assert story.state_of(objection) == "decided"
    order = f"{objection}-order"
    if ruling == "rejected":
        assert story.world.value(f"case/{order}") is None
        return
    case = case_of(story, order)
    assert (case.workflow, case.state) == ("rectification", "open")
    assert case.parties == (
        Party(member="health", part="claimant"),
        Party(member="weather", part="respondent"),
    )
    (task,) = tasks_of(story.world.state, story.world.now, order, case, "weather")
    assert (task.step, task.duty, task.due) == ("report", "must", case.due)
    story.steps("weather/main", "report", order)
    story.steps("audit/main", "close", order)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R723", "F71")
def test_who_does_not_follow_a_ruling_is_found() -> None:
    story = Story(Parameters(rectification_days=5)).publish()
    objection = binding(story, OBJECTION(story), "upheld")
    order = f"{objection}-order"
    (found,) = story.world.block(at=case_of(story, order).due).settlement.findings
    assert found.case == f"{order}-rectification-overdue"
    assert [(one.member, one.part) for one in case_of(story, found.case).parties] == [
        ("weather", "accused"),
        ("health", "claimant"),
    ]


@pytest.mark.rule("R723", "R722")
def test_an_appeal_that_nobody_can_decide_does_not_undo_the_ruling() -> None:
    story = published()
    grant_id = story.grant()
    dispute = ruled(story, opened(story, "dispute", grant_id), "upheld")
    story.steps("transport/main", "appeal", dispute)
    pass_deadline(story, dispute)
    assert story.state_of(dispute) == "settled"
    assert story.state_of(f"{dispute}-order") == "open"


@pytest.mark.rule("R723")
@pytest.mark.parametrize("course", ["settled", "withdrawn", "rejected", "appealed"])
def test_without_a_ruling_for_the_claimant_nobody_is_obliged(course: str) -> None:
    story = published()
    request = refused(story)
    dispute = opened(story, "dispute", request)
    if course == "settled":
        story.steps("transport/main", "answer", dispute)
        pass_deadline(story, dispute)
    elif course == "withdrawn":
        ruled(story, dispute, "upheld")
        story.steps("transport/main", "appeal", dispute)
        story.steps("health/main", "withdraw", dispute)
    elif course == "rejected":
        binding(story, dispute, "rejected")
    else:
        ruled(story, dispute, "upheld")
    assert story.state_of(request) == "refused"
    assert story.world.value(f"case/{dispute}-order") is None


@pytest.mark.rule("R723", "R724")
@pytest.mark.parametrize("by", ["health", "transport"])
def test_what_was_not_refused_to_the_claimant_is_not_reopened(by: str) -> None:
    story = published()
    request = story.ask() if by == "health" else refused(story)
    before = story.state_of(request)
    dispute = binding(story, opened(story, "dispute", request, by), "upheld", by)
    assert story.state_of(request) == before
    assert story.state_of(f"{dispute}-order") == "open"


@pytest.mark.rule("R724", "R438", "R447")
def test_what_was_withdrawn_meanwhile_stays_so() -> None:
    story = published()
    request = refused(story)
    first = opened(story, "dispute", request)
    second = opened(story, "dispute", request)
    binding(story, first, "upheld")
    story.steps("health/main", "withdraw", request)
    binding(story, second, "upheld")
    assert story.state_of(request) == "withdrawn"
    assert story.state_of(f"{second}-order") == "open"


@pytest.mark.rule("R010", "R013")
def test_an_order_that_follows_from_a_ruling_is_about_the_dataset() -> None:
    story = published()
    world = story.world
    dispute = binding(story, opened(story, "dispute", story.grant()), "upheld")
    for writer, datasets in (("transport/clerk", ("flights",)), ("transport/other", ("tides",))):
        world.accept(world.appoint(writer, datasets=datasets))
    report = bodies.case_step("report", f"{dispute}-order")
    world.refuse(world.sign("transport/other", report))
    world.accept(world.sign("transport/clerk", report))
