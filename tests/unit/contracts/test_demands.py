"""An entry that names a demand meets it when it comes into force."""

from collections.abc import Callable

import pytest

from contracts import reasons
from contracts.invariants import violations
from contracts.values import Case, EntryTerms
from ledger.records import Body
from ledger.types import CaseId
from tests import bodies
from tests.bodies import NOWHERE
from tests.story import Row, Story, play, rule_table


def demanded(story: Story) -> CaseId:
    return f"{story.says('health/main', bodies.opening('demand')).digest}-0"


def assigned(story: Story, to: str = "transport") -> CaseId:
    """Health's demand, assigned."""
    case_id = demanded(story)
    story.says("steward/main", bodies.case_step("assign", case_id, member=to))
    return case_id


def naming(demand: Callable[[Story], CaseId]) -> Callable[[Story], Body]:
    """An entry that names a demand."""

    def action(story: Story) -> Body:
        story.says("transport/main", bodies.schema())
        return bodies.entry(demand=demand(story))

    return action


ROWS = (
    Row("R717", "assigned to oneself", "transport/main", naming(assigned)),
    Row(
        "R717",
        "assigned to nobody",
        "transport/main",
        naming(demanded),
        reasons.DEMAND_NOT_ASSIGNED,
    ),
    Row(
        "R717",
        "assigned to another",
        "transport/main",
        naming(lambda story: assigned(story, "weather")),
        reasons.DEMAND_NOT_ASSIGNED,
    ),
    Row(
        "R717",
        "that is not there",
        "transport/main",
        naming(lambda _: f"{NOWHERE}-0"),
        reasons.DEMAND_NOT_ASSIGNED,
    ),
)


@rule_table(ROWS)
def test_an_entry_names_a_demand(row: Row) -> None:
    play(Story(), row)


@pytest.mark.rule("R717", "1381")
def test_a_demand_is_no_other_case() -> None:
    story = Story().publish()
    body = bodies.entry(demand=story.ask(), title="another")
    assert story.world.refuse(story.world.sign("transport/main", body)) == (
        reasons.DEMAND_NOT_ASSIGNED
    )


@pytest.mark.rule("R718", "W724")
def test_an_entry_in_force_meets_the_demand() -> None:
    story = Story()
    demand = assigned(story)
    entry = story.submit(demand=demand)
    assert story.state_of(demand) == "assigned"
    story.steps("steward/main", "approve", entry)
    case = story.world.value(f"case/{demand}")
    assert isinstance(case, Case)
    assert (case.state, case.answer, case.due) == ("met", "entry/flights", None)
    in_force = story.world.value("entry/flights")
    assert isinstance(in_force, EntryTerms)
    assert in_force.demand is None
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R718")
def test_a_demand_that_waits_no_more_stays_as_it_is() -> None:
    story = Story()
    demand = assigned(story)
    entry = story.submit(demand=demand)
    story.steps("health/main", "withdraw", demand)
    story.steps("steward/main", "approve", entry)
    assert story.state_of(demand) == "withdrawn"
    assert story.state_of(entry) == "approved"


@pytest.mark.rule("R718")
def test_a_demand_assigned_to_another_meanwhile_is_not_met() -> None:
    story = Story()
    demand = assigned(story)
    entry = story.submit(demand=demand)
    story.says("transport/main", bodies.case_step("decline", demand, ground="not-held"))
    story.says("steward/main", bodies.case_step("assign", demand, member="weather"))
    story.steps("steward/main", "approve", entry)
    assert story.state_of(demand) == "assigned"
