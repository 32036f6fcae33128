# ruff: noqa: E501  a row of a rule table is a line
"""A lower level is owed what is held about its own territory."""

from collections.abc import Callable
from typing import get_args

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.findings import Finding
from contracts.invariants import violations
from contracts.sharing.backflow import LEVELS, stem_of
from contracts.values import Case, GrantedRight, RequestedItem
from ledger.records import Body
from ledger.records.genesis import Jurisdiction, Level, Names, Parameters
from ledger.records.governance import Decision, DescribeMember
from ledger.records.sharing import Audience
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.types import ItemId
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, rule_table

OWN: Terms = replace(TERMS, rows=(RowFilter(column="a", prefixes=("110105",)),))
"""What Chaoyang may ask about itself: weather's territory is 110105, transport's 110000."""
PLACES: Terms = replace(TERMS, rows=(RowFilter(column="a", prefixes=("110105001", "110105002")),))
LESS: Terms = replace(OWN, fields=("a", "b"))
CUT = bodies.schema("a", "b")
STANDING_OWN = Audience(own_territory=True)


def moved(story: Story, code: str = "110105", level: Level = "county") -> Story:
    """Weather belongs to another territory."""
    matter = DescribeMember(
        code="unified-weather",
        jurisdiction=Jurisdiction(code=code, level=level),
        member="weather",
        names=Names(en="weather"),
    )
    story.says("transport/main", Decision(matter=matter, minutes=NOWHERE, reason="a new seat"))
    return story


def above(parameters: Parameters | None = None, **changes: object) -> Story:
    """`flights` of the city, with the territory of each row in column `a`; weather is a county."""
    story = moved(Story(parameters))
    return story.publish(**{"territory": "a", **changes})


def asks(terms: Terms = OWN) -> Callable[[Story], ItemId]:
    return lambda story: story.ask(terms, by="weather")


def is_owed(story: Story, request: ItemId) -> bool:
    asked = story.world.value(f"request/{request}")
    assert isinstance(asked, RequestedItem)
    assert asked.backflow == (story.state_of(request) == "backflow")
    return asked.backflow


def answers(terms: Terms = OWN, **changes: object) -> Callable[[Story], Body]:
    """Weather asks for the rows of its territory; what it is given instead."""

    def action(story: Story) -> Body:
        item = bodies.grant_item("weather", terms=terms, request=asks()(story))
        return bodies.grant(replace(item, **changes))

    return action


def refuses(ground: str) -> Callable[[Story], Body]:
    return lambda story: bodies.case_step("refuse", asks()(story), ground=ground)


@pytest.mark.rule("R437")
@pytest.mark.parametrize(("column", "is_known"), [("c", True), ("z", False)])
def test_the_territory_of_rows_is_in_a_column_there_is(column: str, *, is_known: bool) -> None:
    story = Story()
    story.says("transport/main", bodies.schema())
    entry = story.world.sign("transport/main", bodies.entry(territory=column))
    if is_known:
        story.world.accept(entry)
    else:
        assert story.world.refuse(entry) == reasons.UNKNOWN_COLUMN


def elsewhere(prefix: str) -> Terms:
    return replace(TERMS, rows=(RowFilter(column="a", prefixes=(prefix,)),))


@pytest.mark.rule("R438", "W881")
def test_own_rows_that_a_higher_level_holds_are_owed() -> None:
    story = above()
    assert is_owed(story, asks()(story))
    assert is_owed(story, asks(PLACES)(story))
    story.steps("weather/main", "withdraw", story.request_id)


@pytest.mark.rule("R438")
@pytest.mark.parametrize(
    "terms",
    [
        TERMS,
        elsewhere("110106"),
        elsewhere("11"),
        replace(TERMS, rows=(RowFilter(column="b", prefixes=("110105",)),)),
        replace(TERMS, rows=(RowFilter(column="a", prefixes=("110105", "110106")),)),
    ],
    ids=[
        "all rows",
        "another's",
        "more than its own",
        "of another column",
        "and another's",
    ],
)
def test_other_rows_are_asked_for_like_anything_else(terms: Terms) -> None:
    story = above()
    assert not is_owed(story, asks(terms)(story))


@pytest.mark.rule("R438")
@pytest.mark.parametrize(
    ("code", "level", "expected"),
    [
        ("110105", "county", True),
        ("110105000000", "township", True),
        ("110105", "city", False),
        ("110105", "province", False),
        ("110106", "county", False),
    ],
)
def test_who_is_below_and_there(code: str, level: Level, *, expected: bool) -> None:
    story = moved(above(), code, level)
    assert is_owed(story, asks()(story)) == expected


@pytest.mark.rule("R438")
def test_an_entry_that_names_no_territory_owes_nothing() -> None:
    story = above(territory=None)
    assert not is_owed(story, asks()(story))


@pytest.mark.rule("R438", "F41")
def test_an_answer_that_is_late_is_found() -> None:
    story = above(Parameters(backflow_days=3))
    request = asks()(story)
    (found,) = story.world.block(at="2026-11-27T00:00:00.000Z").settlement.findings
    assert found.case == f"{request}-backflow-overdue"
    assert story.state_of(request) == "backflow"
    item = bodies.grant_item("weather", terms=OWN, request=request)
    story.says("transport/main", bodies.grant(item))
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R438", "1304")
@pytest.mark.parametrize("step", ["ask-supplement", "ask-extension"])
def test_nothing_delays_it(step: str) -> None:
    story = above()
    delay = story.world.sign("transport/main", bodies.case_step(step, asks()(story)))
    assert story.world.refuse(delay) == reasons.WRONG_STATE


ANSWERS = (
    Row("R439 W883", "as asked", "transport/main", answers()),
    Row("R439", "wider than asked", "transport/main", answers(TERMS)),
    Row("R439", "fewer columns", "transport/main", answers(LESS), findings.BACKFLOW_CONDITIONED),
    Row("R439", "fewer columns on a ground", "transport/main", answers(LESS, ground="security"), findings.BACKFLOW_CONDITIONED),
    Row("R439", "fewer rows", "transport/main", answers(PLACES), findings.BACKFLOW_CONDITIONED),
    Row("R439", "an end", "transport/main", answers(replace(OWN, not_after=bodies.SOON)), findings.BACKFLOW_CONDITIONED),
    Row("R439 W882", "no", "transport/main", refuses("security"), findings.BACKFLOW_CONDITIONED),
    Row("R439", "no, by somebody else", "health/main", refuses("security"), reasons.NOT_YOUR_STEP),
)  # fmt: skip


@rule_table(ANSWERS)
def test_answers(row: Row) -> None:
    play(above(), row)


def narrows(
    terms: Terms,
    given: Terms = OWN,
    before: Callable[[Story], object] = lambda _: None,
    **changes: object,
) -> Callable[[Story], Body]:
    """Weather is given what it asked for, which is amended on a ground afterwards."""

    def action(story: Story) -> Body:
        record = story.says("transport/main", answers(given)(story))
        before(story)
        return bodies.amendment(f"{record.digest}-0", terms, ground="not-necessary", **changes)

    return action


def cut(story: Story) -> None:
    """An entry with fewer columns."""
    story.says("transport/main", CUT)
    story.catalogue(schema=CUT.schema, territory="a")


AMENDMENTS = (
    Row("R439", "to fewer columns", "transport/main", narrows(LESS), findings.BACKFLOW_CONDITIONED),
    Row("R439", "to fewer rows", "transport/main", narrows(PLACES), findings.BACKFLOW_CONDITIONED),
    Row("R439", "to an end", "transport/main", narrows(replace(OWN, not_after=bodies.SOON)), findings.BACKFLOW_CONDITIONED),
    Row("R439", "to the columns there are, by their names", "transport/main", narrows(replace(OWN, fields=("a", "b", "c")))),
    Row("R439", "to columns of a shorter schema", "transport/main", narrows(OWN, before=cut, schema=CUT.schema), findings.BACKFLOW_CONDITIONED),
    Row("R439", "from more than was asked", "transport/main", narrows(OWN, given=TERMS)),
    Row("R439", "once it is archived", "transport/main", narrows(LESS, before=lambda s: s.says("transport/main", bodies.lifecycle()))),
)  # fmt: skip


@rule_table(AMENDMENTS)
def test_what_was_given_is_not_taken_back_by_an_amendment(row: Row) -> None:
    play(above(), row)


HASHED = (FieldMasking(field="b", level="hashed"),)


@pytest.mark.rule("R439")
@pytest.mark.parametrize(
    ("conditions", "given", "expected"),
    [
        (LESS, LESS, findings.BACKFLOW_CONDITIONED),
        (LESS, OWN, None),
        (PLACES, OWN, None),
        (replace(LESS, rows=()), TERMS, None),
        (PLACES, PLACES, findings.BACKFLOW_CONDITIONED),
        (replace(TERMS, masking=HASHED), replace(OWN, masking=HASHED), None),
        (replace(TERMS, uses_max=5), replace(OWN, uses_max=5), None),
        (replace(TERMS, uses_max=5), replace(OWN, uses_max=4), findings.BACKFLOW_CONDITIONED),
    ],
    ids=[
        "columns",
        "columns as asked",
        "rows as asked",
        "all columns",
        "rows",
        "masking",
        "uses",
        "fewer uses than that",
    ],
)
def test_what_the_entry_offers_to_others_is_no_limit_of_columns_and_rows(
    conditions: Terms, given: Terms, expected: Finding | None
) -> None:
    story = above(conditions=conditions)
    play(story, Row("R439", "", "transport/main", answers(given), expected))


@pytest.mark.rule("R419", "R439", "1207")
def test_what_is_owed_is_renewed_beyond_what_others_are_offered() -> None:
    story = above(conditions=LESS)
    brief = replace(OWN, not_after=bodies.SOON)
    item = bodies.grant_item("weather", request=asks(brief)(story), terms=brief)
    given = story.says("transport/main", bodies.grant(item))
    story.says("transport/main", bodies.amendment(f"{given.digest}-0", OWN))
    others = bodies.grant_item("health", request=story.ask(OWN), terms=OWN)
    wider = story.world.sign("transport/main", bodies.grant(others))
    assert story.world.refuse(wider) == reasons.WIDER_THAN_CONDITIONS


@pytest.mark.rule("R439", "F42")
def test_the_finding_accuses_whoever_answered_and_names_the_ground() -> None:
    story = above()
    refusal = story.says("transport/main", refuses("not-necessary")(story))
    case = story.world.value(f"case/{refusal.digest}-0-backflow-conditioned")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert case.finding.measure == "refused: not-necessary"
    assert [(one.member, one.part) for one in case.parties] == [
        ("transport", "accused"),
        ("weather", "claimant"),
    ]


@pytest.mark.rule("R440", "W884")
def test_one_grant_stands_for_all_own_territories() -> None:
    story = above()
    item = bodies.grant_item(standing=True, audience=STANDING_OWN)
    story.says("transport/main", bodies.grant(item))
    request = asks(PLACES)(story)
    assert story.state_of(request) == "granted"
    right = story.world.value(f"grant/{request.replace('-0', '-1')}")
    assert isinstance(right, GrantedRight)
    assert right.terms == PLACES
    assert story.state_of(asks(elsewhere("110106"))(story)) == "open"
    assert story.state_of(story.ask(OWN)) == "open"  # health is of the same level
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.parametrize(
    ("code", "stem"),
    [
        ("110000", "11"),
        ("330100", "3301"),
        ("330102", "330102"),
        ("330110", "330110"),
        ("330102001000", "330102001"),
        ("330100000000", "3301"),
        ("000000", "000000"),
        ("10", "10"),
        ("DE-BY-00", "DE-BY-00"),
        ("三三〇〇〇〇", "三三〇〇〇〇"),
    ],
)
def test_the_stem_of_a_code_is_what_its_territory_shares(code: str, stem: str) -> None:
    assert stem_of(code) == stem


def test_every_level_has_its_place() -> None:
    assert sorted(LEVELS) == sorted(get_args(Level))
