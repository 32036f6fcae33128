"""Both ends of TLS in memory: what comes of a handshake, without sockets.

shake(pinned([key]), answering([key], leaf))
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.keys import PublicKey
from ledger.types import KeyId
from node.client.certificates import Leaf, issuer_of
from node.client.pinning import believe, show


@dataclass(frozen=True, slots=True)
class Shaken:
    """What came of it. `caller` is the key of who called; errors are those of the two ends."""

    caller: KeyId | None = None
    caller_error: ssl.SSLError | None = None
    answerer_error: ssl.SSLError | None = None

    @property
    def succeeded(self) -> bool:
        """Whether both ends are content."""
        return self.caller_error is None and self.answerer_error is None


def answering(keys: Sequence[PublicKey], leaf: Leaf) -> ssl.SSLContext:
    """The context of somebody who is called and may be shown leaves of `keys`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    believe(context, keys)
    show(context, leaf)
    return context


def shake(caller: ssl.SSLContext, answerer: ssl.SSLContext, name: str | None = None) -> Shaken:
    """Let one call the other; `name` is the host asked for."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = caller.wrap_bio(down, up, server_hostname=name)
    server = answerer.wrap_bio(up, down, server_side=True)
    errors: dict[ssl.SSLObject, ssl.SSLError] = {}
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                errors.setdefault(end, error)
    if not errors:
        _speak(client, server, errors)
    return Shaken(
        None if errors else issuer_of(server.getpeercert()), errors.get(client), errors.get(server)
    )


def _speak(
    client: ssl.SSLObject, server: ssl.SSLObject, errors: dict[ssl.SSLObject, ssl.SSLError]
) -> None:
    """A byte: only then does a caller hear that its certificate was refused."""
    server.write(b".")
    try:
        client.read(1)
    except ssl.SSLError as error:
        errors[client] = error
