"""Who may use the node: every resource, with every credential."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from node.api.access import PEER
from node.api.operations import MANUAL, OPERATIONS
from node.api.principal import SCOPES, included, of_node
from node.api.problems import PROBLEMS
from node.app import create_app
from node.client.secret_files import SecretError
from node.composition import Keys
from tests.log_files import log_signers
from tests.served import served, settings_in
from tests.unit.node.test_tokens import TOKEN, secret_file
from tests.world import World

LIVE: Final = "/health/live"
PLACES: Final = {
    "reference": "0",
    "key": "case/none",
    "member": "health",
    "name": "main",
    "dataset": "none",
    "grant": "none",
    "indicator": "none",
    "case": "none",
    "path": "0/000",
    "log": "0" * 64,
    "size": "2",
    "part": "0",
}
"""What stands in a path where a template has a name."""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_of(scope: str) -> str:
    return f"token-of-{scope}-{'x' * 16}"


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that leads anywhere, whether a document names it or not."""
    for included_router in app.routes:
        router = getattr(included_router, "original_router", app)
        found = [included_router] if router is app else router.routes
        for route in found:
            assert isinstance(route, Route), route
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path_format


def filled(path: str) -> str:
    for name, value in PLACES.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path


def test_every_route_has_its_scope(tmp_path: Path) -> None:
    app = create_app(settings_in(tmp_path), Keys(log_signers()))
    found = {f"{method} {path}" for method, path in routes(app)}
    assert found == {*OPERATIONS, *MANUAL, "GET /openapi.json"}
    assert [name for name, one in OPERATIONS.items() if one.scope is None] == [f"GET {LIVE}"]
    writing = {one.scope for name, one in OPERATIONS.items() if name.startswith("POST")}
    assert writing == {"log", "member", "sign"}


ASKED: Final = (
    ("GET", "/nowhere"),
    ("GET", "/docs/"),
    ("HEAD", "/metrics"),
    ("POST", "/v1/ledger"),
    ("BREW", "/v1/ledger"),
    ("OPTIONS", "/v1/ledger"),
    ("GET", "/health/live/"),
    ("GET", "//health/live"),
    ("GET", "/v1/ledger?unknown=1"),
    ("GET", "/v1/records/-1"),
)
"""What is answered otherwise to who may ask."""


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  not listened at
async def test_nothing_but_liveness_is_answered_without_a_credential(
    host: str, tmp_path: Path
) -> None:
    settings = settings_in(
        tmp_path, host=host, tls_by_proxy=True, read_tokens_file=secret_file(tmp_path)
    )
    app = create_app(settings, Keys(log_signers()))
    asked = [(method, filled(path)) for method, path in routes(app) if path != LIVE]
    assert len(asked) > len(OPERATIONS)
    async with served(settings, World.genesis(writers=False)) as client:
        for method, path in (*asked, *ASKED):
            answer = await client.request(method, path, headers={"X-Forwarded-For": "127.0.0.1"})
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            if method != "HEAD":
                assert answer.json()["code"] == "unauthorized"
                assert answer.json()["title"] == PROBLEMS["unauthorized"][1]
        assert (await client.get(LIVE)).text == "live\n"


async def test_a_node_beyond_its_machine_is_closed_without_a_file_of_tokens(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, host="0.0.0.0", tls_by_proxy=True)  # noqa: S104  not listened at
    async with served(settings, World.genesis(writers=False)) as client:
        assert (await client.get("/v1/ledger")).status_code == 401
        assert (await client.get(LIVE)).status_code == 200


async def test_each_operation_is_for_those_who_have_its_scope(tmp_path: Path) -> None:
    lines = "".join(f"{scope}:{token_of(scope)} {scope}\n" for scope in SCOPES)
    settings = settings_in(tmp_path, read_tokens_file=secret_file(tmp_path, lines))
    async with served(settings, World.genesis(writers=False)) as client:
        for name, operation in OPERATIONS.items():
            method, path = name.split()
            if path == "/v1/events":  # a stream never ends; HEAD of it does
                method = "HEAD"
            for scope in SCOPES:
                answer = await client.request(method, filled(path), headers=bearer(token_of(scope)))
                may = operation.scope is None or operation.scope in included([scope])
                is_refused = answer.status_code in (401, 403)
                assert is_refused != may, (name, scope, answer.text)


async def test_who_is_known_and_may_not_hears_what_it_lacks(tmp_path: Path) -> None:
    file = secret_file(tmp_path, f"press:{TOKEN} catalogue")
    settings = settings_in(tmp_path, read_tokens_file=file)
    async with served(settings, World.genesis(writers=False)) as client:
        answer = await client.get("/v1/grants", headers=bearer(TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert answer.json()["detail"] == "press has not the scope `auditor`"
    challenge = 'Bearer realm="blockpool", error="insufficient_scope", scope="auditor"'
    assert answer.headers["www-authenticate"] == challenge


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("ledger", 200),
        ("member/health", 200),
        ("entry/none", 200),
        ("schema/none", 200),
        ("writer/health/main", 403),
        ("entry-draft/none", 403),
        ("grant/none", 403),
        ("ledger/2026", 403),
    ],
)
async def test_of_the_state_the_catalogue_has_its_part(
    key: str, status: int, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, allow_anonymous_reads="catalogue")
    async with served(settings, World.genesis(writers=False)) as client:
        for place in ("state", "values"):
            answer = await client.get(f"/v1/{place}/{key}")
            assert answer.status_code == (401 if status == 403 else status), key


@pytest.mark.parametrize(
    ("allowed", "reads", "submits"), [(None, 200, 400), (True, 200, 401), (False, 401, 401)]
)
async def test_what_everybody_may_is_said_by_the_settings(
    *, allowed: bool | None, reads: int, submits: int, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, allow_anonymous_reads=allowed)
    async with served(settings, World.genesis(writers=False)) as client:
        assert (await client.get("/v1/grants")).status_code == reads
        assert (await client.post("/v1/records", json={})).status_code == submits


async def test_a_credential_adds_to_what_everybody_may(tmp_path: Path) -> None:
    file = secret_file(tmp_path, f"prometheus:{TOKEN} metrics")
    settings = settings_in(tmp_path, read_tokens_file=file, allow_anonymous_reads="catalogue")
    async with served(settings, World.genesis(writers=False)) as client:
        for path in ("/metrics", "/v1/ledger", "/docs", "/openapi.json"):
            assert (await client.get(path, headers=bearer(TOKEN))).status_code == 200, path
        assert (await client.get("/metrics")).status_code == 401


async def test_a_wrong_credential_is_no_credential(tmp_path: Path) -> None:
    """On an open node, too: who shows one means it."""
    async with served(settings_in(tmp_path), World.genesis(writers=False)) as client:
        for header in (f"Bearer {TOKEN}", "Basic YTpi", "", "Bearer"):
            answer = await client.get("/v1/ledger", headers={"Authorization": header})
            assert answer.status_code == 401, header


async def test_a_node_known_by_its_certificate_is_its_members(tmp_path: Path) -> None:
    """The connection puts who it is into the scope; nothing a request says can."""
    settings = settings_in(tmp_path, allow_anonymous_reads=False)
    async with served(settings, World.genesis(writers=False)) as client:
        transport = client._transport
        assert isinstance(transport, httpx.ASGITransport)
        app = transport.app

        async def authenticated(scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            await app({**scope, PEER: of_node("health")}, receive, send)

        assert (await client.get("/v1/ledger", headers={PEER: "health"})).is_error
        transport.app = authenticated
        assert (await client.get("/v1/ledger")).status_code == 200
        assert (await client.post("/v1/records", json={})).status_code == 400


async def test_a_token_opens_everything(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, read_tokens_file=secret_file(tmp_path))
    headers = bearer(TOKEN)
    async with served(settings, World.genesis(writers=False)) as client:
        for path in ("/v1/ledger", "/metrics", "/checkpoint", "/health/ready"):
            assert (await client.get(path, headers=headers)).status_code == 200
        twice = httpx.Headers([("authorization", f"Bearer {TOKEN}")] * 2)
        assert (await client.get("/v1/ledger", headers=twice)).status_code == 401


async def test_without_tokens_a_node_of_this_machine_is_open(tmp_path: Path) -> None:
    async with served(settings_in(tmp_path), World.genesis(writers=False)) as client:
        assert (await client.get("/v1/ledger")).status_code == 200


async def test_the_token_for_signing_is_a_secret_too(tmp_path: Path) -> None:
    token = secret_file(tmp_path, "short\n")
    local = {"token_file": token, "outbox": tmp_path / "outbox.db", "keys": {"a/b": tmp_path}}
    settings = settings_in(tmp_path, local_signing=local)
    with pytest.raises(SecretError, match="a token has 16"):
        async with served(settings, World.genesis(writers=False)):
            pass


def signing(folder: Path, **files: str) -> dict[str, object]:
    """Settings for signing as two writers, with these files of tokens."""
    paths = {}
    for name, text in files.items():
        (folder / name).mkdir()
        paths[name] = secret_file(folder / name, text)
    keys = dict.fromkeys(("health/main", "steward/main"), folder)
    return {**paths, "outbox": folder / "outbox.db", "keys": keys}


@pytest.mark.parametrize(
    ("header", "asked", "status"),
    [
        ("h" * 16, ("health/main",), 400),
        ("h" * 16, ("steward/main",), 403),
        ("h" * 16, ("health/main", "steward/main"), 403),
        ("e" * 16, ("health/main", "steward/main"), 400),
        ("n" * 16, ("health/main",), 401),
        ("", ("health/main",), 401),
    ],
)
async def test_a_token_of_a_writer_signs_as_that_writer_alone(
    header: str, asked: tuple[str, ...], status: int, tmp_path: Path
) -> None:
    """The bodies are nonsense: whoever may sign hears of that, 400."""
    writers = f"health/main:{'h' * 16}\nsteward/main:{'s' * 16}\n"
    local = signing(tmp_path, writer_tokens_file=writers, token_file="e" * 16)
    items = [{"writer": one, "kind": "schema", "body": {}} for one in asked]
    headers = {"Authorization": f"Bearer {header}", "Content-Type": "application/json"}
    settings = settings_in(tmp_path, local_signing=local)
    async with served(settings, World.genesis(writers=False)) as client:
        answer = await client.post("/v1/statements/batch", json={"items": items}, headers=headers)
        assert answer.status_code == status
        if len(asked) == 1:
            answer = await client.post("/v1/statements", json=items[0], headers=headers)
            assert answer.status_code == status


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"writer_tokens_file": "health/other:" + "h" * 16}, "names no key of health/other"),
        (
            {"writer_tokens_file": "health/main:" + "h" * 16, "token_file": "h" * 16},
            "the token of a single writer, too",
        ),
        ({"writer_tokens_file": "h" * 16}, "line 1 is not"),
    ],
)
async def test_a_token_for_nothing_or_for_two_things_is_told(
    files: dict[str, str], told: str, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, local_signing=signing(tmp_path, **files))
    with pytest.raises(SecretError, match=told):
        async with served(settings, World.genesis(writers=False)):
            pass


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8700", 200),
        ("127.0.0.1:8700", 200),
        ("127.1.2.3", 200),
        ("[::1]:8700", 200),
        ("evil.test", 421),
        ("localhost.evil.test:8700", 421),
        ("127.0.0.1.evil.test", 421),
        ("10.0.0.1", 421),
        ("[fe80::1]", 421),
        ("", 421),
    ],
)
async def test_an_open_node_answers_to_names_of_its_machine(
    host: str, status: int, tmp_path: Path
) -> None:
    async with served(settings_in(tmp_path), World.genesis()) as client:
        answer = await client.get("/v1/ledger", headers={"Host": host})
    assert answer.status_code == status
    if status == 421:
        assert answer.json()["code"] == "misdirected"


async def test_a_node_that_asks_for_tokens_may_be_called_by_any_name(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, read_tokens_file=secret_file(tmp_path))
    headers = {"Host": "node.example", "Authorization": f"Bearer {TOKEN}"}
    async with served(settings, World.genesis()) as client:
        assert (await client.get("/v1/ledger", headers=headers)).status_code == 200
