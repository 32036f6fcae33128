"""The level signatures: every signature of every record holds.

Keys are learnt from the records that introduce them. A key id is the hash of its key, so nothing
depends on whether such a record is in order: which key is the *right* one the rules decide, and
they ask for it by its key id.

A verification is started when its record is read and awaited when its block is decided; between the
two, threads may work on it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from contracts.audit.structure import ReadBlock, record_doubt
from ledger.envelope import Envelope, verify_signature
from ledger.errors import FormatError, VerificationError, WeakKeyError
from ledger.keys import KeyDescription, PublicKey, parse_public_key
from ledger.records import (
    Body,
    Decision,
    Genesis,
    KeyRevocation,
    KeyRotation,
    NodeRegistration,
    Proposal,
    Record,
    WriterAppointment,
)
from ledger.records.actions import SetLogKeys
from ledger.records.governance import AdmitMembers, RecoverCustodian
from ledger.types import KeyId

Verification = Callable[[], None]
"""Waits for a verification; raises `VerificationError` if the signature does not hold."""

StartVerification = Callable[[Envelope, PublicKey], Verification]
"""Starts to verify an envelope's signature by a key."""

verify_when_awaited: Final[StartVerification] = partial(partial, verify_signature)
"""The plain way: in the thread that waits."""


def keys_introduced(body: Body) -> tuple[KeyDescription, ...]:
    """The keys that a record introduces, or would introduce if it were adopted."""
    match body:
        case Genesis(members=members):
            keys = []
            for one in members:
                keys.append(one.custodian)
                if one.log_keys is not None:
                    keys += [one.log_keys.ed25519, one.log_keys.ml_dsa44]
            return tuple(keys)
        case NodeRegistration():
            return body.keys
        case WriterAppointment(key=key) | KeyRotation(key=key):
            return (key,)
        case KeyRevocation(replacement=key) if key is not None:
            return (key,)
        case Proposal(action=RecoverCustodian(key=key)):
            return (key,)
        case Decision(matter=RecoverCustodian(key=key)):
            return (key,)
        case Proposal(action=SetLogKeys(log_keys=log_keys)):
            return (log_keys.ed25519, log_keys.ml_dsa44)
        case Proposal(action=AdmitMembers(members=admitted)):
            return tuple(one.custodian for one in admitted)
        case _:
            return ()


class Signatures:
    """Starts verifications in the order of the log, and awaits them block by block."""

    def __init__(self, start: StartVerification = verify_when_awaited) -> None:
        self._start = start
        self._keys: dict[KeyId, PublicKey] = {}

    def start(self, record: Record) -> list[Verification]:
        """Begin to verify every signature of the next record of the log."""
        for description in keys_introduced(record.body):
            try:
                key = parse_public_key(description)
            except (FormatError, WeakKeyError):
                continue  # the rules refuse the record
            self._keys[key.keyid] = key
        return [self._start_one(record.envelope, keyid) for keyid in record.envelope.keyids]

    def _start_one(self, envelope: Envelope, keyid: KeyId) -> Verification:
        key = self._keys.get(keyid)
        return partial(_unknown_key, keyid) if key is None else self._start(envelope, key)

    @staticmethod
    def check(block: ReadBlock, started: Sequence[Sequence[Verification]]) -> None:
        """Await the verifications of a block's records. Raises `DoubtError`."""
        for offset, (record, verifications) in enumerate(zip(block.records, started, strict=True)):
            for wait in verifications:
                try:
                    wait()
                except VerificationError as error:
                    index, height = block.first + offset, block.seal.height
                    raise record_doubt("signatures", record, index, str(error), height) from error


def _unknown_key(keyid: KeyId) -> None:
    raise VerificationError(f"it is signed by the key {keyid}, which no record introduced")
