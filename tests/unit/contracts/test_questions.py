"""The first questions of an audit, answered from what a replay of the log came to."""

from functools import cache

import pytest
from msgspec.structs import replace

from contracts.audit.questions import Questions
from contracts.replay import Block
from ledger.records import parse_record
from ledger.types import Time
from tests import bodies
from tests.story import Story
from tests.world import START

FOUNDED = "1970-01-01T00:00:00.000Z"
NEVER = "9999-12-31T23:59:59.999Z"
DECEMBER = "2026-12-01T00:00:00.000Z"
JANUARY = "2027-01-01T00:00:00.000Z"


@cache
def story() -> tuple[Story, dict[str, str]]:
    """Something of everything in November, more in December; ids by name."""
    story, names = Story(), dict[str, str]()
    story.says("transport/main", bodies.system(system="tower"))
    story.says("transport/main", bodies.system(system="radar"))
    story.publish()
    names["entry"] = story.entry
    story.says("weather/main", bodies.entry(dataset="tides", system="buoys"))
    (tides,) = story.world.state.keys("entry-draft/")
    names["tides"] = tides.partition("/")[2]
    story.steps("steward/main", "approve", names["tides"])
    names["refused"] = story.ask()
    story.steps("transport/main", "refuse", story.request_id, "not-necessary")
    names["used"] = story.grant()
    story.says("health/main", bodies.usage(story.grant_id, story.world.now))
    names["unused"] = story.grant()
    names["ended"] = story.grant()
    story.steps("health/main", "end", story.grant_id)
    names["offered"] = story.offer()
    use = story.says("health/main", bodies.usage(None, story.world.now)).digest
    names["finding"] = f"{use}-no-effective-grant"
    story.steps("health/main", "reply", names["finding"])
    story.steps("audit/main", "confirm", names["finding"])
    order = bodies.opening("rectification", "health", case=names["finding"], settles=True)
    names["order"] = f"{story.says('steward/main', order).digest}-0"
    story.world.block(at="2026-12-15T00:00:00.000Z")
    story.steps("health/main", "report", names["order"])
    story.steps("audit/main", "close", names["order"])
    leak = bodies.incident(story.world.now, datasets=("flights",), member="transport", people=7)
    names["leak"] = f"{story.says('health/main', leak).digest}-0"
    lost = bodies.incident(story.world.now, category="loss", member="transport", stage="collect")
    names["loss"] = f"{story.says('health/main', lost).digest}-0"
    names["late"] = story.ask(by="weather")
    story.steps("transport/main", "refuse", story.request_id, "security")
    story.says("health/main", bodies.usage(names["unused"], story.world.now))
    return story, names


def asked(since: Time = FOUNDED, until: Time = NEVER) -> tuple[Questions, dict[str, str]]:
    told, names = story()
    return asked_of(told, since, until), names


def asked_of(told: Story, since: Time = FOUNDED, until: Time = NEVER) -> Questions:
    questions = Questions(since=since, until=until)
    world = told.world
    founded = Block(START, "steward", (parse_record(world.leaves[0]),))
    for block, result in zip(
        (founded, *world.blocks), (world.founding, *world.results), strict=True
    ):
        questions.take(block, result)
    return questions


@pytest.mark.parametrize("until", [NEVER, DECEMBER])
def test_which_system_has_no_entry_and_which_entry_no_system(until: Time) -> None:
    questions, _ = asked(until=until)
    assert [(one.system, one.status, one.datasets) for one in questions.unlinked()] == [
        ("transport/radar", "running", ()),
        ("weather/buoys", "not registered", ("tides",)),
    ]


def test_what_was_refused_on_which_ground() -> None:
    questions, names = asked()
    assert [(one.ground, one.request, one.consumer) for one in questions.refusals()] == [
        ("not-necessary", names["refused"], "health"),
        ("security", names["late"], "weather"),
    ]
    assert {one.told.writer for one in questions.refusals()} == {"transport/main"}
    questions, names = asked(since=DECEMBER)
    assert [one.request for one in questions.refusals()] == [names["late"]]
    questions, names = asked(until=DECEMBER)
    assert [one.request for one in questions.refusals()] == [names["refused"]]


def test_what_was_granted_and_not_used_by_then() -> None:
    questions, names = asked(until=DECEMBER)
    assert [(one.grant, one.state) for one in questions.unused()] == [
        (names["unused"], "in-force"),
        (names["ended"], "ended"),
    ]
    questions, names = asked()
    assert [one.grant for one in questions.unused()] == [names["ended"]]
    questions, names = asked(since=DECEMBER)
    assert questions.unused() == []


def test_what_was_never_used_is_told_with_what_became_of_it() -> None:
    story = Story().publish()
    until, before = "2026-12-10T00:00:00.000Z", "2026-12-20T00:00:00.001Z"
    last = "2026-12-20T00:00:00.000Z"
    ran_out = story.grant(replace(bodies.TERMS, not_after=until))
    later = story.grant(replace(bodies.TERMS, not_before=before))
    story.world.block(at="2026-12-15T00:00:00.000Z")

    def told(since: Time = FOUNDED, until: Time = NEVER) -> dict[str, str]:
        return {one.grant: one.state for one in asked_of(story, since, until).unused()}

    assert told(until=DECEMBER) == {ran_out: "in-force"}
    assert told() == {ran_out: "run-out", later: "in-force"}
    assert told(since=DECEMBER, until=last) == {ran_out: "run-out"}
    assert told(since="2026-12-12T00:00:00.000Z", until=last) == {}


def test_what_was_found_and_put_right_by_then() -> None:
    questions, names = asked(until=DECEMBER)
    (found,) = questions.problems()
    assert (found.case, found.code, found.accused) == (
        names["finding"],
        "no-effective-grant",
        ("health",),
    )
    assert (found.state, found.orders) == ("confirmed", ((names["order"], "open"),))
    assert [one.step for one in found.steps] == ["reply", "confirm"]
    questions, names = asked()
    (found,) = questions.problems()
    assert (found.state, found.orders) == ("closed", ((names["order"], "closed"),))
    questions, _ = asked(since=DECEMBER)
    assert questions.problems() == []


def test_what_happened_at_which_stage() -> None:
    questions, names = asked()
    loss, leak = questions.incidents()
    assert (loss.case, loss.category, loss.stage) == (names["loss"], "loss", "collect")
    assert (leak.case, leak.category, leak.stage) == (names["leak"], "leak", "store")
    assert (leak.where, leak.datasets, leak.people, leak.state) == (
        "transport",
        ("flights",),
        7,
        "open",
    )
    assert leak.told.writer == "health/main"
    questions, _ = asked(until=DECEMBER)
    assert questions.incidents() == []
    questions, _ = asked(since=JANUARY)
    assert questions.incidents() == []


def test_who_approved_what_is_in_force() -> None:
    questions, names = asked()
    told, _ = story()
    leaves = told.world.leaves
    approved = [(one.what, one.told.writer) for one in questions.approvals()]
    assert approved == [
        (names["entry"], "steward/main"),
        (names["used"], "transport/main"),
        (names["unused"], "transport/main"),
        (names["tides"], "steward/main"),
    ]
    for one in questions.approvals():
        assert parse_record(leaves[one.told.index]).chain.writer == one.told.writer


def test_how_much_there_was() -> None:
    questions, _ = asked(until=DECEMBER)
    assert questions.standing() == {
        "members": 5,
        "systems": 2,
        "entries": 2,
        "rights": 2,
        "open cases: finding": 1,
        "open cases: grant": 1,
        "open cases: rectification": 1,
    }
    questions, _ = asked(until=FOUNDED)
    assert set(questions.standing().values()) == {0}


DEEP = replace(bodies.TERMS, delegable=1)


def test_a_right_is_in_force_as_a_use_under_it_would_be_judged() -> None:
    story = Story().publish(conditions=DEEP)
    above = story.grant(DEEP)
    below = story.pass_on(above, "weather")
    suspended, ended = story.grant(), story.grant()
    story.says("steward/main", bodies.case_step("order-suspension", suspended, ground="overreach"))
    story.steps("health/main", "end", ended)
    assert {one.what for one in asked_of(story).approvals() if "-" in one.what} == {above, below}
    assert asked_of(story).standing()["rights: suspended"] == 1
    story.says("transport/main", bodies.revocation(above))
    left = asked_of(story)
    assert [one.what for one in left.approvals() if "-" in one.what] == []
    assert {one.grant: one.state for one in left.unused()} == {
        above: "ended", below: "fallen", suspended: "suspended", ended: "ended",
    }  # fmt: skip
    told = left.standing()
    assert (told["rights"], told["rights: fallen"], told["rights: suspended"]) == (0, 1, 1)


def test_what_a_standing_grant_covered_was_approved_by_who_gave_that() -> None:
    story = Story().publish()
    standing = story.stand()
    taken_up = f"{story.ask().removesuffix('-0')}-1"
    given = {one.what: one for one in asked_of(story).approvals()}
    assert given[taken_up].told == given[standing].told
    assert given[taken_up].told.writer == "transport/main"
    assert (given[taken_up].standing, given[standing].standing) == (standing, None)
