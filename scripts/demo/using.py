"""Act 4: the data is used. Every use is a query that really runs, and is reported as one event."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from contracts.values import UseCounters
from ledger.records import Usage
from scripts.answers import read_value
from scripts.console_text import progress
from scripts.demo.cast import AUTHORITY, COMMERCE, METEOROLOGY, REGISTRY, TRANSPORT, Member
from scripts.demo.sharing import Rights
from scripts.demo.stage import Stage, act, expect, tell
from scripts.record.use import EVENTS_AT_ONCE, Content, Manner, Use, usages

Pool = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Study:
    """Queries of one kind. `query` is run for each row of `cases`; it yields rows and a figure."""

    member: Member
    what: str
    manner: Manner
    cases: str
    query: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query came to: the use to be reported, and its figure for that case."""

    use: Use
    figure: float
    case: str


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
            "mean delay by hour and month",
            Manner(rights.capacity, "query", system="runway-planning"),
            "select distinct month, hour, origin from flights order by all",
            "select count(*), avg(dep_delay) from flights "
            "where month = $1 and hour = $2 and origin = $3",
        ),
        Study(
            COMMERCE,
            "mean arrival delay by carrier",
            Manner(rights.market, "query", system="market-statistics"),
            "select distinct carrier from flights order by all",
            "select count(*), avg(arr_delay) from flights where carrier = $1",
        ),
        Study(
            TRANSPORT,
            "hours of poor visibility by month",
            Manner(rights.weather, "query", "public-services", "month, origin, visib"),
            "select distinct month, origin from weather order by all",
            "select count(*), count(*) filter (visib < 3) from weather "
            "where month = $1 and origin = $2",
        ),
        Study(
            TRANSPORT,
            "seats of an aircraft, by carrier",
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


def use_data(stage: Stage, pool: Pool, rights: Rights) -> None:
    """Run and report all studies."""
    act("4  They use it, and report what they use")
    for study in studies(rights):
        answers = run_queries(stage, pool, study)
        bodies = report_of(stage, study, answers)
        done = stage.department(study.member).says_all(bodies)
        expect(not any(one.findings for one in done), f"`{study.what}` keeps to its grant")
        check_counters(stage, study, answers)
        tell_answers(study, answers, len(bodies))


def run_queries(stage: Stage, pool: Pool, study: Study) -> list[Answer]:
    """Run every query of a study; each is one use, of the rows it read, at the moment it ran."""
    found = pool.execute(study.cases)
    names = [str(column[0]) for column in found.description]
    cases = found.fetchall()
    answers = []
    with progress(study.what, len(cases)) as advance:
        for case in cases:
            answers.append(_run(stage, pool, study.query, dict(zip(names, case, strict=True))))
            advance()
    return answers


def tell_answers(study: Study, answers: Sequence[Answer], records: int) -> None:
    """What was asked, how often, and the most notable answer."""
    rows = sum(one.use.rows for one in answers)
    highest = max(answers, key=lambda one: one.figure)
    tell(
        f"{study.member.en:<18} {study.what:<35} {len(answers):>5,} queries "
        f"{rows:>9,} rows {records:>4} records   highest: {highest.figure:,.0f}, {highest.case}"
    )


def report_of(
    stage: Stage, study: Study, answers: Sequence[Answer], events_max: int = EVENTS_AT_ONCE
) -> list[Usage]:
    """The records that report uses."""
    log = {study.manner: [one.use for one in answers]}
    return list(usages(stage.client, log, Content(), listed=True, events_max=events_max))


def check_counters(stage: Stage, study: Study, answers: Sequence[Answer]) -> None:
    """The ledger has counted what was used under the grant."""
    counted = read_value(stage.client, UseCounters, f"use/{study.manner.grant}")
    total = (len(answers), sum(one.use.rows for one in answers))
    same = counted is not None and (counted.uses, counted.rows) == total
    expect(same, f"the ledger counts {total} uses and rows of `{study.what}`, not {counted}")


def _run(stage: Stage, pool: Pool, query: str, case: dict[str, object]) -> Answer:
    at_ms = stage.clock()
    answer = pool.execute(query, list(case.values())).fetchone()
    if answer is None:
        raise LookupError(query)
    rows, figure = answer
    reference = " ".join(str(one) for one in case.values())
    told = ", ".join(f"{name} {value}" for name, value in case.items())
    return Answer(Use(at_ms, int(rows), reference), float(figure or 0), told)
