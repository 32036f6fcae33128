"""Deadlines against a naive reference that walks the calendar with `datetime`."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.calendar import deadline, is_working_day, working_days_left
from ledger.records.genesis import Calendar
from ledger.times import day_number
from ledger.types import Date, Time
from tests.strategies import calendars, times

LAST: Final = "9999-12-31T23:59:59.999Z"
SPRING: Final = Calendar(
    first_year=2026,
    last_year=2026,
    holidays=("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"),
    utc_offset_minutes=480,
    workdays=("2026-02-14", "2026-02-28"),
)
"""Spring Festival 2026, in China Standard Time: 13 February is a Friday."""


def naive_deadline(start: Time, days: int, calendar: Calendar) -> datetime:
    """The same, as one would tell it to a person."""
    offset = timedelta(minutes=calendar.utc_offset_minutes)
    day = (datetime.fromisoformat(start).replace(tzinfo=None) + offset).date()
    for _ in range(days):
        day += timedelta(days=1)
        while not naive_is_working_day(day, calendar):
            day += timedelta(days=1)
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    return midnight - offset


def naive_is_working_day(day: date, calendar: Calendar) -> bool:
    if calendar.first_year <= day.year <= calendar.last_year:
        if day.isoformat() in calendar.holidays:
            return False
        if day.isoformat() in calendar.workdays:
            return True
    return day.isoweekday() <= 5


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        # the first day does not count, not even its first millisecond
        ("2026-02-08T16:00:00.000Z", 1, "2026-02-10T16:00:00.000Z"),
        # nor its last one: in UTC it is still Monday, in China 23:59 of that same Monday
        ("2026-02-09T15:59:59.999Z", 1, "2026-02-10T16:00:00.000Z"),
        # a millisecond later it is Tuesday there
        ("2026-02-09T16:00:00.000Z", 1, "2026-02-11T16:00:00.000Z"),
        # Friday: the Saturday after it is worked
        ("2026-02-13T01:00:00.000Z", 1, "2026-02-14T16:00:00.000Z"),
        # then a week off, and its weekends
        ("2026-02-13T01:00:00.000Z", 2, "2026-02-23T16:00:00.000Z"),
        ("2026-02-18T01:00:00.000Z", 1, "2026-02-23T16:00:00.000Z"),
        # the year after is not covered: New Year's Day 2027 is a Friday like any other
        ("2026-12-31T01:00:00.000Z", 1, "2027-01-01T16:00:00.000Z"),
        ("2026-12-31T01:00:00.000Z", 2, "2027-01-04T16:00:00.000Z"),
    ],
)
def test_a_spring_festival(start: Time, days: int, due: Time) -> None:
    assert deadline(start, days, SPRING) == due


@given(st.integers(19_000, 22_500), st.integers(1, 60), calendars(), st.integers(0, 86_399_999))
def test_deadlines_agree_with_the_naive_reference(
    day: int, days: int, calendar: Calendar, offset_ms: int
) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, milliseconds=offset_ms)
    written = written_time(start)
    assert deadline(written, days, calendar) == written_time(
        naive_deadline(written, days, calendar)
    )


def written_time(moment: datetime) -> Time:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@given(times(), st.integers(1, 40), calendars())
def test_a_deadline_lies_after_its_start_and_later_for_more_days(
    start: Time, days: int, calendar: Calendar
) -> None:
    due = deadline(start, days, calendar)
    assert due > start or due == LAST
    assert deadline(start, days + 1, calendar) > due or due == LAST


@pytest.mark.parametrize(
    ("utc_offset_minutes", "due"),
    [
        (0, "1970-01-03T00:00:00.000Z"),  # 1 January 1970 was a Thursday
        (480, "1970-01-02T16:00:00.000Z"),
        (840, "1970-01-02T10:00:00.000Z"),
        (-1, "1970-01-02T00:01:00.000Z"),  # where it was still Wednesday
        (-840, "1970-01-02T14:00:00.000Z"),
    ],
)
def test_at_the_ends_of_time(utc_offset_minutes: int, due: Time) -> None:
    calendar = Calendar(first_year=1970, last_year=9999, utc_offset_minutes=utc_offset_minutes)
    assert deadline("1970-01-01T00:00:00.000Z", 1, calendar) == due
    assert deadline(LAST, 3_650, calendar) == LAST


def test_the_longest_period_in_a_calendar_full_of_holidays() -> None:
    years = range(2026, 2029)
    weekdays: list[Date] = [
        day.isoformat()
        for year in years
        for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
        if (day := date.fromordinal(ordinal)).isoweekday() <= 5
    ]
    calendar = Calendar(first_year=2026, last_year=2028, holidays=tuple(weekdays[:512]))
    start = "2025-12-31T00:00:00.000Z"
    expected = written_time(naive_deadline(start, 3_650, calendar))
    assert deadline(start, 3_650, calendar) == expected
    assert (
        deadline(start, 1, calendar)[:10]
        == (date.fromisoformat(weekdays[512]) + timedelta(days=1)).isoformat()
    )


def test_a_holiday_wins_over_a_workday_and_years_not_covered_ignore_both() -> None:
    both = ("2026-05-02", "2026-05-04")  # a Saturday and a Monday
    covering = Calendar(first_year=2026, last_year=2026, holidays=both, workdays=both)
    not_covering = Calendar(first_year=2027, last_year=2027, holidays=both, workdays=both)
    backwards = Calendar(first_year=2027, last_year=2025, holidays=both, workdays=both)
    days = [day_number(one) for one in both]
    assert [is_working_day(day, covering) for day in days] == [False, False]
    assert [is_working_day(day, not_covering) for day in days] == [False, True]
    assert [is_working_day(day, backwards) for day in days] == [False, True]


@pytest.mark.parametrize(
    ("now", "due", "left"),
    [
        ("2026-02-13T00:00:00.000Z", "2026-02-14T16:00:00.000Z", 1),
        ("2026-02-13T00:00:00.000Z", "2026-02-20T16:00:00.000Z", 1),
        ("2026-02-13T00:00:00.000Z", "2026-02-23T16:00:00.000Z", 2),
        ("2026-02-14T00:00:00.000Z", "2026-02-14T16:00:00.000Z", 0),
    ],
)
def test_days_left_are_working_days(now: Time, due: Time, left: int) -> None:
    assert working_days_left(now, due, SPRING) == left


@given(times(), st.integers(0, 40), calendars())
def test_as_many_days_are_left_as_a_deadline_gives(
    now: Time, days: int, calendar: Calendar
) -> None:
    due = deadline(now, days, calendar)
    assert due == LAST or working_days_left(now, due, calendar) == days
