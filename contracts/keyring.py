"""Rules of the keys family (R2xx): who may sign, with which key.

The member's custodian key alone appoints, restricts, ends and recovers the member's writers. Every
new key signs the record that introduces it. A key serves one function once in the life of the
ledger.
"""

from msgspec.structs import replace

from contracts import findings
from contracts.draft import Draft
from contracts.reasons import (
    KEY_TAKEN,
    MALFORMED,
    NOT_CUSTODIAN,
    PERIOD_OVER,
    UNKNOWN_KEY,
    UNKNOWN_WRITER,
    WEAK_KEY,
    WRONG_STATE,
    Refused,
    refuse_unless,
    required,
)
from contracts.values import ChainHead, Key, Member, Writer
from contracts.view import StateView, read
from ledger.errors import FormatError, WeakKeyError
from ledger.keys import KeyDescription, PublicKey, parse_public_key
from ledger.records import Body
from ledger.records.genesis import custodian_of
from ledger.records.keys import KeyRevocation, KeyRotation, WriterAppointment, WriterEnd
from ledger.suites import ED25519
from ledger.types import DigestHex, WriterId


def introduced_key(view: StateView, body: Body) -> PublicKey | None:
    """R201: the key a record introduces, which must sign it too; none if it introduces none.

    Raises `Refused` for a key that is malformed, weak, or of a suite writers do not use.
    """
    match body:
        case KeyRotation(key=description):
            return _new_key(description)
        case KeyRevocation(replacement=description) if description is not None:
            return _new_key(description)
        case WriterAppointment(key=description, writer=name):
            key = _new_key(description)
            writer = read(view, Writer, f"writer/{name}")
            return None if writer is not None and writer.key == key.keyid else key
        case _:
            return None


def apply_appointment(draft: Draft, body: WriterAppointment) -> None:
    """R202: a writer is appointed, restricted, or appointed again after its end."""
    _check_custodian(draft, draft.signer, body.writer)
    refuse_unless(
        body.writer != custodian_of(draft.member),
        MALFORMED,
        "custodians are not appointed",
        "writer",
    )
    starts_in_time = body.not_after is None or body.not_after > draft.context.time
    refuse_unless(starts_in_time, PERIOD_OVER, "", "notAfter")
    before = read(draft, Writer, f"writer/{body.writer}")
    keyid = parse_public_key(body.key).keyid
    if before is None or before.key != keyid:
        if before is not None:
            _retire(draft, before.key)
        _register(draft, body.key, "writer", body.writer)
    draft.put(
        f"writer/{body.writer}",
        Writer(
            appointed_by=draft.record,
            datasets=body.datasets,
            families=body.families,
            key=keyid,
            not_after=body.not_after,
        ),
    )


def apply_end(draft: Draft, body: WriterEnd) -> None:
    """R203: a writer ends; its key is retired, its records stay valid."""
    name = body.writer
    _check_custodian(draft, draft.signer, name)
    refuse_unless(
        name != custodian_of(draft.member), MALFORMED, "a custodian does not end", "writer"
    )
    writer = required(read(draft, Writer, f"writer/{name}"), UNKNOWN_WRITER, name, "writer")
    refuse_unless(writer.status == "active", WRONG_STATE, "the writer has ended before", "writer")
    _retire(draft, writer.key)
    draft.put(f"writer/{name}", replace(writer, status="ended"))


def apply_rotation(draft: Draft, body: KeyRotation) -> None:
    """R204: a writer or custodian goes over to a new key."""
    name = draft.signer
    writer = required(read(draft, Writer, f"writer/{name}"), UNKNOWN_WRITER)
    _retire(draft, writer.key)
    is_custodian = name == custodian_of(draft.member)
    keyid = _register(draft, body.key, "custodian" if is_custodian else "writer", name)
    draft.put(f"writer/{name}", replace(writer, key=keyid))
    if is_custodian:
        member = required(read(draft, Member, f"member/{draft.member}"), UNKNOWN_WRITER)
        draft.put(f"member/{draft.member}", replace(member, custodian=keyid))


def apply_revocation(draft: Draft, body: KeyRevocation) -> None:
    """R205: a writer's key is revoked since an index, and with it every key that came after it.

    Rotations since that index are void, because the writer's present key, whoever introduced it,
    gives way to the replacement. One finding names the records signed since.
    """
    refuse_unless(draft.signer == custodian_of(draft.member), NOT_CUSTODIAN)
    key = read(draft, Key, f"key/{body.key}")
    known = key is not None and key.function == "writer" and key.member == draft.member
    refuse_unless(known, UNKNOWN_KEY, body.key, "key")
    name = required(None if key is None else key.writer, UNKNOWN_KEY, body.key, "key")
    writer = required(read(draft, Writer, f"writer/{name}"), UNKNOWN_WRITER, name)
    present = required(read(draft, Key, f"key/{writer.key}"), UNKNOWN_KEY, writer.key)
    _revoke(draft, body.key, body.suspect_since)
    if writer.key == body.key or present.since >= body.suspect_since:
        _revoke(draft, writer.key, body.suspect_since)
        if body.replacement is None:
            draft.put(f"writer/{name}", replace(writer, status="ended"))
        else:
            keyid = _register(draft, body.replacement, "writer", name)
            draft.put(f"writer/{name}", replace(writer, key=keyid))
    elif body.replacement is not None:
        raise Refused(WRONG_STATE, "the writer's present key is not affected", "replacement")
    head = read(draft, ChainHead, f"chain/{name}")
    if head is not None and head.last_index >= body.suspect_since:
        findings.raise_finding(
            draft,
            findings.SUSPECT_KEY,
            draft.record,
            (draft.member,),
            measure=f"records of {name} from index {body.suspect_since} to {head.last_index}",
        )


def _check_custodian(draft: Draft, signer: WriterId, about: WriterId) -> None:
    own = about.partition("/")[0] == draft.member
    refuse_unless(own and signer == custodian_of(draft.member), NOT_CUSTODIAN, about, "writer")


def _new_key(description: KeyDescription) -> PublicKey:
    try:
        key = parse_public_key(description)
    except (FormatError, WeakKeyError) as error:
        raise Refused(WEAK_KEY, str(error), "key") from error
    refuse_unless(key.suite is ED25519, WEAK_KEY, "writers sign with Ed25519", "key")
    return key


def _register(
    draft: Draft, description: KeyDescription, function: str, writer: WriterId
) -> DigestHex:
    keyid = parse_public_key(description).keyid
    refuse_unless(draft.get(f"key/{keyid}") is None, KEY_TAKEN, keyid, "key")
    draft.put(
        f"key/{keyid}",
        Key(
            function="custodian" if function == "custodian" else "writer",
            key=description,
            member=draft.member,
            since=draft.context.index,
            writer=writer,
        ),
    )
    return keyid


def _retire(draft: Draft, keyid: DigestHex) -> None:
    key = required(read(draft, Key, f"key/{keyid}"), UNKNOWN_KEY, keyid)
    if key.status == "active":
        draft.put(f"key/{keyid}", replace(key, status="retired", until=draft.context.index))


def _revoke(draft: Draft, keyid: DigestHex, suspect_since: int) -> None:
    key = required(read(draft, Key, f"key/{keyid}"), UNKNOWN_KEY, keyid)
    until = draft.context.index if key.until is None else key.until
    draft.put(
        f"key/{keyid}", replace(key, status="revoked", suspect_since=suspect_since, until=until)
    )
