"""The order of terms of use: what is stricter than what. `contracts.use.coverage` judges by them.

Terms form a meet-semilattice. `meet` takes the stricter of each part; `narrows(a, b)` says that `a`
allows nothing that `b` does not, part by part, and is `meet(a, b) == a`.

| part | stricter is |
|---|---|
| fields, operations, systems | fewer; `all` and `any` are the most |
| purposes | fewer; a code covers every code that continues it after a dot |
| rows | fewer; per column, a prefix covers every value that starts with it |
| not_before, not_after | later, earlier |
| uses_max, rows_max, rate_per_day, report_within, delete_within | less; none is unlimited |
| delegable | less |
| minimum_group | more |
| masking (of fields that may be used), storage, onward | later in their list |

A meet of two terms may be longer than a record can hold (64 + 64 purposes): it is there to compare
with, and is only written down where it equals terms that were.

>>> wide = Terms(fields="all", operations=("query", "read"), purposes=("health",))
>>> narrow = Terms(fields=("age",), operations=("read",), purposes=("health.audit", "tax"))
>>> meet(wide, narrow).purposes
('health.audit',)
>>> narrows(narrow, wide), narrows(meet(wide, narrow), wide)
(False, True)
"""

from collections.abc import Sequence
from typing import Final, Literal, TypeVar

from msgspec.structs import fields, replace

from ledger.records.terms import FieldMasking, Masking, Onward, RowFilter, Storage, Terms
from ledger.types import ColumnName, PurposeCode

MASKING: Final[tuple[Masking, ...]] = ("partial", "hashed", "aggregated")
"""From wide to strict, like the two below."""
STORAGE: Final[tuple[Storage, ...]] = ("allowed", "controlled", "none")
_ONWARD: Final[tuple[Onward, ...]] = ("yes", "aggregated", "no")
_Limit = TypeVar("_Limit", int, str)
_Level = TypeVar("_Level", bound=str)
_Everything = TypeVar("_Everything", Literal["all"], Literal["any"])


def meet(a: Terms, b: Terms) -> Terms:
    """The widest terms that allow nothing that `a` or `b` does not allow."""
    shared = _meet_sets(a.fields, b.fields)
    return Terms(
        delegable=min(a.delegable, b.delegable),
        delete_within=_least(a.delete_within, b.delete_within),
        fields=shared,
        masking=_meet_masking(a.masking, b.masking, shared),
        minimum_group=max(a.minimum_group, b.minimum_group),
        not_after=_least(a.not_after, b.not_after),
        not_before=_greatest(a.not_before, b.not_before),
        onward=_later(_ONWARD, a.onward, b.onward),
        operations=tuple(one for one in a.operations if one in b.operations),
        purposes=_meet_purposes(a.purposes, b.purposes),
        rate_per_day=_least(a.rate_per_day, b.rate_per_day),
        report_within=_least(a.report_within, b.report_within),
        rows=_meet_rows(a.rows, b.rows),
        rows_max=_least(a.rows_max, b.rows_max),
        storage=_later(STORAGE, a.storage, b.storage),
        systems=_meet_sets(a.systems, b.systems),
        uses_max=_least(a.uses_max, b.uses_max),
    )


def narrows(a: Terms, b: Terms) -> bool:
    """Whether `a` is at least as strict as `b` in every part. A partial order."""
    return meet(a, b) == a


def wider_parts(a: Terms, b: Terms) -> tuple[str, ...]:
    """The parts in which `a` allows what `b` does not, as records name them; none if it narrows.

    How fields are masked is compared for those that both allow.

    >>> wide = Terms(fields=("age", "name"), not_after=None, operations=("read",), purposes="all")
    >>> narrow = replace(wide, fields=("age",), not_after="2027-01-01T00:00:00.000Z")
    >>> wider_parts(wide, narrow), wider_parts(narrow, wide)
    (('fields', 'notAfter'), ())
    """
    met = meet(a, b)
    masking = _meet_masking(a.masking, (), met.fields)
    compared = replace(a, masking=masking) if masking != a.masking else a
    return tuple(
        one.encode_name
        for one in fields(Terms)
        if getattr(met, one.name) != getattr(compared, one.name)
    )


def _least(a: _Limit | None, b: _Limit | None) -> _Limit | None:
    if a is None or b is None:
        return b if a is None else a
    return min(a, b)


def _greatest(a: _Limit | None, b: _Limit | None) -> _Limit | None:
    if a is None or b is None:
        return b if a is None else a
    return max(a, b)


def _later(levels: Sequence[_Level], a: _Level, b: _Level) -> _Level:
    return levels[max(levels.index(a), levels.index(b))]


def _meet_sets(
    a: _Everything | tuple[str, ...], b: _Everything | tuple[str, ...]
) -> _Everything | tuple[str, ...]:
    if isinstance(a, str):
        return b
    if isinstance(b, str):
        return a
    kept = frozenset(b)
    return tuple(one for one in a if one in kept)


def _meet_prefixes(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """What both cover: of two prefixes of one value the longer one. An antichain if both are."""
    return tuple(
        sorted({one for one in a if one.startswith(b)} | {one for one in b if one.startswith(a)})
    )


def dotted(purposes: tuple[PurposeCode, ...]) -> tuple[str, ...]:
    """Purpose codes as prefixes: `tax` covers `tax.audit`, but not `taxi`."""
    return tuple(code + "." for code in purposes)


def _meet_purposes(
    a: Literal["all"] | tuple[PurposeCode, ...], b: Literal["all"] | tuple[PurposeCode, ...]
) -> Literal["all"] | tuple[PurposeCode, ...]:
    if a == "all":
        return b
    if b == "all":
        return a
    return tuple(sorted(code[:-1] for code in _meet_prefixes(dotted(a), dotted(b))))


def _meet_rows(a: tuple[RowFilter, ...], b: tuple[RowFilter, ...]) -> tuple[RowFilter, ...]:
    """Every filter of both; where both filter a column, what passes both."""
    filters = {one.column: one for one in a}
    for one in b:
        other = filters.get(one.column)
        filters[one.column] = (
            one
            if other is None
            else RowFilter(column=one.column, prefixes=_meet_prefixes(other.prefixes, one.prefixes))
        )
    return tuple(filters[column] for column in sorted(filters))


def _meet_masking(
    a: tuple[FieldMasking, ...],
    b: tuple[FieldMasking, ...],
    shared: Literal["all"] | tuple[ColumnName, ...],
) -> tuple[FieldMasking, ...]:
    """The stronger masking of every field that may still be used."""
    levels = {one.field: one.level for one in a}
    for one in b:
        level = levels.get(one.field)
        levels[one.field] = one.level if level is None else _later(MASKING, level, one.level)
    kept = levels if shared == "all" else frozenset(shared)
    return tuple(
        FieldMasking(field=name, level=levels[name]) for name in sorted(levels) if name in kept
    )


def allows_nothing(terms: Terms) -> bool:
    """Whether there is no use that terms allow, whenever it is."""
    listed = (terms.fields, terms.operations, terms.purposes, terms.systems)
    prefixes = [one.prefixes for one in terms.rows]
    return () in listed or () in prefixes or 0 in {terms.rate_per_day, terms.uses_max}


def is_counted(terms: Terms) -> bool:
    """Whether terms limit how much is used in all or a day, so that uses have to be counted."""
    return (terms.uses_max, terms.rows_max, terms.rate_per_day) != (None, None, None)
