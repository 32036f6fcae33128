"""The outbox: what was put in is there after a crash, in order, until it is taken out."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from node.client.chain import Position, Signed, sign_at
from node.outbox import Outbox, OutboxError
from tests.unit.node.simulated_log import LEDGER, SIGNER, TIME, WRITER, body

ROOT = Path(__file__).parents[3]


def signed(number: int, writer: str = WRITER) -> Signed:
    return sign_at(Position(LEDGER, writer, number, "cd" * 32), body(number), (SIGNER,), TIME)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def digests(outbox: Outbox, writer: str = WRITER) -> list[str]:
    return [record.digest for record in outbox.records_of(writer)]


def test_rows_stay_in_order_until_they_are_answered(path: Path) -> None:
    ones = [signed(number) for number in range(4)]
    outbox = Outbox(path)
    outbox.exchange((), ones[2:])
    outbox.exchange((), [signed(7, "tax/main")])
    outbox.exchange([ones[2].digest], ones[:2])
    assert digests(outbox) == [ones[3].digest, ones[0].digest, ones[1].digest]
    assert outbox.writers() == (WRITER, "tax/main")
    outbox.close()
    again = Outbox(path)
    assert [record.envelope for record in again.records_of(WRITER)] == [
        ones[at].envelope for at in (3, 0, 1)
    ]
    again.exchange([one.digest for one in ones], ())
    assert again.writers() == ("tax/main",)
    again.close()


def test_an_exchange_is_all_or_nothing(path: Path) -> None:
    outbox = Outbox(path)
    outbox.exchange((), [signed(0), signed(1)])
    with pytest.raises(OutboxError, match="UNIQUE"):
        outbox.exchange([signed(0).digest], [signed(2), signed(1)])
    assert digests(outbox) == [signed(0).digest, signed(1).digest]
    outbox.exchange([signed(0).digest], [signed(2)])
    assert digests(outbox) == [signed(1).digest, signed(2).digest]
    outbox.close()


def test_a_row_is_there_after_kill_9(path: Path) -> None:
    killed = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from node.outbox import Outbox\n"
        "from tests.unit.node.test_outbox import signed\n"
        "Outbox(Path(sys.argv[1])).exchange((), [signed(5)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = subprocess.run([sys.executable, "-c", killed, str(path)], cwd=ROOT, check=False)
    assert result.returncode == -9
    outbox = Outbox(path)
    assert digests(outbox) == [signed(5).digest]
    outbox.close()


def test_the_file_is_durable_and_the_owners(path: Path) -> None:
    outbox = Outbox(path)
    outbox.exchange((), [signed(0)])
    modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
    outbox.close()


def test_two_processes_do_not_share_one(path: Path) -> None:
    outbox = Outbox(path)
    with pytest.raises(OutboxError, match="locked"):
        Outbox(path)
    outbox.close()
    Outbox(path).close()


def test_a_file_from_the_future_or_no_outbox_is_refused(path: Path, tmp_path: Path) -> None:
    Outbox(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(OutboxError, match="version 2"):
        Outbox(path)
    other = tmp_path / "other"
    other.write_bytes(b"not a database" * 100)
    with pytest.raises(OutboxError, match="not a database"):
        Outbox(other)
    with pytest.raises(OutboxError):
        Outbox(tmp_path / "nowhere" / "outbox.db")


def test_a_spoiled_row_is_named(path: Path) -> None:
    outbox = Outbox(path)
    outbox.exchange((), [signed(0)])
    outbox._db.execute("UPDATE signed SET leaf = X'00'")
    with pytest.raises(OutboxError, match=WRITER):
        outbox.records_of(WRITER)
    outbox.close()


def test_a_closed_one_says_so(path: Path) -> None:
    outbox = Outbox(path)
    outbox.close()
    for use in (outbox.writers, lambda: outbox.exchange((), [signed(0)])):
        with pytest.raises(OutboxError, match="closed"):
            use()
