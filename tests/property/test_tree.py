"""The tree, grown in blocks of any size and read by tiles, is the tree of RFC 9162."""

from hypothesis import given
from hypothesis import strategies as st

from ledger import tree
from ledger.errors import VerificationError
from ledger.hashing import leaf_hash
from ledger.tiles import TileEdge, TileReader, encode_bundle, parse_bundle
from tests.reference import naive_tree
from tests.reference.memory_tiles import MemoryTiles

LEAVES = [n.to_bytes(2, "big") for n in range(1_200)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]

blocks = st.lists(st.integers(0, 300), max_size=4)


@given(blocks, st.data())
def test_growth_in_blocks_leaves_no_trace(sizes: list[int], data: st.DataObject) -> None:
    edge, store = TileEdge(), MemoryTiles()
    for block in sizes:
        edge, changed = edge.extend(HASHES[edge.size : edge.size + block])
        store.put(changed)
    size = edge.size
    reader = TileReader(store, size)
    root = naive_tree.mth(LEAVES[:size])
    assert edge.root() == tree.root(size, reader) == tree.root_of(HASHES[:size]) == root
    assert TileEdge.restore(size, store) == edge
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    proofs = tree.inclusion_proofs(start, end, size, reader)
    for index, proof in zip(range(start, end), proofs, strict=True):
        tree.verify_inclusion(HASHES[index], index, size, proof, root)
    old_root = tree.root_of(HASHES[:start])
    tree.verify_consistency(
        start, old_root, size, root, tree.consistency_proof(start, size, reader)
    )


@given(st.integers(1, 2**40), st.data())
def test_proof_of_one_place_verifies_at_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    count = data.draw(st.integers(0, 41))
    proof = HASHES[:count]
    leaf, root = HASHES[-1], HASHES[-2]
    try:  # no root is known for hashes made up, whatever their number
        tree.verify_inclusion(leaf, index, size, proof, root)
    except VerificationError:
        return
    raise AssertionError(f"made-up proof of {count} hashes accepted")


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundle_gives_its_leaves_back(leaves: list[bytes]) -> None:
    assert parse_bundle(encode_bundle(leaves), len(leaves)) == tuple(leaves)
