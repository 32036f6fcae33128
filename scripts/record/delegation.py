"""The commands of `blockpool record` that pass rights on and change them: delegate, amend.

blockpool record delegate GRANT --members audit-office --operations query
blockpool record amend GRANT --not-after 2028-01-31
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer
from msgspec.structs import replace

from ledger.records import Amendment, Delegation
from ledger.records.delegation import AmendmentItem, DelegationItem
from ledger.records.sharing import NarrowingGround
from node.client import Client
from scripts.console_text import USAGE, fail
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.record.chain import allowed
from scripts.record.schemas import check_columns
from scripts.record.sharing import entry_of, right_of
from scripts.record.terms import Row, TableOption, TermsOptions, items_of, terms_of_row
from scripts.short_ids import full_id
from scripts.spelling import build, words
from scripts.submission import ReceiptsOption, in_parts, numbered, print_done, submit
from scripts.zone import Zone, zone_of

Item = TypeVar("Item")

app = typer.Typer()

GrantsArgument = Annotated[list[str] | None, typer.Argument(help="Ids of grants.")]


@app.command("delegate")
@with_options
def delegate(
    grants: GrantsArgument = None,
    *,
    members: Annotated[str, typer.Option(help="Members that receive the right.")] = "",
    table: TableOption = None,
    terms: TermsOptions = TermsOptions(),
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Pass on rights that you have; whoever receives one must accept it.

    Terms that are not given are those of the right and of all above it; it cannot be passed on
    further unless --delegable says so.

    Example: `blockpool record delegate GRANT --members audit-office --operations query`
    """
    with at.open() as (client, writer):
        zone = zone_of(client)
        named = [{"grant": one, "members": members} for one in grants or ()]
        items = _items(named, table, "members", lambda row: _delegation(client, row, terms, zone))
        bodies = [build(Delegation, items=part) for part in in_parts(items)]
        done = submit(writer, numbered("delegation", bodies), receipts)
    created = []
    for receipted, body in zip(done, bodies, strict=True):
        to = [(one.grant, member) for one in body.items for member in one.members]
        created += [
            (f"{receipted.digest}-{n}", f"{grant} to {member}")
            for n, (grant, member) in enumerate(to)
        ]
    print_done(done, created, as_json=as_json)


@app.command("amend")
@with_options
def amend(
    grants: GrantsArgument = None,
    *,
    ground: Annotated[
        str, typer.Option(help=f"Why it is less: {', '.join(get_args(NarrowingGround))}.")
    ] = "",
    today: Annotated[
        bool, typer.Option("--new-columns", help="Go over to the columns the entry has today.")
    ] = False,
    table: TableOption = None,
    terms: TermsOptions = TermsOptions(),
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Renew rights that you gave, or change their terms; they keep their ids.

    Terms that are not given stay as they are.

    Example: `blockpool record amend GRANT --not-after 2028-01-31`
    """
    with at.open() as (client, writer):
        zone = zone_of(client)

        def item(row: Row) -> AmendmentItem:
            return _amendment(client, row, terms, zone, row.get("ground") or ground, today=today)

        items = _items([{"grant": one} for one in grants or ()], table, "ground", item)
        items.sort(key=lambda one: one.grant)
        bodies = [build(Amendment, items=part) for part in in_parts(items)]
        forewarn(client, at.writer_name, bodies, anyway=anyway)
        done = submit(writer, numbered("amendment", bodies), receipts)
    print_done(done, [(one.grant, "amended") for one in items], as_json=as_json)


def _items(
    named: Sequence[Row], table: Path | None, column: str, make: Callable[[Row], Item]
) -> list[Item]:
    """What to say of grants, one or more: beside its terms a row has one further column."""
    items = items_of(named, table, ("grant", column), make)
    if not items:
        fail("which grants?", hint="name them, or give a table with --csv", code=USAGE)
    return items


def _delegation(client: Client, row: Row, options: TermsOptions, zone: Zone) -> DelegationItem:
    grant = full_id(client, "grant", row.get("grant", ""))
    base = replace(allowed(client, grant), delegable=0)
    terms = terms_of_row(row, options.over(base, zone), zone)
    right = right_of(client, grant)
    return build(
        DelegationItem,
        grant=grant,
        members=words(row.get("members", "")),
        terms=check_columns(client, right.dataset, right.schema, terms),
    )


def _amendment(
    client: Client, row: Row, options: TermsOptions, zone: Zone, ground: str, *, today: bool
) -> AmendmentItem:
    grant = full_id(client, "grant", row.get("grant", ""))
    right = right_of(client, grant)
    schema = right.schema
    if today:
        above = right.parent
        schema = (right_of(client, above) if above else entry_of(client, right.dataset)).schema
    terms = terms_of_row(row, options.over(right.terms, zone), zone)
    return build(
        AmendmentItem,
        grant=grant,
        ground=ground or None,
        schema=schema,
        terms=check_columns(client, right.dataset, schema, terms),
    )
