"""Nobody decides in its own case, and somebody decides in every one that can be decided."""

import pytest

from contracts import reasons
from contracts.assessment.seed import SEED
from contracts.tasks import late_members, tasks_of
from contracts.values import Case
from ledger.records.genesis import Role
from ledger.types import CaseId, MemberId
from tests import bodies
from tests.assessed import AFTER, PARAMETERS, objection
from tests.story import Story, published
from tests.world import World

EVERYBODY = ("audit", "health", "steward", "transport", "weather")
MUCH_LATER = "2028-01-01T00:00:00.000Z"


def able(story: Story, name: str, case_id: CaseId, ground: str | None = None) -> list[MemberId]:
    """Who has a step, of those who ask for it in vain first."""
    world, allowed = story.world, []
    for member in EVERYBODY:
        case = world.value(f"case/{case_id}")
        assert isinstance(case, Case)
        tasks = tasks_of(world.state, world.now, case_id, case, member)
        if any(one.step == name for one in tasks):
            allowed.append(member)
            continue
        step = bodies.case_step(name, case_id, ground=ground)
        refused = world.refuse(world.sign(f"{member}/main", step))
        assert refused in {reasons.NOT_YOUR_STEP, reasons.OWN_CASE}
    return allowed


@pytest.mark.rule("R721", "W101", "1204", "1205")
def test_the_entry_of_the_only_steward_is_reviewed_by_the_government() -> None:
    story = Story()
    story.says("steward/main", bodies.schema())
    entry = story.says("steward/main", bodies.entry()).digest
    assert able(story, "approve", entry) == ["transport"]
    case = story.world.value(f"case/{entry}")
    assert isinstance(case, Case)
    assert late_members(story.world.state, case) == ("transport",)
    found = story.world.block(at=case.due).settlement.findings
    assert [one.code for one in found] == ["review-overdue"]
    late = story.world.value(f"case/{found[0].case}")
    assert isinstance(late, Case)
    assert [(one.member, one.part) for one in late.parties] == [
        ("transport", "accused"),
        ("steward", "claimant"),
    ]
    story.steps("transport/main", "approve", entry)
    assert story.state_of(entry) == "approved"


@pytest.mark.rule("R721", "1204")
def test_no_government_reviews_where_a_steward_can() -> None:
    story = Story()
    entry = story.submit()
    assert able(story, "approve", entry) == ["steward"]


def between_supervisors(accused: MemberId, provider: MemberId) -> tuple[Story, CaseId]:
    """Steward or auditor has used data of the other without any right."""
    story = Story()
    story.says(f"{provider}/main", bodies.schema())
    entry = story.says(f"{provider}/main", bodies.entry()).digest
    story.steps(f"{'transport' if provider == 'steward' else 'steward'}/main", "approve", entry)
    story.says(f"{provider}/main", bodies.release())
    use = story.says(f"{accused}/main", bodies.usage(None, story.world.now))
    case_id = f"{use.digest}-no-effective-grant"
    story.steps(f"{accused}/main", "reply", case_id)
    return story, case_id


@pytest.mark.rule("R721", "W404", "W407", "W503", "W508", "1205")
@pytest.mark.parametrize(
    ("accused", "provider"),
    [("steward", "audit"), ("audit", "steward")],
    ids=["steward", "auditor"],
)
def test_a_finding_between_steward_and_auditor_is_for_the_government(
    accused: MemberId, provider: MemberId
) -> None:
    story, case_id = between_supervisors(accused, provider)
    assert able(story, "dismiss", case_id, "explained") == ["transport"]
    assert able(story, "cure", case_id) == ["transport"]
    assert able(story, "confirm", case_id) == ["transport"]
    story.steps("transport/main", "confirm", case_id)
    story.steps(f"{accused}/main", "rectify", case_id)
    story.steps("transport/main", "close", case_id)
    assert story.state_of(case_id) == "closed"


@pytest.mark.rule("R721", "1205")
def test_where_one_of_them_is_no_party_the_government_stays_out() -> None:
    story = published()
    use = story.says("steward/main", bodies.usage(None, story.world.now))
    case_id = f"{use.digest}-no-effective-grant"
    story.steps("steward/main", "reply", case_id)
    assert able(story, "confirm", case_id) == ["audit"]


def sole(**others: tuple[Role, ...]) -> Story:
    """A ledger that boss alone governs, after a quarter in which it has registered a system."""
    story = Story()
    roles: dict[MemberId, tuple[Role, ...]] = {
        "audit": ("auditor", "committee"),
        "boss": ("committee", "government", "sequencer"),
        "health": (),
        **others,
    }
    story.world = World.genesis(roles, parameters=PARAMETERS, indicators=SEED)
    story.world.block(at=AFTER)
    story.says("boss/main", bodies.system())
    return story


def objected(story: Story) -> CaseId:
    return f"{story.says('boss/main', objection(things=('system/boss/tower',))).digest}-0"


@pytest.mark.rule("R722", "R701")
def test_an_objection_that_nobody_can_hear_ends_when_its_time_is_over() -> None:
    story = sole(boss=("committee", "government", "sequencer", "steward"))
    case_id = objected(story)
    assert story.world.block(at=MUCH_LATER).settlement.findings == ()
    assert story.state_of(case_id) == "settled"


@pytest.mark.rule("R722", "W826", "1205")
def test_nobody_appeals_to_itself_for_ever() -> None:
    story = sole(steward=("committee", "steward"))
    case_id = objected(story)
    story.steps("steward/main", "reject", case_id, "explained")
    story.steps("boss/main", "appeal", case_id)
    own = story.world.sign("boss/main", bodies.case_step("allow-appeal", case_id))
    assert story.world.refuse(own) == reasons.OWN_CASE
    assert story.world.block(at=MUCH_LATER).settlement.findings == ()
    assert story.state_of(case_id) == "settled"


@pytest.mark.rule("R722", "F66")
def test_what_somebody_could_have_heard_stands_still() -> None:
    story = sole(steward=("committee", "steward"))
    case_id = objected(story)
    found = story.world.block(at=MUCH_LATER).settlement.findings
    assert [one.code for one in found] == ["mediation-overdue"]
    assert story.state_of(case_id) == "stalled"


@pytest.mark.rule("R722", "R701")
@pytest.mark.parametrize("flow", ["correction", "objection"])
def test_what_only_a_party_could_hear_is_settled(flow: str) -> None:
    story = Story()
    roles: dict[MemberId, tuple[Role, ...]] = {
        "audit": ("auditor", "committee"),
        "steward": ("committee", "government", "sequencer", "steward"),
        "transport": (),
    }
    story.world = World.genesis(roles)
    story.publish()
    if flow == "correction":
        case_id = f"{story.says('steward/main', bodies.correction()).digest}-0"
        story.steps("transport/main", "reject", case_id, "not-wrong")
    else:
        body = bodies.opening("objection", "transport", record=bodies.NOWHERE)
        case_id = f"{story.says('steward/main', body).digest}-0"
        story.steps("transport/main", "answer", case_id)
    story.steps("steward/main", "escalate", case_id)
    assert story.world.block(at=MUCH_LATER).settlement.findings == ()
    assert story.state_of(case_id) == "settled"
