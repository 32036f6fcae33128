"""`blockpool audit verify-event`: one event of a record of use, proved from files alone."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.envelope import parse_envelope
from ledger.event_proof import parse_event_proof, verify_event
from ledger.receipt import verify_receipt
from ledger.records import Usage, read_record
from ledger.times import from_ms, to_ms
from scripts.console_text import fail, print_fields, print_json, success
from scripts.options import JsonFlag
from scripts.trust import read_policy

app = typer.Typer()


@app.command("verify-event")
def verify_one_event(
    event: Annotated[Path, typer.Argument(metavar="EVENT", help="The proof, a .event file.")],
    policy: Annotated[
        Path,
        typer.Option(
            "--policy",
            envvar="BLOCKPOOL_POLICY",
            help="tlog-policy file: whose signatures make a checkpoint one to believe.",
        ),
    ],
    record: Annotated[
        Path | None, typer.Option(help="The record, as logged; else EVENT with the suffix .leaf.")
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option(help="Its receipt; else EVENT with the suffix .tlog-proof.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Prove from files alone that an event is one that a record in the log reports.

    Example: `blockpool audit verify-event q-000017.event --policy policy`
    """
    leaf = (record or event.with_suffix(".leaf")).read_bytes()
    kept = (receipt or event.with_suffix(".tlog-proof")).read_bytes()
    envelope = parse_envelope(leaf, canonical=False)
    proved = verify_receipt(kept, envelope.encoded, read_policy(policy))
    said = read_record(envelope)
    if not isinstance(said.body, Usage):
        fail(f"the record is no record of use, but of the kind `{said.kind}`")
    proof = parse_event_proof(event.read_bytes())
    shown = verify_event(proof, said.digest, said.body)
    about = {
        "at": from_ms(to_ms(said.body.started_at) + shown.offset_ms),
        "rows": shown.rows,
        "ref": shown.ref,
        "event": f"{proof.index} of {said.body.uses}",
        "writer": said.chain.writer,
        "dataset": f"{said.body.content.dataset}@{said.body.content.version}",
        "grant": said.body.grant,
        "operation": said.body.operation,
        "purpose": said.body.purpose,
        "record": said.digest,
        "index": proved.index,
        "origin": proved.checkpoint.checkpoint.origin,
    }
    if as_json:
        print_json(about)
        return
    success(f"proved: {said.chain.writer} reported this use in leaf {proved.index}")
    print_fields(about.items())
