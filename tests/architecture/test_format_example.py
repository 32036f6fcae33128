"""The worked example of FORMAT.md, derived again from its text alone.

Nothing of `ledger` is used but its document: JSON, SHA-256, two signature algorithms, and the naive
tree and map. What this verifier needs to know is what the document has to say.
"""

import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256, sha512
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from tests.golden.format import DOCUMENT
from tests.golden.format_example import EXAMPLE, elided
from tests.reference import naive_map, naive_tree

FOUND: Final[Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
DOCUMENT_TEXT: Final = DOCUMENT.read_text(encoding="utf-8")
LEAVES: Final = [leaf.encode() for leaf in FOUND["leaves"]]
PAYLOADS: Final = [payload.encode() for payload in FOUND["payloads"]]
RECORDS: Final = [json.loads(payload) for payload in PAYLOADS]
SEALS: Final = [json.loads(LEAVES[index]) for index in (1, 3)]
ORIGIN: Final = "ledger.example/city"
TYPE: Final = "application/vnd.in-toto+json"


def h(data: bytes) -> bytes:
    return sha256(data).digest()


def canonical(text: bytes) -> bool:
    """Section 2.1, for values without defaults: Python's encoder escapes what it says."""
    value = json.loads(text)
    again = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return again.encode() == text


def verify(description: Any, signature: bytes, message: bytes) -> None:
    """Section 4: a signature in an envelope."""
    public = description["keyval"]["public"]
    if description["scheme"] == "ed25519":
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, message)
        return
    assert description["scheme"] == "ml-dsa-44/1"
    der = b64decode("".join(public.splitlines()[1:-1]))
    key = MLDSA44PublicKey.from_public_bytes(der[-1312:])
    key.verify(signature, b"tuf\x01" + sha512(message).digest())


def keyid(description: Any) -> str:
    """Section 4: line feeds stand raw."""
    text = '{{"keytype":"{}","keyval":{{"public":"{}"}},"scheme":"{}"}}'.format(
        description["keytype"], description["keyval"]["public"], description["scheme"]
    )
    return h(text.encode()).hex()


FOUNDER: Final = RECORDS[0]["predicate"]["body"]["members"][0]
KEYS: Final = {
    keyid(description): description
    for description in (
        FOUNDER["custodian"],
        FOUNDER["logKeys"]["ed25519"],
        FOUNDER["logKeys"]["mlDsa44"],
        RECORDS[1]["predicate"]["body"]["key"],
    )
}


def test_keys_come_from_their_seeds() -> None:
    for name, key in FOUND["keys"].items():
        seed = bytes.fromhex(key["seed"])
        make = (
            MLDSA44PrivateKey.from_seed_bytes
            if "ML-DSA" in name
            else (Ed25519PrivateKey.from_private_bytes)
        )
        assert make(seed).public_key().public_bytes_raw().hex() == key["public"]
    assert [key["keyid"] for key in FOUND["keys"].values()] == list(KEYS)


@pytest.mark.parametrize("number", [0, 1])
def test_records(number: int) -> None:
    leaf, payload = LEAVES[2 * number], PAYLOADS[number]
    envelope = json.loads(leaf)
    assert canonical(leaf)
    assert canonical(payload)
    assert list(envelope) == ["payload", "payloadType", "signatures"]
    assert envelope["payload"] == b64encode(payload).decode()
    assert envelope["payloadType"] == TYPE
    message = f"DSSEv1 {len(TYPE)} {TYPE} {len(payload)} ".encode() + payload
    assert FOUND["preAuthentication"][number].encode() == message
    keyids = [signature["keyid"] for signature in envelope["signatures"]]
    custodian, log, log_pq, writer = KEYS
    needed = [custodian, writer] if number else [custodian, log, log_pq]
    assert keyids == sorted(needed)
    for signature in envelope["signatures"]:
        verify(KEYS[signature["keyid"]], b64decode(signature["sig"]), message)
    assert h(payload).hex() == FOUND["recordDigests"][number]
    assert RECORDS[number]["_type"] == "https://in-toto.io/Statement/v1"


def test_chain_and_subjects() -> None:
    ledger = FOUND["recordDigests"][0]
    first, second = (record["predicate"]["chain"] for record in RECORDS)
    assert (first["ledger"], first["previous"], first["sequence"]) == (None, None, 0)
    assert (second["ledger"], second["previous"], second["sequence"]) == (ledger, ledger, 1)
    assert first["writer"] == second["writer"] == "bureau/custodian"
    origin = {"digest": {"sha256": h(ORIGIN.encode()).hex()}, "name": ORIGIN}
    genesis = {"digest": {"sha256": ledger}, "name": "genesis"}
    assert [record["subject"] for record in RECORDS] == [[origin], [genesis]]
    assert [seal["subject"] for seal in SEALS] == [[genesis], [genesis]]


@pytest.mark.parametrize("number", [0, 1])
def test_seals(number: int) -> None:
    seal, before = SEALS[number]["predicate"], SEALS[number - 1]["predicate"]
    state, outcomes = FOUND["states"][number], FOUND["outcomes"][number]
    assert canonical(LEAVES[2 * number + 1])
    assert (seal["first"], seal["count"], seal["height"]) == (2 * number, 1, number)
    assert seal["previousSeal"] == (h(LEAVES[1]).hex() if number else None)
    assert seal["blockTime"] == RECORDS[number]["predicate"]["chain"]["issuedAt"]
    assert seal["blockTime"] > before["blockTime"] or number == 0
    assert seal["outcomesRoot"] == naive_tree.mth([one.encode() for one in outcomes]).hex()
    pairs = {key.encode(): value.encode() for key, value in state.items()}
    assert seal["stateRoot"] == naive_map.map_root(pairs).hex()
    assert all(canonical(one.encode()) for one in [*outcomes, *state.values()])


@pytest.mark.parametrize("number", [0, 1])
def test_outcomes(number: int) -> None:
    settlement, outcome = (json.loads(one) for one in FOUND["outcomes"][number])
    assert settlement == {"digest": None, "index": None}
    assert (outcome["digest"], outcome["index"]) == (FOUND["recordDigests"][number], 2 * number)
    before, after = FOUND["states"][0] if number else {}, FOUND["states"][number]
    changed = [key for key in sorted(after) if before.get(key) != after[key]]
    assert outcome["changed"] == changed


def test_tree_and_tile() -> None:
    hashes = [h(b"\x00" + leaf) for leaf in LEAVES]
    assert FOUND["leafHashes"] == [one.hex() for one in hashes]
    assert FOUND["root"] == naive_tree.mth(LEAVES).hex()
    assert FOUND["tile"] == {"path": "tile/0/000.p/4", "bytes": b"".join(hashes).hex()}


def test_checkpoint() -> None:
    text, _, lines = FOUND["checkpoint"].partition("\n\n")
    root = bytes.fromhex(FOUND["root"])
    assert text.split("\n") == [ORIGIN, "4", b64encode(root).decode()]
    ed25519, ml_dsa = (bytes.fromhex(key["public"]) for key in list(FOUND["keys"].values())[1:3])
    origin = bytes([len(ORIGIN)]) + ORIGIN.encode()
    subtree = b"subtree/v1\n\x00" + origin + bytes(8) + origin + bytes(8) + (4).to_bytes(8) + root
    for line, kind, raw in zip(
        lines.splitlines(), (b"\x01", b"\x06"), (ed25519, ml_dsa), strict=True
    ):
        dash, name, encoded = line.split(" ")
        signed = b64decode(encoded)
        assert (dash, name) == ("—", ORIGIN)
        assert signed[:4] == h(ORIGIN.encode() + b"\n" + kind + raw)[:4]
        vkey = f"{ORIGIN}+{signed[:4].hex()}+{b64encode(kind + raw).decode()}"
        assert vkey in FOUND["vkeys"]
        assert f"log {vkey}\n" in FOUND["policy"]
        if kind == b"\x01":
            Ed25519PublicKey.from_public_bytes(raw).verify(signed[4:], f"{text}\n".encode())
        else:
            assert signed[4:12] == bytes(8)  # the time, and no claim to be the latest
            MLDSA44PublicKey.from_public_bytes(raw).verify(signed[12:], subtree)


def test_receipt() -> None:
    head, _, checkpoint = FOUND["receipt"]["file"].partition("\n\n")
    start, index, sibling, parent = head.split("\n")
    assert (start, index) == ("c2sp.org/tlog-proof@v1", "index 2")
    assert checkpoint == FOUND["checkpoint"]
    running = h(b"\x01" + h(b"\x00" + LEAVES[2]) + b64decode(sibling))  # 2 is even
    assert h(b"\x01" + b64decode(parent) + running).hex() == FOUND["root"]  # 1 is odd


@pytest.mark.parametrize("key", ["chain/bureau/custodian", "chain/bureau/main"])
def test_map_proofs(key: str) -> None:
    """Section 9, the three steps."""
    proof = json.loads(FOUND["mapProofs"][key])
    value = FOUND["states"][1].get(key)
    path = h(key.encode()).hex()
    below = None
    if value is not None:
        framed = len(key).to_bytes(4) + key.encode() + value.encode()
        below = h(b"\x02" + framed)
    if "otherLeaf" in proof:
        other, text = (b64decode(proof["otherLeaf"][part]) for part in ("key", "value"))
        assert other != key.encode()
        below = h(b"\x02" + len(other).to_bytes(4) + other + text)
    depth_before = 64
    for node in reversed(proof["path"]):
        depth, bitmap, hashes = node["depth"], node["bitmap"], b64decode(node["hashes"])
        nibble = int(path[depth], 16)
        assert depth < depth_before
        assert bool(bitmap >> nibble & 1) == (below is not None)
        if below is not None:
            place = 32 * (bitmap & (1 << nibble) - 1).bit_count()
            hashes = hashes[:place] + below + hashes[place:]
        prefix = bytes.fromhex(path[:depth] + "0" * (depth % 2))
        below = h(b"\x03" + bytes([depth]) + prefix + bitmap.to_bytes(2) + hashes)
        depth_before = depth
    assert depth_before == 0
    assert below is not None
    assert below.hex() == SEALS[1]["predicate"]["stateRoot"]


def test_the_document_shows_these_bytes() -> None:
    """Joined again, its blocks hold every payload, seal, outcome, value, note and proof."""
    section = DOCUMENT_TEXT[DOCUMENT_TEXT.index("## 14. Worked example") :]
    shown = [
        "".join(block.split("\n"))
        for block in re.findall(r"```text\n(.*?)\n```", section, re.DOTALL)
    ]
    for texts in (
        FOUND["payloads"],
        FOUND["leaves"][1::2],
        ["\n".join(outcomes) for outcomes in FOUND["outcomes"]],
        ["\n".join(FOUND["vkeys"])],
        [FOUND["checkpoint"], FOUND["receipt"]["file"], FOUND["policy"]],
        list(FOUND["mapProofs"].values()),
    ):
        for text in texts:
            assert "".join(elided(text).split("\n")) in shown
