"""A state as a whole: read from one database, written into another, its map made anew.

Nobody believes yet what is written: whoever writes compares the root of the map with that of a
seal, and rolls back. Rows come and go in portions, so a state of any size takes little memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from contracts.replay import Head
from ledger import merkle_map
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.snapshot import Pair
from ledger.tiles import TileEdge
from ledger.types import Digest
from node.storage.models import EPOCH_LEAVES, LeafRow, MapNodeRow, StateRow, TileRow, table_of
from node.storage.state import StoredState, short_key
from node.storage.statements import inserting, upserting
from node.storage.store import write_base_checkpoint, write_head

_PORTION: Final = 10_000
_leaf, _tile, _state, _node = map(table_of, (LeafRow, TileRow, StateRow, MapNodeRow))
_INSERT_LEAF, _INSERT_TILE, _INSERT_STATE = map(inserting, (_leaf, _tile, _state))
_UPSERT_NODE = upserting(_node)


@dataclass(frozen=True, slots=True)
class Base:
    """Where a log is taken up that one does not hold from its beginning.

    `leaves` are single ones by index, as far as they are needed: what founded the ledger, the seal
    at the end. `note` is the checkpoint under which all of it was verified.
    """

    head: Head
    edge: TileEdge
    leaves: Sequence[tuple[int, bytes]]
    note: bytes


def read_pairs(connection: Connection) -> Iterator[Pair]:
    """The state of a snapshot of the store, in the order of its keys."""
    query = select(_state.c.key, _state.c.value).order_by(_state.c.key)
    rows = connection.execute(query, execution_options={"yield_per": _PORTION})
    return ((key.encode(), value) for key, value in rows)


def write_pairs(connection: Connection, pairs: Iterable[Pair]) -> None:
    """Add pairs to the state; keys that are there already are an error of the database.

    Raises `FormatError` for a key that is no text.
    """
    try:
        rows = [(key.decode("ascii"), short_key(sha256(key)), value) for key, value in pairs]
    except UnicodeDecodeError as error:
        raise FormatError("a key of the state is not ASCII") from error
    _INSERT_STATE.run(connection, rows)


def build_map(connection: Connection) -> Digest:
    """Make the nodes of the map over all of the state, into an empty table; returns the root.

    In the order of their paths, so that portions touch few nodes in common.
    """
    query = select(_state.c.key, _state.c.value).order_by(_state.c.path_start)
    rows = connection.execute(query, execution_options={"yield_per": _PORTION})
    root = merkle_map.MapNodes().root()
    for portion in rows.partitions():
        changes = {key.encode(): value for key, value in portion}
        update = merkle_map.update(changes, StoredState(connection, 1, 1))
        _UPSERT_NODE.run(connection, list(update.nodes.items()))
        root = update.root
    return root


def write_base(connection: Connection, base: Base) -> None:
    """Let the log begin where the state was taken."""
    rows = [(index, index // EPOCH_LEAVES, None, leaf, None) for index, leaf in base.leaves]
    _INSERT_LEAF.run(connection, rows)
    size = base.head.size
    tiles = [
        (level, size >> 8 * (level + 1), data)
        for level, data in enumerate(base.edge.partials)
        if data
    ]
    _INSERT_TILE.run(connection, tiles)
    write_head(connection, base.head, base.edge.root())
    write_base_checkpoint(connection, size, base.note)
