"""Whether a file is what a right gives: looked at before its delivery is signed.

The ledger holds digests, no data: it compares what one side says it gave with what the other says
it received. A wrong file shows when it is acknowledged, and then against both. Here it is at hand.
"""

from collections.abc import Iterator
from pathlib import Path

from contracts.values import EntryTerms, GrantedRight, ReleasedVersion
from ledger.records import Delivery, Release, parse_record
from ledger.records.terms import Terms
from ledger.types import Count, DigestHex
from node.client import Client
from scripts.answers import read_value
from scripts.catalogue.plan import entry_body
from scripts.console_text import counted, info
from scripts.forewarning import Doubt
from scripts.record.chain import allowed
from scripts.record.release import read_table
from scripts.record.schemas import column_names
from scripts.tables import FoundTable, SourceError


def doubts_of(
    client: Client, body: Delivery, right: GrantedRight, file: Path | None
) -> Iterator[Doubt]:
    """What speaks against having handed this over under that right."""
    yield from _other_mode(client, body)
    if file is None:
        return
    terms, columns = allowed(client, body.grant), column_names(client, right.schema)
    granted = columns if terms.fields == "all" else terms.fields
    found = _read(file)
    if found is not None:
        yield from _other_columns(found, granted)
        yield from _other_rows(found, body.rows, body.count)
    if set(granted) == set(columns) and not _is_partial(terms):
        yield from _other_bytes(client, body, file)


def rows_doubted(file: Path | None, rows: Count, count: Count) -> Iterator[Doubt]:
    """Whether a file that was received has other rows than are said."""
    found = None if file is None else _read(file)
    if found is not None:
        yield from _other_rows(found, rows, count)


def _other_mode(client: Client, body: Delivery) -> Iterator[Doubt]:
    entry = read_value(client, EntryTerms, f"entry/{body.content.dataset}")
    kind = body.mode if entry is None else entry_body(client, entry.record).mode.kind
    if (kind == "service") != (body.mode == "service"):
        what = f"`{body.content.dataset}` is supplied as a {kind}, not as a {body.mode}"
        yield Doubt(what, f"give --mode {kind}")


def _read(file: Path) -> FoundTable | None:
    """The table in a file; None where it holds none that can be read, which is told."""
    try:
        return read_table(file)
    except SourceError as error:
        info(f"columns and rows are not compared: {error}")
        return None


def _other_columns(found: FoundTable, granted: tuple[str, ...]) -> Iterator[Doubt]:
    names = [column.name for column in found.columns]
    more = [name for name in names if name not in granted]
    missing = [name for name in granted if name not in names]
    if more:
        what = f"{found.location} holds what the right does not grant: {', '.join(more)}"
        yield Doubt(what, f"hand over {', '.join(granted)} alone")
    if missing:
        what = f"{found.location} lacks what the right grants: {', '.join(missing)}"
        yield Doubt(what, "is it the file that you mean?")


def _other_rows(found: FoundTable, rows: Count, count: Count) -> Iterator[Doubt]:
    if count == 1 and found.rows != rows:
        what = f"{found.location} has {counted(found.rows, 'row')}, not {rows:,}"
        yield Doubt(what, f"give --rows {found.rows}")


def _is_partial(terms: Terms) -> bool:
    """Whether a right to all columns gives less than the version as it was released."""
    return bool(terms.rows or terms.masking)


def _other_bytes(client: Client, body: Delivery, file: Path) -> Iterator[Doubt]:
    """A right to everything gives the very bytes that were released, where they are known."""
    released = _digests(client, body)
    if released and body.sha256 not in released:
        name = f"{body.content.dataset}@{body.content.version}"
        what = f"{file} is not what was released as {name}"
        yield Doubt(what, "name the version with --version, or release it first")


def _digests(client: Client, body: Delivery) -> tuple[DigestHex, ...]:
    """The digests of the files of a version; none where it is rows, or the list is elsewhere."""
    content = body.content
    key = f"release/{content.dataset}/{content.version}"
    released = read_value(client, ReleasedVersion, key)
    record = None if released is None else parse_record(client.leaf(released.record)).body
    for item in record.items if isinstance(record, Release) else ():
        if (item.dataset, item.version) != (content.dataset, content.version):
            continue
        if item.content.assurance == "content" and not item.content.manifest:
            files = tuple(one.sha256 for one in item.content.files)
            return files or (item.content.sha256,)
    return ()
