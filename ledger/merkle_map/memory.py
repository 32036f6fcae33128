"""A map held in memory: what an auditor or a test replays on, and the smallest `NodeReader`."""

from collections.abc import Mapping, Sequence

from ledger.merkle_map.nodes import EMPTY_NODE, ROOT_PATH, Path, branches_of, hash_node
from ledger.merkle_map.update import MapUpdate
from ledger.types import Digest


class MapNodes:
    """The inner nodes of the latest version of a map, which begins empty."""

    def __init__(self) -> None:
        self._nodes: dict[Path, bytes] = {ROOT_PATH: EMPTY_NODE}

    def nodes(self, paths: Sequence[Path]) -> Mapping[Path, bytes]:  # noqa: ARG002  it has them all
        """All nodes, those asked for among them."""
        return self._nodes

    def apply(self, update: MapUpdate) -> Digest:
        """Take over an update; returns its root."""
        self._nodes.update(update.nodes)
        for path in update.removed:
            del self._nodes[path]
        return update.root

    def root(self) -> Digest:
        """The root of the map."""
        return hash_node(ROOT_PATH, branches_of(self._nodes[ROOT_PATH]))
