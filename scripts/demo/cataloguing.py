"""Act 2: every provider scans its table, completes a spreadsheet, publishes; the steward reviews.

What the ledger learns about a table is read from its very bytes: digest, columns, number of rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.values import ReleasedVersion
from ledger.records import Step
from ledger.types import DatasetId
from scripts.answers import read_value
from scripts.catalogue.checks import check_contents
from scripts.catalogue.entries import Planned, read_datasets
from scripts.catalogue.plan import Standing
from scripts.catalogue.publish import publish_all, read_standings
from scripts.catalogue.scan import rows_of
from scripts.catalogue.sheet import encode_sheet, read_sheet
from scripts.console_text import progress
from scripts.demo.cast import PROVIDERS, STEWARD, Member
from scripts.demo.folder import Folder
from scripts.demo.stage import Stage, act, expect, tell
from scripts.tables import sources_in
from scripts.zone import Zone

Catalogue = Mapping[DatasetId, ReleasedVersion]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one provider wants to publish."""

    member: Member
    planned: tuple[Planned, ...]


def scan_tables(folder: Folder, data: Path) -> list[Sheet]:
    """A spreadsheet per provider, completed with what no scan can know."""
    act("2  Five of them put their tables into the catalogue")
    sheets = []
    with progress("reading tables", len(PROVIDERS)) as advance:
        for member in PROVIDERS:
            sheets.append(_scan(folder, data, member))
            advance()
    tables = [one for sheet in sheets for one in sheet.planned]
    columns = sum(len(one.columns) for one in tables)
    rows = sum(one.contents.rows for one in tables if one.contents is not None)
    tell(f"scanned {len(tables)} tables with {columns} columns and {rows:,} rows")
    return sheets


def publish_entries(stage: Stage, sheets: list[Sheet]) -> None:
    """Schemas and entries are submitted; nothing is in force before the steward has approved."""
    for sheet in sheets:
        standings = _publish(stage, sheet)
        expect(all(one.state == "awaiting review" for one in standings), "entries await review")
    tell(f"{len(sheets)} departments have submitted their entries")


def review_entries(stage: Stage) -> None:
    """The steward approves what waits for it, all in one record."""
    cases = [str(row["id"]) for row in stage.client.items("/v1/cases", workflow="review")]
    expect(len(cases) == len(PROVIDERS), "every provider's entry waits for review")
    stage.department(STEWARD).says(Step(cases=tuple(sorted(cases)), step="approve"))
    tell(f"the {STEWARD.en}, as steward, has approved {len(cases)} entries")


def release_tables(stage: Stage, sheets: list[Sheet]) -> Catalogue:
    """The first version of every table, named by the digest of its bytes."""
    released: dict[DatasetId, ReleasedVersion] = {}
    for sheet in sheets:
        expect(not check_contents(sheet.planned), "the files are those that were scanned")
        for one in _publish(stage, sheet, release=True):
            version = read_value(stage.client, ReleasedVersion, f"release/{one.dataset}/1")
            expect(one.is_released and version is not None, f"{one.dataset} is released")
            if version is not None:
                released[one.dataset] = version
    for dataset, version in released.items():
        tell(f"   {dataset:<9} {version.rows:>7,} rows  sha256 {version.sha256[:16]}…")
    return released


def _scan(folder: Folder, data: Path, member: Member) -> Sheet:
    if member.table is None:
        return Sheet(member, ())
    (source,) = sources_in(str(data / member.table.file))
    file = folder.catalogue / f"{member.id}.csv"
    file.write_bytes(encode_sheet(rows_of(source.read(), folder.catalogue, member.table.cells)))
    planned, problems = read_datasets(read_sheet(file), folder.catalogue, Zone(0))
    expect(not problems, f"{file} has no mistakes: {problems}")
    return Sheet(member, tuple(planned))


def _publish(stage: Stage, sheet: Sheet, *, release: bool = False) -> list[Standing]:
    writer = stage.department(sheet.member).writer
    standings = read_standings(stage.client, sheet.planned)
    return publish_all(stage.client, writer, standings, wait=False, release=release)
