"""`blockpool record chain GRANT`: on what a right rests, up to what the provider gave.

Each line is one right. It holds if every one of them does; what it allows is then what all of them
allow, and else nothing. The node is believed for the values; each is proved by
`GET /v1/state/<key>` (contracts/RULES.md says which keys).
"""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

import typer
from msgspec import Struct, convert

from contracts.values import GrantedRight
from ledger.records.terms import Terms
from ledger.types import ItemId
from node.client import Client, ProblemError
from scripts.console_text import print_fields, print_json, print_table, success
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.listing import AsAtOption, as_at_of
from scripts.record.showing import members_told
from scripts.short_ids import full_id
from scripts.spelling import SpellingError

app = typer.Typer()


class Link(Struct, rename="camel"):
    """A right of a chain; `why` it does not hold, if so. As at a past moment uses are not told."""

    id: ItemId
    right: GrantedRight
    state: str
    why: str | None
    uses: int | None
    rows: int | None


class Chain(Struct):
    """A right, every right above it, where it stands with them, and what all of them allow."""

    chain: tuple[Link, ...]
    state: str
    terms: Terms
    why: str | None


@app.command("chain")
@with_options
def chain(
    grant: Annotated[str, typer.Argument(help="Id of a grant.")],
    *,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show all rights above a right, whether they hold, and what all of them allow.

    Uses are those made until now under a right and under all that hang from it.

    Example: `blockpool record chain GRANT`
    """
    with at.client() as client:
        found = chain_above(client, full_id(client, "grant", grant), as_at_of(client, as_at))
    told = [_told(link) for link in found.chain]
    if as_json:
        print_json({"chain": told, "state": found.state, "terms": found.terms, "why": found.why})
        return
    names = ("grant", "member", "holds", "uses", "rows", "terms")
    print_table(names, ([_cell(row[name]) for name in names] for row in told))
    success("")
    allows = _listed(found.terms) if found.why is None else f"nothing: {found.why}"
    print_fields((("state", found.state), ("what it allows", allows)))


def chain_above(client: Client, grant: ItemId, as_at: str | None = None) -> Chain:
    """A right and every right above it. Raises `SpellingError` if there is no such right."""
    try:
        told = client.get(f"/v1/grants/{quote(grant, safe='')}/chain", at=as_at)
    except ProblemError as error:
        if error.problem.code != "not-found":
            raise
        raise SpellingError(f"no grant `{grant}`", "grant") from error
    return convert(told, Chain)


def allowed(client: Client, grant: ItemId) -> Terms:
    """What a right allows: what all rights of its chain do."""
    return chain_above(client, grant).terms


def _told(link: Link) -> dict[str, object]:
    right = link.right
    return {
        "grant": link.id,
        "holds": link.why or "yes",
        "inForceSince": right.in_force_since,
        "member": right.member or "whoever applies",
        "parent": right.parent,
        "provider": right.provider,
        "rows": link.rows,
        "standing": right.standing,
        "state": link.state,
        "terms": right.terms,
        "uses": link.uses,
    }


def _cell(value: object) -> object:
    return _listed(value) if isinstance(value, Terms) else value


def _listed(terms: Terms) -> str:
    return "; ".join(_parts(terms))


def _parts(terms: Terms) -> Iterator[str]:
    return (f"{name} {value}" for name, value in members_told(terms))
