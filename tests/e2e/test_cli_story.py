"""The main job through the command alone, with a real node process: keys to offline proof."""

import csv
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

BLOCKPOOL: Final = Path(sys.executable).with_name("blockpool")
MEMBERS: Final = ("audit-office", "data-bureau", "health")
START_TRIES: Final = 300
SET: Final = (
    "--set", "category=traffic", "--set", "sharing=conditional", "--set", "system=tower",
    "--set", "frequency=daily", "--set", "purposes=supervision", "--set", "operations=query",
)  # fmt: skip


@dataclass(frozen=True)
class Shell:
    """Runs `blockpool` in a folder against one node."""

    folder: Path
    port: int

    def environment(self, member: str | None) -> dict[str, str]:
        given = {"BLOCKPOOL_NODE": f"http://127.0.0.1:{self.port}", "BLOCKPOOL_POLICY": "policy"}
        if member is not None:
            given |= {
                "BLOCKPOOL_WRITER": f"{member}/main",
                "BLOCKPOOL_KEY": f"keys/{member}-main.pem",
                "BLOCKPOOL_KEY_PASSPHRASE_FILE": "secret",
            }
        return {**os.environ, **given}

    def run(self, line: str, *more: str, by: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BLOCKPOOL, *line.split(), *more],
            cwd=self.folder,
            env=self.environment(by),
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, line: str, *more: str, by: str | None = None) -> str:
        done = self.run(line, *more, by=by)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def json(self, line: str, *more: str, by: str | None = None) -> Any:
        return json.loads(self.ok(line, *more, "--json", by=by))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(shell: Shell) -> Iterator[subprocess.Popen[bytes]]:
    """The node as a process of its own, from when it is ready."""
    line = [str(BLOCKPOOL), "node", "run", "--config", "node/blockpool.toml"]
    with subprocess.Popen(line, cwd=shell.folder) as process:
        try:
            for _ in range(START_TRIES):
                assert process.poll() is None, "the node has ended"
                try:
                    if httpx.get(f"http://127.0.0.1:{shell.port}/health/ready").is_success:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            else:
                pytest.fail("the node does not become ready")
            yield process
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A founded node; every key under one passphrase."""
    shell = Shell(tmp_path_factory.mktemp("story"), free_port())
    secret = shell.folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text("correct horse\n", encoding="utf-8")
    protected = "--out keys --passphrase-file secret"
    for name in [f"{one}-{use}" for one in MEMBERS for use in ("custodian", "main")]:
        shell.ok(f"keys new {name} {protected}")
    shell.ok(f"keys new log {protected}")
    shell.ok(f"keys new log-pq --suite ml-dsa-44 {protected}")
    template = shell.folder / "genesis.toml"
    template.write_text(shell.ok("genesis template"), encoding="utf-8")
    shell.ok("genesis new genesis.toml --out genesis.json")
    for key in (*(f"{one}-custodian" for one in MEMBERS), "log", "log-pq"):
        shell.ok(f"genesis sign genesis.json --key keys/{key}.pem --passphrase-file secret")
    shell.ok("genesis policy genesis.json --out policy")
    shell.ok(
        "node init node --genesis genesis.json --log-key keys/log.pem --log-key-pq keys/log-pq.pem"
        f" --passphrase-file secret --port {shell.port}"
    )
    return shell


def write_tables(folder: Path) -> None:
    folder.mkdir()
    with (folder / "flights.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("carrier", "delay"))
        rows.writerows((f"C{n % 7}", n) for n in range(1_000))
    (folder / "airlines.csv").write_text("carrier,name\nC1,One\n", encoding="utf-8")


def write_log(path: Path, count: int) -> None:
    now = datetime.now(UTC) - timedelta(seconds=1)
    lines = [f"{(now + timedelta(milliseconds=n % 900)).isoformat()},{n}" for n in range(count)]
    path.write_text("at,rows\n" + "\n".join(lines) + "\n", encoding="utf-8")


def test_the_main_job_through_the_command_alone(shell: Shell) -> None:
    folder = shell.folder
    write_tables(folder / "data")
    with running(shell):
        for member in MEMBERS:
            shell.ok(
                f"keys appoint {member}/main --custodian keys/{member}-custodian.pem"
                f" --key keys/{member}-main.pem --passphrase-file secret"
            )
        shell.ok("catalogue scan data --out catalogue.csv", *SET)
        shell.ok("catalogue publish catalogue.csv", by="health")
        shell.ok("case step approve --pending", by="data-bureau")
        released = shell.json("catalogue publish catalogue.csv --release", by="health")
        assert {one["contents"] for one in released} == {"released"}
        assert {one["dataset"] for one in shell.json("catalogue list")} == {"airlines", "flights"}

        asked = shell.json(
            "record request flights --fields delay --scene", "delays by day", by="audit-office"
        )
        request = asked["created"][0]["id"]
        granted = shell.json(f"record grant --request {request[:10]}", by="health")
        grant = granted["created"][0]["id"]
        before = asked["records"][0]["index"]
        assert shell.json("catalogue show flights --as-at", str(before))["releases"] == 1
        assert shell.run("catalogue show flights --as-at 4").returncode == 1
        deliver = f"record deliver {grant[:10]} data/flights.csv --rows 1000 --ended-at"
        now = datetime.now(UTC).isoformat()
        wrong = shell.run(deliver, now, by="health")
        assert (wrong.returncode, "does not grant: carrier" in wrong.stderr) == (1, True)
        time.sleep(1.1)  # uses are told after they have happened, and begin after the grant
        write_log(folder / "log.csv", 1_200)
        used = shell.json(
            f"record use log.csv --grant {grant} --receipts proofs", by="audit-office"
        )
        assert [one["findings"] for one in used["records"]] == [[], [], []]
        wide = shell.json(
            f"record use log.csv --grant {grant} --fields carrier,delay --again", by="audit-office"
        )
        codes = {one["code"] for record in wide["records"] for one in record["findings"]}
        assert codes == {"field-not-granted"}
        (right,) = shell.json("record grants --dataset flights --provider health")
        assert (right["id"], right["member"]) == (grant, "audit-office")
        assert shell.json(f"record grants --as-at {asked['records'][0]['index']}") == []
        uses = shell.json(f"record uses --grant {grant[:10]}")
        assert sum(one["uses"] for one in uses) == 2_400
        (finding, *_) = shell.json("case list --workflow finding --party audit-office")
        shell.ok(f"case step reply {finding['id']} --note", "a slip", by="audit-office")
        shell.ok(f"audit export http://127.0.0.1:{shell.port} --out export")

    assert shell.run("catalogue list").returncode == 1  # nobody serves any more
    audited = shell.json("audit log export --policy policy")
    assert audited["report"]["level"] == "rules"
    assert audited["report"]["records"]["usage"] == 6
    record, *_ = sorted((folder / "proofs").glob("*.leaf"))
    proof = record.with_suffix(".tlog-proof")
    shell.ok(f"audit verify-receipt {proof} --policy policy")
    proofs = map(str, (folder / "proofs").glob("*.tlog-proof"))
    assert len(shell.json("audit verify-receipt --policy policy", *proofs)) == 3
    other = folder / "other.json"
    other.write_bytes(record.read_bytes().replace(b"payload", b"Payload", 1))
    verify = shell.run(f"audit verify-receipt {proof} --record {other} --policy policy")
    assert verify.returncode == 1


def test_a_node_is_founded_once_and_only_with_its_own_keys(shell: Shell) -> None:
    keys = "--log-key keys/log.pem --log-key-pq keys/log-pq.pem --passphrase-file secret"
    again = shell.run(f"node init node --genesis genesis.json {keys}")
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    wrong = "--log-key keys/health-main.pem --log-key-pq keys/log-pq.pem --passphrase-file secret"
    other = shell.run(f"node init other --genesis genesis.json {wrong}")
    assert (other.returncode, "not the log keys" in other.stderr) == (1, True)
    assert not (shell.folder / "other").exists()
    nowhere = shell.run("node run --config nowhere.toml")
    assert (nowhere.returncode, "does not exist" in nowhere.stderr) == (1, True)
    (shell.folder / "bad.toml").write_text('member = "x"\nprot = 1\n', encoding="utf-8")
    bad = shell.run("node run --config bad.toml")
    assert (bad.returncode, "prot" in bad.stderr) == (1, True)
