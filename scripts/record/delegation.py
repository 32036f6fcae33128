"""The commands of `blockpool record` that pass rights on and change them: delegate, amend.

blockpool record delegate GRANT --members audit-office --operations query
blockpool record amend GRANT --not-after 2028-01-31
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from msgspec.structs import replace

from contracts.values import GrantedRight
from ledger.records import Amendment, Delegation
from ledger.records.delegation import AmendmentItem, DelegationItem
from ledger.records.sharing import NarrowingGround
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import USAGE, fail
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.record.chain import allowed
from scripts.record.sharing import entry_of, in_line
from scripts.record.terms import TermsOptions, read_table, terms_of_row
from scripts.spelling import SpellingError, build, words
from scripts.submission import ReceiptsOption, print_done, submit
from scripts.zone import Zone, zone_of

app = typer.Typer()

_FIRST_LINE: Final = 2
GrantsArgument = Annotated[list[str] | None, typer.Argument(help="Ids of grants.")]
TableOption = Annotated[
    Path | None, typer.Option("--csv", help="Table with one grant a row; columns as the options.")
]


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
        rows = _rows(grants or (), {"members": members}, table, ("grant", "members"))
        items = []
        zone = zone_of(client)
        for number, row in rows:
            try:
                items.append(_delegation(client, row, terms, zone))
            except SpellingError as error:
                raise in_line(number, error) from error
        body = build(Delegation, items=tuple(items))
        (done,) = submit(writer, [("delegation", body)], receipts)
    to = [(one.grant, member) for one in items for member in one.members]
    created = [
        (f"{done.digest}-{n}", f"{grant} to {member}") for n, (grant, member) in enumerate(to)
    ]
    print_done([done], created, as_json=as_json)


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
        rows = _rows(grants or (), {"ground": ground}, table, ("grant", "ground"))
        items = []
        zone = zone_of(client)
        for number, row in rows:
            try:
                items.append(
                    _amendment(client, row, terms, zone, row.get("ground") or ground, today=today)
                )
            except SpellingError as error:
                raise in_line(number, error) from error
        body = build(Amendment, items=tuple(sorted(items, key=lambda one: one.grant)))
        forewarn(client, [body], anyway=anyway)
        (done,) = submit(writer, [("amendment", body)], receipts)
    print_done([done], [(one.grant, "amended") for one in body.items], as_json=as_json)


def _rows(
    grants: Sequence[str], told: Mapping[str, str], table: Path | None, known: Sequence[str]
) -> list[tuple[int, Mapping[str, str]]]:
    """What is to be done, each with its line in the table."""
    rows: list[Mapping[str, str]] = [{"grant": one, **told} for one in grants]
    rows += [] if table is None else read_table(table, known)
    if not rows:
        fail("which grants?", hint="name them, or give a table with --csv", code=USAGE)
    return list(enumerate(rows, _FIRST_LINE - len(grants)))


def _delegation(
    client: Client, row: Mapping[str, str], options: TermsOptions, zone: Zone
) -> DelegationItem:
    grant = row.get("grant", "")
    base = replace(allowed(client, grant), delegable=0)
    return build(
        DelegationItem,
        grant=grant,
        members=words(row.get("members", "")),
        terms=terms_of_row(row, options.over(base, zone), zone),
    )


def _amendment(
    client: Client,
    row: Mapping[str, str],
    options: TermsOptions,
    zone: Zone,
    ground: str,
    *,
    today: bool,
) -> AmendmentItem:
    grant = row.get("grant", "")
    right = _right(client, grant)
    schema = right.schema
    if today:
        above = right.parent
        schema = (_right(client, above) if above else entry_of(client, right.dataset)).schema
    return build(
        AmendmentItem,
        grant=grant,
        ground=ground or None,
        schema=schema,
        terms=terms_of_row(row, options.over(right.terms, zone), zone),
    )


def _right(client: Client, grant: str) -> GrantedRight:
    right = read_value(client, GrantedRight, f"grant/{grant}") if grant else None
    if right is None:
        raise SpellingError(f"no grant `{grant}`", "grant")
    return right
