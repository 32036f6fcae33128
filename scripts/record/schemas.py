"""The columns of a dataset, as the ledger has them: what terms may name."""

from collections.abc import Iterator

from contracts.values import SchemaPart, SchemaVersion
from ledger.records.terms import Terms
from ledger.types import DatasetId, DigestHex
from node.client import Client
from scripts.answers import read_value
from scripts.spelling import SpellingError


def column_names(client: Client, schema: DigestHex) -> tuple[str, ...]:
    """The columns of a schema, in order."""
    return tuple(name for part in parts_of(client, schema) for name in part.names)


def parts_of(client: Client, schema: DigestHex) -> Iterator[SchemaPart]:
    """The parts of a schema, in order. Raises `SpellingError` if one is missing."""
    version = read_value(client, SchemaVersion, f"schema/{schema}")
    first = 0
    while version is not None and first < version.total:
        part = read_value(client, SchemaPart, f"schema-part/{version.member}/{schema}/{first}")
        if part is None:
            raise SpellingError(f"the ledger lacks a part of the schema {schema}", "schema")
        yield part
        first += len(part.names)


def check_columns(client: Client, dataset: DatasetId, schema: DigestHex, terms: Terms) -> Terms:
    """Terms that name columns of a schema only. Raises `SpellingError`, with those it has."""
    fields = () if terms.fields == "all" else terms.fields
    masked, rows = (one.field for one in terms.masking), (one.column for one in terms.rows)
    named = dict.fromkeys((*fields, *masked, *rows))
    known = column_names(client, schema) if named else ()
    unknown = [one for one in named if one not in known]
    if unknown:
        what = f"`{dataset}` has no column {', '.join(unknown)}; it has {', '.join(known)}"
        raise SpellingError(what, "fields")
    return terms
