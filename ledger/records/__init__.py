"""Records: every kind, its body, its family and what it speaks of.

`KINDS` is the one table of kinds. A record is read with `parse_record` (leaf to value, strictly)
and made with `new_statement`; its subjects follow from its body, so a writer cannot say one thing
and point at another.
"""

from dataclasses import dataclass
from typing import Final, Literal, assert_never

from msgspec import Struct
from msgspec.json import Decoder

from ledger.canonical import decode, encode, parse
from ledger.envelope import Envelope, parse_envelope
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.records.anchors import Anchor, checkpoint_of
from ledger.records.cases import Step
from ledger.records.catalogue import Entry, Release, Schema, VersionContent
from ledger.records.delegation import Amendment, Delegation
from ledger.records.delivery import Acknowledgement, Delivery
from ledger.records.genesis import Genesis
from ledger.records.governance import Ballot, Decision, Proposal
from ledger.records.keys import (
    Family,
    KeyRevocation,
    KeyRotation,
    Mandate,
    WriterAppointment,
    WriterEnd,
)
from ledger.records.manifests import Manifest
from ledger.records.nodes import NodeRegistration
from ledger.records.sharing import Acceptance, Grant, Request, Revocation
from ledger.records.statement import (
    PREDICATE_TYPE_PREFIX,
    PREDICATE_TYPE_SUFFIX,
    STATEMENT_TYPE,
    Chain,
    Predicate,
    Statement,
    Subject,
    predicate_type,
    subject_of,
)
from ledger.records.supervision import CaseOpening, Incident
from ledger.records.upkeep import Attestation, Lifecycle, SourceDesignation, System
from ledger.records.use import Disposal, EffectReport, Usage
from ledger.types import DigestHex

Body = (
    Acceptance
    | Acknowledgement
    | Amendment
    | Anchor
    | Delegation
    | Delivery
    | Disposal
    | EffectReport
    | Attestation
    | Ballot
    | Decision
    | CaseOpening
    | Entry
    | Genesis
    | Grant
    | Incident
    | KeyRevocation
    | KeyRotation
    | Lifecycle
    | Mandate
    | Manifest
    | NodeRegistration
    | Proposal
    | Release
    | Request
    | Revocation
    | Schema
    | SourceDesignation
    | Step
    | System
    | Usage
    | WriterAppointment
    | WriterEnd
)


class Record(Struct, frozen=True, gc=False):
    """A record as read from a leaf; `envelope` holds the original bytes."""

    kind: str
    body: Body
    chain: Chain
    digest: DigestHex
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table of kinds.

    `states_fact`: the ledger does not refuse it for what it says, only for how it is said.
    """

    name: str
    body: type[Body]
    family: Family
    states_fact: bool
    decoder: Decoder[Statement[Body]]


def _kind(
    name: str, body: type[Body], family: Family, says: Literal["fact", "permission"] = "permission"
) -> tuple[str, Kind]:
    decoder: Decoder[Statement[Body]] = Decoder(Statement[body])  # type: ignore[valid-type]
    return predicate_type(name), Kind(name, body, family, says == "fact", decoder)


KINDS: Final[dict[str, Kind]] = dict(
    (
        _kind("genesis", Genesis, "ledger"),
        _kind("writer-appointment", WriterAppointment, "keys"),
        _kind("writer-end", WriterEnd, "keys"),
        _kind("key-rotation", KeyRotation, "keys"),
        _kind("key-revocation", KeyRevocation, "keys"),
        _kind("schema", Schema, "catalogue"),
        _kind("entry", Entry, "catalogue"),
        _kind("release", Release, "catalogue"),
        _kind("manifest", Manifest, "catalogue"),
        _kind("system", System, "catalogue"),
        _kind("lifecycle", Lifecycle, "catalogue"),
        _kind("source-designation", SourceDesignation, "catalogue"),
        _kind("attestation", Attestation, "catalogue"),
        _kind("request", Request, "sharing"),
        _kind("grant", Grant, "sharing"),
        _kind("acceptance", Acceptance, "sharing"),
        _kind("revocation", Revocation, "sharing"),
        _kind("delegation", Delegation, "sharing"),
        _kind("amendment", Amendment, "sharing"),
        _kind("delivery", Delivery, "sharing", "fact"),
        _kind("acknowledgement", Acknowledgement, "sharing", "fact"),
        _kind("usage", Usage, "use", "fact"),
        _kind("disposal", Disposal, "use", "fact"),
        _kind("effect-report", EffectReport, "use", "fact"),
        _kind("step", Step, "cases"),
        _kind("proposal", Proposal, "governance"),
        _kind("ballot", Ballot, "governance"),
        _kind("decision", Decision, "governance"),
        _kind("case", CaseOpening, "cases"),
        _kind("incident", Incident, "cases", "fact"),
        _kind("mandate", Mandate, "keys"),
        _kind("node-registration", NodeRegistration, "keys"),
        _kind("anchor", Anchor, "ledger", "fact"),
    )
)
"""Every kind, by predicate type."""

KIND_OF_BODY: Final[dict[type, Kind]] = {kind.body: kind for kind in KINDS.values()}
KIND_OF_NAME: Final[dict[str, Kind]] = {kind.name: kind for kind in KINDS.values()}
_BODY_DECODERS: Final[dict[str, Decoder[Body]]] = {
    name: Decoder(kind.body) for name, kind in KIND_OF_NAME.items()
}


def subjects_of(  # noqa: C901, PLR0912  one case per kind
    body: Body, ledger: DigestHex
) -> tuple[Subject, ...]:
    """What a body speaks of: contents, schemas, records or the ledger (FORMAT.md, Subjects)."""
    match body:
        case Usage(content=content) | Delivery(content=content):
            return (subject_of(f"{content.dataset}@{content.version}", content.sha256),)
        case EffectReport(grant=grant):
            return (subject_of(grant, grant[:64]),)
        case Acknowledgement(delivery=delivery):
            return (subject_of("delivery", delivery),)
        case Release(items=items):
            return tuple(subject_of(f"{i.dataset}@{i.version}", i.content.sha256) for i in items)
        case Request(items=asked):
            return tuple(subject_of(f"{n}/{i.dataset}", i.entry) for n, i in enumerate(asked))
        case Grant(items=given):
            return tuple(
                subject_of(f"{n}/{i.dataset}", i.schema if i.request is None else i.request[:64])
                for n, i in enumerate(given)
            )
        case Delegation(items=passed):
            return tuple(subject_of(f"{n}/{i.grant}", i.grant[:64]) for n, i in enumerate(passed))
        case Amendment(items=amended):
            return tuple(subject_of(item.grant, item.grant[:64]) for item in amended)
        case Acceptance(grants=grants) | Revocation(grants=grants) | Disposal(grants=grants):
            return tuple(subject_of(grant, grant[:64]) for grant in grants)
        case CaseOpening(release=VersionContent() as wrong):
            return (subject_of(f"{wrong.dataset}@{wrong.version}", wrong.sha256),)
        case CaseOpening(case=str(case)):
            return (subject_of(case, case[:64]),)
        case CaseOpening(record=str(record)):
            return (subject_of("record", record),)
        case Step(cases=cases):
            return tuple(subject_of(case, case[:64]) for case in cases)
        case Schema(schema=schema):
            return (subject_of("schema", schema),)
        case Anchor():
            seen = checkpoint_of(body)
            return (subject_of(f"{seen.origin}@{seen.size}", seen.root.hex()),)
        case Mandate(contract=contract):
            return (subject_of("contract", contract),)
        case Manifest(manifest=manifest):
            return (subject_of("manifest", manifest),)
        case Entry(dataset=dataset, schema=schema):
            return (subject_of(dataset, schema),)
        case SourceDesignation(dataset=dataset, entry=entry):
            return (subject_of(dataset, entry),)
        case Attestation(entries=entries) if entries != "all":
            return tuple(subject_of(one.dataset, one.entry) for one in entries)
        case Genesis(origin=origin):
            return (subject_of(origin, sha256(origin.encode()).hex()),)
        case System() | Lifecycle() | Attestation():
            return (subject_of("genesis", ledger),)
        case Ballot(proposal=proposal):
            return (subject_of("proposal", proposal),)
        case Decision(minutes=minutes):
            return (subject_of("minutes", minutes),)
        case Proposal() | WriterAppointment() | WriterEnd() | KeyRotation() | KeyRevocation():
            return (subject_of("genesis", ledger),)
        case CaseOpening() | Incident() | NodeRegistration():
            return (subject_of("genesis", ledger),)
        case _:
            assert_never(body)


class _Peek(Struct, gc=False):
    """The one member that says how to read the rest."""

    predicateType: str  # noqa: N815  the JSON name


_peek = Decoder(_Peek)


def new_statement(body: Body, chain: Chain) -> Statement[Body]:
    """The statement of `body` at the place `chain`; its canonical encoding is the payload."""
    kind = KIND_OF_BODY[type(body)]
    return Statement(
        type_=STATEMENT_TYPE,
        predicate=Predicate(body=body, chain=chain),
        predicate_type=predicate_type(kind.name),
        subject=subjects_of(body, chain.ledger or ""),
    )


def decode_body(kind: str, data: bytes) -> Body:
    """The body of a record of this kind, in any JSON encoding, as people write it.

    Raises `FormatError` for an unknown kind too.

    >>> decode_body("writer-end", b'{ "writer": "health/clerk" }').writer
    'health/clerk'
    """
    decoder = _BODY_DECODERS.get(kind)
    if decoder is None:
        raise FormatError(f"no record is of the kind `{kind}`")
    return decode(data, decoder)


def parse_statement(payload: bytes) -> tuple[Kind, Statement[Body]]:
    """The statement in a payload, with its kind.

    Raises `FormatError` for bytes that are no statement of a known kind or whose subjects are not
    those of its body, `NotCanonical` for another encoding of one.
    """
    kind = KINDS.get(decode(payload, _peek).predicateType)
    if kind is None:
        known = f"{PREDICATE_TYPE_PREFIX}<kind>{PREDICATE_TYPE_SUFFIX}"
        raise FormatError(f"`predicateType` is not {known} of a known kind")
    statement = parse(payload, kind.decoder)
    predicate = statement.predicate
    if (predicate.chain.ledger is None) != (kind.body is Genesis):
        raise FormatError("`ledger` is null in the genesis record and only there")
    if statement.subject != subjects_of(predicate.body, predicate.chain.ledger or ""):
        raise FormatError("`subject` is not what the body speaks of")
    return kind, statement


def parse_record(leaf: bytes) -> Record:
    """The record in a leaf's canonical bytes. Signatures are not verified here.

    Raises `FormatError` (`NotCanonical` where only the encoding is at fault).
    """
    return read_record(parse_envelope(leaf))


def read_record(envelope: Envelope) -> Record:
    """The record in an envelope. Raises as `parse_record`."""
    kind, statement = parse_statement(envelope.payload)
    predicate = statement.predicate
    digest = sha256(envelope.payload).hex()
    return Record(kind.name, predicate.body, predicate.chain, digest, envelope)


def encode_statement(statement: Statement[Body]) -> bytes:
    """The payload of a statement."""
    return encode(statement)


__all__ = [
    "KINDS",
    "KIND_OF_BODY",
    "KIND_OF_NAME",
    "Acceptance",
    "Acknowledgement",
    "Amendment",
    "Anchor",
    "Attestation",
    "Ballot",
    "Body",
    "CaseOpening",
    "Chain",
    "Decision",
    "Delegation",
    "Delivery",
    "Disposal",
    "EffectReport",
    "Entry",
    "Genesis",
    "Grant",
    "Incident",
    "KeyRevocation",
    "KeyRotation",
    "Kind",
    "Lifecycle",
    "Mandate",
    "Manifest",
    "NodeRegistration",
    "Proposal",
    "Record",
    "Release",
    "Request",
    "Revocation",
    "Schema",
    "SourceDesignation",
    "Statement",
    "Step",
    "Subject",
    "System",
    "Usage",
    "WriterAppointment",
    "WriterEnd",
    "decode_body",
    "encode_statement",
    "new_statement",
    "parse_record",
    "parse_statement",
    "read_record",
    "subjects_of",
]
