# ruff: noqa: E501  a row of a rule table is a line
"""Deliveries: what was handed over, what was received, and where the two differ."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.invariants import violations
from contracts.values import Case, StatedDelivery
from ledger.records import Body
from ledger.records.catalogue import VersionContent
from ledger.records.genesis import Parameters
from ledger.times import from_ms, to_ms
from ledger.types import Time
from tests import bodies
from tests.bodies import CONTENT, NOWHERE, TERMS
from tests.story import Row, Story, play, published, rule_table


def hands_over(**changes: object) -> Callable[[Story], Body]:
    """Transport hands over ten rows of `flights` under health's right."""
    return lambda story: bodies.delivery(story.grant(), story.world.now, **changes)


def under(grant: Callable[[Story], str]) -> Callable[[Story], Body]:
    """The same, under what is claimed to be a right."""
    return lambda story: bodies.delivery(grant(story), story.world.now)


def within(**limits: str) -> Callable[[Story], Body]:
    """The same, under a right with a period."""
    return lambda story: bodies.delivery(story.grant(replace(TERMS, **limits)), story.world.now)


def before_the_grant(story: Story) -> Body:
    grant_id = story.grant()
    early = from_ms(to_ms(story.world.now) - 1)
    return bodies.delivery(grant_id, story.world.now, started_at=early)


def ended(story: Story) -> str:
    story.steps("health/main", "end", story.grant())
    return story.grant_id


def passed_on(story: Story) -> str:
    """Health passes its right on to audit, which accepts."""
    wide = replace(TERMS, delegable=1)
    story.catalogue(conditions=wide)
    return story.pass_on(story.grant(wide), "audit")


def received(**changes: object) -> Callable[[Story], Body]:
    """Health acknowledges a delivery of 1,000 rows in 100 answers."""

    def action(story: Story) -> Body:
        sent = bodies.delivery(story.grant(), story.world.now, count=100, rows=1_000)
        delivered = story.says("transport/main", sent).digest
        return replace(bodies.acknowledgement(delivered, count=100, rows=1_000), **changes)

    return action


def by_the_clerk(body: Callable[[Story], Body], member: str) -> Callable[[Story], Body]:
    """A writer appointed for the dataset `tides` speaks about `flights`."""

    def action(story: Story) -> Body:
        story.world.accept(story.world.appoint(f"{member}/clerk", datasets=("tides",)))
        return body(story)

    return action


LATER = "2027-01-01T00:00:00.000Z"
DELIVERIES = (
    Row("R423", "as granted", "transport/main", hands_over()),
    Row("R423", "a selection of it", "transport/main", hands_over(sha256=NOWHERE, rows=3)),
    Row("R423", "that is not over yet", "transport/main", hands_over(ended_at=LATER), reasons.SPAN_IN_FUTURE),
    Row("R423", "under no grant", "transport/main", under(lambda _: f"{NOWHERE}-0"), findings.DELIVERED_WITHOUT_GRANT),
    Row("R423", "under a standing grant", "transport/main", under(lambda s: s.stand()), findings.DELIVERED_WITHOUT_GRANT),
    Row("R423", "of another dataset than granted", "transport/main", hands_over(content=VersionContent(dataset="tides", sha256=CONTENT, version=1)), (findings.DELIVERED_WITHOUT_GRANT, findings.DELIVERY_DIFFERS)),
    Row("R424", "by somebody else", "weather/main", hands_over(), findings.DELIVERED_WITHOUT_GRANT),
    Row("R424", "by the holder itself", "health/main", hands_over(), findings.DELIVERED_WITHOUT_GRANT),
    Row("R424", "by whoever passed the right on", "health/main", under(passed_on)),
    Row("R424", "by the provider of what was passed on", "transport/main", under(passed_on)),
    Row("R424", "under an offer not accepted", "transport/main", under(lambda s: s.offer()), findings.DELIVERED_WITHOUT_GRANT),
    Row("R424", "under a right that has ended", "transport/main", under(ended), findings.DELIVERED_WITHOUT_GRANT),
    Row("R424", "from before the grant", "transport/main", before_the_grant, findings.DELIVERED_WITHOUT_GRANT),
    Row("R424", "before the period granted", "transport/main", within(not_before=LATER), findings.DELIVERED_WITHOUT_GRANT),
    Row("R424", "within the period granted", "transport/main", within(not_after=LATER)),
    Row("R425", "of contents that were never released", "transport/main", hands_over(content=VersionContent(dataset="flights", sha256=NOWHERE, version=1)), findings.DELIVERY_DIFFERS),
    Row("R425", "of a version that was never released", "transport/main", hands_over(content=VersionContent(dataset="flights", sha256=CONTENT, version=2)), findings.DELIVERY_DIFFERS),
    Row("R425", "of more rows than there are", "transport/main", hands_over(rows=11), findings.DELIVERY_DIFFERS),
    Row("R425", "of all rows twice", "transport/main", hands_over(count=2, rows=20)),
    Row("R426", "by a writer for other data", "transport/clerk", by_the_clerk(hands_over(), "transport"), findings.OUTSIDE_APPOINTMENT),
)  # fmt: skip

RECEIPTS = (
    Row("R427 R428 R429", "all of it", "health/main", received()),
    Row("R427", "of nothing that was delivered", "health/main", lambda _: bodies.acknowledgement(NOWHERE), findings.DELIVERY_UNKNOWN),
    Row("R427", "of what somebody else received", "weather/main", received(), findings.DELIVERY_UNKNOWN),
    Row("R428", "other bytes", "health/main", received(sha256=NOWHERE), findings.CONTENTS_DIFFER),
    Row("R428", "bytes nobody took the digest of", "health/main", received(sha256=None)),
    Row("R429", "as few as the ledger tolerates", "health/main", received(rows=990, count=99)),
    Row("R429", "one row fewer", "health/main", received(rows=989), findings.COUNTS_DIFFER),
    Row("R429", "fewer answers", "health/main", received(count=98), findings.COUNTS_DIFFER),
    Row("R429", "more than was sent", "health/main", received(rows=1_011), findings.COUNTS_DIFFER),
    Row("R429 R428", "nothing at all", "health/main", received(count=0, rows=0, sha256=None), findings.COUNTS_DIFFER),
    Row("R428 R429", "wrong in both", "health/main", received(rows=1, sha256=NOWHERE), (findings.CONTENTS_DIFFER, findings.COUNTS_DIFFER)),
    Row("R426", "by a writer for other data", "health/clerk", by_the_clerk(received(), "health"), findings.OUTSIDE_APPOINTMENT),
)  # fmt: skip


@rule_table(DELIVERIES)
def test_deliveries(row: Row) -> None:
    play(published(), row)


@rule_table(RECEIPTS)
def test_acknowledgements(row: Row) -> None:
    play(published(), row)


@pytest.mark.rule("R424")
def test_a_delivery_after_the_period_is_without_a_grant() -> None:
    story = published()
    end = story.world.later(60_000)
    grant_id = story.grant(replace(TERMS, not_after=end))
    story.world.block(at=end)
    in_time = bodies.delivery(grant_id, end)
    assert story.world.find(story.world.sign("transport/main", in_time)) == ()
    late = bodies.delivery(grant_id, end, ended_at=story.world.now)
    found = story.world.find(story.world.sign("transport/main", late))
    assert found == ("delivered-without-grant",)


@pytest.mark.rule("R427", "R429", "F35")
def test_the_last_acknowledgement_counts_and_a_difference_is_against_both() -> None:
    story = published()
    sent = bodies.delivery(story.grant(), story.world.now)
    delivered = story.says("transport/main", sent).digest
    first = story.says("health/main", bodies.acknowledgement(delivered, rows=1)).digest
    case = story.world.value(f"case/{first}-counts-differ")
    assert isinstance(case, Case)
    assert [(party.member, party.part) for party in case.parties] == [
        ("transport", "accused"),
        ("health", "accused"),
    ]
    assert case.finding is not None
    assert case.finding.measure == "received 1 times, 1 rows"
    assert case.finding.limit == "delivered 1 times, 10 rows"
    story.steps("health/main", "reply", f"{first}-counts-differ")
    again = story.says("health/main", bodies.acknowledgement(delivered)).digest
    stated = story.world.value(f"delivery/{delivered}")
    assert isinstance(stated, StatedDelivery)
    assert stated.acknowledged == again
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R427", "R428", "R429", "F35", "F36")
def test_a_difference_is_found_once_however_often_it_is_stated() -> None:
    story = published()
    world = story.world
    delivered = story.says("transport/main", bodies.delivery(story.grant(), world.now)).digest
    fewer = bodies.acknowledgement(delivered, rows=1)
    assert world.find(world.sign("health/main", fewer)) == ("counts-differ",)
    assert world.find(world.sign("health/main", fewer)) == ()
    story.says("health/main", bodies.acknowledgement(delivered))
    assert world.find(world.sign("health/main", fewer)) == ()
    others = bodies.acknowledgement(delivered, sha256=NOWHERE)
    assert world.find(world.sign("health/main", others)) == ("contents-differ",)
    stated = world.value(f"delivery/{delivered}")
    assert isinstance(stated, StatedDelivery)
    assert stated.found == ("contents-differ", "counts-differ")
    # Another delivery is another matter.
    again = story.says("transport/main", bodies.delivery(story.grant_id, world.now)).digest
    receipt = world.sign("health/main", bodies.acknowledgement(again, rows=1))
    assert world.find(receipt) == ("counts-differ",)


@pytest.mark.rule("R427", "R429")
def test_a_delivery_to_oneself_accuses_nobody_twice() -> None:
    story = published()
    delivered = story.says("health/main", bodies.delivery(story.grant(), story.world.now)).digest
    receipt = story.world.sign("health/main", bodies.acknowledgement(delivered, rows=1))
    assert story.world.find(receipt) == ("counts-differ",)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R429")
def test_a_ledger_may_tolerate_no_difference() -> None:
    story = Story(Parameters(count_tolerance=0)).publish()
    delivered = story.says("transport/main", bodies.delivery(story.grant(), story.world.now)).digest
    receipt = story.world.sign("health/main", bodies.acknowledgement(delivered, rows=9))
    assert story.world.find(receipt) == ("counts-differ",)


def hands_over_the_first(story: Story, grant_id: str, started_at: Time | None = None) -> list[str]:
    """Transport hands over version 1; returns what is found."""
    now = story.world.now
    body = bodies.delivery(grant_id, now, started_at=started_at or now)
    return list(story.world.find(story.world.sign("transport/main", body)))


def released_again(story: Story, corrects: int | None = None) -> Time:
    """Version 2 is released; returns the last moment before."""
    before = story.world.now
    item = bodies.release_item(version=2, corrects=corrects)
    story.says("transport/main", bodies.release(item))
    return before


@pytest.mark.rule("R443", "R431", "F45")
def test_what_was_corrected_is_handed_over_no_more() -> None:
    story = Story(Parameters(answers_weighed=True, supply_days=20)).publish()
    grant_id = story.grant()
    before = released_again(story, corrects=1)
    assert hands_over_the_first(story, grant_id) == ["stale-data-supplied"]
    assert story.state_of(f"{grant_id}-supply") == "expected"
    assert hands_over_the_first(story, grant_id, before) == []


@pytest.mark.rule("R443", "R309", "F45")
def test_a_second_correction_does_not_hide_the_first() -> None:
    story = Story(Parameters(answers_weighed=True)).publish()
    grant_id = story.grant()
    released_again(story, corrects=1)
    between = story.world.now
    story.says("transport/main", bodies.release(bodies.correcting_item(version=3)))
    assert hands_over_the_first(story, grant_id, between) == ["stale-data-supplied"]


@pytest.mark.rule("R443")
def test_an_older_version_is_handed_over_unless_the_newest_was_granted() -> None:
    story = Story(Parameters(answers_weighed=True)).publish()
    grant_id = story.grant()
    item = bodies.grant_item("health", request=story.ask(), newest=True)
    newest = f"{story.says('transport/main', bodies.grant(item)).digest}-0"
    assert hands_over_the_first(story, newest) == []
    before = released_again(story)
    assert hands_over_the_first(story, grant_id) == []
    assert hands_over_the_first(story, newest) == ["stale-data-supplied"]
    assert hands_over_the_first(story, newest, before) == []


@pytest.mark.rule("R443", "R402", "R412")
def test_who_takes_the_newest_up_or_passes_it_on_gives_the_newest() -> None:
    wide = replace(TERMS, delegable=1)
    story = Story(Parameters(answers_weighed=True)).publish(conditions=wide)
    item = bodies.grant_item(standing=True, newest=True, terms=wide)
    story.says("transport/main", bodies.grant(item))
    taken = story.ask(wide).replace("-0", "-1")
    below = story.pass_on(taken, "audit")
    released_again(story)
    assert hands_over_the_first(story, taken) == ["stale-data-supplied"]
    assert hands_over_the_first(story, below) == ["stale-data-supplied"]


@pytest.mark.rule("R443")
def test_nothing_is_stale_where_the_ledger_does_not_ask() -> None:
    story = published()
    grant_id = story.grant()
    released_again(story, corrects=1)
    assert hands_over_the_first(story, grant_id) == []
