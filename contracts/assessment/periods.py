"""Years, quarters and months of the ledger's calendar: what a figure is taken over.

>>> shanghai = Calendar(utc_offset_minutes=480)
>>> span_of("2026-Q4", shanghai)
Span(name='2026-Q4', since='2026-09-30T16:00:00.000Z', until='2026-12-31T16:00:00.000Z')
>>> period_at("2026-12-31T16:00:00.000Z", "quarter", shanghai), period_before("2026-Q1")
('2027-Q1', '2025-Q4')
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from ledger.records.assessment import Length, PeriodName
from ledger.records.genesis import Calendar
from ledger.times import (
    DAY_MS,
    MINUTE_MS,
    TIME_MS_MAX,
    date_of_day,
    day_number,
    day_of,
    from_ms,
    to_ms,
)
from ledger.types import Time

MONTHS: Final[Mapping[Length, int]] = {"month": 1, "quarter": 3, "year": 12}
"""Months of a period."""
_UTC: Final = Calendar()
_YEAR_CHARS: Final = 4
_LAST_YEAR: Final = 9999
_FIRST_DAY: Final = day_number("1970-01-01")
_LAST_DAY: Final = day_number("9999-12-31")


class Span(Struct, frozen=True):
    """A period: from `since` up to, but not including, `until`."""

    name: PeriodName
    since: Time
    until: Time


def span_of(name: PeriodName, calendar: Calendar) -> Span:
    """The span of a period in UTC."""
    year, month = _start_of(name)
    months = year * 12 + month - 1 + MONTHS[length_of(name)]
    since = _midnight(year, month, calendar)
    return Span(name, since, _midnight(months // 12, months % 12 + 1, calendar))


def judged_at(name: PeriodName) -> Time:
    """The moment whose parameters and calendar a period is assessed by: its last one in UTC.

    The calendar that says when the period ends is one of them, so that the end itself is of no use.
    """
    return before(span_of(name, _UTC).until)


def before(time: Time) -> Time:
    """The last moment before another one."""
    return from_ms(to_ms(time) - 1)


def length_of(name: PeriodName) -> Length:
    """How long a period is."""
    if len(name) == _YEAR_CHARS:
        return "year"
    return "quarter" if "Q" in name else "month"


def period_at(time: Time, length: Length, calendar: Calendar) -> PeriodName:
    """The period of that length into which a moment falls, of those that can be written."""
    day = day_of(to_ms(time), calendar.utc_offset_minutes)
    date = date_of_day(min(max(day, _FIRST_DAY), _LAST_DAY))
    match length:
        case "year":
            return date[:4]
        case "quarter":
            return _quarter(date[:4], date[5:7])
        case "month":
            return date[:7]


def period_before(name: PeriodName) -> PeriodName | None:
    """The period of the same length before; None before all that can be written."""
    year, month = _start_of(name)
    months = year * 12 + month - 1 - MONTHS[length_of(name)]
    if months < _FIRST_MONTH:
        return None
    date = f"{months // 12:04d}-{months % 12 + 1:02d}"
    match length_of(name):
        case "year":
            return date[:4]
        case "quarter":
            return _quarter(date[:4], date[5:7])
        case "month":
            return date


_FIRST_MONTH: Final = 1970 * 12
_QUARTER_OF: Final = {f"{month:02d}": (month + 2) // 3 for month in range(1, 13)}
_MONTH_OF: Final = {f"{month:02d}": month for month in range(1, 13)} | {
    f"Q{quarter}": 3 * quarter - 2 for quarter in range(1, 5)
}


def _quarter(year: str, month: str) -> PeriodName:
    return f"{year}-Q{_QUARTER_OF[month]}"


def _start_of(name: PeriodName) -> tuple[int, int]:
    """Year and month in which a period begins."""
    return _year_of(name), _MONTH_OF.get(name[_YEAR_CHARS + 1 :], 1)


def _year_of(name: PeriodName) -> int:
    """The year, whose digits the type of the name has checked."""
    return int(name[:_YEAR_CHARS])


def _midnight(year: int, month: int, calendar: Calendar) -> Time:
    """00:00 local time of the first of a month; after the year 9999 the last time there is."""
    if year > _LAST_YEAR:
        return from_ms(TIME_MS_MAX)
    day = day_number(f"{year:04d}-{month:02d}-01")
    return from_ms(day * DAY_MS - calendar.utc_offset_minutes * MINUTE_MS)
