"""Whose transport key is it: the ledger's registrations, and keys given for a first contact.

A node that joins has not replayed the registrations yet, and those it joins have not seen its own;
so the settings may give keys. The ledger has the last word: a key it knows counts as it says, so
that one which was withdrawn is not kept alive by a forgotten line. Readers are nobody's node: their
keys stand in the settings alone.
"""

from collections.abc import Mapping, Sequence

from ledger.keys import PublicKey
from ledger.types import KeyId, MemberId
from node.api.principal import Principal, of_node
from node.replica import Replica
from node.trust import Trust


class Pins:
    """By member the keys that are believed to be its node's, and by key who is a reader."""

    def __init__(
        self,
        ledger: Replica,
        given: Mapping[MemberId, PublicKey],
        readers: Mapping[PublicKey, Principal],
    ) -> None:
        self._ledger = ledger
        self._given = given
        self._readers = readers
        self._trust: Trust | None = None
        self._keys: Mapping[MemberId, Sequence[PublicKey]] = {}
        self._principals: Mapping[KeyId, Principal] = {}
        self._every: Sequence[PublicKey] = ()

    def registered(self, member: MemberId) -> Sequence[PublicKey]:
        """The keys that the ledger names for a member, the present one first."""
        return self._ledger.published.trust.transport.get(member, ())

    def of(self, member: MemberId) -> Sequence[PublicKey]:
        """The keys by which a member's node is believed; none where none is known."""
        self._look()
        return self._keys.get(member, ())

    def principal_of(self, keyid: KeyId) -> Principal | None:
        """Who shows a key; None once it is nobody's."""
        self._look()
        return self._principals.get(keyid)

    def every(self) -> Sequence[PublicKey]:
        """All keys believed; the same object as long as they are the same."""
        self._look()
        return self._every

    def _look(self) -> None:
        trust = self._ledger.published.trust
        if trust is self._trust:
            return
        keys = {member: tuple(some) for member, some in trust.transport.items()}
        for member, key in self._given.items():
            if key.keyid not in self._ledger.keys:
                keys[member] = (*keys.get(member, ()), key)
        nodes = {key: of_node(member) for member, some in keys.items() for key in some}
        known = {**self._readers, **nodes}
        self._trust, self._keys, self._every = trust, keys, tuple(known)
        self._principals = {key.keyid: principal for key, principal in known.items()}
