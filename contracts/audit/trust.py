"""Whose word a checkpoint is: policies from the ledger itself, and the log's own lines.

A policy should reach the auditor by another way than the log. Where there is none, the genesis
record names the log's keys; what is then proved is that the log agrees with itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from contracts.audit.report import Doubt, DoubtError
from contracts.values import Key, Member, RoleHolders
from contracts.view import MemoryState, StateView, held, read
from ledger.checkpoint import OpenedCheckpoint, log_key, open_checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.keys import PublicKey, parse_public_key
from ledger.note import parse_note
from ledger.policy import Policy, consortium_policy, own_policy
from ledger.records import Genesis, parse_record
from ledger.records.governance import ORDERING
from ledger.types import MemberId


def policy_of_genesis(leaf: bytes) -> Policy:
    """The policy by which the log's own keys, as its first leaf names them, are enough.

    Raises `FormatError` or `WeakKeyError`.
    """
    body = parse_record(leaf).body
    if not isinstance(body, Genesis):
        raise FormatError("the first leaf is not a genesis record")
    return own_policy(body)


def log_keys_in(view: StateView) -> list[tuple[PublicKey, ...]]:
    """The keys that sign checkpoints of a state, for every member that may order blocks."""
    found: dict[MemberId, tuple[PublicKey, ...]] = {}
    for role in ORDERING:
        holders = read(view, RoleHolders, f"role/{role}")
        for name in () if holders is None else holders.members:
            member = held(view, Member, f"member/{name}")
            keys = [held(view, Key, f"key/{keyid}") for keyid in member.log_keys]
            found[name] = tuple(parse_public_key(key.key) for key in keys)
    return list(found.values())


def policy_in(view: StateView, origin: str) -> Policy:
    """The policy by which the log keys in force in a state are enough."""
    keys = [log_key(origin, key) for orderer in log_keys_in(view) for key in orderer]
    return consortium_policy(keys, {}, quorum=0)


def succeeding(state: MemoryState, origin: str, policy: Policy) -> Policy | None:
    """The policy with the log keys in force in place of those that votes have replaced since.

    None unless each log key it names was one of this ledger. Whoever introduces a log key signs
    with it, in genesis or in the proposal that is voted on: so no ledger can claim the keys of
    another, and what these keys were trusted with is handed on by the ledger's own rules.
    """
    keys = [held(state, Key, name) for name in state.keys("key/")]
    ever = [log_key(origin, parse_public_key(one.key)) for one in keys if one.function == "log"]
    if not policy.logs or any(one.key not in ever for one in policy.logs):
        return None
    return replace(policy, logs=policy_in(state, origin).logs)


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
