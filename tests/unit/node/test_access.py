"""Who may use the node: files of tokens, headers, and every resource behind them."""

from pathlib import Path
from typing import Final

import httpx
import pytest

from node.api.access import name_of, parse_token, parse_tokens, read_tokens
from node.app import create_app
from node.client.secret_files import SecretError, read_secret
from node.composition import Keys
from tests.log_files import log_signers
from tests.served import served, settings_in
from tests.world import World

TOKEN: Final = "k" * 40
FILE: Final = f"# who may read\n\nauditor:{TOKEN}\n other : {'o' * 16} \n"
OPEN: Final = ("/health/live", "/v1/statements", "/v1/statements/batch")


def secret_file(folder: Path, text: str = FILE, mode: int = 0o600) -> Path:
    path = folder / "tokens"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (f"Bearer {TOKEN}", "auditor"),
        (f"bearer {TOKEN} ", "auditor"),
        ("Bearer " + "o" * 16, "other"),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        (TOKEN, None),
        (f"Basic {TOKEN}", None),
        (f"Bearer {TOKEN[:-1]}", None),
        (f"Bearer {TOKEN}k", None),
        (f"Bearer auditor:{TOKEN}", None),
        ("Bearer \u00e9\udc80", None),
    ],
)
def test_a_header_names_its_reader(header: str, name: str | None) -> None:
    assert name_of(parse_tokens(FILE.encode()), header) == name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it holds no line"),
        ("# nobody\n", "it holds no line"),
        (TOKEN, "line 1 is not"),
        (f":{TOKEN}", "line 1 is not"),
        (f"a:{TOKEN}\na:{'b' * 16}", "line 2 is not"),
        (f"a:{TOKEN}\nb:{TOKEN}", "line 2 repeats"),
        ("a:short", "line 1: a token has"),
        ("a:", "line 1: a token has"),
        ("a:sixteen letters and more", "line 1: a token has"),
        ("a:sechzehnbuchst\u00e4ben", "line 1: a token has"),
    ],
)
def test_a_wrong_line_is_named_and_not_quoted(text: str, told: str, tmp_path: Path) -> None:
    path = secret_file(tmp_path, text)
    with pytest.raises(SecretError) as caught:
        read_tokens(path)
    assert str(caught.value).startswith(f"{path}: {told}")
    assert TOKEN not in str(caught.value)
    assert "letters" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_what_others_can_read_is_no_secret(mode: int, tmp_path: Path) -> None:
    path = secret_file(tmp_path, mode=mode)
    with pytest.raises(SecretError, match="chmod 600"):
        read_tokens(path)


def test_a_file_that_is_missing_or_huge_is_told(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="cannot be read: No such file"):
        read_secret(tmp_path / "nowhere")
    with pytest.raises(SecretError, match="too large"):
        read_secret(secret_file(tmp_path, "x" * 65_537))
    assert len(read_secret(secret_file(tmp_path, "x" * 65_536))) == 65_536


def test_a_token_has_sixteen_characters() -> None:
    assert parse_token("x" * 16) == "x" * 16
    with pytest.raises(SecretError):
        parse_token("x" * 15)


async def test_nothing_but_liveness_is_answered_without_a_token(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, read_tokens_file=secret_file(tmp_path))
    paths = create_app(settings, Keys(log_signers())).openapi()["paths"]
    asked = [
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if path not in OPEN
    ]
    assert len(asked) > 10
    asked += [("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/nowhere"), ("HEAD", "/metrics")]
    async with served(settings, World.genesis(writers=False)) as client:
        for method, path in asked:
            answer = await client.request(method, path)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            if method != "HEAD":
                assert answer.json()["code"] == "unauthorized"
        assert (await client.get("/health/live")).text == "live\n"
        assert (await client.post("/v1/statements", json={})).status_code == 404  # nobody to sign


async def test_a_token_opens_everything(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, read_tokens_file=secret_file(tmp_path))
    headers = {"Authorization": f"Bearer {TOKEN}"}
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
        ("h" * 16, ("steward/main",), 401),
        ("h" * 16, ("health/main", "steward/main"), 401),
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
