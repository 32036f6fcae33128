"""Vectors of map proofs, checkpoints and receipts."""

import json
from typing import Any, Final

from ledger import merkle_map
from ledger.checkpoint import (
    Checkpoint,
    cosign_checkpoint,
    log_key,
    sign_checkpoint,
    witness_key,
)
from ledger.hashing import leaf_hash
from ledger.keys import Signer
from ledger.lexical import encode_base64, parse_base64
from ledger.note import add_signatures, encode_vkey
from ledger.policy import consortium_policy
from ledger.policy_file import encode_policy
from ledger.receipt import Receipt, encode_receipt
from tests.reference import naive_map, naive_tree
from tests.signers import ed25519_signer, ml_dsa_signer
from tests.vectors.stored_signer import Json, StoredSigner

ORIGIN: Final = "ledger.example/city"
LOG: Final = ed25519_signer(2)
LOG_PQ: Final = StoredSigner(ml_dsa_signer(3))
WITNESS: Final = ed25519_signer(5)
WITNESS_PQ: Final = StoredSigner(ml_dsa_signer(6))
COSIGNED_S: Final = 1_767_225_600
LEAVES: Final = [f"leaf {number}".encode() for number in range(7)]
PAIRS: Final = {f"key/{number}".encode(): f"value {number}".encode() for number in range(12)}


def map_proofs() -> Json:
    """Proofs of presence (`value` is text) and absence (`value` is null) in one map."""
    nodes = merkle_map.MapNodes()
    root = nodes.apply(merkle_map.update(dict(PAIRS), nodes))
    if root != naive_map.map_root(PAIRS):
        raise ValueError("the map is not what the naive reference makes of it")
    by_path = {merkle_map.pack(merkle_map.path_of(key)): (key, PAIRS[key]) for key in PAIRS}
    vectors: list[Json] = []

    def add(name: str, key: bytes, value: bytes | None, proof: str, *, accepted: bool) -> None:
        vectors.append(
            {
                "name": name,
                "accepted": accepted,
                "key": key.decode(),
                "value": None if value is None else value.decode(),
                "proof": proof,
            }
        )

    for key in [*list(PAIRS)[:3], *(f"none/{number}".encode() for number in range(8))]:
        value = PAIRS.get(key)
        proof = merkle_map.prove(key, nodes, by_path.__getitem__)
        text = merkle_map.encode_proof(proof).decode()
        add("good", key, value, text, accepted=True)
        add("of another value", key, b"another", text, accepted=False)
        if value is not None:  # a proof of absence may well hold for a neighbour too
            add("of another key", key + b"0", value, text, accepted=False)
            add("presence shown as absence", key, None, text, accepted=False)
        for name, damaged in _damaged_map_proofs(json.loads(text)).items():
            add(name, key, value, damaged, accepted=False)
    return {
        "pairs": {key.decode(): value.decode() for key, value in PAIRS.items()},
        "root": root.hex(),
        "vectors": vectors,
    }


def _damaged_map_proofs(proof: Any) -> dict[str, str]:
    path = proof["path"]
    root, *rest = path
    hashes = parse_base64(root["hashes"])

    def altered(**changes: Any) -> str:
        return json.dumps({**proof, **changes}, separators=(",", ":"), sort_keys=True)

    def first(**changes: Any) -> str:
        return altered(path=[{**root, **changes}, *rest])

    return {
        "bit of a hash flipped": first(hashes=encode_base64(bytes([hashes[0] ^ 1]) + hashes[1:])),
        "hash missing": first(hashes=encode_base64(hashes[32:])),
        "spare hash": first(hashes=encode_base64(hashes + bytes(32))),
        "root at another depth": first(depth=1),
        "node twice": altered(path=[root, *path]),
        "root missing": altered(path=rest) if rest else altered(path=[]),
        "white space": json.dumps(proof, sort_keys=True),
    }


def checkpoint_note(*, post_quantum: bool = True) -> bytes:
    """A checkpoint over `LEAVES`, signed by the log and cosigned by one member."""
    checkpoint = Checkpoint(ORIGIN, len(LEAVES), naive_tree.mth(LEAVES))
    signers: list[Signer] = [LOG, LOG_PQ] if post_quantum else [LOG]
    cosigners: list[Signer] = [WITNESS, WITNESS_PQ] if post_quantum else [WITNESS]
    note = sign_checkpoint(checkpoint, signers)
    lines = [cosign_checkpoint(checkpoint, "health", one, COSIGNED_S) for one in cosigners]
    return add_signatures(note, lines)


def policy_text() -> str:
    """Both log keys, and one witness member with both of its keys, of whom one is asked for."""
    keys = [log_key(ORIGIN, signer.public_key) for signer in (LOG, LOG_PQ)]
    cosigners = [witness_key(ORIGIN, "health", one.public_key) for one in (WITNESS, WITNESS_PQ)]
    return encode_policy(consortium_policy(keys, {"health": cosigners}, 1)).decode()


def notes() -> Json:
    """Checkpoints under one policy."""
    good = checkpoint_note().decode()
    text, _, lines = good.partition("\n\n")
    origin, size, root = text.split("\n")
    log, log_pq, witness, witness_pq = lines.splitlines()

    def note(*signatures: str, body: str = text) -> str:
        return body + "\n\n" + "".join(line + "\n" for line in signatures)

    def flipped(line: str) -> str:
        head, _, base64 = line.rpartition(" ")
        raw = parse_base64(base64)
        return f"{head} {encode_base64(raw[:-1] + bytes([raw[-1] ^ 1]))}"

    accepted = {
        "good": good,
        "one log line, one cosignature": note(log, witness),
        "the post-quantum lines alone": note(log_pq, witness_pq),
        "a line of an unknown key": note(log, witness, log.replace(origin, "example.com/x")),
    }
    refused = {
        "no cosignature": note(log, log_pq),
        "no log line": note(witness, witness_pq),
        "log line flipped": note(flipped(log), witness),
        "post-quantum log line flipped": note(log, flipped(log_pq), witness),
        "cosignature flipped": note(log, flipped(witness)),
        "post-quantum cosignature flipped": note(log, witness, flipped(witness_pq)),
        "another size": note(log, witness, body=f"{origin}\n8\n{root}"),
        "size with a leading zero": note(log, witness, body=f"{origin}\n0{size}\n{root}"),
        "extension line": note(log, witness, body=f"{text}\nmore"),
        "root with stray bits": note(log, witness, body=text.replace("=", "")),
        "another origin": note(log, witness, body=text.replace(origin, "example.com/x")),
        "no blank line": good.replace("\n\n", "\n"),
        "no line feed at the end": good.rstrip("\n"),
        "carriage returns": good.replace("\n", "\r\n"),
        "hyphen for the dash": good.replace("—", "-"),
    }
    return {
        "policy": policy_text(),
        "vkeys": [encode_vkey(log_key(ORIGIN, one.public_key)) for one in (LOG, LOG_PQ)],
        "vectors": [
            {"name": name, "accepted": accept, "note": one}
            for accept, group in ((True, accepted), (False, refused))
            for name, one in group.items()
        ],
    }


def receipts() -> Json:
    """Receipts of one leaf under the policy."""
    index, note = 5, checkpoint_note(post_quantum=False)
    proof = tuple(naive_tree.path(index, LEAVES))
    good = encode_receipt(Receipt(index, proof, note)).decode()
    head, _, rest = good.partition("\n\n")
    first, *hashes = head.split("\n")[2:]

    def receipt(*lines: str, number: str = "5", checkpoint: str = rest) -> str:
        return (
            "\n".join(("c2sp.org/tlog-proof@v1", f"index {number}", *lines)) + f"\n\n{checkpoint}"
        )

    spare = encode_base64(leaf_hash(b"spare"))
    accepted = {
        "good": good,
        "with extra data": encode_receipt(Receipt(index, proof, note, extra=b"a remark")).decode(),
    }
    refused = {
        "index of its neighbour": receipt(first, *hashes, number="4"),
        "index beyond the size": receipt(first, *hashes, number="7"),
        "index with a leading zero": receipt(first, *hashes, number="05"),
        "first hash missing": receipt(*hashes),
        "last hash missing": receipt(first, *hashes[:-1]),
        "spare hash": receipt(first, *hashes, spare),
        "another hash": receipt(spare, *hashes),
        "hashes reversed": receipt(*reversed([first, *hashes])),
        "no empty line": good.replace("\n\n", "\n", 1),
        "extra data empty": good.replace("\nindex", "\nextra \nindex"),
        "line unknown": good.replace("\nindex", "\nremark x\nindex"),
        "another version": good.replace("@v1", "@v2"),
        "no checkpoint": f"{head}\n\n",
        "carriage returns": good.replace("\n", "\r\n"),
        "checkpoint without cosignature": receipt(
            first, *hashes, checkpoint="".join(rest.splitlines(keepends=True)[:5])
        ),
    }
    return {
        "policy": policy_text(),
        "leaf": LEAVES[index].decode(),
        "vectors": [
            {"name": name, "accepted": accept, "receipt": one}
            for accept, group in ((True, accepted), (False, refused))
            for name, one in group.items()
        ],
    }
