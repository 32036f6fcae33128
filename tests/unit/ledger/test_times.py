"""Times against `datetime`, day by day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.times import DAY_MS, TIME_MS_MAX, date_of_day, day_number, day_of, from_ms, to_ms
from ledger.types import Time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_every_day_from_1970_to_2400() -> None:
    first = date(1970, 1, 1).toordinal()
    for ordinal in range(first, date(2401, 1, 1).toordinal()):
        written = date.fromordinal(ordinal).isoformat()
        assert date_of_day(ordinal - first) == written
        assert day_number(written) == ordinal - first


def test_the_turn_of_every_year_and_of_every_february_to_9999() -> None:
    first = date(1970, 1, 1).toordinal()
    for year in range(1970, 10_000):
        for month, day in ((1, 1), (2, 28), (3, 1), (12, 31)):
            moment = date(year, month, day)
            assert date_of_day(moment.toordinal() - first) == moment.isoformat()
            assert day_number(moment.isoformat()) == moment.toordinal() - first


@given(st.integers(0, TIME_MS_MAX))
def test_times_agree_with_datetime(time_ms: int) -> None:
    moment = EPOCH + timedelta(milliseconds=time_ms)
    written = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert from_ms(time_ms) == written
    assert to_ms(written) == time_ms


@given(st.integers(0, TIME_MS_MAX), st.integers(0, TIME_MS_MAX))
def test_text_order_is_time_order(a: int, b: int) -> None:
    assert (from_ms(a) < from_ms(b)) == (a < b)


@pytest.mark.parametrize(
    ("time_ms", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (DAY_MS - 1, "1970-01-01T23:59:59.999Z"),
        (DAY_MS, "1970-01-02T00:00:00.000Z"),
        (TIME_MS_MAX, "9999-12-31T23:59:59.999Z"),
        (TIME_MS_MAX + 1, "9999-12-31T23:59:59.999Z"),
        (2**63, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_end_where_they_can_no_longer_be_written(time_ms: int, written: Time) -> None:
    assert from_ms(time_ms) == written


@pytest.mark.parametrize(
    ("time_ms", "utc_offset_minutes", "day"),
    [
        (0, 0, 0),
        (DAY_MS - 1, 0, 0),
        (DAY_MS - 1, 1, 1),
        (16 * 3_600_000 - 1, 480, 0),
        (16 * 3_600_000, 480, 1),
        (0, -1, -1),
        (DAY_MS, -840, 0),
    ],
)
def test_local_days(time_ms: int, utc_offset_minutes: int, day: int) -> None:
    assert day_of(time_ms, utc_offset_minutes) == day
