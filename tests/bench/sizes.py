"""What a leaf, a key and a receipt take, and what the map takes of the time."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Final, ParamSpec, TypeVar
from unittest.mock import patch

from sqlalchemy import select

from ledger import merkle_map
from ledger.policy import own_policy
from ledger.receipt import verify_receipt
from ledger.records import Genesis, parse_record
from node.reader import Reader
from node.storage import store
from node.storage.models import MapNodeRow, StateRow, table_of
from node.storage.state import StoredState
from tests.bench.in_process import Node, opened, submit
from tests.bench.mix import Streams

P = ParamSpec("P")
T = TypeVar("T")
RECEIPTS: Final = 100
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
