# ruff: noqa: E501  a row of a rule table is a line
"""Requests, grants, acceptance, revocation: who may, when, and what comes of it."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.values import Case, GrantedRight, RequestedItem, StandingGrants
from ledger.records import Body, Grant, Request
from ledger.records.catalogue import LegalBasis
from ledger.records.genesis import Parameters
from ledger.records.sharing import Audience, GrantItem
from ledger.records.terms import FieldMasking, RowFilter, Terms
from tests import bodies
from tests.bodies import NOWHERE, SOON, TERMS
from tests.story import Row, Story, play, published, rule_table
from tests.world import START, World

NARROW = replace(TERMS, fields=("a",))
PAST = replace(TERMS, not_after=START)
WIDE = replace(TERMS, operations=("export", "query", "read"))


def asks(terms: Terms = TERMS, **changes: str) -> Callable[[Story], Body]:
    """Health asks for `flights`."""
    return lambda story: bodies.request(replace(bodies.request_item(story.entry, terms), **changes))


def offers(*members: str, **changes: object) -> Callable[[Story], Body]:
    """Transport gives a right to members, or a standing one."""
    item = bodies.grant_item(*members, standing=not members)
    return lambda _: bodies.grant(replace(item, **changes))


def answers(terms: Terms = TERMS, **changes: object) -> Callable[[Story], Body]:
    """Transport answers a request of health for TERMS."""

    def action(story: Story) -> Body:
        item = bodies.grant_item("health", request=story.ask(), terms=terms)
        return bodies.grant(replace(item, **changes))

    return action


def after(
    *stages: Callable[[Story], object], then: Callable[[Story], Body]
) -> Callable[[Story], Body]:
    """An action after stages of the story."""

    def action(story: Story) -> Body:
        for stage in stages:
            stage(story)
        return then(story)

    return action


def withheld(story: Story) -> None:
    law = LegalBasis(kind="law", reference="Art. 1")
    story.catalogue(sharing="withheld", basis=law)


def accepts_after(spoil: Callable[[Story], object]) -> Callable[[Story], Body]:
    """Health accepts what transport offered until SOON, after something happened."""

    def action(story: Story) -> Body:
        offer = story.offer(replace(TERMS, not_after=SOON))
        spoil(story)
        return bodies.acceptance(offer)

    return action


def archived(story: Story) -> None:
    story.says("transport/main", bodies.lifecycle())


def run_out(story: Story) -> None:
    story.world.block(at=SOON)


def nearly_run_out(story: Story) -> None:
    story.world.block(at="2026-12-19T23:59:58.000Z")


def other_schema(story: Story) -> None:
    schema = bodies.schema("a", "z")
    story.says("transport/main", schema)
    story.catalogue(schema=schema.schema)


REQUESTS = (
    Row("R401", "a member asks for data in the catalogue", "health/main", asks()),
    Row("R401", "for more than the entry offers", "health/main", asks(WIDE)),
    Row("R401", "for data not in the catalogue", "health/main", asks(dataset="tides"), reasons.UNKNOWN_ENTRY),
    Row("R303", "for a purpose not adopted", "health/main", asks(replace(TERMS, purposes=("war",))), reasons.UNKNOWN_PURPOSE),
    Row("R303", "for a purpose that an adopted one covers", "health/main", asks(replace(TERMS, purposes=("health.audit",)))),
    Row("R303", "for a purpose that only begins like one", "health/main", asks(replace(TERMS, purposes=("healthy",))), reasons.UNKNOWN_PURPOSE),
    Row("R303", "for all purposes", "health/main", asks(replace(TERMS, purposes="all"))),
    Row("R303", "for a column that is not there", "health/main", asks(replace(TERMS, fields=("z",))), reasons.UNKNOWN_COLUMN),
    Row("R303", "for rows by a column that is not there", "health/main", asks(replace(TERMS, rows=(RowFilter(column="z", prefixes=("1",)),))), reasons.UNKNOWN_COLUMN),
    Row("R303", "with masking of a column that is not there", "health/main", asks(replace(TERMS, masking=(FieldMasking(field="z", level="hashed"),))), reasons.UNKNOWN_COLUMN),
    Row("R401", "the provider for its own data", "transport/main", asks(), reasons.NOT_CONSUMER),
    Row("R401", "for data that is withheld", "health/main", after(withheld, then=asks()), reasons.WITHHELD),
    Row("R401", "by an entry that has changed since", "health/main", asks(entry=NOWHERE), reasons.ENTRY_CHANGED),
    Row("R304", "for a period that is over", "health/main", asks(PAST), reasons.PERIOD_OVER),
    Row("R304", "for a period that ends before it starts", "health/main", asks(replace(TERMS, not_before="2027-01-02T00:00:00.000Z", not_after="2027-01-01T00:00:00.000Z")), reasons.PERIOD_OVER),
)  # fmt: skip

GRANTS = (
    Row("R404", "the provider grants what was asked", "transport/main", answers()),
    Row("R404", "an answer wider than asked", "transport/main", after(lambda s: s.catalogue(conditions=WIDE), then=answers(WIDE))),
    Row("R405", "narrower than asked without a ground", "transport/main", answers(NARROW), findings.CONDITIONS_ADDED),
    Row("R405", "narrower than asked on a ground", "transport/main", answers(NARROW, ground="not-necessary")),
    Row("R403", "what nobody asked for", "transport/main", offers("health", "weather")),
    Row("R403", "data not in the catalogue", "transport/main", offers("health", dataset="tides"), reasons.UNKNOWN_ENTRY),
    Row("R403", "to somebody who is no member", "transport/main", offers("nobody"), reasons.UNKNOWN_MEMBER),
    Row("R403", "in answer to a request that is not there", "transport/main", offers("health", request=f"{NOWHERE}-0"), reasons.UNKNOWN_REQUEST),
    Row("R303", "for a purpose not adopted", "transport/main", offers("health", terms=replace(TERMS, purposes=("war",))), reasons.UNKNOWN_PURPOSE),
    Row("R303", "columns that are not there", "transport/main", offers("health", terms=replace(TERMS, fields=("z",))), reasons.UNKNOWN_COLUMN),
    Row("R403", "data of another member", "weather/main", offers("health"), reasons.NOT_PROVIDER),
    Row("R403", "to itself", "transport/main", offers("health", "transport"), reasons.NOT_CONSUMER),
    Row("R403", "data that is withheld", "transport/main", after(withheld, then=offers("health")), reasons.WITHHELD),
    Row("R403", "more than the entry's conditions", "transport/main", offers("health", terms=WIDE), reasons.WIDER_THAN_CONDITIONS),
    Row("R403", "another schema than the entry's", "transport/main", offers("health", schema=NOWHERE), reasons.SCHEMA_DIFFERS),
    Row("W203", "a request that was answered", "transport/main", after(lambda s: s.grant(), then=lambda s: bodies.grant(bodies.grant_item("health", request=s.request_id))), reasons.WRONG_STATE),
    Row("R403", "a request of somebody else", "transport/main", answers(members=("weather",)), reasons.REQUEST_DIFFERS),
    Row("R304", "a period that is over", "transport/main", offers("health", terms=PAST), reasons.PERIOD_OVER),
    Row("R406", "standing, for whoever applies", "transport/main", offers()),
)  # fmt: skip

ENDS = (
    Row("R407 W301", "the consumer accepts an offer", "health/main", lambda s: bodies.acceptance(s.offer())),
    Row("R407", "somebody else accepts it", "weather/main", lambda s: bodies.acceptance(s.offer()), reasons.NOT_CONSUMER),
    Row("R407", "nobody accepts a standing grant", "health/main", lambda s: bodies.acceptance(s.stand()), reasons.NOT_CONSUMER),
    Row("R407", "an offer that was never made", "health/main", lambda _: bodies.acceptance(f"{NOWHERE}-0"), reasons.UNKNOWN_GRANT),
    Row("R407", "a request is no offer", "health/main", lambda s: bodies.acceptance(s.ask()), reasons.UNKNOWN_GRANT),
    Row("R407", "an offer of what is withheld by now", "health/main", accepts_after(withheld), reasons.WITHHELD),
    Row("R407", "an offer of what is archived by now", "health/main", accepts_after(archived), reasons.UNKNOWN_ENTRY),
    Row("R407 R304", "an offer that has run out", "health/main", accepts_after(run_out), reasons.PERIOD_OVER),
    Row("R407", "an offer whose last moment is to come", "health/main", accepts_after(nearly_run_out)),
    Row("R407", "what is in force already", "health/main", lambda s: bodies.acceptance(s.grant()), reasons.WRONG_STATE),
    Row("R408 W306", "the provider revokes after consultation", "transport/main", lambda s: bodies.revocation(s.grant(), ground="wrong-grant", consultation=NOWHERE)),
    Row("R408", "at once where the ground allows it", "transport/main", lambda s: bodies.revocation(s.grant(), ground="breach")),
    Row("R408", "at will", "transport/main", lambda s: bodies.revocation(s.grant(), ground="wrong-grant"), findings.ENDED_AT_WILL),
    Row("R408", "several at will", "transport/main", lambda s: bodies.revocation(s.grant(), s.grant(), ground="wrong-grant"), (findings.ENDED_AT_WILL,) * 2),
    Row("R408 W303", "an offer, which is nobody's loss", "transport/main", lambda s: bodies.revocation(s.offer(), ground="wrong-grant")),
    Row("R408", "somebody else revokes", "steward/main", lambda s: bodies.revocation(s.grant()), reasons.NOT_PROVIDER),
    Row("R408", "the consumer revokes", "health/main", lambda s: bodies.revocation(s.grant()), reasons.NOT_PROVIDER),
    Row("R408", "what was never granted", "transport/main", lambda _: bodies.revocation(f"{NOWHERE}-0"), reasons.UNKNOWN_GRANT),
)  # fmt: skip


@rule_table(REQUESTS)
def test_requests(row: Row) -> None:
    play(published(), row)


@rule_table(GRANTS)
def test_grants(row: Row) -> None:
    play(published(), row)


@rule_table(ENDS)
def test_ends(row: Row) -> None:
    play(published(), row)


def right_of(world: World, grant_id: str) -> GrantedRight:
    right = world.value(f"grant/{grant_id}")
    assert isinstance(right, GrantedRight)
    return right


@pytest.mark.rule("R401")
@pytest.mark.parametrize(("sharing", "working_days"), [("conditional", 10), ("unconditional", 1)])
def test_the_answer_is_due_within_the_days_of_the_sharing_class(
    sharing: str, working_days: int
) -> None:
    story = Story().publish(sharing=sharing)
    request = story.ask()
    case = story.world.value(f"case/{request}")
    assert isinstance(case, Case)
    # Monday 23 November 2026; the tenth working day after it is Monday 7 December.
    assert case.due == {10: "2026-12-08", 1: "2026-11-25"}[working_days] + "T00:00:00.000Z"
    assert [(one.member, one.part) for one in case.parties] == [
        ("health", "consumer"),
        ("transport", "provider"),
    ]


@pytest.mark.rule("R401")
def test_items_of_a_request_are_answered_one_by_one() -> None:
    story = published()
    item = bodies.request_item(story.entry)
    record = story.says("health/main", Request(items=(item, item), scene="two matters"))
    first, second = f"{record.digest}-0", f"{record.digest}-1"
    answer = bodies.grant_item("health", request=second)
    story.says("transport/main", bodies.grant(answer))
    assert story.state_of(first) == "open"
    assert story.state_of(second) == "granted"


@pytest.mark.rule("R404")
def test_what_covers_the_request_is_in_force_at_once() -> None:
    story = published()
    grant_id = story.grant()
    assert story.state_of(grant_id) == "in-force"
    assert right_of(story.world, grant_id).in_force_since == story.world.now


@pytest.mark.rule("R404", "R407")
def test_what_is_narrower_waits_for_acceptance() -> None:
    story = published()
    record = story.says("transport/main", answers(NARROW, ground="security")(story))
    grant_id = f"{record.digest}-0"
    assert story.state_of(grant_id) == "offered"
    assert right_of(story.world, grant_id).in_force_since is None
    story.says("health/main", bodies.acceptance(grant_id))
    assert right_of(story.world, grant_id).in_force_since == story.world.now


@pytest.mark.rule("R404")
def test_all_columns_of_another_schema_are_not_what_was_asked_for() -> None:
    story = published()
    request = story.ask()
    other_schema(story)
    new = bodies.schema("a", "z").schema
    item = replace(bodies.grant_item("health", request=request), schema=new)
    record = story.says("transport/main", bodies.grant(item))
    assert story.state_of(f"{record.digest}-0") == "offered"


@pytest.mark.rule("R405")
def test_more_than_the_entry_offers_may_be_asked_and_denied_without_a_ground() -> None:
    story = published()
    item = bodies.grant_item("health", request=story.ask(WIDE))
    record = story.world.sign("transport/main", bodies.grant(item))
    assert story.world.find(record) == ()
    assert story.state_of(f"{record.digest}-0") == "offered"


@pytest.mark.rule("R403")
def test_rights_are_numbered_across_the_items_of_a_record() -> None:
    story = published()
    items = (bodies.grant_item("health", "weather"), bodies.grant_item("audit"))
    record = story.says("transport/main", Grant(items=items))
    holders = [right_of(story.world, f"{record.digest}-{n}").member for n in range(3)]
    assert holders == ["health", "weather", "audit"]


@pytest.mark.rule("R402", "R406", "W204")
def test_a_standing_grant_takes_effect_for_whoever_applies() -> None:
    story = published()
    standing = story.stand()
    request = story.ask(NARROW)
    grant_id = request.replace("-0", "-1")
    right = right_of(story.world, grant_id)
    assert (right.member, right.standing, right.request) == ("health", standing, request)
    assert right.terms == NARROW
    assert story.state_of(request) == "granted"
    assert story.state_of(grant_id) == "in-force"


@pytest.mark.rule("R402")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s.steps("transport/main", "suspend", s.grant_id, "overreach"),
        lambda s: s.says("transport/main", bodies.revocation(s.grant_id)),
        lambda s: s.catalogue(conditions=NARROW),
        other_schema,
    ],
    ids=["suspended", "revoked", "conditions of today are narrower", "another schema"],
)
def test_a_standing_grant_that_no_longer_serves(spoil: Callable[[Story], object]) -> None:
    story = published()
    story.stand()
    spoil(story)
    assert story.state_of(story.ask()) == "open"


@pytest.mark.rule("R402")
def test_a_standing_grant_does_not_serve_for_more_than_it_gives() -> None:
    story = published()
    story.stand(NARROW)
    assert story.state_of(story.ask()) == "open"


@pytest.mark.rule("R402", "R440")
@pytest.mark.parametrize(
    "first",
    [
        lambda s: s.stand(NARROW),
        lambda s: s.steps("transport/main", "suspend", s.stand(), "overreach"),
        lambda s: s.says("transport/main", offers(audience=Audience(levels=("county",)))(s)),
        lambda s: s.says("transport/main", offers(audience=Audience(own_territory=True))(s)),
    ],
    ids=["for less", "suspended", "for others", "for own territories"],
)
def test_the_first_standing_grant_that_covers_serves(first: Callable[[Story], object]) -> None:
    story = published()
    first(story)
    second = story.stand()
    request = story.ask()
    assert right_of(story.world, request.replace("-0", "-1")).standing == second


@pytest.mark.rule("R406", "1401")
def test_a_dataset_has_at_most_16_standing_grants() -> None:
    story = published()
    standing = bodies.grant_item(standing=True)
    first = story.says("transport/main", Grant(items=(standing,) * 16))
    more = story.world.sign("transport/main", bodies.grant(standing))
    assert story.world.refuse(more) == reasons.LIMIT
    story.says("transport/main", bodies.revocation(f"{first.digest}-3"))
    story.says("transport/main", bodies.grant(standing))
    listed = story.world.value(f"standing/{bodies.DATASET}")
    assert isinstance(listed, StandingGrants)
    assert f"{first.digest}-3" not in listed.grants


@pytest.mark.rule("R403", "W202")
def test_joint_providers_act_if_the_entry_lets_any_of_them() -> None:
    story = Story().publish(co_providers=("weather",), joint_rule="any")
    request = story.ask()
    item = bodies.grant_item("health", request=request)
    record = story.says("weather/main", bodies.grant(item))
    assert right_of(story.world, f"{record.digest}-0").provider == "transport"
    assert (
        story.world.find(story.world.sign("weather/main", bodies.revocation(f"{record.digest}-0")))
        == ()
    )


@pytest.mark.rule("R403", "1202", "1204")
def test_joint_providers_leave_it_to_the_lead_otherwise() -> None:
    story = Story().publish(co_providers=("weather",))
    item = bodies.grant_item("health", request=story.ask())
    world = story.world
    assert world.refuse(world.sign("weather/main", bodies.grant(item))) == reasons.NOT_PROVIDER
    refusal = bodies.case_step("refuse", story.request_id, ground="security")
    assert world.refuse(world.sign("weather/main", refusal)) == reasons.NOT_YOUR_STEP


@pytest.mark.rule("R403", "1203", "1204")
def test_a_joint_provider_does_not_answer_itself() -> None:
    story = Story().publish(co_providers=("weather",), joint_rule="any")
    request = story.ask(by="weather")
    world = story.world
    own = bodies.grant(bodies.grant_item("weather", request=request))
    assert world.refuse(world.sign("weather/main", own)) == reasons.NOT_CONSUMER
    refusal = bodies.case_step("refuse", request, ground="security")
    assert world.refuse(world.sign("weather/main", refusal)) == reasons.NOT_YOUR_STEP
    world.accept(world.sign("transport/main", own))


@pytest.mark.rule("R409", "W302", "W305", "W308")
@pytest.mark.parametrize(
    ("stage", "step"),
    [
        (lambda s: s.offer(), "decline"),
        (lambda s: s.grant(), "end"),
        (lambda s: s.steps("transport/main", "suspend", s.grant(), "overreach"), "end"),
    ],
    ids=["offered", "in force", "suspended"],
)
def test_the_consumer_lets_go(stage: Callable[[Story], object], step: str) -> None:
    story = published()
    stage(story)
    story.steps("health/main", step, story.grant_id)
    assert right_of(story.world, story.grant_id).ended_at == story.world.now


@pytest.mark.rule("R410", "R411", "1401")
def test_a_right_is_suspended_at_most_16_times() -> None:
    story = published()
    grant_id = story.grant()
    for _ in range(16):
        story.steps("transport/main", "suspend", grant_id, "overreach")
        story.steps("transport/main", "resume", grant_id)
    suspensions = right_of(story.world, grant_id).suspensions
    assert len(suspensions) == 16
    assert all(span.since < (span.until or "") for span in suspensions)
    again = bodies.case_step("suspend", grant_id, ground="overreach")
    assert story.world.refuse(story.world.sign("transport/main", again)) == reasons.LIMIT


@pytest.mark.rule("R408", "W309")
def test_a_suspended_right_can_be_revoked() -> None:
    story = published()
    story.steps("steward/main", "order-suspension", story.grant(), "breach-suspected")
    story.says("transport/main", bodies.revocation(story.grant_id))
    assert story.state_of(story.grant_id) == "revoked"


@pytest.mark.rule("R408")
def test_every_consumer_is_a_claimant_of_its_own_loss() -> None:
    story = published()
    items = bodies.grant_item("health", "weather")
    record = story.says("transport/main", bodies.grant(items))
    ids = [f"{record.digest}-{n}" for n in range(2)]
    story.says("health/main", bodies.acceptance(ids[0]))
    story.says("weather/main", bodies.acceptance(ids[1]))
    revocation = story.says("transport/main", bodies.revocation(*ids, ground="source-ended"))
    for n, consumer in enumerate(("health", "weather")):
        case = story.world.value(f"case/{revocation.digest}-{n}-ended-at-will")
        assert isinstance(case, Case)
        assert case.finding is not None
        assert case.finding.evidence == revocation.digest
        assert [(one.member, one.part) for one in case.parties] == [
            ("transport", "accused"),
            (consumer, "claimant"),
        ]


@pytest.mark.rule("R401")
def test_what_was_asked_is_kept() -> None:
    story = published()
    asked = story.world.value(f"request/{story.ask(NARROW)}")
    assert isinstance(asked, RequestedItem)
    assert (asked.member, asked.entry, asked.schema) == ("health", story.entry, bodies.SCHEMA)
    assert asked.terms == NARROW


@pytest.mark.rule("R014", "F31")
def test_a_request_not_answered_in_time_is_found_once_and_stays_open() -> None:
    story = Story(Parameters(answer_conditional_days=1)).publish()
    request = story.ask()
    result = story.world.block(at="2026-11-25T00:00:00.000Z")
    assert [one.code for one in result.settlement.findings] == ["answer-overdue"]
    assert story.state_of(request) == "open"
    assert story.world.block(at="2026-11-26T00:00:00.000Z").is_empty
    item: GrantItem = bodies.grant_item("health", request=request)
    story.says("transport/main", bodies.grant(item))
    assert story.state_of(request) == "granted"


@pytest.mark.rule("R401", "R403", "1202", "1204")
def test_whom_a_later_entry_names_has_no_part_in_what_was_asked_before() -> None:
    story = Story().publish(co_providers=("weather",), joint_rule="any")
    request, world = story.ask(), story.world
    story.catalogue(co_providers=("audit",), joint_rule="any")
    answer = bodies.grant(bodies.grant_item("health", request=request))
    refusal = bodies.case_step("refuse", request, ground="security")
    for member in ("audit", "weather"):
        assert world.refuse(world.sign(f"{member}/main", answer)) == reasons.NOT_PROVIDER
    assert world.refuse(world.sign("audit/main", refusal)) == reasons.NOT_YOUR_STEP
    story.steps("weather/main", "ask-supplement", request)
    story.steps("health/main", "supplement", request)
    story.says("transport/main", answer)
    assert story.state_of(request) == "granted"
