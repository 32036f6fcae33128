"""The log: one JSON object per line, and nothing in it that was only passing through."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from node.api.observed import Observed
from node.client.request_ids import request_id
from node.logs import configured_logs, log
from node.metrics import Metrics
from node.replica import ReplicaError
from node.storage.database import open_database

SECRET: Final = "marker-4711"


class Log(io.StringIO):
    """What was logged."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def told() -> Iterator[Log]:
    stream = Log()
    with configured_logs("info", stream):
        yield stream


def fault(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_begins_with_when_how_bad_and_what(told: Log) -> None:
    log.info("started", size=2, name="a\nb \u8def")
    (line,) = told.lines
    assert [*line] == ["time", "level", "event", "size", "name"]
    assert (line["level"], line["event"], line["name"]) == ("info", "started", "a\nb \u8def")
    assert line["time"].endswith("Z")
    assert told.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("level", "events"),
    [("debug", "dice"), ("info", "ice"), ("warning", "ce"), ("error", "e")],
)
def test_the_level_is_kept(level: str, events: str) -> None:
    stream = Log()
    with configured_logs(level, stream):
        log.debug("d")
        log.info("i")
        log.warning("c")
        log.error("e")
    assert "".join(line["event"] for line in stream.lines) == events


def test_what_libraries_say_has_the_same_form(told: Log) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request %s", "received")
    logging.getLogger("uvicorn.error").info("not of interest")
    logging.getLogger("other").error("it failed", exc_info=fault(KeyError(SECRET)))
    first, second = told.lines
    assert (first["level"], first["event"]) == ("warning", "Invalid HTTP request received")
    assert (second["event"], second["error"]) == ("it failed", "KeyError")
    assert second["trace"][0].startswith("tests/unit/node/test_logs.py:")
    assert SECRET not in told.getvalue()


def test_of_an_exception_the_message_is_left_out(told: Log) -> None:
    error = ValueError(SECRET)
    error.__cause__ = fault(RuntimeError(SECRET))
    log.error("fault", exc_info=fault(error))
    (line,) = told.lines
    assert (line["error"], line["cause"]["error"]) == ("ValueError", "RuntimeError")
    assert SECRET not in told.getvalue()


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (ReplicaError("the tiles do not give the root"), "the tiles do not give the root"),
    ],
)
def test_of_disk_and_database_the_message_is_told(error: Exception, detail: str, told: Log) -> None:
    log.critical("commit-failed", exc_info=error)
    assert told.lines[0]["detail"] == detail


def test_a_statement_that_fails_does_not_show_what_it_was_to_write(
    told: Log, tmp_path: Path
) -> None:
    engine = open_database(tmp_path / "x.db")
    with engine.connect() as connection, pytest.raises(SQLAlchemyError) as caught:
        connection.execute(text("INSERT INTO nowhere VALUES (:x)"), {"x": SECRET})
    engine.dispose()
    log.critical("commit-failed", exc_info=caught.value)
    assert "no such table" in told.lines[0]["detail"]
    assert SECRET not in told.getvalue()


def observed() -> FastAPI:
    app = FastAPI()

    @app.get("/things/{name}")
    async def things(request: Request, name: str) -> Response:
        if name == "broken":
            raise KeyError(SECRET)
        if name == "gone":
            raise ClientDisconnect
        request.scope["problem"] = "a-code"
        return Response(name)

    app.add_middleware(Observed, metrics=Metrics())
    return app


@pytest.fixture
async def client(told: Log) -> Any:
    transport = httpx.ASGITransport(observed())
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        yield client


async def test_a_request_is_a_line(client: httpx.AsyncClient, told: Log) -> None:
    answer = await client.get(f"/things/{SECRET}?q={SECRET}", headers={"Cookie": SECRET})
    (line,) = told.lines
    assert line["request_id"] == answer.headers["x-request-id"]
    shown = {name: line[name] for name in ("event", "method", "route", "status", "problem")}
    assert shown == {
        "event": "request",
        "method": "GET",
        "route": "/things/{name}",
        "status": 200,
        "problem": "a-code",
    }
    assert isinstance(line["ms"], int)
    assert SECRET not in told.getvalue()


async def test_of_a_stranger_no_request_id_is_kept(client: httpx.AsyncClient, told: Log) -> None:
    """Whose are kept: `tests/conformance/test_http_headers.py`."""
    answer = await client.get("/things/a", headers={"X-Request-Id": SECRET})
    assert told.lines[0]["request_id"] == answer.headers["x-request-id"] != SECRET


def test_what_comes_of_a_request_has_its_id_whoever_tells_it(told: Log) -> None:
    with request_id("4711"):
        log.warning("peer-unreachable")
        logging.getLogger("another").warning("a library's")
    log.info("stopped")
    assert [line.get("request_id") for line in told.lines] == ["4711", "4711", None]
    assert [*told.lines[0]][:3] == ["time", "level", "event"]


async def test_a_fault_is_told_twice_and_quoted_never(client: httpx.AsyncClient, told: Log) -> None:
    answer = await client.get("/things/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    first, second = told.lines
    assert (first["event"], first["error"], first["level"]) == ("fault", "KeyError", "error")
    assert (second["event"], second["status"]) == ("request", 500)
    assert first["request_id"] == second["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in told.getvalue() + answer.text


async def test_a_caller_that_goes_away_is_no_fault(told: Log) -> None:
    async def receive() -> Any: ...
    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "GET", "path": "/things/gone", "headers": [],
             "query_string": b"", "http_version": "1.1", "scheme": "http"}  # fmt: skip
    await observed()(scope, receive, send)
    (line,) = told.lines
    assert (line["status"], line["problem"]) == (499, "disconnected")


async def test_an_unknown_path_is_not_told(client: httpx.AsyncClient, told: Log) -> None:
    await client.get(f"/{SECRET}")
    await client.request("BREW", "/things/a")
    first, second = told.lines
    assert (first["route"], first["status"]) == ("none", 404)
    assert second["method"] == "other"
    assert SECRET not in told.getvalue()
