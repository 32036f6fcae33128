"""The order of terms of use: what is stricter than what, and what a use must keep to.

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

`uncovered` judges one usage record without counters, part by part. It distributes over `meet`: a
use is covered by `meet(a, b)` exactly if it is covered by `a` and by `b`, so a chain of rights is
judged by judging each of its links.

>>> wide = Terms(fields="all", operations=("query", "read"), purposes=("health",))
>>> narrow = Terms(fields=("age",), operations=("read",), purposes=("health.audit", "tax"))
>>> meet(wide, narrow).purposes
('health.audit',)
>>> narrows(narrow, wide), narrows(meet(wide, narrow), wide)
(False, True)
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal, TypeVar

from msgspec import Struct

from ledger.records.terms import FieldMasking, Masking, Onward, RowFilter, Storage, Terms
from ledger.records.use import Usage
from ledger.types import ColumnName, PurposeCode

TEXT_MAX: Final = 256
"""Longest measure or limit of a breach, in code points: what the state keeps of it."""

BreachCode = Literal[
    "outside-window",
    "purpose-not-granted",
    "field-not-granted",
    "row-not-granted",
    "operation-not-granted",
    "system-not-granted",
    "minimum-group-not-kept",
    "masking-not-kept",
    "storage-not-kept",
    "onward-transfer",
]

_MASKING: Final[tuple[Masking, ...]] = ("partial", "hashed", "aggregated")
_STORAGE: Final[tuple[Storage, ...]] = ("allowed", "controlled", "none")
_ONWARD: Final[tuple[Onward, ...]] = ("yes", "aggregated", "no")
_LEAVES_CONSUMER: Final = ("derive", "export", "publish", "train")
"""Operations whose result leaves the consumer, so that a minimum group applies."""

_Limit = TypeVar("_Limit", int, str)
_Level = TypeVar("_Level", bound=str)
_Everything = TypeVar("_Everything", Literal["all"], Literal["any"])


class Breach(Struct, frozen=True, gc=False):
    """A part of the terms that a use did not keep to: how far it went, and what was allowed."""

    code: BreachCode
    measure: str
    limit: str


def meet(a: Terms, b: Terms) -> Terms:
    """The widest terms that allow nothing that `a` or `b` does not allow."""
    fields = _meet_sets(a.fields, b.fields)
    return Terms(
        delegable=min(a.delegable, b.delegable),
        delete_within=_least(a.delete_within, b.delete_within),
        fields=fields,
        masking=_meet_masking(a.masking, b.masking, fields),
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
        storage=_later(_STORAGE, a.storage, b.storage),
        systems=_meet_sets(a.systems, b.systems),
        uses_max=_least(a.uses_max, b.uses_max),
    )


def narrows(a: Terms, b: Terms) -> bool:
    """Whether `a` is at least as strict as `b` in every part. A partial order."""
    return meet(a, b) == a


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


def _dotted(purposes: tuple[PurposeCode, ...]) -> tuple[str, ...]:
    """Purpose codes as prefixes: `tax` covers `tax.audit`, but not `taxi`."""
    return tuple(code + "." for code in purposes)


def _meet_purposes(
    a: Literal["all"] | tuple[PurposeCode, ...], b: Literal["all"] | tuple[PurposeCode, ...]
) -> Literal["all"] | tuple[PurposeCode, ...]:
    if a == "all":
        return b
    if b == "all":
        return a
    return tuple(sorted(code[:-1] for code in _meet_prefixes(_dotted(a), _dotted(b))))


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
    fields: Literal["all"] | tuple[ColumnName, ...],
) -> tuple[FieldMasking, ...]:
    """The stronger masking of every field that may still be used."""
    levels = {one.field: one.level for one in a}
    for one in b:
        level = levels.get(one.field)
        levels[one.field] = one.level if level is None else _later(_MASKING, level, one.level)
    kept = levels if fields == "all" else frozenset(fields)
    return tuple(
        FieldMasking(field=name, level=levels[name]) for name in sorted(levels) if name in kept
    )


def is_counted(terms: Terms) -> bool:
    """Whether terms limit how much is used in all or a day, so that uses have to be counted."""
    return (terms.uses_max, terms.rows_max, terms.rate_per_day) != (None, None, None)


def uncovered(terms: Terms, usage: Usage, columns: Collection[ColumnName]) -> tuple[Breach, ...]:
    """The parts of `terms` that `usage` did not keep to; none if the use is covered.

    `columns` are those of the schema version granted; they count only where the terms grant all
    fields. Counters, lateness and whether the right was effective are judged elsewhere: they take
    more than one record.
    """
    breaches = (
        _outside_window(terms, usage),
        _purpose(terms, usage),
        _fields(terms, usage, columns),
        _rows(terms, usage),
        _operation(terms, usage),
        _system(terms, usage),
        _minimum_group(terms, usage),
        _masking(terms, usage),
        _storage(terms, usage),
        _onward(terms, usage),
    )
    return tuple(one for one in breaches if one is not None)


def _breach(code: BreachCode, measure: str, limit: str) -> Breach:
    return Breach(code, _capped(measure), _capped(limit))


def _capped(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _outside_window(terms: Terms, usage: Usage) -> Breach | None:
    after, before = terms.not_before, terms.not_after
    if (after is None or after <= usage.started_at) and (
        before is None or usage.ended_at <= before
    ):
        return None
    return _breach(
        "outside-window",
        f"{usage.started_at}/{usage.ended_at}",
        f"{after or '..'}/{before or '..'}",
    )


def _purpose(terms: Terms, usage: Usage) -> Breach | None:
    granted = terms.purposes
    if granted == "all" or (usage.purpose + ".").startswith(_dotted(granted)):
        return None
    return _breach("purpose-not-granted", usage.purpose, _listed(granted))


def _fields(terms: Terms, usage: Usage, columns: Collection[ColumnName]) -> Breach | None:
    granted = frozenset(columns if terms.fields == "all" else terms.fields)
    if granted.issuperset(usage.fields):
        return None
    return _breach(
        "field-not-granted",
        _listed([name for name in usage.fields if name not in granted]),
        "all of the schema version" if terms.fields == "all" else _listed(terms.fields),
    )


def _rows(terms: Terms, usage: Usage) -> Breach | None:
    """A column the use does not filter was used in all its values."""
    if not terms.rows:
        return None
    used = {one.column: one.prefixes for one in usage.rows_used}
    for granted in terms.rows:
        prefixes = used.get(granted.column)
        if prefixes is None:
            outside = ["all"]
        else:
            outside = [one for one in prefixes if not one.startswith(granted.prefixes)]
        if outside:
            return _breach(
                "row-not-granted",
                f"{granted.column}: {_listed(outside)}",
                f"{granted.column}: {_listed(granted.prefixes)}",
            )
    return None


def _operation(terms: Terms, usage: Usage) -> Breach | None:
    if usage.operation in terms.operations:
        return None
    return _breach("operation-not-granted", usage.operation, _listed(terms.operations))


def _system(terms: Terms, usage: Usage) -> Breach | None:
    if terms.systems == "any" or usage.system in terms.systems:
        return None
    return _breach("system-not-granted", usage.system or "not stated", _listed(terms.systems))


def _minimum_group(terms: Terms, usage: Usage) -> Breach | None:
    smallest, kept = terms.minimum_group, usage.minimum_group
    if smallest == 1 or (usage.operation not in _LEAVES_CONSUMER and usage.onward is None):
        return None
    if kept is not None and kept >= smallest:
        return None
    return _breach(
        "minimum-group-not-kept", "not stated" if kept is None else str(kept), str(smallest)
    )


def _masking(terms: Terms, usage: Usage) -> Breach | None:
    if not terms.masking:
        return None
    kept = {one.field: one.level for one in usage.masking}
    used = frozenset(usage.fields)
    for due in terms.masking:
        level = kept.get(due.field)
        if due.field in used and (
            level is None or _MASKING.index(level) < _MASKING.index(due.level)
        ):
            return _breach(
                "masking-not-kept", f"{due.field}: {level or 'clear'}", f"{due.field}: {due.level}"
            )
    return None


def _storage(terms: Terms, usage: Usage) -> Breach | None:
    if _STORAGE.index(usage.storage) >= _STORAGE.index(terms.storage):
        return None
    return _breach("storage-not-kept", usage.storage, terms.storage)


def _onward(terms: Terms, usage: Usage) -> Breach | None:
    passed_on = usage.onward
    if passed_on is None or terms.onward == "yes":
        return None
    if terms.onward == "aggregated" and passed_on.aggregated:
        return None
    return _breach(
        "onward-transfer", "aggregated" if passed_on.aggregated else "rows", terms.onward
    )
