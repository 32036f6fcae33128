"""Signatures verified in threads and in processes: each verdict reaches its signature."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from ledger.envelope import sign_envelope
from node import verification
from node.verification import FEW, Signed, Verifier, processes_for
from tests.signers import ed25519_signer

SIGNERS: Final = tuple(ed25519_signer(n) for n in range(3))
COUNT: Final = 3 * FEW


def signed(place: int, *, good: bool = True) -> Signed:
    signer = SIGNERS[place % len(SIGNERS)]
    envelope = sign_envelope(b"payload %d" % place, [signer])
    key = signer.public_key if good else SIGNERS[(place + 1) % len(SIGNERS)].public_key
    return Signed(envelope.payload, envelope.signatures[0].sig, key)


@pytest.fixture(scope="module", params=[0, 2], ids=["threads", "processes"])
def verifier(request: pytest.FixtureRequest) -> Iterator[Verifier]:
    made = Verifier(request.param)
    yield made
    made.close()


@pytest.mark.parametrize("count", [0, 1, FEW, COUNT])
def test_each_verdict_reaches_its_signature(verifier: Verifier, count: int) -> None:
    wrong = {0, count // 2, count - 1}
    batch = [signed(place, good=place not in wrong) for place in range(count)]
    verdicts = asyncio.run(verifier.verify(batch))
    assert [verdict is not None for verdict in verdicts] == [n in wrong for n in range(count)]


def test_batches_side_by_side(verifier: Verifier) -> None:
    async def verify_all() -> Sequence[Sequence[object]]:
        batches = ([signed(n, good=n != odd) for n in range(COUNT)] for odd in range(4))
        return await asyncio.gather(*(verifier.verify(batch) for batch in batches))

    for odd, verdicts in enumerate(asyncio.run(verify_all())):
        assert [n for n, one in enumerate(verdicts) if one is not None] == [odd]


def test_threads_take_over_from_a_process_that_died(caplog: pytest.LogCaptureFixture) -> None:
    verifier = Verifier(1)
    batch = [signed(n) for n in range(COUNT)]
    assert asyncio.run(verifier.verify(batch)) == [None] * COUNT
    assert verifier._pool is not None
    (pid,) = verifier._pool._processes
    os.kill(pid, signal.SIGKILL)
    for _ in range(2):
        assert asyncio.run(verifier.verify(batch)) == [None] * COUNT
    verifier.close()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_one_core_is_left_to_the_thread_that_commits() -> None:
    assert [processes_for(cores) for cores in (None, 1, 2, 8)] == [0, 0, 1, 7]


ORPHAN: Final = """
import time
from node.verification import Verifier

if __name__ == "__main__":
    verifier = Verifier(1)
    while not verifier._pool._processes:
        time.sleep(0.01)
    print(*verifier._pool._processes, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_processes_end_with_the_node_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "node_like.py"
    script.write_text(ORPHAN)
    root = Path(verification.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        time.sleep(1)  # it must have begun to watch
        process.kill()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
