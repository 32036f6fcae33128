"""A node joins a log from a snapshot: how long until it serves, however long the log is."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from node.replica import Replica
from tests.joining import joined
from tests.snapshot_peer import SnapshotPeer, policy_of_one


def join_seconds(ahead: Replica, folder: Path, rounds: int) -> float:
    """The seconds until a node founded at genesis serves what another one holds.

    The snapshot is made, read, checked and stood on. A witness cosigns for it, as the ledger of the
    measurement has none.
    """
    return median(_seconds(ahead, folder) for _ in range(rounds))


def _seconds(ahead: Replica, folder: Path) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        peer = SnapshotPeer(Path(place) / "peer", given=ahead)
        peer.cosign("audit")
        seconds = asyncio.run(_join(peer, Path(place) / "joins"))
        peer.close()
    return seconds


async def _join(peer: SnapshotPeer, folder: Path) -> float:
    began = time.perf_counter()
    async with joined(folder, peer, backfills=False, policy=policy_of_one()) as node:
        await node.stands(peer.replica.head.size)
        return time.perf_counter() - began
