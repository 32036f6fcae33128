"""The command of `blockpool record` for the end of data: dispose."""

from typing import Annotated, Literal

import typer

from ledger.records import Disposal
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.sealed_text import SealOption, document_digest, maybe_sealed
from scripts.short_ids import full_ids
from scripts.spelling import build, typed
from scripts.submission import ReceiptsOption, in_parts, numbered, print_done, submit
from scripts.zone import zone_of

app = typer.Typer()


@app.command("dispose")
@with_options
def dispose(
    grants: Annotated[list[str], typer.Argument(help="Ids of the rights that gave the data.")],
    *,
    disposed_at: Annotated[str, typer.Option(help="Day, or moment, the last copy was gone.")],
    way: Annotated[str, typer.Option(help="deleted or returned.")] = "deleted",
    certificate: Annotated[
        str | None, typer.Option(help="Certificate of deletion: a file, or its digest.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Explanation.")] = None,
    seal_to: SealOption = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """State that what rights gave was deleted, or returned: every copy of it.

    Example: `blockpool record dispose GRANT --disposed-at 2026-11-23 --certificate deleted.pdf`
    """
    with at.open() as (client, writer):
        ids = full_ids(client, "grant", grants)
        told = {
            "certificate": None if certificate is None else document_digest(certificate),
            "disposed_at": zone_of(client).until_now(disposed_at),
            "note": None if note is None else maybe_sealed(note, seal_to),
            "way": typed(way, Literal["deleted", "returned"]),
        }
        bodies = [build(Disposal, grants=part, **told) for part in in_parts(ids)]
        forewarn(client, at.writer_name, bodies, anyway=anyway)
        done = submit(writer, numbered("disposal", bodies), receipts)
    print_done(done, [(one, way) for one in ids], as_json=as_json)
