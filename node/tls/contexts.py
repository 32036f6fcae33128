"""The contexts of TLS: whom each connection believes and what it is shown, as things stand now.

    answering   those who call are shown our leaf; they may show one of a key that is pinned
    calling     only the node of one member is believed, and shown our leaf
    browsing    those who call are shown a certificate of an authority, and asked for none

A context is never altered: what has changed is another one, for the connections that come. Tickets
are not given out, so each connection is a handshake that looks at keys and dates.
"""

import asyncio
import ssl
from collections.abc import Sequence
from math import floor, inf
from time import time
from typing import Final

from ledger.keys import PublicKey
from ledger.types import MemberId
from node.client.certificates import DAY_S, Leaf
from node.client.pinning import believe, pinned, show
from node.logs import log
from node.tls.certificate import Certificate, warned_days
from node.tls.files import Watched
from node.tls.leaves import Leaves
from node.tls.pins import Pins

LOOK_S: Final = 3_600


class Contexts:
    """The contexts of one node. From the thread of the event loop alone."""

    def __init__(
        self,
        pins: Pins,
        leaves: Leaves | None = None,
        certificate: Watched[Certificate] | None = None,
    ) -> None:
        """Without leaves the node shows nothing when it calls."""
        self.pins = pins
        self._leaves = leaves
        self._certificate = certificate
        self._answering: tuple[Leaf, Sequence[PublicKey], ssl.SSLContext] | None = None
        self._calling: dict[MemberId, tuple[Leaf | None, Sequence[PublicKey], ssl.SSLContext]] = {}

    def answering(self) -> ssl.SSLContext:
        """For a connection from anybody."""
        if self._leaves is None:
            raise TypeError("a node without a transport key answers nobody over TLS")
        leaf, keys, known = self._leaves.for_callers, self.pins.every(), self._answering
        if known is None or known[0] is not leaf or known[1] is not keys:
            known = self._answering = leaf, keys, _answering(leaf, keys)
        return known[2]

    def calling(self, member: MemberId) -> ssl.SSLContext | None:
        """For calls of a member's node; the same one while nothing changes.

        None where none of its keys is known.
        """
        keys = self.pins.of(member)
        if not keys:
            return None
        leaf = None if self._leaves is None else self._leaves.for_calls
        known = self._calling.get(member)
        if known is None or known[0] is not leaf or known[1] != keys:
            known = self._calling[member] = leaf, keys, pinned(keys, leaf)
        return known[2]

    def browsing(self) -> ssl.SSLContext:
        """For a connection at the port for browsers."""
        if self._certificate is None:
            raise TypeError("a node without a certificate has no port for browsers")
        return self._certificate.value.context

    def seconds_left(self) -> float:
        """How long the certificate for browsers still holds; for ever where there is none."""
        return inf if self._certificate is None else self._certificate.value.ends_s - time()

    async def watch(self) -> None:
        """Warn of the end of that certificate, each time it has come nearer."""
        told: int | None = None
        while True:
            left_s = self.seconds_left()
            days = warned_days(left_s)
            if days is not None and days != told:
                log.warning("certificate-ends", days_left=floor(left_s / DAY_S))
            told = days
            await asyncio.sleep(LOOK_S)


def _answering(leaf: Leaf, keys: Sequence[PublicKey]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.num_tickets = 0
    believe(context, keys)
    show(context, leaf)
    return context
