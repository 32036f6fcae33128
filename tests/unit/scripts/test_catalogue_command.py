"""`blockpool catalogue`: tables, a spreadsheet, mistakes by line and column, entries, releases."""

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest

from contracts.values import ReleasedVersion, SchemaVersion
from scripts.catalogue.plan import schema_parts
from scripts.tables.found import file_digest, rows_digest
from tests import bodies
from tests.unit.scripts.conftest import Command
from tests.world import World

FILLED = (
    "--set", "category=traffic", "--set", "sharing=conditional", "--set", "system=tower",
    "--set", "frequency=daily", "--set", "purposes=health", "--set", "operations=query, read",
)  # fmt: skip


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with tables of every kind."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "flights.csv").write_text(
        "carrier,delay,at\nAA,3,2013-01-01T05:00:00Z\nUA,NA,2013-01-01T06:00:00Z\n",
        encoding="utf-8",
    )
    with ZipFile(folder / "planes.csv.zip", "w") as archive:
        archive.writestr("planes.csv", "tailnum,seats\nN1,2\n")
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 1 as id) to '{folder / 'ids.parquet'}' (format parquet)")
    with duckdb.connect(str(folder / "pool.duckdb")) as connection:
        connection.execute("create table runs as select range as n from range(3)")
    database = sqlite3.connect(folder / "people.sqlite")
    database.execute("create table 人口 (id integer primary key, 身份证号 text, name text)")
    database.execute("insert into 人口 values (1, '11010519491231002X', 'a')")
    database.commit()
    database.close()
    (folder / "notes.txt").write_text("no table", encoding="utf-8")
    return folder


def read(sheet: Path) -> list[dict[str, str]]:
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def change(sheet: Path, alter: Callable[[list[dict[str, str]]], None]) -> None:
    rows = read(sheet)
    alter(rows)
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def sheet(command: Command, tables: Path, tmp_path: Path) -> Path:
    """A complete sheet of one table."""
    out = tmp_path / "catalogue.csv"
    command.ok("catalogue", "scan", tables / "flights.csv", "--out", out, *FILLED)
    return out


def test_every_kind_of_table_is_scanned(command: Command, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "catalogue.csv"
    done = command.json("catalogue", "scan", tables, "--out", out, "--prefix", "t-", "--excel")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = {row["title"]: row for row in read(out) if row["row"] == "table"}
    assert {row["dataset"] for row in rows.values()} == set(done["datasets"])
    assert set(rows) == {"Flights", "Planes", "Ids", "Runs", "人口"}
    assert rows["Flights"]["sha256"] == file_digest(tables / "flights.csv")
    assert rows["Flights"]["row_count"] == "2"
    assert rows["Planes"]["sha256"] == file_digest(tables / "planes.csv.zip")
    assert rows["Runs"]["sha256"] == rows_digest([(2,), (0,), (1,)])
    assert rows["Runs"]["table"] == "runs"
    columns = {row["column"]: row for row in read(out) if row["row"] == "column"}
    assert (columns["delay"]["type"], columns["delay"]["nullable"]) == ("integer", "yes")
    assert (columns["at"]["type"], columns["at"]["nullable"]) == ("timestamp", "no")
    assert columns["身份证号"]["personal"] == "sensitive"
    assert "identity number" in columns["身份证号"]["hint"]
    assert columns["carrier"]["personal"] == "none"


def test_what_cannot_be_read_is_told_and_the_rest_is_scanned(
    command: Command, tables: Path, tmp_path: Path
) -> None:
    (tables / "broken.parquet").write_bytes(b"PAR1 no")
    out = tmp_path / "catalogue.csv"
    message = command.fails("catalogue", "scan", tables, "--out", out)
    assert "broken.parquet cannot be read" in message
    assert "1 of 6 tables could not be read" in message
    assert len([row for row in read(out) if row["row"] == "table"]) == 5
    assert "exists" in command.fails("catalogue", "scan", tables, "--out", out)
    nothing = command.fails("catalogue", "scan", tmp_path / "nowhere", "--out", tmp_path / "x.csv")
    assert "neither a file nor a folder" in nothing
    assert "NAME=VALUE" in command.fails(
        "catalogue", "scan", tables, "--out", tmp_path / "y.csv", "--set", "sha256", code=2
    )


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("empty.csv", b"", "is empty"),
        ("ragged.csv", b"a,b\n1,2,3\n4\n", "its lines differ in their cells"),
        ("noise.csv", b"a,b\n\xff\xff,1\n", "neither UTF-8 nor GB 18030"),
        ("table.xlsx", b"PK", "holds no table; known kinds of files: .csv"),
        ("junk.sqlite", b"junk" * 1_000, "the database cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_told_in_a_line(
    command: Command, tmp_path: Path, name: str, body: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(body)
    message = command.fails("catalogue", "scan", tmp_path / name, "--out", tmp_path / "c.csv")
    assert told in message
    assert len(message.splitlines()[0]) < 300


def test_a_misspelt_database_is_not_made(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "nowhere.db"
    for url in (f"sqlite:///{file}", "sqlite://"):
        assert "is no file" in command.fails("catalogue", "scan", url, "--out", tmp_path / "c.csv")
    assert not file.exists()


def test_wild_tables_are_scanned(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "医院.csv").write_bytes("病区,人数\n甲,3\n".encode("gb18030"))
    (folder / "marked.csv").write_bytes("\ufeff病区,人数\n甲,3\n".encode())
    (folder / "header.csv").write_bytes(b"a,b\n")
    (folder / "wide.csv").write_bytes(b"a,b\n" + b"x" * 3_000_000 + b",1\n")
    (folder / "twice.csv").write_bytes(b"a,a\n1,2\n")
    (folder / "lines.csv").write_bytes(b'"a\nb",c\n"1\n2",3\n')
    out = tmp_path / "catalogue.csv"
    assert command.json("catalogue", "scan", folder, "--out", out)["unread"] == 0
    rows = read(out)
    columns = {
        row["title"]: [one["column"] for one in rows if one["dataset"] == row["dataset"]][1:]
        for row in rows
        if row["row"] == "table"
    }
    assert columns["医院"] == columns["Marked"] == ["病区", "人数"]
    assert columns["Header"] == columns["Wide"] == ["a", "b"]
    assert columns["Lines"] == ["a\nb", "c"]
    assert len(set(columns["Twice"])) == 2
    counts = {row["title"]: row["row_count"] for row in rows}
    assert (counts["Header"], counts["Wide"], counts["Lines"]) == ("0", "1", "1")


def test_no_cell_of_a_sheet_begins_a_formula(command: Command, tmp_path: Path) -> None:
    names = ("=cmd|' /C calc'!A0", "+x", "@y", "-z", "'quoted", "'=twice")
    table = tmp_path / "formula.csv"
    table.write_text(",".join(names) + "\n1,2,3,4,5,6\n", encoding="utf-8")
    out = tmp_path / "catalogue.csv"
    command.ok("catalogue", "scan", table, "--out", out, *FILLED)
    cells = [cell for row in read(out) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    command.ok("catalogue", "publish", out, writer="transport/main")
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    shown = command.json("catalogue", "show", "formula")
    assert tuple(shown["columns"]) == names


def test_files_that_are_no_tables_are_named(command: Command, tables: Path, tmp_path: Path) -> None:
    result = command.run("catalogue", "scan", tables, "--out", tmp_path / "catalogue.csv")
    assert result.exit_code == 0
    assert f"warning: left out: {tables / 'notes.txt'}" in result.stderr


def test_a_database_password_does_not_reach_the_sheet(
    command: Command, tables: Path, tmp_path: Path
) -> None:
    out = tmp_path / "catalogue.csv"
    command.ok("catalogue", "scan", f"sqlite:///{tables / 'people.sqlite'}", "--out", out)
    (row,) = [row for row in read(out) if row["row"] == "table"]
    assert row["location"].startswith("sqlite:///")
    hidden = "postgresql://ann:secret@127.0.0.1:1/x"
    refused = command.fails("catalogue", "scan", hidden, "--out", tmp_path / "x.csv")
    assert "secret" not in refused


def test_all_mistakes_are_told_at_once_by_line_and_column(command: Command, sheet: Path) -> None:
    def spoil(rows: list[dict[str, str]]) -> None:
        rows[0] |= {
            "frequency": "dayly", "level": "core", "purposes": "", "sharing": "withheld",
            "not_after": "tomorrow", "masking": "salary=hashed", "uses_max": "many",
            "system": "The Tower", "assessment": "missing.pdf",
        }  # fmt: skip
        rows[1]["personal"] = "sensitive"
        rows[2] |= {"type": "number", "column": "carrier"}
        rows.append({"row": "column", "dataset": "nowhere", "column": "x", "type": "text"})
        rows.append({"row": "remark"})

    change(sheet, spoil)
    result = command.run("catalogue", "publish", sheet, "--json", writer="transport/main")
    assert result.exit_code == 1
    assert "nothing was submitted" in result.stderr
    line = result.stdout
    told = {(one["line"], one["column"]) for one in json.loads(line)["problems"]}
    assert told == {
        (2, "assessment"), (2, "basis"), (2, "basis_kind"), (2, "frequency"), (2, "level"),
        (2, "masking"), (2, "necessity"), (2, "not_after"), (2, "purposes"), (2, "system"),
        (2, "uses_max"), (4, "column"), (4, "type"), (6, "dataset"), (7, "row"),
    }  # fmt: skip


def test_what_only_the_ledger_knows_is_checked_before_anything_is_said(
    command: Command, world: World, sheet: Path
) -> None:
    def spoil(rows: list[dict[str, str]]) -> None:
        rows[0] |= {"purposes": "gossip", "collector": "nobody", "co_providers": "weather, me"}

    size = len(world.leaves)
    change(sheet, spoil)
    result = command.run("catalogue", "publish", sheet, writer="transport/main")
    assert result.exit_code == 1
    for told in ("`gossip` is not adopted; adopted are health, tax.audit", "`nobody`", "`me`"):
        assert told in result.stdout
    assert len(world.leaves) == size


def test_a_sheet_goes_from_entries_to_releases_and_is_never_said_twice(
    command: Command, world: World, sheet: Path
) -> None:
    dry = command.json("catalogue", "publish", sheet, "--dry-run", writer="transport/main")
    assert [one["entry"] for one in dry] == ["new"]
    published = command.json("catalogue", "publish", sheet, writer="transport/main")
    assert [one["entry"] for one in published] == ["awaiting review"]
    size = len(world.leaves)
    again = command.run("catalogue", "publish", sheet, "--release", writer="transport/main")
    assert "await the steward" in again.stderr
    assert len(world.leaves) == size
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    released = command.json("catalogue", "publish", sheet, "--release", writer="transport/main")
    assert [(one["entry"], one["contents"]) for one in released] == [("in force", "released")]
    version = world.value("release/flights/1")
    assert isinstance(version, ReleasedVersion)
    assert (version.rows, version.assurance) == (2, "content")
    size = len(world.leaves)
    command.ok("catalogue", "publish", sheet, "--release", writer="transport/main")
    assert len(world.leaves) == size
    listed = command.json("catalogue", "list")
    assert [one["dataset"] for one in listed] == ["flights"]
    assert command.ok("catalogue", "purposes").split() == ["health", "tax.audit"]


def test_an_entry_is_shown_while_it_waits_and_with_its_versions_later(
    command: Command, sheet: Path
) -> None:
    assert "no entry in force for `flights`" in command.fails("catalogue", "show", "flights")
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    waits = command.fails("catalogue", "show", "flights")
    assert "one waits for the steward" in waits
    assert "blockpool catalogue show flights --draft" in waits
    draft = command.json("catalogue", "show", "flights", "--draft")
    assert (draft["columns"], draft["versions"]) == (["carrier", "delay", "at"], [])
    assert draft["entry"]["sharing"] == "conditional"
    told = command.ok("catalogue", "show", "flights", "--draft")
    assert "waits for the steward since" in told
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    command.ok("catalogue", "publish", sheet, "--release", writer="transport/main")
    assert "waits for the steward" in command.fails("catalogue", "show", "flights", "--draft")
    (version,) = command.json("catalogue", "show", "flights")["versions"]
    assert (version["version"], version["rows"]) == (1, 2)
    assert version["sha256"][:8] in command.ok("catalogue", "show", "flights")


def test_a_returned_entry_is_told_and_a_changed_one_is_submitted_again(
    command: Command, sheet: Path
) -> None:
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    command.ok(
        "case", "step", "return", "--pending", "--ground", "incomplete", writer="steward/main"
    )
    dry = command.json("catalogue", "publish", sheet, "--dry-run", writer="transport/main")
    assert [one["entry"] for one in dry] == ["new"]

    def mend(rows: list[dict[str, str]]) -> None:
        rows[0]["summary"] = "Departures from New York"

    change(sheet, mend)
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    change(sheet, lambda rows: rows[0].update(summary="All departures"))
    dry = command.json("catalogue", "publish", sheet, "--dry-run", writer="transport/main")
    assert [one["entry"] for one in dry] == ["changed"]


def test_a_file_changed_since_the_scan_is_not_released(
    command: Command, sheet: Path, tables: Path
) -> None:
    (tables / "flights.csv").write_text("carrier,delay,at\n", encoding="utf-8")
    result = command.run("catalogue", "publish", sheet, "--release", writer="transport/main")
    assert result.exit_code == 1
    assert "has changed since it was scanned" in result.stdout
    (tables / "flights.csv").unlink()
    result = command.run("catalogue", "publish", sheet, "--release", writer="transport/main")
    assert "cannot be read" in result.stdout


def test_another_members_dataset_is_not_taken(command: Command, sheet: Path) -> None:
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    result = command.run("catalogue", "publish", sheet, writer="weather/main")
    assert "`flights` is transport's; choose another id" in result.stdout
    assert result.exit_code == 1


def test_nor_is_one_that_awaits_review(command: Command, world: World, sheet: Path) -> None:
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    size = len(world.leaves)
    result = command.run("catalogue", "publish", sheet, writer="weather/main")
    assert "`flights` is transport's; choose another id" in result.stdout
    assert (result.exit_code, len(world.leaves)) == (1, size)


def test_every_mistake_is_told_in_one_pass(command: Command, sheet: Path) -> None:
    """What is wrong with one cell hides nothing that is wrong with others."""

    def spoil(rows: list[dict[str, str]]) -> None:
        rows[0] |= {"not_after": "2027-13-01", "delegable": "9", "purposes": "health, wealth"}
        rows[0] |= {"collector": "nobody"}
        rows[1]["type"] = "number"

    change(sheet, spoil)
    told = command.run(
        "catalogue", "publish", sheet, "--dry-run", "--json", writer="transport/main"
    )
    problems = json.loads(told.stdout)["problems"]
    assert {(one["line"], one["column"]) for one in problems} == {
        (2, "collector"), (2, "delegable"), (2, "not_after"), (2, "purposes"), (3, "type"),
    }  # fmt: skip


def test_what_the_rules_would_refuse_is_told_before(
    command: Command, world: World, sheet: Path
) -> None:
    change(sheet, lambda rows: rows[0].update(demand=f"{'0' * 64}-0"))
    size = len(world.leaves)
    result = command.run("catalogue", "publish", sheet, "--dry-run", writer="transport/main")
    assert result.exit_code == 1
    assert "demand" in result.stdout
    assert "nothing was submitted" in result.stderr
    assert len(world.leaves) == size


def test_items_that_another_collects_are_asked_about(
    command: Command, world: World, sheet: Path
) -> None:
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    command.ok("case", "step", "approve", "--pending", writer="steward/main")
    designate = ("catalogue", "designate", "flights", "--items", "carrier")
    command.ok(*designate, writer="steward/main")
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(text.replace(",flights,", ",airlines,"), encoding="utf-8")
    publish = ("catalogue", "publish", sheet)
    tried = command.run(*publish, "--dry-run", writer="weather/main")
    assert tried.exit_code == 0
    assert "warning: this would be a finding collected-twice" in tried.stderr
    said = command.fails(*publish, writer="weather/main")
    assert "error: this would be a finding collected-twice" in said
    assert world.value("dataset/airlines") is None
    command.ok(*publish, "--anyway", writer="weather/main")
    assert world.value("dataset/airlines") is not None


def test_spreadsheet_programs_may_save_it_their_way(command: Command, sheet: Path) -> None:
    rows = read(sheet)
    names = [*reversed(list(rows[0]))]
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names, delimiter=";", restval="")
        writer.writeheader()
        writer.writerows(rows)
        file.write(";" * len(names) + "\n")
    dry = command.json("catalogue", "publish", sheet, "--dry-run", writer="transport/main")
    assert [one["columns"] for one in dry] == [3]
    sheet.write_bytes("row,dataset\n表,x\n".encode("gbk"))
    assert "CSV UTF-8" in command.fails("catalogue", "publish", sheet, writer="transport/main")
    sheet.write_text("row,dataset\ntable,x\n", encoding="utf-8")
    assert "lacks the columns" in command.fails(
        "catalogue", "publish", sheet, writer="transport/main"
    )


def test_a_column_nobody_knows_is_refused(command: Command, sheet: Path) -> None:
    """Or a condition under a mistyped name would be lost, and the data offered without it."""
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(text.replace("report_within", "report_witin", 1), encoding="utf-8")
    refused = command.fails("catalogue", "publish", sheet, "--dry-run", writer="transport/main")
    assert "`report_witin` (did you mean `report_within`?)" in " ".join(refused.split())
    assert "blockpool catalogue columns" in refused


def test_a_long_schema_is_published_in_parts(
    command: Command, world: World, tmp_path: Path
) -> None:
    wide = tmp_path / "wide.csv"
    names = [f"c{number}" for number in range(600)]
    wide.write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n", encoding="utf-8")
    sheet = tmp_path / "wide-catalogue.csv"
    command.ok("catalogue", "scan", wide, "--out", sheet, *FILLED)
    command.ok("catalogue", "publish", sheet, writer="transport/main")
    schemas = [
        value
        for key in world.state.keys("schema/")
        if isinstance(value := world.value(key), SchemaVersion)
    ]
    assert [one.total for one in schemas] == [600]
    assert [part.first for part in schema_parts("0" * 64, ())] == []


def test_the_catalogue_in_chinese(command: Command, world: World) -> None:
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry())
    world.accept(entry)
    draft = command.ok("catalogue", "show", "flights", "--draft", "--lang", "zh")
    assert "提交审核时间" in draft
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    world.accept(world.sign("transport/main", bodies.release()))
    shown = command.ok("catalogue", "show", "flights", "--lang", "zh")
    for words in ("数据提供部门", "共享使用条件：数据项 全部", "版本", "数据时点"):
        assert words in shown
    listed = command.ok("catalogue", "list", "--lang", "zh")
    for words in ("共享属性", "有条件共享 conditional", "更新频率"):
        assert words in listed
