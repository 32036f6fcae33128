"""The command of `blockpool record` for what data was good for: effect."""

from typing import Annotated

import typer

from ledger.records import EffectReport
from ledger.records.use import Effect
from scripts.forewarning import AnywayFlag, forewarn
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.sealed_text import SealOption, document_digest, maybe_sealed
from scripts.short_ids import full_id
from scripts.spelling import build, pairs
from scripts.submission import ReceiptsOption, print_done, submit
from scripts.zone import zone_of

app = typer.Typer()


@app.command("effect")
@with_options
def effect(
    grant: Annotated[str, typer.Argument(help="Id of the right that gave the data.")],
    *,
    text: Annotated[str, typer.Option(help="What was achieved with it.")],
    started_at: Annotated[str, typer.Option(help="First day of the period, or its start.")],
    ended_at: Annotated[str, typer.Option(help="Last day of the period, or its end.")],
    figures: Annotated[str, typer.Option(help="Figures, as NAME=MEASURE, NAME=MEASURE.")] = "",
    evidence: Annotated[
        list[str] | None, typer.Option(help="A file, or its digest; may be repeated.")
    ] = None,
    seal_to: SealOption = None,
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Report what was achieved with the data of a right.

    Example: `blockpool record effect GRANT --started-at 2026-01-01 --ended-at 2026-06-30
    --text "no extracts on paper any more" --figures "visits saved=12000, days saved=3"`
    """
    with at.open() as (client, writer):
        zone, grant = zone_of(client), full_id(client, "grant", grant)
        body = build(
            EffectReport,
            effects=tuple(build(Effect, name=name, measure=told) for name, told in pairs(figures)),
            ended_at=zone.until_now(ended_at),
            evidence=tuple(sorted({document_digest(one) for one in evidence or ()})),
            grant=grant,
            started_at=zone.start(started_at),
            text=maybe_sealed(text, seal_to),
        )
        forewarn(client, at.writer_name, [body], anyway=anyway)
        (done,) = submit(writer, [(grant, body)], receipts)
    print_done([done], [(grant, "its effect is reported")], as_json=as_json)
