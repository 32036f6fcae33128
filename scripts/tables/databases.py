"""Tables in any database that SQLAlchemy reaches, SQLite files among them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, Table, create_engine, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from scripts.spelling import time_of
from scripts.tables.found import (
    SAMPLES,
    FoundColumn,
    FoundTable,
    Source,
    SourceError,
    column_type,
    rows_digest,
    samples_of,
)

_ROWS_AT_ONCE: Final = 10_000


def database_sources(url: str, location: str | None = None) -> list[Source]:
    """The tables of a database. `location` is what to call it; its URL without password if None."""
    try:
        parsed = make_url(url)
        _check_there(parsed)
        engine = create_engine(parsed)
        tables = sorted(inspect(engine).get_table_names())
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise SourceError(f"the database cannot be read: {_reason(error)}") from error
    place = location or parsed.set(password=None).render_as_string()
    return [Source(table, place, partial(_read, parsed, place, table)) for table in tables]


def _check_there(url: URL) -> None:
    """SQLite would make the database that somebody misspelt."""
    file = url.database
    if url.get_backend_name() == "sqlite" and not (file and Path(file).is_file()):
        raise SourceError(f"{file or 'a database in memory'} is no file")


def _reason(error: Exception) -> str:
    """The first line; SQLAlchemy adds the query and where to read about it."""
    return str(error).partition("\n")[0]


class _Tally:
    """Counts the rows that stream by, and keeps the first."""

    def __init__(self) -> None:
        self.rows = 0
        self.first: list[Sequence[object]] = []

    def count(self, rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
        for row in rows:
            self.rows += 1
            if self.rows <= SAMPLES:
                self.first.append(row)
            yield row


def _read(url: URL, location: str, name: str) -> FoundTable:
    engine = create_engine(url)
    tally = _Tally()
    try:
        with engine.connect() as connection:
            table = Table(name, MetaData(), autoload_with=connection)
            streaming = connection.execution_options(yield_per=_ROWS_AT_ONCE)
            digest = rows_digest(tally.count(streaming.execute(select(table))))
    except SQLAlchemyError as error:
        raise SourceError(f"{location}: {name} cannot be read: {_reason(error)}") from error
    finally:
        engine.dispose()
    columns = tuple(
        FoundColumn(
            column.name,
            column_type(str(column.type)),
            bool(column.nullable) and not column.primary_key,
            samples_of(tally.first, place),
        )
        for place, column in enumerate(table.columns)
    )
    as_of = time_of(datetime.now(UTC))
    return FoundTable(name, location, name, columns, tally.rows, None, digest, as_of)
