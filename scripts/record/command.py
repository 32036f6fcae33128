"""`blockpool record`: release, ask, grant, pass on, revoke, report use, and look things up."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.records import KIND_OF_NAME, Body, Release, decode_body
from scripts.console_text import USAGE, counted, fail, info
from scripts.files import write_new
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading, Signing
from scripts.record import (
    account,
    anchor,
    chain,
    delegation,
    delivery,
    disposal,
    effect,
    event,
    listing,
    rights,
)
from scripts.record.release import release_of
from scripts.record.repeats import check_new, warn_of_refs
from scripts.record.showing import place_of, show_record
from scripts.record.use import Content, Manner, read_log, usages
from scripts.signers import load_signer
from scripts.submission import ReceiptsOption, keep_receipts, print_done, submit
from scripts.zone import zone_of

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Release, request, grant, delegate, revoke, report use; list who may, who did; show any. "
    "Of an id the first eight digits are enough, or as many as make it one.",
)


@app.command("publish")
@with_options
def publish(
    dataset: Annotated[str, typer.Argument(help="Id of the dataset.")],
    files: Annotated[list[Path], typer.Argument(help="The files of the new version.")],
    *,
    as_of: Annotated[str | None, typer.Option(help="Moment the contents describe; now.")] = None,
    corrects: Annotated[int | None, typer.Option(help="Version it corrects.")] = None,
    quality: Annotated[
        list[str] | None, typer.Option(help="CHECK=MEASURE:yes or :no; may be repeated.")
    ] = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Release the next version of a dataset; the files stay where they are.

    Example: `blockpool record publish flights data/flights.csv --as-of 2026-11-23`
    """
    with at.open() as (client, writer):
        item, parts = release_of(
            client,
            dataset,
            files,
            as_of=None if as_of is None else zone_of(client).start(as_of),
            corrects=corrects,
            quality=quality or (),
        )
        bodies: list[tuple[str, Body]] = [(f"files from {one.first}", one) for one in parts]
        bodies.append((dataset, Release(items=(item,))))
        forewarn(client, at.writer_name, [body for _, body in bodies], anyway=anyway)
        done = submit(writer, bodies, receipts)
    version = f"{dataset}@{item.version}"
    print_done(
        done, [(version, f"{counted(item.rows, 'row')}, {item.content.sha256}")], as_json=as_json
    )


app.add_typer(rights.app)
app.add_typer(anchor.app)
app.add_typer(delegation.app)
app.add_typer(delivery.app)
app.add_typer(disposal.app)
app.add_typer(effect.app)
app.add_typer(listing.app)
app.add_typer(chain.app)
app.add_typer(account.app)


@app.command("use")
@with_options
def use(
    log: Annotated[Path, typer.Argument(help="CSV or JSON lines: at, rows, ref, …")],
    *,
    grant_id: Annotated[str, typer.Option("--grant", help="The right it was used under.")] = "",
    dataset: Annotated[str | None, typer.Option(help="The data, if there is no grant.")] = None,
    version: Annotated[int | None, typer.Option(help="Version used; the latest.")] = None,
    operation: Annotated[str, typer.Option(help="What was done.")] = "",
    purpose: Annotated[str, typer.Option(help="What for.")] = "",
    fields: Annotated[str, typer.Option(help="Columns used.")] = "",
    system: Annotated[str, typer.Option(help="Information system that used it.")] = "",
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Commit to the events, but keep them yourself.")
    ] = False,
    keep_events: Annotated[
        Path | None, typer.Option(help="With --unlisted: keep them in this folder, salted.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Report them though they are on the ledger already.")
    ] = False,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Report uses from a log; some hundreds make one record.

    What is left out is taken from the grant, where it allows only one. Uses reported before are
    told: they would count twice. What exceeds the grant is not asked about; purposes and columns
    that there are not, and a right of another for whom one acts, are.

    Example: `blockpool record use queries.csv --grant GRANT --fields carrier,dep_delay`
    """
    if keep_events is not None and not unlisted:
        fail("--keep-events goes with --unlisted", code=USAGE)
    manner = Manner(grant_id, operation, purpose, fields, system)
    with at.open() as (client, writer):
        uses = read_log(log, manner, zone_of(client))
        content = Content(dataset, version)
        bodies = list(usages(client, uses, content, listed=not unlisted, keep=keep_events))
        forewarn(client, at.writer_name, bodies, anyway=anyway)
        warn_of_refs(uses)
        check_new(client, at.member, bodies, again=again)
        named: list[tuple[str, Body]] = [(f"uses from {one.started_at}", one) for one in bodies]
        done = submit(writer, named, receipts, "reporting uses")
    created = [
        (receipted.digest, f"{counted(body.uses, 'use')} of {counted(body.rows, 'row')}")
        for receipted, body in zip(done, bodies, strict=True)
    ]
    print_done(done, created, as_json=as_json)


app.add_typer(event.app)


@app.command("submit")
@with_options
def submit_bodies(
    kind: Annotated[str, typer.Argument(help=f"Of {', '.join(sorted(KIND_OF_NAME))}.")],
    file: Annotated[Path, typer.Argument(help="Bodies as JSON, one a line.")],
    *,
    cosign: Annotated[
        list[Path] | None, typer.Option(help="Further key files that sign; may be repeated.")
    ] = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign and submit records of any kind, their bodies as FORMAT.md has them.

    Example: `blockpool record submit release releases.jsonl`
    """
    if kind not in KIND_OF_NAME:
        fail(f"no kind `{kind}`", hint=f"kinds: {', '.join(sorted(KIND_OF_NAME))}", code=USAGE)
    lines = [one for one in file.read_bytes().splitlines() if one.strip()]
    bodies = [decode_body(kind, one) for one in lines]
    cosigners = [load_signer(one, at.passphrase_file) for one in cosign or ()]
    with at.open() as (_, writer):
        if cosigners:
            done = [writer.submit(body, cosigners=cosigners) for body in bodies]
            if receipts is not None:
                keep_receipts(done, receipts)
        else:
            named = [(f"line {number}", body) for number, body in enumerate(bodies, 1)]
            done = submit(writer, named, receipts)
    print_done(done, [(one.digest, kind) for one in done], as_json=as_json)


@app.command("show")
@with_options
def show(
    ref: Annotated[str, typer.Argument(help="Index, or record digest.")],
    *,
    receipt: Annotated[
        Path | None,
        typer.Option(help="Write the receipt here, and the record beside it as .leaf."),
    ] = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Show a record, what it came to and what was found about it.

    The receipt is one under the latest checkpoint: `blockpool audit verify-receipt` proves it.

    Example: `blockpool record show 17 --receipt 17.tlog-proof`
    """
    place = place_of(ref)
    with at.client() as client:
        show_record(client, place, as_json=as_json)
        if receipt is not None:
            leaf = receipt.with_suffix(".leaf")
            write_new(receipt, client.receipt(place))
            write_new(leaf, client.leaf(place))
            info(f"receipt in {receipt}, record in {leaf}")
