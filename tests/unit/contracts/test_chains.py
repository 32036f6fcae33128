"""Where a right stands at a moment: as a use of that moment under it would be judged."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.sharing.chains import Link, _paused_ms, chain_of, state_of
from contracts.values import GrantedRight, Interval
from contracts.view import held
from ledger.times import to_ms
from ledger.types import ItemId, Time
from tests import bodies
from tests.bodies import SOON, TERMS
from tests.story import Story

HOUR_MS = 3_600_000
DEEP = replace(TERMS, delegable=2)
BEYOND: Time = "2026-12-21T00:00:00.000Z"


def revoked(story: Story) -> ItemId:
    grant_id = story.grant()
    story.says("transport/main", bodies.revocation(grant_id))
    return grant_id


def suspended(story: Story) -> ItemId:
    grant_id = story.grant()
    story.steps("steward/main", "order-suspension", grant_id, "overreach")
    return grant_id


def resumed(story: Story) -> ItemId:
    grant_id = suspended(story)
    story.steps("steward/main", "lift-suspension", grant_id)
    return grant_id


def declined(story: Story) -> ItemId:
    grant_id = story.offer()
    story.steps("health/main", "decline", grant_id)
    return grant_id


def run_out(story: Story) -> ItemId:
    grant_id = story.grant(replace(TERMS, not_after=SOON))
    story.world.block(at=BEYOND)
    return grant_id


def lapsed(story: Story) -> ItemId:
    grant_id = story.in_emergency()
    story.world.block(at="2026-12-15T00:00:00.000Z")
    return grant_id


def below(above: Callable[[Story, ItemId], object]) -> Callable[[Story], ItemId]:
    """What weather was passed on, once something has happened to the right above it."""

    def action(story: Story) -> ItemId:
        grant_id = story.grant(DEEP)
        passed_on = story.pass_on(grant_id, "weather")
        above(story, grant_id)
        return passed_on

    return action


def taken_up(story: Story) -> ItemId:
    """What health took up under a standing grant that is then suspended."""
    standing = story.stand()
    right = f"{story.ask().removesuffix('-0')}-1"
    story.steps("transport/main", "suspend", standing, "overreach")
    return right


CASES: dict[str, tuple[Callable[[Story], ItemId], str, str | None]] = {
    "granted as asked": (Story.grant, "in-force", None),
    "offered": (Story.offer, "offered", "was not accepted"),
    "declined": (declined, "ended", "was not accepted"),
    "revoked": (revoked, "ended", "the grant ended at"),
    "suspended": (suspended, "suspended", "was suspended at"),
    "resumed": (resumed, "in-force", None),
    "to begin": (lambda s: s.grant(replace(TERMS, not_before=SOON)), "not-yet", f"from {SOON}"),
    "run out": (run_out, "run-out", f"until {SOON}"),
    "lapsed": (lapsed, "lapsed", "the grant lapsed at"),
    "passed on": (below(lambda *_: None), "in-force", None),
    "passed on, revoked above": (
        below(lambda s, above: s.says("transport/main", bodies.revocation(above))),
        "fallen",
        "above",
    ),
    "passed on, ended above": (
        below(lambda s, above: s.steps("health/main", "end", above)),
        "fallen",
        "above",
    ),
    "taken up, suspended above": (taken_up, "fallen", "was suspended at"),
}


@pytest.mark.rule("R415", "R421")
@pytest.mark.parametrize("name", CASES)
def test_a_right_stands_as_a_use_under_it_is_judged(name: str) -> None:
    action, state, why = CASES[name]
    story = Story().publish(conditions=DEEP)
    grant_id = action(story)
    world = story.world
    right = held(world.state, GrantedRight, f"grant/{grant_id}")
    found = state_of(chain_of(world.state, grant_id, right), world.now)
    assert found.state == state
    assert why is None if found.why is None else why is not None and why in found.why
    use = bodies.usage(grant_id, world.now)
    if right.member is not None and state != "in-force":
        codes = {"no-effective-grant", "outside-window"}
        assert codes & set(world.find(world.sign(f"{right.member}/main", use)))


@pytest.mark.rule("R503")
def test_what_happens_later_changes_nothing_of_a_moment_before() -> None:
    story = Story().publish()
    grant_id, before = story.grant(), story.world.now
    story.world.block(at=SOON)
    story.says("transport/main", bodies.revocation(grant_id))
    right = held(story.world.state, GrantedRight, f"grant/{grant_id}")
    chain = chain_of(story.world.state, grant_id, right)
    assert state_of(chain, before).state == "in-force"
    assert state_of(chain, story.world.now).state == "ended"


def test_a_time_over_which_two_rights_of_a_chain_did_not_hold_is_lost_once() -> None:
    def link(*pauses: tuple[Time, Time | None]) -> Link:
        spans = tuple(Interval(since=since, until=until) for since, until in pauses)
        right = GrantedRight(
            dataset=bodies.DATASET,
            member="health",
            provider="transport",
            schema=bodies.SCHEMA,
            suspensions=spans,
            terms=TERMS,
        )
        return Link(f"{bodies.NOWHERE}-0", right, 0)

    def at(hour: int) -> Time:
        return f"2026-11-23T{hour:02}:00:00.000Z"

    within = link((at(1), at(2)), (at(6), at(7)), (at(20), None))
    around = link((at(5), at(9)), (at(8), at(10)))
    lost_ms = _paused_ms((within, around), to_ms(at(3)), to_ms(at(22)))
    assert lost_ms == (10 - 5 + 22 - 20) * HOUR_MS
