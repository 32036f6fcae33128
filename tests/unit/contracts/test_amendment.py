# ruff: noqa: E501  a row of a rule table is a line
"""Rights whose terms change: who may, how far, and which terms a use keeps to."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.transition import Accepted
from contracts.values import FormerTerms, GrantedRight
from ledger.records import Amendment, Body
from ledger.records.catalogue import LegalBasis
from ledger.records.delegation import AmendmentItem
from ledger.records.terms import Terms
from ledger.times import from_ms, to_ms
from ledger.types import ItemId
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, rule_table
from tests.world import START

DAY_MS = 86_400_000
ENDS = "2026-12-31T00:00:00.000Z"
OFFERED = replace(TERMS, delegable=2, operations=("export", "query", "read"))
"""What the entry offers."""
HELD = replace(TERMS, delegable=1, not_after=ENDS)
"""What health holds."""
RENEWED = replace(HELD, not_after="2027-12-31T00:00:00.000Z")
SHORT = replace(HELD, not_after=bodies.SOON)
LATER = replace(HELD, not_before="2026-12-30T00:00:00.000Z")
NARROW = replace(HELD, fields=("a",))
OTHER = bodies.schema("a", "b", "c", "d")
CUT = bodies.schema("a", "b")


def told() -> Story:
    """`flights` is offered for more than health holds."""
    return Story().publish(conditions=OFFERED)


def amends(
    terms: Terms = RENEWED, held: Terms = HELD, **changes: object
) -> Callable[[Story], Body]:
    """Transport changes the terms of the right of health."""
    return lambda s: bodies.amendment(s.grant(held), terms, **changes)


def after(
    what: Callable[[Story], object], terms: Terms = RENEWED, **changes: object
) -> Callable[[Story], Body]:
    """As `amends`, after something happened."""

    def action(story: Story) -> Body:
        grant_id = story.grant(HELD)
        what(story)
        return bodies.amendment(grant_id, terms, **changes)

    return action


def below(
    terms: Terms, what: Callable[[Story], object] = lambda _: None, held: Terms = HELD
) -> Callable[[Story], Body]:
    """The terms of what health passed on to audit change."""

    def action(story: Story) -> Body:
        given = replace(TERMS, not_after=ENDS, fields=("a", "b"))
        passed_on = story.pass_on(story.grant(held), "audit", given)
        what(story)
        return bodies.amendment(passed_on, terms)

    return action


def new_schema(story: Story) -> None:
    story.says("transport/main", OTHER)
    story.catalogue(conditions=OFFERED, schema=OTHER.schema)


def fewer_columns(story: Story) -> None:
    story.says("transport/main", CUT)
    story.catalogue(conditions=OFFERED, schema=CUT.schema)


def narrower_entry(story: Story) -> None:
    story.catalogue(conditions=replace(OFFERED, fields=("a",)))


def withheld(story: Story) -> None:
    story.catalogue(
        conditions=OFFERED, sharing="withheld", basis=LegalBasis(kind="law", reference="1")
    )


def run_out(story: Story) -> None:
    story.world.block(at="2027-01-01T00:00:00.000Z")


def suspended(story: Story) -> None:
    story.steps("transport/main", "suspend", story.grant_id, "overreach")


def revoked(story: Story) -> None:
    story.says("transport/main", bodies.revocation(story.grant_id))


AMENDMENTS = (
    Row("R418 W320", "the provider renews a right", "transport/main", amends()),
    Row("R418", "a standing grant", "transport/main", lambda s: bodies.amendment(s.stand(HELD), RENEWED)),
    Row("R418", "a right that is not there", "transport/main", lambda _: bodies.amendment(f"{NOWHERE}-0"), reasons.UNKNOWN_GRANT),
    Row("R418", "a request is no right", "transport/main", lambda s: bodies.amendment(s.ask(HELD)), reasons.UNKNOWN_GRANT),
    Row("R302", "columns of a schema that is not there", "transport/main", amends(schema=NOWHERE), reasons.UNKNOWN_SCHEMA),
    Row("R303", "for a purpose not adopted", "transport/main", amends(replace(HELD, purposes=("war",))), reasons.UNKNOWN_PURPOSE),
    Row("R303", "columns that are not there", "transport/main", amends(replace(HELD, fields=("z",))), reasons.UNKNOWN_COLUMN),
    Row("R418", "by its consumer", "health/main", amends(), reasons.NOT_PROVIDER),
    Row("R418", "by somebody else", "weather/main", amends(), reasons.NOT_PROVIDER),
    Row("R418", "an offer", "transport/main", lambda s: bodies.amendment(s.offer(HELD), RENEWED), reasons.WRONG_STATE),
    Row("R418", "a right suspended", "transport/main", after(suspended), reasons.WRONG_STATE),
    Row("R418", "a right revoked", "transport/main", after(revoked), reasons.WRONG_STATE),
    Row("R304", "so that it is over", "transport/main", amends(replace(HELD, not_after=START)), reasons.PERIOD_OVER),
    Row("R418", "a right that has run out", "transport/main", after(run_out), reasons.NOT_EFFECTIVE),
    Row("R419", "for more that the entry offers", "transport/main", amends(replace(HELD, operations=("export", "query", "read")))),
    Row("R419", "to be passed on more often", "transport/main", amends(replace(HELD, delegable=2))),
    Row("R419", "for more than the entry offers", "transport/main", amends(replace(HELD, delegable=3)), reasons.WIDER_THAN_CONDITIONS),
    Row("R419", "for more than the entry offers today", "transport/main", after(narrower_entry), reasons.WIDER_THAN_CONDITIONS),
    Row("R419", "less of what the entry offers no more", "transport/main", after(narrower_entry, replace(HELD, fields=("a", "b")), ground="security")),
    Row("R419", "data that is withheld by now", "transport/main", after(withheld), reasons.WITHHELD),
    Row("R419", "with the new columns of the entry", "transport/main", after(new_schema, schema=OTHER.schema)),
    Row("R419", "without the new columns of the entry", "transport/main", after(new_schema), reasons.SCHEMA_DIFFERS),
    Row("R419", "with columns of another schema", "transport/main", lambda s: (s.says("transport/main", OTHER), amends(schema=OTHER.schema)(s))[1], reasons.SCHEMA_DIFFERS),
    Row("R420", "less, without a ground", "transport/main", amends(NARROW), findings.TERMS_NARROWED),
    Row("R420", "less, on a ground", "transport/main", amends(NARROW, ground="not-necessary")),
    Row("R420", "longer, for less", "transport/main", amends(replace(RENEWED, fields=("a",))), findings.TERMS_NARROWED),
    Row("R446", "to an end sooner", "transport/main", amends(SHORT, ground="not-necessary"), findings.ENDED_AT_WILL),
    Row("R446", "to an end there was not", "transport/main", amends(SHORT, replace(HELD, not_after=None), ground="not-held"), findings.ENDED_AT_WILL),
    Row("R446", "to an end sooner, without a ground", "transport/main", amends(SHORT), findings.ENDED_AT_WILL),
    Row("R446", "to an end sooner, for security", "transport/main", amends(SHORT, ground="security")),
    Row("R446", "to an end sooner, by law", "transport/main", amends(SHORT, ground="legal-restriction")),
    Row("R446", "to a later start", "transport/main", amends(LATER, ground="not-necessary"), findings.ENDED_AT_WILL),
    Row("R446", "to a start that has passed", "transport/main", amends(replace(HELD, not_before=START), ground="not-necessary")),
    Row("R446", "to the start there was", "transport/main", amends(replace(LATER, fields=("a",)), LATER, ground="not-necessary")),
    Row("R446", "the delegator, what it passed on, to an end sooner", "health/main", below(replace(TERMS, fields=("a", "b"), not_after=bodies.SOON)), findings.ENDED_AT_WILL),
    Row("R445", "so that it allows no operation", "transport/main", amends(replace(HELD, operations=()), ground="security"), reasons.ALLOWS_NOTHING),
    Row("R420", "by a schema with fewer columns", "transport/main", after(fewer_columns, schema=CUT.schema), findings.TERMS_NARROWED),
    Row("R420", "all columns by their names", "transport/main", amends(replace(HELD, fields=("a", "b", "c")))),
    Row("R418", "the delegator, what it passed on", "health/main", below(replace(TERMS, not_after=ENDS))),
    Row("R418", "the provider, what was passed on", "transport/main", below(replace(TERMS, not_after=ENDS))),
    Row("R418", "not its holder", "audit/main", below(replace(TERMS, not_after=ENDS)), reasons.NOT_PROVIDER),
    Row("R419 R413", "beyond the right above", "health/main", below(replace(TERMS, not_after=RENEWED.not_after)), reasons.WIDER_THAN_ABOVE),
    Row("R419 R413", "to be passed on as often as the right above", "health/main", below(HELD), reasons.WIDER_THAN_ABOVE),
    Row("R419 R413", "under a right no longer to be passed on", "health/main", below(replace(TERMS, not_after=ENDS), lambda s: s.says("transport/main", bodies.amendment(s.grant_id, replace(HELD, delegable=0), ground="security"))), reasons.NOT_DELEGABLE),
    Row("R419 R416", "under a right that was revoked", "health/main", below(replace(TERMS, not_after=ENDS), revoked), reasons.NOT_EFFECTIVE),
    Row("R419", "less under a right that was revoked", "health/main", below(replace(TERMS, not_after=ENDS, fields=("a",)), revoked), findings.TERMS_NARROWED),
)  # fmt: skip


@rule_table(AMENDMENTS)
def test_amendments(row: Row) -> None:
    play(told(), row)


@pytest.mark.rule("R419", "1223")
def test_a_right_taken_up_stays_within_the_standing_grant() -> None:
    story = told()
    story.stand(HELD)
    taken = story.ask(HELD).replace("-0", "-1")
    more = story.world.sign("transport/main", bodies.amendment(taken, RENEWED))
    assert story.world.refuse(more) == reasons.WIDER_THAN_ABOVE
    story.says("transport/main", bodies.amendment(story.grant_id, RENEWED))
    story.says("transport/main", bodies.amendment(taken, RENEWED))


@pytest.mark.rule("R413", "R419", "1223")
def test_what_was_passed_on_twice_stays_within_every_right_above() -> None:
    story = told()
    twice = replace(HELD, delegable=2)
    short = replace(HELD, not_after=bodies.SOON)
    above = story.pass_on(story.grant(twice), "audit", short)
    below = story.pass_on(above, "weather", replace(short, delegable=0, fields=("a",)), by="audit")
    story.says("health/main", bodies.amendment(above, HELD))
    top = bodies.amendment(story.grant_id, replace(twice, not_after=bodies.SOON), ground="security")
    story.says("transport/main", top)
    more = bodies.amendment(below, replace(HELD, delegable=0))
    beyond = story.world.sign("audit/main", more)
    assert story.world.refuse(beyond) == reasons.WIDER_THAN_ABOVE
    story.says("audit/main", bodies.amendment(below, replace(short, delegable=0)))


@pytest.mark.rule("R419", "1306")
def test_what_was_passed_on_gets_the_columns_of_the_right_above() -> None:
    story = told()
    above = story.grant(HELD)
    given = replace(TERMS, not_after=ENDS)
    below = story.pass_on(above, "audit", given)
    new_schema(story)
    world = story.world
    amended = bodies.amendment(below, given, schema=OTHER.schema)
    assert world.refuse(world.sign("health/main", amended)) == reasons.SCHEMA_DIFFERS
    assert use_of(story, below, "d") == ["field-not-granted"]
    story.says("transport/main", bodies.amendment(above, HELD, schema=OTHER.schema))
    assert use_of(story, below, "d") == ["field-not-granted"]
    story.says("health/main", amended)
    assert use_of(story, below, "d") == []


@pytest.mark.rule("R418", "1401")
def test_a_right_is_amended_at_most_32_times() -> None:
    story = told()
    grant_id = story.grant(HELD)
    for n in range(32):
        later = replace(HELD, not_after=from_ms(to_ms(ENDS) + n))
        story.says("transport/main", bodies.amendment(grant_id, later))
    again = story.world.sign("transport/main", bodies.amendment(grant_id, RENEWED))
    assert story.world.refuse(again) == reasons.LIMIT


@pytest.mark.rule("R418")
def test_a_right_keeps_its_id_and_its_former_terms() -> None:
    story = told()
    grant_id = story.grant(HELD)
    before = right_of(story, grant_id)
    story.says("transport/main", bodies.amendment(grant_id, RENEWED))
    now = story.world.now
    assert right_of(story, grant_id) == replace(before, amended_at=now, amendments=1, terms=RENEWED)
    former = story.world.value(f"terms/{grant_id}/0")
    assert former == FormerTerms(schema=bodies.SCHEMA, terms=HELD, until=now)
    story.says("transport/main", bodies.amendment(grant_id, NARROW, ground="security"))
    former = story.world.value(f"terms/{grant_id}/1")
    assert former == FormerTerms(
        schema=bodies.SCHEMA, since=now, terms=RENEWED, until=story.world.now
    )


@pytest.mark.rule("R418", "R420", "F61")
def test_rights_of_one_record_are_amended_one_by_one() -> None:
    story = told()
    rights = sorted((story.grant(HELD), story.grant(HELD)))
    items = tuple(AmendmentItem(grant=one, schema=bodies.SCHEMA, terms=NARROW) for one in rights)
    record = story.world.sign("transport/main", Amendment(items=items))
    assert list(story.world.find(record)) == ["terms-narrowed"] * 2


@pytest.mark.rule("R010", "1003")
def test_a_writer_bound_to_datasets_amends_rights_to_these_alone() -> None:
    story = told()
    world = story.world
    world.accept(world.appoint("transport/other", datasets=("tides",)))
    body = bodies.amendment(story.grant(HELD), RENEWED)
    assert world.refuse(world.sign("transport/other", body)) == reasons.DATASET_NOT_ALLOWED


@pytest.mark.rule("R421", "F4")
@pytest.mark.parametrize("passed_on", [False, True], ids=["own right", "right above"])
def test_a_use_keeps_to_the_terms_over_its_span(passed_on: bool) -> None:  # noqa: FBT001
    story = told()
    grant_id = story.grant(HELD)
    used = (
        story.pass_on(grant_id, "audit", replace(TERMS, not_after=ENDS)) if passed_on else grant_id
    )
    start = story.world.now
    story.says("transport/main", bodies.amendment(grant_id, NARROW, ground="security"))
    narrowed = story.world.now
    story.says("transport/main", bodies.amendment(grant_id, HELD))
    widened = story.world.now
    before = from_ms(to_ms(narrowed) - 1)
    spans = {
        (start, before): [],
        (start, narrowed): ["field-not-granted"],
        (narrowed, narrowed): ["field-not-granted"],
        (start, widened): ["field-not-granted"],
        (widened, widened): [],
    }
    for (first, last), expected in spans.items():
        use = bodies.usage(used, first, last, fields=("b",))
        writer = "audit/main" if passed_on else "health/main"
        assert list(story.world.find(story.world.sign(writer, use))) == expected, (first, last)


@pytest.mark.rule("R421")
def test_a_right_renewed_is_used_beyond_its_former_end() -> None:
    story = told()
    grant_id = story.grant(HELD)
    story.says("transport/main", bodies.amendment(grant_id, RENEWED))
    story.world.block(at="2027-02-01T00:00:00.000Z")
    assert use_of(story, grant_id, "a", by="health") == []


@pytest.mark.rule("R421", "F2")
def test_what_was_passed_on_is_not_renewed_by_the_right_above() -> None:
    story = told()
    above = story.grant(HELD)
    below = story.pass_on(above, "audit", replace(TERMS, not_after=ENDS))
    story.says("transport/main", bodies.amendment(above, RENEWED))
    story.world.block(at="2027-02-01T00:00:00.000Z")
    assert use_of(story, below, "a") == ["outside-window"]


@pytest.mark.rule("R421", "F4")
def test_what_was_taken_up_keeps_to_a_standing_grant_that_was_narrowed() -> None:
    story = told()
    story.stand(HELD)
    taken = story.ask(HELD).replace("-0", "-1")
    assert use_of(story, taken, "b", by="health") == []
    story.says("transport/main", bodies.amendment(story.grant_id, NARROW, ground="security"))
    assert use_of(story, taken, "b", by="health") == ["field-not-granted"]


@pytest.mark.rule("R421", "F15")
def test_the_shortest_time_to_report_counts() -> None:
    story = told()
    above = story.grant(HELD)
    below = story.pass_on(above, "audit", replace(TERMS, not_after=ENDS))
    hasty = replace(HELD, report_within=999)
    story.says("transport/main", bodies.amendment(above, hasty, ground="security"))
    assert use_of(story, below, "a") == ["reported-late"]


@pytest.mark.rule("R422", "F10")
@pytest.mark.parametrize(
    ("rates", "uses", "expected"),
    [
        ((2, 1), 9, ()),
        ((2, 1), 10, ("rate-exceeded",)),
        ((None, 1), 100, ()),
    ],
    ids=["as much as both rates hold", "more than both rates hold", "no rate before"],
)
def test_long_spans_keep_to_the_rates_of_their_days(
    rates: tuple[int | None, int], uses: int, expected: tuple[str, ...]
) -> None:
    """Three days at 2 and three at 1, the day of the change among both, hold 9 uses."""
    first, then = (replace(HELD, rate_per_day=rate) for rate in rates)
    story = told()
    grant_id = story.grant(first)
    start = story.world.now
    story.world.block(at=from_ms(to_ms(START) + 2 * DAY_MS))
    story.says("transport/main", bodies.amendment(grant_id, then, ground="security"))
    story.world.block(at=from_ms(to_ms(START) + 4 * DAY_MS))
    use = bodies.usage(grant_id, start, rows=(0,) * uses, ended_at=story.world.now)
    assert story.world.find(story.world.sign("health/main", use)) == expected


def use_of(story: Story, grant_id: ItemId, column: str, by: str = "audit") -> list[str]:
    """What is found about a use of one column now."""
    use = bodies.usage(grant_id, story.world.now, fields=(column,))
    return list(story.world.find(story.world.sign(f"{by}/main", use)))


def right_of(story: Story, grant_id: ItemId) -> GrantedRight:
    right = story.world.value(f"grant/{grant_id}")
    assert isinstance(right, GrantedRight)
    return right


@pytest.mark.rule("R418")
@pytest.mark.parametrize(("shift_ms", "runs"), [(-1, True), (0, False)])
def test_a_right_is_amended_before_its_last_moment(shift_ms: int, runs: bool) -> None:  # noqa: FBT001
    story = told()
    ends = story.world.later(5_000)
    grant = story.grant(replace(HELD, not_after=ends))
    record = story.world.sign("transport/main", bodies.amendment(grant, RENEWED))
    verdict = story.world.block(record, at=from_ms(to_ms(ends) + shift_ms)).verdicts[0]
    assert isinstance(verdict, Accepted) is runs
