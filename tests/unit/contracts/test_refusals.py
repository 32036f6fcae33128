# ruff: noqa: E501  a row of a rule table is a line
"""Grounds of refusals, where the ledger holds them against the catalogue."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.values import Case, RequestedItem
from ledger.records import Body
from ledger.records.catalogue import LegalBasis
from ledger.records.genesis import Parameters
from ledger.records.sharing import NarrowingGround
from ledger.records.terms import RowFilter, Terms
from ledger.types import ItemId
from tests import bodies
from tests.bodies import NOWHERE, SOON, TERMS
from tests.story import Row, Story, play, published, rule_table

LAW = LegalBasis(kind="law", reference="Art. 1")


def weighing(**changes: object) -> Story:
    """`flights`, where grounds are weighed."""
    return Story(Parameters(answers_weighed=True)).publish(**changes)


def asks(story: Story, basis: LegalBasis | None = LAW) -> ItemId:
    """Health asks, on a legal basis or none."""
    body = replace(bodies.request(bodies.request_item(story.entry)), basis=basis)
    return f"{story.says('health/main', body).digest}-0"


def refuses(
    ground: str, basis: LegalBasis | None = LAW, before: Callable[[Story], object] | None = None
) -> Callable[[Story], Body]:
    """Transport refuses what health asks for; something may happen to the catalogue before."""

    def action(story: Story) -> Body:
        request = asks(story, basis)
        if before is not None:
            before(story)
        return bodies.case_step("refuse", request, ground=ground)

    return action


def after_a_supplement(story: Story) -> Body:
    request = asks(story, None)
    story.steps("transport/main", "ask-supplement", request)
    story.steps("health/main", "supplement", request)
    return bodies.case_step("refuse", request, ground="no-legal-basis")


def after_an_extension(story: Story) -> Body:
    request = asks(story, None)
    story.steps("transport/main", "ask-extension", request)
    story.steps("steward/main", "allow-extension", request)
    return bodies.case_step("refuse", request, ground="no-legal-basis")


def unconditional(story: Story) -> None:
    story.catalogue(sharing="unconditional")


def archived(story: Story) -> None:
    story.says("transport/main", bodies.lifecycle())


ROWS = (
    Row("R441", "as not necessary", "transport/main", refuses("not-necessary")),
    Row("R441", "as not held, though it was released", "transport/main", refuses("not-held"), findings.REFUSAL_UNFOUNDED),
    Row("R441", "for security, though it is there for all", "transport/main", refuses("security", before=unconditional), findings.REFUSAL_UNFOUNDED),
    Row("R441", "as open, which data for all may be", "transport/main", refuses("open-already", before=unconditional)),
    Row("R441", "as not held, once it is archived", "transport/main", refuses("not-held", before=archived)),
    Row("R441", "by somebody else", "weather/main", refuses("not-held"), reasons.NOT_YOUR_STEP),
    Row("R441", "on no ground", "transport/main", lambda s: bodies.case_step("refuse", asks(s)), reasons.GROUND_MISSING),
    Row("R441", "what nobody asked for", "transport/main", lambda _: bodies.case_step("refuse", NOWHERE, ground="security"), reasons.UNKNOWN_CASE),
    Row("R442", "for want of a basis that was named", "transport/main", refuses("no-legal-basis")),
    Row("R442", "for want of a basis nobody asked about", "transport/main", refuses("no-legal-basis", None), findings.REFUSED_NOT_SUPPLEMENTED),
    Row("R442", "for want of a basis after an extension", "transport/main", after_an_extension, findings.REFUSED_NOT_SUPPLEMENTED),
    Row("R442", "for want of a basis after a supplement", "transport/main", after_a_supplement),
    Row("R441 R442", "for want of a basis, though it is there for all", "transport/main", refuses("no-legal-basis", None, unconditional), findings.REFUSAL_UNFOUNDED),
)  # fmt: skip


@rule_table(ROWS)
def test_refusals(row: Row) -> None:
    play(weighing(), row)


LESS = replace(TERMS, operations=("query",))


def grants(ground: NarrowingGround | None, terms: Terms = LESS) -> Callable[[Story], Body]:
    """Transport answers what health asks for with less."""
    return lambda s: bodies.grant(
        bodies.grant_item("health", request=asks(s), terms=terms, ground=ground)
    )


def amends(
    ground: NarrowingGround, terms: Terms = LESS, before: Callable[[Story], object] = lambda _: None
) -> Callable[[Story], Body]:
    """Transport gives health what it asks for, and less afterwards."""

    def action(story: Story) -> Body:
        grant_id = story.grant()
        before(story)
        return bodies.amendment(grant_id, terms, ground=ground)

    return action


def passed_on_for_less(story: Story) -> Body:
    wide = replace(TERMS, delegable=1)
    story.catalogue(conditions=wide, sharing="unconditional")
    return bodies.amendment(story.pass_on(story.grant(wide), "audit"), LESS, ground="security")


def offering_less(story: Story) -> None:
    story.catalogue(conditions=LESS, sharing="unconditional")


LATE = replace(TERMS, not_before="2099-01-01T00:00:00.000Z")
ANSWERS = (
    Row("R405 R441", "for less, as a matter of security", "transport/main", grants("security"), findings.CONDITIONS_ADDED),
    Row("R405 R441", "from the end of the century on", "transport/main", grants("not-necessary", LATE), findings.CONDITIONS_ADDED),
    Row("R405 R441", "for less, as part of it is not held", "transport/main", grants("not-held")),
    Row("R405", "for less, without a ground", "transport/main", grants(None), findings.CONDITIONS_ADDED),
    Row("R405 R441", "as asked, on a ground", "transport/main", grants("security", TERMS)),
    Row("R420 R441", "amended for less", "transport/main", amends("legal-restriction"), findings.TERMS_NARROWED),
    Row("R420 R441", "amended for less, as part of it is not held", "transport/main", amends("not-held")),
    Row("R420 R441", "amended to what the entry offers by now", "transport/main", amends("legal-restriction", before=offering_less)),
    Row("R420 R441", "amended once it is archived", "transport/main", amends("legal-restriction", before=archived)),
    Row("R446 R441", "amended to an end, as a matter of security", "transport/main", amends("security", replace(TERMS, not_after=SOON)), findings.ENDED_AT_WILL),
    Row("R420 R441", "amended by who passed it on, who owes nothing", "health/main", passed_on_for_less),
)  # fmt: skip


@rule_table(ANSWERS)
def test_what_is_there_for_all_is_not_given_for_less(row: Row) -> None:
    play(weighing(sharing="unconditional"), row)


@pytest.mark.rule("R405", "R420", "R441")
@pytest.mark.parametrize("answer", [grants("security"), amends("security")])
def test_less_is_given_on_a_ground_where_nothing_contradicts_it(
    answer: Callable[[Story], Body],
) -> None:
    for story in (weighing(), Story().publish(sharing="unconditional")):
        assert story.world.find(story.world.sign("transport/main", answer(story))) == ()


@pytest.mark.rule("R445", "1310")
@pytest.mark.parametrize(
    "part",
    [
        {"fields": ()},
        {"operations": ()},
        {"purposes": ()},
        {"systems": ()},
        {"uses_max": 0},
        {"rate_per_day": 0},
        {"rows": (RowFilter(column="a", prefixes=()),)},
    ],
    ids=str,
)
def test_a_right_to_nothing_is_no_answer(part: dict[str, object]) -> None:
    story = published()
    grant = story.world.sign("transport/main", grants("security", replace(TERMS, **part))(story))
    assert story.world.refuse(grant) == reasons.ALLOWS_NOTHING
    offer = bodies.grant(bodies.grant_item("health", terms=replace(TERMS, **part)))
    assert story.world.refuse(story.world.sign("transport/main", offer)) == reasons.ALLOWS_NOTHING
    request = bodies.request(bodies.request_item(story.entry, replace(TERMS, **part)))
    assert story.world.refuse(story.world.sign("health/main", request)) == reasons.ALLOWS_NOTHING


@pytest.mark.rule("R445")
def test_an_entry_may_offer_nothing() -> None:
    story = Story()
    story.catalogue(conditions=replace(TERMS, operations=()))


@pytest.mark.rule("R441")
def test_what_was_never_released_may_not_be_held() -> None:
    story = Story(Parameters(answers_weighed=True))
    story.catalogue()
    assert story.world.find(story.world.sign("transport/main", refuses("not-held")(story))) == ()


@pytest.mark.rule("R441", "R442")
@pytest.mark.parametrize("ground", ["not-held", "no-legal-basis"])
def test_nothing_is_compared_where_the_ledger_does_not_ask(ground: str) -> None:
    story = published()
    refusal = story.world.sign("transport/main", refuses(ground, None)(story))
    assert story.world.find(refusal) == ()


@pytest.mark.rule("R442")
def test_that_no_basis_was_named_is_kept_where_it_counts() -> None:
    story = published()
    asked = story.world.value(f"request/{asks(story, None)}")
    assert isinstance(asked, RequestedItem)
    assert not asked.unfounded


@pytest.mark.rule("R441")
def test_each_refusal_of_a_record_is_a_finding_of_its_own() -> None:
    story = weighing()
    requests = sorted((asks(story), asks(story)))
    body = bodies.case_step("refuse", *requests, ground="not-held")
    record = story.says("transport/main", body)
    for n in range(2):
        case = story.world.value(f"case/{record.digest}-{n}-refusal-unfounded")
        assert isinstance(case, Case)
        assert case.finding is not None
        assert case.finding.measure == "not-held: flights@1 was released"
        assert [one.member for one in case.parties] == ["transport", "health"]
