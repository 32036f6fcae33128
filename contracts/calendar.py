"""Working days: by when something is due that must be done within n of them.

The day on which a period starts is not counted, and the period ends at 24:00 local time of its n-th
working day. Local time is UTC plus the calendar's fixed offset. 24:00 is written as 00:00 of the
next day and is **exclusive**: whatever happens before that moment is in time, and a deadline is due
in the first block whose time is at or after it.

In the years a calendar covers, Monday to Friday and the listed workdays are working days, the
listed holidays are not; a day listed as both is a holiday. In other years the lists say nothing,
and Monday to Friday are working days.

>>> spring = Calendar(
...     first_year=2026,
...     last_year=2026,
...     holidays=("2026-02-16", "2026-02-17", "2026-02-18"),
...     utc_offset_minutes=480,
...     workdays=("2026-02-14",),
... )
>>> deadline("2026-02-13T01:30:00.000Z", 2, spring)  # Friday; then Saturday 14th, Thursday 19th
'2026-02-19T16:00:00.000Z'
"""

from bisect import bisect_left

from ledger.records.genesis import Calendar
from ledger.times import DAY_MS, MINUTE_MS, date_of_day, day_number, day_of, from_ms, to_ms
from ledger.types import Date, Time

_THURSDAY = 3
"""1970-01-01, day number 0, with Monday as 0."""


def deadline(start: Time, days: int, calendar: Calendar) -> Time:
    """The moment at which a period of `days` working days that starts at `start` is over.

    At most the last time that can be written. Takes time in proportion to `days`: a calendar lists
    at most 512 holidays, so the n-th working day is never far.
    """
    covered = _covered_days(calendar)
    day = day_of(to_ms(start), calendar.utc_offset_minutes)
    left = days
    while left > 0:
        day += 1
        left -= _is_working_day(day, calendar, covered)
    return from_ms((day + 1) * DAY_MS - calendar.utc_offset_minutes * MINUTE_MS)


def working_days_left(now: Time, due: Time, calendar: Calendar) -> int:
    """How many working days begin after `now` and are over by `due`; 0 on the last one.

    The inverse of `deadline`. Takes time in proportion to what the calendar lists, however far
    apart the two are.

    >>> working_days_left("2026-11-23T00:00:00.000Z", "2026-11-26T00:00:00.000Z", Calendar())
    2
    """
    offset = calendar.utc_offset_minutes
    first, end = day_of(to_ms(now), offset) + 1, day_of(to_ms(due), offset)
    listed = sorted({*calendar.holidays, *calendar.workdays})
    special = [day for day in map(day_number, listed) if first <= day < end]
    weekdays = _weekdays_before(end) - _weekdays_before(first)
    covered = _covered_days(calendar)
    moved = sum(_is_working_day(day, calendar, covered) - _is_weekday(day) for day in special)
    return max(0, weekdays + moved)


def is_working_day(day: int, calendar: Calendar) -> bool:
    """Whether a local calendar day, counted from 1970-01-01, is a working day."""
    return _is_working_day(day, calendar, _covered_days(calendar))


def _is_working_day(day: int, calendar: Calendar, covered: range) -> bool:
    if day not in covered:
        return _is_weekday(day)
    date = date_of_day(day)
    if _lists(calendar.holidays, date):
        return False
    return _is_weekday(day) or _lists(calendar.workdays, date)


def _is_weekday(day: int) -> bool:
    return (day + _THURSDAY) % 7 < 5


def _weekdays_before(day: int) -> int:
    """Mondays to Fridays before `day`, counted from a Monday."""
    weeks, rest = divmod(day + _THURSDAY, 7)
    return 5 * weeks + min(rest, 5)


def _covered_days(calendar: Calendar) -> range:
    first = day_number(f"{calendar.first_year}-01-01")
    return range(first, day_number(f"{calendar.last_year}-12-31") + 1)


def _lists(dates: tuple[Date, ...], date: Date) -> bool:
    at = bisect_left(dates, date)
    return at < len(dates) and dates[at] == date
