"""Whose word counts on a ledger in a state: who signs its checkpoints, who cosigns them, how many.

The answer rests on a few values of the state (roles, members, their nodes and keys, parameters). It
is worked out once and again only after a block that changed one of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from contracts.audit import check_log_lines, policy_in
from contracts.audit.report import DoubtError
from contracts.audit.trust import log_keys_in, quorum_in, witness_keys_in
from contracts.ordering import in_office
from contracts.values import RegisteredNode, Value
from contracts.view import held, read
from ledger.checkpoint import OpenedCheckpoint, log_key, open_checkpoint
from ledger.errors import VerificationError
from ledger.keys import PublicKey
from ledger.note import VerifierKey
from ledger.policy import Policy, smallest_note
from ledger.types import Count, MemberId


@dataclass(frozen=True, slots=True)
class Trust:
    """Who counts. `witnesses` are those whose nodes are registered; `quorum` of them make final.

    Of the `orderers` the `sequencer` is in office; None where validators order. `endpoints` are the
    registered addresses of their nodes, and of the witnesses'.
    """

    origin: str
    policy: Policy
    orderers: Mapping[MemberId, Sequence[PublicKey]]
    sequencer: MemberId | None
    witnesses: Mapping[MemberId, Sequence[VerifierKey]]
    endpoints: Mapping[MemberId, str]
    quorum: Count
    _grounds: frozenset[str]

    @property
    def can_be_final(self) -> bool:
        """Whether enough witnesses are registered."""
        return self.quorum <= len(self.witnesses)

    def rests_on(self, changes: Mapping[str, Value | None]) -> bool:
        """Whether the changes of a block may have altered it."""
        return any(key in changes for key in self._grounds)


def trust_in(value_of: Callable[[str], Value | None], origin: str) -> Trust:
    """The trust that a state gives."""
    view = _Noted(value_of)
    policy, orderers = policy_in(view, origin), log_keys_in(view)
    witnesses = witness_keys_in(view, origin)
    nodes = {member: read(view, RegisteredNode, f"node/{member}") for member in orderers}
    nodes |= {member: held(view, RegisteredNode, f"node/{member}") for member in witnesses}
    endpoints = {member: node.endpoint for member, node in nodes.items() if node is not None}
    quorum = quorum_in(view)
    sequencer = in_office(view)
    return Trust(
        origin, policy, orderers, sequencer, witnesses, endpoints, quorum, frozenset(view.asked)
    )


def endorse(note: bytes, trust: Trust, also: Sequence[PublicKey] = ()) -> OpenedCheckpoint:
    """The checkpoint in a note, if one of the ledger's orderers signed it with all its keys.

    `also` are such keys, too. Raises `FormatError`, `VerificationError`.
    """
    orderers = [*trust.orderers.values(), *((also,) if also else ())]
    keys = [log_key(trust.origin, key) for orderer in orderers for key in orderer]
    opened = open_checkpoint(note, keys)
    try:
        check_log_lines(opened, orderers)
    except DoubtError as error:
        raise VerificationError(str(error)) from error
    return opened


def shortest_quorum(note: bytes, trust: Trust) -> bytes:
    """The note with no more cosignatures than the quorum takes.

    Raises `VerificationError` if it has too few, `FormatError`.
    """
    if not trust.can_be_final:
        raise VerificationError("too few witnesses have registered keys for a quorum")
    return smallest_note(trust.policy, note)


class _Noted:
    """A `StateView` that remembers what it was asked."""

    def __init__(self, value_of: Callable[[str], Value | None]) -> None:
        self._value_of = value_of
        self.asked: set[str] = set()

    def get(self, key: str) -> Value | None:
        """As `StateView.get`."""
        self.asked.add(key)
        return self._value_of(key)
