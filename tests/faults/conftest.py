"""A ledger that every test does harm to a copy of."""

import pytest

from tests.faults.recovery import Founded


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return Founded.make(tmp_path_factory.mktemp("founded"))
