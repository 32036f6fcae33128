"""A signed log as the files a static web server would serve (C2SP tlog-tiles)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.checkpoint import Checkpoint, cosign_checkpoint, log_key, sign_checkpoint, witness_key
from ledger.hashing import leaf_hash
from ledger.note import VerifierKey, add_signatures
from ledger.policy import Policy, consortium_policy
from ledger.receipt import Receipt, encode_receipt
from ledger.tiles import TILE_WIDTH, Bundle, Tile, TileEdge, TileReader, encode_bundle
from ledger.tree import inclusion_proof
from tests.signers import ed25519_signer, ml_dsa_signer

ORIGIN = "example.com/log"
LOG, LOG_ML_DSA = ed25519_signer(1), ml_dsa_signer(1)
HEALTH, TAX = ed25519_signer(2), ml_dsa_signer(3)
LOG_KEYS = [log_key(ORIGIN, signer.public_key) for signer in (LOG, LOG_ML_DSA)]
WITNESS_KEYS: dict[str, list[VerifierKey]] = {
    "health": [witness_key(ORIGIN, "health", HEALTH.public_key)],
    "tax": [witness_key(ORIGIN, "tax", TAX.public_key)],
}
POLICY: Policy = consortium_policy(LOG_KEYS, WITNESS_KEYS, quorum=2)


@dataclass(frozen=True, slots=True)
class StaticLog:
    """Leaves, every tile made of them, and the cosigned checkpoint."""

    leaves: list[bytes]
    edge: TileEdge
    stored: dict[Tile, bytes]
    note: bytes

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        return [self.stored[tile] for tile in tiles]

    def receipt(self, index: int) -> bytes:
        proof = inclusion_proof(index, self.edge.size, TileReader(self, self.edge.size))
        return encode_receipt(Receipt(index, proof, self.note))

    def write(self, folder: Path) -> None:
        files = {tile.path: data for tile, data in self.stored.items()}
        for start in range(0, len(self.leaves), TILE_WIDTH):
            leaves = self.leaves[start : start + TILE_WIDTH]
            files[Bundle(start // TILE_WIDTH, len(leaves)).path] = encode_bundle(leaves)
        files["checkpoint"] = self.note
        for path, data in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def static_log(size: int) -> StaticLog:
    leaves = [f"leaf {n} of {size}".encode() for n in range(size)]
    edge, stored = TileEdge().extend([leaf_hash(leaf) for leaf in leaves])
    checkpoint = Checkpoint(ORIGIN, size, edge.root())
    lines = [
        cosign_checkpoint(checkpoint, "health", HEALTH, 1_700_000_000),
        cosign_checkpoint(checkpoint, "tax", TAX, 1_700_000_001),
    ]
    note = add_signatures(sign_checkpoint(checkpoint, [LOG, LOG_ML_DSA]), lines)
    return StaticLog(leaves, edge, stored, note)
