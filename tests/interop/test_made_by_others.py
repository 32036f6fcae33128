"""What programs of others made from the specifications, and we must read.

`made_by_others.json` was written once by Go programs over a log of eleven entries, with keys of
known seeds. The other direction, their reading ours, is in FORMAT.md, section 15.

- golang.org/x/mod v0.42.0, `sumdb/note` and `sumdb/tlog`: keys, log signature, tree, proofs
- filippo.io/torchwood v0.10.0: cosignatures (types 04 and 06), policy, receipt with extra data
- github.com/transparency-dev/formats v0.1.1: checkpoint, cosignature (type 04), receipt
- github.com/transparency-dev/tessera v1.0.4: entry bundle, the same as torchwood's
- github.com/secure-systems-lab/go-securesystemslib v0.11.1: key id and DSSE envelope
"""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from ledger import tree
from ledger.envelope import open_envelope, parse_envelope
from ledger.errors import NotCanonical, VerificationError
from ledger.hashing import leaf_hash
from ledger.keys import PublicKey
from ledger.policy_file import parse_policy
from ledger.receipt import encode_receipt, parse_receipt, verify_receipt
from ledger.suites import ED25519
from ledger.tiles import parse_bundle
from ledger.types import Digest

MADE = json.loads((Path(__file__).parent / "made_by_others.json").read_text())
LEAVES = [bytes.fromhex(leaf) for leaf in MADE["leaves"]]
ROOT = Digest(bytes.fromhex(MADE["root"]))
INDEX = MADE["inclusion"]["index"]


def hashes(texts: list[str]) -> list[Digest]:
    return [Digest(bytes.fromhex(text)) for text in texts]


def test_their_entry_bundle() -> None:
    assert list(parse_bundle(bytes.fromhex(MADE["bundle"]), len(LEAVES))) == LEAVES


def test_their_tree_and_proofs() -> None:
    assert tree.root_of([leaf_hash(leaf) for leaf in LEAVES]) == ROOT
    inclusion, consistency = MADE["inclusion"], MADE["consistency"]
    leaf, proof = leaf_hash(LEAVES[INDEX]), hashes(inclusion["proof"])
    tree.verify_inclusion(leaf, INDEX, len(LEAVES), proof, ROOT)
    old_size, [old_root] = consistency["oldSize"], hashes([consistency["oldRoot"]])
    proof = hashes(consistency["proof"])
    tree.verify_consistency(old_size, old_root, len(LEAVES), ROOT, proof)


@pytest.mark.parametrize(
    ("made", "types"), [("torchwood", ["01", "06", "04", "06"]), ("formats", ["01", "04"])]
)
def test_their_receipt_under_their_policy(made: str, types: list[str]) -> None:
    policy = parse_policy(MADE[made]["policy"].encode())
    receipt = MADE[made]["receipt"].encode()
    found = verify_receipt(receipt, LEAVES[INDEX], policy)
    assert (found.index, found.checkpoint.checkpoint.root) == (INDEX, ROOT)
    assert [line.key.signature_type.hex() for line in found.checkpoint.signatures] == types
    with pytest.raises(VerificationError):
        verify_receipt(receipt, LEAVES[INDEX - 1], policy)
    assert encode_receipt(parse_receipt(receipt)) == receipt


def test_their_envelope() -> None:
    made = MADE["securesystemslib"]
    key = PublicKey(ED25519, bytes.fromhex(made["public"]))
    assert key.keyid == made["keyid"]
    data = made["envelope"].encode()
    envelope = parse_envelope(data, canonical=False)
    assert open_envelope(envelope, {key.keyid: key}) == b64decode(made["payload"])
    with pytest.raises(NotCanonical):
        parse_envelope(data)
