"""TLS towards a node that is known by its transport keys: nobody else is taken for it.

    context = pinned([key])                     # httpx.Client(verify=context)
    context = pinned([key], issue(own, …))      # and shows who calls

No authority has a say, and no name is compared: the key is the node, whatever address leads to it.
TLS 1.3 alone, which hides the certificates of both sides from whoever listens in.
"""

import ssl
from collections.abc import Iterable
from tempfile import NamedTemporaryFile

from ledger.keys import PublicKey
from node.client.certificates import Leaf, anchor_of


def pinned(keys: Iterable[PublicKey], leaf: Leaf | None = None) -> ssl.SSLContext:
    """The context to call a node with one of these transport keys, showing `leaf`.

    It cannot be altered later: other keys or another leaf are another context.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    believe(context, keys)
    if leaf is not None:
        show(context, leaf)
    return context


def believe(context: ssl.SSLContext, keys: Iterable[PublicKey]) -> None:
    """Believe the leaves of these transport keys, by the rules of RFC 5280 to the letter."""
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    anchors = b"".join(anchor_of(key) for key in keys)
    if anchors:
        context.load_verify_locations(cadata=anchors)


def show(context: ssl.SSLContext, leaf: Leaf) -> None:
    """Show a leaf. TLS takes keys from files alone: it lies in one for a moment, encrypted."""
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(leaf.pem)
        file.flush()
        context.load_cert_chain(file.name, password=leaf.passphrase)
