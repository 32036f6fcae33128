"""The contexts of TLS: whom each connection believes and what it is shown, as things stand now.

    answering   those who call are shown our leaf; they may show one of a key that is pinned
    calling     only the node of one member is believed, and shown our leaf
    browsing    those who call are shown a certificate of an authority, and asked for none

A context is never altered: what has changed is another one, for the connections that come. Tickets
are not given out, so each connection is a handshake that looks at keys and dates.
"""

import ssl
from collections.abc import Sequence

from ledger.keys import PublicKey
from node.client.certificates import Leaf
from node.client.pinning import believe, pinned, show
from node.tls.certificate import Certificate
from node.tls.files import Watched
from node.tls.identity import Identity
from node.tls.pins import Pins


class Contexts:
    """The contexts of one node. From the thread of the event loop alone."""

    def __init__(
        self,
        pins: Pins,
        identity: Identity | None = None,
        certificate: Watched[Certificate] | None = None,
    ) -> None:
        """Without an identity the node shows nothing when it calls."""
        self._pins = pins
        self._identity = identity
        self._certificate = certificate
        self._answering: tuple[Leaf, Sequence[PublicKey], ssl.SSLContext] | None = None
        self._calling: dict[Sequence[PublicKey], tuple[Leaf | None, ssl.SSLContext]] = {}

    def answering(self) -> ssl.SSLContext:
        """For a connection from anybody."""
        if self._identity is None:
            raise TypeError("a node without a key answers nobody over TLS")
        leaf, keys = self._identity.for_callers, self._pins.every()
        known = self._answering
        if known is None or known[0] is not leaf or known[1] is not keys:
            known = self._answering = leaf, keys, _answering(leaf, keys)
        return known[2]

    def calling(self, keys: Sequence[PublicKey]) -> ssl.SSLContext:
        """For calls of a node that has one of these keys; the same one while nothing changes."""
        leaf = None if self._identity is None else self._identity.for_calls
        known = self._calling.get(keys)
        if known is None or known[0] is not leaf:
            known = self._calling[keys] = leaf, pinned(keys, leaf)
        return known[1]

    def browsing(self) -> ssl.SSLContext:
        """For a connection at the port for browsers."""
        if self._certificate is None:
            raise TypeError("a node without a certificate has no port for browsers")
        return self._certificate.value.context

    @property
    def ends_s(self) -> float | None:
        """When the certificate of an authority ends, if there is one."""
        return None if self._certificate is None else self._certificate.value.ends_s


def _answering(leaf: Leaf, keys: Sequence[PublicKey]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.num_tickets = 0
    believe(context, keys)
    show(context, leaf)
    return context
