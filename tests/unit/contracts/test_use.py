# ruff: noqa: E501  a row of a rule table is a line
"""Use: a fact is appended whatever it says; what is wrong about it is found, once per part."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.transition import Accepted
from contracts.use.coverage import BreachCode
from contracts.values import Case, DayUses, UseCounters
from ledger.records import Body
from ledger.records.catalogue import VersionContent
from ledger.records.genesis import Calendar
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.records.use import Event, Transfer, Usage
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import SAFE_INTEGER_MAX, DigestHex, Time
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, published, rule_table
from tests.world import World

HOUR_MS = 3_600_000


def uses(terms: Terms = TERMS, **changes: object) -> Callable[[Story], Body]:
    """Health uses one row of `flights` under a grant of these terms."""

    def action(story: Story) -> Body:
        story.catalogue(conditions=terms)
        grant_id = story.grant(terms)
        return replace(bodies.usage(grant_id, story.world.now), **changes)

    return action


def twice(terms: Terms) -> Callable[[Story], Body]:
    """Health uses a row of it, and another one."""

    def action(story: Story) -> Body:
        story.catalogue(conditions=terms)
        return bodies.usage(story.grant(terms), story.world.now, rows=(1, 1))

    return action


def under(grant: Callable[[Story], str]) -> Callable[[Story], Body]:
    """Health uses it under what it claims to be its grant."""
    return lambda story: bodies.usage(grant(story), story.world.now)


def at(**changes: int) -> Callable[[Story], Body]:
    """Health uses it for a span of milliseconds around the moment the grant came into force."""

    def action(story: Story) -> Body:
        grant_id = story.grant()
        moment = to_ms(story.world.now)
        start, end = (from_ms(moment + changes[name]) for name in ("start", "end"))
        return bodies.usage(grant_id, start, end)

    return action


def ended(story: Story) -> str:
    story.steps("health/main", "end", story.grant())
    return story.grant_id


def suspended(story: Story) -> str:
    story.steps("steward/main", "order-suspension", story.grant(), "overreach")
    return story.grant_id


def somebody_elses(story: Story) -> str:
    item = bodies.grant_item("weather", request=story.ask(by="weather"))
    return f"{story.says('transport/main', bodies.grant(item)).digest}-0"


def standing(story: Story) -> str:
    story.stand()
    return story.ask().replace("-0", "-1")


def standing_ended(story: Story) -> str:
    standing_id = story.stand()
    grant_id = story.ask().replace("-0", "-1")
    story.says("transport/main", bodies.revocation(standing_id))
    return grant_id


USES = (
    Row("R501", "within the terms", "health/main", uses()),
    Row("R501", "that is not over yet", "health/main", uses(ended_at="2027-01-01T00:00:00.000Z"), reasons.SPAN_IN_FUTURE),
    Row("R502", "without a grant", "health/main", lambda s: bodies.usage(None, s.world.now), findings.NO_EFFECTIVE_GRANT),
    Row("R502", "under a grant that does not exist", "health/main", under(lambda _: f"{NOWHERE}-0"), findings.NO_EFFECTIVE_GRANT),
    Row("R502", "under a request", "health/main", under(lambda s: s.ask()), findings.NO_EFFECTIVE_GRANT),
    Row("R502", "under somebody else's grant", "health/main", under(somebody_elses), findings.NO_EFFECTIVE_GRANT),
    Row("R502", "under a standing grant it did not apply for", "health/main", under(lambda s: s.stand()), findings.NO_EFFECTIVE_GRANT),
    Row("R502", "of another dataset than granted", "health/main", uses(content=VersionContent(dataset="tides", sha256=NOWHERE, version=1)), (findings.NO_EFFECTIVE_GRANT, findings.CONTENT_UNKNOWN)),
    Row("R502", "by its provider, who needs none", "transport/main", lambda s: bodies.usage(None, s.world.now)),
    Row("R503", "under an offer not accepted", "health/main", under(lambda s: s.offer()), findings.NO_EFFECTIVE_GRANT),
    Row("R503", "from the moment of the grant", "health/main", at(start=0, end=0)),
    Row("R503", "from before the grant", "health/main", at(start=-1, end=0), findings.NO_EFFECTIVE_GRANT),
    Row("R503 R409", "after the grant has ended", "health/main", under(ended), findings.NO_EFFECTIVE_GRANT),
    Row("R503 R410", "while it is suspended", "health/main", under(suspended), findings.NO_EFFECTIVE_GRANT),
    Row("R503 R402", "taken up under a standing grant", "health/main", under(standing)),
    Row("R503 R402", "taken up under a standing grant that has ended", "health/main", under(standing_ended), findings.NO_EFFECTIVE_GRANT),
    Row("R503", "before the period granted", "health/main", uses(replace(TERMS, not_before="2027-01-01T00:00:00.000Z")), findings.OUTSIDE_WINDOW),
    Row("R503", "for another purpose", "health/main", uses(purpose="tax.audit"), findings.PURPOSE_NOT_GRANTED),
    Row("R503", "of a column not granted", "health/main", uses(replace(TERMS, fields=("b",))), findings.FIELD_NOT_GRANTED),
    Row("R503", "of a column not in the schema granted", "health/main", uses(fields=("a", "z")), findings.FIELD_NOT_GRANTED),
    Row("R503", "of rows not granted", "health/main", uses(replace(TERMS, rows=(RowFilter(column="a", prefixes=("11",)),))), findings.ROW_NOT_GRANTED),
    Row("R503", "by an operation not granted", "health/main", uses(operation="export"), findings.OPERATION_NOT_GRANTED),
    Row("R503", "by a system not stated", "health/main", uses(replace(TERMS, systems=("registry",))), findings.SYSTEM_NOT_GRANTED),
    Row("R503", "by a system not granted", "health/main", uses(replace(TERMS, systems=("registry",)), system="portal"), findings.SYSTEM_NOT_GRANTED),
    Row("R503", "in groups not stated", "health/main", uses(replace(TERMS, minimum_group=10, operations=("derive",)), operation="derive"), findings.MINIMUM_GROUP_NOT_KEPT),
    Row("R503", "in smaller groups", "health/main", uses(replace(TERMS, minimum_group=10, operations=("derive",)), operation="derive", minimum_group=9), findings.MINIMUM_GROUP_NOT_KEPT),
    Row("R503", "in the clear", "health/main", uses(replace(TERMS, masking=(FieldMasking(field="a", level="hashed"),))), findings.MASKING_NOT_KEPT),
    Row("R503", "kept where it may not be", "health/main", uses(replace(TERMS, storage="none"), storage="allowed"), findings.STORAGE_NOT_KEPT),
    Row("R503", "passed on", "health/main", uses(onward=Transfer(aggregated=False)), findings.ONWARD_TRANSFER),
    Row("R503", "wrong in two ways", "health/main", uses(operation="export", purpose="tax.audit"), (findings.PURPOSE_NOT_GRANTED, findings.OPERATION_NOT_GRANTED)),
    Row("R504", "reported in time", "health/main", uses(replace(TERMS, report_within=1_000))),
    Row("R504", "reported late", "health/main", uses(replace(TERMS, report_within=999)), findings.REPORTED_LATE),
    Row("R505", "as often as granted", "health/main", uses(replace(TERMS, uses_max=1))),
    Row("R505", "more often than granted", "health/main", twice(replace(TERMS, uses_max=1)), findings.USES_EXCEEDED),
    Row("R505", "of more rows than granted", "health/main", uses(replace(TERMS, rows_max=0)), findings.ROWS_EXCEEDED),
    Row("R506", "more often a day than granted", "health/main", twice(replace(TERMS, rate_per_day=1)), findings.RATE_EXCEEDED),
    Row("R507", "of contents that were never released", "health/main", uses(content=VersionContent(dataset="flights", sha256=NOWHERE, version=1)), findings.CONTENT_UNKNOWN),
    Row("R507", "of a version that was never released", "health/main", uses(content=VersionContent(dataset="flights", sha256=bodies.CONTENT, version=2)), findings.CONTENT_UNKNOWN),
)  # fmt: skip


@rule_table(USES)
def test_uses(row: Row) -> None:
    play(published(), row)


@pytest.mark.rule("R503")
def test_every_breach_of_terms_has_its_finding() -> None:
    codes = BreachCode.__args__  # type: ignore[attr-defined]  # a Literal has its values
    assert set(codes) <= set(findings.FINDING_OF_CODE)


@pytest.mark.rule("R503", "F2")
def test_a_use_after_the_period_is_outside_the_window() -> None:
    story = published()
    end = story.world.later(60_000)
    terms = replace(TERMS, not_after=end)
    grant_id = story.grant(terms)
    story.world.block(at=end)
    in_time = bodies.usage(grant_id, end)
    assert story.world.find(story.world.sign("health/main", in_time)) == ()
    late = bodies.usage(grant_id, end, story.world.now)
    assert story.world.find(story.world.sign("health/main", late)) == ("outside-window",)


@pytest.mark.rule("R503", "R411")
def test_a_right_is_effective_up_to_its_suspension_and_from_its_resumption() -> None:
    story = published()
    world = story.world
    grant_id = story.grant()
    given = world.now
    world.block()
    before = world.now
    story.steps("steward/main", "order-suspension", grant_id, "overreach")
    since = world.now
    world.block()
    during = world.now
    story.steps("steward/main", "lift-suspension", grant_id)
    until = world.now
    world.block()

    def found(start: Time, end: Time) -> tuple[str, ...]:
        return world.find(world.sign("health/main", bodies.usage(grant_id, start, end)))

    assert found(given, before) == ()
    assert found(given, since) == ("no-effective-grant",)
    assert found(during, during) == ("no-effective-grant",)
    assert found(before, until) == ("no-effective-grant",)
    assert found(until, until) == ()


@pytest.mark.rule("R503")
def test_a_right_is_effective_until_the_moment_it_ends() -> None:
    story = published()
    world = story.world
    grant_id = story.grant()
    given = world.now
    world.block()
    story.steps("health/main", "end", grant_id)
    last = from_ms(to_ms(world.now) - 1)
    world.block()
    until = world.sign("health/main", bodies.usage(grant_id, given, last))
    assert world.find(until) == ()
    through = world.sign("health/main", bodies.usage(grant_id, given, from_ms(to_ms(last) + 1)))
    assert world.find(through) == ("no-effective-grant",)


EVENTS = (
    ("fewer events than uses", {"uses": 3}),
    ("another sum of rows", {"rows": 4}),
    ("another root", {"events_root": NOWHERE}),
    ("an event after the span", {"events": (Event(offset_ms=0, rows=1), Event(offset_ms=1, rows=2))}),
)  # fmt: skip


@pytest.mark.rule("R002", "103")
@pytest.mark.parametrize("changes", [row[1] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_events_listed_must_agree(changes: dict[str, object]) -> None:
    story = published()
    body: Usage = bodies.usage(None, story.world.now, rows=(1, 2))
    changed = replace(body, **changes)
    record = story.world.sign("health/main", changed)
    assert story.world.refuse(record) == reasons.EVENTS_ROOT
    story.world.find(story.world.sign("health/main", body))


@pytest.mark.rule("R002")
def test_events_not_listed_are_the_writers_to_prove() -> None:
    story = published()
    grant_id = story.grant()
    body = bodies.usage(grant_id, story.world.now, rows=(5,) * 900, listed=False)
    assert story.world.find(story.world.sign("health/main", body)) == ()


def counters_of(world: World, grant_id: str) -> UseCounters:
    counters = world.value(f"use/{grant_id}")
    assert isinstance(counters, UseCounters)
    return counters


@pytest.mark.rule("R505")
def test_uses_and_rows_add_up_in_the_order_of_the_log() -> None:
    story = published()
    world = story.world
    story.catalogue(conditions=replace(TERMS, uses_max=3, rows_max=10))
    grant_id = story.grant(replace(TERMS, uses_max=3, rows_max=10))

    def found(*rows: int) -> tuple[str, ...]:
        return world.find(world.sign("health/main", bodies.usage(grant_id, world.now, rows=rows)))

    assert found(4, 4) == ()
    assert found(2) == ()
    assert found(0) == ("uses-exceeded",)
    assert found(1) == ("uses-exceeded", "rows-exceeded")
    counted = counters_of(world, grant_id)
    assert (counted.records, counted.uses, counted.rows) == (4, 5, 11)


@pytest.mark.rule("R505")
def test_counters_stop_at_the_largest_whole_number() -> None:
    story = published()
    grant_id = story.grant()
    for _ in range(2):
        body = bodies.usage(grant_id, story.world.now, rows=(1,), listed=False)
        most = replace(body, uses=SAFE_INTEGER_MAX, rows=SAFE_INTEGER_MAX)
        story.says("health/main", most)
    counted = counters_of(story.world, grant_id)
    assert (counted.uses, counted.rows) == (SAFE_INTEGER_MAX, SAFE_INTEGER_MAX)


@pytest.mark.rule("R503", "F3")
@pytest.mark.parametrize(
    ("uses", "purpose", "expected"),
    [
        (1, "tax", "tax"),
        (500, "tax", "tax, 500 uses"),
        (500, f"a{'.b' * 31}", f"a{'.b' * 31}, 500 uses"),
    ],
)
def test_a_finding_about_many_uses_says_how_many(uses: int, purpose: str, expected: str) -> None:
    story = published()
    use = bodies.usage(story.grant(), story.world.now, rows=(1,) * uses, purpose=purpose)
    record = story.says("health/main", use)
    case = story.world.value(f"case/{record.digest}-purpose-not-granted")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert case.finding.measure == expected


@pytest.mark.rule("R503", "F4")
def test_what_many_columns_leave_no_room_for_is_cut() -> None:
    story = published()
    names = tuple(f"{n}{'x' * 100}" for n in range(5))
    use = bodies.usage(story.grant(), story.world.now, rows=(1, 1), fields=names)
    record = story.says("health/main", use)
    case = story.world.value(f"case/{record.digest}-field-not-granted")
    assert isinstance(case, Case)
    assert case.finding is not None
    told = case.finding.measure or ""
    assert len(told) == 256
    assert told.endswith(", 2 uses")


@pytest.mark.rule("R502", "R505", "F1")
def test_nobody_can_exhaust_the_right_of_another() -> None:
    story = published()
    story.catalogue(conditions=replace(TERMS, uses_max=1))
    grant_id = story.grant(replace(TERMS, uses_max=1))
    world = story.world
    stranger = world.sign("weather/main", bodies.usage(grant_id, world.now, rows=(1,) * 50))
    assert world.find(stranger) == ("no-effective-grant",)
    assert world.value(f"use/{grant_id}") is None
    assert world.find(world.sign("health/main", bodies.usage(grant_id, world.now))) == ()


@pytest.mark.rule("R402", "R505", "F8", "F9", "F10")
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (replace(TERMS, uses_max=2), "uses-exceeded"),
        (replace(TERMS, rows_max=2), "rows-exceeded"),
        (replace(TERMS, rate_per_day=2), "rate-exceeded"),
    ],
)
def test_applying_again_under_a_standing_grant_gives_no_new_allowance(
    limits: Terms, code: str
) -> None:
    story = Story()
    story.publish(conditions=limits)
    standing_id = story.stand(limits)
    found, grant_id = [], standing_id
    for _ in range(3):
        grant_id = story.ask(limits).replace("-0", "-1")
        usage = bodies.usage(grant_id, story.world.now)
        found.append(story.world.find(story.world.sign("health/main", usage)))
    assert found == [(), (), (code,)]
    again = bodies.usage(grant_id, story.world.now, rows=(1,) * 3)  # beyond its own limit, too
    assert story.world.find(story.world.sign("health/main", again)) == (code,)
    other = story.ask(limits, by="weather").replace("-0", "-1")
    usage = bodies.usage(other, story.world.now)
    assert story.world.find(story.world.sign("weather/main", usage)) == ()
    together = counters_of(story.world, f"{standing_id}/health")
    assert (together.records, together.uses) == (4, 6)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R505")
def test_a_standing_grant_without_such_limits_keeps_no_account() -> None:
    story = published()
    standing_id = story.stand()
    grant_id = story.ask(replace(TERMS, uses_max=1)).replace("-0", "-1")
    world = story.world
    assert world.find(world.sign("health/main", bodies.usage(grant_id, world.now))) == ()
    assert world.value(f"use/{standing_id}/health") is None


def days(start: Time, count: int, *, hour: int = 12) -> Time:
    return from_ms((to_ms(start) // DAY_MS + count) * DAY_MS + hour * HOUR_MS)


class PerDay:
    """Health has a right of ten uses a day, and a fortnight has passed."""

    def __init__(self, calendar: Calendar | None = None) -> None:
        self.story = Story()
        if calendar is not None:
            self.story.world = World.genesis(calendar=calendar)
        terms = replace(TERMS, rate_per_day=10)
        self.story.publish(conditions=terms)
        self.grant_id = self.story.grant(terms)
        self.start = self.story.world.now
        self.story.world.block(at=days(self.start, 14))

    def found(self, count: int, start: Time, end: Time | None = None) -> tuple[str, ...]:
        body = bodies.usage(self.grant_id, start, end, rows=(1,) * count)
        return self.story.world.find(self.story.world.sign("health/main", body))

    def day(self, count: int, hour: int = 12) -> Time:
        return days(self.start, count, hour=hour)


@pytest.mark.rule("R506", "F10")
def test_uses_of_a_day_add_up_in_whatever_order_they_are_reported() -> None:
    right = PerDay()
    assert right.found(6, right.day(1)) == ()
    assert right.found(10, right.day(2)) == ()
    assert right.found(4, right.day(1)) == ()
    assert right.found(1, right.day(2)) == ("rate-exceeded",)
    assert right.found(1, right.day(1)) == ("rate-exceeded",)
    first = to_ms(right.start) // DAY_MS
    assert counters_of(right.story.world, right.grant_id).days == (
        DayUses(day=first + 1, uses=11),
        DayUses(day=first + 2, uses=11),
    )


@pytest.mark.rule("R506")
def test_a_span_of_days_counts_on_its_last_with_what_the_others_cannot_hold() -> None:
    right = PerDay()
    assert right.found(25, right.day(1), right.day(3)) == ()
    assert right.found(5, right.day(3)) == ()
    assert right.found(1, right.day(3)) == ("rate-exceeded",)
    assert right.found(31, right.day(4), right.day(6)) == ("rate-exceeded",)


@pytest.mark.rule("R506", "F10")
def test_reporting_long_spans_again_and_again_hides_nothing() -> None:
    right = PerDay()
    for _ in range(15):  # so many days it is in force, and no day is known to hold any
        assert right.found(10, right.day(1), right.day(2)) == ()
    assert right.found(1, right.day(1), right.day(2)) == ("rate-exceeded",)
    assert right.found(1, right.day(3)) == ()  # a single day is judged by what is known of it


@pytest.mark.rule("R506")
def test_a_right_remembers_the_latest_8_days_it_was_used() -> None:
    right = PerDay()
    for day in range(2, 10):
        assert right.found(10, right.day(day)) == ()
    assert right.found(10, right.day(1)) == ()
    assert right.found(10, right.day(1)) == ()  # older than what is remembered
    assert right.found(1, right.day(2)) == ("rate-exceeded",)
    assert len(counters_of(right.story.world, right.grant_id).days) == 8


@pytest.mark.rule("R506", "F10")
def test_uses_of_days_no_longer_remembered_are_no_more_than_all_days_hold() -> None:
    right = PerDay()
    for day in range(2, 10):
        assert right.found(1, right.day(day)) == ()
    for _ in range(14):  # with those above 148 uses, where fifteen days hold 150
        assert right.found(10, right.day(1)) == ()
    assert right.found(3, right.day(1)) == ("rate-exceeded",)
    assert right.found(1, right.day(9)) == (), "a day that is remembered is judged by itself"


@pytest.mark.rule("R506")
def test_a_day_is_one_of_the_ledgers_calendar() -> None:
    right = PerDay(Calendar(utc_offset_minutes=480))
    # 15:00 and 16:00 UTC are 23:00 and the next day's 00:00 eight hours east.
    assert right.found(10, right.day(1, hour=15)) == ()
    assert right.found(10, right.day(1, hour=16)) == ()
    assert right.found(1, right.day(2, hour=15)) == ("rate-exceeded",)


@pytest.mark.rule("R508", "R010", "F54")
def test_a_writer_bound_to_datasets_reports_the_use_of_others_at_its_risk() -> None:
    story = published()
    story.world.accept(
        story.world.appoint("health/gateway", families=("use",), datasets=("tides",))
    )
    body = bodies.usage(story.grant(), story.world.now)
    found = story.world.find(story.world.sign("health/gateway", body))
    assert found == ("outside-appointment",)
    story.world.accept(
        story.world.appoint("health/gateway", families=("use",), datasets=("flights",))
    )
    body = bodies.usage(story.grant_id, story.world.now)
    assert story.world.find(story.world.sign("health/gateway", body)) == ()


def finding_of(world: World, record: DigestHex, code: str) -> Case:
    case = world.value(f"case/{record}-{code}")
    assert isinstance(case, Case)
    return case


@pytest.mark.rule("R502", "R503")
def test_a_finding_names_user_provider_measure_and_limit() -> None:
    story = published()
    body = bodies.usage(story.grant(), story.world.now, operation="export")
    record = story.says("health/main", body)
    case = finding_of(story.world, record.digest, "operation-not-granted")
    assert [(one.member, one.part) for one in case.parties] == [
        ("health", "accused"),
        ("transport", "claimant"),
    ]
    assert case.finding is not None
    assert case.finding.evidence == record.digest
    assert (case.finding.measure, case.finding.limit) == ("export", "query, read")
    assert case.state == "raised"
    assert case.due == "2026-12-08T00:00:00.000Z"


@pytest.mark.rule("R501", "R502", "R507")
def test_a_use_of_what_nobody_knows_is_appended_too() -> None:
    story = published()
    unknown = VersionContent(dataset="rumours", sha256=NOWHERE, version=9)
    body = replace(bodies.usage(None, story.world.now), content=unknown)
    record = story.world.sign("health/main", body)
    result = story.world.block(record)
    (verdict,) = result.verdicts
    assert isinstance(verdict, Accepted)
    assert [one.code for one in verdict.outcome.findings] == [
        "no-effective-grant",
        "content-unknown",
    ]
    case = finding_of(story.world, record.digest, "no-effective-grant")
    assert [(one.member, one.part) for one in case.parties] == [("health", "accused")]
