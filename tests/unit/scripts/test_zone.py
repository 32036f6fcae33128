"""Days and times without a zone are those of the ledger's calendar, and told with one."""

import pytest

from contracts.values import RequestedItem
from ledger.records import Disposal, Usage, parse_record
from ledger.records.genesis import Calendar, Parameters
from scripts.spelling import SpellingError
from scripts.zone import Zone
from tests.story import Story
from tests.unit.scripts.conftest import YEAR_MS, Command
from tests.world import World

BEIJING = Zone(480)
NOON: str = "2026-11-23T04:00:00.000Z"
"""12:00 of 23 November in Beijing."""


@pytest.fixture
def world() -> World:
    parameters = Parameters(clock_skew_ms=YEAR_MS)
    return World.genesis(parameters=parameters, calendar=Calendar(utc_offset_minutes=480))


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the machine stands at noon."""
    monkeypatch.setattr("scripts.zone.present_time", lambda: NOON)


@pytest.mark.parametrize(
    ("text", "start", "end", "over"),
    [
        (
            "2026-12-31",
            "2026-12-30T16:00:00.000Z",
            "2026-12-31T15:59:59.999Z",
            "2026-12-31T16:00:00.000Z",
        ),
        ("2026-12-31 18:00", *["2026-12-31T10:00:00.000Z"] * 3),
        ("2026-12-31T18:00:00.1239+01:00", *["2026-12-31T17:00:00.123Z"] * 3),
        (" 2026-12-31T00:00:00Z ", *["2026-12-31T00:00:00.000Z"] * 3),
    ],
)
def test_a_day_has_a_start_and_an_end(text: str, start: str, end: str, over: str) -> None:
    assert (BEIJING.start(text), BEIJING.end(text), BEIJING.over(text)) == (start, end, over)


@pytest.mark.parametrize("text", ["", "tomorrow", "31.1.2027", "2027-02-30", "2027-01-31 25:00"])
def test_no_moments(text: str) -> None:
    for read in (BEIJING.start, BEIJING.end, BEIJING.over, BEIJING.until_now):
        with pytest.raises(SpellingError, match="no date or time"):
            read(text)


def test_what_has_no_zone_is_told_with_one() -> None:
    said: list[str] = []
    zone = Zone(480, said.append)
    zone.end("2026-12-31")
    zone.start("2026-12-31 18:00")
    zone.start("2026-12-31T10:00:00Z")
    assert said == [
        "2026-12-31 is 2026-12-31T23:59:59.999+08:00",
        "2026-12-31 18:00 is 2026-12-31T18:00:00.000+08:00",
    ]


@pytest.mark.usefixtures("noon")
def test_a_day_that_runs_ends_now_for_what_has_happened() -> None:
    assert BEIJING.until_now("2026-11-23") == NOON
    assert BEIJING.until_now("2026-11-22") == "2026-11-22T15:59:59.999Z"
    assert BEIJING.until_now("2026-11-24") == "2026-11-24T15:59:59.999Z"
    assert BEIJING.until_now("2026-11-23T23:00") == "2026-11-23T15:00:00.000Z"


@pytest.mark.usefixtures("noon")
def test_what_is_to_come_is_no_past_moment() -> None:
    def last() -> str:
        return NOON

    assert BEIJING.past("2026-11-22", last) == "2026-11-22T15:59:59.999Z"
    assert BEIJING.past("2026-11-23", last) is None
    assert BEIJING.past("2026-11-23T11:00", last) == "2026-11-23T03:00:00.000Z"
    assert BEIJING.past("2026-11-24", lambda: "2026-11-24T01:00:00.000Z") is not None
    for text in ("2026-11-24", "2026-11-23T12:00:00.001"):
        with pytest.raises(SpellingError, match="lies in the future"):
            BEIJING.past(text, last)


def test_terms_end_with_the_last_day_of_the_ledgers_calendar(
    command: Command, world: World
) -> None:
    story = Story()
    story.world = world
    story.publish()
    days = ("--not-before", "2027-01-01", "--not-after", "2027-06-30")
    result = command.run(
        "record", "request", "flights", "--scene", "s", *days, "--json", writer="health/main"
    )
    assert result.exit_code == 0, result.output
    assert "2027-06-30 is 2027-06-30T23:59:59.999+08:00\n" in result.stderr
    asked = world.value(f"request/{parse_record(world.leaves[-2]).digest}-0")
    assert isinstance(asked, RequestedItem)
    assert asked.terms.not_before == "2026-12-31T16:00:00.000Z"
    assert asked.terms.not_after == "2027-06-30T15:59:59.999Z"


def test_a_log_of_a_local_system_is_in_the_ledgers_time(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    grant = story.publish().grant()
    log = command.folder / "log.csv"
    local = BEIJING.told(world.now).partition("+")[0]
    log.write_text(f"at,rows\n{local},1\n", encoding="utf-8")
    manner = ("--operation", "query", "--fields", "a")
    result = command.run("record", "use", log, "--grant", grant, *manner, writer="health/main")
    assert f"uses from {local}+08:00 to {local}+08:00" in result.stderr
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, Usage)
    assert BEIJING.told(body.started_at) == f"{local}+08:00"


def test_what_is_gone_today_is_gone_now(
    command: Command, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story()
    story.world = world
    grant = story.publish().grant()
    now, day = world.now, BEIJING.told(world.now)[:10]
    monkeypatch.setattr("scripts.zone.present_time", lambda: now)
    command.ok("record", "dispose", grant, "--disposed-at", day, writer="health/main")
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, Disposal)
    assert body.disposed_at == now


def test_lists_refuse_a_moment_to_come(command: Command) -> None:
    said = command.fails("todo", "--member", "health", "--as-at", "2999-01-01")
    assert "as_at: 2999-01-01T00:00:00.000+08:00 lies in the future" in said
