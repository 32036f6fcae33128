"""Many rows at once to a PostgreSQL server: by COPY, and by statements that take whole columns.

    insert      COPY … FROM STDIN (FORMAT BINARY)                 rows stream, one round trip
    upsert      INSERT … SELECT FROM unnest(columns) ON CONFLICT  COPY cannot replace what is there
    delete      DELETE … WHERE EXISTS in unnest(columns)

All of it goes in the transaction of the connection. Values travel in the binary format, so a byte
of a record is a byte on the wire.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql

Rows = Sequence[tuple[object, ...]]
_TYPES: Final = {bytes: "bytea", int: "int8", str: "text"}
_quote: Final = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]


def copy_rows(connection: Connection, table: Table, names: Sequence[str], rows: Rows) -> None:
    """Insert rows that give these columns."""
    text = f"COPY {_quote(table.name)} ({_listed(names)}) FROM STDIN (FORMAT BINARY)"
    with _cursor(connection) as cursor, cursor.copy(text) as copy:
        copy.set_types(_types(table, names))
        for row in rows:
            copy.write_row(row)


def upsert_rows(
    connection: Connection, table: Table, names: Sequence[str], changed: Sequence[str], rows: Rows
) -> None:
    """Insert rows; where the primary key is there, replace what is `changed`.

    No two of the rows may have the same key.
    """
    keys = _listed([column.name for column in table.primary_key])
    sets = ", ".join(f"{_quote(name)} = excluded.{_quote(name)}" for name in changed)
    text = (
        f"INSERT INTO {_quote(table.name)} ({_listed(names)}) "  # noqa: S608  names of models
        f"SELECT * FROM {_unnested(table, names)} ON CONFLICT ({keys}) DO UPDATE SET {sets}"
    )
    _run(connection, text, rows)


def delete_rows(connection: Connection, table: Table, rows: Rows) -> None:
    """Delete the rows with these primary keys."""
    names = [column.name for column in table.primary_key]
    text = (
        f"DELETE FROM {_quote(table.name)} WHERE ({_listed(names)}) IN "  # noqa: S608  the same
        f"(SELECT * FROM {_unnested(table, names)})"
    )
    _run(connection, text, rows)


def truncate(connection: Connection, tables: Sequence[Table]) -> None:
    """Delete every row of these tables, and number rows from 1 again."""
    names = _listed([table.name for table in tables])
    connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")


def _run(connection: Connection, text: str, rows: Rows) -> None:
    with _cursor(connection) as cursor:
        cursor.execute(text, [list(column) for column in zip(*rows, strict=True)])


def _cursor(connection: Connection) -> Any:
    """One of psycopg, which SQLAlchemy knows as any driver's."""
    return connection.connection.cursor()


def _unnested(table: Table, names: Sequence[str]) -> str:
    """The rows, from a parameter for each column."""
    return f"unnest({', '.join(f'%b::{kind}[]' for kind in _types(table, names))})"


def _types(table: Table, names: Sequence[str]) -> list[str]:
    return [_TYPES[table.c[name].type.python_type] for name in names]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quote, names))
