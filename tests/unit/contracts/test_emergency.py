# ruff: noqa: E501  a row of a rule table is a line
"""In an emergency data is given first; the formalities follow, or the right lapses."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.tasks import tasks_of
from contracts.values import Case, GrantedRight
from ledger.errors import FormatError
from ledger.records import Body, Record
from ledger.records.actions import SplitMember
from ledger.records.genesis import Parameters
from ledger.records.governance import SucceedMember
from ledger.records.sharing import GrantItem
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import Time
from tests import bodies
from tests.bodies import NOWHERE, SOON, TERMS
from tests.story import Row, Story, play, published, rule_table
from tests.unit.contracts.test_succession import after

DUE: Time = "2026-12-08T00:00:00.000Z"
"""Ten working days after Monday, 23 November."""
BRIEF = replace(TERMS, not_after=SOON)
MERGED = SucceedMember(member="weather", successor="health")
MERGED_ABOVE = SucceedMember(member="weather", successor="steward")
PART = SplitMember(datasets=("flights",), member="weather", successor="health")
PART_ABOVE = replace(PART, successor="steward")


def item_in_emergency(story: Story, *members: str, after: int = 0) -> GrantItem:
    ends = from_ms(to_ms(story.world.later()) + 30 * DAY_MS + after)
    terms = replace(TERMS, not_after=ends)
    return bodies.grant_item(*members or ("health",), terms=terms, emergency="disaster")


def gives(*members: str, after: int = 0, **changes: object) -> Callable[[Story], Body]:
    """A right to `flights` in an emergency, to health; `after` so many milliseconds over 30 days."""

    def action(story: Story) -> Body:
        item = item_in_emergency(story, *members, after=after)
        return bodies.grant(replace(item, **changes))

    return action


def again(story: Story) -> Body:
    """Health has already been given a right in an emergency."""
    story.in_emergency()
    return gives()(story)


def again_to(member: str, earlier: str) -> Callable[[Story], Body]:
    """Somebody else has already been given one."""

    def action(story: Story) -> Body:
        story.says("transport/main", gives(earlier)(story))
        return gives(member)(story)

    return action


def passes_on(to: str, by: str) -> Callable[[Story], Body]:
    """Health passes on what it was given."""

    def action(story: Story) -> Body:
        deep = replace(BRIEF, delegable=1)
        story.catalogue(conditions=deep)
        return bodies.delegation(story.in_emergency(by=by, terms=deep), to, terms=BRIEF)

    return action


def twice(story: Story) -> Body:
    item = item_in_emergency(story)
    return bodies.grant(item, item)


def after_formalities(story: Story) -> Body:
    done(story)
    return gives()(story)


def asks(
    grant: Callable[[Story], str], dataset: str = bodies.DATASET, **changes: object
) -> Callable[[Story], Body]:
    """A request of formalities."""

    def action(story: Story) -> Body:
        named = grant(story)
        item = replace(bodies.request_item(story.entry, dataset=dataset), emergency=named)
        return bodies.request(replace(item, **changes))

    return action


def renewed(ends: Time | None) -> Callable[[Story], Body]:
    return lambda s: bodies.amendment(s.in_emergency(), replace(TERMS, not_after=ends))


def second_dataset(story: Story) -> str:
    """A right to `flights`; in the catalogue there is `tides` too."""
    grant_id = story.in_emergency()
    story.publish(dataset="tides")
    return grant_id


def done(story: Story) -> str:
    story.in_emergency()
    answers(story)
    return story.grant_id


def answers(story: Story, **changes: object) -> Record:
    """Health asks, transport grants."""
    item = bodies.grant_item("health", request=story.formalities())
    return story.says("transport/main", bodies.grant(replace(item, **changes)))


ROWS = (
    Row("R433", "by the provider", "transport/main", gives()),
    Row("R433", "by a steward", "steward/main", gives()),
    Row("R433", "to several", "steward/main", gives("health", "weather")),
    Row("R433", "by somebody else", "audit/main", gives(), reasons.NOT_PROVIDER),
    Row("R433", "by the consumer", "health/main", gives("weather"), reasons.NOT_PROVIDER),
    Row("R433", "by a steward to itself", "steward/main", gives("steward"), reasons.NOT_CONSUMER),
    Row("R433", "by a steward to the provider", "steward/main", gives("transport"), reasons.NOT_CONSUMER),
    Row("R433", "by a steward to a member merged into it", "steward/main", after(MERGED_ABOVE, then=gives("weather")), reasons.NOT_CONSUMER),
    Row("R433", "by a steward to a part of a member that it holds", "steward/main", after(PART_ABOVE, then=gives("weather")), reasons.NOT_CONSUMER),
    Row("R433", "by the provider to a member merged into the steward", "transport/main", after(MERGED_ABOVE, then=gives("weather"))),
    Row("R433", "by a steward without an emergency", "steward/main", gives(emergency=None), reasons.NOT_PROVIDER),
    Row("R433", "wider than the entry's conditions", "steward/main", gives(terms=replace(BRIEF, delegable=1)), reasons.WIDER_THAN_CONDITIONS),
    Row("R434", "for a millisecond over 30 days", "transport/main", gives(after=1), reasons.TOO_LONG_FOR_EMERGENCY),
    Row("R434", "without an end", "transport/main", gives(terms=TERMS), reasons.TOO_LONG_FOR_EMERGENCY),
    Row("R434", "made longer", "transport/main", renewed("2026-12-24T00:00:00.000Z"), reasons.TOO_LONG_FOR_EMERGENCY),
    Row("R434", "made endless", "transport/main", renewed(None), reasons.TOO_LONG_FOR_EMERGENCY),
    Row("R434", "renewed within 30 days", "transport/main", renewed("2026-12-22T00:00:00.000Z")),
    Row("R435", "given anew before the formalities", "transport/main", again, reasons.FORMALITIES_MISSING),
    Row("R435", "given twice by one record", "transport/main", twice, reasons.FORMALITIES_MISSING),
    Row("R435", "given anew to a member it acts for", "transport/main", after(MERGED, then=again_to("weather", "health")), reasons.FORMALITIES_MISSING),
    Row("R435", "given anew to who acts for it", "transport/main", after(MERGED, then=again_to("health", "weather")), reasons.FORMALITIES_MISSING),
    Row("R435", "given anew to who holds that part of it", "transport/main", after(PART, then=again_to("health", "weather")), reasons.FORMALITIES_MISSING),
    Row("R435", "given to somebody else", "transport/main", again_to("weather", "health")),
    Row("R414", "passed back to the steward that gave it", "health/main", passes_on("steward", by="steward"), reasons.RIGHT_RETURNS),
    Row("R414", "passed on to the steward, given by the provider", "health/main", passes_on("steward", by="transport")),
    Row("R435", "given anew after the formalities", "transport/main", after_formalities),
    Row("R436", "the formalities of one's own right", "health/main", asks(lambda s: s.in_emergency())),
    Row("R436", "of a right that there is not", "health/main", asks(lambda _: f"{NOWHERE}-0"), reasons.UNKNOWN_GRANT),
    Row("R436", "of an ordinary right", "health/main", asks(lambda s: s.grant()), reasons.NOT_AN_EMERGENCY),
    Row("R436", "of somebody else's right", "weather/main", asks(lambda s: s.in_emergency()), reasons.NOT_AN_EMERGENCY),
    Row("R436", "of a right to other data", "health/main", asks(second_dataset, "tides"), reasons.NOT_AN_EMERGENCY),
    Row("R436", "of what was completed", "health/main", asks(done), reasons.WRONG_STATE),
)  # fmt: skip


@rule_table(ROWS)
def test_emergencies(row: Row) -> None:
    play(published(), row)


def right_of(story: Story) -> GrantedRight:
    """The last right given in an emergency."""
    right = story.world.value(f"grant/{story.grant_id}")
    assert isinstance(right, GrantedRight)
    return right


def state(story: Story) -> str:
    return story.state_of(f"{story.grant_id}-formalities")


def uses(story: Story) -> tuple[str, ...]:
    """Health uses the data now; returns what is found."""
    use = bodies.usage(story.grant_id, story.world.now)
    return story.world.find(story.world.sign("health/main", use))


@pytest.mark.rule("R433")
@pytest.mark.parametrize("by", ["steward", "transport"])
def test_one_signature_puts_it_in_force_at_once(by: str) -> None:
    story = published()
    story.in_emergency(by=by)
    right = right_of(story)
    assert (right.in_force_since, right.lapses_at) == (story.world.now, DUE)
    assert (right.provider, right.request) == ("transport", None)
    assert story.state_of(story.grant_id) == "in-force"
    assert uses(story) == ()
    story.says("transport/main", bodies.revocation(story.grant_id))
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R435", "F40", "F1")
def test_what_nobody_asked_for_in_time_lapses_and_is_found() -> None:
    story = published()
    grant_id = story.in_emergency(by="steward")
    assert story.world.block(at="2026-12-07T23:59:58.000Z").settlement.findings == ()
    assert uses(story) == ()
    (found,) = story.world.block(at=DUE).settlement.findings
    assert (found.case, found.code) == (
        f"{grant_id}-formalities-formalities-overdue",
        "formalities-overdue",
    )
    case = story.world.value(f"case/{found.case}")
    assert isinstance(case, Case)
    assert [(one.member, one.part) for one in case.parties] == [
        ("health", "accused"),
        ("transport", "claimant"),
    ]
    assert state(story) == "lapsed"
    assert uses(story) == ("no-effective-grant",)
    delivery = bodies.delivery(grant_id, story.world.now)
    handed_over = story.world.find(story.world.sign("transport/main", delivery))
    assert handed_over == ("delivered-without-grant",)


@pytest.mark.rule("R435", "W871", "W874")
def test_a_grant_in_answer_keeps_it_in_force() -> None:
    story = published()
    story.in_emergency()
    story.formalities()
    assert state(story) == "asked"
    item = bodies.grant_item("health", request=story.request_id)
    story.says("transport/main", bodies.grant(item))
    assert state(story) == "completed"
    assert right_of(story).lapses_at is None
    assert story.world.block(at=DUE).settlement.findings == ()
    assert uses(story) == ()
    story.world.block(at="2026-12-20T00:00:00.001Z")
    assert uses(story) == ("outside-window",)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R435", "W872")
def test_what_was_asked_for_and_not_answered_lapses_without_a_finding() -> None:
    story = Story(Parameters(answer_conditional_days=20)).publish()
    story.in_emergency()
    refused = story.formalities()
    story.steps("transport/main", "refuse", refused, "not-necessary")
    story.formalities()
    assert story.world.block(at=DUE).settlement.findings == ()
    assert state(story) == "lapsed"
    assert uses(story) == ("no-effective-grant",)


def duties(story: Story, member: str) -> list[tuple[str, str]]:
    """What a member may or must do about the formalities."""
    case_id = f"{story.grant_id}-formalities"
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    found = tasks_of(story.world.state, story.world.now, case_id, case, member)
    return [(one.step, one.duty) for one in found]


@pytest.mark.rule("R435")
def test_who_has_asked_waits_and_who_answers_must() -> None:
    story = published()
    story.in_emergency()
    assert duties(story, "health") == [("ask", "must")]
    assert duties(story, "transport") == []
    story.formalities()
    assert duties(story, "health") == [("ask-again", "may")]
    assert duties(story, "transport") == [("complete", "must")]
    story.world.block(at=DUE)
    assert duties(story, "health") == [("ask", "may")]


@pytest.mark.rule("R435", "W873", "W875")
def test_formalities_can_follow_late_but_revive_nothing() -> None:
    story = published()
    story.in_emergency()
    story.world.block(at=DUE)
    answers(story)
    assert state(story) == "completed"
    assert right_of(story).lapses_at == DUE
    assert uses(story) == ("no-effective-grant",)
    story.in_emergency()
    assert uses(story) == ()


@pytest.mark.rule("R435")
def test_a_standing_grant_does_not_take_the_place_of_an_answer() -> None:
    story = published()
    story.in_emergency()
    grant_id = story.grant_id
    story.stand()
    story.grant_id = grant_id
    request = story.formalities()
    assert story.state_of(request) == "open"


@pytest.mark.rule("R435")
def test_whoever_may_answer_completes_even_if_it_was_no_provider_before() -> None:
    story = published()
    story.in_emergency()
    story.catalogue(co_providers=("weather",), joint_rule="any")
    item = bodies.grant_item("health", request=story.formalities())
    story.says("weather/main", bodies.grant(item))
    assert state(story) == "completed"


def withdrawn(story: Story) -> None:
    story.steps("health/main", "withdraw", story.formalities())


def withdrawn_for_want_of_a_supplement(story: Story) -> None:
    story.steps("transport/main", "ask-supplement", story.formalities())
    story.world.block(at="2026-12-07T00:00:00.000Z")


def all_withdrawn(story: Story) -> None:
    requests = [story.formalities(), story.formalities()]
    story.says("health/main", bodies.case_step("withdraw", *requests))


def refused_and_withdrawn(story: Story) -> None:
    story.steps("transport/main", "refuse", story.formalities(), "security")
    withdrawn(story)


def one_withdrawn(story: Story) -> None:
    first = story.formalities()
    story.formalities()
    story.steps("health/main", "withdraw", first)


@pytest.mark.rule("R435", "R436", "W876", "F40")
@pytest.mark.parametrize(
    "take_back", [withdrawn, withdrawn_for_want_of_a_supplement, all_withdrawn]
)
def test_who_takes_back_what_it_asked_for_has_not_asked(
    take_back: Callable[[Story], object],
) -> None:
    story = Story(Parameters(supplement_days=5)).publish()
    story.in_emergency(by="steward")
    take_back(story)
    assert state(story) == "expected"
    (found,) = story.world.block(at=DUE).settlement.findings
    assert found.code == "formalities-overdue"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R014", "R435")
def test_a_request_and_its_formalities_fall_due_together() -> None:
    is_request_first = set()
    for number in range(6):
        story = Story(Parameters(supplement_days=10)).publish()
        for _ in range(number):  # so that the ids of the two fall in either order
            story.ask(by="weather")
        story.in_emergency(by="steward")
        request = story.formalities()
        story.steps("transport/main", "ask-supplement", request)
        story.world.block(at=DUE)
        assert (story.state_of(request), state(story)) == ("withdrawn", "lapsed")
        is_request_first.add(request < story.grant_id)
        assert violations(story.world.state, story.world.leaves) == []
    assert is_request_first == {False, True}


@pytest.mark.rule("R435", "R436")
@pytest.mark.parametrize("take_back", [one_withdrawn, refused_and_withdrawn])
def test_who_asked_besides_has_asked(take_back: Callable[[Story], object]) -> None:
    story = published()
    story.in_emergency(by="steward")
    take_back(story)
    assert state(story) == "asked"
    assert story.world.block(at="2026-12-07T00:00:00.000Z").settlement.findings == ()


@pytest.mark.rule("R436")
def test_what_is_withdrawn_afterwards_changes_nothing() -> None:
    story = published()
    first = done(story)
    story.in_emergency()
    late = story.formalities()
    story.world.block(at=DUE)
    assert state(story) == "lapsed"
    story.steps("health/main", "withdraw", late)
    assert state(story) == "lapsed"
    assert story.state_of(f"{first}-formalities") == "completed"


def ended(story: Story) -> None:
    story.steps("health/main", "end", story.grant_id)


def revoked(story: Story) -> None:
    body = bodies.revocation(story.grant_id, ground="wrong-grant", consultation=NOWHERE)
    story.says("transport/main", body)


@pytest.mark.rule("R435", "W877", "W878")
@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize("end", [ended, revoked])
def test_nothing_is_late_under_a_right_that_has_ended(
    end: Callable[[Story], object], *, is_asked: bool
) -> None:
    story = Story(Parameters(answer_conditional_days=20)).publish()
    story.in_emergency(by="steward")
    if is_asked:
        story.formalities()
    end(story)
    assert state(story) == "lapsed"
    assert story.world.block(at=DUE).settlement.findings == ()
    again = story.world.sign("transport/main", gives()(story))
    assert story.world.refuse(again) == reasons.FORMALITIES_MISSING
    answers(story)
    assert state(story) == "completed"
    story.in_emergency()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R430", "R525")
@pytest.mark.parametrize(("days", "codes"), [(8, ["supply-overdue"]), (15, [])])
def test_nobody_is_late_with_what_has_lapsed(days: int, codes: list[str]) -> None:
    story = Story(Parameters(supply_days=days)).publish()
    story.in_emergency()
    story.formalities()
    story.steps("transport/main", "refuse", story.request_id, "not-necessary")
    found = [*story.world.block(at="2026-12-07T23:59:59.999Z").settlement.findings]
    found += story.world.block(at="2026-12-31T00:00:00.000Z").settlement.findings
    assert [one.code for one in found] == codes


def supply(story: Story, grant_id: str) -> tuple[str, Time | None] | None:
    """What is owed under a right, and by when."""
    case = story.world.value(f"case/{grant_id}-supply")
    assert case is None or isinstance(case, Case)
    return None if case is None else (case.state, case.due)


def hands_over(story: Story, grant_id: str) -> None:
    story.says("transport/main", bodies.delivery(grant_id, story.world.now))


def regularised(days: int = 15, **changes: object) -> tuple[Story, str, str]:
    """Health's right of an emergency, and five days later that which completes its formalities."""
    story = Story(Parameters(supply_days=days)).publish()
    first = story.in_emergency()
    story.world.block(at="2026-11-30T00:00:00.000Z")
    return story, first, f"{answers(story, **changes).digest}-0"


SUPPLY_DUE: Time = "2026-12-15T00:00:00.000Z"
"""Fifteen working days after the emergency."""


@pytest.mark.rule("R451", "R431")
@pytest.mark.parametrize("under", ["first", "second"])
def test_one_delivery_is_owed_of_an_emergency_and_its_formalities(under: str) -> None:
    story, first, second = regularised()
    assert supply(story, first) == ("dropped", None)
    assert supply(story, second) == ("expected", SUPPLY_DUE)
    hands_over(story, first if under == "first" else second)
    assert supply(story, second) == ("supplied", None)
    assert story.world.block(at="2027-02-01T00:00:00.000Z").settlement.findings == ()
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R451", "R430", "F39")
def test_what_is_not_handed_over_after_an_emergency_is_found_once() -> None:
    story, _, second = regularised()
    found = story.world.block(at="2027-02-01T00:00:00.000Z").settlement.findings
    assert [one.case for one in found] == [f"{second}-supply-supply-overdue"]


@pytest.mark.rule("R451")
def test_after_it_was_found_there_are_days_of_its_own() -> None:
    story, first, second = regularised(days=3)
    assert story.state_of(f"{first}-supply-supply-overdue") == "raised"
    assert supply(story, first) == ("dropped", None)
    assert supply(story, second) == ("expected", "2026-12-04T00:00:00.000Z")


@pytest.mark.rule("R451")
@pytest.mark.parametrize("how", ["supplied", "waived"])
def test_what_was_handed_over_in_the_emergency_is_not_owed_again(how: str) -> None:
    story = Story(Parameters(supply_days=15)).publish()
    first = story.in_emergency()
    if how == "supplied":
        hands_over(story, first)
    else:
        story.steps("health/main", "waive", f"{first}-supply")
    assert supply(story, f"{answers(story).digest}-0") is None
    assert story.state_of(f"{first}-supply") == how


@pytest.mark.rule("R451")
def test_other_columns_than_in_the_emergency_are_owed_besides() -> None:
    story = Story(Parameters(supply_days=15)).publish()
    first = story.in_emergency(terms=replace(TERMS, fields=("a",)))
    hands_over(story, first)
    second = f"{answers(story).digest}-0"
    assert supply(story, second) == ("expected", SUPPLY_DUE)
    hands_over(story, first)
    assert supply(story, second) == ("expected", SUPPLY_DUE)


@pytest.mark.rule("R451")
def test_an_answer_that_is_an_offer_takes_over_when_it_is_accepted() -> None:
    story, first, offer = regularised(terms=replace(TERMS, uses_max=1))
    assert (supply(story, first), supply(story, offer)) == (("expected", SUPPLY_DUE), None)
    story.says("health/main", bodies.acceptance(offer))
    assert (supply(story, first), supply(story, offer)) == (
        ("dropped", None),
        ("expected", SUPPLY_DUE),
    )


@pytest.mark.rule("R451", "R435")
def test_nothing_is_owed_under_what_has_lapsed() -> None:
    story = Story(Parameters(supply_days=15)).publish()
    first = story.in_emergency()
    story.steps("transport/main", "refuse", story.formalities(), "not-necessary")
    story.world.block(at=DUE)
    assert supply(story, first) == ("dropped", None)
    second = f"{answers(story).digest}-0"
    assert supply(story, second) == ("expected", "2026-12-30T00:00:00.000Z")
    hands_over(story, second)
    assert supply(story, second) == ("supplied", None)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R451")
def test_who_asks_twice_is_owed_twice() -> None:
    story = Story(Parameters(supply_days=15)).publish()
    first = story.in_emergency()
    requests = [story.formalities(), story.formalities()]
    items = [bodies.grant_item("health", request=one) for one in requests]
    digest = story.says("transport/main", bodies.grant(*items)).digest
    hands_over(story, first)
    second, third = (supply(story, f"{digest}-{n}") for n in range(2))
    assert (second, third) == (("supplied", None), ("expected", SUPPLY_DUE))


@pytest.mark.rule("R435", "W872")
def test_of_two_requests_each_is_answered_and_the_first_answer_completes() -> None:
    story = published()
    story.in_emergency()
    for request in (story.formalities(), story.formalities()):
        item = bodies.grant_item("health", request=request)
        story.says("transport/main", bodies.grant(item))
        assert state(story) == "completed"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R435")
def test_a_right_that_lapses_is_disposed_of() -> None:
    story = Story(Parameters(disposal_days=5)).publish()
    brief = replace(TERMS, delete_within=0)
    story.catalogue(conditions=brief)
    grant_id = story.in_emergency(terms=brief)
    case_id = f"{grant_id}-disposal"
    case = story.world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    assert case.due == "2026-12-16T00:00:00.000Z"
    story.world.block(at=DUE)
    story.says("health/main", bodies.disposal(story.world.now, grant_id))
    assert story.state_of(case_id) == "disposed"


@pytest.mark.rule("R435", "R510")
def test_a_right_that_lapses_no_more_is_disposed_of_when_it_ends() -> None:
    story = Story(Parameters(disposal_days=5)).publish()
    brief = replace(TERMS, delete_within=0)
    story.catalogue(conditions=brief)
    story.in_emergency(terms=brief)
    answers(story, terms=brief)
    case = story.world.value(f"case/{story.grant_id}-disposal")
    assert isinstance(case, Case)
    assert case.due == "2026-12-26T00:00:00.000Z"


@pytest.mark.rule("R415", "R435")
def test_what_hangs_from_it_lapses_with_it() -> None:
    story = published()
    story.catalogue(conditions=replace(TERMS, delegable=1))
    above = story.in_emergency(terms=replace(TERMS, delegable=1))
    passed_on = story.pass_on(above, "audit", terms=BRIEF)
    use = bodies.usage(passed_on, story.world.now)
    assert story.world.find(story.world.sign("audit/main", use)) == ()
    story.world.block(at=DUE)
    use = bodies.usage(passed_on, story.world.now)
    found = story.world.find(story.world.sign("audit/main", use))
    assert found == (findings.NO_EFFECTIVE_GRANT.code,)


@pytest.mark.parametrize(
    "changes", [{"members": (), "standing": True}, {"request": f"{NOWHERE}-0"}]
)
def test_an_emergency_is_for_members_that_have_not_asked(changes: dict[str, object]) -> None:
    item = bodies.grant_item("health", terms=BRIEF, emergency="accident")
    with pytest.raises((FormatError, ValueError), match="emergency"):
        GrantItem(**{name: getattr(item, name) for name in item.__struct_fields__} | changes)
