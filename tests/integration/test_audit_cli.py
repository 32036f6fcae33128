"""`blockpool audit` on logs in folders and behind servers: what it says, and its exit codes."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from typer.testing import CliRunner, Result

from contracts.audit import plan
from ledger.checkpoint import log_key
from ledger.envelope import sign_envelope
from ledger.errors import VerificationError
from ledger.policy import consortium_policy
from ledger.policy_file import encode_policy
from ledger.tiles import Bundle, Tile
from node.client import log_source
from node.client.log_source import FolderLog, HttpLog, SourceError, read_ahead, read_file
from scripts.audit.verification import BATCH, VerificationPool
from scripts.main import app
from tests.log_files import Files, log_files, log_signers, long_story, sign
from tests.log_files import receipt as proof_file
from tests.signers import ed25519_signer
from tests.story import Story
from tests.unit.contracts.test_arrangements import given
from tests.world import ORIGIN, World, log_signer_ml_dsa, signer


@pytest.fixture(scope="module")
def world() -> World:
    return long_story(600)


@pytest.fixture(scope="module")
def files(world: World) -> Files:
    return log_files(world.leaves)


@pytest.fixture
def folder(tmp_path: Path, files: Files) -> Path:
    write(tmp_path / "log", files)
    return tmp_path / "log"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The log's keys, as somebody trustworthy handed them over."""
    keys = [log_key(ORIGIN, signer.public_key) for signer in log_signers()]
    path = tmp_path / "trusted"
    path.write_bytes(encode_policy(consortium_policy(keys, {}, 0)))
    return path


def write(folder: Path, files: Files) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def run(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "BLOCKPOOL_POLICY": None}
    return CliRunner(env=environment).invoke(app, ["audit", *map(str, arguments)])


def error_line(result: Result) -> str:
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    return line


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The log behind an ordinary server of static files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class TestAuditLog:
    def test_a_folder(self, folder: Path, policy: Path) -> None:
        result = run("log", folder, "--policy", policy)
        assert result.exit_code == 0, result.output
        assert "no doubts" in result.stdout
        assert result.stderr == ""

    def test_a_server(self, served: str, policy: Path, world: World) -> None:
        result = run("log", served + "/", "--policy", policy, "--json")
        assert result.exit_code == 0, result.output
        report = json.loads(result.stdout)["report"]
        assert report["doubts"] == []
        assert report["size"] == len(world.leaves)
        assert report["ledger"] == world.head.ledger

    def test_without_a_policy_it_says_whose_word_it_takes(self, folder: Path) -> None:
        result = run("log", folder)
        assert result.exit_code == 0
        assert "the log agrees with itself" in result.stderr

    def test_a_policy_follows_the_votes_on_log_keys(self, tmp_path: Path, policy: Path) -> None:
        story, out = Story(), tmp_path / "new"
        given(story, "steward")
        new = [signer("log-to-be"), log_signer_ml_dsa("log-to-be")]
        leaves = story.world.leaves
        write(tmp_path / "log", {**log_files(leaves), "checkpoint": sign(leaves, new)})
        log = tmp_path / "log"
        for given_policy in (["--policy", policy], []):
            followed = run("log", log, *given_policy)
            assert followed.exit_code == 0, followed.output
            assert "votes have replaced log keys" in followed.stderr
        assert run("log", log, "--policy", policy, "--policy-out", out).exit_code == 0
        again = run("log", log, "--policy", out)
        assert (again.exit_code, again.stderr) == (0, "")
        shallow = run("log", log, "--policy", policy, "--level", "signatures")
        assert shallow.exit_code == 1
        assert "not to be believed" in error_line(shallow)

    @pytest.mark.parametrize("level", ["structure", "tree", "signatures", "rules"])
    def test_levels(self, folder: Path, policy: Path, level: str) -> None:
        result = run("log", folder, "--policy", policy, "--level", level)
        assert result.exit_code == 0
        assert f"down to the level `{level}`" in result.stdout

    @pytest.mark.parametrize(
        ("name", "at", "named"),
        [
            (Bundle(1, 256), 5_000, "(tile/entries/001 bytes ["),
            (Bundle(0, 256), 500, "(tile/entries/000 bytes ["),
            (Tile(0, 1, 256), 500, "(tile/0/001 bytes [480, 512))"),
            (Tile(1, 0, 2), 33, "(tile/1/000.p/2 bytes [32, 64))"),
        ],
    )
    def test_one_flipped_byte_is_named(
        self,
        folder: Path,
        policy: Path,
        name: Bundle | Tile,
        at: int,
        named: str,
    ) -> None:
        flip(folder / name.path, at)
        for trust in ([], ["--policy", policy]):
            result = run("log", folder, *trust)
            assert result.exit_code == 1
            assert named in error_line(result)
        result = run("log", folder, "--policy", policy, "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["report"]["doubts"][0]["place"].startswith(named[1:-1])

    def test_a_flipped_checkpoint_is_named(self, folder: Path, policy: Path) -> None:
        note = (folder / "checkpoint").read_bytes()
        for at in range(0, note.index(b"\n\n"), 3):
            (folder / "checkpoint").write_bytes(note)
            flip(folder / "checkpoint", at)
            result = run("log", folder, "--policy", policy)
            assert result.exit_code == 1
            assert "checkpoint" in error_line(result), at

    def test_a_checkpoint_that_is_none(self, folder: Path, policy: Path) -> None:
        (folder / "checkpoint").write_bytes(b"good morning\n")
        result = run("log", folder, "--policy", policy)
        assert result.exit_code == 1
        assert "error: `checkpoint` is none" in result.stderr

    def test_a_policy_that_trusts_somebody_else(self, folder: Path, tmp_path: Path) -> None:
        stranger = log_key(ORIGIN, ed25519_signer(9).public_key)
        (tmp_path / "other").write_bytes(encode_policy(consortium_policy([stranger], {}, 0)))
        result = run("log", folder, "--policy", tmp_path / "other")
        assert result.exit_code == 1
        assert "not to be believed" in result.stderr

    def test_a_missing_file_is_named(self, folder: Path, policy: Path) -> None:
        (folder / Bundle(1, 256).path).unlink()
        result = run("log", folder, "--policy", policy)
        assert result.exit_code == 1
        assert "tile/entries/001: it is missing" in result.stderr

    def test_the_first_leaves_are_missing(self, folder: Path) -> None:
        (folder / Bundle(0, 256).path).unlink()
        result = run("log", folder)
        assert result.exit_code == 1
        assert "error: " in result.stderr

    @pytest.mark.parametrize("where", ["nowhere", "ftp://127.0.0.1/"])
    def test_no_log_there(self, where: str, policy: Path) -> None:
        result = run("log", where, "--policy", policy)
        assert result.exit_code == 2
        assert "neither a folder nor an address" in result.stderr

    def test_an_empty_folder(self, tmp_path: Path, policy: Path) -> None:
        (tmp_path / "empty").mkdir()
        result = run("log", tmp_path / "empty", "--policy", policy)
        assert result.exit_code == 1
        assert "there is no log" in result.stderr

    def test_a_policy_that_is_none(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "bad").write_bytes(b"trust me\n")
        result = run("log", folder, "--policy", tmp_path / "bad")
        assert result.exit_code == 1
        assert "bad: policy line 1" in result.stderr


class TestExport:
    def test_the_export_is_the_log(
        self, served: str, policy: Path, tmp_path: Path, files: Files
    ) -> None:
        out = tmp_path / "out"
        result = run("export", served, "--out", out, "--policy", policy)
        assert result.exit_code == 0, result.output
        found = {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in out.rglob("*")
            if path.is_file()
        }
        assert found == {**files, "policy": policy.read_bytes()}
        assert run("log", out, "--policy", out / "policy").exit_code == 0
        assert sorted(tmp_path.glob(".out*")) == []

    def test_the_policy_of_genesis_says_where_it_is_from(
        self, folder: Path, tmp_path: Path, policy: Path
    ) -> None:
        out = tmp_path / "out"
        result = run("export", folder, "--out", out, "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["out"] == str(out)
        text = (out / "policy").read_bytes()
        assert text.startswith(b"# Taken from the log's own genesis record")
        assert text.endswith(policy.read_bytes())
        assert run("log", out, "--policy", out / "policy").exit_code == 0

    def test_a_folder_in_use_is_left_alone(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        (out / "precious").write_text("mine")
        for force in ([], ["--force"]):
            result = run("export", folder, "--out", out, *force)
            assert result.exit_code == 1
            assert "is no export" in result.stderr
            assert [path.name for path in out.iterdir()] == ["precious"]

    def test_an_earlier_export_is_replaced_when_asked(self, folder: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        assert run("export", folder, "--out", out).exit_code == 0
        (out / "stale").write_text("old")
        result = run("export", folder, "--out", out)
        assert result.exit_code == 1
        assert "give --force" in result.stderr
        assert (out / "stale").exists()
        assert run("export", folder, "--out", out, "--force").exit_code == 0
        assert not (out / "stale").exists()
        assert sorted(tmp_path.glob(".out*")) == []

    def test_an_empty_folder_will_do(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        assert run("export", folder, "--out", tmp_path / "out").exit_code == 0

    @pytest.mark.parametrize("damage", ["flip", "unlink"])
    def test_nothing_doubtful_is_exported(self, folder: Path, tmp_path: Path, damage: str) -> None:
        path = folder / Bundle(1, 256).path
        flip(path, 900) if damage == "flip" else path.unlink()
        out = tmp_path / "out"
        result = run("export", folder, "--out", out)
        assert result.exit_code == 1
        assert "tile/entries/001" in result.stderr
        assert not out.exists()
        assert sorted(tmp_path.glob(".out*")) == []

    def test_nothing_unsigned_is_exported(self, folder: Path, tmp_path: Path) -> None:
        flip(folder / "checkpoint", 30)
        result = run("export", folder, "--out", tmp_path / "out")
        assert result.exit_code == 1
        assert not (tmp_path / "out").exists()


@pytest.fixture
def receipt(tmp_path: Path, world: World) -> Path:
    path = tmp_path / "one.tlog-proof"
    path.write_bytes(proof_file(world.leaves, 3))
    (tmp_path / "one.leaf").write_bytes(world.leaves[3])
    return path


class TestVerifyReceipt:
    def test_the_record_lies_beside_it(self, receipt: Path, policy: Path) -> None:
        result = run("verify-receipt", receipt, "--policy", policy)
        assert result.exit_code == 0, result.output
        assert f"proved: it is leaf 3 of {ORIGIN}" in result.stdout
        assert "writer-appointment" in result.stdout

    def test_json(self, receipt: Path, policy: Path, world: World) -> None:
        result = run("verify-receipt", receipt, "--policy", policy, "--json")
        assert result.exit_code == 0
        proved = json.loads(result.stdout)
        assert (proved["index"], proved["size"]) == (3, len(world.leaves))
        assert proved["writer"] == "health/custodian"

    def test_a_record_laid_out_by_hand(
        self, receipt: Path, policy: Path, tmp_path: Path, world: World
    ) -> None:
        pretty = tmp_path / "pretty.json"
        pretty.write_text(json.dumps(json.loads(world.leaves[3]), indent=2))
        result = run("verify-receipt", receipt, "--policy", policy, "--record", pretty)
        assert result.exit_code == 0, result.output

    def test_a_seal(self, tmp_path: Path, policy: Path, world: World) -> None:
        path = tmp_path / "seal.tlog-proof"
        path.write_bytes(proof_file(world.leaves, 1))
        (tmp_path / "seal.leaf").write_bytes(world.leaves[1])
        result = run("verify-receipt", path, "--policy", policy, "--json")
        assert json.loads(result.stdout)["kind"] == "seal"

    def test_another_record(
        self, receipt: Path, policy: Path, tmp_path: Path, world: World
    ) -> None:
        (tmp_path / "other").write_bytes(world.leaves[4])
        result = run("verify-receipt", receipt, "--policy", policy, "--record", tmp_path / "other")
        assert result.exit_code == 1
        assert "error: does not verify" in result.stderr

    def test_many_are_told_one_by_one(
        self, receipt: Path, policy: Path, tmp_path: Path, world: World
    ) -> None:
        others = [tmp_path / f"{index}.tlog-proof" for index in (4, 5)]
        for index, other in zip((4, 5), others, strict=True):
            other.write_bytes(proof_file(world.leaves, index))
            other.with_suffix(".leaf").write_bytes(world.leaves[index])
        good = run("verify-receipt", receipt, *others, "--policy", policy)
        assert good.exit_code == 0, good.output
        assert [line.split()[1:3] for line in good.stdout.splitlines()[1:]] == [
            ["yes", "3"], ["yes", "4"], ["yes", "5"],
        ]  # fmt: skip
        others[0].with_suffix(".leaf").write_bytes(world.leaves[5])
        others[1].with_suffix(".leaf").unlink()
        bad = run("verify-receipt", receipt, *others, "--policy", policy, "--json")
        assert bad.exit_code == 1
        assert "error: 2 of 3 receipts do not hold" in bad.stderr
        told = json.loads(bad.stdout)
        assert [one["holds"] == "yes" for one in told] == [True, False, False]
        assert "there is no record beside the receipt" in told[2]["holds"]

    def test_one_record_is_of_one_receipt(self, receipt: Path, policy: Path) -> None:
        named = ("--record", receipt.with_suffix(".leaf"))
        assert run("verify-receipt", receipt, receipt, "--policy", policy, *named).exit_code == 2

    def test_a_policy_is_needed(self, receipt: Path) -> None:
        result = run("verify-receipt", receipt)
        assert result.exit_code == 2

    def test_no_such_file(self, tmp_path: Path, policy: Path) -> None:
        result = run("verify-receipt", tmp_path / "none.tlog-proof", "--policy", policy)
        assert result.exit_code == 1
        assert "No such file" in result.stderr


Handler = Callable[[httpx.Request], httpx.Response]


def http_log(handler: Handler, token: str | None = None) -> HttpLog:
    return HttpLog("http://log/prefix/", token=token, transport=httpx.MockTransport(handler))


class TestSources:
    def test_a_grown_log_serves_full_files_only(self, world: World) -> None:
        """What was partial at the checkpoint's size may since have become full, and be gone."""
        leaves = world.leaves
        full = log_files(leaves[:512])
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            path = request.url.path.removeprefix("/prefix/")
            asked.append(path)
            found = full.get(path)
            return httpx.Response(404) if found is None else httpx.Response(200, content=found)

        partial_files = log_files(leaves[:300])
        with http_log(answer) as source:
            for name in plan(300):
                if name.path in partial_files and name != Tile(1, 0, 1):
                    assert read_file(source, name) == partial_files[name.path]
        assert "tile/0/001.p/44" in asked
        assert "tile/0/001" in asked

    def test_a_busy_server_is_asked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pauses: list[float] = []
        monkeypatch.setattr(log_source, "sleep", pauses.append)
        answers = iter([503, 429, 200])
        with http_log(lambda _: httpx.Response(next(answers), content=b"x")) as source:
            assert source.read("checkpoint", 9) == b"x"
        assert pauses == [0.5, 1.0]

    def test_a_server_says_when_to_come_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pauses: list[float] = []
        monkeypatch.setattr(log_source, "sleep", pauses.append)
        asked = iter(["7", "0", "3600", None])

        def answer(_request: httpx.Request) -> httpx.Response:
            pause = next(asked)
            if pause is None:
                return httpx.Response(200, content=b"x")
            return httpx.Response(429, headers={"Retry-After": pause})

        with http_log(answer) as source:
            assert source.read("checkpoint", 9) == b"x"
        assert pauses == [7.0, 1.0, 30.0]

    def test_a_dead_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log_source, "sleep", lambda _: None)

        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        with http_log(refuse) as source, pytest.raises(SourceError, match="refused"):
            source.read("checkpoint", 9)

    @pytest.mark.parametrize("status", [301, 401, 403])
    def test_an_answer_that_is_none(self, status: int) -> None:
        with (
            http_log(lambda _: httpx.Response(status)) as source,
            pytest.raises(SourceError, match=str(status)),
        ):
            source.read("checkpoint", 9)

    def test_an_answer_that_cannot_be_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log_source, "sleep", lambda _: None)
        packed, garbage = {"Content-Encoding": "gzip"}, httpx.ByteStream(b"this is not gzip")
        with (
            http_log(lambda _: httpx.Response(200, headers=packed, stream=garbage)) as source,
            pytest.raises(SourceError),
        ):
            source.read("checkpoint", 9)

    def test_an_address_that_is_none(self) -> None:
        with HttpLog("http://[") as source, pytest.raises(SourceError):
            source.read("checkpoint", 9)

    def test_no_more_is_read_than_there_can_be(self, tmp_path: Path) -> None:
        with (
            http_log(lambda _: httpx.Response(200, content=b"1234567890")) as source,
            pytest.raises(SourceError, match="more than 9 bytes"),
        ):
            source.read("checkpoint", 9)
        (tmp_path / "checkpoint").write_bytes(b"1234567890")
        with pytest.raises(SourceError, match="more than 9 bytes"):
            FolderLog(tmp_path).read("checkpoint", 9)

    def test_the_token_is_shown(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=request.headers["authorization"].encode())

        with http_log(answer, token="secret") as source:
            assert source.read("checkpoint", 99) == b"Bearer secret"

    def test_files_come_in_order(self, folder: Path, files: Files, world: World) -> None:
        names = list(plan(len(world.leaves)))
        found = list(read_ahead(FolderLog(folder), names, jobs=3))
        assert found == [(name, files[name.path]) for name in names]


class TestVerificationPool:
    @pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, 2 * BATCH + 3])
    def test_each_verdict_reaches_its_record(self, count: int) -> None:
        good, other = ed25519_signer(1), ed25519_signer(2)
        envelopes = [sign_envelope(str(number).encode(), [good]) for number in range(count)]
        wrong = {0, count // 2, count - 1}
        with VerificationPool(2) as pool:
            verifications = [
                pool(envelope, other.public_key if number in wrong else good.public_key)
                for number, envelope in enumerate(envelopes)
            ]
            for number, wait in enumerate(verifications):
                if number in wrong:
                    with pytest.raises(VerificationError):
                        wait()
                else:
                    wait()
