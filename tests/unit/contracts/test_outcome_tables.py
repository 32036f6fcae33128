"""The tables in `tests/golden/outcomes/` tell of tests that there are, and of no others."""

from collections.abc import Iterator

import pytest

from tests.golden import outcomes


@pytest.fixture(scope="module")
def tests(request: pytest.FixtureRequest) -> set[tuple[str, str]]:
    """Module and name of all that are held to a table, whichever of them run this time."""
    folder = request.node.parent
    modules = (
        pytest.Module.from_parent(folder, path=path) for path in outcomes.TESTS.glob("test_*.py")
    )
    return {
        (module.path.stem, test.name)
        for module in modules
        for test in module.collect()
        if isinstance(test, pytest.Function) and outcomes.has_table(test)
    }


def lines() -> Iterator[tuple[str, str]]:
    for path in outcomes.FOLDER.glob("*.txt"):
        for test in outcomes.table_of(path.stem):
            yield path.stem, test


def test_no_table_tells_of_a_test_that_is_gone(tests: set[tuple[str, str]]) -> None:
    assert set(lines()) - tests == set()
