"""Figures over HTTP: the same as an auditor's, page by page, as at past moments."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from msgspec import convert

from contracts.assessment.reports import Assessment, Counted, Figure, assess, drill
from contracts.assessment.trust import Evidence, Trust, trust_in
from node.storage.address import Database
from tests.assessed import QUARTER, chronicle_of
from tests.served import served, settings_in
from tests.unit.contracts.test_assessment import quarter
from tests.world import ROLES, World

PATH: Final = f"/v1/assessment?period={QUARTER}"
FIGURE: Final = f"/v1/assessment/transport/timely-answers?period={QUARTER}"


@pytest.fixture(scope="module")
def world() -> World:
    return quarter().world


@pytest.fixture
async def client(
    tmp_path: Path, world: World, database: Database
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings_in(tmp_path, database=database), world) as client:
        yield client


async def read(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == httpx.codes.OK, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_everybody_is_assessed_as_an_auditor_does(
    client: httpx.AsyncClient, world: World
) -> None:
    chronicle = chronicle_of(world)
    told = await read(client, f"{PATH}&at={len(world.leaves)}")
    found = [convert(one, Assessment) for one in told["items"]]
    assert found == [assess(chronicle.at, member, QUARTER, world.now) for member in sorted(ROLES)]
    assert (told["next"], told["size"], told["blockTime"]) == (None, len(world.leaves), world.now)


async def test_pages_add_up(client: httpx.AsyncClient) -> None:
    whole = (await read(client, f"{PATH}&at=9999"))["items"]
    for path, expected in ((PATH, whole), (FIGURE, (await read(client, FIGURE))["items"])):
        found: list[object] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await read(client, f"{path}&at=9999&limit=1&cursor={cursor}")
            assert len(page["items"]) == 1
            found += page["items"]
            cursor = page["next"]
        assert found == expected


async def test_a_figure_shows_what_it_counts(client: httpx.AsyncClient, world: World) -> None:
    chronicle = chronicle_of(world)
    told = await read(client, f"{FIGURE}&at={len(world.leaves)}")
    figure, things = convert(told["figure"], Figure), convert(told["items"], tuple[Counted, ...])
    asked = ("transport", QUARTER, world.now, "timely-answers")
    assert (figure, things) == drill(chronicle.at, *asked)
    late = next(one for one in told["items"] if not one["counts"])
    case = await client.get(f"/v1/{late['thing']['key'].replace('case', 'cases', 1)}")
    assert case.json()["workflow"] == "request"
    record = await client.get(f"/v1/records/{late['thing']['record']}")
    assert record.json()["kind"] == "request"


async def test_a_past_moment(client: httpx.AsyncClient, world: World) -> None:
    chronicle = chronicle_of(world)
    for now in ("2026-12-01T00:00:00.000Z", "2027-06-01T00:00:00.000Z"):
        told = await read(client, f"{PATH}&member=transport&at={now}")
        (one,) = convert(told["items"], tuple[Assessment, ...])
        assert one == assess(chronicle.at, "transport", QUARTER, now)
    assert {one.status for one in one.figures if not one.open} == {"final"}


async def test_the_period_that_runs(client: httpx.AsyncClient) -> None:
    told = await read(client, "/v1/assessment?member=health&at=2026-12-01T00:00:00.000Z")
    assert told["items"][0]["period"] == QUARTER
    by_year = await read(client, "/v1/assessment?member=health&period=2026")
    assert by_year["items"][0]["figures"] == []


async def test_the_trust_index(client: httpx.AsyncClient, world: World) -> None:
    chronicle = chronicle_of(world)
    size = len(world.leaves)
    told = await read(client, f"/v1/trust?at={size}")
    for one in told["items"]:
        index, evidence = trust_in(chronicle.at, one["member"], world.now)
        assert convert(one["index"], Trust) == index
        found = await read(client, f"/v1/trust/{one['member']}?at={size}")
        assert convert(found["evidence"], tuple[Evidence, ...]) == evidence
    assert [one["member"] for one in told["items"]] == sorted(ROLES)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/assessment/nobody/timely-answers",
        f"/v1/assessment/health/dance?period={QUARTER}",
        "/v1/assessment/health/timely-answers?period=2026",
        "/v1/trust/nobody",
    ],
)
async def test_what_there_is_not(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json()["code"] == "not-found"


async def test_an_indicator_says_over_what_it_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/assessment/transport/timely-answers?period=2026")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "it is taken over each quarter, such as 20" in answer.json()["detail"]
    unknown = await client.get("/v1/assessment/transport/nosuch?period=2026")
    assert unknown.json()["detail"] == "no indicator nosuch is taken over 2026"
