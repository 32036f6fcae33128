"""proofbundle verifies our receipts, offline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from proofbundle.tlogproof import verify_tlog_proof

from ledger.note import encode_vkey
from tests.interop.static_log import LOG_KEYS, ORIGIN, WITNESS_KEYS, static_log

LOG_VKEY = encode_vkey(LOG_KEYS[0])
WITNESS_VKEYS = [encode_vkey(key) for keys in WITNESS_KEYS.values() for key in keys]


@pytest.mark.parametrize("size", [1, 2, 7, 300])
def test_they_verify_every_kind_of_leaf(size: int) -> None:
    log = static_log(size)
    for index in dict.fromkeys([0, size // 2, size - 1]):
        found = verify_tlog_proof(
            log.receipt(index).decode(),
            log.leaves[index],
            LOG_VKEY,
            WITNESS_VKEYS,
            threshold=2,
            expected_origin=ORIGIN,
        )
        assert found["ok"], found
        assert (found["index"], found["tree_size"]) == (index, size)


def test_they_refuse_another_leaf_and_a_missing_witness() -> None:
    log = static_log(7)
    receipt = log.receipt(3).decode()
    assert not verify_tlog_proof(receipt, b"other", LOG_VKEY, WITNESS_VKEYS, threshold=2)["ok"]
    assert not verify_tlog_proof(receipt, log.leaves[3], LOG_VKEY, WITNESS_VKEYS, threshold=3)["ok"]


def test_their_command_agrees(tmp_path: Path) -> None:
    log = static_log(5)
    (tmp_path / "leaf.tlog-proof").write_bytes(log.receipt(4))
    (tmp_path / "leaf").write_bytes(log.leaves[4])
    witnesses = [part for vkey in WITNESS_VKEYS for part in ("--witness-vkey", vkey)]
    command = [sys.executable, "-m", "proofbundle.cli", "verify-proof", "leaf.tlog-proof"]
    command += ["--payload-file", "leaf", "--log-vkey", LOG_VKEY, "--expected-origin", ORIGIN]
    command += [*witnesses, "--threshold", "2", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"]
    (tmp_path / "leaf").write_bytes(log.leaves[3])
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
