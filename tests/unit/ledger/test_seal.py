"""Seals and outcomes: golden bytes, told apart from records, strict in every byte."""

from typing import Final

import pytest
from msgspec.structs import replace

from ledger.canonical import encode
from ledger.envelope import sign_envelope
from ledger.errors import FormatError, NotCanonical
from ledger.seal import (
    FindingRef,
    Outcome,
    Seal,
    encode_seal,
    is_seal,
    parse_outcome,
    parse_seal,
)
from ledger.types import LEAF_BYTES_MAX
from tests.examples import digest_of
from tests.mutations import mutations
from tests.signers import ed25519_signer

LEDGER: Final = digest_of("genesis")
SEAL: Final = Seal(
    block_time="2026-05-01T00:00:00.001Z",
    count=2,
    first=3,
    height=1,
    outcomes_root="0a" * 32,
    previous_seal="0b" * 32,
    proposer="bureau",
    rules=1,
    state_root="0c" * 32,
)
LEAF: Final = (
    b'{"_type":"https://in-toto.io/Statement/v1","predicate":'
    b'{"blockTime":"2026-05-01T00:00:00.001Z","count":2,"first":3,"height":1,'
    b'"outcomesRoot":"' + b"0a" * 32 + b'","previousSeal":"' + b"0b" * 32 + b'",'
    b'"proposer":"bureau","rules":1,"stateRoot":"' + b"0c" * 32 + b'"},'
    b'"predicateType":"urn:blockpool:seal:v1",'
    b'"subject":[{"digest":{"sha256":"' + LEDGER.encode() + b'"},"name":"genesis"}]}'
)


def test_the_leaf_of_a_seal() -> None:
    assert encode_seal(SEAL, LEDGER) == LEAF
    statement = parse_seal(LEAF)
    assert statement.predicate == SEAL
    assert statement.subject[0].digest.sha256 == LEDGER


def test_the_first_seal_says_that_there_is_none_before() -> None:
    first = replace(SEAL, height=0, previous_seal=None)
    leaf = encode_seal(first, LEDGER)
    assert b'"previousSeal":null' in leaf
    assert parse_seal(leaf).predicate == first
    with pytest.raises(FormatError, match="previousSeal"):
        parse_seal(leaf.replace(b'"previousSeal":null,', b""))


def test_seals_are_told_from_records() -> None:
    assert is_seal(LEAF)
    for signed in (b'{"_type":"x"}', LEAF):
        assert not is_seal(sign_envelope(signed, [ed25519_signer(1)]).encoded)
    assert not is_seal(b"")


def test_a_damaged_seal_is_refused_or_is_another_seal() -> None:
    """What authenticates a seal is the checkpoint; here only: one seal, one encoding."""
    statement = parse_seal(LEAF)
    refused = 0
    for what, damaged in mutations(LEAF):
        try:
            other = parse_seal(damaged)
        except FormatError:
            refused += 1
        else:
            assert other != statement, what
    assert refused > len(LEAF)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"count":2', b'"count":-1'),
        (b'"count":2', b'"count":2.0'),
        (b'"count":2', b'"count":9007199254740992'),
        (b"00:00.001Z", b"00:00.0010Z"),
        (b"0a0a", b"0A0a"),
        (b'"name":"genesis"}]', b'"name":"genesis"},{"digest":{"sha256":"%b"},"name":"b"}]'),
        (b"urn:blockpool:seal:v1", b"urn:blockpool:seal:v2"),
        (b"Statement/v1", b"Statement/v0.1"),
    ],
)
def test_what_is_no_seal_is_malformed(old: bytes, new: bytes) -> None:
    assert old in LEAF
    with pytest.raises(FormatError) as caught:
        parse_seal(LEAF.replace(old, new.replace(b"%b", LEDGER.encode()), 1))
    assert not isinstance(caught.value, NotCanonical)


def test_a_leaf_too_large_is_not_even_read() -> None:
    with pytest.raises(FormatError, match="at most 65535 bytes"):
        parse_seal(LEAF + b" " * (LEAF_BYTES_MAX - len(LEAF) + 1))
    with pytest.raises(NotCanonical):
        parse_seal(LEAF + b" " * (LEAF_BYTES_MAX - len(LEAF)))


OUTCOMES: Final = {
    b'{"digest":null,"index":null}': Outcome(digest=None, index=None),
    b'{"changed":["a","b"],"digest":"%(d)s","findings":[{"case":"%(d)s-x","code":"late"}],"index":7}'
    % {b"d": LEDGER.encode()}: Outcome(
        changed=("a", "b"),
        digest=LEDGER,
        findings=(FindingRef(case=f"{LEDGER}-x", code="late"),),
        index=7,
    ),
}


@pytest.mark.parametrize(("data", "outcome"), OUTCOMES.items(), ids=["settlement", "record"])
def test_outcomes(data: bytes, outcome: Outcome) -> None:
    assert encode(outcome) == data
    assert parse_outcome(data) == outcome
    with pytest.raises(NotCanonical):
        parse_outcome(data.replace(b'"index":', b'"index": '))
    with pytest.raises(FormatError):
        parse_outcome(data[:-1])
