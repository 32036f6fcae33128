"""`blockpool audit questions` on a log in a folder: each question has its answer."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledger.checkpoint import log_key
from ledger.policy import consortium_policy
from ledger.policy_file import encode_policy
from scripts.audit.questions import ASKED
from scripts.main import app
from tests import bodies
from tests.log_files import log_files, log_signers
from tests.story import Story
from tests.world import ORIGIN


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with something to ask about, and `policy` beside it."""
    story = Story()
    story.says("transport/main", bodies.system(system="radar"))
    story.publish()
    story.ask()
    story.steps("transport/main", "refuse", story.request_id, "not-necessary")
    story.grant()
    story.steps("health/main", "end", story.grant())
    story.says("health/main", bodies.usage(None, story.world.now))
    story.says("health/main", bodies.incident(story.world.now))
    folder = tmp_path_factory.mktemp("log")
    for path, data in log_files(story.world.leaves).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    keys = [log_key(ORIGIN, signer.public_key) for signer in log_signers()]
    (folder / "policy").write_bytes(encode_policy(consortium_policy(keys, {}, 0)))
    return folder


def run(folder: Path, *options: str) -> Result:
    line = ["audit", "questions", str(folder), "--policy", str(folder / "policy"), *options]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, line)


def test_every_question_is_answered(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0, result.output
    for title in ASKED.values():
        assert title in result.stdout
    for told in ("transport/radar", "not-necessary (1)", "no-effective-grant", "steward/main"):
        assert told in result.stdout


def test_the_answers_in_chinese(folder: Path) -> None:
    told = run(folder, "--lang", "zh").stdout
    for words in (
        "按依据统计的不同意共享", "并非履职所必需 not-necessary (1)", "数据需求部门", "审核人",
        "无有效授权而使用数据 no-effective-grant", "在办事项: ",
    ):  # fmt: skip
        assert words in told
    assert not [title for title in ASKED.values() if title in told]


@pytest.mark.parametrize("question", ASKED)
def test_one_question_as_json(folder: Path, question: str) -> None:
    answer = json.loads(run(folder, "--only", question, "--json").stdout)
    assert list(answer) == [question]
    assert answer[question]


def test_what_came_later_is_not_looked_at(folder: Path) -> None:
    result = run(folder, "--until", "2026-11-22", "--json")
    answer = json.loads(result.stdout)
    assert set(answer.pop("standing").values()) == {0}
    assert set(map(len, answer.values())) == {0}
    assert "none" in run(folder, "--until", "2026-11-22").stderr
    since = json.loads(run(folder, "--since", "2026-12-01", "--json").stdout)
    assert (since["refusals"], since["problems"]) == ([], [])
    assert since["approvals"]


def test_a_log_that_does_not_hold_answers_nothing(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "log"
    for path in folder.rglob("*"):
        if path.is_file():
            place = copy / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    (bundle,) = (copy / "tile" / "entries").rglob("*.p/*")
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    result = run(copy)
    assert result.exit_code == 1
    assert result.stdout == ""


def test_a_question_nobody_asks_is_told(folder: Path) -> None:
    result = run(folder, "--only", "rumours")
    assert result.exit_code == 1
    assert "`rumours` is none of standing, unlinked" in result.stderr
