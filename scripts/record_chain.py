"""`blockpool record chain GRANT`: on what a right rests, up to what the provider gave.

Each line is one right. Whether all of it holds is what every one of them says, and what it allows
is what all of them allow. The node is believed for the values; each is proved by
`GET /v1/state/<key>` (contracts/RULES.md says which keys).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Annotated

import typer

from contracts.chains import Link, chain_of, ineffective
from contracts.terms import meet
from contracts.values import GrantedRight, UseCounters, Value
from ledger.records.terms import Terms
from ledger.types import ItemId, Time
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import print_fields, print_json, print_table, success
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record_show import members_told
from scripts.spelling import SpellingError

app = typer.Typer()


@app.command("chain")
@with_options
def chain(
    grant: Annotated[str, typer.Argument(help="Id of a grant.")],
    *,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show all rights above a right, whether they hold at the last block, and what all allow.

    Uses are those made under a right and under all that hang from it.

    Example: `blockpool record chain GRANT`
    """
    with at.client() as client:
        now = client.ledger().block_time
        links = links_above(client, grant)
        told = [_told(client, link, now) for link in links]
    together = allowed(links)
    if as_json:
        print_json({"chain": told, "terms": together})
        return
    names = ("grant", "member", "holds", "uses", "rows", "terms")
    print_table(names, ([_cell(row[name]) for name in names] for row in told))
    success("")
    print_fields((("what it allows", _listed(together)),))


def links_above(client: Client, grant: ItemId) -> tuple[Link, ...]:
    """A right and every right above it. Raises `SpellingError` if there is no such right."""
    right = read_value(client, GrantedRight, f"grant/{grant}") if grant else None
    if right is None:
        raise SpellingError(f"no grant `{grant}`", "grant")
    return chain_of(_Rights(client), grant, right)


def allowed(links: tuple[Link, ...]) -> Terms:
    """What a chain allows: what all of its rights do."""
    return reduce(meet, [link.right.terms for link in links])


@dataclass(frozen=True, slots=True)
class _Rights:
    """The state as a node tells it, as far as it is rights."""

    client: Client

    def get(self, key: str) -> Value | None:
        return read_value(self.client, GrantedRight, key)


def _told(client: Client, link: Link, now: Time) -> dict[str, object]:
    right = link.right
    used = read_value(client, UseCounters, f"use/{link.grant_id}")
    return {
        "grant": link.grant_id,
        "holds": ineffective((link._replace(depth=0),), now, now) or _window(right.terms, now),
        "inForceSince": right.in_force_since,
        "member": right.member or "whoever applies",
        "parent": right.parent,
        "provider": right.provider,
        "rows": 0 if used is None else used.rows,
        "standing": right.standing,
        "terms": right.terms,
        "uses": 0 if used is None else used.uses,
    }


def _window(terms: Terms, now: Time) -> str:
    if terms.not_before is not None and now < terms.not_before:
        return f"not before {terms.not_before}"
    if terms.not_after is not None and now > terms.not_after:
        return f"not after {terms.not_after}"
    return "yes"


def _cell(value: object) -> object:
    return _listed(value) if isinstance(value, Terms) else value


def _listed(terms: Terms) -> str:
    return "; ".join(_parts(terms))


def _parts(terms: Terms) -> Iterator[str]:
    return (f"{name} {value}" for name, value in members_told(terms))
