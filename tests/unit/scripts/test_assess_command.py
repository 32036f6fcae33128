"""`blockpool assess`: figures from a node and from a log are the same; objections; the seed."""

from pathlib import Path

import pytest
from msgspec import json as msgspec_json

from contracts.assessment.seed import SEED
from contracts.values import AdoptedIndicators, Case
from ledger.records.genesis import Parameters
from tests.assessed import QUARTER
from tests.log_files import log_files
from tests.unit.contracts.test_assessment import quarter
from tests.unit.scripts.conftest import YEAR_MS, Command
from tests.world import World

QUESTIONS = (
    ("show", "--period", QUARTER),
    ("show", "--period", QUARTER, "--member", "transport"),
    ("figure", "transport", "timely-answers", "--period", QUARTER),
    ("figure", "transport", "linkage", "--period", QUARTER, "--as-at", "2026-12-01T00:00:00Z"),
    ("trust",),
    ("trust", "transport"),
    ("trust", "transport", "--as-at", "2026-12-01T00:00:00Z"),
    ("indicators",),
)


@pytest.fixture
def world() -> World:
    return quarter().world


@pytest.fixture
def folder(tmp_path: Path, world: World) -> Path:
    """The log, exported."""
    for name, data in log_files(world.leaves).items():
        path = tmp_path / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "export"


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_a_log_tells_what_a_node_tells(
    command: Command, folder: Path, question: tuple[str, ...]
) -> None:
    by_node = command.json("assess", *question)
    assert command.json("assess", *question, "--log", folder) == by_node
    plain = command.ok("assess", *question)
    assert command.ok("assess", *question, "--log", folder) == plain
    assert command.ok("assess", *question, "--lang", "zh") != plain


def test_what_is_shown(command: Command) -> None:
    told = command.ok("assess", "show", "--period", QUARTER)
    for words in ("transport, 2026-Q4: 70.42 %", "timely-answers", "75.00 %", "-1.00 %"):
        assert words in told
    assert "nothing to count: audit, steward" in told
    notes = command.run("assess", "show", "--period", QUARTER).stderr
    assert "2027-01-29" in notes
    assert "not decided: blockpool assess figure" in notes
    supply = command.ok("assess", "figure", "transport", "timely-supply", "--period", QUARTER)
    for words in ("0 / 0", "late, not decided", "not decided yet"):
        assert words in supply
    drilled = command.ok("assess", "figure", "transport", "timely-answers", "--period", QUARTER)
    for words in ("3 / 4", "provisional", "in time", "refused"):
        assert words in drilled
    found = ("assess", "figure", "transport", "confirmed-findings", "--period", QUARTER)
    for words in ("1 / 1", "-1.00 %", "answer-overdue: confirmed", "yes (deducted)"):
        assert words in command.ok(*found)
    assert [one["counts"] for one in command.json(*found)["things"] if not one["open"]] == [True]
    assert "是（扣分）" in command.ok(*found, "--lang", "zh")
    assert "59.09 %" in command.ok("assess", "trust", "transport")
    assert "answer-overdue" in command.ok("assess", "trust", "transport")


def test_in_chinese(command: Command) -> None:
    told = command.ok("assess", "show", "--period", QUARTER, "--lang", "zh")
    for words in ("共享申请按时答复率", "未确定", "无可计事项"):
        assert words in told
    index = command.ok("assess", "trust", "transport", "--lang", "zh")
    assert "信任指数" in index


def test_a_log_that_does_not_hold_is_not_assessed(command: Command, folder: Path) -> None:
    (bundle, *_) = sorted((folder / "tile" / "entries").rglob("*.p/*"))
    data = bytearray(bundle.read_bytes())
    data[-40] ^= 1
    bundle.write_bytes(data)
    said = command.fails("assess", "show", "--period", QUARTER, "--log", folder)
    assert "evidence" in said


def test_as_at_a_size_of_the_log(command: Command, folder: Path, world: World) -> None:
    size = len(world.leaves)
    told = command.json("assess", "show", "--as-at", size, "--period", QUARTER, "--log", folder)
    assert told == command.json("assess", "show", "--period", QUARTER, "--log", folder)
    said = command.fails("assess", "show", "--as-at", "0", "--log", folder, code=2)
    assert "founded" in said


def test_what_there_is_not(command: Command, folder: Path) -> None:
    figure = ("assess", "figure", "transport", "dance", "--period", QUARTER)
    assert "no indicator dance" in command.fails(*figure, "--log", folder)
    command.fails(*figure)
    nobody = ("assess", "trust", "nobody", "--log", folder)
    assert "no member nobody" in command.fails(*nobody)
    assert "no period such as" in command.fails("assess", "show", "--period", "2026-Q5")


def test_a_member_objects(command: Command, world: World) -> None:
    drilled = command.json("assess", "figure", "transport", "timely-answers", "--period", QUARTER)
    late = next(one["thing"]["key"] for one in drilled["things"] if not one["counts"])
    said = ("case", "open", "figure-objection", "--figure", f"timely-answers@{QUARTER}")
    done = command.json(*said, "--things", late, "--text", "sealed off", writer="transport/main")
    case_id = done["created"][0]["id"]
    case = world.value(f"case/{case_id}")
    assert isinstance(case, Case)
    assert case.workflow == "figure-objection"
    told = command.ok("explain", case_id[:64])
    assert f"about timely-answers of {QUARTER}" in told
    assert f"{QUARTER} 的 timely-answers" in command.ok("explain", case_id[:64], "--lang", "zh")
    assert "uphold" in command.ok("todo", "--member", "steward")
    listed = command.ok("case", "list", "--workflow", "figure-objection")
    assert f"timely-answers@{QUARTER}" in listed
    command.ok("case", "step", "uphold", case_id, writer="steward/main")
    shown = command.ok("assess", "figure", "transport", "timely-answers", "--period", QUARTER)
    for words in ("3 / 3", f"objection {case_id}: upheld", "taken out by an objection"):
        assert words in shown
    wrong = ("case", "open", "figure-objection", "--figure", "x", "--text", "y")
    assert "no figure such as" in command.fails(*wrong, writer="transport/main")


def test_the_seed_is_put_to_the_vote(command: Command, tmp_path: Path, world: World) -> None:
    out = tmp_path / "indicators"
    files = command.json("assess", "seed", "--out", out)
    assert files.keys() == {one.id for one in SEED}
    told = msgspec_json.decode((out / "linkage.json").read_bytes())
    told["indicator"]["weight"] = 1
    (out / "linkage.json").write_bytes(msgspec_json.encode(told))
    said = ("govern", "propose", out / "linkage.json", "--reason", "less")
    made = command.json(*said, "--until", "2027-01-30", writer="audit/main")
    case_id = made["created"][0]["id"]
    assert "set-indicator linkage" in command.ok("govern", "list", "--state", "open")
    for voter in ("audit/main", "health/main"):
        command.ok("govern", "vote", case_id, "yes", writer=voter)
    assert getattr(world.value("indicator/linkage"), "weight", None) == 1
    assert isinstance(world.value("indicators"), AdoptedIndicators)
    assert "exists" in command.fails("assess", "seed", "--out", out)


def test_a_ledger_without_indicators_says_so(command: Command) -> None:
    command.node.world = World.genesis(parameters=Parameters(clock_skew_ms=YEAR_MS))
    assert "no indicators are adopted" in command.ok("assess", "indicators")
    told = command.ok("assess", "show")
    assert "no indicator is taken over 2026" in told
    assert command.json("assess", "show", "--member", "health")[0]["period"] == "2026"
