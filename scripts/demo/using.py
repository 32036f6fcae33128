"""Act 4: the data is used. Every use is a query that really runs, and is reported as one event."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from contracts.values import UseCounters
from ledger.records import Usage
from node.client.surroundings import now_ms
from scripts.answers import read_value
from scripts.console_text import progress
from scripts.demo.cast import AUTHORITY, METEOROLOGY, REGISTRY, TRANSPORT, Member
from scripts.demo.sharing import Rights
from scripts.demo.stage import Stage, act, expect, tell
from scripts.record_use import EVENTS_AT_ONCE, Content, Manner, Use, usages

Pool = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Study:
    """Queries of one kind. `query` is run for each row of `cases`; it yields rows and a figure."""

    member: Member
    what: str
    manner: Manner
    cases: str
    query: str


def studies(rights: Rights) -> tuple[Study, ...]:
    """What the departments use their rights for. The aircraft come later, in `crash`."""
    return (
        Study(
            METEOROLOGY,
            "mean delay by day and airport",
            Manner(rights.forecast, "query", system="delay-forecast"),
            "select distinct month, day, origin from flights order by all",
            "select count(*), avg(dep_delay) from flights "
            "where month = $1 and day = $2 and origin = $3",
        ),
        Study(
            AUTHORITY,
            "mean delay by hour, month and airport",
            Manner(rights.capacity, "query", system="runway-planning"),
            "select distinct month, hour, origin from flights order by all",
            "select count(*), avg(dep_delay) from flights "
            "where month = $1 and hour = $2 and origin = $3",
        ),
        Study(
            TRANSPORT,
            "hours of poor visibility by month and airport",
            Manner(rights.weather, "query", "public-services", "month, origin, visib"),
            "select distinct month, origin from weather order by all",
            "select count(*), count(*) filter (visib < 3) from weather "
            "where month = $1 and origin = $2",
        ),
        Study(
            TRANSPORT,
            "seats by number of the flights of a carrier",
            Manner(rights.seats, "query"),
            "select distinct carrier from flights order by all",
            "select count(distinct tailnum), avg(seats) from planes semi join "
            "(select tailnum from flights where carrier = $1) using (tailnum)",
        ),
    )


def airworthiness(rights: Rights) -> Study:
    """The registry looks up every aircraft it has registered."""
    return Study(
        REGISTRY,
        "minutes flown by aircraft",
        Manner(rights.airworthiness, "query", system="airworthiness"),
        "select tailnum from planes order by all",
        "select count(*), sum(air_time) from flights where tailnum = $1",
    )


def use_data(stage: Stage, pool: Pool, rights: Rights) -> int:
    """Run and report all studies; returns the number of uses."""
    act("4  They use it, and report what they use")
    count = 0
    for study in studies(rights):
        uses = run_queries(pool, study)
        bodies = report_of(stage, study, uses)
        done = stage.department(study.member).says_all(bodies)
        expect(not any(one.findings for one in done), f"`{study.what}` keeps to its grant")
        check_counters(stage, study, uses)
        rows = sum(use.rows for use in uses)
        tell(
            f"{study.member.en}: {study.what}: {len(uses):,} queries over {rows:,} rows, "
            f"reported in {len(bodies)} record{'s' if len(bodies) > 1 else ''}"
        )
        count += len(uses)
    return count


def run_queries(pool: Pool, study: Study) -> list[Use]:
    """Run every query of a study; each is one use, of the rows it read, at the moment it ran."""
    cases = pool.execute(study.cases).fetchall()
    uses = []
    with progress(study.what, len(cases)) as advance:
        for case in cases:
            uses.append(_run(pool, study, case))
            advance()
    return uses


def report_of(
    stage: Stage, study: Study, uses: Sequence[Use], events_max: int = EVENTS_AT_ONCE
) -> list[Usage]:
    """The records that report uses."""
    log = {study.manner: uses}
    return list(usages(stage.client, log, Content(), listed=True, events_max=events_max))


def check_counters(stage: Stage, study: Study, uses: Sequence[Use]) -> None:
    """The ledger has counted what was used under the grant."""
    counted = read_value(stage.client, UseCounters, f"use/{study.manner.grant}")
    total = (len(uses), sum(use.rows for use in uses))
    same = counted is not None and (counted.uses, counted.rows) == total
    expect(same, f"the ledger counts {total} uses and rows of `{study.what}`, not {counted}")


def _run(pool: Pool, study: Study, case: Sequence[object]) -> Use:
    at_ms = now_ms()
    answer = pool.execute(study.query, list(case)).fetchone()
    expect(answer is not None, "a query answers")
    rows = 0 if answer is None else int(answer[0])
    return Use(at_ms, rows, " ".join(str(one) for one in case))
