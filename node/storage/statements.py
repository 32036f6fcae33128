"""The hot path: statements compiled once, their rows given as tuples.

`Connection.execute` makes a dictionary of every row and looks at every value in it, which takes
longer than the database does. A block writes thousands of rows, so statements that take many are
`Prepared`: written with SQLAlchemy Core like any other, compiled at their first use, then handed
to the driver as they are. Insertions take many rows to a statement: the driver lets go of the
interpreter's lock once for each, and has to win it back from the threads at work meanwhile. A
server is given all rows of a table at once, as `bulk` has it.

>>> from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine
>>> columns = Column("id", Integer, primary_key=True), Column("name", String)
>>> pets = Table("pets", MetaData(), *columns)
>>> with create_engine("sqlite://").begin() as connection:
...     pets.create(connection)
...     upserting(pets).run(connection, [(1, "cat"), (2, "dog")])
...     upserting(pets).run(connection, [(2, "owl")])
...     selecting(pets, "name").first(connection, (2,))
('owl',)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.base import Executable

from node.storage import bulk

Row = tuple[object, ...]
SERVER: Final = "postgresql"
"""The dialect of a database server."""
ROWS_PER_STATEMENT: Final = (256, 32, 4, 1)
_VALUES: Final = re.compile(
    r"(?P<head>.* VALUES )(?P<row>\(.*?\))(?P<tail>| ON CONFLICT .*)", re.ASCII | re.DOTALL
)
"""An insertion of one row."""


class Prepared:
    """A statement for many rows; a row is a tuple of the values of `names`."""

    __slots__ = ("_make", "_names", "_text")

    def __init__(self, names: Sequence[str], make: Callable[[], Executable]) -> None:
        self._names = list(names)
        self._make = make
        self._text: dict[str, str] = {}

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute the statement once for each row."""
        if rows:
            text = self._text.get(connection.dialect.name) or self._compile(connection)
            connection.exec_driver_sql(text, list(rows))

    def run_named(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """The same for rows that name their values, at some cost."""
        self.run(connection, [tuple([row[name] for name in self._names]) for row in rows])

    def first(self, connection: Connection, row: Row) -> tuple[Any, ...] | None:
        """The first row a query gives for these parameters, in a fraction of the usual time."""
        text = self._text.get(connection.dialect.name) or self._compile(connection)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text, row)
            return cursor.fetchone()
        finally:
            cursor.close()

    def _compile(self, connection: Connection) -> str:
        dialect = connection.dialect
        statement: Any = self._make()
        compiled = statement.compile(dialect=dialect)
        if compiled.positiontup != self._names:
            raise TypeError(f"the statement takes {compiled.positiontup}, not {self._names}")
        self._text[dialect.name] = str(compiled)
        return str(compiled)


class Insertion(Prepared):
    """An insertion of many rows; where there is one with its primary key, of what `changed`."""

    __slots__ = ("_changed", "_table")

    def __init__(self, table: Table, names: Sequence[str], changed: Sequence[str] | None) -> None:
        super().__init__(names, self._statement)
        self._table = table
        self._changed = changed

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert the rows, in statements of a few sizes that the driver keeps prepared."""
        if connection.dialect.name == SERVER:
            self._run_there(connection, rows)
            return
        start = 0
        for size in ROWS_PER_STATEMENT:
            while len(rows) - start >= size:
                part = rows[start : start + size]
                connection.exec_driver_sql(self._text_for(connection, size), _flat(part))
                start += size

    def _run_there(self, connection: Connection, rows: Sequence[Row]) -> None:
        if rows and self._changed is None:
            bulk.copy_rows(connection, self._table, self._names, rows)
        elif rows and self._changed is not None:
            bulk.upsert_rows(connection, self._table, self._names, self._changed, rows)

    def _statement(self) -> Executable:
        statement = sqlite_insert(self._table).inline()
        values: dict[str, Any] = {one: bindparam(one) for one in self._names}
        if self._changed is None:
            return statement.values(values)
        return statement.values(values).on_conflict_do_update(
            index_elements=list(self._table.primary_key),
            set_={name: statement.excluded[name] for name in self._changed},
        )

    def _text_for(self, connection: Connection, count: int) -> str:
        name = f"{connection.dialect.name} {count}"
        if name not in self._text:
            parts = _VALUES.fullmatch(self._compile(connection))
            if parts is None:
                raise TypeError(f"no row of values in: {self._compile(connection)}")
            self._text[name] = parts["head"] + ", ".join([parts["row"]] * count) + parts["tail"]
        return self._text[name]


def _flat(rows: Sequence[Row]) -> Row:
    return tuple(chain.from_iterable(rows))


class Deletion(Prepared):
    """A deletion of rows by their primary keys."""

    __slots__ = ("_table",)

    def __init__(self, table: Table) -> None:
        keys = list(table.primary_key)
        conditions = [column == bindparam(column.name) for column in keys]
        super().__init__([column.name for column in keys], lambda: delete(table).where(*conditions))
        self._table = table

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Delete them."""
        if connection.dialect.name != SERVER:
            super().run(connection, rows)
        elif rows:
            bulk.delete_rows(connection, self._table, rows)


def inserting(table: Table, without: Sequence[str] = ()) -> Insertion:
    """Insert rows with all columns of a table but those `without` which they come."""
    return Insertion(table, _names(table, without), None)


def upserting(table: Table, keeping: Sequence[str] = ()) -> Insertion:
    """Insert rows; where the primary key is there, replace the rest of the row but `keeping`."""
    kept = {*keeping, *(column.name for column in table.primary_key)}
    names = _names(table)
    return Insertion(table, names, [name for name in names if name not in kept])


def deleting(table: Table) -> Deletion:
    """Delete the rows with these primary keys."""
    return Deletion(table)


def ending(table: Table) -> Prepared:
    """Set `to_size` of the rows of these ids that still hold."""
    holds = (table.c.id == bindparam("ended"), table.c.to_size.is_(None))
    statement = update(table).where(*holds).values(to_size=bindparam("size"))
    return Prepared(["size", "ended"], lambda: statement)


def selecting(table: Table, column: str) -> Prepared:
    """A column of the row with this primary key."""
    keys = list(table.primary_key)
    query = select(table.c[column]).where(*(one == bindparam(one.name) for one in keys))
    return Prepared([one.name for one in keys], lambda: query)


def clear(connection: Connection, tables: Sequence[Table]) -> None:
    """Delete every row; numbers of rows begin anew."""
    if connection.dialect.name == SERVER:
        bulk.truncate(connection, tables)
        return
    for table in tables:
        connection.execute(delete(table))


def _names(table: Table, without: Sequence[str] = ()) -> list[str]:
    return [column.name for column in table.columns if column.name not in without]
