"""Deliveries, duties, lineage and titles: in the views, as at past sizes, and after the upgrade."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from contracts.tasks import against
from contracts.values import Case, StatedDelivery, parse_value
from ledger.records import Step, parse_record
from ledger.records.catalogue import DatasetVersion
from ledger.seal import is_seal
from ledger.types import Time
from node.replica import Replica
from node.storage import migrations
from node.storage.address import Database
from node.storage.database import open_database
from node.storage.store import SqlStore
from node.views import duties, lineage, queries, steps
from node.views.as_at import state_at
from node.views.duties import OUTCOMES, Outcome, Wanted
from node.views.models import USAGE, VIEWS
from tests import bodies
from tests.nodes import close, open_replica
from tests.older import UNDO, take_back
from tests.story import Story
from tests.unit.node.test_views import history, pasts, raw
from tests.world import World

DAY_MS: Final = 86_400_000
ALL: Final = 1_000
EVERY: Final = Wanted()
NEW: Final = (
    "delivery_view",
    "derivation_view",
    "duty_view",
    "input_view",
    "step_view",
    "title_view",
)
"""Views that upgrades make."""


@pytest.fixture(scope="module")
def world() -> World:
    return history()


@pytest.fixture(scope="module")
def replica(world: World, kept_database: Database) -> Iterator[Replica]:
    opened = open_replica(kept_database, world)
    yield opened
    close(opened)


def owed(replica: Replica, size: int, time: Time, wanted: Wanted = EVERY) -> list[dict[str, Any]]:
    with replica.store.snapshot() as snapshot:
        view = state_at(snapshot, size)
        found, following = duties.page(snapshot.connection, view, time, wanted, duties.FIRST, ALL)
    assert following is None
    return found


def test_what_is_open_is_every_deadline_that_runs_against_somebody(
    world: World, replica: Replica
) -> None:
    """Recomputed from the state of every past block."""
    seen = 0
    for past, result in zip(pasts(world), (world.founding, *world.results), strict=True):
        cases = [(id_, parse_value(f"case/{id_}", one)) for id_, one in past.of("case").items()]
        wanted = {
            (id_, case.due)
            for id_, case in cases
            if isinstance(case, Case) and case.due is not None and against(case)
        }
        told = owed(replica, past.size, result.head.time, Wanted(outcome="open"))
        assert {(one["case"], one["due"]) for one in told} == wanted
        seen += len(wanted)
    assert seen > 3


def test_outcomes_divide_the_duties(world: World, replica: Replica) -> None:
    size, time = world.head.size, world.head.time
    every = owed(replica, size, time)
    parts = [owed(replica, size, time, Wanted(outcome=one)) for one in OUTCOMES]
    assert sorted(map(repr, every)) == sorted(repr(one) for part in parts for one in part)


def outcomes(story: Story, folder: Path, case: str) -> list[tuple[str, Outcome]]:
    """Whom the duties of a case ran against, and what became of them."""
    replica = open_replica(folder / "ledger.db", story.world)
    try:
        rows = owed(replica, story.world.head.size, story.world.head.time)
        return [(str(one["who"]), one["outcome"]) for one in rows if one["case"] == case]
    finally:
        close(replica)


def wait(story: Story) -> None:
    story.world.block(at=story.world.later(60 * DAY_MS))


def test_a_duty_is_met_in_time(tmp_path: Path) -> None:
    story = Story().publish()
    asked = story.ask()
    story.steps("transport/main", "refuse", asked, "not-held")
    assert outcomes(story, tmp_path, asked) == [("transport", "met")]


def test_a_duty_is_overdue_then_met_late(tmp_path: Path) -> None:
    story = Story().publish()
    asked = story.ask()
    wait(story)
    (tmp_path / "before").mkdir()
    assert outcomes(story, tmp_path / "before", asked) == [("transport", "overdue")]
    story.steps("transport/main", "refuse", asked, "not-held")
    assert outcomes(story, tmp_path, asked) == [("transport", "met-late")]


@pytest.mark.parametrize(("late", "outcome"), [(False, "dropped"), (True, "missed")])
def test_a_duty_falls_away(late: bool, outcome: str, tmp_path: Path) -> None:  # noqa: FBT001
    story = Story().publish()
    asked = story.ask()
    if late:
        wait(story)
    story.steps("health/main", "withdraw", asked)
    assert outcomes(story, tmp_path, asked) == [("transport", outcome)]


def test_an_office_owes_what_whoever_holds_it_does(world: World, replica: Replica) -> None:
    size, time = world.head.size, world.head.time
    of_steward = owed(replica, size, time, Wanted("steward", workflow="review"))
    assert {(one["who"], one["outcome"]) for one in of_steward} == {
        ("@steward", "met"),
        ("@steward", "overdue"),
    }
    assert not owed(replica, size, time, Wanted("transport", workflow="review"))


def test_who_stands_in_for_an_office_owes_what_it_does(tmp_path: Path) -> None:
    story = Story()
    story.says("steward/main", bodies.schema())
    entry = story.says("steward/main", bodies.entry()).digest
    replica = open_replica(tmp_path / "ledger.db", story.world)
    try:
        size, time = story.world.head.size, story.world.head.time
        (duty,) = owed(replica, size, time, Wanted("transport"))
        assert (duty["case"], duty["who"]) == (entry, "@steward")
        assert not owed(replica, size, time, Wanted("audit"))
    finally:
        close(replica)


def test_pages_of_duties_follow_one_another(world: World, replica: Replica) -> None:
    size, time = world.head.size, world.head.time
    told, after = [], duties.FIRST
    with replica.store.snapshot() as snapshot:
        view = state_at(snapshot, size)
        following: duties.Key | None = after
        while following is not None:
            page, following = duties.page(snapshot.connection, view, time, Wanted(), following, 2)
            told += page
    assert told == owed(replica, size, time)


def moves(world: World) -> Iterator[tuple[int, str, str]]:
    """Index, case and step of every `step` record, read off the leaves."""
    for index, leaf in enumerate(world.leaves):
        body = None if is_seal(leaf) else parse_record(leaf).body
        if isinstance(body, Step):
            yield from ((index, case, body.step) for case in body.cases)


def test_every_step_is_told_with_who_took_it(world: World, replica: Replica) -> None:
    with replica.store.snapshot() as snapshot:
        told, following = steps.page(
            snapshot.connection, world.head.size, steps.Wanted({}), steps.FIRST, ALL
        )
    assert following is None
    found = [(one["index"], one["case"], one["step"]) for one in told]
    assert {*moves(world)} <= {*found}
    others = {(step, one["workflow"]) for one in told for step in (one["step"],)}
    assert {("grant", "request"), ("accept", "grant"), ("revoke", "grant")} <= others
    assert found == sorted(found, key=lambda one: one[:2])
    for one in told:
        record = parse_record(world.leaves[int(str(one["index"]))])
        assert one["writer"] == record.chain.writer


def test_pages_of_steps_follow_one_another(world: World, replica: Replica) -> None:
    told: list[dict[str, object]] = []
    with replica.store.snapshot() as snapshot:
        connection, size = snapshot.connection, world.head.size
        following: steps.Key | None = steps.FIRST
        while following is not None:
            page, following = steps.page(connection, size, steps.Wanted({}), following, 2)
            told += page
        whole, _ = steps.page(connection, size, steps.Wanted({}), steps.FIRST, ALL)
    assert told == whole


def test_a_delivery_is_acknowledged_as_at_a_later_size(world: World, replica: Replica) -> None:
    found = []
    with replica.store.snapshot() as snapshot:
        for past in pasts(world):
            for answer in ("no", "yes"):
                filters = {"consumer": "health", "acknowledged": answer}
                page = queries.versioned_page(
                    snapshot.connection, "delivery", past.size, filters, limit=ALL
                )
                found += [(answer, bytes(raw(one["value"]))) for one in page.items]
    values = [(answer, parse_value("delivery/", value)) for answer, value in dict(found).items()]
    assert [(answer, isinstance(v, StatedDelivery) and v.acknowledged is not None)
            for answer, v in values] == [("no", False), ("yes", True)]  # fmt: skip


def test_a_block_is_made_from_its_inputs_and_says_so_in_both_directions(
    world: World, replica: Replica
) -> None:
    size = world.head.size
    with replica.store.snapshot() as snapshot:
        up, whole = lineage.edges(snapshot.connection, "fused", size, "up")
        down, _ = lineage.edges(snapshot.connection, "flights", size, "down")
        before, _ = lineage.edges(snapshot.connection, "flights", 5, "down")
    assert whole
    assert up == down
    assert [(one.dataset, one.source, one.grant is None, one.version) for one in up] == [
        ("fused", "flights", True, 1),
        ("fused", "flights", False, None),
    ]
    assert before == []


def test_a_long_lineage_is_bounded(tmp_path: Path) -> None:
    """Ten datasets, each released as made from the one before."""
    story = Story().publish()
    names = ["flights", *(f"d{n}" for n in range(10))]
    for source, name in pairwise(names):
        story.catalogue(dataset=name, code=name)
        made = bodies.release_item(
            dataset=name, derived_from=(DatasetVersion(dataset=source, version=1),)
        )
        story.says("transport/main", bodies.release(made))
    replica = open_replica(tmp_path / "ledger.db", story.world)
    with replica.store.snapshot() as snapshot:
        size = story.world.head.size
        down, whole = lineage.edges(snapshot.connection, "flights", size, "down")
        last, is_last_whole = lineage.edges(snapshot.connection, "d2", size, "up")
    close(replica)
    assert [one.level for one in down] == list(range(1, lineage.LEVELS_MAX + 1))
    assert not whole
    assert [one.source for one in last] == ["d1", "d0", "flights"]
    assert is_last_whole


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"text": "FLÜGE besuche"}, ["fused"]),
        ({"text": "what flies"}, ["flights", "fused"]),
        ({"text": "what crawls"}, []),
        ({"text": "%"}, []),
        ({"code": "F-2"}, ["fused"]),
        ({"code": "F-1"}, []),
        ({"text": "flies", "provider": "health"}, ["fused"]),
    ],
)
def test_the_catalogue_is_searched(
    filters: dict[str, str], found: list[str], world: World, replica: Replica
) -> None:
    with replica.store.snapshot() as snapshot:
        page = queries.versioned_page(snapshot.connection, "entry", world.head.size, filters)
    assert [one["id"] for one in page.items] == found


def rows(store: SqlStore) -> dict[str, list[str]]:
    """Every row of every view; row numbers left out."""
    with store.snapshot() as snapshot:
        return {
            table.name: sorted(
                repr(tuple(row))
                for row in snapshot.connection.execute(
                    select(*(c for c in table.c if c.name != "row"))
                )
            )
            for table in VIEWS
        }


def test_every_migration_can_be_taken_back_by_tests() -> None:
    versions = Path(migrations.__path__[0]) / "versions"
    later = sorted((path.stem[:4] for path in versions.glob("0*.py")), reverse=True)
    assert [*UNDO] == later[:-1]


def test_an_upgrade_fills_what_the_views_would_hold(world: World, database: Database) -> None:
    replica = open_replica(database, world)
    before = rows(replica.store)
    with replica.store.engine.connect() as connection, connection.begin():
        take_back(connection, "0004")
    close(replica)
    engine = open_database(database)
    after = rows(SqlStore(engine))
    engine.dispose()
    # Only of entries that were in force is the title known, not of the one under review.
    assert set(after["title_view"]) < set(before["title_view"])
    for name in {*NEW, "entry_view"} - {"title_view"}:
        assert after[name] == before[name]


def test_uses_of_a_right_are_read_through_all_epochs_of_the_log(database: Database) -> None:
    engine = open_database(database)
    use = {
        "consumer": "health", "dataset": "flights", "version": 1, "purpose": "tax",
        "operation": "read", "started_at": "", "ended_at": "", "uses": 1, "rows": 1, "findings": 0,
    }  # fmt: skip
    indexes = (5, 65_535, 65_536, 200_000)
    with engine.begin() as connection:
        for index in indexes:
            connection.execute(USAGE.insert(), {**use, "index": index, "grant": "one"})
            connection.execute(USAGE.insert(), {**use, "index": index + 1_000, "grant": "other"})
        found: list[object] = []
        cursor: str | None = ""
        while cursor is not None:
            page = queries.usage_page(connection, 200_002, {"grant": "one"}, cursor=cursor, limit=2)
            found += [one["index"] for one in page.items]
            cursor = page.next
        before = queries.usage_page(connection, 200_000, {"grant": "one"})
    assert found == [*indexes]
    assert [one["index"] for one in before.items] == [*indexes[:3]]
    engine.dispose()
