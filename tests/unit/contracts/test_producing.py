"""An order may ask for documents: a report without any is none, and late are then the documents."""

import pytest

from contracts import reasons
from contracts.invariants import violations
from contracts.tasks import tasks_of
from contracts.values import Case
from ledger.types import CaseId
from tests import bodies
from tests.bodies import CONTENT
from tests.story import Story


def ordered(story: Story, *, produces: bool = True) -> CaseId:
    body = bodies.opening("inspection", "weather", days=5, produces=produces)
    return f"{story.says('audit/main', body).digest}-0"


@pytest.mark.rule("R719", "1383", "W601")
def test_a_report_names_the_documents_asked_for() -> None:
    story = Story()
    order = ordered(story)
    without = story.world.sign("weather/main", bodies.case_step("report", order))
    assert story.world.refuse(without) == reasons.EVIDENCE_MISSING
    assert story.state_of(order) == "open"
    story.says("weather/main", bodies.case_step("report", order, evidence=(CONTENT,)))
    assert story.state_of(order) == "reported"
    story.steps("audit/main", "return", order, "incomplete")
    again = story.world.sign("weather/main", bodies.case_step("report", order))
    assert story.world.refuse(again) == reasons.EVIDENCE_MISSING


@pytest.mark.rule("R719")
def test_other_orders_and_other_steps_need_none() -> None:
    story = Story()
    order = ordered(story, produces=False)
    story.steps("weather/main", "report", order)
    assert story.state_of(order) == "reported"
    story.steps("steward/main", "lift", ordered(story), "mistaken")


@pytest.mark.rule("R720", "F89")
def test_documents_that_do_not_come_in_time_are_found() -> None:
    story = Story()
    order = ordered(story)
    case = story.world.value(f"case/{order}")
    assert isinstance(case, Case)
    due = case.due
    (found,) = story.world.block(at=due).settlement.findings
    assert (found.case, found.code) == (f"{order}-evidence-not-produced", "evidence-not-produced")
    case = story.world.value(f"case/{order}")
    assert isinstance(case, Case)
    (task,) = tasks_of(story.world.state, story.world.now, order, case, "weather")
    assert (task.due, task.urgency, task.step) == (due, "overdue", "report")
    story.says("weather/main", bodies.case_step("report", order, evidence=(CONTENT,)))
    assert story.state_of(order) == "reported"
    assert violations(story.world.state, story.world.leaves) == []
