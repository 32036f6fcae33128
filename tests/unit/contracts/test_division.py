# ruff: noqa: E501  a row of a rule table is a line
"""Members that are split: parts of them come into other hands, and nothing is lost.

Transport provides `flights`, health has a right to it; weather takes over what either does with it.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.succession import hand_of, hands_of
from contracts.tasks import may_sign, tasks_of
from contracts.values import HEIRS_MAX, Case, GrantedRight, Writer
from ledger.records import Body, KeyRevocation, KeyRotation, Record, SourceDesignation, WriterEnd
from ledger.records.actions import SplitMember
from ledger.records.governance import (
    ReinstateMember,
    RemoveMember,
    SetRoles,
    SucceedMember,
    SuspendMember,
)
from ledger.records.keys import Family
from ledger.types import MemberId, WriterId
from tests import bodies
from tests.story import Row, Story, play, published, rule_table
from tests.unit.contracts.test_governance import (
    admission,
    admit,
    adopt,
    decides,
    member,
    proposes,
)
from tests.unit.contracts.test_succession import after
from tests.world import ROLES, signer

OF_PARTS: tuple[Family, ...] = ("cases", "catalogue", "sharing", "use")
DESK = "transport/desk"


def split(
    name: MemberId = "transport", successor: MemberId = "weather", dataset: str = bodies.DATASET
) -> SplitMember:
    return SplitMember(datasets=(dataset,), member=name, successor=successor)


def desk(
    story: Story,
    writer: WriterId = DESK,
    by: WriterId = "weather/custodian",
    families: tuple[Family, ...] = OF_PARTS,
    datasets: tuple[str, ...] = (bodies.DATASET,),
) -> Record:
    """A writer of a part, as its keeper appoints it."""
    return story.world.appoint(writer, by=by, families=families, datasets=datasets)


def handed(name: MemberId = "transport") -> Story:
    """A story in which weather does what `name` does with `flights`, by the writer `desk`."""
    story = published()
    story.grant()
    adopt(story, split(name))
    story.world.accept(desk(story, f"{name}/desk"))
    return story


def first(story: Story) -> Story:
    """A dataset is there before it is handed over."""
    return story.publish()


def on_flights(then: Callable[[Story], Body]) -> Callable[[Story], Body]:
    return lambda story: then(first(story))


ROWS = [
    Row("R628", "a part for another hand", "audit/main", on_flights(proposes(split()))),
    Row("R628", "a dataset that nobody knows", "audit/main", proposes(split()), reasons.UNKNOWN_DATASET),
    Row("R628", "a part of nobody", "audit/main", on_flights(proposes(split("nobody"))), reasons.UNKNOWN_MEMBER),
    Row("R628", "a part for nobody", "audit/main", on_flights(proposes(split(successor="nobody"))), reasons.UNKNOWN_MEMBER),
    Row("R628", "a part that is its own already", "audit/main", on_flights(proposes(split(successor="transport"))), reasons.ALREADY_EXISTS),
    Row("R628", "a part handed over twice", "audit/main", on_flights(after(split(), then=proposes(split()))), reasons.ALREADY_EXISTS),
    Row("R628", "a part handed on", "audit/main", on_flights(after(split(), then=proposes(split(successor="health"))))),
    Row("R628", "a part taken back", "audit/main", on_flights(after(split(), then=proposes(split(successor="transport"))))),
    Row("R628", "a part for who is suspended", "audit/main", on_flights(after(SuspendMember(member="weather"), then=proposes(split()))), reasons.WRONG_STATE),
    Row("R628", "a part for who was merged", "audit/main", on_flights(after(SucceedMember(member="weather", successor="health"), then=proposes(split()))), reasons.WRONG_STATE),
    Row("R628", "a part for who acts for all of it", "audit/main", on_flights(after(SucceedMember(member="transport", successor="weather"), then=proposes(split()))), reasons.WRONG_STATE),
    Row("R628", "a part of who was removed", "audit/main", on_flights(after(RemoveMember(member="weather"), then=proposes(split("weather", "health")))), reasons.WRONG_STATE),
    Row("R628", "a part of who was merged", "audit/main", on_flights(after(SucceedMember(member="transport", successor="weather"), then=proposes(split(successor="health"))))),
    Row("R608 R628", "the government splits others", "transport/main", on_flights(decides(split("weather", "steward")))),
    Row("R608", "but not itself", "transport/main", on_flights(decides(split())), reasons.OWN_CASE),
    Row("R608", "nor for itself", "transport/main", on_flights(decides(split("weather", "transport"))), reasons.OWN_CASE),
    Row("R608", "and nobody of the committee", "transport/main", on_flights(decides(split("health"))), reasons.NOT_GOVERNMENT),
    Row("R624", "who was split is not removed", "audit/main", on_flights(after(split(), then=proposes(RemoveMember(member="transport")))), reasons.WRONG_STATE),
    Row("R624", "nor who holds a part", "audit/main", on_flights(after(split(), then=proposes(RemoveMember(member="weather")))), reasons.WRONG_STATE),
    Row("R624", "who holds none any more is", "audit/main", on_flights(after(split(), split(successor="transport"), then=proposes(RemoveMember(member="weather"))))),
]  # fmt: skip


@rule_table(ROWS)
def test_splits(row: Row) -> None:
    story = Story()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


PARTS = [
    Row("R629", "the member itself says nothing more of it", "transport/main", lambda _: bodies.release(bodies.release_item(version=2)), reasons.IN_OTHER_HANDS),
    Row("R629", "nor grants it", "transport/main", lambda _: bodies.grant(bodies.grant_item("audit")), reasons.IN_OTHER_HANDS),
    Row("R629", "who holds the part releases", DESK, lambda _: bodies.release(bodies.release_item(version=2))),
    Row("R629", "and grants", DESK, lambda _: bodies.grant(bodies.grant_item("audit"))),
    Row("R629", "and revokes what was given before", DESK, lambda story: bodies.revocation(story.grant_id)),
    Row("R010", "but of nothing else", DESK, lambda _: bodies.entry(dataset="tides"), reasons.DATASET_NOT_ALLOWED),
    Row("R629", "the member itself goes on with the rest", "transport/main", lambda _: bodies.entry(dataset="tides")),
    Row("R629 R508", "a use of it that the member itself reports", "transport/main", lambda story: bodies.usage(None, story.world.now), findings.OUTSIDE_APPOINTMENT),
    Row("R629 R508", "who holds the part reports it", DESK, lambda story: bodies.usage(None, story.world.now)),
    Row("R630", "nothing is proposed for a part", DESK, proposes(admit()), reasons.FAMILY_NOT_ALLOWED),
]  # fmt: skip


@rule_table(PARTS)
def test_parts(row: Row) -> None:
    story = handed()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R628", "R629")
def test_no_right_no_deadline_and_no_dataset_is_lost_in_a_split() -> None:
    story = published()
    world = story.world
    right, request = story.grant(), story.ask()
    kept = (
        f"grant/{right}",
        f"case/{request}",
        f"case/{right}",
        "dataset/flights",
        "entry/flights",
    )
    before = {key: world.value(key) for key in kept}
    adopt(story, split())
    assert {key: world.value(key) for key in kept} == before
    assert hand_of(world.state, "transport", "flights") == "weather"
    assert hand_of(world.state, "transport", "tides") == "transport"
    assert hands_of(world.state, "transport") == ("transport", "weather")
    world.accept(desk(story))
    story.says(DESK, bodies.grant(bodies.grant_item("health", request=request)))
    assert story.state_of(request) == "granted"
    story.says("health/main", bodies.usage(right, world.now))
    assert isinstance(world.value(f"grant/{right}"), GrantedRight)
    assert violations(world.state, world.leaves) == []


@pytest.mark.rule("R628", "R629", "F54")
def test_a_consumer_is_split_as_well() -> None:
    story = handed("health")
    world = story.world
    assert world.find(world.sign("health/desk", bodies.usage(story.grant_id, world.now))) == ()
    stale = world.sign("health/main", bodies.usage(story.grant_id, world.now))
    assert world.find(stale) == ("outside-appointment",)
    end = bodies.case_step("end", story.grant_id)
    assert world.refuse(world.sign("health/main", end)) == reasons.IN_OTHER_HANDS
    story.says("health/desk", end)
    assert story.state_of(story.grant_id) == "ended"


@pytest.mark.rule("R629", "R407", "R412", "1261")
def test_what_a_split_consumer_is_offered_its_hand_accepts_and_passes_on() -> None:
    deep = replace(bodies.TERMS, delegable=1)
    story = Story().publish(conditions=deep)
    adopt(story, split("health"))
    story.world.accept(desk(story, "health/desk"))
    offer = story.offer(deep)
    late = story.world.sign("health/main", bodies.acceptance(offer))
    assert story.world.refuse(late) == reasons.IN_OTHER_HANDS
    story.says("health/desk", bodies.acceptance(offer))
    passed_on = bodies.delegation(offer, "audit", terms=bodies.TERMS)
    own = story.world.sign("health/main", passed_on)
    assert story.world.refuse(own) == reasons.IN_OTHER_HANDS
    story.says("health/desk", passed_on)


@pytest.mark.rule("R629", "R401")
def test_who_holds_a_part_asks_for_no_more_than_that_part() -> None:
    story = handed("health")
    asked = bodies.request(bodies.request_item(story.entry))
    story.says("health/desk", asked)
    tides = story.says("weather/main", bodies.entry(dataset="tides", title="Tides")).digest
    story.says("steward/main", bodies.case_step("approve", tides))
    other = bodies.request(bodies.request_item(tides, bodies.TERMS, "tides"))
    record = story.world.sign("health/desk", other)
    assert story.world.refuse(record) == reasons.DATASET_NOT_ALLOWED
    story.says("health/main", other)


@pytest.mark.rule("R206", "1201", "1001", "1261")
def test_who_appoints_and_manages_the_writers_of_a_part() -> None:
    story = published()
    world = story.world
    adopt(story, split())
    assert world.refuse(desk(story, by="health/custodian")) == reasons.NOT_CUSTODIAN
    assert world.refuse(desk(story, by="weather/main")) == reasons.FAMILY_NOT_ALLOWED
    everything = desk(story, datasets=())
    assert world.refuse(everything) == reasons.NOT_CUSTODIAN
    voting = desk(story, families=("governance", "use"))
    assert world.refuse(voting) == reasons.FAMILY_NOT_ALLOWED
    world.accept(desk(story))
    value = world.value(f"writer/{DESK}")
    assert isinstance(value, Writer)
    assert value.keeper == "weather"
    assert world.refuse(desk(story, by="transport/custodian")) == reasons.NOT_CUSTODIAN
    assert world.refuse(desk(story, datasets=("flights", "tides"))) == reasons.IN_OTHER_HANDS
    own = world.sign("transport/custodian", WriterEnd(writer=DESK))
    assert world.refuse(own) == reasons.NOT_CUSTODIAN
    stolen = KeyRevocation(key=signer(DESK).public_key.keyid, suspect_since=0)
    assert world.refuse(world.sign("transport/custodian", stolen)) == reasons.UNKNOWN_KEY
    world.accept(
        world.sign(DESK, KeyRotation(key=signer("next").public_key.description), signer("next"))
    )
    story.says("weather/custodian", stolen)
    value = world.value(f"writer/{DESK}")
    assert isinstance(value, Writer)
    assert (value.status, value.keeper) == ("ended", "weather")
    # What others manage is no hindrance for what is the member's own.
    world.accept(world.appoint("transport/second", datasets=("tides",)))
    assert violations(world.state, world.leaves) == []


@pytest.mark.rule("R206", "R628", "1261")
def test_what_was_handed_on_is_no_longer_the_former_keepers() -> None:
    story = handed()
    adopt(story, split(successor="health"))
    late = story.world.sign(DESK, bodies.release(bodies.release_item(version=2)))
    assert story.world.refuse(late) == reasons.IN_OTHER_HANDS
    assert story.world.refuse(desk(story)) == reasons.IN_OTHER_HANDS
    story.world.accept(desk(story, "transport/new-desk", by="health/custodian"))
    story.says("transport/new-desk", bodies.release(bodies.release_item(version=2)))
    adopt(story, split(successor="transport"))
    own = story.world.sign("transport/new-desk", bodies.release(bodies.release_item(version=3)))
    assert story.world.refuse(own) == reasons.IN_OTHER_HANDS
    story.says("transport/main", bodies.release(bodies.release_item(version=3)))
    assert member(story, "transport").heirs == ()


@pytest.mark.rule("R009", "1002")
def test_who_is_suspended_asks_and_gives_nothing_for_the_parts_it_holds() -> None:
    story = handed()
    adopt(story, SuspendMember(member="weather"))
    release = bodies.release(bodies.release_item(version=2))
    assert story.world.refuse(story.world.sign(DESK, release)) == reasons.MEMBER_SUSPENDED
    adopt(story, ReinstateMember(member="weather"))
    story.says(DESK, release)


@pytest.mark.rule("R625", "R628", "R206")
def test_whom_the_keeper_is_merged_into_keeps_what_it_kept() -> None:
    story = handed()
    adopt(story, SucceedMember(member="weather", successor="health"))
    assert hand_of(story.world.state, "transport", "flights") == "health"
    story.world.accept(desk(story, "transport/other-desk", by="health/custodian"))
    story.says("transport/other-desk", bodies.release(bodies.release_item(version=2)))
    story.says("health/custodian", WriterEnd(writer=DESK))


@pytest.mark.rule("R625", "R628")
def test_what_is_left_is_merged_and_the_part_stays_where_it_is() -> None:
    story = handed()
    adopt(story, SucceedMember(member="transport", successor="health"))
    story.world.accept(story.world.appoint("transport/rest", by="health/custodian"))
    release = bodies.release(bodies.release_item(version=2))
    rest = story.world.sign("transport/rest", release)
    assert story.world.refuse(rest) == reasons.IN_OTHER_HANDS
    story.says(DESK, release)


@pytest.mark.rule("R630", "R013", "1204", "1205")
def test_offices_are_not_handed_over() -> None:
    """The steward is split; who holds the part reviews nothing, and decides not about itself."""
    story = Story()
    adopt(story, SetRoles(member="weather", roles=("steward",)))
    entry = story.submit()
    adopt(story, split("steward"))
    world = story.world
    world.accept(desk(story, "steward/desk"))
    approve = bodies.case_step("approve", entry)
    assert world.refuse(world.sign("steward/desk", approve)) == reasons.NOT_YOUR_STEP
    source = SourceDesignation(dataset="flights", entry=entry, items=("age",))
    assert world.refuse(world.sign("steward/desk", source)) == reasons.FAMILY_NOT_ALLOWED
    adopt(story, split("transport"))
    assert world.refuse(world.sign("weather/main", approve)) == reasons.OWN_CASE
    adopt(story, split("steward", "steward"))
    story.says("steward/main", approve)


@pytest.mark.rule("R707", "1241")
def test_nothing_is_ordered_for_a_part() -> None:
    story = handed("steward")
    order = bodies.opening("inspection", "transport", days=1)
    refused = story.world.refuse(story.world.sign("steward/desk", order))
    assert refused == reasons.DATASET_NOT_ALLOWED
    about = bodies.opening("rectification", "transport", case=story.grant_id, days=1)
    refused = story.world.refuse(story.world.sign("steward/desk", about))
    assert refused == reasons.NOT_YOUR_OFFICE
    story.says("steward/main", order)


@pytest.mark.rule("R414", "1224")
def test_a_right_is_not_passed_to_who_acts_for_its_provider() -> None:
    deep = replace(bodies.TERMS, delegable=1)
    story = Story().publish(conditions=deep)
    right = story.grant(deep)
    back = bodies.delegation(right, "weather", terms=bodies.TERMS)
    adopt(story, split())
    assert story.world.refuse(story.world.sign("health/main", back)) == reasons.RIGHT_RETURNS
    adopt(story, split(successor="audit"))
    story.says("health/main", back)


@pytest.mark.rule("R628", "1401")
def test_sixteen_members_hold_parts_of_one() -> None:
    offices = [f"office-{n:02}" for n in range(HEIRS_MAX + 1)]
    story = Story()
    adopt(story, admit(*(admission(name) for name in offices)))
    story.says("transport/main", bodies.schema())
    for n, office in enumerate(offices):
        story.says("transport/main", bodies.entry(dataset=f"d{n}"))
        if n < HEIRS_MAX:
            adopt(story, split(successor=office, dataset=f"d{n}"))
    one_more = split(successor=offices[-1], dataset=f"d{HEIRS_MAX}")
    last = proposes(one_more)(story)
    assert story.world.refuse(story.world.sign("audit/main", last)) == reasons.LIMIT


@pytest.mark.rule("R628")
def test_tasks_are_for_the_writers_of_whose_hands_they_are_in() -> None:
    story = handed()
    request = story.ask()
    world = story.world
    case = world.value(f"case/{request}")
    assert isinstance(case, Case)
    (task, *_) = tasks_of(world.state, world.now, request, case, "transport")
    assert task.keeper == "weather"
    may = {}
    for name in ("transport/main", DESK):
        writer = world.value(f"writer/{name}")
        assert isinstance(writer, Writer)
        may[name] = may_sign(writer, task, world.now)
    assert may == {"transport/main": False, DESK: True}


@pytest.mark.rule("R610")
def test_who_orders_blocks_is_split_and_goes_on_ordering() -> None:
    story = handed("steward")
    assert member(story, "steward").roles == ROLES["steward"]
    assert story.world.block().seal.proposer == "steward"
