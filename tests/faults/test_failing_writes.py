"""The database fails in a commit, and once more while the node recovers from it.

A failure stops the node: whether the disk keeps what it is told is no longer known. Nothing that
was acknowledged is lost, nothing half done is seen, and the next start goes on.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from tests.faults.recovery import Founded, check_recovered, finish
from tests.faults.victim import IN_TRANSACTION, STOPPED, Fail, FullDisk, Trial, acknowledged, run

BLOCK: Final = 1
"""The block that fails first; the one before it is acknowledged."""


def failed_once(founded: Founded, folder: Path) -> Iterator[Trial]:
    """A database for each statement of the commit that can fail, after it has."""
    for statement in count():
        trial = founded.trial(folder / str(statement))
        code = run(trial, Fail(BLOCK, statement=statement))
        if code == 0:
            return
        assert code == STOPPED
        yield trial


def failed_twice(founded: Founded, trial: Trial, second: int) -> bool:
    """Whether the node failed again at its `second` statement since its start; and recovered."""
    code = run(trial, Fail(statement=second))
    if code == 0:
        return False
    assert code == STOPPED
    assert check_recovered(founded, trial) in (BLOCK, BLOCK + 1)
    finish(founded, trial)
    return True


@pytest.mark.parametrize("step", IN_TRANSACTION)
def test_a_commit_that_fails_after_a_step(founded: Founded, tmp_path: Path, step: str) -> None:
    trial = founded.trial(tmp_path)
    assert run(trial, Fail(BLOCK, step)) == STOPPED
    assert len(acknowledged(trial)) == len(trial.batches[0])
    assert check_recovered(founded, trial) == BLOCK
    finish(founded, trial)


def test_each_statement_fails_and_the_next_node_fails_too(founded: Founded, tmp_path: Path) -> None:
    once = list(failed_once(founded, tmp_path))
    assert len(once) > len(IN_TRANSACTION)
    for first, trial in enumerate(once):
        assert failed_twice(founded, trial, second=first * 3 // 2)


@pytest.mark.slow
def test_every_pair_of_failing_statements(founded: Founded, tmp_path: Path) -> None:
    for second in count():
        trials = failed_once(founded, tmp_path / str(second))
        failed = [failed_twice(founded, trial, second) for trial in trials]
        if not any(failed):
            break
    assert second > len(IN_TRANSACTION)


@pytest.mark.parametrize("stride", [9_973, pytest.param(1_009, marks=pytest.mark.slow)])
def test_a_disk_that_is_full_within_a_commit(founded: Founded, tmp_path: Path, stride: int) -> None:
    for room_bytes in count(0, stride):
        trial = founded.trial(tmp_path / str(room_bytes))
        code = run(trial, FullDisk(BLOCK, room_bytes))
        if code == 0:
            break
        assert code == STOPPED
        assert len(acknowledged(trial)) >= len(trial.batches[0])
        assert check_recovered(founded, trial) >= BLOCK
        finish(founded, trial)
    assert room_bytes > 4 * stride
