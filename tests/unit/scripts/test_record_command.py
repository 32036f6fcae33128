"""`blockpool record`: from an application to a use, each with its receipt."""

import json
import stat
from pathlib import Path

import pytest

from contracts.values import Case, FileList, GrantedRight, ReleasedVersion, RequestedItem
from ledger.errors import VerificationError
from ledger.receipt import verify_receipt
from ledger.records import Grant, Request, Usage, parse_record
from ledger.records.sharing import Audience
from ledger.sealed import Sealed, open_sealed
from ledger.times import from_ms, to_ms
from tests import bodies
from tests.unit.scripts.conftest import Command
from tests.unit.scripts.ledger_node import POLICY
from tests.world import World

ASK = ("record", "request", "flights", "--scene", "road planning")


@pytest.fixture
def shared(command: Command, world: World) -> World:
    """A ledger on which transport offers `flights`, released once."""
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry())
    world.accept(entry)
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    world.accept(world.sign("transport/main", bodies.release()))
    return world


def asked(command: Command, *options: str) -> str:
    """The id of a request by health."""
    done = command.json(*ASK, *options, writer="health/main")
    return str(done["created"][0]["id"])


def granted(command: Command, *options: str) -> str:
    """The id of a grant that answers a request by health."""
    request = asked(command)
    done = command.json("record", "grant", "--request", request, *options, writer="transport/main")
    return str(done["created"][0]["id"])


def state_of(world: World, case: str) -> str:
    value = world.value(f"case/{case}")
    assert isinstance(value, Case)
    return value.state


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_request_asks_for_what_the_entry_offers_unless_told_otherwise(
    command: Command, shared: World
) -> None:
    whole = shared.value(f"request/{asked(command)}")
    assert isinstance(whole, RequestedItem)
    assert whole.terms == bodies.TERMS
    less = shared.value(
        f"request/{asked(command, '--fields', 'b, a', '--operations', 'query', '--uses-max', '9')}"
    )
    assert isinstance(less, RequestedItem)
    assert (less.terms.fields, less.terms.operations) == (("a", "b"), ("query",))
    assert (less.terms.uses_max, less.terms.purposes) == (9, ("health",))


def test_a_sealed_scene_stays_off_the_ledger_and_can_be_opened(
    command: Command, shared: World, tmp_path: Path
) -> None:
    opening = tmp_path / "scene.json"
    command.ok(*ASK, "--seal", opening, writer="health/main")
    body = parse_record(shared.leaves[-2]).body
    assert isinstance(body, Request)
    assert isinstance(body.scene, Sealed)
    assert b"planning" not in shared.leaves[-2]
    kept = json.loads(opening.read_text())
    assert stat.S_IMODE(opening.stat().st_mode) == 0o600
    assert open_sealed(body.scene, bytes.fromhex(kept["salt"]), kept["text"]) == "road planning"


def test_a_grant_gives_what_was_asked_for_as_far_as_it_is_offered(
    command: Command, shared: World
) -> None:
    request = asked(command, "--fields", "a", "--operations", "query,read,export")
    command.ok("record", "grant", "--request", request, writer="transport/main")
    body = parse_record(shared.leaves[-2]).body
    assert isinstance(body, Grant)
    assert body.items[0].terms.fields == ("a",)
    assert body.items[0].terms.operations == ("query", "read")
    assert state_of(shared, request) == "granted"


def test_a_narrower_grant_waits_for_acceptance_and_ends_by_revocation(
    command: Command, shared: World, tmp_path: Path
) -> None:
    grant = granted(command, "--fields", "a", "--ground", "not-necessary")
    assert state_of(shared, grant) == "offered"
    command.ok("record", "accept", grant, writer="health/main")
    assert state_of(shared, grant) == "in-force"
    minutes = write(tmp_path / "minutes.txt", "talked")
    revoke = ("record", "revoke", grant, "--ground", "purpose-fulfilled")
    done = command.json(*revoke, "--consultation", str(minutes), writer="transport/main")
    assert done["records"][0]["findings"] == []
    assert state_of(shared, grant) == "revoked"


def test_a_revocation_at_will_is_told_as_a_finding(command: Command, shared: World) -> None:
    grant = granted(command)
    revoke = ("record", "revoke", grant, "--ground", "purpose-fulfilled")
    result = command.run(*revoke, "--anyway", writer="transport/main")
    assert result.exit_code == 0
    assert "warning: finding ended-at-will" in result.stderr
    unknown = command.fails("record", "revoke", grant, "--ground", "mood", writer="transport/main")
    assert "`mood` is none of breach, legal-change" in unknown


def test_grants_go_to_members_or_stand_for_all(command: Command, shared: World) -> None:
    made = command.json(
        "record", "grant", "flights", "--members", "weather, health", writer="transport/main"
    )
    assert [one["what"] for one in made["created"]] == ["flights to health", "flights to weather"]
    for one, member in zip(made["created"], ("health", "weather"), strict=True):
        right = shared.value(f"grant/{one['id']}")
        assert isinstance(right, GrantedRight)
        assert right.member == member
    stand = ("record", "grant", "flights", "--standing")
    standing = command.json(*stand, writer="transport/main")["created"][0]["id"]
    request, right = command.json(*ASK, writer="health/main")["created"]
    assert state_of(shared, request["id"]) == "granted"
    assert right["what"] == f"flights, granted at once under {standing}"
    taken = shared.value(f"grant/{right['id']}")
    assert isinstance(taken, GrantedRight)
    assert (taken.request, taken.standing) == (request["id"], standing)


def test_a_grant_stands_for_those_it_is_meant_for(command: Command, shared: World) -> None:
    stand = ("record", "grant", "flights", "--standing")
    command.ok(*stand, "--levels", "county", "--territories", "33", writer="transport/main")
    assert state_of(shared, asked(command)) == "open"
    done = command.json(*stand, "--levels", "city", writer="transport/main")
    right = shared.value(f"grant/{done['created'][0]['id']}")
    assert isinstance(right, GrantedRight)
    assert right.audience == Audience(levels=("city",))
    assert state_of(shared, asked(command)) == "granted"
    odd = ("record", "grant", "flights", "--members", "weather", "--group", "bureaus")
    assert "`audience`" in command.fails(*odd, writer="transport/main")
    unknown = command.fails(*stand, "--group", "bureaus", writer="transport/main")
    assert "unknown-group" in unknown


def test_many_items_come_from_a_table(command: Command, shared: World, tmp_path: Path) -> None:
    table = write(tmp_path / "ask.csv", "dataset,fields,uses_max\nflights,a,5\nflights,b;c,\n")
    done = command.json(
        "record", "request", "--csv", str(table), "--scene", "s", writer="health/main"
    )
    ids = [one["id"] for one in done["created"]]
    rights = [shared.value(f"request/{one}") for one in ids]
    assert [one.terms.fields for one in rights if isinstance(one, RequestedItem)] == [
        ("a",),
        ("b", "c"),
    ]
    answers = write(
        tmp_path / "answers.csv",
        f"request,fields,ground\n{ids[0]},,\n{ids[1]},b,not-held\n",
    )
    command.ok("record", "grant", "--csv", str(answers), writer="transport/main")
    assert [state_of(shared, one) for one in ids] == ["granted", "granted"]
    bad = write(tmp_path / "bad.csv", "dataset,fields\nflights,a\nnowhere,b\n")
    message = command.fails(
        "record", "request", "--csv", str(bad), "--scene", "s", writer="health/main"
    )
    assert "line 3: no entry in force for `nowhere`" in message
    odd = write(tmp_path / "odd.csv", "dataset,color\nflights,red\n")
    message = command.fails(
        "record", "request", "--csv", str(odd), "--scene", "s", writer="health/main"
    )
    assert "no column color" in message


def log_of(count: int) -> str:
    """Uses a millisecond apart, the latest first."""
    times = [from_ms(to_ms("2026-11-23T01:00:00.000Z") + n) for n in range(count)]
    rows = [f"{at},{n},q-{n:06d}" for n, at in enumerate(times)]
    return "\n".join(("at,rows,ref", *reversed(rows)))


def test_a_log_becomes_records_of_some_hundreds_and_receipts_hold(
    command: Command, shared: World, tmp_path: Path
) -> None:
    grant = granted(command)
    shared.block(shared.sign("weather/main", bodies.schema("x")), at="2026-11-24T00:00:00.000Z")
    log = write(tmp_path / "log.csv", log_of(1_201))
    use = ("record", "use", log, "--grant", grant, "--fields", "a,b", "--operation", "query")
    done = command.json(*use, "--receipts", tmp_path / "receipts", writer="health/main")
    assert [one["what"].partition(" of")[0] for one in done["created"]] == [
        "500 uses",
        "500 uses",
        "201 uses",
    ]
    assert not any(one["findings"] for one in done["records"])
    records = sorted((tmp_path / "receipts").glob("*.leaf"), key=lambda path: int(path.stem))
    assert len(records) == 3
    for record in records:
        receipt = record.with_suffix(".tlog-proof").read_bytes()
        assert verify_receipt(receipt, record.read_bytes(), POLICY).index == int(record.stem)
        with pytest.raises(VerificationError):
            verify_receipt(receipt, record.read_bytes() + b" ", POLICY)
    bodies_ = [parse_record(one.read_bytes()).body for one in records]
    refs = [event.ref for one in bodies_ if isinstance(one, Usage) for event in one.events]
    assert refs == [f"q-{n:06d}" for n in range(1_201)]


def test_a_log_is_cut_at_midnight_of_the_ledger_and_by_what_differs(
    command: Command, shared: World, tmp_path: Path
) -> None:
    shared.block(shared.sign("weather/main", bodies.schema("x")), at="2026-11-26T00:00:00.000Z")
    log = write(
        tmp_path / "log.csv",
        "at,rows,operation\n"
        "2026-11-24T23:59:59.999Z,1,query\n"
        "2026-11-25T00:00:00.000Z,2,query\n"
        "2026-11-25T00:00:01.000Z,3,read\n",
    )
    done = command.json(
        "record", "use", log, "--dataset", "flights", "--fields", "a", "--purpose", "health",
        writer="health/main",
    )  # fmt: skip
    assert [one["what"] for one in done["created"]] == [
        "1 use of 1 row",
        "1 use of 2 rows",
        "1 use of 3 rows",
    ]


def test_json_lines_are_a_log_too_and_events_may_be_kept(
    command: Command, shared: World, tmp_path: Path
) -> None:
    grant = granted(command)
    at = shared.now
    log = write(tmp_path / "log.jsonl", json.dumps({"at": at, "rows": 7, "ref": "r"}) + "\n\n")
    use = ("record", "use", log, "--grant", grant, "--fields", "a", "--operation", "read")
    done = command.json(*use, "--unlisted", writer="health/main")
    assert done["records"][0]["findings"] == []
    body = parse_record(shared.leaves[-2]).body
    assert isinstance(body, Usage)
    assert (body.events, body.uses, body.rows) == ((), 1, 7)


def test_what_was_reported_is_not_reported_again_unless_one_insists(
    command: Command, shared: World, tmp_path: Path
) -> None:
    grant = granted(command)
    first = from_ms(to_ms(shared.now) + 1_000)
    second = from_ms(to_ms(shared.now) + 2_000)
    shared.block(shared.sign("weather/main", bodies.schema("x")), at="2026-11-24T00:00:00.000Z")
    use = ("record", "use", tmp_path / "log.csv", "--grant", grant, "--operation", "read")
    manner = (*use, "--fields", "a")
    write(tmp_path / "log.csv", f"at,rows,ref\n{first},1,q-1\n{first},1,q-1\n")
    assert "the log has twice: q-1" in command.run(*manner, writer="health/main").stderr
    again = command.fails(*use, "--fields", "a,b", writer="health/main")
    assert "2 uses from" in again
    assert "--again" in again
    write(tmp_path / "log.csv", f"at,rows,ref\n{first},1,q-1\n{second},1,q-2\n")
    assert "1 use from" in command.fails(*manner, writer="health/main")
    write(tmp_path / "log.csv", f"at,rows,ref\n{second},1,q-2\n")
    command.ok(*manner, "--unlisted", writer="health/main")
    assert "reported already, in record" in command.fails(*manner, writer="health/main")
    reported = command.json(*manner, "--again", writer="health/main")
    assert len(reported["records"]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("at,rows\nnoon,1\n", "line 2: `noon` is no date"),
        ("at,rows\n2026-11-23,-1\n", "line 2: `-1` is not a whole number"),
        ("at,rows,who\n2026-11-23,1,me\n", "line 2: unknown who"),
        ("at,rows\n2026-11-23,1,000\n", "line 2: more cells than the header names"),
        ("at,rows\n", "has no rows"),
        ("at,rows\n2026-11-23,1\n", "operation: the grant leaves it open; give --operation"),
    ],
)
def test_a_log_that_cannot_be_read_is_told(
    command: Command, shared: World, tmp_path: Path, text: str, told: str
) -> None:
    grant = granted(command)
    log = write(tmp_path / "log.csv", text)
    use = ("record", "use", log, "--grant", grant, "--fields", "a")
    assert told in command.fails(*use, writer="health/main")


def test_an_id_that_can_be_none_is_told_in_words(command: Command) -> None:
    message = command.fails("record", "accept", "GRANT", writer="health/main")
    assert "is not an id of 64 hexadecimal digits, a hyphen and a number" in message


def test_the_next_version_is_released_from_files(
    command: Command, shared: World, tmp_path: Path
) -> None:
    first = write(tmp_path / "1.csv", "a,b,c\nx,y,z\n")
    second = write(tmp_path / "2.csv", "a,b,c\nx,y,z\nu,v,w\n")
    publish = ("record", "publish", "flights", first, second, "--as-of", "2026-11-22")
    done = command.json(
        *publish, "--corrects", 1, "--quality", "missing values=0:yes", writer="transport/main"
    )
    assert done["created"][0]["id"] == "flights@2"
    version = shared.value("release/flights/2")
    assert isinstance(version, ReleasedVersion)
    assert (version.rows, version.corrects) == (3, 1)
    again = ("record", "publish", "flights", first, second)
    assert "has the same contents" in command.fails(*again, writer="transport/main")
    other = write(tmp_path / "other.csv", "a,b,d\nx,y,z\n")
    message = command.fails("record", "publish", "flights", other, writer="transport/main")
    assert "lacks c and has d that the entry has not" in message


def test_a_version_of_many_files_names_a_manifest(
    command: Command, shared: World, tmp_path: Path
) -> None:
    files = [write(tmp_path / f"{n:03}.csv", f"a,b,c\n{n},y,z\n") for n in range(300)]
    line = ("record", "publish", "flights", *files, "--as-of", "2026-11-22")
    done = command.json(*line, writer="transport/main")
    assert len(done["records"]) == 3
    version = shared.value("release/flights/2")
    assert isinstance(version, ReleasedVersion)
    listed = shared.value(f"manifest/{version.sha256}")
    assert isinstance(listed, FileList)
    assert (listed.files, listed.last, version.rows) == (300, "299.csv", 300)
    again = command.json(*line, writer="transport/main")
    assert len(again["records"]) == 1


def test_bodies_of_any_kind_are_submitted(command: Command, shared: World, tmp_path: Path) -> None:
    line = json.dumps({"items": [{"dataset": "flights"}]})
    file = write(tmp_path / "grant.jsonl", line)
    message = command.fails("record", "submit", "grant", file, writer="transport/main")
    assert "missing required field" in message
    message = command.fails("record", "submit", "gift", file, writer="transport/main", code=2)
    assert "no kind `gift`" in message
    file = write(
        tmp_path / "step.jsonl", json.dumps({"cases": [asked(command)], "step": "withdraw"})
    )
    command.ok("record", "submit", "step", file, writer="health/main")


def test_any_record_is_shown_and_its_receipt_kept(
    command: Command, shared: World, tmp_path: Path
) -> None:
    request = asked(command)
    digest = request.partition("-")[0]
    receipt = tmp_path / "r.tlog-proof"
    shown = command.ok("record", "show", digest, "--receipt", receipt)
    for told in ("request", "health/main", "road planning", "items[0].terms.fields"):
        assert told in shown
    verify_receipt(receipt.read_bytes(), receipt.with_suffix(".leaf").read_bytes(), POLICY)
    assert "proved: it is leaf" in command.ok("audit", "verify-receipt", receipt)
    assert "stateRoot" in command.ok("record", "show", len(shared.leaves) - 1)
    assert "not-found" in command.fails("record", "show", "9999")


def test_who_signs_must_be_said(command: Command, shared: World) -> None:
    assert "who signs?" in command.fails(*ASK, code=2)
    assert "which key signs" in command.fails(*ASK, "--writer", "health/main", code=2)
    assert "`health` is not MEMBER/NAME" in command.fails(*ASK, "--writer", "health")
    public = ("--writer", "health/main", "--key", "health-main.pub")
    assert "is the public half of a key" in command.fails(*ASK, *public)
    key = command.key_file("health/main")
    command.ok(*ASK, "--writer", "health/main", "--key", key)


def test_more_than_a_record_lists_are_as_many_records_as_that_takes(
    command: Command, shared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.submission.ITEMS_MAX", 2)
    flights = ["flights"] * 3
    asked = command.json("record", "request", *flights, "--scene", "s", writer="health/main")
    first, second = (one["digest"] for one in asked["records"])
    requests = [one["id"] for one in asked["created"]]
    assert requests == [f"{first}-0", f"{first}-1", f"{second}-0"]
    answers = [word for one in requests for word in ("--request", one)]
    granted = command.json("record", "grant", *answers, writer="transport/main")
    first, second = (one["digest"] for one in granted["records"])
    grants = [one["id"] for one in granted["created"]]
    assert grants == [f"{first}-0", f"{first}-1", f"{second}-0"]
    for one in grants:
        assert shared.value(f"grant/{one}") is not None
    revoke = ("record", "revoke", *grants, "--ground", "breach")
    assert len(command.json(*revoke, writer="transport/main")["records"]) == 2


def test_the_key_of_another_writer_is_told(command: Command, shared: World) -> None:
    key = command.key_file("transport/main")
    said = command.fails(*ASK, "--writer", "health/main", "--key", key)
    assert f"error: {key} is the key of transport/main" in said


@pytest.mark.parametrize(
    "terms", [("--fields", "a,d"), ("--masking", "d=hashed"), ("--rows", "d=1")]
)
def test_columns_that_there_are_not_are_told_with_those_there_are(
    command: Command, shared: World, terms: tuple[str, str]
) -> None:
    told = "`flights` has no column d; it has a, b, c"
    assert told in command.fails(*ASK, *terms, writer="health/main")
    grant = ("record", "grant", "flights", "--members", "health")
    assert told in command.fails(*grant, *terms, writer="transport/main")
    (right,) = command.json(*grant, writer="transport/main")["created"]
    command.ok("record", "accept", right["id"], writer="health/main")
    amend = ("record", "amend", right["id"])
    assert told in command.fails(*amend, *terms, writer="transport/main")
    delegate = ("record", "delegate", right["id"], "--members", "weather")
    assert told in command.fails(*delegate, *terms, writer="health/main")


def test_numbers_that_name_people_stay_off_the_ledger(command: Command, shared: World) -> None:
    size = len(shared.leaves)
    scene = ("record", "request", "flights", "--scene", "核查 11010519491231002X")
    message = command.fails(*scene, writer="health/main")
    assert "identity number" in message
    assert "can never be taken back" in message
    assert len(shared.leaves) == size
