"""Proofs of single events of use: one of many, without showing the others.

A `usage` record commits to its events by `eventsRoot`, and may leave them to its writer. Who has to
show one of them, to an auditor or to a court, hands over the event with the hashes that lead from
it to that root. The file is canonical JSON:

    {"event":{"offsetMs":250,"ref":"q-000017","rows":120,"salt":"…"},"index":16,"proof":["…",…],
     "record":"<digest of the usage record>"}

The reader brings the record, and takes root and number of events from there; that the record is in
the log, its receipt proves (`ledger.receipt`). The hashes beside an event are those of its
neighbours: who could guess these events could test the guess, unless they are salted.

>>> from msgspec.structs import replace
>>> from ledger.records.catalogue import VersionContent
>>> events = [Event(offset_ms=n, rows=n, salt=f"{n:032x}") for n in range(3)]
>>> body = Usage(
...     content=VersionContent(dataset="flights", sha256="0" * 64, version=1),
...     ended_at="2026-11-23T09:00:00.000Z", events_root=events_root(events), fields=("age",),
...     operation="read", purpose="health", rows=3, started_at="2026-11-23T08:00:00.000Z", uses=3,
... )
>>> proof = prove_event(events, 2, "ab" * 32)
>>> verify_event(proof, "ab" * 32, body).rows
2
>>> verify_event(replace(proof, index=1), "ab" * 32, body)
Traceback (most recent call last):
    ...
ledger.errors.VerificationError: inclusion proof: too short
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta
from msgspec.json import Decoder

from ledger import tree
from ledger.canonical import Canonical, encode, parse
from ledger.errors import TooLarge, VerificationError
from ledger.hashing import leaf_hash
from ledger.records.use import Event, Usage
from ledger.types import Count, Digest, DigestHex

PROOF_HASHES_MAX: Final = 53
"""A record reports at most 2^53 - 1 events."""
EVENT_PROOF_BYTES_MAX: Final = 16_384


class EventProof(Canonical):
    """An event, and what leads from it to the root in the record.

    Attributes:
        event: the event.
        index: its place among the events of the record, from 0.
        proof: the sibling of the event first, the child of the root last.
        record: digest of the `usage` record.
    """

    event: Event
    index: Count
    proof: Annotated[tuple[DigestHex, ...], Meta(max_length=PROOF_HASHES_MAX)]
    record: DigestHex


_DECODER: Final = Decoder(EventProof)


def events_root(events: Sequence[Event]) -> DigestHex:
    """The root over all events of a record, in their order."""
    return tree.root_of(_hashes(events)).hex()


def prove_event(events: Sequence[Event], index: int, record: DigestHex) -> EventProof:
    """The proof of event `index` among all events of a record. Raises `ValueError` beyond them."""
    if not 0 <= index < len(events):
        raise ValueError(f"no event {index} among {len(events)}")
    proof = tree.inclusion_proof(index, len(events), _Reader(_hashes(events)))
    return EventProof(
        event=events[index], index=index, proof=tuple(one.hex() for one in proof), record=record
    )


def encode_event_proof(proof: EventProof) -> bytes:
    """The file, without a newline at its end."""
    return encode(proof)


def parse_event_proof(data: bytes) -> EventProof:
    """A well-formed proof that nobody has verified yet. Raises `FormatError`."""
    if len(data) > EVENT_PROOF_BYTES_MAX:
        raise TooLarge(f"a proof of an event has at most {EVENT_PROOF_BYTES_MAX} bytes")
    return parse(data, _DECODER)


def verify_event(proof: EventProof, record: DigestHex, body: Usage) -> Event:
    """The event, if it is one of those that this record reports. Raises `VerificationError`.

    `record` is the digest of the record in which `body` stands; number of events and root are what
    that says.
    """
    if proof.record != record:
        raise VerificationError(f"the proof is about record {proof.record}")
    hashes = tuple(Digest(bytes.fromhex(one)) for one in proof.proof)
    root = Digest(bytes.fromhex(body.events_root))
    tree.verify_inclusion(leaf_hash(encode(proof.event)), proof.index, body.uses, hashes, root)
    return proof.event


@dataclass(frozen=True, slots=True)
class _Reader:
    """Complete nodes over a list of leaf hashes, computed when asked for."""

    leaves: Sequence[Digest]

    def hashes(self, nodes: Sequence[tree.Node]) -> Sequence[Digest]:
        return [
            tree.root_of(self.leaves[index << level : (index + 1) << level])
            for level, index in nodes
        ]


def _hashes(events: Sequence[Event]) -> list[Digest]:
    return [leaf_hash(encode(event)) for event in events]
