"""What strangers send: each is answered at once with a problem that has a permanent code.

Over a real socket, byte by byte where a well-behaved client would not let us. The node is one for
all tests, so what any of them had broken would show in the others.
"""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from node.api.events import LISTENERS_MAX
from node.api.problems import PROBLEMS
from node.api.records import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, RECORD_BYTES_MAX
from node.connections import CONNECTIONS_MAX, HEAD_BYTES_MAX
from node.storage.address import Database
from tests.log_files import story
from tests.node_process import NodeProcess, node_process
from tests.nodes import close, open_replica
from tests.served import served, settings_in
from tests.world import World

JSON: Final = "Content-Type: application/json"
LINES: Final = "Content-Type: application/x-ndjson"
FRAMES: Final = "Content-Type: application/octet-stream"
CHUNKED: Final = "Transfer-Encoding: chunked"
RECORDS: Final = "/v1/records"
BATCH: Final = "/v1/records/batch"
UNSIGNED: Final = b'{"payload":%b,"payloadType":"application/vnd.in-toto+json","signatures":%b}'


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The body of an error."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        return found


@pytest.fixture(scope="module")
def node(
    kept_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("node")
    settings = settings_in(folder, database=kept_database, verify_processes=0)
    close(open_replica(settings.database, story()))
    with node_process(settings) as process:
        yield process
        assert httpx.get(f"{process.url}/health/ready").is_success
    assert '"fault"' not in process.log


def request(method: str, path: str, *headers: str, body: bytes | None = None) -> bytes:
    """A request, word for word."""
    length = () if body is None else (f"Content-Length: {len(body)}",)
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", *headers, *length, "", "")
    return "\r\n".join(lines).encode("latin-1") + (body or b"")


def post(path: str, body: bytes, *headers: str) -> bytes:
    return request("POST", path, *headers, body=body)


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def ask(node: NodeProcess, data: bytes) -> Answer:
    """Send bytes, as many as are taken; read one answer."""
    with node.connect() as connection:
        with suppress(ConnectionError):  # an answer may come before all is sent
            connection.sendall(data)
        return read(connection)


def read(connection: socket.socket) -> Answer:
    """One answer with its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        assert part, f"hung up after {received!r}"
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        body += connection.recv(65_536)
    return Answer(int(first.split()[1]), headers, body)


def envelope(payload: str = '""', signatures: str = "[]") -> bytes:
    return UNSIGNED % (payload.encode("utf-8", "surrogatepass"), signatures.encode())


BAD_BODIES: Final = {
    "nothing": b"",
    "no JSON": b"hello",
    "an array in arrays, deeply": b"[" * 200_000,
    "an object in objects, deeply": b'{"payload":' * 20_000,
    "deep where it is skipped": b'{"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "NUL": b"\0",
    "UTF-16": '{"payload":""}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + envelope(),
    "not UTF-8": envelope().replace(b'""', b'"\xff\xfe"'),
    "a surrogate": envelope('"\\ud800"'),
    "a surrogate in UTF-8": envelope('"\ud800"'),
    "a member twice": b'{"payload":"",' + envelope()[1:],
    "an infinite number": envelope("1e400"),
    "a number of 65 bits": envelope("18446744073709551616"),
    "NaN": envelope("NaN"),
    "a long number": envelope("9" * 100_000),
    "base64 of a base64": envelope('"e30="', '[{"keyid":"","sig":"AA=="}]'),
    "two values": envelope() + envelope(),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize("path", [RECORDS, BATCH])
def test_a_body_that_is_no_record(node: NodeProcess, path: str, body: bytes) -> None:
    answer = ask(node, post(path, body, JSON))
    if path == RECORDS:
        assert (answer.status, answer.problem["code"]) == (400, "malformed")
    else:
        results = json.loads(answer.body)["results"]
        assert [one["problem"]["code"] for one in results] == ["malformed"] * bool(body)


BAD_BATCHES: Final = {
    "a million lines": (b"{}\n" * 1_000_000, LINES, 413, "body-too-large"),
    "one line too many": (b"{}\n" * BATCH_RECORDS_MAX + b"{}", LINES, 413, "body-too-large"),
    "only ends of lines": (b"\n" * 1_000_000, LINES, 413, "body-too-large"),
    "millions of empty frames": (bytes(8_000_000), FRAMES, 413, "body-too-large"),
    "a frame that is cut": (b"\0\2a", FRAMES, 400, "bad-framing"),
    "half a length": (b"\0", FRAMES, 400, "bad-framing"),
}


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"), BAD_BATCHES.values(), ids=BAD_BATCHES
)
def test_a_batch_that_is_none(
    node: NodeProcess, body: bytes, media_type: str, status: int, code: str
) -> None:
    answer = ask(node, post(BATCH, body, media_type))
    assert (answer.status, answer.problem["code"]) == (status, code)


@pytest.mark.parametrize("media_type", [LINES, FRAMES])
def test_a_batch_of_nothing_is_answered_with_nothing(node: NodeProcess, media_type: str) -> None:
    assert json.loads(ask(node, post(BATCH, b"", media_type)).body)["results"] == []


def test_a_full_batch_of_bad_records_gets_as_many_answers(node: NodeProcess) -> None:
    answer = ask(node, post(BATCH, b"[]\n" * BATCH_RECORDS_MAX, LINES))
    assert len(json.loads(answer.body)["results"]) == BATCH_RECORDS_MAX


UNWANTED: Final = {
    "text": (post(RECORDS, b"{}", "Content-Type: text/plain"), 415, "unsupported-media-type"),
    "a form": (
        post(BATCH, b"a=b", "Content-Type: application/x-www-form-urlencoded"),
        415,
        "unsupported-media-type",
    ),
    "gzip": (
        post(RECORDS, b"\x1f\x8b", JSON, "Content-Encoding: gzip"),
        415,
        "unsupported-media-type",
    ),
    "more than declared bytes": (
        request("POST", RECORDS, JSON, f"Content-Length: {RECORD_BYTES_MAX + 1}"),
        413,
        "body-too-large",
    ),
    "an absurd length": (
        request("POST", BATCH, JSON, "Content-Length: 9999999999999999"),
        413,
        "body-too-large",
    ),
    "a length that overflows": (
        request("POST", RECORDS, JSON, f"Content-Length: {10**30}"),
        400,
        "malformed-request",
    ),
    "a negative length": (
        request("POST", RECORDS, JSON, "Content-Length: -1"),
        400,
        "malformed-request",
    ),
    "two lengths": (
        request("POST", RECORDS, JSON, "Content-Length: 1", "Content-Length: 2"),
        400,
        "malformed-request",
    ),
    "a length and chunks": (
        request("POST", RECORDS, JSON, "Content-Length: 5", CHUNKED) + b"0\r\n\r\n",
        400,
        "malformed-request",
    ),
    "chunks without end": (
        request("POST", RECORDS, JSON, CHUNKED) + chunks(bytes(65_536)) * 100,
        413,
        "body-too-large",
    ),
    "a batch without end": (
        request("POST", BATCH, FRAMES, CHUNKED)
        + chunks(bytes(65_536)) * (BATCH_BYTES_MAX // 65_536 + 1),
        413,
        "body-too-large",
    ),
    "chunks that are none": (
        request("POST", RECORDS, JSON, CHUNKED) + b"zz\r\n\r\n",
        400,
        "malformed-request",
    ),
    "a trailer without end": (
        request("POST", RECORDS, JSON, CHUNKED) + b"0\r\nX: " + b"a" * 1_000_000,
        431,
        "head-too-large",
    ),
    "a promise too large": (
        request("POST", RECORDS, JSON, "Content-Length: 999999999", "Expect: 100-continue"),
        413,
        "body-too-large",
    ),
    "a long path": (request("GET", "/" + "a" * 300_000), 431, "head-too-large"),
    "a long query": (request("GET", "/v1/usage?to=" + "a" * 40_000), 431, "head-too-large"),
    "a long header": (
        request("GET", "/v1/ledger", "X: " + "a" * HEAD_BYTES_MAX),
        431,
        "head-too-large",
    ),
    "many headers": (request("GET", "/v1/ledger", *["X: a"] * 50_000), 431, "head-too-large"),
    "another method": (request("DELETE", RECORDS), 405, "method-not-allowed"),
    "OPTIONS": (request("OPTIONS", "/v1/ledger"), 405, "method-not-allowed"),
    "no method": (request("BREW", "/v1/ledger"), 400, "malformed-request"),
    "a tunnel": (request("CONNECT", "node:443"), 400, "malformed-request"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed-request"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed-request"),
    "a header with NUL": (request("GET", "/v1/ledger", "X: \0"), 400, "malformed-request"),
    "a path of other bytes": (b"GET /\xff HTTP/1.1\r\n\r\n", 400, "malformed-request"),
    "a star": (request("OPTIONS", "*"), 404, "not-found"),
    "a slash too many": (request("GET", "/v1/ledger/"), 404, "not-found"),
}


@pytest.mark.parametrize(("data", "status", "code"), UNWANTED.values(), ids=UNWANTED)
def test_a_request_nobody_wants(node: NodeProcess, data: bytes, status: int, code: str) -> None:
    answer = ask(node, data)
    assert (answer.status, answer.problem["code"]) == (status, code)
    assert PROBLEMS[code] == (status, answer.problem["title"])


BAD_PLACES: Final = (
    "/v1/records/-1",
    "/v1/records/1e3",
    "/v1/records/%D9%A1",
    "/v1/records/" + "9" * 65,
    "/v1/records/" + "A" * 64,
    "/v1/state/%00",
    "/v1/state/%ff%fe",
    "/v1/state/%C3%A9",
    "/v1/state/",
    "/v1/state/" + "a" * 257,
    "/v1/members?limit=0",
    "/v1/members?limit=1001",
    "/v1/members?limit=1e2",
    "/v1/members?limit=" + "9" * 100,
    "/v1/members?limit=1&limit=2",
    "/v1/members?at=-1",
    "/v1/members?at=0",
    "/v1/members?at=%D9%A1",
    "/v1/members?at=%00",
    "/v1/members?at=%22",
    "/v1/members?at=%ED%A0%80",
    "/v1/members?at=1969-12-31T23:59:59.999Z",
    "/v1/members?at=2026-02-30T00:00:00.000Z",
    "/v1/members?cursor=" + "a" * 257,
    "/v1/members?provider=transport",
    "/v1/assessment?period=2026-Q5",
    "/v1/assessment?period=1969",
    "/v1/assessment/health/timely-answers?period=2026-13",
    "/v1/tasks",
    "/v1/tasks?member=health&duty=shall",
    "/v1/tasks?member=health&writer=transport/main",
    "/v1/tasks?member=health&cursor=a/b",
    "/v1/tasks?member=health&cursor=a/b/-1",
    "/v1/usage?cursor=-1",
    "/v1/usage?cursor=" + "9" * 30,
    "/v1/usage?cursor=%D9%A1",
    "/v1/usage?from=yesterday",
    "/v1/usage?to=%00",
    "/v1/cases/x?cursor=1",
    "/v1/events?from=-1",
    "/v1/events?from=" + "9" * 30,
)


@pytest.mark.parametrize("path", BAD_PLACES, ids=lambda path: path[:40])
def test_a_place_that_cannot_be(node: NodeProcess, path: str) -> None:
    answer = ask(node, request("GET", path))
    assert (answer.status, answer.problem["code"]) == (400, "bad-parameter")


UNKNOWN: Final = {
    "/v1/tasks?member=helth": "no member `helth`; did you mean `health`?",
    "/v1/tasks?member=@steward": "no member `@steward`",
    "/v1/tasks?writer=health/man": "no writer `health/man`; did you mean `health/main`?",
    "/v1/cases?workflow=reqest": "no workflow `reqest`; did you mean `request`?",
    "/v1/cases?workflow=request&state=opne": "no state `opne`; did you mean `open`?",
    "/v1/cases?workflow=request&state=in-force": "no state `in-force`",
    "/v1/cases?party=helth": "no member `helth`; did you mean `health`?",
    "/v1/findings?accused=,": "no member `,`",
    "/v1/findings?code=no-grant": "no code `no-grant`",
    "/v1/grants?dataset=fligths": "no dataset `fligths`; did you mean `flights`?",
    "/v1/grants?parent=x": "no grant `x`",
    "/v1/usage?consumer=%00": "no member `\x00`",
    "/v1/duties?member=helth": "no member `helth`; did you mean `health`?",
    "/v1/steps?step=aprove": "no step `aprove`; did you mean `approve`?",
    "/v1/steps?ground=securty": "no ground `securty`; did you mean `security`?",
    "/v1/assessment?member=%25": "no member `%`",
    "/v1/trust?member=%25": "no member `%`",
    "/v1/members?status=%27%20OR%201=1--": "`status`",
}


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_filter_names_what_there_is(node: NodeProcess, path: str) -> None:
    answer = ask(node, request("GET", path))
    assert (answer.status, answer.problem["code"]) == (400, "bad-parameter")
    assert answer.problem["detail"].startswith(UNKNOWN[path])


@pytest.mark.parametrize("seen", ["x", "-1", "1.0", "1e3", "\xb2", "9" * 17, "0x10", " 1 2"])
def test_an_event_nobody_saw(node: NodeProcess, seen: str) -> None:
    answer = ask(node, request("GET", "/v1/events", f"Last-Event-ID: {seen}"))
    assert (answer.status, answer.problem["code"]) == (400, "bad-parameter")


@pytest.mark.parametrize(
    "path",
    [
        "/tile/../../ledger.db",
        "/tile/%2e%2e/%2e%2e/ledger.db",
        "/tile/0/..%2f..%2fledger.db",
        "/tile/0/000.p/0",
        "/tile/0/000.p/257",
        "/tile/0/x000/000",
        "/tile/64/000",
        "/tile/-1/000",
        "/tile/0/%D9%A0%D9%A0%D9%A0",
        "/tile/0/000.p/99",
        "/tile/0/999",
        "/tile/63/x999/x999/x999/x999/x999/999",
        "/tile/entries/x999/x999/x999/x999/x999/999.p/255",
        "/tile/entries/000.p/1%00",
    ],
)
def test_a_tile_that_is_none(node: NodeProcess, path: str) -> None:
    answer = ask(node, request("GET", path))
    assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/records/9999999999999999",
        "/v1/records/" + "a" * 64,
        "/v1/writers/transport/%00",
        "/v1/writers/%ED%A0%80/main",
        "/v1/writers/a%2fb/main",
        "/v1/cases/%00",
        "/nothing",
        "//v1/ledger",
        "/v1/../v1/ledger",
    ],
)
def test_a_place_where_nothing_is(node: NodeProcess, path: str) -> None:
    answer = ask(node, request("GET", path))
    assert (answer.status, answer.problem["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/v1/members?cursor=%00", 5),
        ("/v1/members?cursor=%F4%8F%BF%BF", 0),
        ("/v1/assessment?period=9999-12&cursor=~", 0),
        ("/v1/assessment?period=1970", 5),
        ("/v1/tasks?member=steward&cursor=~~/%00/9", 0),
        ("/v1/members?at=" + "9" * 32, 5),
        ("/v1/members?at=9999-12-31T23:59:59.999Z", 5),
    ],
)
def test_a_forged_cursor_or_filter_finds_what_it_says(
    node: NodeProcess, path: str, count: int
) -> None:
    answer = ask(node, request("GET", path))
    assert (answer.status, len(json.loads(answer.body)["items"])) == (200, count)


@pytest.mark.parametrize("path", ["/v1/ledger", "/checkpoint", "/tile/0/000.p/5", "/v1/members"])
def test_head_is_get_without_a_body(node: NodeProcess, path: str) -> None:
    by_get, by_head = httpx.get(f"{node.url}{path}"), httpx.head(f"{node.url}{path}")
    assert (by_head.status_code, by_head.content) == (200, b"")
    assert by_head.headers["content-length"] == str(len(by_get.content))


def test_head_of_the_events_ends(node: NodeProcess) -> None:
    assert httpx.head(f"{node.url}/v1/events").headers["content-type"].startswith("text/event-str")


def test_an_upgrade_is_not_taken_up(node: NodeProcess) -> None:
    headers = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    assert ask(node, request("GET", "/v1/ledger", *headers)).status == httpx.codes.OK


def test_the_host_named_is_never_repeated(node: NodeProcess) -> None:
    with node.connect() as connection:
        connection.sendall(b"GET /v1/ledger/ HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        answer = read(connection)
    assert not re.search(r"evil", str(answer))


def test_many_requests_on_one_connection_are_answered_in_order(node: NodeProcess) -> None:
    with node.connect() as connection:
        connection.sendall(request("GET", "/health/live") * 1_000 + request("GET", "/nothing"))
        received = b""
        while b"not-found" not in received:
            part = connection.recv(65_536)
            assert part
            received += part
    assert received.count(b"HTTP/1.1 200 OK") == 1_000


def test_connections_beyond_the_bound_are_told_so(node: NodeProcess) -> None:
    """And when some have gone, others are heard."""
    held = [node.connect() for _ in range(CONNECTIONS_MAX)]
    try:
        with node.connect() as one_more:
            answer = read(one_more)
        assert (answer.status, answer.problem["code"]) == (503, "too-many-connections")
        assert answer.headers["retry-after"] == "1"
    finally:
        for connection in held:
            connection.close()
    while (answer := ask(node, request("GET", "/health/live"))).status != httpx.codes.OK:
        assert answer.problem["code"] == "too-many-connections"  # not all have gone yet


def test_no_more_listen_than_may_though_all_come_at_once(node: NodeProcess) -> None:
    followers = [node.connect() for _ in range(3 * LISTENERS_MAX)]
    try:
        for one in followers:
            one.sendall(request("GET", "/v1/events"))
        statuses = [one.recv(12)[-3:] for one in followers]
        assert statuses.count(b"200") == LISTENERS_MAX
        assert statuses.count(b"429") == 2 * LISTENERS_MAX
    finally:
        for one in followers:
            one.close()


async def test_a_problem_quotes_little_of_what_was_sent(tmp_path: Path) -> None:
    async with served(settings_in(tmp_path), World.genesis()) as client:
        answer = await client.post("/v1/records", content=b'{"' + b"x" * 60_000)
        found = await client.get("/v1/cases/" + "y" * 200 + "?" + "z" * 5_000 + "=1")
    assert (answer.status_code, found.status_code) == (400, 400)
    assert max(len(one.json()["detail"]) for one in (answer, found)) <= 1_001
