"""Old leaves move out of the database into an archive; what proves them stays.

    which     whole bundles, final, older than asked for, not archived yet
    check     the leaves of each have the hashes its tile holds
    put       into the archive, read back, on the disk
    blank     in the database, in the transaction that ends after all that
    shrink    the file, where the database is one

A crash in between leaves leaves in both places; the next run goes on. The genesis record and all
seals stay: a node opens its database with them, states and outcomes are proved by them.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, update

from ledger.hashing import leaf_hash
from ledger.tiles import TILE_WIDTH, Tile
from ledger.times import from_ms
from node.replica import Replica, ReplicaError
from node.storage.archive import Archive
from node.storage.models import LeafRow, table_of
from node.storage.statements import SERVER
from node.storage.store import Snapshot, SqlStore

AT_ONCE: Final = 64
"""Bundles of one transaction: 16,384 leaves."""
DAY_MS: Final = 86_400_000
Advance = Callable[[int], None]
"""Told how many more leaves are archived."""
_leaf = table_of(LeafRow)
_IS_HELD: Final = (
    _leaf.c["index"] > 0,
    _leaf.c.digest_start.is_not(None),
    func.length(_leaf.c.leaf) > 0,
)


@dataclass(frozen=True, slots=True)
class Archived:
    """What came of it: leaves `[start, end)` went; bytes they take in the archive, the database's.

    A server's database has no less than before: its room is for rows to come.
    """

    start: int
    end: int
    archive_bytes: int
    before_bytes: int
    after_bytes: int


def archivable(replica: Replica, keep_days: int, now_ms: int) -> tuple[int, int]:
    """The leaves `[start, end)` that may go: whole bundles, final, from before `keep_days` ago."""
    final = 0 if replica.final is None else replica.final.size
    with replica.store.snapshot() as snapshot:
        size = snapshot.size_before(from_ms(now_ms - keep_days * DAY_MS))
        query = select(func.min(_leaf.c["index"])).where(*_IS_HELD)
        first = snapshot.connection.execute(query).scalar()
    end = min(size, final) // TILE_WIDTH * TILE_WIDTH
    start = end if first is None else min(first // TILE_WIDTH * TILE_WIDTH, end)
    return start, end


def archive_leaves(
    store: SqlStore, archive: Archive, start: int, end: int, advance: Advance
) -> Archived:
    """Archive leaves, whole bundles. Raises `ReplicaError`, `OSError`."""
    archive_bytes, before_bytes = 0, _bytes_of(store)
    numbers = range(start // TILE_WIDTH, end // TILE_WIDTH)
    for at in range(0, len(numbers), AT_ONCE):
        part = numbers[at : at + AT_ONCE]
        with store.engine.connect() as connection, connection.begin():
            snapshot = Snapshot(connection, archive)
            for number in part:
                archive_bytes += archive.put(number, _checked(snapshot, number))
            archive.sync()
            _blank(connection, part[0] * TILE_WIDTH, (part[-1] + 1) * TILE_WIDTH)
        advance(len(part) * TILE_WIDTH)
    if numbers and store.engine.dialect.name != SERVER:
        with closing(store.engine.raw_connection()) as driver:
            driver.cursor().execute("VACUUM")
    return Archived(start, end, archive_bytes, before_bytes, _bytes_of(store))


def _bytes_of(store: SqlStore) -> int:
    query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    if store.engine.dialect.name == SERVER:
        query = "SELECT pg_database_size(current_database())"
    with store.snapshot() as snapshot:
        return int(snapshot.connection.exec_driver_sql(query).scalar_one())


def _checked(snapshot: Snapshot, number: int) -> Sequence[bytes]:
    """The leaves of a bundle, if they are those of the tree."""
    start = number * TILE_WIDTH
    leaves = snapshot.leaves(start, start + TILE_WIDTH)
    (tile,) = snapshot.tiles([Tile(0, number, TILE_WIDTH)])
    if b"".join(map(leaf_hash, leaves)) != tile:
        raise ReplicaError(f"the leaves from {start} on are not those of the tree; audit the log")
    return leaves


def _blank(connection: Connection, start: int, end: int) -> None:
    within = (_leaf.c["index"] >= start, _leaf.c["index"] < end)
    connection.execute(update(_leaf).where(*within, *_IS_HELD).values(leaf=b""))
