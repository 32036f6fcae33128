"""Terms on the command line and in tables; what is not written is as in terms to start from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from ledger.records.terms import Terms
from scripts.csv_rows import read_csv
from scripts.spelling import TERMS_PARTS, SpellingError, terms_of
from scripts.zone import Zone

Item = TypeVar("Item")

_PANEL: Final = "Terms"
Row = Mapping[str, str]
TableOption = Annotated[
    Path | None, typer.Option("--csv", help="Table with one item a row; columns as the options.")
]


def _part(flag: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(flag, help=text, rich_help_panel=_PANEL)
    return option


@dataclass(frozen=True, slots=True)
class TermsOptions:
    """The parts of terms as options; empty ones are as in the terms they start from."""

    fields: Annotated[str, _part("--fields", "Columns, or all.")] = ""
    rows: Annotated[str, _part("--rows", "Rows: COLUMN=PREFIX|PREFIX.")] = ""
    purposes: Annotated[str, _part("--purposes", "Purpose codes, or all.")] = ""
    operations: Annotated[
        str,
        _part("--operations", "Of derive, export, publish, query, read, train, verify."),
    ] = ""
    systems: Annotated[str, _part("--systems", "Information systems, or any.")] = ""
    not_before: Annotated[str, _part("--not-before", "First day, or moment.")] = ""
    not_after: Annotated[str, _part("--not-after", "Last day, or moment.")] = ""
    uses_max: Annotated[str, _part("--uses-max", "Uses in total.")] = ""
    rows_max: Annotated[str, _part("--rows-max", "Rows in total.")] = ""
    rate_per_day: Annotated[str, _part("--rate-per-day", "Uses a day.")] = ""
    delegable: Annotated[str, _part("--delegable", "How often it may be passed on, 0 to 8.")] = ""
    minimum_group: Annotated[str, _part("--minimum-group", "Smallest group in any output.")] = ""
    masking: Annotated[str, _part("--masking", "COLUMN=partial, hashed or aggregated.")] = ""
    storage: Annotated[str, _part("--storage", "allowed, controlled or none.")] = ""
    onward: Annotated[str, _part("--onward", "yes, aggregated or no.")] = ""
    report_within: Annotated[str, _part("--report-within", "Such as 7d.")] = ""
    delete_within: Annotated[str, _part("--delete-within", "Such as 30d.")] = ""

    @property
    def parts(self) -> dict[str, str]:
        """The parts by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def over(self, base: Terms, zone: Zone) -> Terms:
        """`base`, but for the parts given. Raises `SpellingError`."""
        return terms_of(zone.parts(self.parts), base)


def items_of(
    named: Sequence[Row], table: Path | None, known: Sequence[str], make: Callable[[Row], Item]
) -> list[Item]:
    """What `make` makes of what the command line names, then of each row of a table.

    Raises `SpellingError`, with the line of the table.
    """
    items = [make(row) for row in named]
    for line, row in () if table is None else _read_table(table, known):
        try:
            items.append(make(row))
        except SpellingError as error:
            raise SpellingError(f"line {line}: {error}", error.member) from error
    return items


def _read_table(path: Path, known: Sequence[str]) -> Sequence[tuple[int, Row]]:
    """The rows of a CSV with a header of `known` names and parts of terms, each with its line.

    Raises `SpellingError`.
    """
    header, rows = read_csv(path)
    names = [*known, *TERMS_PARTS]
    unknown = [name for name in header if name and name not in names]
    if unknown or not any(header):
        raise SpellingError(f"{path}: no column {', '.join(unknown)}; known: {', '.join(names)}")
    return rows


def terms_of_row(row: Row, base: Terms, zone: Zone) -> Terms:
    """`base`, but for the parts in a row. Raises `SpellingError`."""
    return terms_of(zone.parts({part: row.get(part, "") for part in TERMS_PARTS}), base)
