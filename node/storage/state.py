"""The state as the rules see it, read from the database through bounded caches.

Belongs to the thread that commits. Values are cached as they are used by the rules, decoded; absent
keys are cached too, because rules ask for what must not exist yet. The caches take over a block's
changes only after its transaction has been committed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from contracts.replay import BlockResult
from contracts.values import Value, parse_value
from contracts.view import DUE_PREFIX
from ledger.hashing import sha256
from ledger.merkle_map import EMPTY_NODE, ROOT_PATH, Path
from ledger.types import Time
from node.storage.cache import GenerationalCache
from node.storage.models import MapNodeRow, StateRow, table_of
from node.storage.statements import selecting

_VARIABLES_MAX: Final = 500
_MISSING: Final = object()
_state, _node = table_of(StateRow), table_of(MapNodeRow)
_SELECT_VALUE = selecting(_state, "value")


def short_key(digest: bytes) -> int:
    """The first eight bytes of a digest as the signed integer that is indexed."""
    return int.from_bytes(digest[:8], signed=True)


class StoredState:
    """`contracts.view.State` over the tables `state` and `map_node`."""

    def __init__(self, connection: Connection, values_max: int, nodes_max: int) -> None:
        self._connection = connection
        self._values = GenerationalCache[str, Value | None](values_max)
        self._nodes = GenerationalCache[Path, bytes](nodes_max)

    def get(self, key: str) -> Value | None:
        """As `StateView.get`."""
        value = self._values.get(key, _MISSING)
        if value is not _MISSING:
            return value  # type: ignore[return-value]
        row = _SELECT_VALUE.first(self._connection, (key,))
        loaded = None if row is None else parse_value(key, row[0])
        self._values.put(key, loaded)
        return loaded

    def due(self, until: Time, count_max: int) -> list[str]:
        """As `StateView.due`."""
        query = (
            select(_state.c.key)
            .where(_state.c.key >= DUE_PREFIX, _state.c.key < f"{DUE_PREFIX}{until}0")
            .order_by(_state.c.key)
            .limit(count_max)
        )
        return [row[0] for row in self._connection.execute(query)]

    def nodes(self, paths: Sequence[Path]) -> Mapping[Path, bytes]:
        """As `State.nodes`; what the cache lacks is read in few statements."""
        found: dict[Path, bytes] = {}
        missing: list[Path] = []
        for path in paths:
            node = self._nodes.get(path, None)
            if node is None:
                missing.append(path)
            else:
                found[path] = node
        for start in range(0, len(missing), _VARIABLES_MAX):
            chunk = missing[start : start + _VARIABLES_MAX]
            query = select(_node.c.path, _node.c.node).where(_node.c.path.in_(chunk))
            for path, node in self._connection.execute(query):
                found[path] = node
                self._nodes.put(path, node)
        if ROOT_PATH in missing:
            found.setdefault(ROOT_PATH, EMPTY_NODE)
        return found

    def leaf_at(self, path_digest: bytes) -> tuple[bytes, bytes]:
        """The pair whose key has this SHA-256, for proofs of absence. Raises `KeyError`."""
        query = select(_state.c.key, _state.c.value).where(
            _state.c.path_start == short_key(path_digest)
        )
        for key, value in self._connection.execute(query):
            if sha256(key.encode()) == path_digest:
                return key.encode(), value
        raise KeyError(path_digest.hex())

    def adopt(self, result: BlockResult) -> None:
        """Take over what a committed block changed."""
        self._values.update(result.changes)
        self._nodes.update(result.map_update.nodes)

    @property
    def cached_counts(self) -> tuple[int, int]:
        """How many values and how many map nodes are held in memory."""
        return len(self._values), len(self._nodes)
