"""CSV files as spreadsheet programs save them, row by row.

UTF-8 with or without a byte-order mark; commas, semicolons or tabs, whichever the header has most
of; empty rows and columns without a name mean nothing.
"""

import csv
from io import StringIO
from pathlib import Path
from typing import Final, TypeAlias

from scripts.spelling import SpellingError

Rows: TypeAlias = list[tuple[int, dict[str, str]]]
"""The line on which a row ends, and its cells by name; a row that is cut short lacks some."""
ENCODING: Final = "utf-8-sig"
"""Reads UTF-8 with and without a byte-order mark; with one, Excel reads Chinese."""


def read_csv(path: Path) -> tuple[list[str], Rows]:
    """The header and the rows of a file. Raises `SpellingError`."""
    try:
        text = path.read_bytes().decode(ENCODING)
    except UnicodeDecodeError as error:
        raise SpellingError(f"{path} is not UTF-8; save it as `CSV UTF-8`") from error
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(reader, [])]
        rows = [
            (reader.line_num, _named(path, reader.line_num, names, values))
            for values in reader
            if any(value.strip() for value in values)
        ]
    except csv.Error as error:
        raise SpellingError(f"{path}, line {reader.line_num}: {error}") from error
    return names, rows


def _named(path: Path, line: int, names: list[str], values: list[str]) -> dict[str, str]:
    """A cell too many is most likely a comma that nobody quoted: what follows it is shifted."""
    if any(value.strip() for value in values[len(names) :]):
        raise SpellingError(f"{path}, line {line}: more cells than the header names")
    return {name: value.strip() for name, value in zip(names, values, strict=False) if name}
