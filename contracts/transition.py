"""From one record to one verdict: `apply(view, context, record)`.

The checks stand in the order of the reasons' numbers. Everything before the rule of the record's
own kind is the same for all kinds: ledger, writer, keys, signatures, chain, family. This is the
only place that catches a refusal.
"""

from collections.abc import Callable
from typing import Final, assert_never

from msgspec import Struct

from contracts import anchors, cases, deadlines, findings, genesis
from contracts.catalogue import manifests, publishing, upkeep
from contracts.context import Context
from contracts.draft import Draft
from contracts.governance import votes
from contracts.governance.rulebooks import rule_of
from contracts.keys import keyring, mandates, nodes
from contracts.keys.mandates import KINDS_OF_CONTRACTORS
from contracts.reasons import (
    ANOTHER_LEDGER,
    BAD_SIGNATURE,
    FAMILY_NOT_ALLOWED,
    KEY_NOT_VALID,
    MALFORMED,
    MEMBER_SUSPENDED,
    NOT_CANONICAL,
    SEQUENCE_TAKEN,
    TOO_LARGE,
    UNKNOWN_WRITER,
    WRITER_ENDED,
    WRONG_PREVIOUS,
    Reason,
    Refused,
    refuse_unless,
    required,
)
from contracts.sharing import (
    amendment,
    delegation,
    delivery,
    emergency,
    extension,
    refusals,
    rights,
)
from contracts.succession import KINDS_OF_PARTS, is_suspended
from contracts.supervision import openings, orders, rulings
from contracts.use import disposal, effect_report, reports
from contracts.values import ChainHead, Key, Member, Writer
from contracts.view import StateView, held, read
from ledger.envelope import Envelope
from ledger.errors import FormatError, NotCanonical, TooLarge, VerificationError
from ledger.keys import PublicKey, parse_public_key
from ledger.records import (
    KIND_OF_NAME,
    Acceptance,
    Acknowledgement,
    Amendment,
    Anchor,
    Attestation,
    Ballot,
    Body,
    CaseOpening,
    Decision,
    Delegation,
    Delivery,
    Disposal,
    EffectReport,
    Entry,
    Genesis,
    Grant,
    Incident,
    KeyRevocation,
    KeyRotation,
    Lifecycle,
    Mandate,
    Manifest,
    NodeRegistration,
    Proposal,
    Record,
    Release,
    Request,
    Revocation,
    Schema,
    SourceDesignation,
    Step,
    System,
    Usage,
    WriterAppointment,
    WriterEnd,
)
from ledger.seal import Outcome
from ledger.times import to_ms
from ledger.types import DigestHex, WriterId

SignatureCheck = Callable[[Envelope, PublicKey], None]
"""Raises `VerificationError` unless the envelope holds a good signature by the key. A node passes
one that remembers what its threads have verified already; `ledger.envelope.verify_signature` is the
plain one. MUST depend on nothing but its arguments."""


class Accepted(Struct, frozen=True):
    """The record is a leaf of the log; `outcome` is what it came to."""

    outcome: Outcome


class Rejected(Struct, frozen=True):
    """The record leaves no trace. `fields` are its members at fault."""

    reason: Reason
    detail: str = ""
    fields: tuple[str, ...] = ()


def rejection_of(error: FormatError) -> Rejected:
    """The verdict on bytes that `ledger` could not read, for whoever reads them from outside.

    R001: what is no record in its one canonical encoding, or too large for a leaf, is refused.
    """
    match error:
        case TooLarge():
            return Rejected(TOO_LARGE, str(error))
        case NotCanonical():
            return Rejected(NOT_CANONICAL, str(error))
        case _:
            return Rejected(MALFORMED, str(error))


EFFECTS: Final[dict[str, cases.Effect]] = {
    "accept-correction": openings.accept_correction,
    "close-finding": openings.close_finding,
    "answer-again": rights.answer_again,
    "count-asking": extension.count_asking,
    "drop-draft": publishing.drop_draft,
    "end-right": rights.end_right,
    "enforce-ruling": rulings.enforce,
    "lift-orders": orders.lift,
    "meet-demand": openings.meet_demand,
    "put-in-force": publishing.put_in_force,
    "resume-right": rights.resume_right,
    "suspend-right": rights.suspend_right,
    "take-back": emergency.take_back,
    "unseat-checkpoint": anchors.unseat,
}
"""What the effects named in the workflow tables do."""


def _apply_rule(draft: Draft, body: Body) -> None:  # noqa: C901, PLR0912, PLR0915  one case per kind
    """R623: the rule of a record's kind is that of the version in force when its block began.

    The most frequent kind comes first.
    """
    later = rule_of(draft.context.ledger.rules, type(body))
    if later is not None:
        later(draft, body)
        return
    match body:
        case Usage():
            reports.apply_usage(draft, body)
        case Delivery():
            delivery.apply_delivery(draft, body)
        case EffectReport():
            effect_report.apply_effect_report(draft, body)
        case Disposal():
            disposal.apply_disposal(draft, body)
        case Acknowledgement():
            delivery.apply_acknowledgement(draft, body)
        case Request():
            rights.apply_request(draft, body)
        case Grant():
            rights.apply_grant(draft, body)
        case Acceptance():
            rights.apply_acceptance(draft, body)
        case Revocation():
            rights.apply_revocation(draft, body)
        case Delegation():
            delegation.apply_delegation(draft, body)
        case Amendment():
            amendment.apply_amendment(draft, body)
        case Step():
            refusals.weigh(draft, body)
            cases.apply_step(draft, body, EFFECTS)
        case Release():
            publishing.apply_release(draft, body)
        case Entry():
            publishing.apply_entry(draft, body)
        case Schema():
            publishing.apply_schema(draft, body)
        case Manifest():
            manifests.apply_manifest(draft, body)
        case System():
            upkeep.apply_system(draft, body)
        case Lifecycle():
            upkeep.apply_lifecycle(draft, body)
        case SourceDesignation():
            upkeep.apply_designation(draft, body)
        case Attestation():
            upkeep.apply_attestation(draft, body)
        case WriterAppointment():
            keyring.apply_appointment(draft, body)
        case WriterEnd():
            keyring.apply_end(draft, body)
        case Anchor():
            anchors.apply_anchor(draft, body)
        case Mandate():
            mandates.apply_mandate(draft, body)
        case NodeRegistration():
            nodes.apply_registration(draft, body)
        case KeyRotation():
            keyring.apply_rotation(draft, body)
        case KeyRevocation():
            keyring.apply_revocation(draft, body)
        case Proposal():
            votes.apply_proposal(draft, body)
        case Ballot():
            votes.apply_ballot(draft, body)
        case Decision():
            votes.apply_decision(draft, body)
        case CaseOpening():
            openings.apply_case(draft, body)
        case Incident():
            openings.apply_incident(draft, body)
        case Genesis():
            raise Refused(ANOTHER_LEDGER, "a genesis record founds a ledger of its own")
        case _:
            assert_never(body)


def apply(
    view: StateView, context: Context, record: Record, verify: SignatureCheck
) -> tuple[Accepted, Draft] | Rejected:
    """Decide one record; nothing changes here. Acceptance comes with the draft of its changes."""
    try:
        draft = _admit(view, context, record, verify)
        _apply_rule(draft, record.body)
        _finish(draft, record)
    except Refused as refused:
        return Rejected(refused.reason, refused.detail, refused.fields)
    return _accepted(draft, record), draft


def rehearse(
    view: StateView, context: Context, writer: WriterId, body: Body, digest: DigestHex
) -> Draft | Rejected:
    """What a record that says this would come to: for whoever is about to sign it.

    Its own rule is asked, but neither keys nor chain. `digest` stands for that of the record.
    """
    try:
        known = required(read(view, Writer, f"writer/{writer}"), UNKNOWN_WRITER, writer, "writer")
        member = held(view, Member, f"member/{writer.partition('/')[0]}")
        is_split = _is_split(known, member)
        settle = deadlines.settle
        draft = Draft(view, context, digest, writer, known, is_split=is_split, settle=settle)
        _apply_rule(draft, body)
    except Refused as refused:
        return Rejected(refused.reason, refused.detail, refused.fields)
    return draft


def apply_genesis(
    view: StateView, context: Context, record: Record, body: Genesis, verify: SignatureCheck
) -> tuple[Accepted, Draft] | Rejected:
    """Decide the genesis record, on an empty state."""
    try:
        keys = genesis.founding_keys(body)
        _check_signatures(record.envelope, {key.keyid: key for key in keys}, verify)
        draft = Draft(view, context, record.digest, record.chain.writer, settle=deadlines.settle)
        genesis.apply_genesis(draft, body)
        _finish(draft, record)
    except Refused as refused:
        return Rejected(refused.reason, refused.detail, refused.fields)
    return _accepted(draft, record), draft


def _admit(view: StateView, context: Context, record: Record, verify: SignatureCheck) -> Draft:
    """What every record after genesis must fulfil, before its own rule is asked.

    R003: a record is signed for this ledger.

    R004: its writer was appointed, has not ended, and its appointment has not run out. Its member
    was not removed.
    """
    if type(record.body) is Usage:
        reports.check_events(record.body)
    chain = record.chain
    refuse_unless(chain.ledger == context.ledger.digest, ANOTHER_LEDGER, "", "ledger")
    name = chain.writer
    writer = required(read(view, Writer, f"writer/{name}"), UNKNOWN_WRITER, name, "writer")
    runs = writer.not_after is None or context.time <= writer.not_after
    refuse_unless(writer.status == "active" and runs, WRITER_ENDED, name, "writer")
    member = held(view, Member, f"member/{name.partition('/')[0]}")
    refuse_unless(member.status != "removed", WRITER_ENDED, name, "writer")
    introduced = keyring.introduced_keys(view, record.body)
    key = held(view, Key, f"key/{writer.key}")
    keys = {writer.key: parse_public_key(key.key)}
    for one in introduced:
        keys[one.keyid] = one
    _check_signatures(record.envelope, keys, verify)
    _check_chain(view, record)
    _check_family(view, record, writer)
    is_split = _is_split(writer, member)
    return Draft(
        view,
        context,
        record.digest,
        name,
        writer,
        is_split=is_split,
        settle=deadlines.settle,
    )


def _is_split(writer: Writer, member: Member) -> bool:
    return writer.keeper is not None or bool(member.heirs)


def _check_signatures(
    envelope: Envelope, keys: dict[str, PublicKey], verify: SignatureCheck
) -> None:
    """R006: the record is signed by exactly the keys it needs, and every signature holds.

    These are the writer's present key and the keys that the record introduces.
    """
    if len(envelope.signatures) != len(keys) or any(
        signature.keyid not in keys for signature in envelope.signatures
    ):
        raise Refused(KEY_NOT_VALID, ", ".join(sorted(keys)), "signatures")
    for key in keys.values():
        try:
            verify(envelope, key)
        except VerificationError as error:
            raise Refused(BAD_SIGNATURE, str(error), "signatures") from error


def _check_chain(view: StateView, record: Record) -> None:
    """R007: the record is the next one of its writer's chain, and names the one before it."""
    chain = record.chain
    head = read(view, ChainHead, f"chain/{chain.writer}")
    following, previous = (0, None) if head is None else (head.records, head.head)
    if chain.sequence < following:
        raise Refused(SEQUENCE_TAKEN, f"the next is {following}", "sequence")
    if chain.sequence != following or chain.previous != previous:
        raise Refused(WRONG_PREVIOUS, f"the next is {following} after {previous}", "previous")


def _check_family(view: StateView, record: Record, writer: Writer) -> None:
    """R008: the writer was appointed for the record's family; every writer may rotate its key.

    R009: a suspended member states facts and manages its keys, but neither asks nor gives. The
    same goes for the members for which it acts, and for the parts of members that it holds.

    R630: who holds a part of a member says what concerns datasets, but nothing by its offices.

    R209: a contractor states facts, and describes and releases data; rights are not for it.
    """
    kind = KIND_OF_NAME[record.kind]
    allowed = kind.family in writer.families or record.kind == "key-rotation"
    refuse_unless(allowed, FAMILY_NOT_ALLOWED, kind.family, "predicateType")
    if not kind.states_fact and kind.family != "keys":
        is_able = writer.keeper is None or kind.name in KINDS_OF_PARTS
        refuse_unless(is_able, FAMILY_NOT_ALLOWED, "a part of a member", "predicateType")
        is_able = writer.mandate is None or kind.name in KINDS_OF_CONTRACTORS
        refuse_unless(is_able, FAMILY_NOT_ALLOWED, "a contractor", "predicateType")
        member_id = writer.keeper or record.chain.writer.partition("/")[0]
        refuse_unless(not is_suspended(view, member_id), MEMBER_SUSPENDED, member_id, "writer")


def _finish(draft: Draft, record: Record) -> None:
    """R011: the writer's chain grows by the record that is accepted.

    R012: a writer's clock that is further from block time than the ledger allows is a finding.
    """
    chain, context = record.chain, draft.context
    draft.put(
        f"chain/{chain.writer}",
        ChainHead(head=record.digest, last_index=context.index, records=chain.sequence + 1),
    )
    skew_ms = abs(to_ms(chain.issued_at) - context.time_ms)
    allowed_ms = context.ledger.parameters.clock_skew_ms
    if skew_ms > allowed_ms:
        findings.raise_finding(
            draft,
            findings.CLOCK_SKEW,
            record.digest,
            (draft.member,),
            measure=f"{skew_ms} ms",
            limit=f"{allowed_ms} ms",
        )


def _accepted(draft: Draft, record: Record) -> Accepted:
    return Accepted(
        Outcome(
            changed=tuple(sorted(draft.changes)),
            digest=record.digest,
            findings=tuple(draft.findings),
            index=draft.context.index,
        )
    )
