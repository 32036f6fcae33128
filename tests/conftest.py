"""How random examples are drawn: quickly by default, at length under `make thorough`.

No deadline: a test of this house never judges a time. A failure prints the blob that repeats it.
"""

import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from node.storage.address import Database, PostgresAddress
from node.storage.database import open_database
from tests.postgres import MISSING, Server, programs, server
from tests.stores import STORES, database_of

_CACHED: Final = type(cache(len))

settings.register_profile(
    "quick",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")


def pytest_sessionstart() -> None:
    """Forget what was computed before: `make mutation` tries mutants in forks of a finished run.

    Answers kept by that run would hide what the mutant answers, and stories told in it what the
    mutant makes of them.
    """
    for one in gc.get_objects():
        if type(one) is _CACHED and one.__module__.startswith(("contracts.", "tests.")):
            one.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, for as long as there are tests."""
    if programs() is None:
        pytest.skip(MISSING)
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def empty(postgres: Server) -> PostgresAddress:
    """A database with the newest schema and nothing in it."""
    made = postgres.new_database()
    open_database(made).dispose()
    return made


@pytest.fixture(params=STORES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Where there is no ledger yet, in every kind of database."""
    yield from database_of(request, tmp_path)


@pytest.fixture(scope="module", params=STORES)
def kept_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The same for all tests of a module."""
    yield from database_of(request, tmp_path_factory.mktemp("database"))
