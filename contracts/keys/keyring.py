"""Rules of the keys family (R2xx): who may sign, with which key.

The member's custodian key alone appoints, restricts, ends and recovers the member's writers. Every
new key signs the record that introduces it. A key serves one function once in the life of the
ledger, so a key that is retired or revoked never comes back.
"""

from typing import Final, Literal

from msgspec.structs import replace

from contracts import findings
from contracts.draft import Draft
from contracts.governance.actions.arrangements import parsed_log_keys
from contracts.keys import mandates, nodes
from contracts.reasons import (
    FAMILY_NOT_ALLOWED,
    IN_OTHER_HANDS,
    KEY_TAKEN,
    NOT_CUSTODIAN,
    PERIOD_OVER,
    UNKNOWN_APPOINTEE,
    UNKNOWN_KEY,
    WEAK_KEY,
    WRONG_STATE,
    Refused,
    refuse_unless,
    required,
)
from contracts.succession import heir_of, keeper_of
from contracts.values import ChainHead, Key, Member, Writer
from contracts.view import StateView, held, read
from ledger.errors import FormatError, WeakKeyError
from ledger.keys import KeyDescription, PublicKey, parse_public_key
from ledger.records import Body
from ledger.records.actions import SetLogKeys
from ledger.records.genesis import custodian_of
from ledger.records.governance import Decision, Proposal, RecoverCustodian
from ledger.records.keys import KeyRevocation, KeyRotation, WriterAppointment, WriterEnd
from ledger.records.nodes import NodeRegistration
from ledger.suites import ED25519
from ledger.types import Count, DigestHex, MemberId, WriterId

PART_FAMILIES: Final = ("cases", "catalogue", "sharing", "use")
"""Families in which datasets are spoken of."""


def introduced_keys(view: StateView, body: Body) -> tuple[PublicKey, ...]:
    """R005: a key that a record introduces is strong, and was never seen before.

    It signs the record too, which proves its possession. Writers and custodians sign with Ed25519,
    of the two log keys that a proposal introduces one with each suite, and so of the two with which
    a witness cosigns. An appointment that keeps an active writer's present key introduces none, nor
    does the registration of a node that keeps its keys.
    """
    match body:
        case KeyRotation(key=description):
            key = _new_key(description, "key")
        case KeyRevocation(replacement=description) if description is not None:
            key = _new_key(description, "replacement")
        case Proposal(action=RecoverCustodian(key=description)):
            key = _new_key(description, "key")
        case Decision(matter=RecoverCustodian(key=description)):
            key = _new_key(description, "key")
        case Proposal(action=SetLogKeys(log_keys=described)):
            keys = parsed_log_keys(described)
            for one in keys:
                refuse_unless(view.get(f"key/{one.keyid}") is None, KEY_TAKEN, one.keyid, "logKeys")
            return keys
        case NodeRegistration():
            return nodes.new_node_keys(view, body)
        case WriterAppointment(key=description, writer=name):
            key = _new_key(description, "key")
            writer = read(view, Writer, f"writer/{name}")
            if writer is not None and writer.status == "active" and writer.key == key.keyid:
                return ()
        case _:
            return ()
    refuse_unless(view.get(f"key/{key.keyid}") is None, KEY_TAKEN, key.keyid, "key")
    return (key,)


def apply_appointment(draft: Draft, body: WriterAppointment) -> None:
    """R201: the custodian appoints a writer of its member, or appoints it anew.

    The last appointment counts, and ends no earlier than now. A writer that goes over to another
    key leaves its former one retired; one that has ended needs a new key.
    """
    name = body.writer
    keeper = _keeper_for(draft, body)
    mandates.check_appointment(draft, body, keeper)
    starts_in_time = body.not_after is None or body.not_after > draft.context.time
    refuse_unless(starts_in_time, PERIOD_OVER, "", "notAfter")
    before = read(draft, Writer, f"writer/{name}")
    keyid = parse_public_key(body.key).keyid
    if before is None or before.key != keyid:
        if before is not None:
            _retire(draft, before.key)
        _register(draft, body.key, "writer", name, draft.context.index)
    draft.put(
        f"writer/{name}",
        Writer(
            appointed_by=draft.record,
            datasets=body.datasets,
            families=body.families,
            keeper=keeper,
            key=keyid,
            mandate=body.mandate,
            not_after=body.not_after,
        ),
    )


def apply_end(draft: Draft, body: WriterEnd) -> None:
    """R202: the custodian ends an active writer; its key is retired, its records stay valid."""
    name = body.writer
    writer = required(read(draft, Writer, f"writer/{name}"), UNKNOWN_APPOINTEE, name, "writer")
    _check_custodian(draft, name)
    refuse_unless(writer.status == "active", WRONG_STATE, "the writer has ended before", "writer")
    _retire(draft, writer.key)
    draft.put(f"writer/{name}", replace(writer, status="ended"))


def apply_rotation(draft: Draft, body: KeyRotation) -> None:
    """R203: a writer, or a custodian, goes over to a new key, which continues its lineage.

    Any writer may do so, whatever families it was appointed for.
    """
    name = draft.signer
    writer = held(draft, Writer, f"writer/{name}")
    lineage = held(draft, Key, f"key/{writer.key}").lineage
    _retire(draft, writer.key)
    is_custodian = name == custodian_of(draft.member)
    function: Literal["custodian", "writer"] = "custodian" if is_custodian else "writer"
    keyid = _register(draft, body.key, function, name, lineage)
    draft.put(f"writer/{name}", replace(writer, key=keyid))
    if is_custodian:
        member = held(draft, Member, f"member/{draft.member}")
        draft.put(f"member/{draft.member}", replace(member, custodian=keyid))


def apply_revocation(draft: Draft, body: KeyRevocation) -> None:
    """R204: the custodian revokes a key of one of its writers, since an index.

    If the key was in use at that index or later, so is what descends from it by rotation void: the
    writer's present key, if it is of the same lineage, is revoked too and gives way to the
    replacement, or the writer ends. Otherwise, and for a writer that has ended, a replacement is
    refused. A key revoked again is suspect since the earliest index named.
    """
    key, name = _own_writers_key(draft, body.key)
    _check_custodian(draft, name)
    writer = held(draft, Writer, f"writer/{name}")
    was_used = key.until is None or key.until >= body.suspect_since
    descends = held(draft, Key, f"key/{writer.key}").lineage == key.lineage
    is_void = was_used and descends and writer.status == "active"
    refuse_unless(
        is_void or body.replacement is None,
        WRONG_STATE,
        "the writer's present key does not descend from this one, or it has ended",
        "replacement",
    )
    _revoke(draft, body.key, body.suspect_since)
    if is_void:
        _revoke(draft, writer.key, body.suspect_since)
        if body.replacement is None:
            writer = replace(writer, status="ended")
        else:
            keyid = _register(draft, body.replacement, "writer", name, draft.context.index)
            writer = replace(writer, key=keyid)
        draft.put(f"writer/{name}", writer)
    if was_used:
        _find_suspect_records(draft, name, body.suspect_since)


def _find_suspect_records(draft: Draft, writer: WriterId, since: Count) -> None:
    """R205: one finding names the records a writer signed since its key became suspect."""
    head = read(draft, ChainHead, f"chain/{writer}")
    if head is not None and head.last_index >= since:
        findings.raise_finding(
            draft,
            findings.SUSPECT_KEY,
            draft.record,
            (draft.member,),
            measure=f"records of {writer} from index {since} to {head.last_index}",
        )


def _own_writers_key(draft: Draft, keyid: DigestHex) -> tuple[Key, WriterId]:
    """A key of one of the member's writers, and the writer. Custodian and log keys are none."""
    key = read(draft, Key, f"key/{keyid}")
    if key is None or key.function != "writer" or not key.writer:
        raise Refused(UNKNOWN_KEY, keyid, "key")
    writer = held(draft, Writer, f"writer/{key.writer}")
    keeper = heir_of(draft, writer.keeper or key.member)
    refuse_unless(keeper == draft.member, UNKNOWN_KEY, keyid, "key")
    return key, key.writer


def _keeper_for(draft: Draft, body: WriterAppointment) -> MemberId | None:
    """R206: who holds a part of a member appoints writers of it, for datasets of that part alone.

    These are named, and the families are those in which datasets are spoken of. Who appointed such
    a writer manages it from then on; nobody takes over a name that others manage.
    """
    writer = read(draft, Writer, f"writer/{body.writer}")
    keeper = _common_keeper(draft, body) if writer is None else writer.keeper
    if keeper is None or heir_of(draft, keeper) != draft.member:
        _check_custodian(draft, body.writer)
        return None
    is_custodian = draft.signer == custodian_of(draft.member)
    refuse_unless(is_custodian, NOT_CUSTODIAN, body.writer, "writer")
    wrong = next((one for one in body.families if one not in PART_FAMILIES), None)
    refuse_unless(wrong is None, FAMILY_NOT_ALLOWED, wrong or "", "families")
    is_part = _common_keeper(draft, body) == keeper
    refuse_unless(is_part, IN_OTHER_HANDS, f"not all are in the hands of {keeper}", "datasets")
    return keeper


def _common_keeper(draft: Draft, body: WriterAppointment) -> MemberId | None:
    """The one member that holds all datasets of an appointment, since splits; mostly nobody."""
    member_id = _member_of(body.writer)
    member = read(draft, Member, f"member/{member_id}")
    if member is None or not member.heirs or not body.datasets:
        return None
    first, *others = (keeper_of(draft, member_id, dataset) for dataset in body.datasets)
    return first if all(one == first for one in others) else None


def _member_of(writer: WriterId) -> MemberId:
    return writer.partition("/")[0]


def _check_custodian(draft: Draft, about: WriterId) -> None:
    writer = read(draft, Writer, f"writer/{about}")
    keeper = None if writer is None else writer.keeper
    is_own = heir_of(draft, keeper or _member_of(about)) == draft.member
    refuse_unless(
        is_own and draft.signer == custodian_of(draft.member), NOT_CUSTODIAN, about, "writer"
    )


def _new_key(description: KeyDescription, field: str) -> PublicKey:
    try:
        key = parse_public_key(description)
    except (FormatError, WeakKeyError) as error:
        raise Refused(WEAK_KEY, str(error), field) from error
    refuse_unless(key.suite is ED25519, WEAK_KEY, "writers sign with Ed25519", field)
    return key


def _register(
    draft: Draft,
    description: KeyDescription,
    function: Literal["custodian", "writer"],
    writer: WriterId,
    lineage: Count,
) -> DigestHex:
    keyid = parse_public_key(description).keyid
    draft.put(
        f"key/{keyid}",
        Key(
            function=function,
            key=description,
            lineage=lineage,
            member=_member_of(writer),
            since=draft.context.index,
            writer=writer,
        ),
    )
    return keyid


def _retire(draft: Draft, keyid: DigestHex) -> None:
    key = held(draft, Key, f"key/{keyid}")
    if key.status == "active":
        draft.put(f"key/{keyid}", replace(key, status="retired", until=draft.context.index))


def _revoke(draft: Draft, keyid: DigestHex, suspect_since: Count) -> None:
    key = held(draft, Key, f"key/{keyid}")
    if key.suspect_since is not None:
        suspect_since = min(suspect_since, key.suspect_since)
    until = draft.context.index if key.until is None else key.until
    draft.put(
        f"key/{keyid}", replace(key, status="revoked", suspect_since=suspect_since, until=until)
    )
