"""The commands of `blockpool catalogue` that keep it up: systems, ends, sources, confirmations."""

from collections import Counter
from typing import Annotated, Literal

import typer

from contracts.values import InformationSystem
from ledger.records import Attestation, Body, Lifecycle, SourceDesignation, System, parse_record
from ledger.records.genesis import Names
from ledger.records.upkeep import ATTESTED_MAX, AttestedEntry
from ledger.types import MemberId
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import USAGE, fail, print_json, print_table
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading, Signing
from scripts.record.listing import AsAtOption, as_at_of
from scripts.record.sharing import entry_of
from scripts.sealed_text import document_digest
from scripts.spelling import SpellingError, build, typed, words
from scripts.submission import ReceiptsOption, print_done, submit

app = typer.Typer()

DatasetArgument = Annotated[str, typer.Argument(help="Id of the dataset.")]
NoteOption = Annotated[str | None, typer.Option(help="Why, or where it is kept.")]


@app.command("system")
@with_options
def system(
    name: Annotated[str, typer.Argument(metavar="SYSTEM", help="Its id among one's systems.")],
    *,
    title: Annotated[str | None, typer.Option(help="What it is called, in English.")] = None,
    title_zh: Annotated[str | None, typer.Option(help="What it is called, in Chinese.")] = None,
    status: Annotated[str, typer.Option(help="planned, running or retired.")] = "running",
    operator: Annotated[str | None, typer.Option(help="The member that runs it.")] = None,
    summary: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Register an information system, or say what becomes of it; it keeps its names.

    Example: `blockpool catalogue system traffic-db --title "Traffic database" --status running`
    """
    with at.open() as (client, writer):
        is_named = title is not None or title_zh is not None
        body = build(
            System,
            names=Names(en=title, zh=title_zh) if is_named else _names(client, at.member, name),
            operator=operator,
            status=typed(status, Literal["planned", "retired", "running"]),
            summary=summary,
            system=name,
        )
        done = submit(writer, [(name, body)], receipts)
    print_done(done, [(name, status)], as_json=as_json)


def _names(client: Client, owner: MemberId, name: str) -> Names:
    """What a registered system is called. Raises `SpellingError` where there is none yet."""
    known = read_value(client, InformationSystem, f"system/{owner}/{name}")
    body = None if known is None else parse_record(client.leaf(known.record)).body
    if not isinstance(body, System):
        raise SpellingError("what is a new system called? give --title or --title-zh", "title")
    return body.names


@app.command("systems")
@with_options
def systems(
    owner: Annotated[str | None, typer.Option(help="Of this member alone.")] = None,
    *,
    unlinked: Annotated[
        bool,
        typer.Option(
            "--unlinked", help="Those that no entry in force names, or that nobody registered."
        ),
    ] = False,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List information systems, and how many entries in force name each.

    One that entries name and nobody has registered is listed below them.

    Example: `blockpool catalogue systems --unlinked`
    """
    with at.client() as client:
        when = as_at_of(client, as_at)
        found = list(client.items("/v1/systems", owner=owner, at=when))
        entries = list(client.items("/v1/datasets", provider=owner, at=when))
    linked = Counter(f"{one['provider']}/{one['system']}" for one in entries)
    told = [
        {"system": name, "status": one["status"], "operator": one["operator"], "entries": count}
        for one in found
        if (count := linked[name := str(one["id"])]) == 0 or not unlinked
    ]
    known = {str(one["id"]) for one in found}
    told += [
        {"system": name, "status": "not registered", "operator": None, "entries": linked[name]}
        for name in sorted(linked.keys() - known)
    ]
    if as_json:
        print_json(told)
        return
    print_table(("system", "status", "operator", "entries"), [tuple(one.values()) for one in told])


@app.command("archive")
@with_options
def archive(
    dataset: DatasetArgument,
    *,
    note: NoteOption = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Archive a dataset: nothing more is released, asked for or granted.

    Rights that were given last until they end.

    Example: `blockpool catalogue archive flights-2013 --note "city archive, shelf 7"`
    """
    body = build(Lifecycle, dataset=dataset, note=note, status="archived")
    with at.open() as (_, writer):
        done = submit(writer, [(dataset, body)], receipts)
    print_done(done, [(dataset, "archived")], as_json=as_json)


@app.command("destroy")
@with_options
def destroy(
    dataset: DatasetArgument,
    *,
    certificate: Annotated[str, typer.Option(help="Certificate of destruction, or its digest.")],
    note: NoteOption = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """State that a dataset was destroyed; whoever uses it from then on is found.

    Example: `blockpool catalogue destroy flights-2013 --certificate certificate.pdf`
    """
    digest = document_digest(certificate)
    body = build(Lifecycle, certificate=digest, dataset=dataset, note=note, status="destroyed")
    with at.open() as (_, writer):
        done = submit(writer, [(dataset, body)], receipts)
    print_done(done, [(dataset, "destroyed")], as_json=as_json)


@app.command("designate")
@with_options
def designate(
    dataset: DatasetArgument,
    *,
    items: Annotated[str, typer.Option(help="Data items: columns of the dataset.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take it back.")] = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """As the steward, make a dataset the one source of data items.

    Example: `blockpool catalogue designate residents --items identity_number,name`
    """
    with at.open() as (client, writer):
        body = build(
            SourceDesignation,
            dataset=dataset,
            entry=entry_of(client, dataset).record,
            items=tuple(sorted(set(words(items)))),
            withdrawn=withdraw,
        )
        done = submit(writer, [(dataset, body)], receipts)
    what = "no longer the source" if withdraw else "the source"
    print_done(done, [(item, f"{dataset} is {what}") for item in body.items], as_json=as_json)


@app.command("attest")
@with_options
def attest(
    datasets: Annotated[list[str] | None, typer.Argument(help="Ids of datasets.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All entries that one provides.")] = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Confirm that catalogue entries are still right: those named, or all.

    Example: `blockpool catalogue attest --all`
    """
    named = sorted(set(datasets or ()))
    if bool(named) == every:
        fail("which entries?", hint="name datasets, or give --all", code=USAGE)
    with at.open() as (client, writer):
        listed = [
            build(AttestedEntry, dataset=one, entry=entry_of(client, one).record) for one in named
        ]
        parts = [listed[at_ : at_ + ATTESTED_MAX] for at_ in range(0, len(listed), ATTESTED_MAX)]
        bodies: list[tuple[str, Body]] = [
            (part[0].dataset, build(Attestation, entries=tuple(part))) for part in parts
        ]
        done = submit(writer, bodies or [("all", Attestation(entries="all"))], receipts)
    print_done(done, [(one, "confirmed") for one in named or ["all entries"]], as_json=as_json)
