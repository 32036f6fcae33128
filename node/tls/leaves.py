"""Which transport key this node shows, and the leaf that proves it holds it.

A key is replaced without a restart and without a moment in which nobody is believed. The custodian
registers the next key beside the present one, later the next one alone:

    registered           shown to those who call       shown when calling
    present              present                       present
    present, next        present                       next
    next                 next                          next

Who calls may lag behind and know the present key alone; who is called has mostly come further. As
long as the ledger names none of the keys that are there, the newest one is shown: a node that joins
is known by the settings of others, and one whose registration has moved on while it was away has
had its files changed by its operator.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

from ledger.keys import PrivateKey, PublicKey
from ledger.types import KeyId, MemberId
from node.client.certificates import DAY_S, LEAF_S, Leaf, issue
from node.settings import Tls
from node.tls.files import Watched, read_keys

RENEWED_S: Final = DAY_S
"""So old a leaf becomes before there is a new one."""
HOST_CHARS_MAX: Final = 253


class Registrations(Protocol):
    """What the ledger says of members' keys, such as `Pins` know it."""

    def registered(self, member: MemberId) -> Sequence[PublicKey]:
        """The keys that the ledger names for a member, the present one first."""
        ...


class Leaves:
    """The leaves of a node. From the thread of the event loop alone."""

    def __init__(
        self,
        settings: Tls,
        member: MemberId,
        pins: Registrations,
        endpoint: Callable[[], str] = str,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """`endpoint` is the registered address of the node. Raises `SecretError`."""
        files = settings.key_files
        watched = files if settings.passphrase_file is None else (*files, settings.passphrase_file)
        self._keys = Watched(watched, lambda: read_keys(files, settings.passphrase_file))
        self._member = member
        self._pins = pins
        self._endpoint = endpoint
        self._now_s = now_s
        self._leaves: Mapping[tuple[KeyId, tuple[str, ...]], Leaf] = {}

    @property
    def for_callers(self) -> Leaf:
        """The leaf for those who call."""
        return self._leaf(self._usable()[0])

    @property
    def for_calls(self) -> Leaf:
        """The leaf to call others with."""
        return self._leaf(self._usable()[-1])

    def _usable(self) -> Sequence[PrivateKey]:
        """The keys that are there and registered, in the order of their registration."""
        there = {key.public_key.keyid: key for key in self._keys.value}
        registered = (key.keyid for key in self._pins.registered(self._member))
        return [there[one] for one in registered if one in there] or [*there.values()][-1:]

    def _leaf(self, key: PrivateKey) -> Leaf:
        """The leaf of a key; a new one each day, after a clock set back, at another address."""
        keyid, hosts, now_s = key.public_key.keyid, _hosts(self._endpoint()), self._now_s()
        leaf = self._leaves.get((keyid, hosts))
        if leaf is None or not 0 <= now_s - (leaf.ends_s - LEAF_S) < RENEWED_S:
            kept = {one: leaf for one, leaf in self._leaves.items() if one[0] != keyid}
            leaf = issue(key, hosts, now_s)
            self._leaves = {**kept, (keyid, hosts): leaf}
        return leaf


def _hosts(endpoint: str) -> tuple[str, ...]:
    """The host of an address, if there is one that can stand in a certificate."""
    try:
        host = urlsplit(endpoint).hostname
    except ValueError:  # a custodian may register any text
        return ()
    return (host,) if host and host.isascii() and len(host) <= HOST_CHARS_MAX else ()
