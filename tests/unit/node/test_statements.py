"""The statements of the hot path: the same effect in every kind of database."""

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import BigInteger, Column, Dialect, Engine, Integer, LargeBinary, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from node.storage import state, store
from node.storage.address import Database
from node.storage.columns import TEXT, WHOLE
from node.storage.database import open_database
from node.storage.statements import (
    Insertion,
    Prepared,
    clear,
    deleting,
    ending,
    inserting,
    selecting,
    upserting,
)
from node.views import duties, records, versioned

DIALECTS: Final[dict[str, tuple[Dialect, str]]] = {
    "postgresql": (postgresql.dialect(paramstyle="format"), "%s"),  # type: ignore[no-untyped-call]
    "sqlite": (sqlite.dialect(), "?"),
}
PREPARED: Final = {
    f"{module.__name__}.{name}{prefix}": one
    for module in (state, store, records, versioned, duties)
    for name, found in vars(module).items()
    for prefix, one in (found.items() if isinstance(found, dict) else (("", found),))
    if isinstance(one, Prepared)
}
PETS: Final = Table(
    "pets",
    MetaData(),
    Column("row", WHOLE, primary_key=True),
    Column("id", TEXT, nullable=False),
    Column("to_size", BigInteger),
    Column("value", LargeBinary),
)
TRAITS: Final = Table(
    "order",  # a word of SQL
    MetaData(),
    Column("group", TEXT, primary_key=True),
    Column("index", WHOLE, primary_key=True, autoincrement=False),
    Column("kept", WHOLE),
    Column("value", LargeBinary, nullable=False),
)


class Connection:
    """Takes down what it is told to execute."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.told: list[tuple[str, tuple[object, ...]]] = []

    def exec_driver_sql(self, text: str, values: tuple[object, ...]) -> None:
        self.told.append((text, values))


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("statement", PREPARED.values(), ids=PREPARED)
def test_every_statement_of_the_node_can_be_said(name: str, statement: Prepared) -> None:
    dialect, parameter = DIALECTS[name]
    if isinstance(statement, Insertion) and name == "postgresql":
        return  # by COPY
    connection = Connection(dialect)
    assert parameter in statement._compile(connection)  # type: ignore[arg-type]
    if isinstance(statement, Insertion):
        row = tuple(statement._names)
        statement.run(connection, [row] * 5)  # type: ignore[arg-type]
        assert [values for _, values in connection.told] == [row * 4, row]
        assert [text.count(parameter) for text, _ in connection.told] == [4 * len(row), len(row)]


def test_many_rows_take_few_statements() -> None:
    pets = Table("pets", MetaData(), Column("id", Integer, primary_key=True), Column("as", TEXT))
    for make in (inserting, upserting):
        connection = Connection(DIALECTS["sqlite"][0])
        make(pets).run(connection, [(n, "cat") for n in range(300)])  # type: ignore[arg-type]
        taken = [values[::2] for _, values in connection.told]
        assert [len(one) for one in taken] == [256, 32, 4, 4, 4]
        assert [number for one in taken for number in one] == list(range(300))


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    made = open_database(database)
    with made.begin() as connection:
        PETS.create(connection)
        TRAITS.create(connection)
    yield made
    made.dispose()


def test_rows_are_inserted_in_order_and_numbered(engine: Engine) -> None:
    insertion, end = inserting(PETS, without=["row"]), ending(PETS)
    rows = [(f"p{n % 7}", None if n % 2 else n, bytes([n % 256, 0])) for n in range(300)]
    with engine.begin() as connection:
        insertion.run(connection, rows)
        insertion.run(connection, [])
        found = connection.execute(PETS.select().order_by(PETS.c.row)).all()
        assert [tuple(one) for one in found] == [(n, *row) for n, row in enumerate(rows, 1)]
        end.run(connection, [(2**40, "p1"), (2**41, "p2")])
        ended = PETS.select().where(PETS.c.to_size >= 2**40)
        assert {(one.id, one.to_size) for one in connection.execute(ended)} == {
            ("p1", 2**40),
            ("p2", 2**41),
        }
        clear(connection, [PETS])
        insertion.run(connection, rows[:1])
        assert connection.execute(PETS.select()).scalar() == 1


def test_rows_are_replaced_read_and_deleted_by_their_keys(engine: Engine) -> None:
    write, delete = upserting(TRAITS, keeping=["kept"]), deleting(TRAITS)
    one = selecting(TRAITS, "value")
    with engine.begin() as connection:
        write.run(connection, [("a", n, 1, b"old") for n in range(40)])
        write.run(connection, [("a", n, 2, b"new") for n in range(20, 60)])
        assert one.first(connection, ("a", 19)) == (b"old",)
        assert one.first(connection, ("a", 20)) == (b"new",)
        assert one.first(connection, ("b", 20)) is None
        kept = [row.kept for row in connection.execute(TRAITS.select().order_by("index"))]
        assert kept == [1] * 40 + [2] * 20
        delete.run(connection, [("a", n) for n in range(1, 60)] + [("b", 0)])
        delete.run(connection, [])
        assert [tuple(row) for row in connection.execute(TRAITS.select())] == [("a", 0, 1, b"old")]


def test_what_is_there_is_not_inserted_again(engine: Engine) -> None:
    """So no two processes commit a leaf or block of the same place."""
    row = ("a", 1, None, b"")
    with engine.begin() as connection:
        inserting(TRAITS).run(connection, [row])
    with (
        pytest.raises((DBAPIError, engine.dialect.loaded_dbapi.Error)) as refused,
        engine.begin() as connection,
    ):
        inserting(TRAITS).run(connection, [row])
    assert "uniq" in str(refused.value).lower()
    with engine.begin() as connection:
        assert len(connection.execute(TRAITS.select()).all()) == 1


def test_text_keeps_the_order_of_its_bytes(engine: Engine) -> None:
    texts = ["", "A", "B", "Z", "a", "a b", "a-b", "a/b", "ab", "b", "~", "ä", "中", "\U0010ffff"]
    with engine.begin() as connection:
        inserting(TRAITS).run(connection, [(one, 0, 0, b"") for one in reversed(texts)])
        found = connection.execute(TRAITS.select().order_by(TRAITS.c.group)).all()
        assert [row.group for row in found] == texts
        between = TRAITS.select().where(TRAITS.c.group >= "a/", TRAITS.c.group < "a0")
        assert [row.group for row in connection.execute(between)] == ["a/b"]


def test_text_may_be_any_but_a_zero_is_a_one_on_a_server(engine: Engine) -> None:
    zero = "\0" if engine.dialect.name == "sqlite" else "\1"
    with engine.begin() as connection:
        inserting(TRAITS).run(connection, [("a\0b", 0, 0, b"\0")])
        upserting(TRAITS).run(connection, [("a\0b", 0, 0, b"\0\0"), ("\0", 0, 0, b"")])
        query = TRAITS.select().where(TRAITS.c.group == "a\0b")
        assert [tuple(row) for row in connection.execute(query)] == [(f"a{zero}b", 0, 0, b"\0\0")]
        assert selecting(TRAITS, "value").first(connection, ("\0", 0)) == (b"",)
        above = TRAITS.select().where(TRAITS.c.group > "\0")
        assert len(connection.execute(above).all()) == 1
