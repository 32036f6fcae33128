"""From the rows of a sheet to schemas, entries and contents; or all that is wrong with them.

Every cell is read by itself, so that one run names every mistake with its line and column; only
what the cells say together (columns that the conditions name, a basis that the sharing class needs)
is looked at last. Nothing here needs a node.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from ledger.records.blocks import Block
from ledger.records.catalogue import (
    COLUMNS_PER_SCHEMA_MAX,
    Assessments,
    Classification,
    Column,
    Entry,
    LegalBasis,
    Mode,
    Responsible,
    schema_digest,
)
from ledger.records.terms import Terms
from ledger.types import Count, DigestHex, LongText, Time
from scripts.catalogue.blocks import block_of
from scripts.catalogue.cells import CELLS_OF_COLUMN, CELLS_OF_ENTRY, CELLS_OF_TABLE, read_cell
from scripts.catalogue.sheet import Row, SheetProblem, SheetRow
from scripts.spelling import TERMS_PARTS, SpellingError, checked, typed
from scripts.zone import Zone


@dataclass(frozen=True, slots=True)
class Contents:
    """What a release of the dataset would say; `path` is the file, if it is one."""

    path: Path | None
    rows: Count
    body_bytes: Count | None
    sha256: DigestHex
    as_of: Time


@dataclass(frozen=True, slots=True)
class Planned:
    """One dataset of the sheet: the line of its table row, its columns, its entry, its contents."""

    line: int
    columns: tuple[Column, ...]
    entry: Entry
    contents: Contents | None


def read_datasets(
    rows: Sequence[SheetRow], folder: Path, zone: Zone
) -> tuple[list[Planned], list[SheetProblem]]:
    """The datasets of a sheet that lies in `folder`, and everything wrong with it."""
    columns: dict[str, list[SheetRow]] = defaultdict(list)
    tables: dict[str, SheetRow] = {}
    problems: list[SheetProblem] = []
    for row in rows:
        if row["row"] == "column":
            columns[row["dataset"]].append(row)
        elif row["row"] != "table":
            problems.append(SheetProblem(row.line, "row", f"`{row['row']}` is not table or column"))
        elif row["dataset"] in tables:
            line = tables[row["dataset"]].line
            problems.append(SheetProblem(row.line, "dataset", f"stands in line {line} already"))
        else:
            tables[row["dataset"]] = row
    for dataset in columns.keys() - tables.keys():
        what = f"no table row has `{dataset}`"
        problems += (SheetProblem(row.line, "dataset", what) for row in columns[dataset])
    planned = []
    for dataset, row in tables.items():
        reader = _Reader(problems, zone)
        one = reader.dataset(row, columns.get(dataset, ()), folder)
        if one is not None:
            planned.append(one)
    return planned, sorted(problems, key=lambda one: (one.line, one.column))


class _Reader:
    """Reads the rows of one dataset and remembers what is wrong with them."""

    def __init__(self, problems: list[SheetProblem], zone: Zone) -> None:
        self._zone = zone
        self._problems = problems
        self._count_before = len(problems)

    def dataset(
        self, row: SheetRow, column_rows: Sequence[SheetRow], folder: Path
    ) -> Planned | None:
        read = [self._column(one) for one in column_rows]
        columns = tuple(column for column in read if column is not None)
        if not 1 <= len(read) <= COLUMNS_PER_SCHEMA_MAX:
            self._problem(row, "row", f"a table has 1 to {COLUMNS_PER_SCHEMA_MAX} column rows")
        self._check_names(column_rows)
        values = {name: self._cell(row, name) for name in CELLS_OF_TABLE}
        terms = {part: self._cell(row, part) for part in TERMS_PARTS}
        contents = self._contents(row, folder)
        digests = {
            name: self._assessment(row, name, folder) for name in ("assessment", "secrecy_review")
        }
        block = self._block(row, column_rows, values["aggregation_risk"])
        self._check_together(row, column_rows, values, terms, digests)
        if not self._is_good:
            return None
        try:
            entry = _entry(values, terms, digests, schema_digest(columns), block)
            return Planned(row.line, columns, checked(entry, Entry), contents)
        except (SpellingError, ValueError) as error:
            self._problem(row, getattr(error, "member", ""), str(error))
        return None

    @property
    def _is_good(self) -> bool:
        return len(self._problems) == self._count_before

    def _problem(self, row: SheetRow, column: str, message: str) -> None:
        self._problems.append(SheetProblem(row.line, column, message))

    def _cell(self, row: SheetRow, name: str, kind: Row = "table") -> Any:
        """The value of a cell; None if it is empty or wrong."""
        try:
            return read_cell(name, row[name], kind, self._zone)
        except (SpellingError, ValueError) as error:
            self._problem(row, name, str(error))
        return None

    def _column(self, row: SheetRow) -> Column | None:
        problems_before = len(self._problems)
        values = {
            member: self._cell(row, cell, "column") for cell, member in CELLS_OF_COLUMN.items()
        }
        if len(self._problems) > problems_before:
            return None
        given = {name: one for name, one in values.items() if one is not None}
        return checked(Column(**given), Column)

    def _block(
        self, row: SheetRow, column_rows: Sequence[SheetRow], risk: LongText | None
    ) -> Block | None:
        cells = [(one["column"], self._cell(one, "made_from", "column")) for one in column_rows]
        made = [(column, source) for column, sources in cells for source in sources or ()]
        if risk is not None and made:
            return block_of(made, risk)
        if risk is not None or made:
            self._problem(row, "aggregation_risk", "goes with `made_from` of columns")
        return None

    def _check_names(self, rows: Sequence[SheetRow]) -> None:
        seen: dict[str, int] = {}
        for row in rows:
            first = seen.setdefault(row["column"], row.line)
            if first != row.line:
                self._problem(row, "column", f"`{row['column']}` stands in line {first} already")

    def _assessment(self, row: SheetRow, name: str, folder: Path) -> DigestHex | None:
        """A digest as it stands, or that of the file named."""
        text = row[name]
        if not text:
            return None
        path = folder / text
        if path.is_file():
            return sha256(path.read_bytes()).hexdigest()
        try:
            return cast("str", typed(text, DigestHex))
        except SpellingError:
            self._problem(row, name, f"`{text}` is neither a file nor a SHA-256 digest")
        return None

    def _contents(self, row: SheetRow, folder: Path) -> Contents | None:
        if not row["sha256"]:
            return None
        read = {name: self._cell(row, name) for name in ("sha256", "row_count", "bytes", "as_of")}
        for name in ("row_count", "as_of"):
            if not row[name]:
                self._problem(row, name, "is needed for a release")
        if not self._is_good:
            return None
        path = None if row["table"] or not row["location"] else folder / row["location"]
        return Contents(path, read["row_count"], read["bytes"], read["sha256"], read["as_of"])

    def _check_together(
        self,
        row: SheetRow,
        column_rows: Sequence[SheetRow],
        values: Mapping[str, Any],
        terms: Mapping[str, Any],
        digests: Mapping[str, DigestHex | None],
    ) -> None:
        """What the ledger would refuse, said before anything is sent."""
        names = {one["column"] for one in column_rows}
        for part, named in _columns_named(terms):
            if named not in names:
                self._problem(row, part, f"`{named}` is no column of this table")
        if values["level"] == "core":
            self._problem(row, "level", "core data have no place in the catalogue")
        if values["sharing"] == "withheld" and values["basis_kind"] in (None, "other"):
            self._problem(row, "basis_kind", "withheld needs a law, regulation or decision")
        if (values["basis"] is None) != (values["basis_kind"] is None):
            self._problem(row, "basis", "`basis` and `basis_kind` go together")
        if any(one["personal"] in ("personal", "sensitive") for one in column_rows):
            argued = {**values, **digests}
            for name in ("basis", "necessity", "assessment"):
                if argued[name] is None:
                    self._problem(row, name, "is needed: a column holds personal information")


def _columns_named(terms: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if terms["fields"] not in (None, "all"):
        yield from (("fields", name) for name in terms["fields"])
    yield from (("masking", one.field) for one in terms["masking"] or ())
    yield from (("rows", one.column) for one in terms["rows"] or ())


def _entry(
    values: Mapping[str, Any],
    terms: Mapping[str, Any],
    digests: Mapping[str, DigestHex | None],
    schema: DigestHex,
    block: Block | None,
) -> Entry:
    given = {name: one for name, one in terms.items() if one is not None}
    plain = {name: values[name] for name in CELLS_OF_ENTRY if values[name] is not None}
    basis = None
    if values["basis"] is not None:
        basis = LegalBasis(
            code=values["basis_code"], kind=values["basis_kind"], reference=values["basis"]
        )
    return Entry(
        assessments=Assessments(
            necessity=values["necessity"],
            personal_information=digests["assessment"],
            secrecy=digests["secrecy_review"],
        ),
        basis=basis,
        block=block,
        classification=Classification(category=values["category"], level=values["level"]),
        conditions=Terms(**given),
        mode=Mode(
            endpoint=values["endpoint"], kind=values["mode"], version=values["endpoint_version"]
        ),
        production="routine" if values["campaign_end"] is None else "campaign",
        production_end=values["campaign_end"],
        responsible=values["responsible"] or Responsible(),
        schema=schema,
        **plain,
    )
