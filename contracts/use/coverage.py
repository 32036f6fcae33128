"""Whether a use keeps to terms, part by part, and by how much it does not.

`uncovered` judges one record of use by itself; counters, lateness and whether a right was effective
take more than that record (`contracts.use.counters`, `contracts.use.reports`). Judging distributes
over `meet`: a use is covered by `meet(a, b)` exactly if it is covered by `a` and by `b`, so a chain
of rights is judged by judging each of its links.

>>> from ledger.records.catalogue import VersionContent
>>> day = {"started_at": "2026-01-01T08:00:00.000Z", "ended_at": "2026-01-01T09:00:00.000Z"}
>>> content = VersionContent(dataset="visits", sha256="0" * 64, version=1)
>>> use = Usage(content=content, events_root="0" * 64, fields=("age",), operation="read",
...             purpose="health.audit", rows=1, uses=1, **day)
>>> [breach.code for breach in uncovered(
...     Terms(fields="all", operations=("query",), purposes=("health",)), use, ("age", "ward"))]
['operation-not-granted']
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal

from msgspec import Struct

from contracts.terms import MASKING, STORAGE, dotted
from ledger.records.terms import Terms
from ledger.records.use import Usage
from ledger.types import ColumnName

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

_LEAVES_CONSUMER: Final = ("derive", "export", "publish", "train")
"""Operations whose result leaves the consumer, so that a minimum group applies."""


class Breach(Struct, frozen=True, gc=False):
    """A part of the terms that a use did not keep to: how far it went, and what was allowed."""

    code: BreachCode
    measure: str
    limit: str


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
    if granted == "all" or (usage.purpose + ".").startswith(dotted(granted)):
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
    """A column the use does not filter was used in all its values.

    Rows that were used have some value in every column: a use of rows that names none says nothing.
    """
    if not terms.rows:
        return None
    used = {one.column: one.prefixes for one in usage.rows_used}
    for granted in terms.rows:
        prefixes = used.get(granted.column)
        if prefixes is None:
            outside = ["all"]
        elif not prefixes and usage.rows:
            outside = ["none"]
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
        if due.field in used and (level is None or MASKING.index(level) < MASKING.index(due.level)):
            return _breach(
                "masking-not-kept", f"{due.field}: {level or 'clear'}", f"{due.field}: {due.level}"
            )
    return None


def _storage(terms: Terms, usage: Usage) -> Breach | None:
    if STORAGE.index(usage.storage) >= STORAGE.index(terms.storage):
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
