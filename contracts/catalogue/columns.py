"""What schemas in the state say about columns, and whether terms speak of what exists."""

from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.reasons import (
    ALLOWS_NOTHING,
    PERIOD_OVER,
    UNKNOWN_COLUMN,
    UNKNOWN_PURPOSE,
    UNKNOWN_SCHEMA,
    refuse_unless,
    required,
)
from contracts.terms import allows_nothing
from contracts.values import COLUMN_SET_MAX, ColumnSet, SchemaPart, SchemaVersion
from contracts.view import StateView, held, read
from ledger.records.terms import Terms
from ledger.types import ColumnName, DigestHex


def complete_schema(view: StateView, schema: DigestHex) -> SchemaVersion:
    """R302: a schema that is referred to is complete."""
    version = read(view, SchemaVersion, f"schema/{schema}")
    return required(version, UNKNOWN_SCHEMA, schema, "schema")


def parts_of(view: StateView, schema: DigestHex, version: SchemaVersion) -> Iterator[SchemaPart]:
    """The parts of a schema seen so far, in order.

    Counted by columns: a schema begun anew in other parts leaves old ones behind, which no longer
    belong to it.
    """
    first = 0
    while first < version.columns:
        part = held(view, SchemaPart, f"schema-part/{version.member}/{schema}/{first}")
        yield part
        first += len(part.names)


def column_names(view: StateView, schema: DigestHex) -> tuple[ColumnName, ...]:
    """Names of all columns of a complete schema, in order."""
    version = held(view, SchemaVersion, f"schema/{schema}")
    parts = [part.names for part in parts_of(view, schema, version)]
    return parts[0] if len(parts) == 1 else tuple(name for names in parts for name in names)


def choice(names: Sequence[ColumnName], chosen: Collection[ColumnName]) -> ColumnSet:
    """Some columns of a schema as a set: the n-th column, counted from 0, is the bit of 2^n.

    >>> choice(("id", "age", "sex"), ("age", "sex"))
    '6'
    """
    wanted = frozenset(chosen)
    return format(sum(1 << n for n, name in enumerate(names) if name in wanted), "x")


def chosen(names: Sequence[ColumnName], bits: ColumnSet) -> tuple[ColumnName, ...]:
    """The columns of a schema that are in a set, in order.

    >>> chosen(("id", "age", "sex"), "6")
    ('age', 'sex')
    """
    number = int.from_bytes(bytes.fromhex(bits.zfill(COLUMN_SET_MAX)), "big")
    return tuple(name for n, name in enumerate(names) if number >> n & 1)


def has_personal(view: StateView, schema: DigestHex) -> bool:
    """Whether any column of a complete schema holds personal information."""
    version = held(view, SchemaVersion, f"schema/{schema}")
    return any(part.personal for part in parts_of(view, schema, version))


def check_terms(draft: Draft, terms: Terms, schema: DigestHex) -> None:
    """R303: terms name adopted purposes, or ones these cover, and columns of the schema."""
    if terms.purposes != "all":
        for purpose in terms.purposes:
            refuse_unless(is_adopted(draft, purpose), UNKNOWN_PURPOSE, purpose, "purposes")
    named = [] if terms.fields == "all" else [*terms.fields]
    named += [one.field for one in terms.masking]
    named += [one.column for one in terms.rows]
    if named:
        known = frozenset(column_names(draft, schema))
        unknown = next((name for name in named if name not in known), None)
        refuse_unless(unknown is None, UNKNOWN_COLUMN, unknown or "", "terms")


def check_period(draft: Draft, terms: Terms) -> None:
    """R304: terms that end do so after they start, and after now."""
    ends = terms.not_after
    lasts = ends is None or ends > max(draft.context.time, terms.not_before or "")
    refuse_unless(lasts, PERIOD_OVER, "", "notAfter")


def check_given(draft: Draft, terms: Terms) -> None:
    """R445: what is asked for, given, passed on or amended allows some use, over some time.

    A right to nothing would be a refusal, or a revocation, by another name.
    """
    check_period(draft, terms)
    refuse_unless(not allows_nothing(terms), ALLOWS_NOTHING, "", "terms")


def spelled(view: StateView, terms: Terms, schema: DigestHex) -> Terms:
    """Terms with their columns named, so that those of two schemas can be compared."""
    if terms.fields != "all":
        return terms
    return replace(terms, fields=tuple(sorted(column_names(view, schema))))


def is_adopted(draft: Draft, purpose: str) -> bool:
    """Whether a purpose code, or one that covers it, is adopted."""
    return is_covered(purpose, draft.context.ledger.purposes)


def is_covered(purpose: str, adopted: Sequence[str]) -> bool:
    """Whether a purpose code is among others, or one of them covers it.

    >>> is_covered("health.audit", ["health"]), is_covered("healthy", ["health"])
    (True, False)
    """
    return purpose in adopted or any(purpose.startswith(f"{code}.") for code in adopted)
