"""Whose word counts on a ledger in a state: who signs its checkpoints, who cosigns them, how many.

The answer rests on a few values of the state (roles, members, their nodes and keys, parameters). It
is worked out once and again only after a block that changed one of them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.audit import check_log_lines, policy_in
from contracts.audit.report import DoubtError
from contracts.audit.trust import log_keys_in, quorum_in, witness_keys_in
from contracts.ordering import in_office
from contracts.values import Key, Member, RegisteredNode, Value
from contracts.view import StateView, held, read
from ledger.checkpoint import OpenedCheckpoint, log_key, open_checkpoint
from ledger.errors import VerificationError
from ledger.keys import PublicKey, parse_public_key
from ledger.note import VerifierKey
from ledger.policy import Policy, smallest_note
from ledger.types import Count, MemberId

NODE: Final = "node/"
"""So begin the keys of the state under which nodes are registered."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Who counts. `witnesses` are those whose nodes are registered; `quorum` of them make final.

    Of the `orderers` the `sequencer` is in office; None where validators order. `endpoints` are the
    registered addresses of their nodes, and of the witnesses'. `registered` are all members that
    have a node; `transport` has the keys of those that have not left.
    """

    origin: str
    policy: Policy
    orderers: Mapping[MemberId, Sequence[PublicKey]]
    sequencer: MemberId | None
    witnesses: Mapping[MemberId, Sequence[VerifierKey]]
    endpoints: Mapping[MemberId, str]
    quorum: Count
    registered: frozenset[MemberId]
    transport: Mapping[MemberId, Sequence[PublicKey]]
    _grounds: frozenset[str]

    @property
    def can_be_final(self) -> bool:
        """Whether enough witnesses are registered."""
        return self.quorum <= len(self.witnesses)

    def rests_on(self, changes: Mapping[str, Value | None]) -> bool:
        """Whether the changes of a block may have altered it."""
        return any(key in changes for key in self._grounds) or bool(registered_by(changes))


def registered_by(changes: Collection[str]) -> frozenset[MemberId]:
    """The members whose nodes are registered under some of these keys of the state."""
    return frozenset(key.removeprefix(NODE) for key in changes if key.startswith(NODE))


def trust_in(
    value_of: Callable[[str], Value | None], origin: str, registered: frozenset[MemberId]
) -> Trust:
    """The trust that a state gives in which these members have registered nodes."""
    view = _Noted(value_of)
    policy, orderers = policy_in(view, origin), log_keys_in(view)
    witnesses = witness_keys_in(view, origin)
    nodes = {member: read(view, RegisteredNode, f"node/{member}") for member in orderers}
    nodes |= {member: held(view, RegisteredNode, f"node/{member}") for member in witnesses}
    endpoints = {member: node.endpoint for member, node in nodes.items() if node is not None}
    quorum = quorum_in(view)
    transport = {member: _transport_keys(view, member) for member in sorted(registered)}
    return Trust(
        origin,
        policy,
        orderers,
        in_office(view),
        witnesses,
        endpoints,
        quorum,
        registered,
        transport,
        frozenset(view.asked),
    )


def _transport_keys(view: StateView, member: MemberId) -> tuple[PublicKey, ...]:
    """The keys by which a member's node is known, the present one first; of one that left, none."""
    if held(view, Member, f"member/{member}").status == "removed":
        return ()
    node = held(view, RegisteredNode, f"{NODE}{member}")
    keys = (held(view, Key, f"key/{keyid}") for keyid in node.transport)
    return tuple(parse_public_key(key.key) for key in keys)


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
