"""Headers of every answer: what browsers and caches may make of it, and the id of the request."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from node.api.operations import OPERATIONS
from node.connections import HEAD_BYTES_MAX, UNWANTED_BYTES_MAX
from tests.conformance.test_http_hostile import ask, read, request
from tests.log_files import story
from tests.network import eventually
from tests.node_process import NodeProcess, node_process
from tests.nodes import close, open_replica
from tests.served import served, settings_in
from tests.unit.node.test_access import filled
from tests.unit.node.test_tokens import TOKEN, secret_file
from tests.world import World

STRICT: Final = "default-src 'none'; frame-ancestors 'none'"
SECURED: Final = {
    "content-security-policy": STRICT,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
KEPT: Final = {
    "/checkpoint": "no-cache",
    "/tile/0/000.p/5": "max-age=31536000, immutable",
    "/tile/entries/000.p/5": "max-age=31536000, immutable",
}
AUDITOR: Final = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings_in(tmp_path), story()) as opened:
        yield opened


def check(answer: httpx.Response, cache_control: str = "no-store") -> None:
    shown = {name: answer.headers.get_list(name) for name in SECURED}
    assert shown == {name: [value] for name, value in SECURED.items()}
    assert answer.headers.get_list("cache-control") == [cache_control]
    assert "strict-transport-security" not in answer.headers  # it came over plain HTTP
    assert "server" not in answer.headers


async def test_every_answer_is_secured(client: httpx.AsyncClient) -> None:
    for name in OPERATIONS:
        method, path = name.split()
        method = "HEAD" if path == "/v1/events" else method
        answer = await client.request(method, filled(path))
        is_kept = path in ("/checkpoint", "/{log}/checkpoint", "/v1/events")
        check(answer, answer.headers["cache-control"] if is_kept else "no-store")
    for path in ("/nowhere", "/openapi.json", "/v1/ledger?x=1"):
        check(await client.get(path))


@pytest.mark.parametrize("path", KEPT)
async def test_what_may_be_kept_says_so(path: str, client: httpx.AsyncClient) -> None:
    check(await client.get(path), KEPT[path])


async def test_the_manual_has_its_style_and_nothing_else(client: httpx.AsyncClient) -> None:
    (policy,) = (await client.get("/docs")).headers.get_list("content-security-policy")
    wanted = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    assert policy == wanted


async def test_over_tls_browsers_are_told_to_stay_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("https://localhost/v1/ledger")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("closed")
    tokens = secret_file(folder)
    settings = settings_in(folder, read_tokens_file=tokens, verify_processes=0)
    close(open_replica(settings.database, World.genesis()))
    with node_process(settings) as process:
        yield process


@pytest.mark.parametrize(
    "sent",
    [
        request("GET", "/v1/ledger"),
        b"no HTTP at all\r\n\r\n",
        request("GET", "/v1/ledger", "X: " + "x" * (HEAD_BYTES_MAX + 1)),
        request("GET", "/v1/ledger?" + "q" * (HEAD_BYTES_MAX + 1)),
    ],
    ids=["unknown", "no HTTP", "a head too large", "a query too long"],
)
def test_what_is_answered_before_any_resource_is_secured_too(
    sent: bytes, node: NodeProcess
) -> None:
    answer = ask(node, sent)
    assert answer.status in (400, 401, 431)
    assert answer.headers.items() >= {**SECURED, "cache-control": "no-store"}.items()


def test_a_body_without_end_and_credential_is_not_waited_for(node: NodeProcess) -> None:
    head = request("POST", "/v1/records/batch", "Transfer-Encoding: chunked")
    with node.connect() as connection:
        connection.sendall(head + b"ffff\r\n" + b"x" * 1_000)
        assert read(connection).status == 401


def test_who_goes_on_sending_is_hung_up_on(node: NodeProcess) -> None:
    head = request("POST", "/v1/records/batch", "Content-Length: 1000000000")
    with node.connect() as connection:
        connection.sendall(head)
        assert read(connection).status == 401
        sent = bytes(8 * UNWANTED_BYTES_MAX)  # more than buffers on the way hold besides
        with pytest.raises(ConnectionError):
            connection.sendall(sent)


class TestRequestIds:
    """Whose ids are kept: of who may submit, if they are short and plain."""

    @pytest.mark.parametrize(
        ("given", "is_kept"),
        [
            ("a-Plain_1.x", True),
            ("x" * 64, True),
            ("x" * 65, False),
            ("", False),
            ("two words", False),
            ('quote"', False),
            ("caf\u00e9", False),
        ],
    )
    async def test_what_is_short_and_plain_is_kept(
        self,
        given: str,
        *,
        is_kept: bool,
        client: httpx.AsyncClient,
    ) -> None:
        answer = await client.get("/v1/ledger", headers={b"X-Request-Id": given.encode()})
        (shown,) = answer.headers.get_list("x-request-id")
        assert shown == given if is_kept else shown not in ("", given)

    async def test_two_are_none(self, client: httpx.AsyncClient) -> None:
        lines = [("X-Request-Id", "a"), ("X-Request-Id", "b")]
        answer = await client.get("/v1/ledger", headers=lines)
        assert answer.headers["x-request-id"] not in ("a", "b", "a, b")

    def test_of_strangers_none_comes_into_the_log(self, node: NodeProcess) -> None:
        for shown in ({}, {"Authorization": "Bearer " + "w" * 16}):
            answer = httpx.get(f"{node.url}/v1/ledger", headers={"X-Request-Id": "mark", **shown})
            assert answer.status_code == 401
            assert answer.headers["x-request-id"] != "mark"
        assert "mark" not in node.log
        known = httpx.get(f"{node.url}/v1/ledger", headers={"X-Request-Id": "mark", **AUDITOR})
        assert known.headers["x-request-id"] == "mark"
        assert eventually(lambda: '"request_id": "mark"' in node.log)
