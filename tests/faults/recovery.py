"""What must hold of a node's database after any harm, and a ledger to do harm to.

trial = founded.trial(folder)
run(trial, fault)
check_recovered(trial)          # opened again: all that was acknowledged is there, audited
finish(trial)                   # and the node goes on: every record is in the ledger once
"""

import asyncio
import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from contracts.audit import Auditor
from ledger.checkpoint import log_key, open_checkpoint
from ledger.policy import Policy
from ledger.receipt import verify_receipt
from ledger.seal import is_seal
from ledger.tiles import Bundle
from ledger.times import to_ms
from node.reader import Reader
from node.replica import Replica
from node.storage.address import Database
from node.storage.models import StateRow, table_of
from node.views.models import CASE_RECORD, USAGE, VERSIONED
from node.views.rebuild import rebuild
from tests.faults.victim import Acknowledged, Trial, acknowledged, live
from tests.log_files import log_signers, story
from tests.nodes import close, open_replica, policy_of
from tests.reference.naive_map import map_root
from tests.world import ORIGIN, SECOND_MS, World

VIEWS: Final = (*VERSIONED.values(), CASE_RECORD, USAGE)


@dataclass(frozen=True, slots=True)
class Founded:
    """A ledger with members and writers, and the blocks of a story that is still to happen."""

    world: World
    database: Path
    size: int

    @classmethod
    def make(cls, folder: Path) -> "Founded":
        """Found it in a folder."""
        world = story()
        start = replace(world, blocks=world.blocks[:1])
        replica = open_replica(folder / "founded.db", start)
        size = replica.head.size
        close(replica)
        return cls(world, folder / "founded.db", size)

    @property
    def policy(self) -> Policy:
        """Trust in its log keys."""
        return policy_of(self.world)

    def trial(self, folder: Path) -> Trial:
        """A copy of the database, and the story's blocks as batches."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.database, folder / "ledger.db")
        return self.trial_of(folder / "ledger.db", folder)

    def trial_of(self, database: Database, folder: Path) -> Trial:
        """The same in a database that holds what was founded."""
        batches = [
            [record.envelope.encoded for record in block.records]
            for block in self.world.blocks[1:]
            if block.records
        ]
        now_ms = to_ms(self.world.now) + SECOND_MS
        return Trial(database, folder / "acknowledged", batches, now_ms)


def check_recovered(founded: Founded, trial: Trial) -> int:
    """All invariants of a database that came to harm; returns how many batches it holds."""
    told = acknowledged(trial)
    replica = open_replica(trial.database)
    try:
        if isinstance(trial.database, Path):
            _check_pages(trial.database)
        leaves = leaves_of(replica)
        _check_promises(founded, told, leaves)
        audit(founded, replica)
        _check_views(replica)
    finally:
        close(replica)
    records = [leaf for leaf in leaves[founded.size :] if not is_seal(leaf)]
    whole = 0
    while records:
        batch = trial.batches[whole]
        assert records[: len(batch)] == list(batch), "a part of a block"
        del records[: len(batch)]
        whole += 1
    return whole


def _check_pages(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def finish(founded: Founded, trial: Trial) -> None:
    """The node goes on: all is submitted again, and is in the ledger once."""
    before = {one.digest: one.index for one in acknowledged(trial)}
    asyncio.run(live(trial))
    told = acknowledged(trial)
    assert before.items() <= {one.digest: one.index for one in told}.items()
    assert check_recovered(founded, trial) == len(trial.batches)


def leaves_of(replica: Replica) -> list[bytes]:
    """Every leaf on disk."""
    with replica.store.snapshot() as snapshot:
        return list(snapshot.leaves(0, replica.head.size + 1_000))


def audit(founded: Founded, replica: Replica) -> None:
    """The auditor, who derives everything again, has no doubt; state and log agree."""
    reader = Reader(replica)
    keys = [log_key(ORIGIN, signer.public_key) for signer in log_signers()]
    auditor = Auditor(open_checkpoint(replica.published.checkpoint, keys))
    for name in auditor.plan():
        file = reader.bundle(name) if isinstance(name, Bundle) else reader.tile(name)
        auditor.take(name, file)
    report = auditor.finish()
    assert not report.doubts
    assert report.size == replica.head.size == len(leaves_of(replica))


def _check_promises(founded: Founded, told: list[Acknowledged], leaves: list[bytes]) -> None:
    for one in told:
        assert verify_receipt(one.receipt, leaves[one.index], founded.policy).index == one.index


def _check_views(replica: Replica) -> None:
    """What is stored beside the log is what the log gives."""
    rows = _contents(replica)["state"]
    state = {str(key).encode(): value for key, _, value in rows if isinstance(value, bytes)}
    assert map_root(state) == replica.head.state_root
    before = _contents(replica)
    rebuild(replica.store)
    assert _contents(replica) == before


def _contents(replica: Replica) -> dict[str, list[tuple[object, ...]]]:
    with replica.store.snapshot() as snapshot:
        execute = snapshot.connection.execute
        return {
            table.name: sorted((tuple(row) for row in execute(table.select())), key=repr)
            for table in (*VIEWS, table_of(StateRow))
        }
