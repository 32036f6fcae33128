"""Test vectors for other implementations, good and bad; trees and maps by the naive references.

    python -m tests.vectors.generate            writes the files
    python -m tests.vectors.generate --check    exits with 1 if a file differs

A bad vector is named after what was done to a good one. Byte strings are in hexadecimal.
"""

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from tests.reference import naive_map, naive_tree
from tests.vectors import example, proofs, records, stored_signer
from tests.vectors.stored_signer import Json

FOLDER = Path(__file__).parent
LEAVES = [bytes(range(n)) for n in range(20)]


def _hex(hashes: list[bytes]) -> list[Json]:
    return [value.hex() for value in hashes]


def _damaged(proof: list[bytes]) -> dict[str, list[bytes]]:
    """The proof, and what can be done to it."""
    spare = sha256(b"spare").digest()
    found = {"good": proof, "spare hash at the end": [*proof, spare]}
    if proof:
        found |= {
            "last hash missing": proof[:-1],
            "first bit of the first hash flipped": [
                bytes([proof[0][0] ^ 0x80]) + proof[0][1:],
                *proof[1:],
            ],
            "last bit of the last hash flipped": [
                *proof[:-1],
                proof[-1][:-1] + bytes([proof[-1][-1] ^ 1]),
            ],
        }
    if len(proof) > 1:
        found["reversed"] = proof[::-1]
    return found


def tree() -> Json:
    """Roots and proofs of small trees (RFC 9162 section 2.1)."""
    inclusion: list[Json] = []
    consistency: list[Json] = []
    for size in (1, 2, 3, 7, 8, 20):
        root = naive_tree.mth(LEAVES[:size])
        for index in sorted({0, size // 2, size - 1}):
            good = list[bytes](naive_tree.path(index, LEAVES[:size]))
            inclusion += [
                {
                    "name": name,
                    "accepted": name == "good",
                    "index": index,
                    "size": size,
                    "leafHash": sha256(b"\x00" + LEAVES[index]).hexdigest(),
                    "root": root.hex(),
                    "proof": _hex(proof),
                }
                for name, proof in _damaged(good).items()
            ]
        for old in sorted({1, (size + 1) // 2, size}):
            good = list[bytes](naive_tree.proof(old, LEAVES[:size]))
            consistency += [
                {
                    "name": name,
                    "accepted": name == "good",
                    "oldSize": old,
                    "oldRoot": naive_tree.mth(LEAVES[:old]).hex(),
                    "newSize": size,
                    "newRoot": root.hex(),
                    "proof": _hex(proof),
                }
                for name, proof in _damaged(good).items()
            ]
    return {
        "leaves": _hex(LEAVES),
        "roots": [naive_tree.mth(LEAVES[:size]).hex() for size in range(len(LEAVES) + 1)],
        "inclusion": inclusion,
        "consistency": consistency,
    }


def merkle_map() -> Json:
    """Roots of small maps: from no pair to fifty."""
    pairs = {f"key/{n}".encode(): b"value" * (n % 3) for n in range(50)}
    maps: list[Json] = []
    for count in (0, 1, 2, 3, 10, 50):
        held = dict(list(pairs.items())[:count])
        maps.append(
            {
                "pairs": {key.hex(): value.hex() for key, value in held.items()},
                "root": naive_map.map_root(held).hex(),
            }
        )
    return {"maps": maps}


FILES: dict[str, Callable[[], Json]] = {
    "tree.json": tree,
    "map.json": merkle_map,
    "example.json": example.example,
    "envelopes.json": records.envelopes,
    "payloads.json": records.payloads,
    "chains.json": records.chains,
    "seals.json": records.seals,
    "map-proofs.json": proofs.map_proofs,
    "notes.json": proofs.notes,
    "receipts.json": proofs.receipts,
    "ml-dsa-44.json": stored_signer.used,  # last: what the others used
}


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    differing = []
    for name, content in FILES.items():
        text = json.dumps(content(), indent=1) + "\n"
        path = FOLDER / name
        if not path.exists() or path.read_text() != text:
            differing.append(name)
            if arguments != ["--check"]:
                path.write_text(text)
    sys.stdout.writelines(f"{name} differs\n" for name in differing)
    return 1 if differing and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
