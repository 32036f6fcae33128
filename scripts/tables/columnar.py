"""Tables in CSV, Parquet and DuckDB files, read with duckdb."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
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

_ROWS_AT_ONCE: Final = 10_000
_WITH_ZONE: Final = "TIMESTAMP WITH TIME ZONE"
_NULLS: Final = "['', 'NA', 'NULL', 'null']"


def read_file(path: Path, name: str) -> FoundTable:
    """The table in a CSV or Parquet file."""
    status = path.stat()
    with _unpacked(path) as plain, duckdb.connect() as connection:
        reader, file = "read_parquet({})", _literal(str(plain))
        if plain.suffix.lower() != ".parquet":
            reader = f"read_csv({{}}, sample_size = -1, nullstr = {_NULLS})"
        try:
            connection.execute(f"create view found as from {reader.format(file)}")
            columns, rows = _profile(connection, "found")
        except duckdb.Error as error:
            raise SourceError(f"{path} cannot be read as a table: {error}") from error
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


def duckdb_sources(path: Path) -> list[Source]:
    """The tables in a DuckDB database."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = [str(table) for (table,) in connection.execute("show tables").fetchall()]
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    return [Source(table, str(path), partial(_read_duckdb, path, table)) for table in tables]


def _read_duckdb(path: Path, table: str) -> FoundTable:
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            columns, rows = _profile(connection, table)
            connection.execute(_select_all(connection, table))
            digest = rows_digest(_in_batches(connection.fetchmany))
    except duckdb.Error as error:
        raise SourceError(f"{path}: {table} cannot be read: {error}") from error
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


def _profile(
    connection: duckdb.DuckDBPyConnection, table: str
) -> tuple[tuple[FoundColumn, ...], int]:
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
