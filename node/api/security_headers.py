"""Headers of every answer that tell browsers, and caches in between, to make nothing of it.

An answer is data for whoever asked: never to be run, framed, guessed the type of, embedded by
another site, kept. What may be kept says so itself (`Cache-Control` of tiles and checkpoints, which
C2SP defines), and so does the manual, the one page there is.

>>> [name for name, _ in secured([(b"cache-control", b"no-cache")], "http")][-1]
b'cross-origin-resource-policy'
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Header: TypeAlias = tuple[bytes, bytes]
ALWAYS: Final[Sequence[Header]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What an answer has that does not say otherwise itself."""
_HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000")
"""A year (RFC 6797). Over plain HTTP it means nothing."""


def secured(headers: Iterable[Header], scheme: str) -> list[Header]:
    """The headers of an answer with those that lack."""
    given = list(headers)
    names = {name.lower() for name, _ in given}
    wanted = (*ALWAYS, _HTTPS_ONLY) if scheme == "https" else ALWAYS
    return [*given, *(one for one in wanted if one[0] not in names)]
