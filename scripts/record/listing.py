"""The commands of `blockpool record` that answer who may use what, who was given it, and who did.

Lists are views: the node is believed for them. What a list says of a record is proved by that
record's receipt (`blockpool record show`), and all of it by an audit of the log.
"""

from collections.abc import Sequence
from typing import Annotated, Final, get_args

import typer
from msgspec import convert

from contracts.sharing.chains import StateName
from ledger.records.terms import Terms
from node.client import Client
from node.client.answers import JsonObject
from scripts.console_text import print_json, print_table
from scripts.explain.language import Language
from scripts.explain.languages import LanguageOption, listing_in
from scripts.explain.sources import NodeSource
from scripts.explain.telling import terms_told
from scripts.hands import listed
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.short_ids import full_id
from scripts.spelling import SpellingError
from scripts.zone import zone_of

app = typer.Typer()

STATES: Final = get_args(StateName)
DatasetOption = Annotated[str | None, typer.Option(help="Only of this dataset.")]
ConsumerOption = Annotated[str | None, typer.Option(help="Only of this member that uses.")]
AsAtOption = Annotated[
    str | None,
    typer.Option(
        "--as-at",
        "--at",
        help="As at the end of a day, such as 2027-01-31, a time, or a size of the log.",
    ),
]


@app.command("grants")
@with_options
def grants(
    *,
    dataset: DatasetOption = None,
    consumer: ConsumerOption = None,
    provider: Annotated[str | None, typer.Option(help="Only of this member's data.")] = None,
    parent: Annotated[str | None, typer.Option(help="Only passed on from this grant.")] = None,
    state: Annotated[
        str | None, typer.Option(help=f"Only where a use would find it: {', '.join(STATES)}.")
    ] = None,
    as_at: AsAtOption = None,
    lang: LanguageOption = "en",
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List who may use which data, since when, on what terms, and whether the right holds.

    Of a consumer, or else a provider, with the rights of those it acts for since a merger or split.
    The state is that which a use would be judged by: a right has `fallen` if one above it holds no
    more; why, `blockpool record chain GRANT` says.

    Example: `blockpool record grants --dataset flights --state in-force`
    """
    if state is not None and state not in STATES:
        raise SpellingError(f"`{state}` is none of {', '.join(STATES)}", "state")
    with at.client() as client:
        filters = {"dataset": dataset, "parent": _grant(client, parent), "state": state}
        filters["at"] = as_at_of(client, as_at)
        whose = {"consumer": consumer, "provider": provider}
        rows = listed(client, "/v1/grants", whose, filters)
        language = listing_in(lang, NodeSource(client, at.node))
        told = [] if as_json else [_of_grant(row, language) for row in rows]
    if as_json:
        print_json(rows)
        return
    names = ("grant", "dataset", "consumer", "state", "in force since", "ended", "terms")
    print_table(language.titles(*names), told)


@app.command("uses")
@with_options
def uses(
    *,
    dataset: DatasetOption = None,
    consumer: ConsumerOption = None,
    grant: Annotated[str | None, typer.Option(help="Only under this grant.")] = None,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List who used which data, when, and how many findings there were.

    Example: `blockpool record uses --dataset flights --consumer audit-office`
    """
    with at.client() as client:
        filters = {"dataset": dataset, "grant": _grant(client, grant)}
        filters["at"] = as_at_of(client, as_at)
        rows = listed(client, "/v1/usage", {"consumer": consumer}, filters)
    if as_json:
        print_json(rows)
        return
    shown = ("index", "dataset", "consumer", "purpose", "operation", "uses", "rows", "findings")
    told = ((row.get("startedAt"), *_cells(row, shown)) for row in rows)
    print_table(("from", *shown), told)


@app.command("deliveries")
@with_options
def deliveries(
    *,
    provider: Annotated[str | None, typer.Option(help="Only by this member.")] = None,
    consumer: Annotated[str | None, typer.Option(help="Only to this member.")] = None,
    grant: Annotated[str | None, typer.Option(help="Only under this grant.")] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only what the consumer has not acknowledged.")
    ] = False,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List what was handed over under which right, and whether its consumer says so, too.

    Example: `blockpool record deliveries --consumer health --open`
    """
    with at.client() as client:
        filters = {"grant": _grant(client, grant), "at": as_at_of(client, as_at)}
        filters["acknowledged"] = "no" if open_only else None
        whose = {"consumer": consumer, "provider": provider}
        rows = listed(client, "/v1/deliveries", whose, filters)
    if as_json:
        print_json(rows)
        return
    shown = ("provider", "consumer", "count", "rows", "acknowledged", "grant", "id")
    names = ("by", "to", "count", "rows", "acknowledged in", "grant", "delivery")
    print_table(names, (_cells(row, shown) for row in rows))


def as_at_of(client: Client, text: str | None) -> str | None:
    """A size as it is, a moment in the ledger's form. Raises `SpellingError` if it is to come."""
    if text is None or text.isdecimal():
        return text
    return zone_of(client).past(text, lambda: client.ledger().block_time)


def _grant(client: Client, text: str | None) -> str | None:
    return None if text is None else full_id(client, "grant", text)


def _cells(row: JsonObject, names: Sequence[str]) -> tuple[object, ...]:
    return tuple(row.get(name) for name in names)


def _of_grant(row: JsonObject, language: Language) -> tuple[object, ...]:
    consumer = row.get("member")
    return (
        *_cells(row, ("id", "dataset")),
        None if consumer is None else language.name_of(str(consumer)),
        language.typed(language.states, str(row["state"])),
        *_cells(row, ("inForceSince", "endedAt")),
        terms_told(convert(row["terms"], Terms), language),
    )
