"""The statements of the hot path, in the words of every database they are written for."""

from typing import Final

import pytest
from sqlalchemy import Column, Dialect, Integer, MetaData, String, Table
from sqlalchemy.dialects import postgresql, sqlite

from node.storage import state, store
from node.storage.statements import Insertion, Prepared, inserting, upserting
from node.views import records, versioned

DIALECTS: Final[dict[str, tuple[Dialect, str]]] = {
    "postgresql": (postgresql.dialect(paramstyle="format"), "%s"),  # type: ignore[no-untyped-call]
    "sqlite": (sqlite.dialect(), "?"),
}
PREPARED: Final = {
    f"{module.__name__}.{name}{prefix}": one
    for module in (state, store, records, versioned)
    for name, found in vars(module).items()
    for prefix, one in (found.items() if isinstance(found, dict) else (("", found),))
    if isinstance(one, Prepared)
}


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
    connection = Connection(dialect)
    assert parameter in statement._compile(connection)  # type: ignore[arg-type]
    if isinstance(statement, Insertion):
        row = tuple(statement._names)
        statement.run(connection, [row] * 5)  # type: ignore[arg-type]
        assert [values for _, values in connection.told] == [row * 4, row]
        assert [text.count(parameter) for text, _ in connection.told] == [4 * len(row), len(row)]


def test_many_rows_take_few_statements() -> None:
    pets = Table("pets", MetaData(), Column("id", Integer, primary_key=True), Column("as", String))
    for make in (inserting, upserting):
        connection = Connection(DIALECTS["sqlite"][0])
        make(pets).run(connection, [(n, "cat") for n in range(300)])  # type: ignore[arg-type]
        taken = [values[::2] for _, values in connection.told]
        assert [len(one) for one in taken] == [256, 32, 4, 4, 4]
        assert [number for one in taken for number in one] == list(range(300))
