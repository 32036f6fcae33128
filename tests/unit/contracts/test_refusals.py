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
from ledger.types import ItemId
from tests import bodies
from tests.bodies import NOWHERE
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
