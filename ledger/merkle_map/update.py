"""Changing a map: all changes of a block at once, each touched node read and hashed once.

1. Downwards, level by level: each touched node shares its changes out among its children. The
   nodes of one level are asked of the reader in one call.
2. Upwards: what became of each child is put in its parent. A slot holds nothing, one child, or
   several that must be joined by a new node; a node left with a single child gives way to it.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.errors import VerificationError
from ledger.merkle_map.nodes import (
    LEAF_DEPTH,
    ROOT_PATH,
    Child,
    NodeReader,
    Path,
    branches_of,
    encode_node,
    find_child,
    hash_leaf,
    hash_node,
    path_of,
    replace_child,
    replace_hash,
)
from ledger.types import Digest


@dataclass(frozen=True, slots=True)
class MapUpdate:
    """What an update makes of a map: to be stored in one transaction with the new root."""

    root: Digest
    nodes: Mapping[Path, bytes]
    """Inner nodes that are new or have changed, by path."""
    removed: tuple[Path, ...]
    """Inner nodes that are no more; none of them is in `nodes`."""


def update(changes: Mapping[bytes, bytes | None], reader: NodeReader) -> MapUpdate:
    """The map after setting keys to values, or removing those set to None.

    Removing an absent key changes nothing. Raises VerificationError if the reader lacks a node.
    """
    leaves = [
        (path_of(key), None if value is None else hash_leaf(key, value))
        for key, value in changes.items()
    ]
    return update_leaves(leaves, reader)


def update_leaves(leaves: Sequence[tuple[Path, Digest | None]], reader: NodeReader) -> MapUpdate:
    """The same for leaves given by path and hash."""
    ordered = sorted(leaves)
    work = _Update([path for path, _ in ordered], [leaf for _, leaf in ordered])
    work.descend(reader)
    work.climb()
    root_node = work.nodes.get(ROOT_PATH, work.visits[0][1])
    root = hash_node(ROOT_PATH, branches_of(root_node))
    return MapUpdate(root, work.nodes, tuple(work.removed))


_Span = tuple[int, int]
"""The changes `[start, end)`."""
_NONE: Final[_Span] = (0, 0)

_Slot = tuple[int, Path | None, _Span, _Span]
"""A nibble, the path of the child there, the changes under the nibble, those of the child."""


@dataclass(slots=True)
class _Update:
    """An update under way: paths and hashes (None: removed) of the changed leaves, in order."""

    paths: list[Path]
    leaves: list[Digest | None]
    visits: list[tuple[Path, bytes, list[_Slot]]] = field(default_factory=list)
    """Touched nodes, parents before children, with their slots that have changes."""
    outcomes: dict[Path, Child | None] = field(default_factory=dict)
    """What became of the children that parents still have to take up."""
    nodes: dict[Path, bytes] = field(default_factory=dict)
    removed: list[Path] = field(default_factory=list)

    def descend(self, reader: NodeReader) -> None:
        """Share the changes out from the root downwards, a level at a time."""
        frontier = [(ROOT_PATH, (0, len(self.paths)))]
        while frontier:
            found = reader.nodes([path for path, _ in frontier])
            below: list[tuple[Path, _Span]] = []
            for path, span in frontier:
                node = found.get(path)
                if node is None:
                    raise VerificationError(f"map: a node at depth {len(path)} is missing")
                self.visits.append((path, node, self._share_out(path, node, span, below)))
            frontier = below

    def _share_out(
        self, path: Path, node: bytes, span: _Span, below: list[tuple[Path, _Span]]
    ) -> list[_Slot]:
        """The slots of a node that changes touch; adds the inner nodes to visit to `below`."""
        paths, depth = self.paths, len(path)
        below_depth = depth + 1
        slots: list[_Slot] = []
        start, end = span
        while start < end:
            nibble = paths[start][depth]
            stop = start + 1
            while stop < end and paths[stop][depth] == nibble:
                stop += 1
            under = (start, stop)
            start = stop
            child = find_child(node, path, nibble)
            if child is None:
                slots.append((nibble, None, under, _NONE))
                continue
            at = child[0]
            share = under if len(at) == below_depth else self._share_of(at, under)
            slots.append((nibble, at, under, share))
            if share == _NONE:
                self.outcomes[at] = child
            elif len(at) == LEAF_DEPTH:
                self.outcomes[at] = self._leaf(share[0])
            else:
                below.append((at, share))
        return slots

    def _share_of(self, at: Path, under: _Span) -> _Span:
        """The changes at or below a child to which a compressed edge leads: not all need follow."""
        start, end = under
        first = bisect_left(self.paths, at, start, end)
        last = first
        while last < end and self.paths[last].startswith(at):
            last += 1
        return (first, last) if first < last else _NONE

    def climb(self) -> None:
        """Rebuild the touched nodes, children before parents."""
        for path, node, slots in reversed(self.visits):
            self.outcomes[path] = self._rebuild(path, node, slots)

    def _rebuild(self, path: Path, node: bytes, slots: list[_Slot]) -> Child | None:
        """What becomes of a node when its slots are filled anew."""
        rebuilt = node
        for nibble, child, under, share in slots:
            if child is not None and share == under:
                filling = self.outcomes.pop(child)
            else:
                filling = self._join_new(child, under, share)
            if filling and filling[0] == child:
                rebuilt = replace_hash(rebuilt, nibble, filling[1])
            elif filling or child is not None:
                rebuilt = replace_child(rebuilt, len(path), nibble, filling)
        bitmap = rebuilt[0] << 8 | rebuilt[1]
        if path != ROOT_PATH and bitmap & bitmap - 1 == 0:  # fewer than two children
            self.removed.append(path)
            return find_child(rebuilt, path, bitmap.bit_length() - 1) if bitmap else None
        if rebuilt != node:
            self.nodes[path] = rebuilt
        return path, hash_node(path, branches_of(rebuilt))

    def _join_new(self, child: Path | None, under: _Span, share: _Span) -> Child | None:
        """The outcome of a child, if there is one, joined with the new leaves beside it."""
        old = None if child is None else self.outcomes.pop(child)
        news = [self._leaf(at) for at in range(*under) if not share[0] <= at < share[1]]
        return self._join(sorted([found for found in (old, *news) if found]))

    def _leaf(self, at: int) -> Child | None:
        leaf = self.leaves[at]
        return None if leaf is None else (self.paths[at], leaf)

    def _join(self, children: list[Child]) -> Child | None:
        """The smallest subtree that holds these, which are in order of path, none above another."""
        if len(children) < 2:
            return children[0] if children else None
        depth = _common_length(children[0][0], children[-1][0])
        branches: list[list[Child]] = []
        nibble = -1
        for child in children:
            if child[0][depth] != nibble:
                nibble = child[0][depth]
                branches.append([])
            branches[-1].append(child)
        joined = [self._join(branch) for branch in branches]
        path = children[0][0][:depth]
        node = encode_node(depth, [child for child in joined if child])
        self.nodes[path] = node
        return path, hash_node(path, branches_of(node))


def _common_length(left: Path, right: Path) -> int:
    """How many nibbles two paths share from the start; one of them does not begin the other."""
    return next(at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
