# ruff: noqa: E501, FBT001  a row of a table is a line; a table holds what is expected
"""Figures and the trust index: worked by hand, drilled to their things, and computed naively, too."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.assessment import trust
from contracts.assessment.figures import Taken, counted_by, score_of, take
from contracts.assessment.periods import period_at, period_before, span_of
from contracts.assessment.reports import (
    Assessment,
    Counted,
    Figure,
    assess,
    drill,
    running_period,
)
from contracts.assessment.seed import SEED
from contracts.assessment.things import Thing, by_look
from contracts.assessment.trust import KEPT, QUARTERS, trust_in, trust_of, weights
from contracts.values import Case, RequestedItem
from ledger.records.assessment import Clause, Indicator, Length, PeriodName, Sort
from ledger.records.catalogue import VersionContent
from ledger.records.genesis import Calendar, Jurisdiction, Names, Parameters
from ledger.records.governance import Decision, DescribeMember, SetCalendar, SetParameters
from ledger.records.terms import RowFilter
from ledger.times import DAY_MS
from ledger.types import MemberId, Time
from tests import bodies
from tests.assessed import AFTER, FINAL, PARAMETERS, QUARTER, assessed, chronicle_of, objection
from tests.golden.rules import DOCUMENT
from tests.reference.naive_assessment import NaiveLedger, score
from tests.story import Story
from tests.supervised import COURSES
from tests.unit.contracts.test_indicators import adopt
from tests.world import ROLES, World

WEIGHTS: Final = {one.id: one.weight for one in SEED}


def quarter() -> Story:
    """Transport in its first quarter: entries, requests, updates and supply, in time and late."""
    story = assessed()
    story.says("transport/main", bodies.system())
    story.says("transport/main", bodies.system(system="radar"))
    backflow(story.publish(territory="a"))
    story.catalogue(dataset="delays", code="T-2", system="ghost")
    story.says("health/main", bodies.correction())
    story.entry = entry_of(story)
    used = story.grant()
    story.ask(by="weather")  # never answered
    story.ask(by="audit")
    story.steps("transport/main", "refuse", story.request_id, "not-necessary")
    story.ask(by="steward")
    story.steps("steward/main", "withdraw", story.request_id)
    story.grant()
    story.says("health/main", bodies.usage(used, story.world.now))
    story.says("health/main", bodies.usage(None, story.world.now))
    story.world.block(at="2026-12-20T00:00:00.000Z")
    decide(story, confirm="answer-overdue", dismiss="update-overdue")
    return story


def backflow(story: Story) -> None:
    """Weather becomes a county, asks for the rows about itself, and is granted them."""
    matter = DescribeMember(
        code="unified-weather",
        jurisdiction=Jurisdiction(code="110105", level="county"),
        member="weather",
        names=Names(en="weather"),
    )
    decision = Decision(matter=matter, minutes=bodies.NOWHERE, reason="a new seat")
    story.says("transport/main", decision)
    own = replace(bodies.TERMS, rows=(RowFilter(column="a", prefixes=("110105",)),))
    item = bodies.grant_item("weather", terms=own, request=story.ask(own, by="weather"))
    story.says("transport/main", bodies.grant(item))


def entry_of(story: Story) -> str:
    value = story.world.value("entry/flights")
    return getattr(value, "record", "")


def decide(story: Story, *, confirm: str, dismiss: str, days: int = 20) -> None:
    """The auditor decides what was found by code; what health did without a right is confirmed."""
    story.world.block(at=story.world.later(days * DAY_MS))
    for key in sorted(story.world.state.keys("case/")):
        case = story.world.value(key)
        assert isinstance(case, Case)
        if case.finding is None or case.state not in {"raised", "unanswered"}:
            continue
        if case.finding.code in {confirm, "no-effective-grant"}:
            story.steps("audit/main", "confirm", key.removeprefix("case/"))
        elif case.finding.code == dismiss:
            story.steps("audit/main", "dismiss", key.removeprefix("case/"), "explained")


def assessment(world: World, member: MemberId = "transport", now: Time = "") -> Assessment:
    chronicle = chronicle_of(world)
    return assess(chronicle.at, member, QUARTER, now or chronicle.now)


def figures(told: Assessment) -> dict[str, tuple[int, int]]:
    return {one.indicator.id: (one.taken.counted, one.taken.of) for one in told.figures}


@pytest.mark.rule("R806", "R807", "R809", "R810")
def test_a_quarter_by_hand() -> None:
    told = assessment(quarter().world)
    assert figures(told) == {
        "backflow": (1, 1),
        "catalogue-completeness": (1, 2),  # of tower and radar, radar has no entry
        "confirmed-findings": (1, 1),  # the answer that was late
        "linkage": (1, 2),  # the system of delays is not registered, and nothing is released
        "timely-answers": (3, 4),  # granted, granted, refused; late; one was withdrawn
        "timely-corrections": (0, 0),  # late, but nobody has decided on that: suspected
        "timely-supply": (0, 0),  # the same
        "timely-updates": (1, 1),  # met by the release; two were explained, and never met
        "use-of-grants": (0, 0),  # transport has no rights
    }
    weighed = 500 * 10_000 + 1_500 * 5_000 + 1_500 * 5_000 + 2_000 * 7_500 + 1_500 * 10_000
    assert told.score == weighed // 7_000 - 100


def table_of(told: Assessment) -> list[str]:
    """The worked example of the rule book."""
    return [
        f"| `{one.indicator.id}` | {one.taken.counted} | {one.taken.of} "
        f"| {'' if one.taken.value is None else one.taken.value} | {one.taken.weight} |"
        for one in told.figures
    ]


@pytest.mark.rule("R809", "R810", "R813")
def test_the_worked_example_of_the_rule_book() -> None:
    world = quarter().world
    told = assessment(world)
    document = DOCUMENT.read_text(encoding="utf-8")
    for line in table_of(told):
        assert line in document
    assert f"The score is {told.score}." in document
    chronicle = chronicle_of(world)
    index, _ = trust_in(chronicle.at, "transport", chronicle.now)
    assert f"The index is {index.trust}, its uncertainty {index.uncertainty}." in document


MOMENTS: Final = (
    "2026-11-23T00:00:30.000Z",
    "2026-12-10T00:00:00.000Z",
    "2026-12-31T23:59:59.999Z",
    AFTER,
    "2027-01-10T00:00:00.000Z",
    FINAL,
    "2027-03-01T00:00:00.000Z",
)


@pytest.mark.rule("R806", "R807", "R808", "R809", "R810", "R811")
def test_a_naive_computation_from_the_leaves_agrees() -> None:
    story = quarter()
    story.says("transport/main", bodies.system("retired"))
    story.says("transport/main", bodies.lifecycle(dataset="delays"))
    story.ask(by="weather")
    story.world.block(at="2027-02-20T00:00:00.000Z")
    decide(story, confirm="supply-overdue", dismiss="correction-overdue")
    naive = NaiveLedger.of(story.world)
    compared = set()
    for member in ROLES:
        for now in MOMENTS:
            told = assessment(story.world, member, now)
            plain = naive.figures(member, told.since, told.until, told.final_at or "", now)
            assert figures(told) == plain, (member, now)
            assert told.score == score(plain, WEIGHTS), (member, now)
            compared |= {(code, *counts) for code, counts in plain.items()}
    assert len(compared) > 12


@pytest.mark.rule("R813", "R814")
def test_a_naive_index_from_the_leaves_agrees() -> None:
    story = quarter()
    story.world.block(at="2027-05-20T00:00:00.000Z")
    story.ask(by="weather")
    story.steps("transport/main", "refuse", story.request_id, "not-necessary")
    decide(story, confirm="supply-overdue", dismiss="correction-overdue")
    chronicle, naive = chronicle_of(story.world), NaiveLedger.of(story.world)
    for member in ROLES:
        for now in (*MOMENTS, chronicle.now):
            told, evidence = trust_in(chronicle.at, member, now)
            spans = [span_of(one.period, Calendar()) for one in evidence]
            quarters = [(one.since, one.until) for one in spans]
            assert told.trust == naive.trust(member, quarters, now), (member, now)
            counts = [(len(one.positive), len(one.negative)) for one in evidence]
            assert trust_of(*counts) == told


@pytest.mark.rule("R811")
def test_what_comes_after_a_figure_is_final_changes_nothing() -> None:
    story = quarter()
    decide(story, confirm="correction-overdue", dismiss="supply-overdue", days=1)
    world = story.world
    world.block(at=FINAL)
    before = assessment(world, now="2027-01-28T00:00:00.000Z")
    assert {one.status for one in before.figures} == {"provisional"}
    final = assessment(world)
    story.steps("transport/main", "rectify", late_finding(world))
    story.says("transport/main", bodies.delivery(story.grant_id, world.now))
    story.says("transport/main", bodies.system("retired", system="radar"))
    again = assessment(world)
    assert again == final
    assert {one.status for one in again.figures} == {"final"}
    assert figures(again) == figures(before)
    early = assessment(world, now="2026-12-01T00:00:00.000Z")
    assert {one.status for one in early.figures} == {"running"}


def late_finding(world: World) -> str:
    """The finding about the answer that was late."""
    keys = world.state.keys("case/")
    return next(one for one in keys if one.endswith("-answer-overdue")).removeprefix("case/")


@pytest.mark.rule("R806", "R811", "R815")
def test_no_figure_is_final_while_what_was_found_is_not_decided() -> None:
    story = quarter()
    world = story.world
    world.block(at=FINAL)
    waiting = {one.indicator.id: one for one in assessment(world).figures}
    undecided = ("confirmed-findings", "timely-corrections", "timely-supply")
    assert {code for code, one in waiting.items() if one.status != "final"} == {*undecided}
    assert [waiting[code].open for code in undecided] == [1, 1, 3]
    things = drilled(world, "timely-supply")
    assert [(one.open, one.counts, one.thing.lateness) for one in things] == [
        (True, False, "suspected")
    ] * 3
    decide(story, confirm="supply-overdue", dismiss="correction-overdue")
    told = assessment(world)
    assert {one.status for one in told.figures} == {"final"}
    assert [one.open for one in told.figures if one.indicator.id in undecided] == [0, 1, 0]
    assert figures(told)["timely-supply"] == (0, 3)
    assert figures(told)["timely-corrections"] == (0, 0)  # excused, and still to be answered
    assert figures(told)["confirmed-findings"] == (1, 1)  # supply was found late in January


@pytest.mark.rule("R811", "R815")
def test_what_is_not_due_is_left_open_and_keeps_no_figure_waiting() -> None:
    long = replace(PARAMETERS, answer_conditional_days=60)
    story = assessed(parameters=long).publish()
    story.ask()
    for now, status in ((story.world.now, "running"), (FINAL, "final")):
        if now == FINAL:
            story.world.block(at=FINAL)
        told = answers(assessment(story.world))
        assert (told.taken.of, told.open, told.status) == (0, 1, status)


def drilled(world: World, code: str) -> tuple[Counted, ...]:
    """What a figure of transport counts, and leaves open."""
    chronicle = chronicle_of(world)
    found = drill(chronicle.at, "transport", QUARTER, chronicle.now, code)
    assert found is not None
    return found[1]


@pytest.mark.rule("R618", "R805", "R811")
@pytest.mark.parametrize("days", [1, 200])
def test_what_is_adopted_later_makes_no_figure_final_or_provisional(days: int) -> None:
    story = quarter()
    decide(story, confirm="correction-overdue", dismiss="supply-overdue", days=1)
    world = story.world
    adopt(story, SetParameters(parameters=replace(PARAMETERS, assessment_days=days)))
    waiting = assessment(world)
    assert (waiting.final_at, {one.status for one in waiting.figures}) == (FINAL, {"provisional"})
    world.block(at=FINAL)
    final = assessment(world)
    adopt(story, SetParameters(parameters=replace(PARAMETERS, assessment_days=2 * days)))
    assert assessment(world) == final
    assert {one.status for one in final.figures} == {"final"}
    late = world.sign("transport/main", objection())
    assert world.refuse(late) == reasons.NOT_PROVISIONAL


@pytest.mark.rule("R619", "R806", "R811")
def test_a_period_is_one_of_the_calendar_it_had() -> None:
    story = quarter()
    before, quarterly = (
        assessment(story.world),
        SetCalendar(calendar=Calendar(utc_offset_minutes=480)),
    )
    early = assessment(story.world, now="2026-12-10T00:00:00.000Z")
    adopt(story, quarterly)
    assert assessment(story.world) == before
    assert assessment(story.world, now="2026-12-10T00:00:00.000Z") == early
    chronicle = chronicle_of(story.world)
    following = assess(chronicle.at, "transport", "2027-Q1", chronicle.now)
    assert following.until == "2027-03-31T16:00:00.000Z"


@pytest.mark.rule("R811")
def test_no_figure_is_final_where_the_ledger_sets_no_time() -> None:
    story = assessed(parameters=Parameters())
    story.publish().world.block(at="2028-01-01T00:00:00.000Z")
    told = assessment(story.world)
    assert told.final_at is None
    assert {one.status for one in told.figures} == {"provisional"}


def late_answer(world: World) -> str:
    """The key of the answer that was late."""
    chronicle = chronicle_of(world)
    found = drill(chronicle.at, "transport", QUARTER, chronicle.now, "timely-answers")
    assert found is not None
    (key,) = (one.thing.key for one in found[1] if not one.counts)
    return key


def answers(told: Assessment) -> Figure:
    return next(one for one in told.figures if one.indicator.id == "timely-answers")


@pytest.mark.rule("R812", "R808")
def test_what_an_objection_names_counts_no_more_once_it_is_upheld() -> None:
    story = quarter()
    decide(story, confirm="correction-overdue", dismiss="supply-overdue", days=1)
    key = late_answer(story.world)
    case = f"{story.says('transport/main', objection(things=(key,))).digest}-0"
    waiting = answers(assessment(story.world))
    assert [(one.case, one.state, one.things) for one in waiting.objections] == [
        (case, "open", (key,))
    ]
    assert (waiting.taken.counted, waiting.taken.of) == (3, 4)
    story.world.block(at=FINAL)  # nobody has ruled in time, so the figure still waits
    late = assessment(story.world)
    assert [one.status for one in late.figures if one.indicator.id == "timely-answers"] == [
        "provisional"
    ]
    assert {one.status for one in late.figures if one.indicator.id != "timely-answers"} == {"final"}
    story.steps("steward/main", "uphold", case)
    ruled = answers(assessment(story.world))
    assert (ruled.status, ruled.taken.counted, ruled.taken.of) == ("final", 3, 3)
    chronicle = chronicle_of(story.world)
    found = drill(chronicle.at, "transport", QUARTER, chronicle.now, "timely-answers")
    assert found is not None
    assert [one.thing.key for one in found[1] if one.excluded] == [key]


@pytest.mark.rule("R812")
@pytest.mark.parametrize("step", ["reject", "withdraw"])
def test_an_objection_that_is_not_upheld_changes_nothing(step: str) -> None:
    story = quarter()
    key = late_answer(story.world)
    case = f"{story.says('transport/main', objection(things=(key,))).digest}-0"
    writer = "steward/main" if step == "reject" else "transport/main"
    story.steps(writer, step, case, "not-wrong" if step == "reject" else None)
    story.world.block(at="2027-03-01T00:00:00.000Z")
    told = answers(assessment(story.world))
    assert (told.status, told.taken.counted, told.taken.of) == ("final", 3, 4)


@pytest.mark.rule("R806")
def test_every_thing_of_a_figure_is_on_the_ledger() -> None:
    world = quarter().world
    chronicle = chronicle_of(world)
    records = {one.digest for block in world.blocks for one in block.records}
    for code in WEIGHTS:
        found = drill(chronicle.at, "transport", QUARTER, chronicle.now, code)
        assert found is not None
        figure, counted = found
        assert figure.taken.of == sum(not one.open for one in counted)
        assert figure.open == sum(one.open for one in counted)
        assert [one.thing.key for one in counted] == sorted(one.thing.key for one in counted)
        for one in counted:
            assert world.value(one.thing.key) is not None
            assert one.thing.record in records
    unknown = drill(chronicle.at, "transport", QUARTER, chronicle.now, "dance")
    assert unknown is None


@pytest.mark.rule("R806")
def test_what_is_told_of_a_thing() -> None:
    story = assessed(*(everything(sort) for sort in ("entry", "grant", "system")))
    system = story.says("transport/main", bodies.system()).digest
    story.publish()
    ended, suspended, held = story.grant(), story.grant(), story.grant()
    story.steps("health/main", "end", ended)
    story.steps("transport/main", "suspend", suspended, "overreach")
    expected: dict[str, list[Thing]] = {
        "entry": [
            Thing(
                key="entry/flights",
                marks=("registered", "released"),
                record=story.entry,
                sides=("provider",),
                sort="entry",
                state="conditional",
            )
        ],
        "grant": [
            Thing(
                key=f"grant/{name}",
                record=name.removesuffix("-0"),
                sides=("provider",),
                sort="grant",
                state=state,
            )
            for name, state in sorted(
                {ended: "ended", suspended: "suspended", held: "in-force"}.items()
            )
        ],
        "system": [
            Thing(
                key="system/transport/tower",
                marks=("catalogued",),
                record=system,
                sides=("owner",),
                sort="system",
                state="running",
            )
        ],
    }
    for sort, things in expected.items():
        assert [one.thing for one in drilled(story.world, f"every-{sort}")] == things


def everything(sort: Sort) -> Indicator:
    """Counts all things of a sort."""
    every = (Clause(),)
    return replace(SEED[-1], id=f"every-{sort}", of=sort, denominator=every, numerator=every)


@pytest.mark.rule("R806", "R814")
def test_a_case_opened_as_a_quarter_begins_is_of_that_quarter() -> None:
    story = assessed().publish()
    body = bodies.request(bodies.request_item(story.entry))
    asked = story.world.sign("health/main", body, issued_at=AFTER)
    story.world.block(asked, at=AFTER)
    request = f"{asked.digest}-0"
    story.steps("transport/main", "refuse", request, "not-necessary")
    chronicle = chronicle_of(story.world)
    counted = {}
    for period in (QUARTER, "2027-Q1"):
        found = drill(chronicle.at, "transport", period, chronicle.now, "timely-answers")
        assert found is not None
        counted[period] = [one.thing.key for one in found[1]]
    assert counted == {QUARTER: [], "2027-Q1": [f"case/{request}"]}
    _, (running, *earlier) = trust_in(chronicle.at, "transport", chronicle.now)
    assert [one.key for one in running.positive] == [f"case/{request}"]
    assert f"case/{request}" not in {one.key for quarter in earlier for one in quarter.positive}


@pytest.mark.rule("R806")
@pytest.mark.parametrize(
    ("terms", "ends", "counts"),
    [
        ({}, None, True),
        ({"not_before": "2027-01-01T00:00:00.000Z"}, None, False),
        ({"not_before": "2026-12-31T23:59:59.999Z"}, None, True),
        ({"not_after": "2026-12-01T00:00:00.000Z"}, None, True),
        ({}, "2026-12-01T00:00:00.000Z", True),
    ],
)
def test_rights_in_force_in_the_period(
    terms: dict[str, str], ends: str | None, counts: bool
) -> None:
    story = assessed().publish()
    wanted = replace(bodies.TERMS, **terms)
    grant = story.grant(wanted)
    if ends is not None:
        story.world.block(at=ends)
        story.steps("health/main", "end", grant)
    story.world.block(at=AFTER)
    assert figures(assessment(story.world, "health"))["use-of-grants"] == (0, int(counts))
    chronicle = chronicle_of(story.world)
    following = assess(chronicle.at, "health", "2027-Q1", AFTER)
    lasts = ends is None and "not_after" not in terms
    assert figures(following)["use-of-grants"] == (0, int(lasts))


@pytest.mark.rule("R806")
def test_a_right_given_in_an_emergency_counts_until_it_lapses() -> None:
    monthly = replace(SEED[-1], period="month")
    story = assessed(monthly, parameters=Parameters(emergency_days=3)).publish()
    story.in_emergency(ends="2026-12-20T00:00:00.000Z")
    story.world.block(at=AFTER)
    chronicle = chronicle_of(story.world)
    told = [
        assess(chronicle.at, "health", month, chronicle.now) for month in ("2026-11", "2026-12")
    ]
    assert [figures(one)["use-of-grants"] for one in told] == [(0, 1), (0, 0)]


def thing(**changes: object) -> Thing:
    one = Thing(
        code="answer-overdue",
        key="case/1",
        lateness="late",
        marks=("released",),
        record=bodies.NOWHERE,
        sides=("accused", "provider"),
        sort="case",
        state="raised",
        workflow="finding",
    )
    return replace(one, **changes)


@pytest.mark.rule("R808")
@pytest.mark.parametrize(
    ("clause", "covers"),
    [
        (Clause(), True),
        (Clause(codes=("answer-overdue", "clock-skew")), True),
        (Clause(codes=("clock-skew",)), False),
        (Clause(lateness=("late", "suspected")), True),
        (Clause(lateness=("in-time",)), False),
        (Clause(marks=("released",)), True),
        (Clause(marks=("registered", "released")), False),
        (Clause(sides=("consumer", "provider")), True),
        (Clause(sides=("consumer",)), False),
        (Clause(states=("raised",)), True),
        (Clause(states=("closed",)), False),
        (Clause(unmarked=("used",)), True),
        (Clause(unmarked=("released", "used")), False),
        (Clause(workflows=("finding",)), True),
        (Clause(workflows=("request",)), False),
        (Clause(sides=("provider",), states=("closed",)), False),
    ],
)
def test_what_a_clause_covers(clause: Clause, covers: bool) -> None:
    indicator = replace(SEED[0], denominator=(clause,), numerator=(Clause(codes=("x",)), clause))
    one = thing()
    assert counted_by(indicator, by_look([one]), frozenset()) == (
        ([one], [one]) if covers else ([], [])
    )
    assert counted_by(indicator, by_look([one]), frozenset({"case/1"})) == ([], [])
    bare = thing(code=None, workflow=None)
    assert counted_by(indicator, by_look([bare]), frozenset())[0] == (
        [bare] if covers and not clause.codes and not clause.workflows else []
    )


def share(cap: int = 10_000) -> Indicator:
    return replace(SEED[0], cap=cap)


@pytest.mark.rule("R809")
def test_shares_and_deductions_round_down_and_stop_at_their_cap() -> None:
    things = [thing(key=f"case/{n}") for n in range(30)]
    assert take(share(), things[:3], things[:2]).value == 6_666
    assert take(share(), things[:3], things[:3]).value == 10_000
    assert take(share(6_000), things[:3], things[:2]).value == 6_000
    assert take(share(), [], []).value is None
    deduction = next(one for one in SEED if one.each is not None)
    assert [take(deduction, things[:n], []).value for n in (0, 1, 20, 21)] == [0, 100, 2_000, 2_000]


def taken(value: int | None, weight: int, *, is_share: bool = True) -> Taken:
    return Taken(cap=10_000, counted=0, is_share=is_share, of=0, value=value, weight=weight)


@pytest.mark.rule("R810")
def test_the_score() -> None:
    assert score_of([taken(10_000, 1), taken(0, 2)]) == 3_333
    assert score_of([taken(10_000, 1), taken(None, 2)]) == 10_000
    assert score_of([taken(None, 2)]) is None
    assert score_of([]) is None
    assert score_of([taken(5_000, 0)]) is None
    assert score_of([taken(5_000, 1), taken(999, 5_000, is_share=False)]) == 4_501
    assert score_of([taken(50, 1), taken(100, 10_000, is_share=False)]) == 0
    assert score_of([taken(100, 10_000, is_share=False)]) is None


@pytest.mark.rule("R813")
def test_the_index_forgets_by_quarter() -> None:
    assert len(weights()) == QUARTERS
    assert all(
        later == earlier * KEPT // 10_000
        for earlier, later in zip(weights(), weights()[1:], strict=False)
    )
    assert trust_of().trust == 5_000
    assert trust_of((1, 0)).trust == 6_666
    assert trust_of((0, 1)).trust == 3_333
    assert trust_of((0, 0), (0, 1)).trust == 10_000 * 10_000 // 28_000
    old = [(0, 0)] * QUARTERS
    assert trust_of(*old, (0, 9)).trust == 5_000
    assert trust_of((10**9, 0)).trust == 9_999
    assert trust_of((10**9, 0)).uncertainty == 0


@pytest.mark.rule("R814")
def test_evidence_is_told_case_by_case() -> None:
    world = quarter().world
    chronicle = chronicle_of(world)
    _, evidence = trust_in(chronicle.at, "transport", chronicle.now)
    assert [one.period for one in islice(evidence, 3)] == ["2027-Q1", "2026-Q4", "2026-Q3"]
    assert len(evidence) == QUARTERS
    running, last, *_ = evidence
    assert (running.positive, running.negative) == ((), ())
    (late,) = last.negative
    assert (late.code, late.sides) == ("answer-overdue", ("accused",))
    assert sorted((one.workflow, one.lateness) for one in last.positive) == [
        ("request", "in-time"),  # four answers, about one dataset
        ("update", "in-time"),
    ]
    assert all(trust.is_against(one) for one in last.negative)


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("2028", "2027-12-31T16:00:00.000Z", "2028-12-31T16:00:00.000Z"),
        ("2028-Q1", "2027-12-31T16:00:00.000Z", "2028-03-31T16:00:00.000Z"),
        ("2028-02", "2028-01-31T16:00:00.000Z", "2028-02-29T16:00:00.000Z"),
        ("2028-12", "2028-11-30T16:00:00.000Z", "2028-12-31T16:00:00.000Z"),
        ("1970", "1970-01-01T00:00:00.000Z", "1970-12-31T16:00:00.000Z"),
        ("9999", "9998-12-31T16:00:00.000Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_periods_are_those_of_the_calendar(name: PeriodName, since: Time, until: Time) -> None:
    calendar = Calendar(utc_offset_minutes=480)
    span = span_of(name, calendar)
    assert (span.since, span.until) == (since, until)


@pytest.mark.parametrize(
    ("time", "offset", "names"),
    [
        ("9999-12-31T23:59:59.999Z", 840, ("9999", "9999-Q4", "9999-12")),
        ("1970-01-01T00:00:00.000Z", -840, ("1970", "1970-Q1", "1970-01")),
        ("2026-12-31T16:00:00.000Z", 480, ("2027", "2027-Q1", "2027-01")),
        ("2026-12-31T15:59:59.999Z", 480, ("2026", "2026-Q4", "2026-12")),
    ],
)
def test_the_period_of_a_moment(time: Time, offset: int, names: tuple[str, ...]) -> None:
    calendar = Calendar(utc_offset_minutes=offset)
    assert period_at(time, "year", calendar) == names[0]
    assert period_at(time, "quarter", calendar) == names[1]
    assert period_at(time, "month", calendar) == names[2]


def test_periods_follow_each_other() -> None:
    calendar = Calendar()
    for length, count in (("year", 57), ("quarter", 4 * 57), ("month", 12 * 57)):
        name: PeriodName | None = period_at("2026-12-31T23:59:59.999Z", length, calendar)  # type: ignore[arg-type]  # one of its values
        found = 0
        while name is not None:
            before = period_before(name)
            if before is not None:
                assert span_of(before, calendar).until == span_of(name, calendar).since
            name, found = before, found + 1
        assert found == count


@pytest.mark.parametrize(
    ("lengths", "period"),
    [
        (("month", "quarter", "year"), "2027"),
        (("month", "quarter"), "2027-Q1"),
        (("month",), "2027-01"),
        ((), "2027"),
    ],
)
def test_what_runs_is_of_the_greatest_length_taken(
    lengths: tuple[Length, ...], period: PeriodName
) -> None:
    every = [replace(SEED[0], id=f"by-{one}", period=one) for one in lengths]
    world = World.genesis(calendar=Calendar(utc_offset_minutes=480), indicators=every)
    chronicle = chronicle_of(world)
    assert running_period(chronicle.at, "2026-12-31T16:00:00.000Z") == period
    assert chronicle.at(chronicle.now).members() == list(ROLES)


def test_before_the_ledger_there_was_nothing() -> None:
    chronicle = chronicle_of(assessed().publish().world)
    told = assess(chronicle.at, "transport", "2026-Q3", chronicle.now)
    assert (told.figures, told.score) == ((), None)


def test_it_is_asked_for_by_any_member_known_or_not() -> None:
    told = assessment(quarter().world, "nobody")
    assert told.score is None
    assert all(one.taken.of == 0 for one in told.figures)


Act = Callable[[Story], None]


def missed(story: Story) -> None:
    """The deadline has passed."""
    story.world.block(at="2026-12-20T00:00:00.000Z")


def says(writer: str, step: str, ground: str | None = None) -> Act:
    """A step in the request."""
    return lambda story: story.steps(writer, step, story.request_id, ground)


REFUSE: Final = says("transport/main", "refuse", "security")
WITHDRAW: Final = says("health/main", "withdraw")
EXTEND: Final = (
    says("transport/main", "ask-extension"),
    says("steward/main", "allow-extension"),
)


def weeks_pass(story: Story) -> None:
    story.world.block(at=story.world.later(20 * DAY_MS))


def confirmed(story: Story) -> None:
    decide(story, confirm="answer-overdue", dismiss="")


def dismissed(story: Story) -> None:
    decide(story, confirm="", dismiss="answer-overdue")


LATENESS: Final[list[tuple[str, Sequence[Act], str]]] = [
    ("open", (), "pending"),
    ("to be supplemented", (says("transport/main", "ask-supplement"),), "pending"),
    ("refused", (REFUSE,), "in-time"),
    ("withdrawn", (WITHDRAW,), "none"),
    ("missed", (missed,), "suspected"),
    ("missed and refused", (missed, REFUSE), "suspected"),
    ("confirmed", (missed, confirmed), "late"),
    ("dismissed", (missed, dismissed), "pending"),
    ("dismissed and refused", (missed, dismissed, REFUSE), "in-time"),
    ("confirmed and withdrawn", (missed, confirmed, WITHDRAW), "late"),
    ("missed once extended", (*EXTEND, missed, confirmed), "late"),
    ("missed twice", (missed, dismissed, *EXTEND, weeks_pass, confirmed), "late"),
]


@pytest.mark.rule("R807")
@pytest.mark.parametrize(
    ("acts", "lateness"), [row[1:] for row in LATENESS], ids=[row[0] for row in LATENESS]
)
def test_how_a_provider_stands_to_a_request(acts: Sequence[Act], lateness: str) -> None:
    long = Parameters(assessment_days=250)
    story = assessed(lateness_indicator("request"), parameters=long).publish()
    story.ask()
    for act in acts:
        act(story)
    assert (lateness_of(story, "transport"), lateness_of(story, "health")) == ([lateness], ["none"])


def lateness_of(story: Story, member: MemberId) -> list[str]:
    """How a member stands to what `lateness_indicator` counts."""
    chronicle = chronicle_of(story.world)
    found = drill(chronicle.at, member, QUARTER, chronicle.now, "cases")
    assert found is not None
    return [one.thing.lateness for one in found[1]]


@pytest.mark.rule("R807")
@pytest.mark.parametrize(
    ("workflow", "state", "lateness"),
    [
        ("objection", "answered", "in-time"),  # what follows is for others to do
        ("inspection", "reported", "pending"),  # a report can be sent back
        ("inspection", "closed", "in-time"),
    ],
)
def test_how_a_respondent_stands_to_its_case(workflow: str, state: str, lateness: str) -> None:
    story = assessed(lateness_indicator(workflow))
    COURSES[workflow, state](story)
    assert lateness_of(story, "weather") == [lateness]


@pytest.mark.rule("R807", "R814")
def test_what_was_never_done_was_not_done_in_time_whatever_excuses_it() -> None:
    story = assessed(lateness_indicator("supply")).publish()
    grant = story.grant()
    story.world.block(at="2026-12-31T00:00:00.000Z")
    finding = f"{grant}-supply-supply-overdue"
    story.steps("transport/main", "reply", finding)
    story.steps("steward/main", "dismiss", finding, "not-attributable")
    assert lateness_of(story, "transport") == ["none"]
    story.says("transport/main", bodies.delivery(grant, story.world.now))
    assert lateness_of(story, "transport") == ["in-time"]


@pytest.mark.rule("R402", "R807")
def test_to_what_was_taken_up_nobody_had_to_answer() -> None:
    story = assessed(lateness_indicator("request")).publish()
    story.stand()
    story.ask()
    assert (lateness_of(story, "transport"), lateness_of(story, "health")) == (["none"], ["none"])
    asked = story.world.value(f"request/{story.request_id}")
    assert isinstance(asked, RequestedItem)
    assert asked.standing is not None


@pytest.mark.rule("R713", "R807")
def test_deadlines_run_against_the_first_of_several_providers() -> None:
    story = assessed(lateness_indicator("request"))
    story.publish(co_providers=("weather",), joint_rule="any").ask()
    assert lateness_of(story, "transport") == ["pending"]
    assert lateness_of(story, "weather") == ["none"]


def evidence_for(story: Story) -> int:
    """How many duties speak for transport."""
    chronicle = chronicle_of(story.world)
    _, evidence = trust_in(chronicle.at, "transport", chronicle.now)
    return sum(len(one.positive) for one in evidence)


@pytest.mark.rule("R814", "R317", "R320")
def test_trust_is_not_won_by_many_records() -> None:
    story = assessed(parameters=replace(PARAMETERS, confirm_days=365)).publish()
    assert evidence_for(story) == 1  # the first version
    versions = (bodies.release_item(version=number) for number in range(2, 66))
    story.says("transport/main", bodies.release(*versions))
    for _ in range(3):
        story.says("transport/main", bodies.attestation())
    assert evidence_for(story) == 1
    for _ in range(3):  # a friend asks again and again
        story.ask()
        story.steps("transport/main", "refuse", story.request_id, "not-necessary")
    assert evidence_for(story) == 2
    story.stand()
    story.ask()
    assert evidence_for(story) == 2


@pytest.mark.rule("R806")
def test_a_right_is_used_by_the_use_of_its_data() -> None:
    story = assessed().publish()
    grant = story.grant()
    use_of_other_data(story, grant)
    assert figures(assessment(story.world, "health"))["use-of-grants"] == (0, 1)
    story.says("health/main", bodies.usage(grant, story.world.now))
    assert figures(assessment(story.world, "health"))["use-of-grants"] == (1, 1)


def use_of_other_data(story: Story, grant: str) -> None:
    """Health names a right to flights when it uses a dataset of its own."""
    entry = story.says("health/main", bodies.entry(dataset="own")).digest
    story.says("steward/main", bodies.case_step("approve", entry))
    story.says("health/main", bodies.release(bodies.release_item("own")))
    own = VersionContent(dataset="own", sha256=bodies.CONTENT, version=1)
    story.says("health/main", replace(bodies.usage(grant, story.world.now), content=own))


def lateness_indicator(workflow: str) -> Indicator:
    everything = Clause(workflows=(workflow,))
    return replace(
        SEED[-1], id="cases", of="case", denominator=(everything,), numerator=(everything,)
    )
