"""The worked example of `ledger/FORMAT.md`: the smallest ledger, two blocks, every byte of it.

One founder orders, stewards and appoints its first writer. Keys come from seeds of 32 equal bytes.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from contracts.replay import Block, BlockResult, found, step
from contracts.view import MemoryState
from ledger import merkle_map, tree
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint
from ledger.envelope import pae, sign_envelope, verify_signature
from ledger.hashing import leaf_hash
from ledger.keys import Signer
from ledger.note import encode_vkey
from ledger.policy import consortium_policy
from ledger.policy_file import encode_policy
from ledger.receipt import Receipt, encode_receipt
from ledger.records import Body, Chain, Record, new_statement, read_record
from ledger.records.genesis import Founder, Genesis, Jurisdiction, LogKeys, Names, Purpose
from ledger.records.keys import WriterAppointment
from ledger.tiles import Tile, TileEdge, TileReader
from tests.signers import ed25519_signer, ml_dsa_signer
from tests.vectors.stored_signer import Json, StoredSigner

ORIGIN: Final = "ledger.example/city"
CUSTODIAN: Final = ed25519_signer(1)
LOG: Final = ed25519_signer(2)
LOG_PQ: Final = StoredSigner(ml_dsa_signer(3))
WRITER: Final = ed25519_signer(4)
SEEDS: Final[dict[str, tuple[int, Signer]]] = {
    "custodian key of bureau": (1, CUSTODIAN),
    "log key of bureau, Ed25519": (2, LOG),
    "log key of bureau, ML-DSA-44": (3, LOG_PQ),
    "key of bureau/main": (4, WRITER),
}
GENESIS: Final = Genesis(
    members=(
        Founder(
            code="11330000",
            custodian=CUSTODIAN.public_key.description,
            id="bureau",
            jurisdiction=Jurisdiction(code="330100", level="city"),
            log_keys=LogKeys(
                ed25519=LOG.public_key.description, ml_dsa44=LOG_PQ.public_key.description
            ),
            names=Names(en="Data Bureau", zh="数据局"),
            roles=("sequencer", "steward"),
        ),
    ),
    origin=ORIGIN,
    purposes=(Purpose(code="health", names=Names(en="Health")),),
)
APPOINTMENT: Final = WriterAppointment(
    families=("catalogue", "sharing", "use"),
    key=WRITER.public_key.description,
    writer="bureau/main",
)


def record(body: Body, ledger: str | None, previous: str | None, sequence: int) -> Record:
    """A record in the chain of the custodian, signed by all who have to."""
    signers: list[Signer] = [CUSTODIAN, LOG, LOG_PQ] if ledger is None else [CUSTODIAN, WRITER]
    chain = Chain(
        issued_at=f"2026-01-01T00:00:0{sequence}.000Z",
        ledger=ledger,
        previous=previous,
        sequence=sequence,
        writer="bureau/custodian",
    )
    return read_record(sign_envelope(encode(new_statement(body, chain)), signers))


class _Tiles:
    """The one tile there is."""

    def __init__(self, changed: dict[Tile, bytes]) -> None:
        self._changed = changed

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        return [self._changed[tile] for tile in tiles]


@cache
def founding() -> Record:
    """The genesis record."""
    return record(GENESIS, None, None, 0)


@cache
def appointment() -> Record:
    """The one record after it."""
    return record(APPOINTMENT, founding().digest, founding().digest, 1)


def blocks() -> Iterator[tuple[BlockResult, MemoryState, dict[str, str]]]:
    """Both blocks as the rules decide them, with the state after each and its pairs."""
    state, values = MemoryState(), dict[str, str]()
    first = found(state, founding(), verify_signature)
    yield _commit(state, values, first)
    block = Block(appointment().chain.issued_at, "bureau", (appointment(),))
    yield _commit(state, values, step(state, first.head, block, verify_signature))


def leaves() -> list[bytes]:
    """All four."""
    return [leaf for result, _, _ in blocks() for leaf in result.leaves]


def example() -> Json:
    """Everything there is to know about the smallest ledger."""
    (first, _, after_genesis), (second, state, values) = blocks()
    leaves = [*first.leaves, *second.leaves]
    records = (founding(), appointment())
    return {
        "origin": ORIGIN,
        "keys": {
            name: {
                "seed": f"{seed:02x}" * 32,
                "public": key.public_key.raw.hex(),
                "keyid": key.public_key.keyid,
            }
            for name, (seed, key) in SEEDS.items()
        },
        "leaves": [leaf.decode() for leaf in leaves],
        "leafHashes": [leaf_hash(leaf).hex() for leaf in leaves],
        "payloads": [one.envelope.payload.decode() for one in records],
        "preAuthentication": [pae(one.envelope.payload).decode() for one in records],
        "recordDigests": [one.digest for one in records],
        "outcomes": [[one.decode() for one in result.outcomes] for result in (first, second)],
        "states": [{**after_genesis}, {**values}],
        **_proofs(leaves, state, values),
    }


def _commit(
    state: MemoryState, values: dict[str, str], result: BlockResult
) -> tuple[BlockResult, MemoryState, dict[str, str]]:
    state.commit(result.changes, result.map_update)
    for key, value in result.values.items():
        if value is not None:
            values[key] = value.decode()
    return result, state, dict(sorted(values.items()))


def _proofs(leaves: list[bytes], state: MemoryState, values: dict[str, str]) -> dict[str, Json]:
    edge, changed = TileEdge().extend([leaf_hash(leaf) for leaf in leaves])
    note = sign_checkpoint(Checkpoint(ORIGIN, edge.size, edge.root()), [LOG, LOG_PQ])
    proof = tree.inclusion_proof(2, edge.size, TileReader(_Tiles(changed), edge.size))
    keys = [log_key(ORIGIN, key.public_key) for key in (LOG, LOG_PQ)]
    pairs = {key.encode(): value.encode() for key, value in values.items()}
    leaf_at = {
        merkle_map.pack(merkle_map.path_of(key)): (key, value) for key, value in pairs.items()
    }
    proved: dict[str, Json] = {
        key: merkle_map.encode_proof(
            merkle_map.prove(key.encode(), state, leaf_at.__getitem__)
        ).decode()
        for key in ("chain/bureau/custodian", "chain/bureau/main")
    }
    (tile,) = changed
    return {
        "tile": {"path": tile.path, "bytes": changed[tile].hex()},
        "root": edge.root().hex(),
        "checkpoint": note.decode(),
        "vkeys": [encode_vkey(key) for key in keys],
        "policy": encode_policy(consortium_policy(keys, {}, 0)).decode(),
        "receipt": {"index": 2, "file": encode_receipt(Receipt(2, proof, note)).decode()},
        "mapProofs": proved,
    }
