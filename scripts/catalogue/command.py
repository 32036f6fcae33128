"""`blockpool catalogue`: from tables to a spreadsheet, from the spreadsheet to the ledger."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.values import Ledger
from scripts.answers import read_value
from scripts.catalogue import lineage, listing, publish, showing, upkeep
from scripts.catalogue.scan import is_settable, rows_of
from scripts.catalogue.sheet import CELLS, encode_sheet
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
from scripts.profile import Reading
from scripts.tables import KNOWN, Source, SourceError, left_out, sources_in

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


app.add_typer(listing.app)
app.add_typer(publish.app)
app.add_typer(showing.app)
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
