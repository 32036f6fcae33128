"""Whose word a checkpoint is: policies from a ledger's own genesis, and the log's own lines.

A policy should reach the auditor by another way than the log. Where there is none, the genesis
record names the log's keys; what is then proved is that the log agrees with itself.
"""

from collections.abc import Sequence

from contracts.audit.report import Doubt, DoubtError
from ledger.checkpoint import OpenedCheckpoint, log_key, open_checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.keys import PublicKey
from ledger.note import parse_note
from ledger.policy import Policy, own_policy
from ledger.records import Genesis, parse_record


def policy_of_genesis(leaf: bytes) -> Policy:
    """The policy by which the log's own keys, as its first leaf names them, are enough.

    Raises `FormatError` or `WeakKeyError`.
    """
    body = parse_record(leaf).body
    if not isinstance(body, Genesis):
        raise FormatError("the first leaf is not a genesis record")
    return own_policy(body)


def check_log_lines(opened: OpenedCheckpoint, orderers: Sequence[Sequence[PublicKey]]) -> None:
    """The log signed with all keys of one of its orderers, and nobody else signed in its name.

    Raises `DoubtError`.
    """
    origin = opened.checkpoint.origin
    keys = [log_key(origin, key) for orderer in orderers for key in orderer]
    known = {key.key_id for key in keys}
    lines = [line for line in parse_note(opened.note).signatures if line.name == origin]
    for line in lines:
        if line.key_id not in known:
            raise _doubt(f"the line {origin}+{line.key_id.hex()} is by no key of the ledger")
    try:
        good = [signature.key for signature in open_checkpoint(opened.note, keys).signatures]
    except VerificationError as error:
        raise _doubt(str(error)) from error
    complete = [all(log_key(origin, key) in good for key in orderer) for orderer in orderers]
    if not any(complete):
        raise _doubt("no orderer signed it with all its keys: a line is missing or altered")


def _doubt(detail: str) -> DoubtError:
    return DoubtError(Doubt(level="rules", what="checkpoint", detail=detail, place="checkpoint"))
