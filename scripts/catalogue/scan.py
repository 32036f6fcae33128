"""From tables as they are found to the rows of a sheet, as far filled in as can be guessed."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from scripts.catalogue.hints import dataset_id, personal_hint, title_of
from scripts.catalogue.sheet import CELL_OF_NAME
from scripts.profile import present_time
from scripts.tables import FoundColumn, FoundTable

_COLUMNS_NAMED: Final = 8
_GUESSES: Final = {"level": "general", "mode": "file", "fields": "all"}


def rows_of(
    found: FoundTable,
    folder: Path,
    given: Mapping[str, str],
    prefix: str = "",
    taken: Sequence[str] = (),
) -> list[dict[str, str]]:
    """The rows of one table for a sheet that lies in `folder`.

    `given` fills cells of its table row, `prefix` begins its dataset id, `taken` are ids that
    others have.
    """
    dataset = dataset_id(found.name, prefix, taken)
    table = {
        "row": "table",
        "dataset": dataset,
        "title": title_of(found.name),
        "summary": _summary(found),
        "code": dataset,
        "location": _location(found, folder),
        "table": found.table or "",
        "row_count": str(found.rows),
        "bytes": "" if found.body_bytes is None else str(found.body_bytes),
        "sha256": found.sha256,
        "as_of": min(found.as_of, present_time()),  # by an exercise's clock it is earlier
    }
    return [{**_GUESSES, **table, **given}, *(_column(dataset, one) for one in found.columns)]


def is_settable(name: str) -> bool:
    """Whether a cell of table rows may be filled in for all tables alike."""
    cell = CELL_OF_NAME.get(name)
    return cell is not None and cell.rows == ("table",)


def _column(dataset: str, column: FoundColumn) -> dict[str, str]:
    personal, hint = personal_hint(column.name, column.samples)
    return {
        "row": "column",
        "dataset": dataset,
        "column": column.name,
        "title": title_of(column.name),
        "type": column.type,
        "nullable": "yes" if column.nullable else "no",
        "personal": personal,
        "hint": hint,
    }


def _summary(found: FoundTable) -> str:
    names = ", ".join(column.name for column in found.columns[:_COLUMNS_NAMED])
    more = len(found.columns) - _COLUMNS_NAMED
    return f"{names} and {more} more columns" if more > 0 else names


def _location(found: FoundTable, folder: Path) -> str:
    if "://" in found.location:
        return found.location
    return Path(os.path.relpath(found.location, folder)).as_posix()
