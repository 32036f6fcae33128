"""What schemas in the state say about columns, and whether terms speak of what exists."""

from contracts.draft import Draft
from contracts.reasons import (
    PERIOD_OVER,
    UNKNOWN_COLUMN,
    UNKNOWN_PURPOSE,
    UNKNOWN_SCHEMA,
    refuse_unless,
    required,
)
from contracts.values import SchemaPart, SchemaVersion
from contracts.view import StateView, read
from ledger.records.terms import Terms
from ledger.types import DigestHex


def complete_schema(view: StateView, schema: DigestHex) -> SchemaVersion:
    """The schema version of that digest. Refuses one that is unknown or still growing."""
    version = required(
        read(view, SchemaVersion, f"schema/{schema}"), UNKNOWN_SCHEMA, schema, "schema"
    )
    refuse_unless(version.columns == version.total, UNKNOWN_SCHEMA, "parts are missing", "schema")
    return version


def parts_of(view: StateView, schema: DigestHex) -> tuple[SchemaPart, ...]:
    """The parts of a schema seen so far, in order."""
    parts: tuple[SchemaPart, ...] = ()
    first = 0
    while (part := read(view, SchemaPart, f"schema-part/{schema}/{first}")) is not None:
        parts += (part,)
        first += len(part.names)
    return parts


def column_names(view: StateView, schema: DigestHex) -> frozenset[str]:
    """Names of all columns of a schema; none for a schema that is unknown."""
    return frozenset(name for part in parts_of(view, schema) for name in part.names)


def has_personal(view: StateView, schema: DigestHex) -> bool:
    """Whether any column holds personal information."""
    return any(part.personal for part in parts_of(view, schema))


def check_terms(draft: Draft, terms: Terms, schema: DigestHex) -> None:
    """R301: terms name columns of the schema and adopted purposes, and end after they start."""
    named = set() if terms.fields == "all" else set(terms.fields)
    named.update(one.field for one in terms.masking)
    named.update(one.column for one in terms.rows)
    unknown = named - column_names(draft, schema) if named else set()
    refuse_unless(not unknown, UNKNOWN_COLUMN, ", ".join(sorted(unknown)), "terms")
    if terms.purposes != "all":
        for purpose in terms.purposes:
            refuse_unless(is_adopted(draft, purpose), UNKNOWN_PURPOSE, purpose, "purposes")
    ends = terms.not_after
    refuse_unless(
        ends is None or ends > max(draft.context.time, terms.not_before or ""),
        PERIOD_OVER,
        "",
        "notAfter",
    )


def is_adopted(draft: Draft, purpose: str) -> bool:
    """Whether a purpose code, or one that covers it, is adopted."""
    adopted = draft.context.ledger.purposes
    return purpose in adopted or any(purpose.startswith(f"{code}.") for code in adopted)
