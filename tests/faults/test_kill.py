"""SIGKILL at every point of a commit, in a real process over a real file."""

from itertools import count
from pathlib import Path
from signal import SIGKILL

import pytest

from node.storage.store import COMMIT_STEPS
from tests.faults.recovery import Founded, check_recovered, finish
from tests.faults.victim import Kill, acknowledged, run


@pytest.mark.parametrize("step", COMMIT_STEPS)
@pytest.mark.parametrize("block", [0, 2])
def test_a_kill_after_a_step_of_a_commit(
    founded: Founded, tmp_path: Path, block: int, step: str
) -> None:
    trial = founded.trial(tmp_path)
    assert run(trial, Kill(block, step)) == -SIGKILL
    told = acknowledged(trial)
    assert len(told) == sum(map(len, trial.batches[:block]))
    committed = block + (step == "committed")
    assert check_recovered(founded, trial) == committed
    finish(founded, trial)


def test_a_kill_before_any_statement_of_a_commit(founded: Founded, tmp_path: Path) -> None:
    """Including the COMMIT itself; and after the last one the block is there."""
    for statement in count():
        trial = founded.trial(tmp_path / str(statement))
        code = run(trial, Kill(block=1, statement=statement))
        if code == 0:
            assert check_recovered(founded, trial) == len(trial.batches)
            break
        assert code == -SIGKILL
        assert check_recovered(founded, trial) in (1, 2)
    assert statement > len(COMMIT_STEPS)
