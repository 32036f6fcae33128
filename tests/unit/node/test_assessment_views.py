"""Figures from the views against figures from the leaves, at every moment; views made anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from contracts.assessment.reports import assess, drill
from contracts.assessment.seed import SEED
from contracts.assessment.trust import trust_in
from ledger.records.governance import SetParameters
from node.replica import Replica
from node.storage.address import Database
from node.storage.database import open_database
from node.storage.store import Snapshot, SqlStore
from node.views.assessment import facts_at
from node.views.models import PARTY
from node.views.rebuild import rebuild
from tests import bodies
from tests.assessed import FINAL, PARAMETERS, QUARTER, chronicle_of, objection
from tests.nodes import close, open_replica
from tests.older import take_back
from tests.unit.contracts.test_assessment import MOMENTS, decide, quarter, use_of_other_data
from tests.unit.contracts.test_indicators import adopt
from tests.world import ROLES, World

LATER: Final = "2027-02-20T00:00:00.000Z"


def history() -> World:
    """A quarter, an objection upheld after the figure is final, a demand that is assigned twice."""
    story = quarter()
    use_of_other_data(story, story.grant())
    key = next(one for one in sorted(story.world.state.keys("case/")) if one.endswith("-0"))
    record = story.says("transport/main", objection(things=(key,)))
    demand = story.says("health/main", bodies.opening("demand"))
    for member in ("weather", "transport"):
        story.says("steward/main", bodies.case_step("assign", f"{demand.digest}-0", member=member))
        story.says(
            f"{member}/main",
            bodies.case_step("decline", f"{demand.digest}-0", ground="not-held"),
        )
    story.says("transport/main", bodies.system("retired"))
    story.world.block(at=FINAL)
    story.steps("steward/main", "uphold", f"{record.digest}-0")
    adopt(story, SetParameters(parameters=replace(PARAMETERS, assessment_days=200)))
    story.world.block(at=LATER)
    decide(story, confirm="supply-overdue", dismiss="correction-overdue")
    return story.world


@pytest.fixture(scope="module")
def world() -> World:
    return history()


@pytest.fixture
def replica(tmp_path: Path, world: World) -> Iterator[Replica]:
    replica = open_replica(tmp_path / "ledger.db", world)
    yield replica
    close(replica)


def parties(snapshot: Snapshot) -> list[tuple[object, ...]]:
    query = select(PARTY).order_by(*PARTY.primary_key)
    return [tuple(row) for row in snapshot.connection.execute(query)]


def compare(replica: Replica, world: World) -> None:
    """Every figure, its things and the index of everybody, as known at every moment."""
    chronicle = chronicle_of(world)
    with replica.store.snapshot() as snapshot:
        views = facts_at(snapshot, replica.head.size)
        assert sorted(views(chronicle.now).members()) == sorted(ROLES)
        for member in ROLES:
            for now in (*MOMENTS, chronicle.now):
                asked = (member, QUARTER, now)
                assert assess(views, *asked) == assess(chronicle.at, *asked), (member, now)
                told = trust_in(views, member, now)
                assert told == trust_in(chronicle.at, member, now)
            for one in SEED:
                asked = (member, QUARTER, chronicle.now)
                drilled = drill(views, *asked, one.id)
                assert drilled == drill(chronicle.at, *asked, one.id)
                assert drilled is not None


def test_the_views_tell_what_the_leaves_tell(replica: Replica, world: World) -> None:
    compare(replica, world)


def test_views_made_anew_tell_the_same(replica: Replica, world: World) -> None:
    with replica.store.snapshot() as snapshot:
        before = parties(snapshot)
    rebuild(replica.store)
    compare(replica, world)
    with replica.store.snapshot() as snapshot:
        assert parties(snapshot) == before


def test_an_upgrade_fills_who_is_a_party(world: World, database: Database) -> None:
    replica = open_replica(database, world)
    with replica.store.snapshot() as snapshot:
        before = parties(snapshot)
    with replica.store.engine.connect() as connection, connection.begin():
        take_back(connection, "0005")
    close(replica)
    engine = open_database(database)
    with SqlStore(engine).snapshot() as snapshot:
        assert parties(snapshot) == before
    engine.dispose()


def test_before_the_ledger_there_is_nothing(replica: Replica) -> None:
    with replica.store.snapshot() as snapshot:
        before = facts_at(snapshot, replica.head.size)("2020-01-01T00:00:00.000Z")
        assert [*before.indicators(), *before.members()] == []
        with pytest.raises(LookupError):
            before.objection(bodies.NOWHERE)
