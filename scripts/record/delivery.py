"""The commands of `blockpool record` about data that is handed over: deliver, receive.

blockpool record deliver GRANT flights.csv --rows 336776 --ended-at 2026-11-23T09:00:00+08:00
blockpool record receive DELIVERY flights.csv --rows 336776
"""

from pathlib import Path
from typing import Annotated, get_args

import typer

from ledger.records import Acknowledgement, Delivery
from ledger.records.delivery import DeliveryMode
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.record.handed import doubts_of, rows_doubted
from scripts.record.sharing import right_of
from scripts.record.use import Content, version_used
from scripts.sealed_text import document_digest
from scripts.short_ids import full_id
from scripts.spelling import SpellingError, build, count, typed
from scripts.submission import ReceiptsOption, print_done, submit
from scripts.zone import zone_of

app = typer.Typer()

FileArgument = Annotated[
    Path | None, typer.Argument(help="The file; left out for the answers of a service.")
]
RowsOption = Annotated[str, typer.Option(help="How many rows, in total.")]
CountOption = Annotated[str, typer.Option("--count", help="How often: files, or answers.")]


@app.command("deliver")
@with_options
def deliver(
    grant: Annotated[str, typer.Argument(help="Id of the right it was handed over under.")],
    file: FileArgument = None,
    *,
    rows: RowsOption,
    ended_at: Annotated[str, typer.Option(help="When; of a service, its last day.")],
    started_at: Annotated[str | None, typer.Option(help="First day of the period.")] = None,
    times: CountOption = "1",
    mode: Annotated[str, typer.Option(help=f"Of {', '.join(get_args(DeliveryMode))}.")] = "file",
    version: Annotated[int | None, typer.Option(help="Version handed over; the latest.")] = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """State what was handed over under a right: a file, or a period of a service.

    A file that is not what the right gives is asked about, before anything is signed.

    State a service month by month: where the ledger asks, months are compared with reported uses.

    Example: `blockpool record deliver GRANT flights.csv --rows 336776
    --ended-at 2026-11-23T09:00:00+08:00`
    """
    with at.open() as (client, writer):
        grant = full_id(client, "grant", grant)
        right = right_of(client, grant)
        zone = zone_of(client)
        ended = zone.until_now(ended_at)
        body = build(
            Delivery,
            content=version_used(client, Content(None, version), right),
            count=count(times),
            ended_at=ended,
            grant=grant,
            mode=typed(mode, DeliveryMode),
            rows=count(rows),
            sha256=_digest(file),
            started_at=ended if started_at is None else zone.start(started_at),
        )
        doubts = doubts_of(client, body, right, file)
        forewarn(client, at.writer_name, [body], anyway=anyway, doubts=doubts)
        (done,) = submit(writer, [(grant, body)], receipts)
    name = f"{body.content.dataset}@{body.content.version} to {right.member}"
    print_done([done], [(done.digest, name)], as_json=as_json)


@app.command("receive")
@with_options
def receive(
    delivery: Annotated[str, typer.Argument(help="Digest of the record of the delivery.")],
    file: FileArgument = None,
    *,
    rows: RowsOption,
    times: CountOption = "1",
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Acknowledge what was received of a delivery; zeros say that nothing came.

    Example: `blockpool record receive DELIVERY flights.csv --rows 336776`
    """
    with at.open() as (client, writer):
        delivery = full_id(client, "delivery", delivery)
        body = build(
            Acknowledgement,
            count=count(times),
            delivery=delivery,
            rows=count(rows),
            sha256=_digest(file),
        )
        doubts = rows_doubted(file, body.rows, body.count)
        forewarn(client, at.writer_name, [body], anyway=anyway, doubts=doubts)
        (done,) = submit(writer, [(delivery, body)], receipts)
    print_done([done], [(delivery, "acknowledged")], as_json=as_json)


def _digest(file: Path | None) -> str | None:
    if file is None:
        return None
    if not file.is_file():
        raise SpellingError(f"no file `{file}`", "file")
    return document_digest(str(file))
