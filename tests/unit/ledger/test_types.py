"""The patterns of identifiers, digests, dates and times, at their edges."""

from calendar import isleap
from datetime import date, timedelta
from typing import Any, Final

import msgspec
import pytest

from ledger.types import (
    CaseId,
    ColumnName,
    Count,
    DatasetId,
    Date,
    DigestHex,
    ItemId,
    LongText,
    MemberId,
    PurposeCode,
    ShortText,
    Slug,
    Time,
    Version,
    WriterId,
)

DIGEST: Final = "0123456789abcdef" * 4


def is_valid(kind: Any, value: object) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


GOOD: Final[list[tuple[Any, list[object]]]] = [
    (DigestHex, [DIGEST]),
    (Count, [0, 2**53 - 1]),
    (Version, [1, 2**53 - 1]),
    (MemberId, ["ab", "a-", "a" + "9" * 62]),
    (WriterId, ["health/main", "ab/a", "a" * 63 + "/" + "b" * 63, "health/custodian"]),
    (DatasetId, ["01", "a-", "9" * 63]),
    (Slug, ["0", "a-b-", "z" * 63]),
    (PurposeCode, ["a", "0", "health.audit-2.x", "a-.b", "a" * 128]),
    (ItemId, [DIGEST + "-0", DIGEST + "-9999"]),
    (CaseId, [DIGEST, DIGEST + "-a", DIGEST + "-" + "-" * 80]),
    (ShortText, ["x", "数" * 256, " ", "\n"]),
    (LongText, ["x", "数" * 4_096]),
    (ColumnName, ["x", "身份证号", "𠀀" * 128]),
    (Date, ["1970-01-01", "2024-02-29", "9999-12-31"]),
    (Time, ["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]),
]
BAD: Final[list[tuple[Any, list[object]]]] = [
    (DigestHex, ["", DIGEST[1:], DIGEST + "0", DIGEST.upper(), DIGEST[:-1] + "g", 1, None]),
    (Count, [-1, 2**53, 1.5, "1", True, None]),
    (Version, [0, 2**53]),
    (MemberId, ["", "a", "A1", "1a", "-a", "a_b", "a" * 64, "ab/c", "à1", "a１"]),
    (WriterId, ["health", "health/", "/main", "health/main/x", "health/Main", "health/1"]),
    (DatasetId, ["", "a", "-a", "A1", "a.b", "a" * 64, "数据"]),
    (Slug, ["", "-", "A", "a_b", "a.b", "a" * 64, "٣"]),
    (PurposeCode, ["", ".", "a.", ".a", "a..b", "A", "a.-b", "a b", "a" * 129]),
    (ItemId, [DIGEST, DIGEST + "-", DIGEST + "-00", DIGEST + "-10000", DIGEST + "--1"]),
    (CaseId, ["", DIGEST + "-", DIGEST + "-A", DIGEST + "-" + "a" * 81, DIGEST[1:]]),
    (ShortText, ["", "x" * 257]),
    (LongText, ["", "x" * 4_097]),
    (ColumnName, ["", "x" * 129]),
    (
        Date,
        ["1969-12-31", "10000-01-01", "2026-1-1", "2026-00-01", "2026-13-01", "2026-04-31",
         "2026-01-00", "2026-01-32", "2025-02-29", "2100-02-29", "20260101", "２026-01-01"],
    ),
    (
        Time,
        ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.00Z",
         "2026-01-01T00:00:00.0000Z", "2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z",
         "2026-01-01T23:59:60.000Z", "2026-01-01T00:00:00,000Z", "2026-01-01T00:00:00.000z",
         "2026-01-01t00:00:00.000Z", "2026-01-01 00:00:00.000Z", "2026-01-01T00:00:00.000+00:00",
         "2026-01-01T00:00:00.000", "2025-02-29T00:00:00.000Z", "2026-01-01T0٠:00:00.000Z"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(kind, one) for kind, some in GOOD for one in some])
def test_good_values(kind: Any, value: object) -> None:
    assert is_valid(kind, value)


@pytest.mark.parametrize(("kind", "value"), [(kind, one) for kind, some in BAD for one in some])
def test_bad_values(kind: Any, value: object) -> None:
    assert not is_valid(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kind, some[0])
        for kind, some in GOOD
        if isinstance(some[0], str) and kind not in (ShortText, LongText, ColumnName)
    ],
)
@pytest.mark.parametrize("shape", ["{}\n", "{}\r", "{}\0", " {}", "{} ", "\n{}", "{}\u2028"])
def test_nothing_before_or_after_a_pattern(kind: Any, value: str, shape: str) -> None:
    """`$` would let a trailing line break pass."""
    assert not is_valid(kind, shape.format(value))


def test_dates_are_exactly_those_of_the_calendar() -> None:
    for year in (1970, 1972, 1999, 2000, 2023, 2024, 2100, 2400):
        days = {
            (date(year, 1, 1) + timedelta(days=n)).isoformat()
            for n in range(366 if isleap(year) else 365)
        }
        for month in range(100):
            for day in range(34):
                written = f"{year}-{month:02d}-{day:02d}"
                assert is_valid(Date, written) == (written in days)


def test_the_leap_day_of_every_year_to_9999() -> None:
    for year in range(1970, 10_000):
        assert is_valid(Date, f"{year}-02-28")
        assert is_valid(Date, f"{year}-02-29") == isleap(year)
