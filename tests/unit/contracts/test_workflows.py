"""The workflow tables, row by row: every row works, and nothing else does.

Each case is brought to each of its states by the course that leads there. Then every step of its
workflow is tried by every member. What the table allows must move the case as it says; all else
must be refused, for the reason that comes first.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final, Literal

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.cases import DAYS_OF
from contracts.findings import FINDING_OF_CODE
from contracts.reasons import Reason
from contracts.transition import EFFECTS, Accepted
from contracts.values import Case, Dataset, Member
from contracts.view import held
from contracts.workflows import WORKFLOWS, Step, Workflow
from ledger.records import KIND_OF_NAME, Body
from ledger.records.catalogue import Mode
from ledger.records.genesis import Jurisdiction, Names, Parameters
from ledger.records.governance import Admission, AdmitMembers, Decision, RejectAdmission
from ledger.records.terms import RowFilter
from ledger.times import DAY_MS
from ledger.types import CaseId
from tests import assessed, bodies, supervised
from tests.story import Story, published
from tests.supervised import Course, overdue, then
from tests.world import ROLES, signer

SECOND: Final = bodies.release(bodies.release_item(version=2))
MEMBER_OF: Final = {
    "accused": "health",
    "auditor": "audit",
    "committee": "audit",
    "consumer": "health",
    "delegator": "weather",
    "government": "transport",
    "provider": "transport",
    "steward": "steward",
    **supervised.MEMBER_OF,
}
"""Who plays each part in the courses below."""


def finding(story: Story) -> CaseId:
    """Health used data without a grant."""
    use = bodies.usage(None, story.world.now)
    return f"{story.says('health/main', use).digest}-no-effective-grant"


def unrectified(story: Story) -> CaseId:
    """Health has not put right what was confirmed, where the ledger sets days for it."""
    story.world = Story(Parameters(rectify_days=5)).world
    return overdue(CONFIRMED)(story.publish())


def said(start: Course, writer: str, body: Callable[[CaseId], Body]) -> Course:
    """A course, and one more record of another kind."""

    def course(story: Story) -> CaseId:
        case_id = start(story)
        story.says(writer, body(case_id))
        return case_id

    return course


def superseded(story: Story) -> CaseId:
    case_id = story.submit(title="first")
    story.submit(title="second")
    return case_id


def passed_on(story: Story) -> CaseId:
    """Weather offers health a right that transport gave it."""
    terms = replace(bodies.TERMS, delegable=1)
    story.catalogue(conditions=terms)
    item = bodies.grant_item("weather", terms=terms, request=story.ask(terms, by="weather"))
    above = f"{story.says('transport/main', bodies.grant(item)).digest}-0"
    return f"{story.says('weather/main', bodies.delegation(above, 'health')).digest}-0"


def in_force(story: Story) -> CaseId:
    return said(passed_on, "health/main", bodies.acceptance)(story)


def answered(story: Story) -> CaseId:
    request = story.ask()
    item = bodies.grant_item("health", request=request)
    story.says("transport/main", bodies.grant(item))
    return request


def owed(story: Story) -> CaseId:
    """Transport owes the confirmation of its entries, and half of its time is over."""
    story.world = Story(Parameters(confirm_days=250)).world
    case_id = f"{story.publish().entry}-confirmation"
    story.world.block(at=story.world.later(200 * DAY_MS))
    return case_id


def expected(story: Story) -> CaseId:
    """Transport owes the next version of today, where the ledger sets days for it."""
    story.world = Story(Parameters(update_days=5)).world
    story.publish()
    story.world.block(at=story.world.later(DAY_MS))
    dataset = story.world.value("dataset/flights")
    assert isinstance(dataset, Dataset)
    return dataset.duty or ""


def to_delete(story: Story) -> CaseId:
    """Health's right is over, and its data is to be deleted, where the ledger sets days for it."""
    terms = replace(bodies.TERMS, delete_within=0)
    story.world = Story(Parameters(disposal_days=5)).publish().world
    story.catalogue(conditions=terms)
    story.steps("health/main", "end", story.grant(terms))
    return f"{story.grant_id}-disposal"


def deletion(case_id: CaseId) -> Body:
    return bodies.disposal("2026-11-23T00:00:00.000Z", case_id.removesuffix("-disposal"))


def to_report(story: Story) -> CaseId:
    """Health has used data, and reports what it achieves, where the ledger sets days for it."""
    story.world = Story(Parameters(effect_days=250)).publish().world
    story.catalogue()
    story.says("health/main", bodies.usage(story.grant(), story.world.now))
    return f"{story.grant_id}-effect"


def effect(case_id: CaseId) -> Body:
    return bodies.effect_report("2026-11-23T00:00:00.000Z", case_id.removesuffix("-effect"))


def to_supply(story: Story) -> CaseId:
    """Transport owes health a delivery, where the ledger sets days for it."""
    story.world = Story(Parameters(supply_days=20)).publish().world
    story.catalogue()
    return f"{story.grant()}-supply"


def revoked(case_id: CaseId) -> Body:
    return bodies.revocation(case_id.removesuffix("-supply"))


def to_use(story: Story) -> CaseId:
    """Health has a right to use, where the ledger sets days for it."""
    story.world = Story(Parameters(use_days=20, use_report_days=5)).publish().world
    story.catalogue()
    return f"{story.grant()}-first-use"


def handed_over(story: Story) -> CaseId:
    case_id = to_use(story)
    story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))
    return case_id


def to_use_whole(story: Story) -> CaseId:
    """Health has a right to three columns, where the ledger sets days to use each of them."""
    story.world = Story(Parameters(field_use_days=20)).publish().world
    story.catalogue()
    return f"{story.grant()}-fields"


def to_account_for(story: Story) -> CaseId:
    """Health has used a service, where the ledger has services reconciled."""
    story.world = Story(Parameters(reconcile_days=5)).world
    story.publish(mode=Mode(kind="service"))
    story.says("health/main", use(story.grant()))
    return f"{story.grant_id}-account-2026-11"


def use(case_id: CaseId) -> Body:
    """Health uses all columns of what the right gives that a case is about."""
    grant_id = "-".join(case_id.split("-")[:2])
    return bodies.usage(grant_id, "2026-11-23T00:00:00.000Z", fields=bodies.COLUMNS)


OF_RIGHTS: Final = {"disposal": deletion, "effect-report": effect, "usage": use}
"""What is said of the right that a case is about."""


REFUSED: Final = then(Story.ask, "transport/main", "refuse", "security")


def reopened(story: Story) -> CaseId:
    """The refusal of health's request was disputed, and that was upheld."""
    request = REFUSED(story)
    dispute = f"{story.says('health/main', bodies.opening('dispute', case=request)).digest}-0"
    story.steps("transport/main", "answer", dispute)
    story.steps("health/main", "escalate", dispute)
    story.steps("steward/main", "rule", dispute, "upheld")
    case = held(story.world.state, Case, f"case/{dispute}")
    story.world.block(at=case.due)
    return request


def taken_up_since(story: Story) -> CaseId:
    """Health has asked, and taken up later what stands for whoever asks."""
    request = story.ask()
    story.stand()
    story.ask()
    return request


def unasked(story: Story) -> CaseId:
    """Health was given data in an emergency, and has not asked for it yet."""
    story.in_emergency()
    return f"{story.grant_id}-formalities"


def asked(story: Story) -> CaseId:
    case_id = unasked(story)
    story.formalities()
    return case_id


def completed(story: Story) -> CaseId:
    case_id = asked(story)
    item = bodies.grant_item("health", request=story.request_id)
    story.says("transport/main", bodies.grant(item))
    return case_id


def supplied(story: Story) -> CaseId:
    case_id = to_supply(story)
    story.says("transport/main", bodies.delivery(story.grant_id, story.world.now))
    return case_id


def from_below(story: Story) -> CaseId:
    """Health is a county now, and asks for rows about its territory that the city holds."""
    story.world = Story().world
    member = held(story.world.state, Member, "member/health")
    county = Jurisdiction(code="110105", level="county")
    story.world.state.commit({"member/health": replace(member, jurisdiction=county)})
    story.publish(territory="a")
    return story.ask(replace(bodies.TERMS, rows=(RowFilter(column="a", prefixes=("110105",)),)))


def proposed(story: Story) -> CaseId:
    """The auditor proposes to admit somebody."""
    one = Admission(
        authorisation=bodies.NOWHERE,
        code="1",
        custodian=signer("newcomer").public_key.description,
        id="newcomer",
        jurisdiction=Jurisdiction(code="1", level="city"),
        names=Names(en="Newcomer"),
    )
    body = bodies.proposal(AdmitMembers(members=(one,)), story.world.later(60_000))
    return story.says("audit/main", body).digest


def voted(vote: Literal["no", "yes"]) -> Course:
    """A proposal, and two of three votes."""

    def course(story: Story) -> CaseId:
        case_id = proposed(story)
        for member in ("health", "steward"):
            story.says(f"{member}/main", bodies.ballot(case_id, vote))
        return case_id

    return course


def fallen(story: Story) -> CaseId:
    """Two proposals to admit the same member: the second can no longer be done."""
    case_id = proposed(story)
    voted("yes")(story)
    for member in ("health", "steward"):
        story.says(f"{member}/main", bodies.ballot(case_id))
    return case_id


def expired(story: Story) -> CaseId:
    case_id = proposed(story)
    story.world.block(at=story.world.later(60_000))
    return case_id


UNANSWERED: Final = overdue(finding)
CONFIRMED: Final = then(UNANSWERED, "audit/main", "confirm")
RECTIFIED: Final = then(CONFIRMED, "health/main", "rectify")
SUPPLEMENT_ASKED: Final = then(Story.ask, "transport/main", "ask-supplement")
EXTENSION_ASKED: Final = then(Story.ask, "transport/main", "ask-extension")
COURSES: Final[dict[tuple[str, str], Course]] = {
    ("review", "submitted"): Story.submit,
    ("review", "approved"): Story.catalogue,
    ("review", "returned"): then(Story.submit, "steward/main", "return", "incomplete"),
    ("review", "superseded"): superseded,
    ("confirmation", "expected"): owed,
    ("confirmation", "overdue"): overdue(owed),
    ("confirmation", "confirmed"): said(owed, "transport/main", lambda _: bodies.attestation()),
    ("update", "expected"): expected,
    ("update", "overdue"): overdue(expected),
    ("update", "released"): said(expected, "transport/main", lambda _: SECOND),
    ("update", "dropped"): said(expected, "transport/main", lambda _: bodies.lifecycle()),
    ("disposal", "expected"): to_delete,
    ("disposal", "overdue"): overdue(to_delete),
    ("disposal", "disposed"): said(to_delete, "health/main", deletion),
    ("effect-report", "expected"): to_report,
    ("effect-report", "overdue"): overdue(to_report),
    ("effect-report", "reported"): said(to_report, "health/main", effect),
    ("formalities", "expected"): unasked,
    ("formalities", "asked"): asked,
    ("formalities", "lapsed"): overdue(unasked),
    ("formalities", "completed"): completed,
    ("supply", "expected"): to_supply,
    ("supply", "overdue"): overdue(to_supply),
    ("supply", "supplied"): supplied,
    ("supply", "waived"): then(to_supply, "health/main", "waive"),
    ("supply", "dropped"): said(to_supply, "transport/main", revoked),
    ("first-use", "awaited"): to_use,
    ("first-use", "delivered"): handed_over,
    ("first-use", "unused"): overdue(to_use),
    ("first-use", "unreported"): overdue(handed_over),
    ("first-use", "used"): said(to_use, "health/main", use),
    ("field-use", "watched"): to_use_whole,
    ("field-use", "unused"): overdue(to_use_whole),
    ("field-use", "used"): said(to_use_whole, "health/main", use),
    ("account", "open"): to_account_for,
    ("account", "compared"): overdue(to_account_for),
    ("account", "reopened"): said(overdue(to_account_for), "health/main", use),
    ("account", "closed"): overdue(said(overdue(to_account_for), "health/main", use)),
    ("request", "open"): Story.ask,
    ("request", "backflow"): from_below,
    ("request", "granted"): answered,
    ("request", "refused"): REFUSED,
    ("request", "reopened"): reopened,
    ("request", "superseded"): taken_up_since,
    ("request", "withdrawn"): then(Story.ask, "health/main", "withdraw"),
    ("request", "supplement-asked"): SUPPLEMENT_ASKED,
    ("request", "supplemented"): then(SUPPLEMENT_ASKED, "health/main", "supplement"),
    ("request", "extension-asked"): EXTENSION_ASKED,
    ("request", "extended"): then(EXTENSION_ASKED, "steward/main", "allow-extension"),
    ("grant", "offered"): passed_on,
    ("grant", "in-force"): in_force,
    ("grant", "suspended"): then(in_force, "transport/main", "suspend", "overreach"),
    ("grant", "suspended-by-order"): then(
        in_force, "steward/main", "order-suspension", "breach-suspected"
    ),
    ("grant", "declined"): then(passed_on, "health/main", "decline"),
    ("grant", "ended"): then(in_force, "health/main", "end"),
    ("grant", "revoked"): said(in_force, "transport/main", bodies.revocation),
    ("proposal", "open"): proposed,
    ("proposal", "adopted"): voted("yes"),
    ("proposal", "rejected"): voted("no"),
    ("proposal", "fallen"): fallen,
    ("proposal", "expired"): expired,
    ("finding", "raised"): finding,
    ("finding", "unanswered"): UNANSWERED,
    ("finding", "replied"): then(finding, "health/main", "reply"),
    ("finding", "confirmed"): CONFIRMED,
    ("finding", "unrectified"): unrectified,
    ("finding", "rectified"): RECTIFIED,
    ("finding", "closed"): then(RECTIFIED, "audit/main", "close"),
    ("finding", "cured"): then(then(finding, "health/main", "reply"), "audit/main", "cure"),
    ("finding", "dismissed"): then(finding, "steward/main", "dismiss", "explained"),
    ("finding", "referred"): then(CONFIRMED, "audit/main", "refer", "discipline"),
    **supervised.COURSES,
    **assessed.COURSES,
}
"""How a case comes to be in each state."""
SHOWN_ELSEWHERE: Final = ("ballot", "delivery", "request")
"""What a ballot does depends on the others; test_sharing shows how a standing grant is taken up,
test_supply, test_first_use and test_accounts what a delivery does, test_emergency all
formalities."""
ROWS: Final = [step for workflow in WORKFLOWS.values() for step in workflow.steps]


def workflow_of(row: Step) -> Workflow:
    return next(one for one in WORKFLOWS.values() if row in one.steps)


def by_kind(row: Step, case_id: CaseId) -> Body:
    """A record of the kind that takes the step by its own rule."""
    match row.by:
        case "entry":
            return bodies.entry(title="another")
        case "attestation":
            return bodies.attestation()
        case "release":
            return SECOND
        case "lifecycle":
            return bodies.lifecycle()
        case "grant":
            return bodies.grant(bodies.grant_item("health", request=case_id))
        case "acceptance":
            return bodies.acceptance(case_id)
        case "revocation":
            return revoked(case_id)
        case "amendment":
            return bodies.amendment(case_id)
        case "disposal" | "effect-report" | "usage":
            return OF_RIGHTS[row.by](case_id)
        case "decision":
            matter = RejectAdmission(proposal=case_id)
            return Decision(matter=matter, minutes=bodies.NOWHERE, reason="an objection")
        case _:
            ground = next(iter(row.grounds), None)
            return bodies.case_step(row.name, case_id, ground=ground, **supervised.NAMED[row.names])


@pytest.mark.parametrize(
    ("row", "part"),
    [
        pytest.param(
            row, part, marks=pytest.mark.rule(row.number, "R013"), id=f"{row.number}-{part}"
        )
        for row in ROWS
        for part in row.who
        if row.by not in SHOWN_ELSEWHERE and workflow_of(row).name != "formalities"
    ],
)
def test_every_row_moves_its_case(row: Step, part: str) -> None:
    story = published()
    name = workflow_of(row).name
    case_id = COURSES[name, row.state](story)
    before = story.world.value(f"case/{case_id}")
    assert isinstance(before, Case)
    assert before.state == row.state
    story.says(f"{MEMBER_OF[part]}/main", by_kind(row, case_id))
    after = story.world.value(f"case/{case_id}")
    assert isinstance(after, Case)
    assert (after.state, after.records) == (row.next, before.records + 1)


def verdict_due(case: Case, member: str, step: str, ground: str | None) -> Reason | None:
    """What the tables say of a `step` record, read again in the plainest way."""
    rows = [row for row in ROWS if workflow_of(row).name == case.workflow and row.name == step]
    if not rows or rows[0].by != "step":
        return reasons.UNKNOWN_STEP
    is_party = any(party.member == member for party in case.parties)
    parts = {party.part for party in case.parties if party.member == member}
    if parts.isdisjoint(rows[0].who):
        # Nobody has a superior in these courses: the stewards that are no party mediate.
        mediates = "steward" in ROLES[member] and not is_party
        offices = (*ROLES[member], *(("mediator",) if mediates else ()))
        if not any(office in rows[0].who for office in offices):
            return reasons.NOT_YOUR_STEP
        if rows[0].independent and is_party:
            return reasons.OWN_CASE
    row = next((row for row in rows if row.state == case.state), None)
    if row is None:
        return reasons.WRONG_STATE
    if row.grounds and ground not in row.grounds:
        return reasons.GROUND_MISSING
    return None if row.names is None else reasons.REFERENCE_WRONG


def attempts(workflow: str) -> Iterator[tuple[str, str, str | None]]:
    """Every member, every step of any workflow that has something to do with this one, grounds."""
    names = {row.name for row in WORKFLOWS[workflow].steps} | {"dance"}
    for member in ROLES:
        for name in sorted(names):
            grounds = {g for row in WORKFLOWS[workflow].rows(name) for g in row.grounds}
            for ground in (None, "because", *sorted(grounds)[:1]):
                yield member, name, ground


@pytest.mark.rule("R013", "R703", "1111", "1204", "1304", "1307", "1341")
@pytest.mark.parametrize(("workflow", "state"), COURSES)
def test_nothing_but_the_rows_moves_a_case(workflow: str, state: str) -> None:
    story = published()
    case_id = COURSES[workflow, state](story)
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    assert (case.workflow, case.state) == (workflow, state)
    for member, name, ground in attempts(workflow):
        due = verdict_due(case, member, name, ground)
        if due is not None:
            body = bodies.case_step(name, case_id, ground=ground)
            record = story.world.sign(f"{member}/main", body)
            assert story.world.refuse(record) == due, (member, name, ground)


def test_every_state_has_a_course_and_every_table_is_sound() -> None:
    states = {(flow.name, state.name) for flow in WORKFLOWS.values() for state in flow.states}
    assert set(COURSES) == states
    for flow in WORKFLOWS.values():
        names = {state.name for state in flow.states}
        for state in flow.states:
            assert {state.then, state.unheard} - {None} <= names
            assert state.days is None or state.days in DAYS_OF
            assert state.overdue is None or state.overdue in FINDING_OF_CODE
        for row in flow.steps:
            assert {row.state, row.next} <= names
            assert row.by in KIND_OF_NAME
            assert row.effect is None or row.effect in EFFECTS
            for other in flow.rows(row.name):
                same = replace_state(other, row)
                assert same == row, "rows of one step differ in state, next and number alone"
    numbers = [row.number for row in ROWS]
    assert len({*numbers}) == len(numbers)


def replace_state(row: Step, like: Step) -> Step:
    """The row with what may differ taken from another one."""
    return dataclasses.replace(row, number=like.number, state=like.state, next=like.next)


@pytest.mark.rule("R013", "1106")
def test_an_unknown_case_is_not_moved() -> None:
    story = published()
    record = story.world.sign("steward/main", bodies.case_step("approve", bodies.NOWHERE))
    assert story.world.refuse(record) == reasons.UNKNOWN_CASE


@pytest.mark.rule("R013")
def test_a_step_moves_many_cases_or_none() -> None:
    story = published()
    first, second = finding(story), finding(story)
    world = story.world
    story.steps("steward/main", "dismiss", first, "explained")
    both = world.sign("health/main", bodies.case_step("reply", first, second))
    assert world.refuse(both) == reasons.WRONG_STATE
    assert story.state_of(second) == "raised"
    third = finding(story)
    story.says("health/main", bodies.case_step("reply", second, third))
    assert (story.state_of(second), story.state_of(third)) == ("replied", "replied")


@pytest.mark.rule("R013", "1205")
@pytest.mark.parametrize("office", ["steward", "audit"])
@pytest.mark.parametrize(("step", "ground"), [("confirm", None), ("dismiss", "explained")])
def test_nobody_decides_a_finding_against_itself(
    office: str, step: str, ground: str | None
) -> None:
    story = published()
    use = story.says(f"{office}/main", bodies.usage(None, story.world.now))
    case_id = f"{use.digest}-no-effective-grant"
    story.steps(f"{office}/main", "reply", case_id)
    record = story.world.sign(f"{office}/main", bodies.case_step(step, case_id, ground=ground))
    assert story.world.refuse(record) == reasons.OWN_CASE
    other = "audit" if office == "steward" else "steward"
    story.steps(f"{other}/main", step, case_id, ground)


@pytest.mark.rule("R013", "1205", "W304", "W307")
def test_a_steward_does_not_resume_its_own_right() -> None:
    story = published()
    request = story.ask(by="steward")
    record = story.says(
        "transport/main", bodies.grant(bodies.grant_item("steward", request=request))
    )
    grant_id = f"{record.digest}-0"
    story.steps("transport/main", "suspend", grant_id, "overreach")
    resume = story.world.sign("steward/main", bodies.case_step("resume", grant_id))
    assert story.world.refuse(resume) == reasons.OWN_CASE
    story.steps("transport/main", "resume", grant_id)


@pytest.mark.rule("R013", "1204", "1304", "W310", "W311")
def test_what_a_steward_has_suspended_no_party_resumes() -> None:
    story = published()
    grant_id = story.grant()
    story.steps("steward/main", "order-suspension", grant_id, "breach-suspected")
    world = story.world
    resume, lift = (bodies.case_step(step, grant_id) for step in ("resume", "lift-suspension"))
    assert world.refuse(world.sign("transport/main", resume)) == reasons.WRONG_STATE
    assert world.refuse(world.sign("transport/main", lift)) == reasons.NOT_YOUR_STEP
    story.steps("steward/main", "lift-suspension", grant_id)


@pytest.mark.rule("R013", "1205", "W101", "W102")
@pytest.mark.parametrize(("step", "ground"), [("approve", None), ("return", "duplicate")])
def test_a_steward_does_not_review_its_own_entry(step: str, ground: str | None) -> None:
    world = Story().world
    world.accept(world.sign("steward/main", bodies.schema()))
    entry = world.sign("steward/main", bodies.entry())
    world.accept(entry)
    review = world.sign("steward/main", bodies.case_step(step, entry.digest, ground=ground))
    assert world.refuse(review) == reasons.OWN_CASE


@pytest.mark.rule("R010", "1003")
def test_a_writer_bound_to_datasets_takes_steps_about_these_alone() -> None:
    story = published()
    world = story.world
    world.accept(world.appoint("health/clerk", datasets=("flights",)))
    world.accept(world.appoint("health/other", datasets=("tides",)))
    request = story.ask()
    withdrawal = bodies.case_step("withdraw", request)
    assert world.refuse(world.sign("health/other", withdrawal)) == reasons.DATASET_NOT_ALLOWED
    world.accept(world.sign("health/clerk", withdrawal))
    # A finding is about a record, not about a dataset: it takes a writer that is not bound.
    reply = bodies.case_step("reply", finding(story))
    assert world.refuse(world.sign("health/clerk", reply)) == reasons.DATASET_NOT_ALLOWED
    world.accept(world.sign("health/main", reply))


@pytest.mark.rule("R014", "F51")
def test_a_review_not_made_in_time_is_found_against_the_steward() -> None:
    story = Story()
    entry = story.submit()
    # Two working days after Monday end on Wednesday at 24:00.
    assert story.world.block(at="2026-11-25T23:59:59.999Z").is_empty
    result = story.world.block(at="2026-11-26T00:00:00.000Z")
    (found,) = result.settlement.findings
    assert (found.case, found.code) == (f"{entry}-review-overdue", "review-overdue")
    case = story.world.value(f"case/{found.case}")
    assert isinstance(case, Case)
    assert [(one.member, one.part) for one in case.parties] == [
        ("steward", "accused"),
        ("transport", "claimant"),
    ]
    assert case.finding is not None
    assert case.finding.evidence == entry
    story.steps("steward/main", "approve", entry)


@pytest.mark.rule("R014")
def test_a_deadline_met_is_a_deadline_gone() -> None:
    story = Story()
    story.catalogue()
    assert story.world.block(at="2027-11-26T00:00:00.000Z").is_empty


@pytest.mark.rule("R014")
def test_deadlines_are_settled_in_their_order_and_so_many_per_block() -> None:
    story = Story(Parameters(settlements_per_block=2)).publish()
    first = [finding(story) for _ in range(3)]
    story.world.block(at="2026-11-24T01:00:00.000Z")
    later = finding(story)
    moments = ["2026-12-20T00:00:00.000Z", "2026-12-21T00:00:00.000Z", "2026-12-22T00:00:00.000Z"]
    settled = []
    for moment in moments:
        changed = story.world.block(at=moment).settlement.changed
        settled.append([key for key in changed if key.startswith("case/")])
    assert [len(one) for one in settled] == [2, 2, 0]
    assert settled[0] == sorted(f"case/{one}" for one in first)[:2]
    assert f"case/{later}" in settled[1]


@pytest.mark.rule("R014")
def test_settlement_comes_before_the_records_of_its_block() -> None:
    story = published()
    case_id = finding(story)
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    reply = story.world.sign("health/main", bodies.case_step("reply", case_id))
    result = story.world.block(reply, at=case.due)
    (verdict,) = result.verdicts
    assert isinstance(verdict, Accepted)
    # The skew of the writer's clock aside, the reply came too late and was still heard.
    assert f"case/{case_id}" in result.settlement.changed
    assert story.state_of(case_id) == "replied"


OTHER_KINDS: Final = [
    pytest.param(flow, state, row, id=f"{flow}-{state}-{row.by}", marks=pytest.mark.rule("1304"))
    for flow, state in COURSES
    for row in {row.by: row for row in WORKFLOWS[flow].steps}.values()
    if flow not in {"formalities", "supply"}  # a record of another kind names something else
    and row.by in {"acceptance", "amendment", "grant", "revocation"}
    and not any(one.state == state and one.by == row.by for one in WORKFLOWS[flow].steps)
]


@pytest.mark.parametrize(("workflow", "state", "row"), OTHER_KINDS)
def test_records_of_other_kinds_keep_to_the_table(workflow: str, state: str, row: Step) -> None:
    story = published()
    case_id = COURSES[workflow, state](story)
    record = story.world.sign(f"{MEMBER_OF[row.who[0]]}/main", by_kind(row, case_id))
    assert story.world.refuse(record) == reasons.WRONG_STATE
    assert story.state_of(case_id) == state
