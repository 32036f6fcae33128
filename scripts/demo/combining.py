"""Act 5: one table made of three: a block dataset, whose conditions its inputs set.

The weather service joins the departures and the names of the airports, which others provide, with
its own weather. What it offers of that may go no further than what it was given: the first entry
would, and is refused; the second inherits the terms.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Final

from msgspec.structs import replace as changed

from contracts.terms import meet
from contracts.values import EntryTerms, GrantedRight
from ledger.records import Step
from ledger.records.terms import Terms
from ledger.types import ColumnName, DatasetId, ItemId
from node.client import Problem
from scripts.answers import read_value
from scripts.catalogue.entries import Planned, read_datasets
from scripts.catalogue.plan import schema_parts
from scripts.catalogue.publish import publish_all, read_standings
from scripts.catalogue.scan import rows_of
from scripts.catalogue.sheet import encode_sheet, read_sheet
from scripts.demo.cast import AIRPORTS, FLIGHTS, METEOROLOGY, STEWARD, TRANSPORT
from scripts.demo.folder import Folder
from scripts.demo.sharing import ask, give
from scripts.demo.stage import Stage, act, expect, tell
from scripts.demo.using import Pool
from scripts.record.terms import TermsOptions
from scripts.tables import sources_in
from scripts.zone import Zone

BLOCK: Final[DatasetId] = "delays-by-weather"
DERIVE: Final = TermsOptions(
    fields="day, dep_delay, month, origin", purposes="statistics", operations="derive, query"
)
CELLS: Final[Mapping[str, str]] = {
    "title": "Delays and visibility by day and airport, 2013",
    "sharing": "conditional",
    "category": "transport",
    "source": "Departures of the Transport Bureau, airports of the Airports Authority, own weather",
    "frequency": "yearly",
    "openness": "open",
    "as_of": "2013-12-31T23:59:59-05:00",
    "purposes": "statistics",
    "operations": "query",
    "system": "delay-forecast",
    "storage": "allowed",
    "onward": "yes",
    "aggregation_risk": "Means of a day; no flight and no passenger can be told apart.",
}
_JOIN: Final = """
    select f.month, f.day, a.name as airport,
        round(avg(f.dep_delay), 1) as mean_delay, w.lowest as visibility
    from flights f join airports a on a.faa = f.origin
    join (select month, day, origin, min(visib) as lowest from weather group by all) w
        on (w.month, w.day, w.origin) = (f.month, f.day, f.origin)
    group by all order by all
"""


@dataclass(frozen=True, slots=True)
class Combined:
    """The block dataset: the rights it rests on, its rows, the terms it inherited."""

    inputs: tuple[ItemId, ...]
    rows: int
    terms: Terms


def make_a_block(stage: Stage, pool: Pool, folder: Folder) -> Combined:
    """The whole act."""
    act("5  One table is made of three")
    flights, airports = _ask_for_inputs(stage)
    rights = {FLIGHTS.dataset: flights, AIRPORTS.dataset: airports}
    table = folder.catalogue / f"{BLOCK}.csv"
    rows = _join(pool, table)
    tell(f"the {METEOROLOGY.en} joins departures, airports and weather: {rows:,} rows")
    planned = _plan(table, rights)
    _expect_refused(stage, planned)
    inherited = _inherited(stage, tuple(rights.values()))
    entry = changed(planned.entry, conditions=_within(planned.entry.conditions, inherited))
    _publish(stage, replace(planned, entry=entry))
    terms = read_value(stage.client, EntryTerms, f"entry/{BLOCK}")
    expect(terms is not None and len(terms.inputs) == len(rights), "the block knows its inputs")
    tell(
        f"`{BLOCK}` is released on the terms its inputs set: storage {entry.conditions.storage}, "
        f"passed on {entry.conditions.onward}, used for {', '.join(entry.conditions.purposes)}"
    )
    return Combined(tuple(sorted(rights.values())), rows, entry.conditions)


def _ask_for_inputs(stage: Stage) -> tuple[ItemId, ItemId]:
    """One right that was granted for this, and one that stands for whoever applies."""
    scene = "Delays and the weather"
    asked = ask(stage, METEOROLOGY, [FLIGHTS.dataset], DERIVE, scene)
    granted = give(stage, TRANSPORT, f"{asked.digest}-0")
    taken_up = ask(stage, METEOROLOGY, [AIRPORTS.dataset], TermsOptions(), scene)
    return f"{granted.digest}-0", f"{taken_up.digest}-1"


def _join(pool: Pool, table: Path) -> int:
    """Write the table; returns how many rows it has."""
    joined = pool.execute(_JOIN)
    names = [column[0] for column in joined.description]
    rows = joined.fetchall()
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])
    return len(rows)


def _plan(table: Path, rights: Mapping[DatasetId, ItemId]) -> Planned:
    """The entry as the weather service would like it: with no terms but its own."""
    flights, airports = rights[FLIGHTS.dataset], rights[AIRPORTS.dataset]
    made: Mapping[ColumnName, str] = {
        "month": f"{flights}=month",
        "day": f"{flights}=day",
        "airport": f"{airports}=name, {airports}=faa, {flights}=origin",
        "mean_delay": f"{flights}=dep_delay",
    }  # the visibility is its own
    (source,) = sources_in(str(table))
    rows = rows_of(source.read(), table.parent, CELLS)
    for row in rows:
        row["made_from"] = made.get(row.get("column", ""), "")
    sheet = table.with_suffix(".sheet.csv")
    sheet.write_bytes(encode_sheet(rows))
    planned, problems = read_datasets(read_sheet(sheet), sheet.parent, Zone(0))
    expect(not problems, f"{sheet} has no mistakes: {problems}")
    (one,) = planned
    return one


def _expect_refused(stage: Stage, planned: Planned) -> None:
    """Nothing wider than the rights below comes into the catalogue."""
    weather = stage.department(METEOROLOGY)
    weather.says_all(list(schema_parts(planned.entry.schema, planned.columns)))
    (refused,) = weather.writer.submit_many([planned.entry])
    is_wider = isinstance(refused, Problem) and refused.code == "wider-than-inputs"
    expect(is_wider, f"a block offers no more than its inputs allow: {refused}")
    tell("offered for any storage and to be passed on, it is refused: wider-than-inputs")


def _inherited(stage: Stage, rights: tuple[ItemId, ...]) -> Terms:
    """What all rights below allow together: the stricter of each part."""
    found = [read_value(stage.client, GrantedRight, f"grant/{one}") for one in rights]
    return reduce(meet, [one.terms for one in found if one is not None])


def _within(own: Terms, inherited: Terms) -> Terms:
    """The stricter of each part; columns and rows are those of the new table."""
    return changed(meet(own, changed(inherited, fields="all", masking=(), rows=())), fields="all")


def _publish(stage: Stage, planned: Planned) -> None:
    """Entry, review, first version."""
    writer = stage.department(METEOROLOGY).writer
    (standing,) = publish_all(
        stage.client, writer, read_standings(stage.client, [planned]), wait=False, release=False
    )
    expect(standing.state == "awaiting review", "the block awaits review")
    (case,) = stage.client.items("/v1/cases", workflow="review", state="submitted")
    stage.department(STEWARD).says(Step(cases=(str(case["id"]),), step="approve"))
    (standing,) = publish_all(
        stage.client, writer, read_standings(stage.client, [planned]), wait=False, release=True
    )
    expect(standing.is_released, "the block is released")
