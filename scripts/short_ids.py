"""Ids as people type them: the first eight digits or more, where these are enough.

| typed | is |
|---|---|
| `26166a12` | the one id that begins so; not what hangs from that, such as `26166a12…-0-effect` |
| `26166a12-0` | the one that begins so and goes on like this after its digest |
| `26166a12…-0` | the same, as `blockpool explain` shows it |

Lists of a node are in the order of ids, so what begins so follows its beginning, found by an index:
two short pages tell whether it is one. What is signed always names the whole id.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Literal

from node.client import Client
from scripts.patterns import quoted
from scripts.spelling import SpellingError

Kind = Literal["case", "delivery", "grant", "request"]
_LISTS: Final[dict[Kind, str]] = {
    "case": "/v1/cases",
    "delivery": "/v1/deliveries",
    "grant": "/v1/grants",
    "request": "/v1/requests",
}
_SHORT: Final = re.compile(
    r"(?P<start>[0-9a-f]{8,63})(?:…|\.\.\.)?(?P<rest>-[a-z0-9-]{1,80})?", re.ASCII
)
_DIGEST_CHARS: Final = 64
_CANDIDATES_MAX: Final = 100
_TOLD_MAX: Final = 10


def is_short(text: str) -> bool:
    """Whether a text may be the beginning of an id."""
    return _SHORT.fullmatch(text.strip()) is not None


def full_id(client: Client, kind: Kind, text: str) -> str:
    """The whole id of what is there; what may be no beginning of one is as it was typed.

    Raises `SpellingError` if nothing begins so, and with the candidates if several things do.
    """
    short = _SHORT.fullmatch(text.strip())
    if short is None:
        return text
    start, rest = short["start"], short["rest"] or ""
    near = list(_after(client, kind, start, start))
    if not near:
        raise SpellingError(f"no {kind} begins with {quoted(text)}", kind)
    digest = near[0][:_DIGEST_CHARS]
    others = list(_after(client, kind, f"{digest}~", start))  # `~` follows all that ids are made of
    if rest and not others:
        return f"{digest}{rest}"
    every = dict.fromkeys((*near, *others))
    found = [one for one in every if rest in {"", one[_DIGEST_CHARS:]}]
    if not found:
        raise SpellingError(f"no {kind} begins with {quoted(text)}", kind)
    first, *more = found
    if not all(one.startswith(f"{first}-") for one in more):
        told = ", ".join(found[:_TOLD_MAX]) + (", …" if len(found) > _TOLD_MAX else "")
        raise SpellingError(f"{quoted(text)} may be any of {told}", kind)
    return first


def full_ids(client: Client, kind: Kind, texts: Iterable[str]) -> tuple[str, ...]:
    """The same of many, ascending, each once."""
    return tuple(sorted({full_id(client, kind, one) for one in texts}))


def full_digest(client: Client, text: str) -> str:
    """The whole digest of a record. Raises `ProblemError` if there is none, or are several."""
    short = _SHORT.fullmatch(text.strip())
    if short is None or short["rest"]:
        return text
    digest = client.record(short["start"]).digest or ""
    return digest if digest.startswith(short["start"]) else text


def _after(client: Client, kind: Kind, cursor: str, start: str) -> Iterator[str]:
    """The first ids after a cursor, as long as they begin so."""
    rows = client.items(_LISTS[kind], cursor=cursor, limit=_CANDIDATES_MAX)
    ids = (str(row["id"]) for row in islice(rows, _CANDIDATES_MAX))
    return (one for one in ids if one.startswith(start))
