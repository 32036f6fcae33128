"""Tasks over HTTP: whose they are, the moment days are counted from, page by page."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contracts.values import Case
from node.storage.address import Database
from tests import bodies
from tests.served import served, settings_in
from tests.story import published
from tests.world import World


@pytest.fixture
def world() -> World:
    story = published()
    for _ in range(3):
        story.ask()
    story.says("health/main", bodies.usage(None, story.world.now))
    return story.world


@pytest.fixture
async def client(
    tmp_path: Path, world: World, database: Database
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings_in(tmp_path, database=database), world) as client:
        yield client


def due_of(world: World) -> str:
    cases = [world.value(key) for key in world.state.keys("case/")]
    (due,) = {case.due for case in cases if isinstance(case, Case) and case.state == "open"}
    assert due is not None
    return due


async def test_the_tasks_of_a_member(client: httpx.AsyncClient, world: World) -> None:
    answer = (await client.get("/v1/tasks?member=transport&at=9999")).json()
    steps = [(one["step"], one["record"], one["duty"]) for one in answer["items"]]
    assert steps == steps[: len(steps) // 3] * 3
    assert {("refuse", "step", "must"), ("grant", "grant", "must")} <= {*steps}
    assert {one["dataset"] for one in answer["items"]} == {"flights"}
    assert (answer["next"], answer["size"]) == (None, len(world.leaves))


async def test_a_writer_is_of_its_member(client: httpx.AsyncClient) -> None:
    by_writer = await client.get("/v1/tasks?writer=health/main&duty=must&at=9999")
    by_both = await client.get("/v1/tasks?member=health&writer=health/main&duty=must&at=9999")
    assert by_writer.json() == by_both.json()
    assert [one["step"] for one in by_writer.json()["items"]] == ["reply"]
    custodian = await client.get("/v1/tasks?writer=health/custodian")
    assert custodian.json()["items"] == []


async def test_pages_add_up(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/v1/tasks?member=transport")).json()["items"]
    found: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        url = f"/v1/tasks?member=transport&limit=1&cursor={cursor}"
        page = (await client.get(url)).json()
        found += page["items"]
        cursor = page["next"]
    assert found == whole
    assert len({one["case"] for one in whole}) == 3


async def test_days_are_counted_from_the_time_asked_about(
    client: httpx.AsyncClient, world: World
) -> None:
    due = due_of(world)
    told = {}
    for at in ("2026-11-23T00:01:00.000Z", "2026-12-03T08:00:00.000Z", due):
        first = (await client.get(f"/v1/tasks?member=transport&at={at}")).json()["items"][0]
        told[at] = (first["daysLeft"], first["urgency"])
    assert list(told.values()) == [(10, None), (2, "three-days"), (0, "overdue")]


async def test_as_at_a_past_size(client: httpx.AsyncClient, world: World) -> None:
    size = world.results[-3].head.size
    answer = (await client.get(f"/v1/tasks?member=transport&at={size}")).json()
    assert len({one["case"] for one in answer["items"]}) == 2
    assert {one["daysLeft"] for one in answer["items"]} == {10}
    before = (await client.get("/v1/tasks?member=transport&at=5")).json()
    assert before["items"] == []
