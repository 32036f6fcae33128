"""The node as a service, a process of its own: started, asked, locked, stopped, started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from ledger.canonical import encode
from ledger.keys import PrivateKey, encode_private_key_unencrypted
from node.maintenance import found_ledger
from node.settings import load_settings
from scripts.keys.files import write_private_key
from tests import bodies
from tests.world import World, log_signer_ml_dsa, signer

BLOCKPOOL: Final = Path(sys.executable).with_name("blockpool")
START_TRIES: Final = 300
READ: Final = "r" * 40
SIGN: Final = "s" * 40
MARK: Final = "marker4711"
CONFIG: Final = """
member = "steward"
log_key = "log.pem"
log_key_pq = "log-pq.pem"
unix_socket = "node.sock"
log_level = "debug"
"""
LOCAL: Final = """
[local_signing]
token_file = "sign-token"
keys = { "health/main" = "main.pem" }
"""


@dataclass(frozen=True)
class Place:
    """A folder with a founded node; everything in it is named relative to it."""

    folder: Path
    world: World

    def blockpool(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`blockpool` run in the folder."""
        return subprocess.run(
            [BLOCKPOOL, *line.split()],
            cwd=self.folder,
            env={**os.environ, "BLOCKPOOL_NODE": "unix:node.sock", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def client(self, token: str | None = None) -> Iterator[httpx.Client]:
        """Over the socket file, whose path has to be short."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        path = os.path.relpath(self.folder / "node.sock")
        transport = httpx.HTTPTransport(uds=path)
        with httpx.Client(transport=transport, base_url="http://node", headers=headers) as client:
            yield client

    @contextmanager
    def running(self, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """The node, from when it is ready; `log` gets what it says."""
        starts = self.starts + 1
        with (
            (self.folder / "log").open("ab") as log,
            subprocess.Popen(
                [BLOCKPOOL, "node", "run"],
                cwd=self.folder,
                env={**os.environ, **environment},
                stderr=log,
            ) as process,
        ):
            try:
                self._wait(process, starts)
                yield process
            finally:
                process.kill()

    def _wait(self, process: subprocess.Popen[bytes], starts: int) -> None:
        for _ in range(START_TRIES):
            assert process.poll() is None, (self.folder / "log").read_text()
            if self.starts == starts:
                return
            time.sleep(0.1)
        pytest.fail("the node does not start")

    @property
    def starts(self) -> int:
        """How often it has started; from then on it answers."""
        log = self.folder / "log"
        return log.read_text().count('"event": "started"') if log.exists() else 0

    @property
    def told(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]


def write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    world = World.genesis(writers=False)
    keys: Mapping[str, PrivateKey] = {
        "log": signer("steward/log"),
        "log-pq": log_signer_ml_dsa("steward/log"),
        "main": signer("health/main"),
    }
    for name, key in keys.items():
        write_private_key(tmp_path / f"{name}.pem", encode_private_key_unencrypted(key))
    write_secret(tmp_path / "sign-token", f"{SIGN}\n")
    write_secret(tmp_path / "tokens", f"auditor:{READ}\n")
    write_secret(tmp_path / "token", f"{READ}\n")
    config = tmp_path / "blockpool.toml"
    config.write_text(CONFIG + LOCAL, encoding="utf-8")
    found_ledger(load_settings(config), world.leaves[0])
    return Place(tmp_path, world)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_and_goes_on_where_it_was(how: signal.Signals, place: Place) -> None:
    record = place.world.appoint("health/main").envelope.encoded
    with place.running() as process, place.client() as client:
        first = client.post("/v1/records", content=record)
        assert first.status_code == 201, first.text
        with client.stream("GET", "/v1/events?from=0") as listening:
            assert b"id: 0" in next(listening.iter_bytes())
            process.send_signal(how)
            assert process.wait(30) == 0
    with place.running() as process, place.client() as client:
        again = client.post("/v1/records", content=record)
        assert (again.status_code, again.json()["index"]) == (200, first.json()["index"])
        process.send_signal(how)
        assert process.wait(30) == 0
    assert [line["event"] for line in place.told].count("stopped") == 2
    assert not (place.folder / "node.sock").exists()


def test_nothing_that_was_said_is_in_the_log(place: Place) -> None:
    """Accepted, refused, malformed, signed here or elsewhere, and every token that was shown."""
    appointment = place.world.appoint("health/main")
    schema = encode(bodies.schema(f"{MARK}a"))
    statement = {"writer": "health/main", "kind": "schema", "body": json.loads(schema)}
    headers = {"Authorization": f"Bearer {SIGN}"}
    tokens = str(place.folder / "tokens")
    with (
        place.running(BLOCKPOOL_READ_TOKENS_FILE=tokens) as process,
        place.client(READ) as client,
    ):
        assert client.post("/v1/records", content=appointment.envelope.encoded).status_code == 201
        place.world.accept(appointment)
        wrong = place.world.sign("health/main", bodies.schema(f"{MARK}b"), key=signer("thief"))
        answers = [
            client.post("/v1/statements", json=statement, headers=headers),
            client.post("/v1/statements", json={**statement, MARK: MARK}, headers=headers),
            client.post("/v1/statements", json=statement, headers={"Authorization": MARK}),
            client.post("/v1/records", content=wrong.envelope.encoded),
            client.post("/v1/records", content=b'{"' + MARK.encode()),
            client.post(f"/v1/records?{MARK}={MARK}", content=schema),
            client.get(f"/v1/datasets?provider={MARK}", headers={"X-Request-Id": f"{MARK}!"}),
            client.get(f"/{MARK}", headers={"Cookie": MARK, "User-Agent": MARK}),
            client.get("/v1/ledger", headers={"Authorization": f"Bearer {MARK}"}),
        ]
        process.terminate()  # not killed: a request is told after it is answered
        assert process.wait(30) == 0
    assert [one.status_code for one in answers] == [201, 400, 401, 403, 400, 400, 400, 404, 401]
    log = (place.folder / "log").read_text(encoding="utf-8")
    requests = [line for line in place.told if line["event"] == "request"]
    assert {one.headers["x-request-id"] for one in answers} <= {
        line["request_id"] for line in requests
    }
    assert {line["reader"] for line in requests if "reader" in line} == {"auditor", "signing/*"}
    key = (place.folder / "main.pem").read_text(encoding="ascii").splitlines()[1]
    for secret in (MARK, READ, SIGN, key, appointment.envelope.payload.decode()[:40]):
        assert secret not in log


def test_the_command_shows_its_token(place: Place) -> None:
    tokens = str(place.folder / "tokens")
    with place.running(BLOCKPOOL_READ_TOKENS_FILE=tokens):
        without = place.blockpool("catalogue list")
        assert (without.returncode, "--token-file" in without.stderr) == (1, True)
        assert place.blockpool("catalogue list --token-file token").returncode == 0
        audit = "audit log unix:node.sock"
        assert place.blockpool(audit).returncode == 1
        done = place.blockpool(audit, BLOCKPOOL_TOKEN_FILE="token")
        assert done.returncode == 0, done.stderr


def test_two_processes_never_work_on_one_database(place: Place) -> None:
    with place.running():
        for line in ("node run", "node check", "node rebuild-views"):
            done = place.blockpool(line, BLOCKPOOL_UNIX_SOCKET="other.sock")
            assert done.returncode == 1
            assert done.stderr.startswith("error: another process works on ")
    done = place.blockpool("node rebuild-views")
    assert (done.returncode, done.stdout) == (0, "the views hold for 2 leaves\n")
    checked = json.loads(place.blockpool("node check --json").stdout)
    assert (checked["size"], checked["ledger"]) == (2, place.world.head.ledger)
    done = place.blockpool("node check", BLOCKPOOL_LOCAL_SIGNING__TOKEN_FILE="no")
    assert (done.returncode, "no cannot be read" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"BLOCKPOOL_UNIX_SOCKET": "nowhere/s"}, "nowhere/s: No such file or directory"),
        ({"BLOCKPOOL_MEMBER": "health"}, "`health` does not order records in this ledger"),
        ({"BLOCKPOOL_DATABASE": "empty.db"}, "the database holds no ledger"),
        ({"BLOCKPOOL_LOG_KEY": "main.pem"}, "the log keys are not those"),
        ({"BLOCKPOOL_READ_TOKENS_FILE": "blockpool.toml"}, "blockpool.toml can be used by others"),
        ({"BLOCKPOOL_PORT": "x"}, "blockpool.toml: port: "),
        ({"BLOCKPOOL_LOCAL_SIGNING__TOKEN_FILE": "no"}, "no cannot be read"),
        ({"BLOCKPOOL_LOCAL_SIGNING__OUTBOX": "log.pem"}, "log.pem"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    environment: dict[str, str], told: str, place: Place
) -> None:
    done = place.blockpool("node run", **environment)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert told in errors[0]
    assert "Traceback" not in done.stderr
