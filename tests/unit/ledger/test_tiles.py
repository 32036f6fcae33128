"""Tile paths, entry bundles, and a tree grown, stored and read by tiles."""

import pytest

from ledger import tree
from ledger.errors import FormatError
from ledger.hashing import EMPTY_ROOT, leaf_hash
from ledger.tiles import (
    BUNDLE_BYTES_MAX,
    TILE_BYTES,
    Bundle,
    Tile,
    TileEdge,
    TileReader,
    encode_bundle,
    parse_bundle,
    parse_tile_path,
    tile_width,
)
from tests.reference.memory_tiles import MemoryTiles

PATHS = [
    ("tile/0/000", Tile(0, 0, 256)),
    ("tile/0/005", Tile(0, 5, 256)),
    ("tile/0/x001/234", Tile(0, 1234, 256)),
    ("tile/0/x001/x234/067", Tile(0, 1234067, 256)),
    ("tile/1/000.p/17", Tile(1, 0, 17)),
    ("tile/63/999.p/255", Tile(63, 999, 255)),
    ("tile/2/x001/000.p/1", Tile(2, 1000, 1)),
    ("tile/0/x999/x999/x999/x999/x999/999", Tile(0, 10**18 - 1, 256)),
    ("tile/entries/273.p/112", Bundle(273, 112)),
    ("tile/entries/x001/x234/067", Bundle(1234067, 256)),
]

NOT_PATHS = [
    "",
    "/tile/0/000",
    "tile/0/000/",
    "tile/00/000",
    "tile/01/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/0",
    "tile/0/1000",
    "tile/0/x000/001",
    "tile/0/x001/1",
    "tile/0/001/x002",
    "tile/0/X001/002",
    "tile/0/x001/x002/x003/x004/x005/x006/007",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/017",
    "tile/0/000.p/300",
    "tile/0/000.p/",
    "tile/0/000.p/1.p/1",
    "tile/0/000\n",
    "tile/0/٠٠٠",  # Arabic-Indic digits
    "tile/entries/000.p/256",
    "tile/data/000",
    "tile/0/../000",
]


@pytest.mark.parametrize(("path", "name"), PATHS)
def test_path_and_name_are_one_to_one(path: str, name: Tile | Bundle) -> None:
    assert name.path == path
    assert parse_tile_path(path) == name


@pytest.mark.parametrize("path", NOT_PATHS)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(FormatError):
        parse_tile_path(path)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_width_is_what_the_specification_counts(size: int) -> None:
    for level in range(4):
        full, partial = divmod(size >> 8 * level, 256)
        widths = [tile_width(level, index, size) for index in range(full + 2)]
        assert widths == [256] * full + [partial, 0]


@pytest.mark.parametrize("width", [0, 1, 2, 255, 256])
def test_bundle_gives_its_leaves_back(width: int) -> None:
    leaves = tuple(bytes([n % 256]) * (n * 7 % 300) for n in range(width))
    assert parse_bundle(encode_bundle(leaves), width) == leaves


def test_bundle_holds_a_leaf_of_every_allowed_length_and_none_longer() -> None:
    for length in (0, 1, 255, 256, 65_535):
        assert parse_bundle(encode_bundle([b"x" * length]), 1) == (b"x" * length,)
    with pytest.raises(OverflowError):
        encode_bundle([b"x" * 65_536])


def test_cut_or_extended_bundle_is_refused() -> None:
    data = encode_bundle([b"first", b"", b"third"])
    for cut in range(len(data)):
        with pytest.raises(FormatError):
            parse_bundle(data[:cut], 3)
    for spare in (data + b"\x00", data + b"\x00\x00", data + encode_bundle([b"fourth"])):
        with pytest.raises(FormatError, match="after its 3 leaves"):
            parse_bundle(spare, 3)
    with pytest.raises(FormatError):
        parse_bundle(data, 4)
    with pytest.raises(FormatError, match="too large"):
        parse_bundle(bytes(BUNDLE_BYTES_MAX + 1), 256)


HASHES = [leaf_hash(n.to_bytes(4, "big")) for n in range(70_000)]


def grow(steps: list[int]) -> tuple[TileEdge, MemoryTiles]:
    edge, store = TileEdge(), MemoryTiles()
    for step in steps:
        edge, changed = edge.extend(HASHES[edge.size : edge.size + step])
        store.put(changed)
    return edge, store


def test_empty_edge_has_the_empty_root_and_grows_by_nothing() -> None:
    assert TileEdge().root() == EMPTY_ROOT
    assert TileEdge().extend([]) == (TileEdge(), {})
    assert TileEdge.restore(0, MemoryTiles()) == TileEdge()


@pytest.mark.parametrize("step", [1, 3, 255, 256, 257, 600])
def test_tree_grown_in_blocks_is_the_tree(step: int) -> None:
    edge, store, size = TileEdge(), MemoryTiles(), 0
    reader = TileReader(store, 0, tiles_max=2)
    while size < 1_100:
        edge, changed = edge.extend(HASHES[size : size + step])
        store.put(changed)
        size = edge.size
        reader = reader.at(size)
        root = tree.root_of(HASHES[:size])
        assert edge.root() == root
        assert tree.root(size, reader) == root
        assert TileEdge.restore(size, store) == edge
        proof = tree.inclusion_proof(size - 1, size, reader)
        tree.verify_inclusion(HASHES[size - 1], size - 1, size, proof, root)
        old = size // 3
        tree.verify_consistency(
            old, tree.root_of(HASHES[:old]), size, root, tree.consistency_proof(old, size, reader)
        )


def test_tiles_of_70000_leaves_are_those_of_the_specification() -> None:
    edge, changed = TileEdge().extend(HASHES)
    expected = [Tile(0, n, 256) for n in range(273)]
    expected += [Tile(0, 273, 112), Tile(1, 0, 256), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(changed) == expected
    assert all(len(data) == 32 * tile.width for tile, data in changed.items())
    assert changed[Tile(0, 273, 112)] == b"".join(HASHES[273 * 256 :])
    assert changed[Tile(1, 1, 17)][-32:] == tree.root_of(HASHES[272 * 256 : 273 * 256])
    assert changed[Tile(2, 0, 1)] == tree.root_of(HASHES[:65_536])
    assert edge.root() == tree.root_of(HASHES)


def test_block_yields_the_tiles_it_touches_and_no_other() -> None:
    edge, _ = TileEdge().extend(HASHES[:200])
    edge, changed = edge.extend(HASHES[200:256])
    assert list(changed) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert edge.partials == (b"", changed[Tile(1, 0, 1)])
    edge, changed = edge.extend(HASHES[256:257])
    assert list(changed) == [Tile(0, 1, 1)]


def test_reader_proves_across_levels_and_asks_once() -> None:
    edge, store = grow([70_000])
    reader = TileReader(store, edge.size)
    root = edge.root()
    proofs = tree.inclusion_proofs(65_400, 65_700, edge.size, reader)
    assert store.calls == 1
    for index, proof in zip(range(65_400, 65_700), proofs, strict=True):
        tree.verify_inclusion(HASHES[index], index, edge.size, proof, root)
    assert tree.inclusion_proofs(65_400, 65_700, edge.size, reader) == proofs
    assert store.calls == 1


def test_reader_of_an_earlier_size_uses_later_tiles() -> None:
    _, store = grow([300, 300])
    reader = TileReader(store, 600)
    assert tree.root(300, reader.at(300)) == tree.root_of(HASHES[:300])
    assert tree.root(600, reader) == tree.root_of(HASHES[:600])
    assert tree.root(300, reader.at(300)) == tree.root_of(HASHES[:300])


def test_reader_keeps_no_more_tiles_than_it_may() -> None:
    edge, store = grow([5_000])
    reader = TileReader(store, edge.size, tiles_max=3)
    for index in range(0, 5_000, 100):
        tree.inclusion_proof(index, edge.size, reader)
        assert len(reader._expanded) <= 3


def test_short_tile_is_refused() -> None:
    edge, store = grow([300])
    store.put({Tile(0, 0, 256): bytes(TILE_BYTES - 32)})
    with pytest.raises(FormatError, match="tile/0/000 is cut short"):
        tree.inclusion_proof(0, edge.size, TileReader(store, edge.size))
    store.put({Tile(0, 1, 44): bytes(43 * 32)})
    with pytest.raises(FormatError, match=r"tile/0/001\.p/44 is cut short"):
        TileEdge.restore(300, store)


def test_node_beyond_the_size_is_refused() -> None:
    _, store = grow([300])
    with pytest.raises(ValueError, match="beyond 300 leaves"):
        TileReader(store, 300).hashes([(0, 300)])
    with pytest.raises(ValueError, match="beyond 300 leaves"):
        TileReader(store, 300).hashes([(9, 0)])
