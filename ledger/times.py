"""Arithmetic on the ledger's one form of time, without a clock and without `datetime`.

Times compare as text. Where a rule has to add or subtract, it converts to whole milliseconds since
1970-01-01T00:00:00.000Z on the proleptic Gregorian calendar and back; leap seconds do not exist.

>>> to_ms("2026-11-23T09:10:00.000Z")
1795425000000
>>> from_ms(1795425000000)
'2026-11-23T09:10:00.000Z'
>>> date_of_day(day_of(1795425000000))
'2026-11-23'
"""

from functools import lru_cache
from typing import Final

from ledger.types import Date, Time

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
TIME_MS_MAX: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last time that can be written."""
_DAYS_0000_TO_1970: Final = 719_468
_DATES_CACHED: Final = 1_000


@lru_cache(maxsize=_DATES_CACHED)
def day_number(date: Date) -> int:
    """Days since 1970-01-01 of a date that has the form of `ledger.types.Date`."""
    year, month, day = int(date[:4]), int(date[5:7]), int(date[8:10])
    # Years counted from 1 March, so that the leap day is the last of its year.
    year -= month <= 2
    month_from_march = (month + 9) % 12
    days_in_year = (153 * month_from_march + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + days_in_year - _DAYS_0000_TO_1970


def date_of_day(day: int) -> Date:
    """The date that lies `day` days after 1970-01-01."""
    era_day = day + _DAYS_0000_TO_1970
    era, day_of_era = divmod(era_day, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day_of_month = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = era * 400 + year_of_era + (month <= 2)
    return f"{year:04d}-{month:02d}-{day_of_month:02d}"


def to_ms(time: Time) -> int:
    """Milliseconds since 1970 of a time that has the form of `ledger.types.Time`."""
    return (
        day_number(time[:10]) * DAY_MS
        + int(time[11:13]) * HOUR_MS
        + int(time[14:16]) * MINUTE_MS
        + int(time[17:19]) * SECOND_MS
        + int(time[20:23])
    )


def from_ms(time_ms: int) -> Time:
    """The time `time_ms` milliseconds after 1970; beyond the year 9999 the last time there is."""
    day, rest = divmod(min(max(time_ms, 0), TIME_MS_MAX), DAY_MS)
    hour, rest = divmod(rest, HOUR_MS)
    minute, rest = divmod(rest, MINUTE_MS)
    second, millisecond = divmod(rest, SECOND_MS)
    return f"{date_of_day(day)}T{hour:02d}:{minute:02d}:{second:02d}.{millisecond:03d}Z"


def day_of(time_ms: int, utc_offset_minutes: int = 0) -> int:
    """The local calendar day, counted from 1970-01-01, into which a moment falls."""
    return (time_ms + utc_offset_minutes * MINUTE_MS) // DAY_MS
