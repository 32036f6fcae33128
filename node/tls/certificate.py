"""The certificate of an ordinary authority, for browsers and tools that know no transport keys.

It is the one certificate here that ends by itself. Whoever renews it puts the new files in the
place of the old ones. The node warns 60, 30 and 7 days before the end, and after it goes on showing
the old one: browsers refuse it, and nodes, which look at keys, notice nothing.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509

from node.client.certificates import DAY_S
from node.client.secret_files import SecretError, read_secret
from node.tls.files import Watched

WARNED_DAYS: Final = (60, 30, 7)
"""So many days before its end a certificate is warned of."""
CHAIN_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """A context that shows a certificate of an authority; `ends_s` is in seconds since 1970."""

    context: ssl.SSLContext = field(compare=False)
    ends_s: float


def watched(chain: Path, key: Path) -> Watched[Certificate]:
    """The certificate in these files, whenever it is wanted. Raises `SecretError`."""
    return Watched((chain, key), lambda: read_certificate(chain, key))


def read_certificate(chain: Path, key: Path) -> Certificate:
    """A certificate and the chain behind it; the first that ends counts. Raises `SecretError`."""
    read_secret(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(chain, key, password=_no_passphrase)
        with chain.open("rb") as file:
            parts = x509.load_pem_x509_certificates(file.read(CHAIN_BYTES_MAX))
    except (OSError, ValueError) as error:
        raise SecretError(f"{chain} and {key}: {error}") from error
    return Certificate(context, min(one.not_valid_after_utc.timestamp() for one in parts))


def warned_days(seconds_left: float) -> int | None:
    """The nearest of the days at which a certificate is warned of; None while its end is far.

    >>> [warned_days(days * 86_400) for days in (61, 60, 30.5, 8, 7, -1)]
    [None, 60, 60, 30, 7, 7]
    """
    passed = [days for days in WARNED_DAYS if seconds_left <= days * DAY_S]
    return min(passed, default=None)


def _no_passphrase() -> bytes:
    """A key under a passphrase is refused; by itself the library would ask at the terminal."""
    return b""
