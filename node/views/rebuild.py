"""Making the views anew from the log: nothing in them is lost when they are dropped.

The leaves are decided again by `replay.step`, as they were when they came, and each block's views
are written by the code that wrote them then. All of it is one transaction: it is done, or it never
happened. The node must not run meanwhile, its commits would have to wait.
"""

from collections.abc import Callable

from contracts.replay import Block, BlockResult, found, step
from contracts.view import MemoryState
from ledger.envelope import Envelope
from ledger.keys import PublicKey
from ledger.records import parse_record
from ledger.seal import parse_seal
from node import views
from node.replica import ReplicaError
from node.storage.store import Snapshot, SqlStore, StoredBlock


def rebuild(store: SqlStore, on_block: Callable[[int], None] = lambda _height: None) -> int:
    """Drop all views and make them anew; returns the size of the log they hold for.

    `on_block` is told the height of each block done. Raises `ReplicaError` if the rules do not make
    of the stored leaves what is stored.
    """
    with store.engine.connect() as connection, connection.begin():
        views.drop(connection)
        snapshot = Snapshot(connection, store.archive)
        state = MemoryState()
        result: BlockResult | None = None
        stored = snapshot.block_at_height(0)
        while stored is not None:
            result = _replay(snapshot, stored, state, result)
            on_block(stored.height)
            stored = snapshot.block_at_height(stored.height + 1)
    if result is None:
        raise ReplicaError("the database holds no ledger")
    return result.head.size


def _replay(
    snapshot: Snapshot, stored: StoredBlock, state: MemoryState, before: BlockResult | None
) -> BlockResult:
    *leaves, sealed = snapshot.leaves(stored.first, stored.size)
    seal = parse_seal(sealed).predicate
    records = [parse_record(leaf) for leaf in leaves]
    block = Block(seal.block_time, seal.proposer, records)
    if before is None:
        result = found(state, records[0], _verified)
    else:
        result = step(state, before.head, block, _verified)
    if result.leaves[-1] != sealed:
        raise ReplicaError(f"block {stored.height} does not lead to its seal; audit the log")
    views.write(snapshot.connection, block, result)
    state.commit(result.changes, result.map_update)
    return result


def _verified(_envelope: Envelope, _key: PublicKey) -> None:
    """A `SignatureCheck` for leaves this node has let in: their signatures were verified then."""
