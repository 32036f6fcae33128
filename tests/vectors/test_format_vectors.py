"""`ledger` agrees with every published vector of records, proofs, notes and receipts."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.json import Decoder

from contracts.audit.report import DoubtError
from contracts.audit.structure import Structure
from ledger import merkle_map
from ledger.canonical import parse
from ledger.envelope import open_envelope, parse_envelope
from ledger.errors import LedgerError
from ledger.keys import KeyDescription, parse_public_key
from ledger.policy import verify_policy
from ledger.policy_file import parse_policy
from ledger.receipt import verify_receipt
from ledger.records import parse_statement
from ledger.seal import parse_seal
from ledger.types import Digest
from tests.vectors.generate import FOLDER


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


ENVELOPES, CHAINS, MAP = read("envelopes.json"), read("chains.json"), read("map-proofs.json")
NOTES, RECEIPTS = read("notes.json"), read("receipts.json")


def check(vector: Any, verify: Callable[[], object]) -> None:
    try:
        verify()
    except (LedgerError, DoubtError):
        assert not vector["accepted"]
    else:
        assert vector["accepted"]


def each(vectors: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector["name"])


@each(ENVELOPES["form"])
def test_forms_of_envelopes(vector: Any) -> None:
    check(vector, lambda: parse_envelope(vector["text"].encode()))


@each(ENVELOPES["signatures"])
def test_signatures_of_envelopes(vector: Any) -> None:
    envelope = parse_envelope(vector["text"].encode())  # their form is in order
    decoder = Decoder(KeyDescription)
    found = [
        parse_public_key(parse(json.dumps(key, separators=(",", ":")).encode(), decoder))
        for key in ENVELOPES["keys"]
    ]
    assert [key.keyid for key in found] == ENVELOPES["keyids"]
    check(vector, lambda: open_envelope(envelope, {key.keyid: key for key in found}))


@each(read("payloads.json"))
def test_payloads(vector: Any) -> None:
    check(vector, lambda: parse_statement(vector["text"].encode()))


@each(read("seals.json"))
def test_seals(vector: Any) -> None:
    check(vector, lambda: parse_seal(vector["text"].encode()))


@each(CHAINS["vectors"])
def test_chains(vector: Any) -> None:
    def verify() -> None:
        structure = Structure()
        for number in vector["log"]:
            structure.read(CHAINS["leaves"][number].encode())
        structure.finish()

    check(vector, verify)


@each(MAP["vectors"])
def test_map_proofs(vector: Any) -> None:
    def verify() -> None:
        root, key = Digest(bytes.fromhex(MAP["root"])), vector["key"].encode()
        proof = merkle_map.parse_proof(vector["proof"].encode())
        if vector["value"] is None:
            merkle_map.verify_absence(root, key, proof)
        else:
            merkle_map.verify_membership(root, key, vector["value"].encode(), proof)

    check(vector, verify)


@each(NOTES["vectors"])
def test_notes(vector: Any) -> None:
    policy = parse_policy(NOTES["policy"].encode())
    check(vector, lambda: verify_policy(policy, vector["note"].encode()))


@each(RECEIPTS["vectors"])
def test_receipts(vector: Any) -> None:
    policy = parse_policy(RECEIPTS["policy"].encode())
    leaf = RECEIPTS["leaf"].encode()
    check(vector, lambda: verify_receipt(vector["receipt"].encode(), leaf, policy))
