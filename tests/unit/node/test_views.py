"""Views against a naive recomputation, as at every size the log ever had; dropped and rebuilt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pytest
from msgspec import Raw, to_builtins
from msgspec.structs import replace
from sqlalchemy import Row, delete, insert, select

from contracts.transition import Accepted
from contracts.values import Case, GrantedRight, parse_value
from ledger.records import Usage, WriterEnd, parse_record
from ledger.records.catalogue import DatasetVersion
from ledger.seal import is_seal
from ledger.types import ItemId
from node import views
from node.replica import Replica, ReplicaError
from node.storage.address import Database
from node.storage.models import LeafRow, table_of
from node.views import queries
from node.views.models import VERSIONED, VIEWS
from node.views.rebuild import rebuild
from tests import bodies
from tests.assessed import assessed
from tests.nodes import close, open_replica
from tests.story import Story
from tests.world import World

DAY_MS: Final = 86_400_000


def history() -> World:
    """A ledger in which values of every view begin, change and end."""
    wide = replace(bodies.TERMS, delegable=1, operations=("derive", "query", "read"))
    story = assessed().publish(conditions=wide)
    world = story.world
    story.pass_on(story.grant(wide), "audit")
    grant = story.grant()
    offer = story.offer(to="weather")
    refused = story.ask(by="weather")
    story.steps("transport/main", "refuse", refused, "not-held")
    for use in (grant, None, grant):
        story.says("health/main", bodies.usage(use, world.now))
    delivered = story.says("transport/main", bodies.delivery(grant, world.now))
    story.says("health/main", bodies.acknowledgement(delivered.digest))
    story.says("weather/main", bodies.acceptance(offer))
    fuse(story, story.grant(wide))
    story.says("transport/main", bodies.revocation(grant))
    story.says("health/main", bodies.usage(grant, world.now))
    story.says("transport/main", bodies.release(bodies.release_item(version=2)))
    story.submit(dataset="delays", code="T-2")
    story.says("transport/main", bodies.system("running"))
    story.says("transport/main", bodies.system("retired"))
    world.block(at=world.later(30 * DAY_MS))  # the steward's review is overdue
    world.accept(world.sign("weather/custodian", WriterEnd(writer="weather/main")))
    return world


def fuse(story: Story, *rights: ItemId) -> None:
    """A block dataset of health, made from `flights`, then from its own first version, too."""
    body = bodies.entry(
        block=bodies.block(*rights), dataset="fused", system="pool", title="Flüge und Besuche"
    )
    for code in ("F-1", "F-2"):
        entry = story.says("health/main", replace(body, code=code)).digest
        story.steps("steward/main", "approve", entry)
    flights = DatasetVersion(dataset="flights", version=1)
    item = bodies.release_item(dataset="fused", derived_from=(flights,))
    story.says("health/main", bodies.release(item))


@dataclass(frozen=True)
class Past:
    """The state after one block, as the blocks' changes add up."""

    size: int
    values: Mapping[str, bytes]

    def of(self, view: str) -> dict[str, bytes]:
        """What the view must hold, by id."""
        return {
            key.removeprefix(f"{view}/"): value
            for key, value in sorted(self.values.items())
            if key.startswith(f"{view}/")
        }


@dataclass(frozen=True)
class Stage:
    """A replica that has seen it all, and the past of every size."""

    world: World
    replica: Replica
    pasts: Sequence[Past]

    def page(self, view: str, size: int, **filters: str) -> dict[str, bytes]:
        """What the view holds at a size."""
        with self.replica.store.snapshot() as snapshot:
            page = queries.versioned_page(snapshot.connection, view, size, filters, limit=1_000)
        assert page.next is None
        return {str(one["id"]): bytes(raw(one["value"])) for one in page.items}

    def rows(self) -> list[Sequence[Row[tuple[object, ...]]]]:
        """Every row of every view; row numbers left out, they say nothing."""
        with self.replica.store.snapshot() as snapshot:
            return [
                sorted(
                    snapshot.connection.execute(
                        select(*(c for c in table.c if c.name != "row"))
                    ).all(),
                    key=repr,
                )
                for table in VIEWS
            ]


def raw(value: object) -> Raw:
    assert isinstance(value, Raw)
    return value


def pasts(world: World) -> Iterator[Past]:
    values: dict[str, bytes] = {}
    for result in (world.founding, *world.results):
        for key, value in result.values.items():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value
        yield Past(result.head.size, dict(values))


@pytest.fixture(scope="module")
def world() -> World:
    return history()


@pytest.fixture(scope="module")
def stage(world: World, kept_database: Database) -> Iterator[Stage]:
    """For tests that read."""
    yield from staged(world, kept_database)


@pytest.fixture
def own(world: World, database: Database) -> Iterator[Stage]:
    """For tests that write."""
    yield from staged(world, database)


def staged(world: World, database: Database) -> Iterator[Stage]:
    replica = open_replica(database, world)
    yield Stage(world, replica, list(pasts(world)))
    close(replica)


def test_every_view_is_in_the_story(world: World) -> None:
    *_, last = pasts(world)
    assert all(last.of(view) for view in VERSIONED)


@pytest.mark.parametrize("view", VERSIONED)
def test_a_view_as_at_any_size_is_the_state_of_that_size(stage: Stage, view: str) -> None:
    for past in stage.pasts:
        assert stage.page(view, past.size) == past.of(view)


def test_between_two_blocks_a_view_holds_what_the_earlier_one_left(stage: Stage) -> None:
    for before, after in zip(stage.pasts, stage.pasts[1:], strict=False):
        for size in range(before.size, after.size):
            assert stage.page("case", size) == before.of("case")


def test_filters_keep_what_their_value_is_equal_to(stage: Stage) -> None:
    for past in stage.pasts:
        rights = {id_: parse_value(f"grant/{id_}", one) for id_, one in past.of("grant").items()}
        for consumer in ("health", "weather", "audit"):
            wanted = {
                id_
                for id_, right in rights.items()
                if isinstance(right, GrantedRight) and right.member == consumer
            }
            assert stage.page("grant", past.size, consumer=consumer).keys() == wanted


def test_rights_passed_on_are_found_by_their_parent(stage: Stage) -> None:
    rights = [
        (id_, parse_value(f"grant/{id_}", one)) for id_, one in stage.pasts[-1].of("grant").items()
    ]
    passed_on = {
        id_: one.parent for id_, one in rights if isinstance(one, GrantedRight) and one.parent
    }
    ((below, above),) = passed_on.items()
    assert stage.page("grant", stage.pasts[-1].size, parent=above).keys() == {below}
    assert stage.page("grant", stage.pasts[-1].size, parent=below) == {}


def test_systems_are_found_by_owner_and_status(stage: Stage) -> None:
    size = stage.pasts[-1].size
    assert stage.page("system", size, owner="transport").keys() == {"transport/tower"}
    assert stage.page("system", size, owner="transport", status="running") == {}
    assert stage.page("system", size, owner="health") == {}


def test_findings_are_found_by_accused_code_and_state(stage: Stage) -> None:
    seen = set()
    for past in stage.pasts:
        cases = {id_: parse_value(f"case/{id_}", one) for id_, one in past.of("case").items()}
        for member in ("health", "steward", "transport"):
            wanted = {
                id_
                for id_, case in cases.items()
                if isinstance(case, Case)
                if any((p.member, p.part) == (member, "accused") for p in case.parties)
            }
            found = stage.page("case", past.size, accused=member)
            assert found.keys() == wanted
            seen |= wanted
        overdue = stage.page("case", past.size, code="review-overdue", workflow="finding")
        assert overdue.keys() == {id_ for id_ in cases if id_.endswith("review-overdue")}
        granted = stage.page("case", past.size, workflow="request", state="granted")
        states = {i for i, c in cases.items() if isinstance(c, Case) and c.state == "granted"}
        assert granted.keys() == states
    assert len(seen) >= 3


def test_part_of_a_member_s_name_finds_nothing(stage: Stage) -> None:
    size = stage.pasts[-1].size
    assert stage.page("case", size, parties="health")
    for pattern in ("healt", "%", "_ealth", "h%"):
        assert not stage.page("case", size, parties=pattern)


def test_usage_is_every_record_of_use_below_the_size(stage: Stage) -> None:
    uses = [
        (index, record.body)
        for index, leaf in enumerate(stage.world.leaves)
        if not is_seal(leaf)
        for record in (parse_record(leaf),)
        if isinstance(record.body, Usage)
    ]
    assert len(uses) == 4
    with stage.replica.store.snapshot() as snapshot:
        for past in stage.pasts:
            page = queries.usage_page(snapshot.connection, past.size, {})
            wanted = [(index, body.grant) for index, body in uses if index < past.size]
            assert [(one["index"], one["grant"]) for one in page.items] == wanted


def test_a_use_tells_what_its_record_says(stage: Stage) -> None:
    size = stage.pasts[-1].size
    with stage.replica.store.snapshot() as snapshot:
        page = queries.usage_page(snapshot.connection, size, {"consumer": "health"}, limit=1)
        body = parse_record(stage.world.leaves[int(str(page.items[0]["index"]))]).body
        assert isinstance(body, Usage)
        told = dict(page.items[0])
        assert (told.pop("index"), told.pop("findings")) == (int(page.next or 0), 0)
        said = to_builtins(body)
        assert told.pop("consumer") == "health"
        assert (told.pop("dataset"), told.pop("version")) == ("flights", 1)
        assert told == {name: said[name] for name in told}
        rest = queries.usage_page(snapshot.connection, size, {}, cursor=page.next or "")
        assert [one["findings"] for one in rest.items] == [1, 0, 1]


def test_a_span_finds_the_uses_that_start_in_it(stage: Stage) -> None:
    size = stage.pasts[-1].size
    with stage.replica.store.snapshot() as snapshot:
        every = queries.usage_page(snapshot.connection, size, {}).items
        starts = [str(one["startedAt"]) for one in every]
        assert starts == sorted(set(starts))
        page = queries.usage_page(snapshot.connection, size, {}, (starts[1], starts[3]))
        assert [one["startedAt"] for one in page.items] == starts[1:3]


def test_a_case_names_the_records_that_moved_it(stage: Stage) -> None:
    moved: dict[str, list[int]] = {}
    for result in stage.world.results:
        accepted = [one.outcome for one in result.verdicts if isinstance(one, Accepted)]
        for outcome in (result.settlement, *accepted):
            index = result.head.size - 1 if outcome.index is None else outcome.index
            for key in outcome.changed:
                if key.startswith("case/"):
                    moved.setdefault(key.removeprefix("case/"), []).append(index)
    assert len(moved) == len(stage.pasts[-1].of("case"))
    with stage.replica.store.snapshot() as snapshot:
        for past in stage.pasts:
            for case, indexes in moved.items():
                wanted = sorted(index for index in indexes if index < past.size)
                assert queries.case_records(snapshot.connection, case, past.size) == wanted


def test_pages_follow_one_another_without_gap_or_repeat(stage: Stage) -> None:
    size = stage.pasts[-1].size
    with stage.replica.store.snapshot() as snapshot:
        for limit in (1, 2, 3, 10):
            cursor: str | None = ""
            ids: list[object] = []
            while cursor is not None:
                page = queries.versioned_page(
                    snapshot.connection, "writer", size, {}, cursor=cursor, limit=limit
                )
                assert 0 < len(page.items) <= limit
                ids += [one["id"] for one in page.items]
                cursor = page.next
            assert ids == list(stage.pasts[-1].of("writer"))


def test_rebuilt_views_are_those_written_block_by_block(own: Stage) -> None:
    before = own.rows()
    assert all(before)
    with own.replica.store.engine.connect() as connection, connection.begin():
        views.drop(connection)
    assert not any(own.rows())
    heights: list[int] = []
    assert rebuild(own.replica.store, heights.append) == own.world.head.size
    assert heights == list(range(own.world.head.height + 1))
    assert own.rows() == before


def test_rebuilding_does_away_with_rows_nobody_wrote(own: Stage) -> None:
    before = own.rows()
    with own.replica.store.engine.connect() as connection, connection.begin():
        table = VERSIONED["member"]
        connection.execute(delete(table).where(table.c.id == "health"))
        row = {"id": "ghost", "from_size": 1, "status": "active", "value": b"{}"}
        connection.execute(insert(table), row)
    assert own.rows() != before
    rebuild(own.replica.store)
    assert own.rows() == before


def test_leaves_that_do_not_lead_to_their_seal_change_no_view(own: Stage) -> None:
    before = own.rows()
    leaf = table_of(LeafRow)
    with own.replica.store.engine.connect() as connection, connection.begin():
        one, two = own.world.leaves[2], own.world.leaves[3]
        for index, other in ((2, two), (3, one)):
            connection.execute(leaf.update().where(leaf.c["index"] == index).values(leaf=other))
    with pytest.raises(ReplicaError):
        rebuild(own.replica.store)
    assert own.rows() == before
