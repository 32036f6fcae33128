# ruff: noqa: E501  a row of a rule table is a line
"""Indicators adopted by genesis and by vote; objections to figures."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from msgspec.json import Decoder
from msgspec.structs import replace

from contracts import reasons
from contracts.assessment.seed import SEED
from contracts.governance.actions import replaced_key
from contracts.reasons import Refused
from contracts.values import AdoptedIndicators, Case, FigureUnderObjection
from ledger.canonical import decode, encode
from ledger.errors import FormatError
from ledger.records import Body
from ledger.records.assessment import Clause, EndIndicator, Indicator, SetIndicator
from ledger.records.genesis import Parameters
from ledger.records.governance import Action, Premise
from ledger.times import DAY_MS
from tests import assessed, bodies
from tests.assessed import AFTER, FINAL, objection
from tests.story import Row, Story, play, rule_table
from tests.world import World

ANSWERS = next(one for one in SEED if one.id == "timely-answers")


def indicator(**changes: object) -> Indicator:
    """Requests answered in time, by another name."""
    return replace(ANSWERS, **{"id": "answers", **changes})


def clause(**members: tuple[str, ...]) -> SetIndicator:
    return SetIndicator(indicator=indicator(denominator=(Clause(**members),)))  # type: ignore[arg-type]  # what is wrong with them is tested


def premise(story: Story, action: Action) -> Premise:
    key = replaced_key(action) or ""
    value = story.world.value(key)
    return Premise(key=key, value=None if value is None else sha256(encode(value)).hexdigest())


def proposes(action: Action) -> Callable[[Story], Body]:
    """The action is put to the vote, on the indicator as it is."""
    return lambda story: bodies.proposal(action, story.world.later(DAY_MS), premise(story, action))


def adopt(story: Story, action: Action) -> None:
    proposal = story.says("audit/main", proposes(action)(story)).digest
    for member in ("audit", "health"):
        story.says(f"{member}/main", bodies.ballot(proposal))
    assert story.state_of(proposal) == "adopted"


def codes(story: Story) -> tuple[str, ...]:
    value = story.world.value("indicators")
    return value.codes if isinstance(value, AdoptedIndicators) else ()


def after(
    at: str, body: Body, start: Callable[[], Story] = assessed.assessed
) -> Callable[[Story], Body]:
    """It is said at a time, on a ledger that assesses and has `flights` in its catalogue."""

    def said(story: Story) -> Body:
        story.world = start().publish().world
        story.world.block(at=at)
        return body

    return said


def never_final() -> Story:
    return assessed.assessed(parameters=Parameters(rectify_days=20))


def bound(story: Story) -> Body:
    """Health's clerk was appointed for flights alone."""
    body = after(AFTER, objection())(story)
    story.world.accept(story.world.appoint("health/clerk", datasets=("flights",)))
    return body


ROWS = [
    Row("R801", "an indicator is put to the vote", "audit/main", proposes(SetIndicator(indicator=indicator()))),
    Row("R801 R607", "by who has not seen the one it replaces", "audit/main", lambda story: replace(proposes(SetIndicator(indicator=indicator()))(story), rests_on=()), reasons.PREMISE_MISSING),
    Row("R802", "the end of no indicator", "audit/main", proposes(EndIndicator(indicator="answers")), reasons.UNKNOWN_INDICATOR),
    Row("R804", "a workflow that there is not", "audit/main", proposes(clause(workflows=("dance",))), reasons.UNKNOWN_IN_CLAUSE),
    Row("R804", "a finding that there is not", "audit/main", proposes(clause(codes=("dance",))), reasons.UNKNOWN_IN_CLAUSE),
    Row("R804", "a state of a case that there is not", "audit/main", proposes(clause(states=("running",))), reasons.UNKNOWN_IN_CLAUSE),
    Row("R804", "a state of a system", "audit/main", proposes(SetIndicator(indicator=indicator(of="system", denominator=(Clause(states=("running",)),))))),
    Row("R804", "a numerator is looked at, too", "audit/main", proposes(SetIndicator(indicator=indicator(numerator=(Clause(codes=("dance",)),)))), reasons.UNKNOWN_IN_CLAUSE),
    Row("R805", "a figure of one's own that is over", "health/main", after(AFTER, objection())),
    Row("R805", "on the last day", "health/main", after("2027-01-28T23:59:00.000Z", objection())),
    Row("R805", "when it is final", "health/main", after(FINAL, objection()), reasons.NOT_PROVISIONAL),
    Row("R805", "before it is over", "health/main", after("2026-12-31T23:59:00.000Z", objection()), reasons.NOT_PROVISIONAL),
    Row("R805 R811", "where no figure is final", "health/main", after(AFTER, objection(), never_final), reasons.NOT_PROVISIONAL),
    Row("R805", "a figure of no indicator", "health/main", after(AFTER, objection("dance")), reasons.UNKNOWN_INDICATOR),
    Row("R805", "a figure of a year of what is taken by quarter", "health/main", after(AFTER, objection(period="2026")), reasons.UNKNOWN_INDICATOR),
    Row("R805", "what is not on the ledger", "health/main", after(AFTER, objection(things=("entry/dance",))), reasons.UNKNOWN_THING),
    Row("R805 R010", "a writer for some datasets", "health/clerk", bound, reasons.DATASET_NOT_ALLOWED),
    Row("R805", "whoever is assessed", "weather/main", after(AFTER, objection())),
]  # fmt: skip


@rule_table(ROWS)
def test_rule(row: Row) -> None:
    play(Story(), row)


@pytest.mark.rule("R801", "R802")
def test_adopted_replaced_ended() -> None:
    story = Story()
    adopt(story, SetIndicator(indicator=indicator()))
    adopt(story, SetIndicator(indicator=indicator(id="anything")))
    assert codes(story) == ("answers", "anything")
    heavier = indicator(weight=1)
    adopt(story, SetIndicator(indicator=heavier))
    assert story.world.value("indicator/answers") == heavier
    assert codes(story) == ("answers", "anything")
    adopt(story, EndIndicator(indicator="answers"))
    assert (codes(story), story.world.value("indicator/answers")) == (("anything",), None)
    adopt(story, EndIndicator(indicator="anything"))
    assert story.world.value("indicators") is None


@pytest.mark.rule("R801", "1401")
def test_there_are_64_at_most() -> None:
    many = tuple(indicator(id=f"i{n:02}") for n in range(64))
    story = assessed.assessed(*many)
    adopt(story, SetIndicator(indicator=indicator(id="i63", weight=1)))
    play(
        story,
        Row(
            "R801",
            "one more",
            "audit/main",
            proposes(SetIndicator(indicator=indicator())),
            reasons.LIMIT,
        ),
    )


@pytest.mark.rule("R803")
def test_genesis_adopts_what_a_vote_could() -> None:
    world = World.genesis(indicators=SEED)
    value = world.value("indicators")
    assert isinstance(value, AdoptedIndicators)
    assert value.codes == tuple(one.id for one in SEED)
    assert [world.value(f"indicator/{one.id}") for one in SEED] == list(SEED)
    with pytest.raises(Refused, match="dance"):
        World.genesis(indicators=[indicator(numerator=(Clause(workflows=("dance",)),))])


@pytest.mark.rule("R805")
def test_an_objection_is_a_case_of_the_member_alone() -> None:
    story = Story()
    case_id = assessed.objected(story)
    case = story.world.value(f"case/{case_id}")
    value = story.world.value(f"figure/{case_id}")
    assert isinstance(case, Case)
    assert isinstance(value, FigureUnderObjection)
    assert [(party.member, party.part) for party in case.parties] == [("health", "claimant")]
    assert (case.subject, value.member) == (f"figure/{case_id}", "health")
    assert value.objection == objection().figure


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"each": 100}, "a share has"),
        ({"numerator": ()}, "a share has"),
        ({"denominator": ()}, "denominator"),
        ({"weight": 10_001}, "weight"),
        ({"id": "Answers"}, "id"),
    ],
)
def test_an_indicator_is_a_share_or_a_deduction(changes: dict[str, object], told: str) -> None:
    members = {name: getattr(ANSWERS, name) for name in ANSWERS.__struct_fields__} | changes
    with pytest.raises((FormatError, ValueError), match=told):
        decode(encode(Indicator(**members)), Decoder(Indicator))


def test_the_seed_is_what_the_rules_know() -> None:
    assert list(SEED) == sorted(SEED, key=lambda one: one.id)
    assert all(one.names.en and one.names.zh for one in SEED)
