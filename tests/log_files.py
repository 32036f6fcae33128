"""A log as the files that tlog-tiles serves, made from its leaves: path to bytes.

files = log_files(world.leaves)                  # signed with the log keys of the test world
"""

from collections.abc import Sequence
from hashlib import sha256

from contracts.assessment.seed import SEED
from ledger import tree
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.hashing import leaf_hash
from ledger.keys import Signer
from ledger.receipt import Receipt, encode_receipt
from ledger.tiles import Bundle, Tile, TileEdge, TileReader, encode_bundle, tile_width
from ledger.types import MemberId
from tests import bodies
from tests.world import ORIGIN, World, log_signer_ml_dsa, signer

Files = dict[str, bytes]


def log_signers(member: MemberId = "steward") -> list[Signer]:
    """The log keys of a member's node in a test world."""
    return [signer(f"{member}/log"), log_signer_ml_dsa(f"{member}/log")]


def sign(leaves: Sequence[bytes], signers: Sequence[Signer] | None = None) -> bytes:
    """The checkpoint over exactly these leaves."""
    root = tree.root_of([leaf_hash(leaf) for leaf in leaves])
    checkpoint = Checkpoint(ORIGIN, len(leaves), root)
    return sign_checkpoint(checkpoint, log_signers() if signers is None else signers)


def log_files(leaves: Sequence[bytes]) -> Files:
    """Checkpoint, tiles and bundles at the log's size."""
    size = len(leaves)
    _, changed = TileEdge().extend([leaf_hash(leaf) for leaf in leaves])
    files = {tile.path: data for tile, data in changed.items() if is_final(tile, size)}
    for start in range(0, size, 256):
        part = leaves[start : start + 256]
        files[Bundle(start // 256, len(part)).path] = encode_bundle(part)
    return {"checkpoint": sign(leaves), **files}


def receipt(leaves: Sequence[bytes], index: int) -> bytes:
    """The receipt of one leaf, as a node would give it at the end of this log."""
    files = log_files(leaves)
    proof = tree.inclusion_proof(index, len(leaves), TileReader(_Tiles(files), len(leaves)))
    return encode_receipt(Receipt(index, proof, files["checkpoint"]))


class _Tiles:
    """A `TileSource` over files."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        return [self._files[tile.path] for tile in tiles]


def is_final(tile: Tile, size: int) -> bool:
    """Whether this is the tile of a log of this size, not one it has outgrown."""
    return tile.width == tile_width(tile.level, tile.index, size)


def story() -> World:
    """A short history with most kinds of record, a finding among its outcomes."""
    world = World.genesis(indicators=SEED)
    schema = world.sign("transport/main", bodies.schema())
    entry = world.sign("transport/main", bodies.entry())
    approval = world.sign("steward/main", bodies.case_step("approve", entry.digest))
    release = world.sign("transport/main", bodies.release())
    request = world.sign("health/main", bodies.request(bodies.request_item(entry.digest)))
    item = bodies.grant_item("health", request=f"{request.digest}-0")
    grant = world.sign("transport/main", bodies.grant(item))
    world.accept(schema, entry, approval, release)
    world.accept(request, grant)
    use = world.sign("health/main", bodies.usage(f"{grant.digest}-0", world.now))
    stray = world.sign("health/main", bodies.usage(None, world.now))
    world.accept(use, stray)
    return world


def long_story(records: int) -> World:
    """A story that goes on with many uses, in blocks of uneven length."""
    world = story()
    grant = next(key for key in world.state.keys("grant/")).partition("/")[2]
    while records > 0:
        count = min(records, 1 + sha256(str(records).encode()).digest()[0] % 97)
        uses = [
            world.sign("health/main", bodies.usage(grant, world.now, rows=(n,)))
            for n in range(1, count + 1)
        ]
        world.accept(*uses)
        records -= count
    return world
