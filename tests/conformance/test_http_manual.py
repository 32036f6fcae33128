"""`/docs` is the whole API, and works where nothing else can be reached."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from node.api.operations import OPERATIONS
from tests.served import served, settings_in
from tests.story import published


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings_in(tmp_path), published().world) as client:
        yield client


async def test_every_operation_is_on_the_page(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for name, operation in OPERATIONS.items():
        assert f"<code>{name}</code>" in page.text
        assert operation.summary.split("<")[0] in page.text
        told = page.text.partition(f"<code>{name}</code>")[2].partition("<h2>")[0]
        scope = "For everybody." if operation.scope is None else f"<code>{operation.scope}</code>"
        assert scope in told, name
    assert "/openapi.json" in page.text


async def test_it_needs_no_other_address(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=\"(?!/openapi.json\")", page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_root_leads_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
