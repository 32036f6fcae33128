"""A write-ahead log that was not written to its end, or not as it was meant.

No database can keep what the disk lost; but of every block there is all or nothing, and the ledger
goes on from there.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL
from typing import Final

import pytest

from node.storage.address import Database
from node.storage.store import Step
from tests.faults.recovery import Founded, check_recovered
from tests.faults.victim import Kill, Trial, run

STRIDES: Final = [7_919, pytest.param(457, marks=pytest.mark.slow)]


class KillBehindReader(Kill):
    """A reader who began before the first block keeps all blocks in the write-ahead log."""

    def arm(self, database: Database, /) -> Step:
        """As `Fault.arm`."""
        assert isinstance(database, Path)
        self._reader = sqlite3.connect(database, isolation_level=None)
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        return super().arm(database)


@pytest.fixture(scope="module")
def killed(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A database whose blocks are all in the write-ahead log, none of it moved.

    What is moved was synced to the log before: no harm to the log undoes that on a real disk.
    """
    trial = founded.trial(tmp_path_factory.mktemp("killed"))
    before = trial.file.read_bytes()
    assert run(trial, KillBehindReader(len(trial.batches) - 1, "committed")) == -SIGKILL
    assert trial.file.read_bytes() == before
    return trial


def surviving(founded: Founded, killed: Trial, folder: Path, harm: Callable[[bytes], bytes]) -> int:
    """How many blocks are left of a copy whose write-ahead log came to harm."""
    copy = founded.trial(folder)
    shutil.copy(killed.file, copy.file)
    log = Path(f"{killed.database}-wal").read_bytes()
    Path(f"{copy.database}-wal").write_bytes(harm(log))
    return check_recovered(founded, copy)


@pytest.mark.parametrize("stride", STRIDES)
def test_a_log_cut_short(founded: Founded, killed: Trial, tmp_path: Path, stride: int) -> None:
    size = Path(f"{killed.database}-wal").stat().st_size

    def harm(end: int) -> Callable[[bytes], bytes]:
        return lambda log: log[:end]

    left = [
        surviving(founded, killed, tmp_path / str(end), harm(end))
        for end in (*range(0, size, stride), size)
    ]
    assert left == sorted(left)
    assert set(left) == set(range(len(killed.batches) + 1))


@pytest.mark.parametrize("stride", STRIDES)
def test_a_flipped_bit(founded: Founded, killed: Trial, tmp_path: Path, stride: int) -> None:
    size = Path(f"{killed.database}-wal").stat().st_size

    def harm(place: int) -> Callable[[bytes], bytes]:
        return lambda log: log[:place] + bytes([log[place] ^ 1]) + log[place + 1 :]

    left = [
        surviving(founded, killed, tmp_path / str(place), harm(place))
        for place in range(32, size, stride)
    ]
    assert left == sorted(left)
    assert max(left) < len(killed.batches)
