"""Events kept by their writer, and one of them proved: `prove-event`, `audit verify-event`."""

import json
import stat
from pathlib import Path

import pytest

from ledger.records import Usage, parse_record
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


@pytest.fixture
def grant(world: World) -> str:
    story = Story()
    story.world = world
    return story.publish().grant()


def log_of(world: World, folder: Path, *refs: str) -> Path:
    rows = [{"at": world.now, "rows": n, "ref": ref} for n, ref in enumerate(refs)]
    log = folder / "log.jsonl"
    log.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return log


def report(command: Command, log: Path, grant: str, *options: object) -> str:
    """The digest of the record in which a log is reported."""
    line = ("record", "use", log, "--grant", grant, "--fields", "a", "--operation", "read")
    return str(command.json(*line, *options, writer="health/main")["records"][0]["digest"])


def test_an_event_kept_by_its_writer_is_proved_offline(
    command: Command, world: World, grant: str, tmp_path: Path
) -> None:
    kept, out = tmp_path / "events", tmp_path / "q"
    log = log_of(world, tmp_path, "q-0", "q-1", "q-2")
    record = report(command, log, grant, "--unlisted", "--keep-events", kept)
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, Usage)
    assert (body.events, body.uses) == ((), 3)
    (file,) = kept.iterdir()
    assert file.name == f"{body.events_root}.events"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert len({line["salt"] for line in lines}) == 3
    prove = ("record", "prove-event", record, "--events", kept)
    told = command.json(*prove, "--ref", "q-1", "--out", out)
    assert told["number"] == 1
    event = tmp_path / "q.event"
    assert told["files"] == [str(event), f"{out}.leaf", f"{out}.tlog-proof"]
    policy = ("--policy", tmp_path / "policy")
    proved = command.json("audit", "verify-event", event, *policy)
    assert (proved["rows"], proved["ref"], proved["event"]) == (1, "q-1", "1 of 3")
    assert (proved["writer"], proved["grant"], proved["record"]) == ("health/main", grant, record)
    assert "health/main reported this use" in command.ok("audit", "verify-event", event, *policy)
    event.write_bytes(event.read_bytes().replace(b'"rows":1', b'"rows":2'))
    assert "does not lead to the root" in command.fails("audit", "verify-event", event, *policy)


def test_an_event_that_is_listed_needs_no_file(
    command: Command, world: World, grant: str, tmp_path: Path
) -> None:
    record = report(command, log_of(world, tmp_path, "q-0", "q-1"), grant)
    prove = ("record", "prove-event", record, "--out", tmp_path / "q")
    assert "event 0 of 2" in command.ok(*prove, "--number", "0")
    proved = command.json(
        "audit", "verify-event", tmp_path / "q.event", "--policy", tmp_path / "policy",
        "--record", tmp_path / "q.leaf", "--receipt", tmp_path / "q.tlog-proof",
    )  # fmt: skip
    assert proved["ref"] == "q-0"
    assert "exists" in command.fails(*prove, "--number", "0")


def test_what_cannot_be_proved_is_told(
    command: Command, world: World, grant: str, tmp_path: Path
) -> None:
    log = log_of(world, tmp_path, "q", "q", "r")
    kept = tmp_path / "events"
    record = report(command, log, grant, "--unlisted", "--keep-events", kept)
    prove = ("record", "prove-event", record, "--out", tmp_path / "q")
    assert "lists no events" in command.fails(*prove, "--number", "0")
    assert "does not hold" in command.fails(*prove, "--number", "0", "--events", tmp_path)
    assert "one of them" in command.fails(*prove, "--events", kept)
    assert "there are 3 events" in command.fails(*prove, "--events", kept, "--number", "3")
    assert "2 events have the ref" in command.fails(*prove, "--events", kept, "--ref", "q")
    entry = ("record", "prove-event", "2", "--number", "0", "--out", tmp_path / "q")
    assert "is no record of use" in command.fails(*entry)
    (file,) = kept.iterdir()
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join(lines[:2]))
    assert "not what the record commits to" in command.fails(
        *prove, "--events", kept, "--number", "0"
    )
    file.write_bytes(b"{}")
    assert str(file) in command.fails(*prove, "--events", kept, "--number", "0")


def test_a_record_that_is_no_use_proves_no_event(
    command: Command, world: World, grant: str, tmp_path: Path
) -> None:
    record = report(command, log_of(world, tmp_path, "q-0"), grant)
    command.ok("record", "prove-event", record, "--number", "0", "--out", tmp_path / "q")
    command.ok("record", "show", "2", "--receipt", tmp_path / "other.tlog-proof")
    verify = ("audit", "verify-event", tmp_path / "q.event", "--policy", tmp_path / "policy")
    other = ("--record", tmp_path / "other.leaf", "--receipt", tmp_path / "other.tlog-proof")
    assert "is no record of use" in command.fails(*verify, *other)
    assert "does not lead to the root" in command.fails(*verify, *other[:2])


def test_listed_events_are_not_kept_beside(
    command: Command, world: World, grant: str, tmp_path: Path
) -> None:
    log = log_of(world, tmp_path, "q-0")
    line = ("record", "use", log, "--grant", grant, "--keep-events", tmp_path / "events")
    assert "goes with --unlisted" in command.fails(*line, writer="health/main", code=2)
