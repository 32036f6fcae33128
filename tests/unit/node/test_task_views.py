"""Tasks from the views against tasks from the state, as at every size the log ever had."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from contracts.replay import Head
from contracts.tasks import Task, may_sign, tasks_of
from contracts.values import Case, Value, Writer, parse_value
from node.replica import Replica
from node.storage.address import Database
from node.storage.store import Snapshot
from node.views import tasks, waiting
from node.views.as_at import state_at
from node.views.rebuild import rebuild
from node.views.tasks import FIRST, Wanted, tasks_page
from tests import bodies, supervised
from tests.nodes import close, open_replica
from tests.older import take_back
from tests.story import Story
from tests.world import ROLES, World

DAY_MS: Final = 86_400_000


def history() -> World:
    """Cases of every workflow that wait, wait no more and are late; offices; a narrow writer."""
    story = Story().publish()
    world = story.world
    world.accept(world.appoint("transport/clerk", families=("cases",), datasets=("delays",)))
    story.submit(dataset="delays", code="T-2")
    grant = story.grant()
    story.offer(to="weather")
    story.ask(by="weather")
    story.says("health/main", bodies.usage(None, world.now))
    story.says("weather/main", bodies.usage(grant, world.now))
    for workflow in ("correction", "dispute"):
        supervised.COURSES[workflow, "mediation"](story)  # for whom, is found in the case
    world.block(at=world.later(30 * DAY_MS))  # the review and the answer are overdue
    story.ask(by="weather")
    # The only steward does not review its own entry: the government does.
    story.says("steward/main", bodies.entry(dataset="registers", code="T-3"))
    return world


class Values:
    """A past state, as the blocks' changes add up."""

    def __init__(self, head: Head, values: Mapping[str, bytes]) -> None:
        self.head = head
        self.values = values

    def get(self, key: str) -> Value | None:
        data = self.values.get(key)
        return None if data is None else parse_value(key, data)

    def tasks(self, wanted: Wanted) -> list[Task]:
        """Every task, in no way but by looking at every case there is."""
        found: list[tuple[str, str, list[Task]]] = []
        for key in self.values:
            case = self.get(key)
            rests = isinstance(case, Case) and (case.workflow, case.state) == ("grant", "in-force")
            if isinstance(case, Case) and not rests:
                case_id = key.removeprefix("case/")
                each = tasks_of(self, self.head.time, case_id, case, wanted.member)
                if each:
                    found.append((each[0].due or "~", case_id, self._kept(each, wanted)))
        return [task for _, _, each in sorted(found) for task in each]

    def _kept(self, each: tuple[Task, ...], wanted: Wanted) -> list[Task]:
        kept = [task for task in each if wanted.duty in (None, task.duty)]
        if wanted.writer is None:
            return kept
        writer = self.get(f"writer/{wanted.writer}")
        assert isinstance(writer, Writer)
        return [task for task in kept if may_sign(writer, task, self.head.time)]


def pasts(world: World) -> Iterator[Values]:
    values: dict[str, bytes] = {}
    for result in (world.founding, *world.results):
        values |= {key: value for key, value in result.values.items() if value is not None}
        for key in [key for key, value in result.values.items() if value is None]:
            values.pop(key, None)
        yield Values(result.head, dict(values))


@pytest.fixture(scope="module")
def world() -> World:
    return history()


@pytest.fixture(scope="module")
def replica(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    replica = open_replica(tmp_path_factory.mktemp("tasks") / "ledger.db", world)
    yield replica
    close(replica)


def told(replica: Replica, past: Values, wanted: Wanted, limit: int = 1_000) -> list[Task]:
    """All pages."""
    found: list[Task] = []
    cursor: tasks.Cursor | None = FIRST
    with replica.store.snapshot() as snapshot:
        while cursor is not None:
            head = past.head
            page, cursor = tasks_page(snapshot, head.size, head.time, wanted, cursor, limit)
            assert len(page) <= limit
            found += page
    return found


@pytest.mark.parametrize("member", [*ROLES, "nobody"])
def test_tasks_as_at_any_size_are_those_of_the_state(
    world: World, replica: Replica, member: str
) -> None:
    seen = 0
    for past in pasts(world):
        expected = past.tasks(Wanted(member))
        assert told(replica, past, Wanted(member)) == expected
        seen += len(expected)
    assert (seen > 0) == (member != "nobody")


def test_some_are_late_and_late_ones_come_first(world: World, replica: Replica) -> None:
    *_, last = pasts(world)
    for member, step in (("steward", "approve"), ("transport", "refuse")):
        first = next(t for t in told(replica, last, Wanted(member)) if t.duty == "must")
        assert (first.urgency, first.step) == ("overdue", step)
    ordered = [task.due or "~" for task in told(replica, last, Wanted("transport"))]
    assert ordered == sorted(ordered)
    assert {task.urgency for task in told(replica, last, Wanted("transport"))} >= {"overdue", None}


def test_who_mediates_sees_it(world: World, replica: Replica) -> None:
    *_, last = pasts(world)
    parts = {task.part for task in told(replica, last, Wanted("steward"))}
    assert parts >= {"mediator", "steward"}
    others = {task.part for task in told(replica, last, Wanted("audit"))}
    assert "mediator" not in others


def test_pages_of_any_length_make_up_the_list(world: World, replica: Replica) -> None:
    *_, last = pasts(world)
    whole = told(replica, last, Wanted("steward"))
    assert len(whole) > 4
    for limit in range(1, len(whole) + 1):
        assert told(replica, last, Wanted("steward"), limit) == whole


def test_a_page_looks_at_so_many_cases_and_goes_on(
    world: World, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last = pasts(world)
    wanted = Wanted("steward", duty="must")
    whole = told(replica, last, wanted)
    monkeypatch.setattr(tasks, "CASES_MAX", 1)
    assert told(replica, last, wanted) == whole == last.tasks(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("transport", "transport/main"),
        Wanted("transport", "transport/clerk"),
        Wanted("transport", duty="must"),
        Wanted("health", duty="may"),
    ],
)
def test_tasks_of_a_writer_or_a_duty_are_some_of_them(
    world: World, replica: Replica, wanted: Wanted
) -> None:
    *_, last = pasts(world)
    expected = last.tasks(wanted)
    assert told(replica, last, wanted) == expected
    assert {one.case for one in expected} <= {one.case for one in last.tasks(Wanted(wanted.member))}


def test_the_past_state_is_what_the_tasks_need_of_it(world: World, replica: Replica) -> None:
    """Not a value that rules asked for tasks read is another than it was."""
    kinds = ("member", "role", "case", "entry-draft", "request", "grant", "writer", "ledger")
    with replica.store.snapshot() as snapshot:
        for past in pasts(world):
            view = state_at(snapshot, past.head.size)
            for key in (one for one in past.values if one.partition("/")[0] in kinds):
                assert view.get(key) == past.get(key), key


def rows(snapshot: Snapshot) -> list[tuple[object, ...]]:
    query = text("SELECT id, from_size, to_size, who, due FROM waiting_view")
    return sorted(map(tuple, snapshot.connection.execute(query)), key=repr)


def test_an_older_database_is_filled_as_if_it_had_been_there(
    world: World, database: Database
) -> None:
    replica = open_replica(database, world)
    with replica.store.snapshot() as snapshot:
        before = rows(snapshot)
    assert before
    with replica.store.engine.begin() as connection:
        take_back(connection, "0001")
    close(replica)
    again = open_replica(database)
    with again.store.snapshot() as snapshot:
        assert rows(snapshot) == before
    close(again)


def test_it_is_rebuilt_from_the_log(world: World, tmp_path: Path) -> None:
    replica = open_replica(tmp_path / "ledger.db", world)
    with replica.store.snapshot() as snapshot:
        before = rows(snapshot)
    rebuild(replica.store)
    with replica.store.snapshot() as snapshot:
        assert rows(snapshot) == before
    assert {who for _, _, _, who, _ in before} >= {"@steward", "@mediator", "health"}
    assert waiting.NEVER in {due for *_, due in before}
    close(replica)
