# ruff: noqa: E501  a row of a rule table is a line
"""Contractors: they sign for a member, for one of its systems, as long as their contract runs.

Transport has the system `tower`; its contractor signs as `transport/contractor`. So has health.
"""

from collections.abc import Callable
from typing import Literal

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.values import GivenMandate
from ledger.records import Body, Mandate, Record, WriterAppointment
from ledger.records.actions import SplitMember
from ledger.records.genesis import Names
from ledger.records.governance import SucceedMember
from ledger.records.keys import Family
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import DigestHex, MemberId, Time
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, published, rule_table
from tests.unit.contracts.test_governance import adopt
from tests.world import signer

CONTRACTORS: tuple[Family, ...] = ("catalogue", "sharing", "use")
UNTIL: Time = "2026-12-31T00:00:00.000Z"


def mandate(name: MemberId = "transport", **changes: object) -> Mandate:
    one = Mandate(
        code="91330100MA",
        contract=NOWHERE,
        contractor=Names(en="Records Ltd"),
        member=name,
        not_after=UNTIL,
        system="tower",
    )
    return replace(one, **changes)


def given(story: Story, name: MemberId = "transport", **changes: object) -> DigestHex:
    """A mandate for the system `tower`, which the member has."""
    story.says(f"{name}/main", bodies.system())
    return story.says(f"{name}/custodian", mandate(name, **changes)).digest


def appointment(
    under: DigestHex | None, name: MemberId = "transport", **changes: object
) -> WriterAppointment:
    one = WriterAppointment(
        families=CONTRACTORS,
        key=signer(f"{name}/contractor").public_key.description,
        mandate=under,
        not_after=UNTIL,
        writer=f"{name}/contractor",
    )
    return replace(one, **changes)


def appointed(story: Story, body: WriterAppointment) -> Record:
    by = f"{body.writer.partition('/')[0]}/custodian"
    return story.world.sign(by, body, signer(body.writer))


def contracted(name: MemberId = "transport") -> Story:
    """A story in which a contractor signs for a member."""
    story = published()
    story.grant()
    under = given(story, name)
    story.world.accept(appointed(story, appointment(under, name)))
    return story


def on_tower(then: Callable[[Story], Body]) -> Callable[[Story], Body]:
    def body(story: Story) -> Body:
        story.says("transport/main", bodies.system())
        return then(story)

    return body


def retired(story: Story) -> Body:
    story.says("transport/main", bodies.system())
    story.says("transport/main", bodies.system("retired"))
    return mandate()


ROWS = [
    Row("R207", "a mandate", "transport/custodian", on_tower(lambda _: mandate())),
    Row("R207", "for a system nobody registered", "transport/custodian", lambda _: mandate(), reasons.UNKNOWN_SYSTEM),
    Row("R207", "for a system that is retired", "transport/custodian", retired, reasons.SYSTEM_RETIRED),
    Row("R207", "that is over", "transport/custodian", on_tower(lambda _: mandate(not_after="2026-01-01T00:00:00.000Z")), reasons.PERIOD_OVER),
    Row("R207", "that ends before it begins", "transport/custodian", on_tower(lambda _: mandate(not_before=UNTIL)), reasons.PERIOD_OVER),
    Row("R207", "by another custodian", "health/custodian", on_tower(lambda _: mandate()), reasons.NOT_CUSTODIAN),
    Row("R207", "of nobody", "health/custodian", lambda _: mandate("nobody"), reasons.UNKNOWN_MEMBER),
    Row("R008", "by a writer", "transport/main", on_tower(lambda _: mandate()), reasons.FAMILY_NOT_ALLOWED),
]  # fmt: skip


@rule_table(ROWS)
def test_mandates(row: Row) -> None:
    story = Story()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


def elsewhere(story: Story) -> Body:
    """A version of a dataset that another system holds."""
    case = story.says("transport/main", bodies.entry(system="harbour")).digest
    story.says("steward/main", bodies.case_step("approve", case))
    return bodies.release(bodies.release_item(version=2))


def moved(story: Story) -> Body:
    """An entry that would bring a dataset of another system into the contractor's."""
    elsewhere(story)
    return bodies.entry()


SAID = [
    Row("R209", "it releases", "transport/contractor", lambda _: bodies.release(bodies.release_item(version=2))),
    Row("R210", "it describes", "transport/contractor", lambda _: bodies.entry(title="again")),
    Row("R210", "but not another system", "transport/contractor", lambda _: bodies.entry(dataset="tides", system="harbour"), reasons.BEYOND_MANDATE),
    Row("R210", "nor does it move data into its own", "transport/contractor", moved, reasons.BEYOND_MANDATE),
    Row("R210", "nor release what another holds", "transport/contractor", elsewhere, reasons.BEYOND_MANDATE),
    Row("R209", "it gives no rights", "transport/contractor", lambda _: bodies.grant(bodies.grant_item("audit")), reasons.FAMILY_NOT_ALLOWED),
    Row("R209", "and asks for none", "transport/contractor", lambda story: bodies.request(bodies.request_item(story.entry)), reasons.FAMILY_NOT_ALLOWED),
    Row("R209", "nor registers systems", "transport/contractor", lambda _: bodies.system("retired"), reasons.FAMILY_NOT_ALLOWED),
    Row("R211", "it reports uses by its system", "transport/contractor", lambda story: bodies.usage(None, story.world.now, system="tower")),
    Row("R211", "uses by another one are found", "transport/contractor", lambda story: bodies.usage(None, story.world.now, system="harbour"), findings.OUTSIDE_MANDATE),
    Row("R211", "so are uses by none", "transport/contractor", lambda story: bodies.usage(None, story.world.now), findings.OUTSIDE_MANDATE),
    Row("R211", "it states deliveries from its system", "transport/contractor", lambda story: bodies.delivery(story.grant_id, story.world.now)),
    Row("R211", "the member itself uses what it likes", "transport/main", lambda story: bodies.usage(None, story.world.now)),
]  # fmt: skip


@rule_table(SAID)
def test_what_a_contractor_says(row: Row) -> None:
    story = contracted()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R210", "1262")
def test_a_contractor_supersedes_no_entry_of_another_system_under_review() -> None:
    story = contracted()
    story.says("transport/main", bodies.entry(dataset="tolls", system="gates"))
    entry = story.world.sign("transport/contractor", bodies.entry(dataset="tolls"))
    assert story.world.refuse(entry) == reasons.BEYOND_MANDATE
    story.says("transport/main", bodies.entry(dataset="tolls"))
    story.says("transport/contractor", bodies.entry(dataset="tolls", title="again"))


ABOUT: dict[str, Callable[[Story], Body]] = {
    "disposal": lambda story: bodies.disposal(story.world.now, story.grant_id),
    "effect report": lambda story: bodies.effect_report(story.world.now, story.grant_id),
    "acknowledgement": lambda story: bodies.acknowledgement(
        story.says("transport/main", bodies.delivery(story.grant_id, story.world.now)).digest
    ),
}


@pytest.mark.rule("R212", "F85")
@pytest.mark.parametrize("about", ABOUT)
@pytest.mark.parametrize(
    ("systems", "found"),
    [
        (("registry",), ("outside-mandate",)),
        (("registry", "tower"), ()),
        ("any", ()),
    ],
)
def test_a_contractor_tells_of_rights_for_its_system(
    about: str, systems: tuple[str, ...] | Literal["any"], found: tuple[str, ...]
) -> None:
    story = contracted("health")
    story.grant(replace(TERMS, systems=systems))
    body = ABOUT[about](story)
    assert story.world.find(story.world.sign("health/contractor", body)) == found
    assert story.world.find(story.world.sign("health/main", body)) == ()


@pytest.mark.rule("R211", "F85")
def test_a_delivery_from_another_system_is_found() -> None:
    story = contracted()
    elsewhere(story)
    said = bodies.delivery(story.grant_id, story.world.now)
    assert "outside-mandate" in story.world.find(story.world.sign("transport/contractor", said))


@pytest.mark.rule("R208", "1001", "1154", "1262")
def test_appointments_stay_within_the_mandate() -> None:
    story = Story()
    under = given(story)
    other = given(story, "health")
    later = story.says("transport/custodian", mandate(not_before="2026-12-01T00:00:00.000Z")).digest
    good = appointment(under)
    for changes, reason in (
        ({"mandate": NOWHERE}, reasons.UNKNOWN_MANDATE),
        ({"mandate": other}, reasons.BEYOND_MANDATE),
        ({"mandate": later}, reasons.BEYOND_MANDATE),
        ({"not_after": None}, reasons.BEYOND_MANDATE),
        ({"not_after": "2027-01-01T00:00:00.000Z"}, reasons.BEYOND_MANDATE),
        ({"families": ("governance",)}, reasons.FAMILY_NOT_ALLOWED),
        ({"families": ("cases", "use")}, reasons.FAMILY_NOT_ALLOWED),
    ):
        assert story.world.refuse(appointed(story, replace(good, **changes))) == reason, changes
    story.world.accept(appointed(story, good))
    value = story.world.value(f"mandate/{under}")
    assert isinstance(value, GivenMandate)
    assert value.contractor.en == "Records Ltd"


@pytest.mark.rule("R208", "R004", "501")
def test_a_contractor_ends_with_its_period() -> None:
    story = contracted()
    use = story.world.sign(
        "transport/contractor", bodies.usage(None, story.world.now, system="tower")
    )
    assert story.world.refuse(use, at="2026-12-31T00:00:00.001Z") == reasons.WRITER_ENDED


@pytest.mark.rule("R207", "R625")
def test_a_successor_gives_mandates_for_its_predecessors() -> None:
    story = Story()
    story.says("transport/main", bodies.system())
    adopt(story, SucceedMember(member="transport", successor="weather"))
    story.says("weather/custodian", mandate())


@pytest.mark.rule("R208", "R206", "1262")
def test_who_holds_a_part_gives_no_mandate_of_the_member() -> None:
    story = published()
    under = given(story)
    adopt(story, SplitMember(datasets=("flights",), member="transport", successor="weather"))
    body = appointment(under, datasets=("flights",))
    record = story.world.sign("weather/custodian", body, signer(body.writer))
    assert story.world.refuse(record) == reasons.BEYOND_MANDATE


@pytest.mark.rule("R211")
def test_a_finding_names_whose_hand_it_was() -> None:
    story = contracted("health")
    said = bodies.usage(story.grant_id, story.world.now, system="harbour")
    record = story.world.sign("health/contractor", said)
    assert story.world.find(record) == ("outside-mandate",)


@pytest.mark.rule("R207", "1309")
def test_a_mandate_that_ends_now_is_over() -> None:
    story = Story()
    story.says("transport/main", bodies.system())
    at = story.world.later()
    record = story.world.sign("transport/custodian", mandate(not_after=at))
    assert story.world.refuse(record, at=at) == reasons.PERIOD_OVER


@pytest.mark.rule("R208", "1262")
@pytest.mark.parametrize("late_ms", [0, -1])
def test_a_mandate_begins_at_its_moment(late_ms: int) -> None:
    story = Story()
    begins = story.world.later(DAY_MS)
    under = given(story, not_before=begins)
    record = appointed(story, appointment(under))
    at = from_ms(to_ms(begins) + late_ms)
    if late_ms < 0:
        assert story.world.refuse(record, at=at) == reasons.BEYOND_MANDATE
    else:
        story.world.accept(record, at=at)
