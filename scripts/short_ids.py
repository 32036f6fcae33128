"""Ids as people type them: the first eight digits or more, where these are enough.

| typed | is |
|---|---|
| `26166a12` | the one id that begins so |
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
_CANDIDATES_MAX: Final = 20


def is_short(text: str) -> bool:
    """Whether a text may be the beginning of an id."""
    return _SHORT.fullmatch(text.strip()) is not None


def full_id(client: Client, kind: Kind, text: str) -> str:
    """The whole id of what is there; what is no beginning of any is as it was typed.

    Raises `SpellingError` with the candidates, if there are several.
    """
    short = _SHORT.fullmatch(text.strip())
    if short is None:
        return text
    start, rest = short["start"], short["rest"] or ""
    near = list(_after(client, kind, start, start))
    if not near:
        return text
    digest = near[0][:_DIGEST_CHARS]
    others = list(_after(client, kind, f"{digest}~", start))  # `~` follows all that ids are made of
    if rest and not others:
        return f"{digest}{rest}"
    every = dict.fromkeys((*near, *others))
    found = [one for one in every if rest in {"", one[_DIGEST_CHARS:]}]
    if len(found) > 1:
        raise SpellingError(f"{quoted(text)} may be any of {', '.join(found)}", kind)
    return found[0] if found else text


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
