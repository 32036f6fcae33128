"""`blockpool catalogue publish`: a whole sheet, its entries, the steward's review, releases."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from node.client import Client, Writer
from scripts.catalogue.checks import check_contents, ledger_problems, rehearse_entries
from scripts.catalogue.entries import Planned, read_datasets
from scripts.catalogue.plan import (
    Standing,
    bodies_for,
    read_standing,
    releases_of,
)
from scripts.catalogue.sheet import SheetProblem, read_sheet
from scripts.console_text import counted, fail, info, print_json, print_table, progress, warn
from scripts.forewarning import AnywayFlag, Doubt, forewarn, tell
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.submission import submit
from scripts.zone import zone_of

app = typer.Typer()

_POLL_S: Final = 2.0


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
    anyway: AnywayFlag = False,
    at: Signing = Signing(),
    as_json: JsonFlag = False,
) -> None:
    """Publish all tables of a spreadsheet; run it again to go on, what is there is skipped.

    Example: `blockpool catalogue publish catalogue.csv --release`
    """
    standings, doubts = _checked(sheet, at, release=release, as_json=as_json)
    if dry_run:
        tell(doubts)
    else:
        with at.open() as (client, writer):
            forewarn(client, writer.name, (), anyway=anyway, doubts=doubts)
            standings = publish_all(client, writer, standings, wait=wait, release=release)
    _print_standings(standings, as_json=as_json)
    if not as_json:
        _say_what_next(standings, dry_run=dry_run, release=release)


def _checked(
    sheet: Path, at: Signing, *, release: bool, as_json: bool
) -> tuple[list[Standing], list[Doubt]]:
    """Where every dataset of a sheet stands, and what would be found against its provider.

    Ends the command with all that is wrong, if anything is.
    """
    rows = read_sheet(sheet)
    with at.reading.client() as client:
        planned, problems = read_datasets(rows, sheet.parent, zone_of(client))
        problems += ledger_problems(client, rows, at.member)
        problems += check_contents(planned) if release else ()
        wrong = {one.line for one in problems}
        standings = read_standings(client, [one for one in planned if one.line not in wrong])
        found = list(rehearse_entries(client, at.writer_name, standings))
    problems += (one for one in found if isinstance(one, SheetProblem))
    _refuse(sheet, problems, as_json=as_json)
    return standings, [one for one in found if isinstance(one, Doubt)]


def read_standings(client: Client, planned: Sequence[Planned]) -> list[Standing]:
    """Where every dataset stands."""
    standings = []
    with progress("comparing with the ledger", len(planned)) as advance:
        for one in planned:
            standings.append(read_standing(client, one))
            advance()
    return standings


def publish_all(
    client: Client, writer: Writer, standings: list[Standing], *, wait: bool, release: bool
) -> list[Standing]:
    """Submit what is to be said; returns where everything stands then."""
    planned = [one.planned for one in standings]
    bodies = bodies_for(client, standings)
    if bodies:
        submit(writer, bodies, what="publishing entries")
        standings = read_standings(client, planned)
    if wait:
        standings = _wait_for_review(client, standings)
    releases = releases_of(standings) if release else []
    if releases:
        submit(writer, releases, what="releasing")
        standings = read_standings(client, planned)
    return standings


def _wait_for_review(client: Client, standings: list[Standing]) -> list[Standing]:
    """Until no entry awaits review; entries returned end up as new or changed again."""
    waiting = sum(one.state == "awaiting review" for one in standings)
    with progress("waiting for the steward's review", waiting) as advance:
        while waiting:
            time.sleep(_POLL_S)
            standings = [
                read_standing(client, one.planned) if one.state == "awaiting review" else one
                for one in standings
            ]
            still = sum(one.state == "awaiting review" for one in standings)
            advance(waiting - still)
            waiting = still
    return standings


def _refuse(sheet: Path, problems: Sequence[SheetProblem], *, as_json: bool) -> None:
    """End the command with all that is wrong, if anything is."""
    if not problems:
        return
    if as_json:
        print_json({"problems": problems})
    else:
        ordered = sorted(problems, key=lambda one: (one.line, one.column))
        told = ((one.line, one.column, one.message) for one in ordered)
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
        info(f"nothing would be refused; {unsaid} entries would be submitted")
    elif unsaid:
        warn(f"{unsaid} entries were returned by the steward", "see: blockpool case list")
    if waiting:
        info(f"{waiting} entries await the steward: blockpool case step approve --pending")
    if ready and not release:
        info(f"{ready} can be released: publish again with --release")
