"""Hypothesis strategies for terms of use and their friends.

Names are drawn from small pools, so that sets overlap, cover and contradict one another often.
Everything drawn is a value that a record could hold.
"""

from typing import Final, Literal, TypeVar, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ledger.records.catalogue import VersionContent
from ledger.records.genesis import Calendar
from ledger.records.terms import FieldMasking, Masking, Onward, Operation, RowFilter, Storage, Terms
from ledger.records.use import Transfer, Usage
from ledger.times import TIME_MS_MAX, date_of_day, from_ms
from ledger.types import DigestHex, Time

COLUMNS: Final = ("age", "district", "income", "period", "身份证号")
PREFIXES: Final = ("1", "11", "110", "1101", "12", "3", "33", "3301", "杭", "杭州")
PURPOSES: Final = ("health", "health.audit", "health.audit.local", "health-care", "tax", "tax.a")
SYSTEMS: Final = ("archive", "portal", "registry")
OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)
MASKING: Final[tuple[Masking, ...]] = get_args(Masking)
STORAGE: Final[tuple[Storage, ...]] = get_args(Storage)
ONWARD: Final[tuple[Onward, ...]] = get_args(Onward)
_Name = TypeVar("_Name", bound=str)
DIGEST: Final[DigestHex] = "ab" * 32

_MOMENTS: Final[tuple[Time, ...]] = tuple(
    f"2026-0{month}-01T00:00:00.000Z" for month in range(1, 6)
)


def sets_of(names: tuple[_Name, ...]) -> SearchStrategy[tuple[_Name, ...]]:
    """Ascending tuples without repeats. One draw each, which is what keeps wild terms quick."""
    ordered = sorted(names)
    return st.integers(0, 2 ** len(ordered) - 1).map(
        lambda bits: tuple(one for at, one in enumerate(ordered) if bits >> at & 1)
    )


def antichains_of(names: tuple[str, ...], end: str = "") -> SearchStrategy[tuple[str, ...]]:
    """Ascending tuples in which no name, followed by `end`, starts another."""

    def maximal(drawn: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            one
            for one in drawn
            if not any(one != other and (one + end).startswith(other + end) for other in drawn)
        )

    return sets_of(names).map(maximal)


@st.composite
def row_filters(draw: DrawFn) -> tuple[RowFilter, ...]:
    prefixes = antichains_of(PREFIXES)
    columns = draw(sets_of(COLUMNS[:3]))
    return tuple(RowFilter(column=column, prefixes=draw(prefixes)) for column in columns)


@st.composite
def maskings(draw: DrawFn, fields: tuple[str, ...] = COLUMNS) -> tuple[FieldMasking, ...]:
    masked = draw(sets_of(fields))
    return tuple(FieldMasking(field=one, level=draw(st.sampled_from(MASKING))) for one in masked)


def _all_or(
    sets: SearchStrategy[tuple[str, ...]],
) -> SearchStrategy[Literal["all"] | tuple[str, ...]]:
    everything: Literal["all"] = "all"
    return st.just(everything) | sets


def _any_or(
    sets: SearchStrategy[tuple[str, ...]],
) -> SearchStrategy[Literal["any"] | tuple[str, ...]]:
    everything: Literal["any"] = "any"
    return st.just(everything) | sets


def _limits() -> SearchStrategy[int | None]:
    return st.none() | st.integers(0, 3)


def _moments() -> SearchStrategy[Time | None]:
    return st.none() | st.sampled_from(_MOMENTS)


@st.composite
def terms(draw: DrawFn) -> Terms:
    """Wild terms: from everything to nothing, windows that never open included."""
    fields = draw(_all_or(sets_of(COLUMNS)))
    return Terms(
        delegable=draw(st.integers(0, 8)),
        delete_within=draw(_limits()),
        fields=fields,
        masking=draw(maskings(COLUMNS if fields == "all" else fields)),
        minimum_group=draw(st.integers(1, 4)),
        not_after=draw(_moments()),
        not_before=draw(_moments()),
        onward=draw(st.sampled_from(ONWARD)),
        operations=draw(sets_of(OPERATIONS)),
        purposes=draw(_all_or(antichains_of(PURPOSES, "."))),
        rate_per_day=draw(_limits()),
        report_within=draw(_limits()),
        rows=draw(row_filters()),
        rows_max=draw(_limits()),
        storage=draw(st.sampled_from(STORAGE)),
        systems=draw(_any_or(sets_of(SYSTEMS))),
        uses_max=draw(_limits()),
    )


@st.composite
def usages(draw: DrawFn) -> Usage:
    """A use as a writer may report it, covered or not."""
    first, last = sorted(draw(st.tuples(st.sampled_from(_MOMENTS), st.sampled_from(_MOMENTS))))
    return Usage(
        content=VersionContent(dataset="census", sha256=DIGEST, version=1),
        ended_at=last,
        events_root=DIGEST,
        fields=draw(sets_of(COLUMNS)),
        masking=draw(maskings()),
        minimum_group=draw(_limits()),
        onward=draw(st.none() | st.builds(Transfer, aggregated=st.booleans())),
        operation=draw(st.sampled_from(OPERATIONS)),
        purpose=draw(st.sampled_from(PURPOSES)),
        rows=draw(st.integers(0, 3)),
        rows_used=draw(row_filters()),
        started_at=first,
        storage=draw(st.sampled_from(STORAGE)),
        system=draw(st.none() | st.sampled_from(SYSTEMS)),
        uses=draw(st.integers(1, 3)),
    )


def times() -> SearchStrategy[Time]:
    """Any moment that can be written, in milliseconds."""
    return st.integers(0, TIME_MS_MAX).map(from_ms)


@st.composite
def calendars(draw: DrawFn) -> Calendar:
    """Calendars of a few years around 2026, with days listed in and out of the covered years."""
    first = draw(st.integers(19_700, 21_900))
    dates = sets_of(tuple(date_of_day(first + 2 * at) for at in range(60)))
    return Calendar(
        first_year=draw(st.integers(2024, 2028)),
        holidays=draw(dates),
        last_year=draw(st.integers(2024, 2028)),
        utc_offset_minutes=draw(st.integers(-840, 840)),
        workdays=draw(dates),
    )
