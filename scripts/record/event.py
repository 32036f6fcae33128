"""Single events of use: kept by their writer, proved one at a time.

    blockpool record use queries.csv --grant GRANT --unlisted --keep-events events
    blockpool record prove-event RECORD --ref q-000017 --events events --out q-000017

The first command keeps what it commits to, `events/<eventsRoot>.events`, one event a line. The
second writes three files for `blockpool audit verify-event`: the proof (`.event`), the record
(`.leaf`) and its receipt (`.tlog-proof`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec.json import Decoder

from ledger.canonical import encode, parse
from ledger.errors import FormatError
from ledger.event_proof import encode_event_proof, events_root, prove_event
from ledger.records import Usage, parse_record
from ledger.records.use import Event
from scripts.console_text import fail, info, print_json, success
from scripts.files import write_new
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading
from scripts.record.showing import place_of
from scripts.spelling import SpellingError

app = typer.Typer()

_DECODER: Final = Decoder(Event)


def keep_events(events: Sequence[Event], folder: Path) -> None:
    """Keep the events of one record, for their owner alone."""
    lines = b"".join(encode(event) + b"\n" for event in events)
    write_new(folder / f"{events_root(events)}.events", lines, private=True)


@app.command("prove-event")
@with_options
def prove(
    record: Annotated[str, typer.Argument(help="Digest or index of the record of use.")],
    *,
    number: Annotated[int | None, typer.Option(help="Which event, counting from 0.")] = None,
    ref: Annotated[str | None, typer.Option(help="The event with this ref.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Folder in which the events were kept.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Name of the files, without suffix.")],
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """Prove one event of a record of use, without showing the others.

    Events that the record lists are taken from there, others from where they were kept.

    Example: `blockpool record prove-event 17 --ref q-000017 --events events --out q-000017`
    """
    place = place_of(record)
    with at.client() as client:
        leaf, receipt = client.leaf(place), client.receipt(place)
    said = parse_record(leaf)
    if not isinstance(said.body, Usage):
        fail(f"{record} is no record of use, but of the kind `{said.kind}`")
    known = said.body.events or _kept(said.body, events)
    index = _place(known, number, ref)
    files = [out.with_name(f"{out.name}{suffix}") for suffix in (".event", ".leaf", ".tlog-proof")]
    proof = encode_event_proof(prove_event(known, index, said.digest))
    for file, data in zip(files, (proof, leaf, receipt), strict=True):
        write_new(file, data)
    if as_json:
        print_json({"files": [str(file) for file in files], "number": index})
        return
    success(f"event {index} of {len(known)} in {files[0]}, its record and receipt beside it")
    info(f"check it: blockpool audit verify-event {files[0]} --policy POLICY")


def _kept(body: Usage, folder: Path | None) -> tuple[Event, ...]:
    """The events of a record as its writer kept them."""
    if folder is None:
        fail("the record lists no events", hint="--events FOLDER, as given to --keep-events")
    file = folder / f"{body.events_root}.events"
    if not file.is_file():
        fail(f"{folder} does not hold the events of this record", hint=f"it would be {file}")
    try:
        events = tuple(parse(line, _DECODER) for line in file.read_bytes().splitlines())
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error
    if events_root(events) != body.events_root:
        fail(f"{file} is not what the record commits to", hint="has it been changed?")
    return events


def _place(events: Sequence[Event], number: int | None, ref: str | None) -> int:
    if (number is None) == (ref is None):
        raise SpellingError("which event? give --number or --ref, one of them", "number")
    if number is not None:
        if not 0 <= number < len(events):
            raise SpellingError(f"there are {len(events)} events, counted from 0", "number")
        return number
    found = [at for at, event in enumerate(events) if event.ref == ref]
    if len(found) != 1:
        raise SpellingError(f"{len(found)} events have the ref `{ref}`; give --number", "ref")
    return found[0]
