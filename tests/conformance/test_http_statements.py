"""What local systems may send for signing, and what is no statement."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from node.api.records import BATCH_RECORDS_MAX
from node.storage.address import Database
from tests.golden.api_examples import TOKEN, WRITER, talking

ONE: Final = "/v1/statements"
MANY: Final = "/v1/statements/batch"
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
SCHEMA: Final = '{"columns":[{"name":%s,"type":"text"}],"first":%s,"schema":"%s","total":1}'


@pytest.fixture
async def client(tmp_path: Path, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with talking(tmp_path, database) as (client, _, _):
        yield client


def statement(body: str, kind: str = "schema", writer: str = WRITER) -> bytes:
    names = f'{{"writer":{json.dumps(writer)},"kind":{json.dumps(kind)},"body":'
    return names.encode() + body.encode() + b"}"


def schema(name: str = '"a"', first: str = "0") -> str:
    return SCHEMA % (name, first, "0" * 64)


BAD: Final = {
    "nothing": b"",
    "an array": b"[]",
    "arrays in arrays": statement("[" * 100_000 + "]" * 100_000),
    "objects in objects": statement('{"columns":' * 50_000 + "1" + "}" * 50_000),
    "null": statement("null"),
    "an infinite number": statement("1e400"),
    "a fraction": statement(schema(first="0.5")),
    "a number too large": statement(schema(first=str(2**53))),
    "a surrogate": statement(schema(name='"\\ud800"')),
    "no UTF-8": statement("{}").replace(b"{}", b'"\xff"'),
    "a kind there is not": statement("{}", kind="\0"),
    "a writer that cannot be": statement(schema(), writer="../main"),
    "a member too many": statement(schema())[:-1] + b',"more":1}',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
async def test_what_is_no_statement(client: httpx.AsyncClient, body: bytes) -> None:
    many = b'{"items":[' + (body or b"[]") + b"]}"
    for path, content in ((ONE, body), (MANY, many)):
        answer = await client.post(path, content=content, headers=HEADERS)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_too_many_statements(client: httpx.AsyncClient) -> None:
    items = b",".join([statement(schema())] * (BATCH_RECORDS_MAX + 1))
    answer = await client.post(MANY, content=b'{"items":[' + items + b"]}", headers=HEADERS)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_statement_as_text(client: httpx.AsyncClient) -> None:
    """Which a web page could send without asking."""
    headers = {**HEADERS, "Content-Type": "text/plain"}
    answer = await client.post(ONE, content=statement(schema()), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "shown", [b"", b"Bearer", b"Basic " + TOKEN.encode(), b"Bearer \xe9", b"Bearer " + b"x" * 16]
)
async def test_without_the_token(client: httpx.AsyncClient, shown: bytes) -> None:
    headers = {b"Authorization": shown}
    answer = await client.post(ONE, content=statement(schema()), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
