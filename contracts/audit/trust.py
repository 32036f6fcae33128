"""Whose word a checkpoint is: policies from the ledger itself, and the log's own lines.

A policy should reach the auditor by another way than the log. Where there is none, the genesis
record names the log's keys; what is then proved is that the log agrees with itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from contracts.audit.report import Doubt, DoubtError
from contracts.governance.actions.continuity import active_holders
from contracts.values import Key, Ledger, Member, RegisteredNode, RoleHolders
from contracts.view import MemoryState, StateView, held, read
from ledger.checkpoint import OpenedCheckpoint, log_key, open_checkpoint, witness_key
from ledger.errors import FormatError, VerificationError
from ledger.keys import PublicKey, parse_public_key
from ledger.note import VerifierKey, parse_note
from ledger.policy import Policy, consortium_policy, own_policy
from ledger.records import Genesis, parse_record
from ledger.records.governance import ORDERING
from ledger.types import Count, MemberId


def policy_of_genesis(leaf: bytes) -> Policy:
    """The policy by which the log's own keys, as its first leaf names them, are enough.

    Raises `FormatError` or `WeakKeyError`.
    """
    body = parse_record(leaf).body
    if not isinstance(body, Genesis):
        raise FormatError("the first leaf is not a genesis record")
    return own_policy(body)


def log_keys_in(view: StateView) -> dict[MemberId, tuple[PublicKey, ...]]:
    """The keys that sign checkpoints of a state, by the members that may order blocks."""
    found: dict[MemberId, tuple[PublicKey, ...]] = {}
    for role in ORDERING:
        holders = read(view, RoleHolders, f"role/{role}")
        for name in () if holders is None else holders.members:
            member = held(view, Member, f"member/{name}")
            keys = [held(view, Key, f"key/{keyid}") for keyid in member.log_keys]
            found[name] = tuple(parse_public_key(key.key) for key in keys)
    return found


def witness_keys_in(view: StateView, origin: str) -> dict[MemberId, list[VerifierKey]]:
    """By active witness member, the keys by which it cosigns; a node without is not among them."""
    found = {}
    for name in active_holders(view, "witness"):
        node = read(view, RegisteredNode, f"node/{name}")
        keys = [held(view, Key, f"key/{keyid}") for keyid in (() if node is None else node.witness)]
        if keys:
            found[name] = [witness_key(origin, name, parse_public_key(key.key)) for key in keys]
    return found


def quorum_in(view: StateView) -> Count:
    """How many witness members have to cosign a checkpoint of a state, for it to be final."""
    return held(view, Ledger, "ledger").parameters.quorum


def policy_in(view: StateView, origin: str) -> Policy:
    """The policy of a ledger in a state: the log keys in force, and the quorum of its witnesses.

    As long as fewer witnesses have registered keys than the quorum asks for, no checkpoint can have
    it: then the log keys are enough, and nothing is final.
    """
    keys = [log_key(origin, key) for orderer in log_keys_in(view).values() for key in orderer]
    witnesses, quorum = witness_keys_in(view, origin), quorum_in(view)
    return consortium_policy(keys, witnesses, quorum if quorum <= len(witnesses) else 0)


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
