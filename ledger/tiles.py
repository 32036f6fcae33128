"""The log's tree in tiles, and its leaves in bundles (C2SP tlog-tiles).

A *tile* at level L holds up to 256 hashes: those of nodes at level 8 L of the tree, in order. A
level-0 tile holds leaf hashes, each hash of a level-1 tile is the root of one full level-0 tile,
and so on. Only the last tile of a level can be *partial*; it is a prefix of the full tile it will
become, so storage keeps the longest version alone. An *entry bundle* holds the leaves themselves.

    tile/0/x001/x234/067          256 hashes, level 0, index 1234067
    tile/1/000.p/17               17 hashes, level 1, index 0
    tile/entries/000.p/17         17 leaves, each after its length in two bytes, big-endian

The writer's side is `TileEdge`: the partial tiles at the right edge, all that is needed to go on.

>>> from ledger.hashing import leaf_hash
>>> leaves = [leaf_hash(bytes([n])) for n in range(3)]
>>> edge, changed = TileEdge().extend(leaves)
>>> [(tile.path, len(data)) for tile, data in changed.items()]
[('tile/0/000.p/3', 96)]

The reader's side is `TileReader`: it serves the hashes of complete nodes from any `TileSource`.

>>> class Source:
...     def tiles(self, tiles):
...         return [changed[tile] for tile in tiles]
>>> tree.root(3, TileReader(Source(), 3)) == edge.root() == tree.root_of(leaves)
True
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from ledger import tree
from ledger.errors import FormatError
from ledger.hashing import EMPTY_ROOT
from ledger.types import DIGEST_BYTES, LEAF_BYTES_MAX, Digest

TILE_WIDTH: Final = 256
"""Hashes in a full tile, leaves in a full bundle."""
TILE_BYTES: Final = TILE_WIDTH * DIGEST_BYTES
TILE_LEVEL_MAX: Final = 63
BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (2 + LEAF_BYTES_MAX)

_PATH: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Tile:
    """The name of a tile: `width` hashes of the tile at this level and index."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Where tlog-tiles serves it."""
        return _encode_path(f"{self.level}", self.index, self.width)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The name of an entry bundle: the leaves `[256 * index, 256 * index + width)`."""

    index: int
    width: int

    @property
    def path(self) -> str:
        """Where tlog-tiles serves it."""
        return _encode_path("entries", self.index, self.width)


def parse_tile_path(path: str) -> Tile | Bundle:
    """The tile or bundle a path names; each has one path. Raises FormatError."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise FormatError("not the path of a tile or entry bundle")
    kind, groups, partial = match.groups()
    index = int(groups.replace("x", "").replace("/", ""))
    width = TILE_WIDTH if partial is None else int(partial)
    name = Bundle(index, width) if kind == "entries" else Tile(int(kind), index, width)
    if not 1 <= width <= TILE_WIDTH or (isinstance(name, Tile) and name.level > TILE_LEVEL_MAX):
        raise FormatError("no tile has this level or width")
    if name.path != path:
        raise FormatError(f"path is not canonical: {name.path} is")
    return name


def _encode_path(kind: str, index: int, width: int) -> str:
    groups = f"{index % 1000:03}"
    while index := index // 1000:
        groups = f"x{index % 1000:03}/{groups}"
    return f"tile/{kind}/{groups}" + (f".p/{width}" if width < TILE_WIDTH else "")


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes a tile has in a tree of `size` leaves; a bundle is as wide as at level 0."""
    return min(max((size >> 8 * level) - TILE_WIDTH * index, 0), TILE_WIDTH)


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """The bundle of up to 256 leaves of at most 65,535 bytes each."""
    return b"".join([len(leaf).to_bytes(2) + leaf for leaf in leaves])


def parse_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """The `width` leaves of a bundle. Raises FormatError at a missing, cut or spare one."""
    if len(data) > BUNDLE_BYTES_MAX:
        raise FormatError("entry bundle is too large")
    leaves: list[bytes] = []
    start = 0
    for _ in range(width):
        end = start + 2 + int.from_bytes(data[start : start + 2])
        if start + 2 > len(data) or end > len(data):
            raise FormatError(f"entry bundle ends within leaf {len(leaves)} of {width}")
        leaves.append(data[start + 2 : end])
        start = end
    if start != len(data):
        raise FormatError(f"entry bundle has bytes after its {width} leaves")
    return tuple(leaves)


class TileSource(Protocol):
    """Where tiles come from: storage, a server, a folder."""

    def tiles(self, tiles: Sequence[Tile]) -> Sequence[bytes]:
        """The bytes of each tile, in the order asked for.

        MUST hold at least the hashes asked for; MAY be a later, wider version of the tile.
        """
        ...


@dataclass(frozen=True, slots=True)
class TileEdge:
    """The right edge of a tree: its size and the partial tile of each level (empty if none)."""

    size: int = 0
    partials: tuple[bytes, ...] = ()

    def extend(self, leaf_hashes: Sequence[Digest]) -> tuple["TileEdge", dict[Tile, bytes]]:
        """The edge after appending leaves, and every tile that is new or has become wider."""
        changed: dict[Tile, bytes] = {}
        partials = list(self.partials)
        level, hashes = 0, b"".join(leaf_hashes)
        while hashes:
            if level == len(partials):
                partials.append(b"")
            data = partials[level] + hashes
            index, roots = self.size >> 8 * (level + 1), []
            for start in range(0, len(data), TILE_BYTES):
                tile = data[start : start + TILE_BYTES]
                changed[Tile(level, index, len(tile) // DIGEST_BYTES)] = tile
                if len(tile) == TILE_BYTES:
                    roots.append(tree.root_of(_split(tile)))
                    index += 1
            partials[level] = data[len(roots) * TILE_BYTES :]
            level, hashes = level + 1, b"".join(roots)
        return TileEdge(self.size + len(leaf_hashes), tuple(partials)), changed

    def root(self) -> Digest:
        """The root of the tree: each level's hashes are followed by what lies right below."""
        below: list[Digest] = []
        for partial in self.partials:
            if hashes := _split(partial) + below:
                below = [tree.root_of(hashes)]
        return below[0] if below else EMPTY_ROOT

    @classmethod
    def restore(cls, size: int, source: TileSource) -> "TileEdge":
        """The edge of a stored tree. Raises FormatError if a tile is too short.

        What storage returns is not checked against a root: compare `root()` with the one known.
        """
        levels = (size.bit_length() + 7) // 8
        names = [
            Tile(level, size >> 8 * (level + 1), width)
            for level in range(levels)
            if (width := size >> 8 * level & 255)
        ]
        found = {tile.level: data for tile, data in _fetch(names, source)}
        return cls(size, tuple(found.get(level, b"") for level in range(levels)))


@dataclass(frozen=True, slots=True)
class TileReader:
    """A `tree.HashReader` over tiles; keeps the `tiles_max` tiles it fetched last, 16 KiB each.

    A tile spans eight levels of the tree. *Expanded*, it has a row for each: the hashes of its
    complete nodes. These never change, so readers of all sizes of a log can share them: `at`.
    """

    source: TileSource
    size: int
    tiles_max: int = 1024
    _expanded: dict[tuple[int, int], list[bytes]] = field(default_factory=dict, repr=False)

    def at(self, size: int) -> "TileReader":
        """A reader of the same log at another size."""
        return replace(self, size=size)

    def hashes(self, nodes: Sequence[tree.Node]) -> list[Digest]:
        """The hashes of complete nodes; tiles not at hand are fetched in one call."""
        expanded = self._expand(dict.fromkeys([(n >> 3, i >> 8 - (n & 7)) for n, i in nodes]))
        found = [
            expanded[level >> 3, index >> 8 - (level & 7)][level & 7][
                (start := (index & 255 >> (level & 7)) * DIGEST_BYTES) : start + DIGEST_BYTES
            ]
            for level, index in nodes
        ]
        if b"" in found:
            raise ValueError(f"asked for a node beyond {self.size} leaves")
        return [Digest(found_hash) for found_hash in found]

    def _expand(self, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[bytes]]:
        """The rows of these tiles, each at least as wide as the size of the tree makes it."""
        kept = self._expanded
        wanted: dict[tuple[int, int], list[bytes]] = {}
        missing: list[Tile] = []
        for level, index in keys:
            width = tile_width(level, index, self.size)
            rows = kept.get((level, index), [b""])
            wanted[level, index] = rows
            if len(rows[0]) < width * DIGEST_BYTES:
                missing.append(Tile(level, index, width))
        for tile, data in _fetch(missing, self.source):
            wanted[tile.level, tile.index] = kept[tile.level, tile.index] = _rows(data)
        while len(kept) > self.tiles_max:
            kept.pop(next(iter(kept)))
        return wanted


def _fetch(tiles: Sequence[Tile], source: TileSource) -> Iterator[tuple[Tile, bytes]]:
    """Exactly the hashes asked for, of each tile."""
    found = source.tiles(tiles) if tiles else []
    for tile, data in zip(tiles, found, strict=True):
        if len(data) < tile.width * DIGEST_BYTES:
            raise FormatError(f"{tile.path} is cut short")
        yield tile, data[: tile.width * DIGEST_BYTES]


def _rows(tile: bytes) -> list[bytes]:
    """The eight rows of an expanded tile, from its own hashes up to two of 128."""
    sha256 = hashlib.sha256
    rows = [tile]
    for _ in range(7):
        below = rows[-1]
        pairs = range(0, len(below) - DIGEST_BYTES, 2 * DIGEST_BYTES)
        rows.append(b"".join([sha256(b"\x01" + below[i : i + 64]).digest() for i in pairs]))
    return rows


def _split(hashes: bytes) -> list[Digest]:
    return [Digest(hashes[i : i + DIGEST_BYTES]) for i in range(0, len(hashes), DIGEST_BYTES)]
