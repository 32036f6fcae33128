"""Every kind of database that a node can have: what one does, all have to do.

A test asks for `database`, those of a module for `kept_database`, and runs once for each kind.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from node.storage.address import Database
from tests.postgres import Server

STORES: Final = ("sqlite", "postgresql")


def database_of(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """The kind of database that the request's parameter names; it goes with the fixture."""
    if request.param == "sqlite":
        yield folder / "ledger.db"
        return
    postgres: Server = request.getfixturevalue("postgres")
    made = postgres.new_database(request.getfixturevalue("empty"))
    yield made
    postgres.drop(made)
