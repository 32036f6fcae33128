"""The id of the request at hand, in every line of the log that comes of it, on every node.

A node gives each request an id, or keeps the one it came with, if whoever sends it may submit
(`X-Request-Id`). While it is answered the id is in this variable: each line of the log carries it,
and so does each request to another node, which keeps it in turn.

>>> with request_id("4f1c0a97d2be8a31"):
...     carried()
{'x-request-id': '4f1c0a97d2be8a31'}
>>> carried()
{}
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

HEADER: Final = "x-request-id"
CURRENT: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
_PLAIN: Final = re.compile(r"\A[A-Za-z0-9._-]{1,64}\Z")
_BYTES: Final = 8


def new_request_id() -> str:
    """An id nobody else has."""
    return secrets.token_hex(_BYTES)


def is_plain(text: str) -> bool:
    """Whether a text may be an id: short, and nothing that means something in a log.

    >>> [is_plain(text) for text in ("a-Plain_1.x", "", "two words", "x" * 65)]
    [True, False, False, False]
    """
    return _PLAIN.match(text) is not None


@contextmanager
def request_id(value: str) -> Iterator[None]:
    """Within this context it is the id of the request at hand."""
    token = CURRENT.set(value)
    try:
        yield
    finally:
        CURRENT.reset(token)


def carried() -> dict[str, str]:
    """The header that carries the id on."""
    value = CURRENT.get()
    return {} if value is None else {HEADER: value}
