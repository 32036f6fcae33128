"""`blockpool catalogue`: from tables to a spreadsheet, from the spreadsheet to the ledger."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.values import Ledger
from scripts.answers import read_value
from scripts.catalogue import lineage, showing, upkeep
from scripts.catalogue.entries import read_datasets
from scripts.catalogue.plan import Standing, entry_body, ledger_problems
from scripts.catalogue.publish import check_contents, publish_all, read_standings
from scripts.catalogue.scan import is_settable, rows_of
from scripts.catalogue.sheet import CELLS, SheetProblem, encode_sheet, read_sheet
from scripts.console_text import (
    FAILED,
    USAGE,
    counted,
    fail,
    info,
    print_json,
    print_table,
    progress,
    success,
    warn,
)
from scripts.files import write_new
from scripts.options import JsonFlag, with_options
from scripts.profile import Reading, Signing
from scripts.record.listing import AsAtOption, as_at_of
from scripts.tables import KNOWN, Source, SourceError, left_out, sources_in
from scripts.zone import zone_of

_NAMED_MAX: Final = 5

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Profile tables into a spreadsheet, publish and release in bulk, keep it all up.",
)


@app.command("scan")
def scan(
    where: Annotated[str, typer.Argument(help="A file, a folder, or the URL of a database.")],
    out: Annotated[Path, typer.Option(help="The spreadsheet to write.")],
    prefix: Annotated[str, typer.Option(help="Begins every dataset id.")] = "",
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Fill a cell for all tables alike."),
    ] = None,
    excel: Annotated[
        bool, typer.Option("--excel", help="Begin with a byte-order mark, for Excel.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Profile tables into a spreadsheet to be completed by hand.

    Example: `blockpool catalogue scan data --out catalogue.csv --prefix transport-
    --set system=traffic-db --set category=traffic --set frequency=daily`
    """
    cells = _given(given or [])
    sources = sources_in(where)
    rows: list[dict[str, str]] = []
    with progress("reading tables", len(sources)) as advance:
        for source in sources:
            rows += _scan_one(source, rows, out.parent, cells, prefix)
            advance()
    tables = [row for row in rows if row["row"] == "table"]
    write_new(out, encode_sheet(rows, for_excel=excel))
    unread = len(sources) - len(tables)
    if as_json:
        print_json({"datasets": [row["dataset"] for row in tables], "unread": unread})
    else:
        columns_told = counted(len(rows) - len(tables), "column")
        success(f"{counted(len(tables), 'table')} with {columns_told} in {out}")
        _say_what_was_left_out(where)
        info(
            "fill in the empty cells (blockpool catalogue columns says what each takes), "
            "or scan with --set NAME=VALUE for what is alike"
        )
    if unread:
        fail(f"{unread} of {len(sources)} tables could not be read", code=FAILED)


@app.command("columns")
def columns(as_json: JsonFlag = False) -> None:
    """Explain the columns of the spreadsheet.

    Example: `blockpool catalogue columns`
    """
    if as_json:
        print_json(CELLS)
        return
    told = (
        (cell.name, " and ".join(cell.rows), "yes" if cell.needed else "", cell.help)
        for cell in CELLS
    )
    print_table(("column", "rows", "needed", "takes"), told)


@app.command("purposes")
@with_options
def purposes(at: Reading = Reading(), as_json: JsonFlag = False) -> None:
    """List the purpose codes adopted on the ledger.

    Example: `blockpool catalogue purposes`
    """
    with at.client() as client:
        ledger = read_value(client, Ledger, "ledger")
    codes = () if ledger is None else ledger.purposes
    if as_json:
        print_json(codes)
        return
    for code in codes:
        success(code)


@app.command("list")
@with_options
def list_datasets(
    *,
    text: Annotated[
        str | None, typer.Option(help="Only with all these words in id, code, title or summary.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only of this catalogue code.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only of this member.")] = None,
    sharing: Annotated[
        str | None, typer.Option(help="Only unconditional, conditional or withheld.")
    ] = None,
    as_at: AsAtOption = None,
    at: Reading = Reading(),
    as_json: JsonFlag = False,
) -> None:
    """List, or search, the datasets whose entries are in force.

    Example: `blockpool catalogue list --text "weather hourly"`
    """
    filters = {"text": text, "code": code, "provider": provider, "sharing": sharing}
    with at.client() as client:
        rows = list(client.items("/v1/datasets", at=as_at_of(client, as_at), **filters))
        entries = [entry_body(client, str(row["record"])) for row in rows]
    if as_json:
        print_json(entries)
        return
    told = (
        (entry.dataset, row["provider"], entry.title, entry.sharing, entry.frequency)
        for entry, row in zip(entries, rows, strict=True)
    )
    print_table(("dataset", "provider", "title", "sharing", "frequency"), told)


app.add_typer(showing.app)


@app.command("publish")
@with_options
def publish(
    sheet: Annotated[Path, typer.Argument(help="The completed spreadsheet.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, submit nothing.")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Release the contents of entries in force, too.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the steward has reviewed all entries.")
    ] = False,
    at: Signing = Signing(),
    as_json: JsonFlag = False,
) -> None:
    """Publish all tables of a spreadsheet; run it again to go on, what is there is skipped.

    Example: `blockpool catalogue publish catalogue.csv --release`
    """
    rows = read_sheet(sheet)
    with at.reading.client() as client:
        planned, problems = read_datasets(rows, sheet.parent, zone_of(client))
        _refuse(sheet, problems, as_json=as_json)
        problems = list(ledger_problems(client, planned, at.member))
        problems += check_contents(planned) if release else ()
        _refuse(sheet, problems, as_json=as_json)
        standings = read_standings(client, planned)
    if not dry_run:
        with at.open() as (client, writer):
            standings = publish_all(client, writer, standings, wait=wait, release=release)
    _print_standings(standings, as_json=as_json)
    if not as_json:
        _say_what_next(standings, dry_run=dry_run, release=release)


app.add_typer(lineage.app)
app.add_typer(upkeep.app)


def _given(pairs: Sequence[str]) -> dict[str, str]:
    cells = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not is_settable(name):
            hint = "names as in: blockpool catalogue columns"
            fail(f"--set {pair}: not NAME=VALUE with a cell of tables", hint, USAGE)
        cells[name] = value
    return cells


def _scan_one(
    source: Source,
    rows: Sequence[dict[str, str]],
    folder: Path,
    cells: dict[str, str],
    prefix: str,
) -> list[dict[str, str]]:
    try:
        found = source.read()
    except (SourceError, OSError) as error:
        warn(str(error))
        return []
    taken = [row["dataset"] for row in rows if row["row"] == "table"]
    return rows_of(found, folder, cells, prefix, taken)


def _say_what_was_left_out(where: str) -> None:
    others = left_out(where)
    if others:
        some = ", ".join(str(one) for one in others[:_NAMED_MAX])
        more = f" and {len(others) - _NAMED_MAX} more" if len(others) > _NAMED_MAX else ""
        warn(f"left out: {some}{more}", f"known kinds of files: {', '.join(KNOWN)}")


def _refuse(sheet: Path, problems: Sequence[SheetProblem], *, as_json: bool) -> None:
    """End the command with all that is wrong, if anything is."""
    if not problems:
        return
    if as_json:
        print_json({"problems": problems})
    else:
        told = ((one.line, one.column, one.message) for one in problems)
        print_table(("line", "column", "problem"), told)
    fail(
        f"{sheet} has {counted(len(problems), 'problem')}; nothing was submitted",
        hint="what each column takes: blockpool catalogue columns",
    )


def _print_standings(standings: Sequence[Standing], *, as_json: bool) -> None:
    names = ("dataset", "columns", "entry", "releases", "contents")
    rows = [
        (
            one.dataset,
            len(one.planned.columns),
            one.state,
            one.releases,
            "released" if one.is_released else "not released",
        )
        for one in standings
    ]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)


def _say_what_next(standings: Sequence[Standing], *, dry_run: bool, release: bool) -> None:
    unsaid = sum(one.state in ("new", "changed") for one in standings)
    waiting = sum(one.state == "awaiting review" for one in standings)
    ready = sum(one.is_to_be_released for one in standings)
    if dry_run:
        info(f"nothing is wrong; {unsaid} entries would be submitted")
    elif unsaid:
        warn(f"{unsaid} entries were returned by the steward", "see: blockpool case list")
    if waiting:
        info(f"{waiting} entries await the steward: blockpool case step approve --pending")
    if ready and not release:
        info(f"{ready} can be released: publish again with --release")
