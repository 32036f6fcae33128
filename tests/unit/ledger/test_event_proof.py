"""One event of many, proved by the root to which its record commits."""

import pytest
from msgspec.structs import replace

from ledger.errors import FormatError, TooLarge, VerificationError
from ledger.event_proof import (
    EVENT_PROOF_BYTES_MAX,
    EventProof,
    encode_event_proof,
    events_root,
    parse_event_proof,
    prove_event,
    verify_event,
)
from ledger.records import Usage
from ledger.records.use import Event
from tests import bodies
from tests.bodies import CONTENT, NOWHERE

MANY = 20


def events_of(size: int) -> tuple[Event, ...]:
    return tuple(Event(offset_ms=n, rows=n, salt=f"{n:032x}") for n in range(size))


def usage_of(events: tuple[Event, ...]) -> Usage:
    body = bodies.usage(None, "2026-11-23T00:00:00.000Z")
    return replace(body, events=(), events_root=events_root(events), uses=len(events))


@pytest.mark.parametrize("size", range(1, MANY))
def test_every_event_of_every_size_is_proved_and_no_other(size: int) -> None:
    events = events_of(size)
    body = usage_of(events)
    for index, event in enumerate(events):
        proof = parse_event_proof(encode_event_proof(prove_event(events, index, CONTENT)))
        assert verify_event(proof, CONTENT, body) == event
        for other in range(size):
            if other != index:
                with pytest.raises(VerificationError):
                    verify_event(replace(proof, index=other), CONTENT, body)
        for changed in (
            replace(event, rows=event.rows + 1),
            replace(event, offset_ms=event.offset_ms + 1),
            replace(event, ref="q"),
            replace(event, salt=None),
        ):
            with pytest.raises(VerificationError):
                verify_event(replace(proof, event=changed), CONTENT, body)


def flipped(proof: EventProof, at: int) -> EventProof:
    """The proof with its `at`-th hash turned over in one bit."""
    hashes = [*proof.proof]
    turned = bytearray.fromhex(hashes[at])
    turned[0] ^= 1
    hashes[at] = turned.hex()
    return replace(proof, proof=tuple(hashes))


def test_no_hash_may_be_another_missing_or_too_many() -> None:
    events = events_of(13)
    body = usage_of(events)
    proof = prove_event(events, 5, CONTENT)
    wrong = [flipped(proof, at) for at in range(len(proof.proof))]
    wrong += [
        replace(proof, proof=proof.proof[:-1]),
        replace(proof, proof=(*proof.proof, NOWHERE)),
        replace(proof, index=13),
    ]
    for one in wrong:
        with pytest.raises(VerificationError):
            verify_event(one, CONTENT, body)


def test_a_proof_is_about_one_record_and_its_number_of_events() -> None:
    events = events_of(8)
    proof = prove_event(events, 7, CONTENT)
    with pytest.raises(VerificationError, match="about record"):
        verify_event(proof, NOWHERE, usage_of(events))
    with pytest.raises(VerificationError):
        verify_event(proof, CONTENT, replace(usage_of(events), uses=9))
    with pytest.raises(ValueError, match="no event 8 among 8"):
        prove_event(events, 8, CONTENT)


def test_the_root_is_that_of_the_events_a_record_lists() -> None:
    body = bodies.usage(None, "2026-11-23T00:00:00.000Z", rows=(1, 2, 3))
    assert events_root(body.events) == body.events_root


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"index":0', b'"index":0.0'),
        lambda text: text.replace(b'"index":0', b'"index": 0'),
        lambda text: text.replace(b'"index":0', b'"index":-1'),
        lambda text: text + b"\n",
        lambda text: text[:-1],
        lambda text: text.replace(b'"proof":[]', b'"proof":["00"]'),
        lambda text: text.replace(b'"proof":[]', b'"proof":[' + b",".join([b'"' + b"0" * 64 + b'"'] * 54) + b"]"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_is_not_the_one_encoding_is_refused(change: object) -> None:
    good = encode_event_proof(prove_event(events_of(1), 0, CONTENT))
    assert callable(change)
    bad = change(good)
    assert bad != good
    with pytest.raises(FormatError):
        parse_event_proof(bad)


def test_what_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(TooLarge):
        parse_event_proof(b" " * (EVENT_PROOF_BYTES_MAX + 1))
