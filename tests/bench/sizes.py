"""What a leaf, a key and a receipt take, and what the map takes of the time."""

import shutil
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final, ParamSpec, TypeVar
from unittest.mock import patch

from sqlalchemy import select

from ledger import merkle_map
from ledger.policy import own_policy
from ledger.receipt import verify_receipt
from ledger.records import Genesis, parse_record
from ledger.tiles import TILE_WIDTH
from node.archiving import archive_leaves
from node.reader import Reader
from node.storage import store
from node.storage.archive import Archive
from node.storage.database import open_database
from node.storage.models import MapNodeRow, StateRow, table_of
from node.storage.state import StoredState
from tests.bench.in_process import Node, opened, submit
from tests.bench.mix import Streams

P = ParamSpec("P")
T = TypeVar("T")
RECEIPTS: Final = 100
CHUNK_PATHS: Final = 1_000
_ML_DSA_LINE_BYTES_MIN: Final = 2_420


def map_share(database: Path, streams: Streams) -> float:
    """The part of an append's processor time, all threads together, that goes to the state map."""
    spent = [0.0]

    def timed(function: Callable[P, T]) -> Callable[P, T]:
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent[0] += time.thread_time() - began

        return wrapper

    with (
        opened(database) as node,
        patch.object(merkle_map, "update", timed(merkle_map.update)),
        patch.object(store, "_write_map", timed(store._write_map)),
    ):
        began = time.process_time()
        submit(node, streams)
        return spent[0] / (time.process_time() - began)


def key_bytes_memory(database: Path) -> float:
    """Memory per key of a node that has the whole state at hand, with its map."""
    values, nodes = table_of(StateRow), table_of(MapNodeRow)
    with opened(database) as node, node.replica.store.engine.connect() as connection:
        keys = list(connection.execute(select(values.c.key)).scalars())
        paths = list(connection.execute(select(nodes.c.path)).scalars())
        state = StoredState(connection, len(keys), len(paths))
        tracemalloc.start()
        for key in keys:
            state.get(key)
        state.nodes(paths)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return held / len(keys)


def memory_beyond_cache(database: Path) -> float:
    """The memory of a process once it has read every key, over that once its caches were full."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        full, all_read = pool.submit(_read_everything, database).result()
    return all_read / full


def start_seconds(database: Path) -> float:
    """How long a node takes to find where its ledger stands."""
    began = time.perf_counter()
    with opened(database):
        return time.perf_counter() - began


def _read_everything(database: Path) -> tuple[int, int]:
    """Peak memory: when twice as much was read as the caches hold, and when all was."""
    values, nodes = table_of(StateRow), table_of(MapNodeRow)
    engine = open_database(database)
    with engine.connect() as connection:
        keys = list(connection.execute(select(values.c.key)).scalars())
        paths = list(connection.execute(select(nodes.c.path)).scalars())
        state = StoredState(connection, len(keys) // 8, len(paths) // 8)
        _read(state, keys[::4], paths[::4])
        full = getrusage(RUSAGE_SELF).ru_maxrss
        _read(state, keys, paths)
    engine.dispose()
    return full, getrusage(RUSAGE_SELF).ru_maxrss


def _read(state: StoredState, keys: Sequence[str], paths: Sequence[bytes]) -> None:
    for key in keys:
        state.get(key)
    for start in range(0, len(paths), CHUNK_PATHS):
        state.nodes(paths[start : start + CHUNK_PATHS])


def receipt_costs(node: Node) -> dict[str, float]:
    """Bytes of a receipt without its ML-DSA line, and milliseconds to verify it.

    It is that of the first leaf: nothing in the log has a longer path to the root.
    """
    reader = Reader(node.replica)
    leaf = reader.leaf(0)
    assert leaf is not None
    genesis = parse_record(leaf.leaf).body
    assert isinstance(genesis, Genesis)
    policy, receipt = own_policy(genesis), reader.receipt(leaf.index)
    lines = receipt.splitlines(keepends=True)
    began = time.perf_counter()
    for _ in range(RECEIPTS):
        verify_receipt(receipt, leaf.leaf, policy)
    return {
        "receipt_bytes": sum(len(line) for line in lines if len(line) < _ML_DSA_LINE_BYTES_MIN),
        "receipt_verify_ms": (time.perf_counter() - began) / RECEIPTS * 1_000,
    }


def archived_bytes(database: Path) -> Mapping[str, float]:
    """Bytes per leaf in a database whose leaves were archived, and in the archive."""
    folder = database.with_name("archive")
    shutil.rmtree(folder, ignore_errors=True)
    held = store.SqlStore(open_database(database), Archive(folder))
    with held.snapshot() as snapshot:
        stored = snapshot.head()
    if stored is None:
        raise ValueError("the database holds no ledger")
    end = stored.head.size // TILE_WIDTH * TILE_WIDTH
    done = archive_leaves(held, Archive(folder), 0, end, lambda _count: None)
    held.engine.dispose()
    return {
        "bytes_per_archived_leaf_disk": done.after_bytes / stored.head.size,
        "bytes_per_archived_leaf_archive": done.archive_bytes / end,
    }
