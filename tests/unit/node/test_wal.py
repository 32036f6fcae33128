"""What waits in the log beside the database is moved, and the log is begun anew when it is long."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from sqlite3 import OperationalError
from threading import Event

import pytest
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import TimeoutError  # noqa: A004  of the pool

from node.storage import wal
from node.storage.database import READERS_MAX, open_database
from node.storage.wal import WalMover

PAGES = 20


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "ledger.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE filling (data BLOB)")
    yield engine
    engine.dispose()


def commit(engine: Engine, pages: int = PAGES) -> None:
    with engine.begin() as connection:
        for _ in range(pages):
            connection.exec_driver_sql("INSERT INTO filling VALUES (zeroblob(4000))")


class Watched(WalMover):
    """Tells when the thread has moved something."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.passes: list[tuple[int, int]] = []
        self.passed = Event()

    def _move(self, own: PoolProxiedConnection | None = None) -> tuple[int, int]:
        found = super()._move(own)
        self.passes.append(found)
        self.passed.set()
        return found


@pytest.fixture
def mover(engine: Engine) -> Iterator[Watched]:
    mover = Watched(engine)
    yield mover
    mover.close()


def blocks(mover: Watched, engine: Engine, count: int = 1) -> None:
    for _ in range(count):
        commit(engine)
        mover.after_block()


def test_after_a_block_all_of_the_log_is_moved(mover: Watched, engine: Engine) -> None:
    blocks(mover, engine)
    assert mover.passed.wait(10)
    written, moved = mover.passes[0]
    assert written == moved >= PAGES


def test_a_long_log_is_moved_to_its_end_between_two_blocks_and_begun_anew(
    mover: Watched, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "LONG_PAGES", PAGES)
    blocks(mover, engine)
    assert mover.passed.wait(10)
    mover.passed.clear()
    while len(mover.passes) == 1:
        blocks(mover, engine, 1)  # the second pass is that of the thread that commits
    assert mover.passes[1][0] == mover.passes[1][1]
    commit(engine)
    assert mover._move()[0] < 2 * PAGES


def test_no_commit_waits_for_readers_that_hold_all_connections(
    mover: Watched, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "LONG_PAGES", PAGES)
    blocks(mover, engine)
    assert mover.passed.wait(10)
    while not mover._is_nearly_done:
        pass
    with ExitStack() as stack:
        for _ in range(READERS_MAX - 1):
            stack.enter_context(engine.connect())
        monkeypatch.setattr(engine.pool, "_timeout", 0.01)
        with pytest.raises(TimeoutError):
            engine.connect()
        mover.after_block()
    assert len(mover.passes) == 2
    assert mover.passes[1][0] == mover.passes[1][1] > 0


def test_a_reader_holds_up_what_was_written_since_and_nothing_spins(
    mover: Watched, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "LONG_PAGES", PAGES)
    monkeypatch.setattr(wal, "REST_PAGES", 0)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM filling").all()
        blocks(mover, engine)
        assert mover.passed.wait(10)
        mover.close()
    assert mover.passes[-1][0] > mover.passes[-1][1]
    assert len(mover.passes) <= 3


def test_a_failure_is_told_and_tried_again(
    mover: Watched,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "raw_connection", fail)
        mover.after_block()
        assert mover.passed.wait(10)
    assert "wal-not-moved" in caplog.text
    mover.passed.clear()
    blocks(mover, engine)
    assert mover.passed.wait(10)
    assert mover.passes[-1][1] >= PAGES
