"""Cases that people open against people: who may, against whom, and what they come to.

`test_workflows` goes through the rows of their tables; here is what stands beside the tables.
"""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.mediation import mediators
from contracts.replay import BlockResult, found
from contracts.tasks import tasks_of
from contracts.values import Case, Party
from contracts.view import MemoryState
from ledger.envelope import verify_signature
from ledger.records import Body
from ledger.records.catalogue import DatasetVersion
from ledger.records.genesis import Genesis, Parameters, Role
from ledger.records.supervision import Opened
from ledger.times import HOUR_MS
from ledger.types import CaseId, DatasetId, MemberId
from tests import bodies, supervised
from tests.story import Row, Story, play, published, rule_table
from tests.world import genesis_body, genesis_record

Opening = Callable[[Story], Body]
LONG_AGO: Final = "2026-11-01T00:00:00.000Z"


def case_of(story: Story, case_id: CaseId) -> Case:
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    return case


def about(workflow: Opened, start: Callable[[Story], CaseId]) -> Opening:
    """A case of a workflow that rests on another case."""
    members = () if workflow == "dispute" else ("weather",)
    return lambda story: bodies.opening(workflow, *members, case=start(story))


def against(workflow: Opened, *members: MemberId) -> Opening:
    record = bodies.NOWHERE if workflow == "objection" else None
    return lambda _: bodies.opening(workflow, *members, record=record)


OPENINGS: Final = (
    Row("R704", "anybody demands", "weather/main", against("demand")),
    Row("R704", "anybody complains", "transport/main", against("complaint", "steward", "audit")),
    Row("R704", "nobody complains of itself", "health/main", against("complaint", "health"),
        reasons.AGAINST_ITSELF),
    Row("R704", "nobody complains of nobody", "health/main", against("complaint", "nobody"),
        reasons.UNKNOWN_MEMBER),
    Row("R704", "a complaint rests on a case", "health/main", about("complaint", Story.ask)),
    Row("R704", "a complaint rests on no case that is none", "health/main",
        about("complaint", lambda _: bodies.NOWHERE), reasons.UNKNOWN_CASE),
    Row("R704", "anybody objects to a record", "health/main", against("objection", "steward")),
    Row("R704", "nobody objects to its own record", "health/main", against("objection", "health"),
        reasons.AGAINST_ITSELF),
    Row("R705", "who uses a release has it corrected", "weather/main",
        lambda _: bodies.correction()),
    Row("R705", "the provider corrects by a release", "transport/main",
        lambda _: bodies.correction(), reasons.AGAINST_ITSELF),
    Row("R705", "a release that is none is not wrong", "health/main",
        lambda _: bodies.correction(2), reasons.UNKNOWN_VERSION),
    Row("R705", "other contents are not those of the release", "health/main",
        lambda _: bodies.correction(1, bodies.NOWHERE), reasons.UNKNOWN_VERSION),
    Row("R706", "the consumer disputes about its request", "health/main",
        about("dispute", Story.ask)),
    Row("R706", "the provider disputes about a right", "transport/main",
        about("dispute", Story.grant)),
    Row("R706", "who is no party does not dispute", "weather/main",
        about("dispute", Story.ask), reasons.NOT_A_PARTY),
    Row("R706", "a dispute needs another side", "health/main",
        about("dispute", supervised.DEMAND), reasons.NOT_DISPUTABLE),
    Row("R706", "no dispute is about an objection", "weather/main",
        about("dispute", supervised.OBJECTION), reasons.NOT_DISPUTABLE),
    Row("R707", "the steward inspects", "steward/main", against("inspection", "health", "weather")),
    Row("R707", "the auditor orders what a case asks for", "audit/main",
        about("rectification", supervised.COMPLAINT)),
    Row("R707", "nobody else orders", "health/main", against("supervision-order", "weather"),
        reasons.NOT_YOUR_OFFICE),
    Row("R707", "nobody inspects itself", "audit/main", against("inspection", "audit"),
        reasons.AGAINST_ITSELF),
    Row("R708 R709", "an incident is reported at once", "health/main",
        lambda story: bodies.incident(story.world.now, datasets=("flights",))),
    Row("R709", "an incident is reported late", "health/main",
        lambda _: bodies.incident(LONG_AGO), findings.INCIDENT_LATE),
    Row("R709", "who finds another's incident is not late", "health/main",
        lambda _: bodies.incident(LONG_AGO, member="weather")),
    Row("R710", "a member that is none", "health/main",
        lambda story: bodies.incident(story.world.now, member="nobody"),
        findings.UNKNOWN_REFERENCE),
    Row("R710", "datasets that are none", "health/main",
        lambda story: bodies.incident(story.world.now, datasets=("flights", "storms", "tides")),
        findings.UNKNOWN_REFERENCE),
)  # fmt: skip


@rule_table(OPENINGS)
def test_who_opens_what(row: Row) -> None:
    play(published(), row)


@pytest.mark.rule("R704")
def test_a_record_opens_one_case_against_each_member() -> None:
    story = published()
    order = bodies.opening("inspection", "health", "weather", days=3)
    record = story.says("audit/main", order)
    cases = [case_of(story, f"{record.digest}-{n}") for n in range(2)]
    assert [case.parties for case in cases] == [
        (Party(member=member, part="respondent"),) for member in ("health", "weather")
    ]
    # Three working days after Monday end on Thursday at 24:00.
    assert {case.due for case in cases} == {"2026-11-27T00:00:00.000Z"}
    story.steps("weather/main", "report", f"{record.digest}-1")
    assert story.state_of(f"{record.digest}-0") == "open"


@pytest.mark.rule("R705", "1243")
def test_any_provider_of_joint_data_answers_if_the_entry_says_so() -> None:
    for joint_rule, expected in (
        ("any", ["weather", "transport", "steward"]),
        ("lead", ["weather", "transport"]),
    ):
        story = Story().publish(co_providers=("steward",), joint_rule=joint_rule)
        record = story.says("weather/main", bodies.correction())
        case = case_of(story, f"{record.digest}-0")
        assert [one.member for one in case.parties] == expected
        again = story.world.sign("steward/main", bodies.correction())
        if joint_rule == "any":
            assert story.world.refuse(again) == reasons.AGAINST_ITSELF
        else:
            story.world.accept(again)


@pytest.mark.rule("R708")
def test_an_incident_is_answered_by_whom_it_happened_to() -> None:
    story = published()
    now = story.world.now
    own = story.says("health/main", bodies.incident(now)).digest
    other = story.says("health/main", bodies.incident(now, member="weather")).digest
    lost = story.says("health/main", bodies.incident(now, member="nobody")).digest
    assert [(one.member, one.part) for one in case_of(story, f"{own}-0").parties] == [
        ("health", "respondent")
    ]
    assert [(one.member, one.part) for one in case_of(story, f"{other}-0").parties] == [
        ("health", "claimant"),
        ("weather", "respondent"),
    ]
    assert case_of(story, f"{lost}-0").parties == case_of(story, f"{own}-0").parties


@pytest.mark.rule("R709", "F73")
def test_an_incident_is_late_after_the_hours_set() -> None:
    story = Story(Parameters(clock_skew_ms=24 * HOUR_MS, incident_report_hours=1))
    at = story.world.now
    in_time, late = (
        story.world.sign("health/main", bodies.incident(at, text=text)) for text in ("a", "b")
    )
    assert story.world.find(in_time, at=story.world.later(HOUR_MS)) == ()
    assert story.world.find(late) == ("incident-late",)


@pytest.mark.rule("R010", "R704", "1003")
def test_a_writer_bound_to_datasets_opens_cases_about_these_alone() -> None:
    story = published()
    world = story.world
    world.accept(world.appoint("health/clerk", datasets=("flights",)))
    world.accept(world.appoint("health/other", datasets=("tides",)))
    request = story.ask()
    for body in (bodies.correction(), bodies.opening("dispute", case=request)):
        assert world.refuse(world.sign("health/other", body)) == reasons.DATASET_NOT_ALLOWED
        world.accept(world.sign("health/clerk", body))
    demand = world.sign("health/clerk", bodies.opening("demand"))
    assert world.refuse(demand) == reasons.DATASET_NOT_ALLOWED


@pytest.mark.rule("R010", "R013")
def test_a_case_about_a_case_is_about_its_dataset() -> None:
    story = published()
    world = story.world
    dispute = story.says("health/main", bodies.opening("dispute", case=story.ask())).digest
    correction = supervised.CORRECTION(story)
    for writer, datasets in (("transport/clerk", ("flights",)), ("transport/other", ("tides",))):
        world.accept(world.appoint(writer, datasets=datasets))
    for name, case_id in (("answer", f"{dispute}-0"), ("reject", correction)):
        body = bodies.case_step(name, case_id, ground="not-wrong")
        assert world.refuse(world.sign("transport/other", body)) == reasons.DATASET_NOT_ALLOWED
        world.accept(world.sign("transport/clerk", body))


def named(
    case: Callable[[Story], CaseId],
    name: str,
    *,
    dataset: DatasetId | None = None,
    member: MemberId | None = None,
    release: DatasetVersion | None = None,
) -> Opening:
    """A step that names something."""
    return lambda story: bodies.case_step(
        name, case(story), dataset=dataset, member=member, release=release
    )


def version(number: int, dataset: str = bodies.DATASET) -> DatasetVersion:
    return DatasetVersion(dataset=dataset, version=number)


ASSIGNED: Final = supervised.COURSES["demand", "assigned"]
NAMES: Final = (
    Row("R702", "no demand is assigned to nobody", "steward/main",
        named(supervised.DEMAND, "assign", member="nobody"), reasons.UNKNOWN_MEMBER),
    Row("R702", "no demand is met by no entry", "transport/main",
        named(ASSIGNED, "meet", dataset="tides"), reasons.UNKNOWN_ENTRY),
    Row("R702", "no release corrects that is none", "transport/main",
        named(supervised.CORRECTION, "correct", release=version(3)), reasons.UNKNOWN_VERSION),
    Row("R703", "a demand is assigned to somebody", "steward/main",
        named(supervised.DEMAND, "assign"), reasons.REFERENCE_WRONG),
    Row("R703", "what is not asked for is not named", "health/main",
        named(supervised.DEMAND, "withdraw", member="transport"), reasons.REFERENCE_WRONG),
    Row("R703", "one thing is named where one is asked for", "steward/main",
        named(supervised.DEMAND, "assign", member="weather", dataset="flights"),
        reasons.REFERENCE_WRONG),
    Row("R703", "no demand is assigned to who demands", "steward/main",
        named(supervised.DEMAND, "assign", member="health"), reasons.AGAINST_ITSELF),
    Row("R711", "a release that corrects nothing corrects nothing", "transport/main",
        named(supervised.CORRECTION, "correct", release=version(1)), reasons.NOT_CORRECTED),
    Row("R711", "a release that corrects it", "transport/main",
        named(supervised.CORRECTION, "correct", release=version(2))),
    Row("R712", "no demand is met by another's entry", "weather/main",
        named(supervised.DEMANDED_OF_WEATHER, "meet", dataset="flights"), reasons.NOT_PROVIDER),
)  # fmt: skip


@rule_table(NAMES)
def test_what_steps_name(row: Row) -> None:
    play(published(), row)


@pytest.mark.rule("R703")
def test_what_a_step_named_stays_with_its_case() -> None:
    story = published()
    demand = ASSIGNED(story)
    assert case_of(story, demand).answer == "member/transport"
    story.says("transport/main", bodies.case_step("decline", demand, ground="not-held"))
    again = bodies.case_step("assign", demand, member="weather")
    story.says("steward/main", again)
    parties = [(one.member, one.part) for one in case_of(story, demand).parties]
    assert parties == [("health", "claimant"), ("weather", "provider")]
    answered = published()
    case_id = supervised.COURSES["correction", "corrected"](answered)
    assert case_of(answered, case_id).answer == "release/flights/2"


@pytest.mark.rule("R711", "1342")
def test_a_correction_of_another_version_does_not_do() -> None:
    story = published()
    case_id = supervised.CORRECTION(story)
    third = bodies.correcting_item(version=3, corrects=2)
    story.says("transport/main", bodies.release(third))
    record = story.world.sign(
        "transport/main", bodies.case_step("correct", case_id, release=version(3))
    )
    assert story.world.refuse(record) == reasons.NOT_CORRECTED


@pytest.mark.rule("R711", "1342")
def test_the_same_bytes_are_as_wrong_as_before() -> None:
    story = published()
    case_id = f"{story.says('health/main', bodies.correction()).digest}-0"
    same = bodies.release_item(version=2, corrects=1)
    story.says("transport/main", bodies.release(same))
    answer = bodies.case_step("correct", case_id, release=version(2))
    assert story.world.refuse(story.world.sign("transport/main", answer)) == reasons.NOT_CORRECTED
    story.says("transport/main", bodies.release(bodies.correcting_item(version=3)))
    story.says("transport/main", bodies.case_step("correct", case_id, release=version(3)))


LATE: Final = [
    pytest.param(flow, state, member, finding, id=f"{flow}-{state}", marks=marks)
    for flow, state, member, finding in (
        ("correction", "open", "transport", findings.CORRECTION_OVERDUE),
        ("correction", "upheld", "transport", findings.CORRECTION_OVERDUE),
        ("correction", "mediation", "steward", findings.MEDIATION_OVERDUE),
        ("dispute", "mediation", "steward", findings.MEDIATION_OVERDUE),
        ("objection", "open", "weather", findings.RESPONSE_OVERDUE),
        ("dispute", "appealed", "transport", findings.RULING_OVERDUE),
        ("complaint", "open", "audit", findings.RULING_OVERDUE),
        ("complaint", "upheld", "weather", findings.RECTIFICATION_OVERDUE),
        ("rectification", "open", "weather", findings.RECTIFICATION_OVERDUE),
        ("inspection", "open", "weather", findings.ORDER_OVERDUE),
        ("incident", "open", "weather", findings.ORDER_OVERDUE),
        ("demand", "open", "steward", findings.ASSIGNMENT_OVERDUE),
        ("demand", "assigned", "transport", findings.DEMAND_OVERDUE),
    )
    for marks in (pytest.mark.rule("R014", "R713", f"F{finding.number}"),)
]


def settled(story: Story, case_id: CaseId) -> BlockResult:
    return story.world.block(at=case_of(story, case_id).due)


@pytest.mark.parametrize(("flow", "state", "member", "finding"), LATE)
def test_who_is_late_is_found_late(
    flow: str, state: str, member: MemberId, finding: findings.Finding
) -> None:
    story = published()
    case_id = supervised.COURSES[flow, state](story)
    findings_raised = settled(story, case_id).settlement.findings
    found = {one.case: one.code for one in findings_raised if one.case.startswith(case_id)}
    assert found == {f"{case_id}-{finding.code}": finding.code}
    parties = case_of(story, f"{case_id}-{finding.code}").parties
    accused = [one.member for one in parties if one.part == "accused"]
    assert accused == [member]


@pytest.mark.rule("R014")
def test_a_case_found_overdue_again_is_a_finding_of_its_own() -> None:
    story = published()
    case_id = supervised.COURSES["inspection", "open"](story)
    (first,) = settled(story, case_id).settlement.findings
    story.steps("weather/main", "report", case_id)
    story.steps("audit/main", "return", case_id, "incomplete")
    (again,) = settled(story, case_id).settlement.findings
    assert first.case == f"{case_id}-order-overdue"
    assert again.case == f"{case_id}-3-order-overdue"
    assert {story.state_of(one.case) for one in (first, again)} <= {"raised", "unanswered"}


@pytest.mark.rule("R013", "1205")
@pytest.mark.parametrize("office", ["audit", "transport"])
def test_nobody_decides_a_complaint_about_itself(office: str) -> None:
    story = published()
    record = story.says("health/main", bodies.opening("complaint", "audit", "transport"))
    own = {"audit": 0, "transport": 1}[office]
    uphold = bodies.case_step("uphold", f"{record.digest}-{own}")
    assert story.world.refuse(story.world.sign(f"{office}/main", uphold)) == reasons.OWN_CASE
    story.steps(f"{office}/main", "uphold", f"{record.digest}-{1 - own}")


@pytest.mark.rule("R713")
def test_who_may_not_decide_is_not_late() -> None:
    story = published()
    record = story.says("health/main", bodies.opening("complaint", "audit"))
    assert settled(story, f"{record.digest}-0").settlement.findings == ()


@pytest.mark.rule("R014", "W502")
def test_a_confirmed_finding_has_a_deadline_where_the_ledger_sets_one() -> None:
    for days, state in ((None, "confirmed"), (5, "unrectified")):
        story = Story(Parameters(rectify_days=days)).publish()
        use = story.says("health/main", bodies.usage(None, story.world.now))
        case_id = f"{use.digest}-no-effective-grant"
        story.steps("health/main", "reply", case_id)
        story.steps("audit/main", "confirm", case_id)
        assert (case_of(story, case_id).due is None) == (days is None)
        story.world.block(at="2027-01-01T00:00:00.000Z")
        assert story.state_of(case_id) == state


LINES: Final[dict[MemberId, MemberId]] = {
    "county-health": "city-health",
    "county-roads": "city-roads",
    "city-health": "city",
    "city-roads": "city",
    "city": "province",
    "other-roads": "other",
}
STEWARDS: Final[dict[MemberId, tuple[Role, ...]]] = {
    "city": ("steward",),
    "city-health": (),
    "city-roads": ("steward",),
    "county-health": (),
    "county-roads": (),
    "other": ("steward",),
    "other-roads": (),
    "province": ("sequencer", "steward"),
}


def with_lines(body: Genesis) -> Genesis:
    """Founders with superiors in their lines of business."""
    members = tuple(replace(one, line_superior=LINES.get(one.id)) for one in body.members)
    return replace(body, members=members)


@pytest.fixture(scope="module")
def counties() -> MemoryState:
    """Departments of counties, under those of a city, under a province."""
    state = MemoryState()
    founding = genesis_record(with_lines(genesis_body(STEWARDS)))
    state.commit(found(state, founding, verify_signature).changes)
    return state


@pytest.mark.rule("R701")
@pytest.mark.parametrize(
    ("parties", "expected"),
    [
        (("county-health", "county-roads"), ("city",)),
        (("county-roads", "city-roads"), ("city",)),
        (("county-health", "city"), ("province",)),
        (("county-health", "other-roads"), ("city", "city-roads", "other", "province")),
        (("city", "other"), ("city-roads", "province")),
        (("city", "city-roads", "other", "province"), ()),
    ],
)
def test_the_lowest_common_steward_mediates(
    counties: MemoryState, parties: tuple[MemberId, ...], expected: tuple[MemberId, ...]
) -> None:
    case = Case(
        opened_at=LONG_AGO,
        parties=tuple(Party(member=one, part="respondent") for one in parties),
        records=1,
        run=bodies.NOWHERE,
        state="mediation",
        subject="record/x",
        workflow="dispute",
    )
    assert mediators(counties, case) == expected


@pytest.mark.rule("R701", "R713")
def test_where_the_steward_is_a_party_the_government_mediates() -> None:
    story = published()
    record = story.says(
        "health/main", bodies.opening("objection", "steward", record=bodies.NOWHERE)
    )
    case_id = f"{record.digest}-0"
    story.steps("steward/main", "answer", case_id)
    story.steps("health/main", "escalate", case_id)
    own = story.world.sign("steward/main", bodies.case_step("rule", case_id, ground="rejected"))
    assert story.world.refuse(own) == reasons.NOT_YOUR_STEP
    story.steps("transport/main", "rule", case_id, "upheld")


@pytest.mark.parametrize(
    ("flow", "state", "member", "expected"),
    [
        ("correction", "open", "transport", {"correct": "must", "reject": "must"}),
        ("correction", "rejected", "health", {"escalate": "may", "withdraw": "may"}),
        ("correction", "mediation", "steward", {"uphold": "must", "dismiss": "must"}),
        ("dispute", "ruled", "weather", {"appeal": "may"}),
        ("objection", "open", "health", {"withdraw": "may"}),
        ("demand", "open", "steward", {"assign": "must", "close": "must"}),
    ],
)
def test_deadlines_ask_for_answers_and_rulings_alone(
    flow: str, state: str, member: MemberId, expected: dict[str, str]
) -> None:
    story = published()
    case_id = supervised.COURSES[flow, state](story)
    world = story.world
    tasks = tasks_of(world.state, world.now, case_id, case_of(story, case_id), member)
    assert {task.step: task.duty for task in tasks} == expected
