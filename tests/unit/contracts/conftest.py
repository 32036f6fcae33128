"""Every answer of the rules is held to the tables in `tests/golden/outcomes/`."""

import os
from collections.abc import Iterator
from typing import Final

import pytest

from contracts.replay import BlockResult
from contracts.transition import SignatureCheck
from ledger.envelope import verify_signature
from ledger.records import Record
from ledger.types import MemberId, Time
from tests.golden import outcomes
from tests.world import World

_WRITTEN: Final = pytest.StashKey[outcomes.Tables]()


@pytest.fixture(autouse=True)
def _answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Collect what the blocks of a test refuse and find; hold it to the table, or write it down."""
    module = request.path.stem
    if not outcomes.has_table(request.node):
        yield
        return
    told: list[str] = []
    decide = World.block

    def block(
        world: World,
        *records: Record,
        at: Time | None = None,
        proposer: MemberId | None = None,
        verify: SignatureCheck = verify_signature,
    ) -> BlockResult:
        result = decide(world, *records, at=at, proposer=proposer, verify=verify)
        told.extend(map(outcomes.shown, outcomes.lines_of(world.blocks[-1], result)))
        return result

    monkeypatch.setattr(World, "block", block)
    yield
    if os.environ.get(outcomes.WRITING):
        tables = request.config.stash.setdefault(_WRITTEN, {})
        if told:
            tables.setdefault(module, {})[request.node.name] = told
    else:
        assert told == outcomes.table_of(module).get(request.node.name, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was collected, if that was asked for."""
    if os.environ.get(outcomes.WRITING):
        outcomes.write(session.config.stash.get(_WRITTEN, {}))
