"""Large logs and large states, made without a million signatures.

Rows are written as a node writes them, after what is in the database already: the last report of
use again and again, under a tree of distinct hashes; the last right given under a million keys, in
a true map. A node goes on from there as from any other database.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, func, select, update

from ledger import merkle_map
from ledger.hashing import leaf_hash
from ledger.merkle_map import path_of
from ledger.tiles import Tile, TileEdge
from node.storage.database import open_database
from node.storage.models import (
    EPOCH_LEAVES,
    HeadRow,
    LeafRow,
    MapNodeRow,
    StateRow,
    TileRow,
    table_of,
)
from node.storage.state import StoredState, short_key
from node.storage.statements import upserting
from node.storage.store import Snapshot
from node.views.models import USAGE

CHUNK: Final = 20_000
_leaf, _tile, _state, _node, _head = map(
    table_of, (LeafRow, TileRow, StateRow, MapNodeRow, HeadRow)
)


def grow_log(database: Path, size: int) -> None:
    """Let the log have at least `size` leaves; the state stays as it is."""
    engine = open_database(database)
    with engine.begin() as connection:
        snapshot = Snapshot(connection)
        stored = snapshot.head()
        if stored is None:
            raise ValueError("the database holds no ledger")
        use = _last(connection, USAGE)
        leaf = snapshot.leaf(use["index"])
        assert leaf is not None
        edge = TileEdge.restore(stored.head.size, snapshot)
        tiles: dict[Tile, bytes] = {}
        for start in range(edge.size, size, CHUNK):
            hashes = [leaf_hash(n.to_bytes(8)) for n in range(start, min(start + CHUNK, size))]
            rows = [
                {
                    "index": start + n,
                    "epoch": (start + n) // EPOCH_LEAVES,
                    "digest_start": short_key(one),
                    "leaf": leaf.leaf,
                    "outcome": leaf.outcome,
                }
                for n, one in enumerate(hashes)
            ]
            connection.execute(_leaf.insert(), rows)
            connection.execute(USAGE.insert(), [{**use, "index": row["index"]} for row in rows])
            edge, changed = edge.extend(hashes)
            tiles.update(changed)
        widest = {(tile.level, tile.index): data for tile, data in tiles.items()}
        upserting(_tile).run(connection, [(*at, data) for at, data in widest.items()])
        connection.execute(update(_head).values(size=edge.size, root=edge.root()))
    engine.dispose()


def grow_state(database: Path, keys: int) -> None:
    """Let the state have at least `keys` values; the log stays as it is."""
    engine = open_database(database)
    with engine.begin() as connection:
        present = connection.execute(select(func.count()).select_from(_state)).scalar_one()
        grant = connection.execute(_state.select().where(_state.c.key > "grant/").limit(1)).one()
        names = [f"grant/{sha256(n.to_bytes(8)).hexdigest()}-0" for n in range(keys - present)]
        new = sorted([name.encode() for name in names], key=path_of)
        for start in range(0, len(new), CHUNK):  # in order of path: parts that hardly overlap
            chunk = new[start : start + CHUNK]
            changes = dict.fromkeys(chunk, grant.value)
            changed = merkle_map.update(changes, StoredState(connection, 1, 1))
            rows = [
                {"key": key.decode(), "path_start": short_key(sha256(key).digest())}
                for key in chunk
            ]
            connection.execute(_state.insert().values(value=grant.value), rows)
            upserting(_node).run(connection, list(changed.nodes.items()))
            connection.execute(update(_head).values(state_root=changed.root))
    engine.dispose()


def _last(connection: Connection, table: Table) -> dict[str, int]:
    query = table.select().order_by(table.c["index"].desc()).limit(1)
    return dict(connection.execute(query).mappings().one())
