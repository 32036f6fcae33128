"""The spreadsheet in which a catalogue is completed by hand.

One CSV file, two kinds of rows, told apart by the cell `row`:

    row     dataset  column    title    type     personal  category  …
    table   flights            Flights                     traffic   …     one per table, then
    column  flights  tailnum   Tail…    text     none                …     one per column of it

`CELLS` says what each cell takes, for which rows, and whether it must be filled. Spreadsheet
programs may save it with semicolons or tabs, with a byte-order mark, with columns moved or left
out. A column it does not know is refused: a condition under a mistyped name would be lost, and the
data offered without it. Remarks have a column of their own, `hint`.

A table or column may be named so that a spreadsheet program would take the cell for a formula and
compute it (`=cmd|…`). Such a cell is written with an apostrophe before it, which such programs show
and keep; reading takes it away again, so that the name on the ledger is the name in the data:

>>> [row] = ({"row": "column", "dataset": "a", "column": "=1+1"},)
>>> "'=1+1" in encode_sheet([row]).decode()
True
>>> _plain("'=1+1"), _plain("'tis")
('=1+1', "'tis")
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final, Literal

from scripts.csv_rows import ENCODING, read_csv
from scripts.spelling import SpellingError, did_you_mean

Row = Literal["column", "table"]
_BOTH: Final[tuple[Row, ...]] = ("table", "column")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""With which spreadsheet programs begin a formula, and the apostrophe that says it is none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the sheet: the rows that have it, what it takes, the rows that need it."""

    name: str
    rows: tuple[Row, ...]
    help: str
    needed: tuple[Row, ...] = ()


def _of_both(name: str, text: str, *, needed: tuple[Row, ...] = ()) -> Cell:
    return Cell(name, _BOTH, text, needed)


def _of_table(name: str, text: str, *, needed: bool = False) -> Cell:
    return Cell(name, ("table",), text, ("table",) if needed else ())


def _of_column(name: str, text: str, *, needed: bool = False) -> Cell:
    return Cell(name, ("column",), text, ("column",) if needed else ())


CELLS: Final = (
    _of_both("row", "table or column", needed=_BOTH),
    _of_both("dataset", "permanent id: a-z, 0-9 and hyphens", needed=_BOTH),
    _of_column("column", "name of the column in the data", needed=True),
    _of_both("title", "its name for people", needed=("table",)),
    _of_both("summary", "what it contains or means", needed=("table",)),
    _of_column(
        "type",
        "binary, boolean, date, decimal, float, integer, other, text, time or timestamp",
        needed=True,
    ),
    _of_column("nullable", "yes if it may be missing"),
    _of_column("personal", "none, personal or sensitive"),
    _of_column("unit", "unit of measure"),
    _of_column("standard", "code of the data standard it follows"),
    _of_column("made_from", "of a block: GRANT=COLUMN, the inputs' columns it is made from"),
    _of_both("hint", "remark of the scan; ignored"),
    _of_table("code", "catalogue code", needed=True),
    _of_table("category", "category code: a-z, 0-9 and hyphens", needed=True),
    _of_table("level", "general or important", needed=True),
    _of_table("sharing", "unconditional, conditional or withheld", needed=True),
    _of_table("system", "information system that holds it: a-z, 0-9 and hyphens", needed=True),
    _of_table(
        "frequency",
        "realtime, daily, weekly, monthly, quarterly, yearly, once or irregular",
        needed=True,
    ),
    _of_table("purposes", "purpose codes adopted on the ledger, or all", needed=True),
    _of_table("operations", "of derive, export, publish, query, read, train, verify", needed=True),
    _of_table("fields", "columns offered, or all (if left empty)"),
    _of_table("rows", "rows offered: COLUMN=PREFIX|PREFIX"),
    _of_table("systems", "information systems that may use it, or any"),
    _of_table("not_before", "offered from this day, or moment, on"),
    _of_table("not_after", "last day it is offered, or moment"),
    _of_table("uses_max", "uses in total"),
    _of_table("rows_max", "rows in total"),
    _of_table("rate_per_day", "uses a day"),
    _of_table("delegable", "how often the right may be passed on, 0 to 8"),
    _of_table("minimum_group", "smallest group behind any figure that leaves the consumer"),
    _of_table("masking", "COLUMN=partial, hashed or aggregated"),
    _of_table("storage", "allowed, controlled or none"),
    _of_table("onward", "yes, aggregated or no"),
    _of_table("report_within", "time to report a use, such as 7d"),
    _of_table("delete_within", "time to delete after the right ends, such as 30d"),
    _of_table("basis_kind", "law, regulation, decision or other"),
    _of_table("basis", "where the legal basis stands; needed if withheld or personal"),
    _of_table("basis_code", "its code, if the ledger has adopted legal bases"),
    _of_table("necessity", "why personal information is needed; needed if personal"),
    _of_table("assessment", "impact assessment, digest or file; needed if personal"),
    _of_table("secrecy_review", "secrecy review, digest or file"),
    _of_table("aggregation_risk", "of a block: what its inputs tell together; needed if made_from"),
    _of_table("collector", "member that collects it, if another"),
    _of_table("co_providers", "members that provide it jointly"),
    _of_table("joint_rule", "who of them may grant: any or lead"),
    _of_table("responsible", "STAGE=MEMBER for collect, store, process, transfer, share, use, …"),
    _of_table("mode", "file, batch or service"),
    _of_table("endpoint", "address of a service"),
    _of_table("endpoint_version", "version of a service"),
    _of_table("openness", "closed, conditional or open"),
    _of_table("campaign_end", "last day, if it is collected in a campaign"),
    _of_table("source", "where the data comes from"),
    _of_table("territory", "column with the code of the territory that a row is about"),
    _of_table("contact", "office to ask"),
    _of_table("demand", "id of the demand it meets, assigned to the provider"),
    _of_table("location", "file, relative to this sheet, or database; for the release"),
    _of_table("table", "name of the table in the database; for the release"),
    _of_table("row_count", "number of rows; for the release"),
    _of_table("bytes", "length of the file; for the release"),
    _of_table("sha256", "digest of the contents; for the release"),
    _of_table("as_of", "day or moment the contents describe; for the release"),
)
"""Every column, in the order in which they stand in a new sheet."""
CELL_OF_NAME: Final[Mapping[str, Cell]] = {cell.name: cell for cell in CELLS}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as it stands in the file; `line` counts from 1, the header being line 1."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """One thing wrong in a sheet: in which line, in which column, what."""

    line: int
    column: str
    message: str


class SheetError(Exception):
    """A file that is no sheet at all."""


def encode_sheet(rows: Iterable[Mapping[str, str]], *, for_excel: bool = False) -> bytes:
    """A sheet; with a byte-order mark if it is for Excel."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, [cell.name for cell in CELLS], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _guarded(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue().encode(ENCODING if for_excel else "utf-8")


def read_sheet(path: Path) -> list[SheetRow]:
    """The rows of a sheet, empty ones left out. Raises `SheetError`."""
    try:
        names, rows = read_csv(path)
    except SpellingError as error:
        raise SheetError(str(error)) from error
    _check_header(path, names)
    if not rows:
        raise SheetError(f"{path} has no rows")
    return [
        SheetRow(line, {name: _plain(cell) for name, cell in row.items()}) for line, row in rows
    ]


def _check_header(path: Path, names: Sequence[str]) -> None:
    missing = [cell.name for cell in CELLS if cell.needed and cell.name not in names]
    if missing:
        raise SheetError(f"{path} lacks the columns {', '.join(missing)}")
    named = [name for name in names if name]
    unknown = [name for name in named if name not in CELL_OF_NAME]
    if unknown:
        told = ", ".join(f"`{name}`{did_you_mean(name, CELL_OF_NAME)}" for name in unknown)
        raise SheetError(f"{path} has columns that mean nothing: {told}")
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise SheetError(f"{path} has the columns {', '.join(twice)} twice")


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _plain(cell: str) -> str:
    guarded = cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS)
    return cell[1:] if guarded else cell
