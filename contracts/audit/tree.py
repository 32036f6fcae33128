"""The tree level: leaves and tiles against the root that the log signed.

Leaves and tiles say the same thing twice, so one of two that differ is wrong, and the signed root
tells which: the tree is computed from the leaves, and from the first difference on a second time
with the tile's hashes in their place.

    leaves lead to the signed root     the tile is the culprit
    tiles do                           the leaf is
    neither does                       more than one place was touched, or the log signed another
                                       history than the one it serves

The order in which everything is needed, each file once, is the `plan`; memory is a bundle, and the
tiles not yet compared.

>>> [name.path for name in plan(600)]
... # doctest: +NORMALIZE_WHITESPACE
['tile/entries/000', 'tile/0/000', 'tile/entries/001', 'tile/0/001', 'tile/1/000.p/2',
 'tile/entries/002.p/88', 'tile/0/002.p/88']
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.audit.report import Doubt, DoubtError
from ledger.checkpoint import Checkpoint
from ledger.hashing import leaf_hash
from ledger.tiles import TILE_WIDTH, Bundle, Tile, TileEdge, tile_width
from ledger.types import DIGEST_BYTES, Digest

Span = tuple[int, int]
"""Where a leaf stands in its bundle, without its length: start and end in bytes."""


def plan(size: int) -> Iterator[Bundle | Tile]:
    """Every bundle and tile of a log of this size; a tile follows the last bundle it rests on."""
    for start in range(0, size, TILE_WIDTH):
        end = min(start + TILE_WIDTH, size)
        index = start // TILE_WIDTH
        yield Bundle(index, end - start)
        yield Tile(0, index, end - start)
        level = 1
        while end >> 8 * level and end % TILE_WIDTH**level == 0:
            last = (end >> 8 * level) - 1
            width = tile_width(level, last // TILE_WIDTH, size)
            if last % TILE_WIDTH == width - 1:
                yield Tile(level, last // TILE_WIDTH, width)
            level += 1


def split_bundle(data: bytes, width: int) -> tuple[list[Span], str | None]:
    """Where the leaves of a bundle stand, as far as they do, and what is wrong with the rest."""
    spans: list[Span] = []
    at = 0
    for number in range(width):
        start = at + 2
        end = start + int.from_bytes(data[at:start])
        if end > len(data) or start > len(data):
            return spans, f"the bundle ends within leaf {number} of {width}"
        spans.append((start, end))
        at = end
    return spans, None if at == len(data) else f"{len(data) - at} bytes follow the last leaf"


@dataclass(frozen=True, slots=True)
class BundleLeaves:
    """What stands in a bundle; `fault` says why there is less than there should be."""

    bundle: Bundle
    spans: Sequence[Span]
    leaves: Sequence[bytes]
    fault: str | None = None


def place_of(bundle: Bundle, span: Span) -> str:
    """Where a leaf stands, as doubts say it."""
    return f"{bundle.path} bytes [{span[0]}, {span[1]})"


def broken_doubt(bundle: Bundle, spans: Sequence[Span], number: int, fault: str) -> Doubt:
    """The doubt about a bundle that breaks at its leaf `number`."""
    index = TILE_WIDTH * bundle.index + number
    start = spans[number - 1][1] if number else 0
    return Doubt(
        level="structure",
        what=f"leaf {index}",
        detail=f"it breaks its bundle: {fault}",
        index=index,
        place=f"{bundle.path} from byte {start} on",
    )


@dataclass(frozen=True, slots=True)
class _Difference:
    """A hash of a tile that is not the one computed; `leaf_place` is where its leaf stands."""

    tile: Tile
    position: int
    leaf_place: str | None = None

    @property
    def place(self) -> str:
        start = self.position * DIGEST_BYTES
        return f"{self.tile.path} bytes [{start}, {start + DIGEST_BYTES})"

    @property
    def index(self) -> int:
        """The first leaf below the hash."""
        return (self.tile.index * TILE_WIDTH + self.position) << 8 * self.tile.level


class TreeCheck:
    """Takes bundles and tiles in the order of `plan`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._edge = self._edge_before = TileEdge()
        self._tile_edge: TileEdge | None = None  # as the tiles have it, once they differ
        self._last = BundleLeaves(Bundle(0, 0), (), ())
        self._hashes = b""
        self._due: dict[Tile, list[bytes]] = {}
        self._leaf_difference: _Difference | None = None
        self._tile_difference: _Difference | None = None

    def add_bundle(self, found: BundleLeaves) -> None:
        """Compute on; the tile that follows will help to locate what is wrong with a broken one."""
        hashes = [leaf_hash(leaf) for leaf in found.leaves]
        self._last, self._hashes = found, b"".join(hashes)
        if found.fault is None:
            self._edge_before = self._edge
            self._edge, changed = self._edge.extend(hashes)
            self._expect(changed)

    def add_tile(self, tile: Tile, data: bytes) -> None:
        """Compare a tile. Raises `DoubtError` where it is plain what is wrong."""
        if len(data) != tile.width * DIGEST_BYTES:
            detail = f"it has {len(data)} bytes instead of {tile.width * DIGEST_BYTES}"
            raise DoubtError(Doubt(level="tree", what=tile.path, detail=detail))
        if tile.level == 0:
            self._compare_leaves(tile, data)
            return
        expected = self._due.pop(tile)
        if data not in expected and self._tile_difference is None:
            self._tile_difference = _Difference(tile, _first_difference(expected[0], data))

    def finish(self) -> None:
        """Compare the root. Raises `DoubtError` naming the culprit."""
        root, signed = self._edge.root(), self._checkpoint.root
        difference = self._leaf_difference or self._tile_difference
        if root == signed:
            if difference is not None:
                raise DoubtError(_tile_doubt(difference))
        elif self._leaf_difference is not None and self._tile_edge is not None:
            proved = self._tile_edge.root() == signed
            raise DoubtError(_leaf_doubt(self._leaf_difference, proved=proved))
        else:
            detail = (
                f"it signs the root {signed.hex()}, but the leaves lead to {root.hex()}: "
                "the log signed another history than the one it serves"
            )
            raise DoubtError(
                Doubt(level="tree", what="checkpoint", detail=detail, place="checkpoint")
            )

    def _expect(self, changed: dict[Tile, bytes]) -> None:
        """Note tiles of upper levels that will not change any more up to the log's size."""
        for tile, data in changed.items():
            final = tile_width(tile.level, tile.index, self._checkpoint.size)
            if tile.level and tile.width == final:
                self._due.setdefault(tile, []).append(data)

    def _compare_leaves(self, tile: Tile, data: bytes) -> None:
        last, position = self._last, _first_difference(self._hashes, data)
        if last.fault is not None:
            number = min(position, len(last.spans))
            raise DoubtError(broken_doubt(last.bundle, last.spans, number, last.fault))
        if self._hashes != data and self._leaf_difference is None:
            place = place_of(last.bundle, last.spans[position])
            self._leaf_difference = _Difference(tile, position, place)
            self._tile_edge = self._edge_before
        if self._tile_edge is not None:
            starts = range(0, len(data), DIGEST_BYTES)
            hashes = [Digest(data[start : start + DIGEST_BYTES]) for start in starts]
            self._tile_edge, changed = self._tile_edge.extend(hashes)
            self._expect(changed)


def _tile_doubt(difference: _Difference) -> Doubt:
    about = "the root of the tile below" if difference.tile.level else f"leaf {difference.index}"
    return Doubt(
        level="tree",
        what=difference.tile.path,
        detail=f"hash {difference.position} is not that of {about}; the leaves lead to the signed "
        f"root, so the tile is wrong",
        index=None if difference.tile.level else difference.index,
        place=difference.place,
    )


def _leaf_doubt(difference: _Difference, *, proved: bool) -> Doubt:
    why = (
        "the tiles lead to the signed root, so the leaf is wrong"
        if proved
        else "neither leaves nor tiles lead to the signed root: more than one place was touched"
    )
    leaf = f"leaf {difference.index}"
    return Doubt(
        level="tree",
        what=leaf if proved else f"{leaf} or {difference.tile.path}",
        detail=f"its hash is not hash {difference.position} of {difference.tile.path}; {why}",
        index=difference.index,
        place=difference.leaf_place,
    )


def _first_difference(left: bytes, right: bytes) -> int:
    """The first hash in which two tiles differ; the length of the shorter one if it is a prefix."""
    starts = range(0, min(len(left), len(right)), DIGEST_BYTES)
    return next(
        (
            start // DIGEST_BYTES
            for start in starts
            if left[start : start + DIGEST_BYTES] != right[start : start + DIGEST_BYTES]
        ),
        min(len(left), len(right)) // DIGEST_BYTES,
    )
