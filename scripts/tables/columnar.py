"""Tables in CSV, Parquet and DuckDB files, read with duckdb."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TextIO
from zipfile import BadZipFile, ZipFile

import duckdb

from scripts.spelling import time_of
from scripts.tables.found import (
    SAMPLES,
    FoundColumn,
    FoundTable,
    Source,
    SourceError,
    column_type,
    file_digest,
    rows_digest,
    samples_of,
)

_Profile = tuple[tuple[FoundColumn, ...], int]
_ROWS_AT_ONCE: Final = 10_000
_REASON_CHARS_MAX: Final = 200
_WITH_ZONE: Final = "TIMESTAMP WITH TIME ZONE"
_CSV: Final = (
    "read_csv({}, sample_size = -1, max_line_size = 67108864, nullstr = ['', 'NA', 'NULL', 'null'])"
)
"""Types are told from all rows; a row has at most 64 MiB; what these words stand for is missing."""
_CHINESE: Final = "gb18030"
"""What a CSV that is not UTF-8 is read as: what Chinese office programs write (GBK is a part)."""


def read_file(path: Path, name: str) -> FoundTable:
    """The table in a CSV or Parquet file. Raises `SourceError`."""
    status = path.stat()
    if status.st_size == 0:
        raise SourceError(f"{path} is empty")
    with _unpacked(path) as plain, duckdb.connect() as connection:
        if plain.suffix.lower() == ".parquet":
            columns, rows = _profile_file(connection, "read_parquet({})", plain, path)
        else:
            columns, rows = _profile_csv(connection, plain, path)
    return FoundTable(
        name=name,
        location=str(path),
        table=None,
        columns=columns,
        rows=rows,
        body_bytes=status.st_size,
        sha256=file_digest(path),
        as_of=time_of(datetime.fromtimestamp(status.st_mtime, UTC)),
    )


def _profile_csv(connection: duckdb.DuckDBPyConnection, plain: Path, path: Path) -> _Profile:
    with _in_utf8(plain) as readable:
        columns, rows = _profile_file(connection, _CSV, readable, path)
    if len(columns) == 1 and any(mark in columns[0].name for mark in ",;\t|"):
        raise SourceError(f"{path} cannot be read as a table: its lines differ in their cells")
    return columns, rows


def _profile_file(
    connection: duckdb.DuckDBPyConnection, reader: str, file: Path, path: Path
) -> _Profile:
    try:
        connection.execute(f"create view found as from {reader.format(_literal(str(file)))}")
        return _profile(connection, "found")
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be read as a table: {_reason(error)}") from error


@contextmanager
def _in_utf8(path: Path) -> Iterator[Path]:
    """A text file itself if it is UTF-8 or packed; else a copy of it that is."""
    if path.suffix.lower() == ".gz" or _is_text(path, "utf-8"):
        yield path
        return
    if not _is_text(path, _CHINESE):
        raise SourceError(f"{path} is neither UTF-8 nor GB 18030; save it as `CSV UTF-8`")
    with TemporaryDirectory(prefix="blockpool-") as folder:
        copy = Path(folder, path.name)
        with _lines(path, _CHINESE) as text, copy.open("w", encoding="utf-8", newline="") as file:
            file.writelines(text)
        yield copy


def _is_text(path: Path, encoding: str) -> bool:
    try:
        with _lines(path, encoding) as text:
            for _ in text:
                pass
    except UnicodeDecodeError:
        return False
    return True


def _lines(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, newline="")


def duckdb_sources(path: Path) -> list[Source]:
    """The tables in a DuckDB database."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = [str(table) for (table,) in connection.execute("show tables").fetchall()]
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be read: {_reason(error)}") from error
    return [Source(table, str(path), partial(_read_duckdb, path, table)) for table in tables]


def _read_duckdb(path: Path, table: str) -> FoundTable:
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            columns, rows = _profile(connection, table)
            connection.execute(_select_all(connection, table))
            digest = rows_digest(_in_batches(connection.fetchmany))
    except duckdb.Error as error:
        raise SourceError(f"{path}: {table} cannot be read: {_reason(error)}") from error
    as_of = time_of(datetime.now(UTC))
    return FoundTable(table, str(path), table, columns, rows, None, digest, as_of)


def _in_batches(fetch: Callable[[int], list[tuple[object, ...]]]) -> Iterator[tuple[object, ...]]:
    while batch := fetch(_ROWS_AT_ONCE):
        yield from batch


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or the one file in an archive."""
    if path.suffix.lower() != ".zip":
        yield path
        return
    with TemporaryDirectory(prefix="blockpool-") as folder:
        try:
            with ZipFile(path) as archive:
                names = [one for one in archive.namelist() if not one.endswith("/")]
                if len(names) != 1:
                    raise SourceError(f"{path} holds {len(names)} files, not one")
                plain = Path(archive.extract(names[0], folder))
        except BadZipFile as error:
            raise SourceError(f"{path} is no zip archive: {error}") from error
        yield plain


def _reason(error: duckdb.Error) -> str:
    r"""The first line of what duckdb says: the others hold what it tried, and the file's own text.

    >>> _reason(duckdb.Error("Invalid Input Error: CSV Error on Line: 1\nOriginal Line: a,b"))
    'CSV Error on Line: 1'
    """
    return str(error).partition("\n")[0].rpartition(" Error: ")[2][:_REASON_CHARS_MAX]


def _profile(connection: duckdb.DuckDBPyConnection, table: str) -> _Profile:
    described = connection.execute(f"describe {_quoted(table)}").fetchall()
    names = [str(row[0]) for row in described]
    counts = ", ".join(f"count({_quoted(name)})" for name in names)
    counted = connection.execute(f"from {_quoted(table)} select count(*), {counts}").fetchone()
    sample = connection.execute(f"{_select_all(connection, table)} limit {SAMPLES}").fetchall()
    rows, *filled = counted or (0,)
    columns = tuple(
        FoundColumn(name, column_type(str(row[1])), count < rows, samples_of(sample, place))
        for place, (name, row, count) in enumerate(zip(names, described, filled, strict=True))
    )
    return columns, rows


def _select_all(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """A query for all of a table; moments with a zone come in UTC, whatever the machine's zone."""
    columns = [
        f"{_quoted(str(name))} at time zone 'UTC'" if kind == _WITH_ZONE else _quoted(str(name))
        for name, kind, *_ in connection.execute(f"describe {_quoted(table)}").fetchall()
    ]
    return f"from {_quoted(table)} select {', '.join(columns)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
