# ruff: noqa: E501  a row of a rule table is a line
"""Rights passed on: to whom, how far, and what becomes of them when a right above changes."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.findings import Finding
from contracts.sharing.chains import chain_of
from contracts.values import Case, GrantedRight, UseCounters
from ledger.canonical import encode
from ledger.errors import FormatError
from ledger.records import KIND_OF_BODY, Body, decode_body
from ledger.records.catalogue import LegalBasis
from ledger.records.governance import SucceedMember
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.types import ItemId
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, rule_table
from tests.unit.contracts.test_governance import adopt
from tests.world import ROLES, START, World

DEEP = replace(TERMS, delegable=2)
WIDE = replace(TERMS, operations=("export", "query", "read"))
PAST = replace(TERMS, not_after=START)


def told() -> Story:
    """`flights` may be passed on twice."""
    return Story().publish(conditions=DEEP)


def passes(*members: str, terms: Terms = TERMS, held: Terms = DEEP) -> Callable[[Story], Body]:
    """Health passes on a right that it holds on the terms `held`."""
    return lambda s: bodies.delegation(s.grant(held), *members, terms=terms)


def spoilt(spoil: Callable[[Story, ItemId], object]) -> Callable[[Story], Body]:
    """Something happens to the right of health, which then passes it on."""

    def action(story: Story) -> Body:
        grant_id = story.grant(DEEP)
        spoil(story, grant_id)
        return bodies.delegation(grant_id, "audit", terms=TERMS)

    return action


def onward(terms: Terms = TERMS, to: str = "weather") -> Callable[[Story], Body]:
    """Audit passes on what health passed on to it once more."""

    def action(story: Story) -> Body:
        first = story.pass_on(story.grant(DEEP), "audit", replace(TERMS, delegable=1))
        return bodies.delegation(first, to, terms=terms)

    return action


def withhold(story: Story) -> None:
    story.catalogue(
        conditions=DEEP, sharing="withheld", basis=LegalBasis(kind="law", reference="1")
    )


def accepts_after(spoil: Callable[[Story, ItemId], object]) -> Callable[[Story], Body]:
    """Audit accepts what health offered, after something happened to the right of health."""

    def action(story: Story) -> Body:
        grant_id = story.grant(DEEP)
        offer = story.says("health/main", bodies.delegation(grant_id, "audit"))
        spoil(story, grant_id)
        return bodies.acceptance(f"{offer.digest}-0")

    return action


def revoke(story: Story, grant_id: ItemId) -> None:
    story.says("transport/main", bodies.revocation(grant_id))


def suspend(story: Story, grant_id: ItemId) -> None:
    story.steps("transport/main", "suspend", grant_id, "overreach")


def end(story: Story, grant_id: ItemId) -> None:
    story.steps("health/main", "end", grant_id)


def passed_on(story: Story) -> ItemId:
    return story.pass_on(story.grant(DEEP), "audit")


DELEGATIONS = (
    Row("R412", "the holder passes a right on", "health/main", passes("audit")),
    Row("R412", "to several members", "health/main", passes("audit", "weather")),
    Row("R412", "a right that is not there", "health/main", lambda _: bodies.delegation(f"{NOWHERE}-0", "audit"), reasons.UNKNOWN_GRANT),
    Row("R412", "a request is no right", "health/main", lambda s: bodies.delegation(s.ask(), "audit"), reasons.UNKNOWN_GRANT),
    Row("R412", "to somebody who is no member", "health/main", passes("nobody"), reasons.UNKNOWN_MEMBER),
    Row("R412", "somebody else's right", "weather/main", passes("audit"), reasons.NOT_HOLDER),
    Row("R412", "the provider a right it gave", "transport/main", passes("audit"), reasons.NOT_HOLDER),
    Row("R412", "a standing grant", "health/main", lambda s: bodies.delegation(s.stand(DEEP), "audit"), reasons.NOT_HOLDER),
    Row("R412 R402", "a right taken up under a standing grant", "health/main", lambda s: (s.stand(DEEP), bodies.delegation(s.ask(DEEP).replace("-0", "-1"), "audit"))[1]),
    Row("R412", "data that is withheld by now", "health/main", spoilt(lambda s, _: withhold(s)), reasons.WITHHELD),
    Row("R303", "for a purpose not adopted", "health/main", passes("audit", terms=replace(TERMS, purposes=("war",))), reasons.UNKNOWN_PURPOSE),
    Row("R303", "columns that are not there", "health/main", passes("audit", terms=replace(TERMS, fields=("z",))), reasons.UNKNOWN_COLUMN),
    Row("R304", "for a period that is over", "health/main", passes("audit", terms=PAST), reasons.PERIOD_OVER),
    Row("R413", "a right that may not be passed on", "health/main", passes("audit", held=TERMS), reasons.NOT_DELEGABLE),
    Row("R413", "as often as the right itself", "health/main", passes("audit", terms=DEEP), reasons.WIDER_THAN_ABOVE),
    Row("R413", "once less often", "health/main", passes("audit", terms=replace(TERMS, delegable=1))),
    Row("R413", "a right passed on, further", "audit/main", onward()),
    Row("R413", "further than it may be", "audit/main", onward(replace(TERMS, delegable=1)), reasons.WIDER_THAN_ABOVE),
    Row("R413", "once more than the root allows", "audit/main", lambda s: bodies.delegation(passed_on(s), "weather"), reasons.NOT_DELEGABLE),
    Row("R414", "to itself", "health/main", passes("health"), reasons.RIGHT_RETURNS),
    Row("R414", "to the provider", "health/main", passes("audit", "transport"), reasons.RIGHT_RETURNS),
    Row("R414", "back to whom it came from", "audit/main", onward(to="health"), reasons.RIGHT_RETURNS),
    Row("R414", "from below to the provider", "audit/main", onward(to="transport"), reasons.RIGHT_RETURNS),
    Row("R416", "a right not accepted", "health/main", lambda s: bodies.delegation(s.offer(DEEP), "audit"), reasons.NOT_EFFECTIVE),
    Row("R416", "a right revoked", "health/main", spoilt(revoke), reasons.NOT_EFFECTIVE),
    Row("R416", "a right it has ended", "health/main", spoilt(end), reasons.NOT_EFFECTIVE),
    Row("R416", "a right suspended", "health/main", spoilt(suspend), reasons.NOT_EFFECTIVE),
    Row("R416 R407", "accepts what still holds", "audit/main", accepts_after(lambda *_: None)),
    Row("R416 R407", "accepts what hangs from a right revoked", "audit/main", accepts_after(revoke), reasons.NOT_EFFECTIVE),
    Row("R407", "somebody else accepts it", "weather/main", accepts_after(lambda *_: None), reasons.NOT_CONSUMER),
    Row("R408 W306", "the delegator revokes it", "health/main", lambda s: bodies.revocation(passed_on(s))),
    Row("R408 W306", "the provider revokes it", "transport/main", lambda s: bodies.revocation(passed_on(s))),
    Row("R408", "the delegator revokes it at will", "health/main", lambda s: bodies.revocation(passed_on(s), ground="wrong-grant"), findings.ENDED_AT_WILL),
    Row("R408", "its holder does not", "audit/main", lambda s: bodies.revocation(passed_on(s)), reasons.NOT_PROVIDER),
    Row("R013", "its delegator does not suspend it", "health/main", lambda s: bodies.case_step("suspend", passed_on(s), ground="overreach"), reasons.NOT_YOUR_STEP),
)  # fmt: skip


@rule_table(DELEGATIONS)
def test_delegations(row: Row) -> None:
    play(told(), row)


PARTS = {
    "fields": (("a", "b"), ("a", "c"), "all"),
    "rows": ((RowFilter(column="a", prefixes=("11",)),), (RowFilter(column="a", prefixes=("1",)),), ()),
    "purposes": (("health.audit",), ("health",), "all"),
    "operations": (("query",), ("query", "read"), ("derive",)),
    "systems": (("portal",), ("portal", "registry"), "any"),
    "not_before": ("2026-12-02T00:00:00.000Z", "2026-12-01T00:00:00.000Z", None),
    "not_after": ("2027-01-01T00:00:00.000Z", "2027-01-02T00:00:00.000Z", None),
    "uses_max": (3, 4, None),
    "rows_max": (3, 4, None),
    "rate_per_day": (3, 4, None),
    "minimum_group": (5, 4, 1),
    "masking": ((FieldMasking(field="a", level="hashed"),), (FieldMasking(field="a", level="partial"),), ()),
    "storage": ("none", "controlled", "allowed"),
    "onward": ("no", "aggregated", "yes"),
    "report_within": (3, 4, None),
    "delete_within": (3, 4, None),
}  # fmt: skip
"""For each part of terms, what the right above has and two wider values."""


@pytest.mark.rule("R413", "1223")
@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_the_terms_is_widened(part: str) -> None:
    own, *wider = PARTS[part]
    everything = Terms(
        delegable=8, fields="all", onward="yes", purposes="all",
        operations=("derive", "export", "publish", "query", "read", "train", "verify"),
    )  # fmt: skip
    story = Story().publish(conditions=everything)
    held = replace(everything, **{part: own})
    grant_id = story.grant(held)
    base = replace(held, delegable=7)
    for value in wider:
        body = bodies.delegation(grant_id, "audit", terms=replace(base, **{part: value}))
        assert story.world.refuse(story.world.sign("health/main", body)) == reasons.WIDER_THAN_ABOVE
    story.pass_on(grant_id, "audit", base)


def test_every_part_of_the_terms_is_tried() -> None:
    assert {*PARTS, "delegable"} == {*Terms.__struct_fields__}


@pytest.mark.rule("R412", "R415")
def test_a_right_passed_on_is_an_offer_that_names_its_parent() -> None:
    story = told()
    above = story.grant(DEEP)
    record = story.says("health/main", bodies.delegation(above, "audit", "weather"))
    first, second = (right_of(story, f"{record.digest}-{n}") for n in (0, 1))
    assert (first.member, second.member) == ("audit", "weather")
    assert (first.parent, first.provider, first.in_force_since) == (above, "transport", None)
    case = story.world.value(f"case/{record.digest}-0")
    assert isinstance(case, Case)
    assert [(one.member, one.part) for one in case.parties] == [
        ("audit", "consumer"),
        ("health", "delegator"),
        ("transport", "provider"),
    ]


@pytest.mark.rule("R413", "1222")
def test_a_right_is_passed_on_at_most_eight_times() -> None:
    deep = replace(TERMS, delegable=8)
    more = ("bank", "court", "fire", "land", "mint", "police", "tax")
    story = Story()
    story.world = World.genesis({**ROLES, **dict.fromkeys(more, ())})
    story.publish(conditions=deep)
    grant_id, holder = story.grant(deep), "health"
    for depth, to in enumerate(("audit", "weather", *more[:6])):
        terms = replace(deep, delegable=7 - depth)
        grant_id, holder = story.pass_on(grant_id, to, terms, by=holder), to
    chain = chain_of(story.world.state, grant_id, right_of(story, grant_id))
    assert [link.depth for link in chain] == list(range(9))
    body = bodies.delegation(grant_id, more[6])
    assert story.world.refuse(story.world.sign(f"{holder}/main", body)) == reasons.NOT_DELEGABLE
    use = story.world.sign(f"{holder}/main", bodies.usage(grant_id, story.world.now))
    assert story.world.find(use) == ()
    assert [counters(story, link.grant_id).uses for link in chain] == [1] * 9


@pytest.mark.rule("R010", "1003")
def test_a_writer_bound_to_datasets_passes_on_rights_to_these_alone() -> None:
    story = told()
    world = story.world
    world.accept(world.appoint("health/other", datasets=("tides",)))
    body = bodies.delegation(story.grant(DEEP), "audit")
    assert world.refuse(world.sign("health/other", body)) == reasons.DATASET_NOT_ALLOWED


def uses_below(above: Callable[[Story, ItemId], object]) -> Callable[[Story], Body]:
    """Something happens to the right of health; audit uses what health passed on to it."""

    def action(story: Story) -> Body:
        grant_id = story.grant(DEEP)
        below = story.pass_on(grant_id, "audit")
        above(story, grant_id)
        return bodies.usage(below, story.world.now)

    return action


def suspend_and_resume(story: Story, grant_id: ItemId) -> None:
    suspend(story, grant_id)
    story.steps("transport/main", "resume", grant_id)


def limited(**limits: int) -> Callable[[Story], Body]:
    """Audit uses 2 rows under a right without limits, which hangs from one that has them."""

    def action(story: Story) -> Body:
        story.catalogue(conditions=DEEP)
        grant_id = story.grant(DEEP)
        below = story.pass_on(grant_id, "audit")
        story.says(
            "transport/main", bodies.amendment(grant_id, replace(DEEP, **limits), ground="security")
        )
        return bodies.usage(below, story.world.now, rows=(1, 1))

    return action


USES = (
    Row("R415 R503", "under a right passed on", "audit/main", uses_below(lambda *_: None)),
    Row("R502", "under a right of those above", "health/main", lambda s: bodies.usage(passed_on(s), s.world.now), findings.NO_EFFECTIVE_GRANT),
    Row("R415", "while the right above is revoked", "audit/main", uses_below(revoke), findings.NO_EFFECTIVE_GRANT),
    Row("R415", "while the right above has ended", "audit/main", uses_below(end), findings.NO_EFFECTIVE_GRANT),
    Row("R415", "while the right above is suspended", "audit/main", uses_below(suspend), findings.NO_EFFECTIVE_GRANT),
    Row("R415", "once the right above is resumed", "audit/main", uses_below(suspend_and_resume)),
    Row("R417 R421", "more often than the right above allows", "audit/main", limited(uses_max=1), findings.USES_EXCEEDED),
    Row("R417 R421", "more rows than the right above allows", "audit/main", limited(rows_max=1), findings.ROWS_EXCEEDED),
    Row("R417 R421", "more often a day than the right above allows", "audit/main", limited(rate_per_day=1), findings.RATE_EXCEEDED),
)  # fmt: skip


@rule_table(USES)
def test_uses(row: Row) -> None:
    play(told(), row)


@pytest.mark.rule("R417", "F8")
def test_siblings_share_what_the_right_above_them_allows() -> None:
    held = replace(DEEP, uses_max=3)
    story = told()
    above = story.grant(held)
    below = replace(held, delegable=0)
    first, second = story.pass_on(above, "audit", below), story.pass_on(above, "weather", below)
    expected: list[tuple[str, ItemId, tuple[Finding, ...]]] = [
        ("audit", first, ()),
        ("weather", second, ()),
        ("health", above, ()),
        ("weather", second, (findings.USES_EXCEEDED,)),
    ]
    for member, grant_id, found in expected:
        use = story.world.sign(f"{member}/main", bodies.usage(grant_id, story.world.now))
        assert list(story.world.find(use)) == [one.code for one in found]
    used = [counters(story, one).uses for one in (above, first, second)]
    assert used == [4, 1, 2]
    assert counters(story, above).records == 4


@pytest.mark.rule("R417", "F8")
def test_what_is_passed_on_draws_on_the_account_under_a_standing_grant() -> None:
    offered = replace(DEEP, uses_max=1)
    story = told()
    standing = story.stand(offered)
    above = story.ask(offered).replace("-0", "-1")
    below = story.pass_on(above, "audit", replace(offered, delegable=0))
    world = story.world
    assert world.find(world.sign("audit/main", bodies.usage(below, world.now))) == ()
    again = story.ask(offered).replace("-0", "-1")
    more = world.sign("health/main", bodies.usage(again, world.now))
    assert list(world.find(more)) == ["uses-exceeded"]
    account = world.value(f"use/{standing}/health")
    assert isinstance(account, UseCounters)
    assert account.uses == 2


@pytest.mark.rule("R415")
def test_a_finding_names_the_right_above_that_did_not_hold() -> None:
    story = told()
    above = story.grant(DEEP)
    below = story.pass_on(above, "audit")
    revoke(story, above)
    use = story.says("audit/main", bodies.usage(below, story.world.now))
    case = story.world.value(f"case/{use.digest}-no-effective-grant")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert case.finding.measure is not None
    assert case.finding.measure.endswith(f"above: {above}")


@pytest.mark.rule("R414")
def test_a_right_does_not_go_to_a_joint_provider() -> None:
    story = Story().publish(conditions=DEEP, co_providers=("weather",))
    body = bodies.delegation(story.grant(DEEP), "weather")
    assert story.world.refuse(story.world.sign("health/main", body)) == reasons.RIGHT_RETURNS


@pytest.mark.rule("R414", "1224")
@pytest.mark.parametrize(
    ("member", "successor", "to"),
    [("transport", "weather", "weather"), ("weather", "health", "weather")],
    ids=["to the provider's successor", "to a predecessor of the holder"],
)
def test_a_right_does_not_return_by_a_merger(member: str, successor: str, to: str) -> None:
    story = told()
    grant_id = story.grant(DEEP)
    adopt(story, SucceedMember(member=member, successor=successor))
    body = bodies.delegation(grant_id, to)
    assert story.world.refuse(story.world.sign("health/main", body)) == reasons.RIGHT_RETURNS


@pytest.mark.rule("R001")
@pytest.mark.parametrize(
    "alike",
    [
        lambda one: one.replace("-0", "-00"),
        lambda one: one.replace("-0", "-\uff10"),
        lambda one: one.upper(),
        lambda one: one + " ",
        lambda one: one.replace("-0", "\u20100"),
    ],
    ids=["a zero more", "a wide zero", "upper case", "a space", "another hyphen"],
)
def test_an_id_is_written_in_one_way(alike: Callable[[str], str]) -> None:
    story = told()
    grant_id = story.grant(DEEP)
    for body in (bodies.delegation(grant_id, "audit"), bodies.amendment(grant_id)):
        kind = KIND_OF_BODY[type(body)].name
        assert decode_body(kind, encode(body)) == body
        odd = encode(body).decode().replace(grant_id, alike(grant_id))
        with pytest.raises(FormatError):
            decode_body(kind, odd.encode())


def right_of(story: Story, grant_id: ItemId) -> GrantedRight:
    right = story.world.value(f"grant/{grant_id}")
    assert isinstance(right, GrantedRight)
    return right


def counters(story: Story, grant_id: ItemId) -> UseCounters:
    value = story.world.value(f"use/{grant_id}")
    assert isinstance(value, UseCounters)
    return value


@pytest.mark.rule("R413", "1222")
def test_what_was_amended_above_is_counted_from_there() -> None:
    story = told()
    grant = story.grant(DEEP)
    below = story.pass_on(grant, "audit", replace(TERMS, delegable=1))
    less = replace(DEEP, delegable=1)
    story.says("transport/main", bodies.amendment(grant, less, ground="not-necessary"))
    record = story.world.sign("audit/main", bodies.delegation(below, "weather", terms=TERMS))
    assert story.world.refuse(record) == reasons.NOT_DELEGABLE
