"""What is found when a table is read: its columns, its size, the digest of what it holds.

**Digest of rows**, for tables that are no file of their own: a row is the JSON array of its values
in the order of the columns: null, true and false as such, every other value as text (numbers in
their shortest digits, times in ISO 8601, bytes in hex). The digest is SHA-256 over the ascending
SHA-256 digests of the rows, so that it does not depend on the order in which they are returned.

>>> rows_digest([(1, None), (2, "b")]) == rows_digest([(2, "b"), (1, None)])
True
>>> column_type("DECIMAL(8,2)"), column_type("INTEGER[]")
('decimal', 'other')
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from ledger.types import DigestHex, Time

ColumnType = Literal[
    "binary", "boolean", "date", "decimal", "float", "integer", "other", "text", "time", "timestamp"
]
SAMPLES: Final = 200
"""Rows looked at for numbers that name people."""
_BLOCK_BYTES: Final = 1 << 20
_TYPES: Final[tuple[tuple[str, ColumnType], ...]] = (
    *((name, "integer") for name in ("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT")),
    *((name, "integer") for name in ("UTINYINT", "USMALLINT", "UINT", "UBIGINT", "UHUGEINT")),
    *((name, "decimal") for name in ("DECIMAL", "NUMERIC")),
    *((name, "float") for name in ("FLOAT", "DOUBLE", "REAL")),
    *((name, "timestamp") for name in ("TIMESTAMP", "DATETIME")),
    *((name, "text") for name in ("VARCHAR", "NVARCHAR", "CHAR", "TEXT", "CLOB", "UUID", "ENUM")),
    *((name, "binary") for name in ("BLOB", "BYTEA", "BINARY", "VARBINARY")),
    ("BOOL", "boolean"),
    ("DATE", "date"),
    ("TIME", "time"),
)
"""Beginnings of the names that databases give their types; the first one that fits."""


class SourceError(Exception):
    """Something that was to be read as a table and could not be."""


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column; `samples` are some of its values as text."""

    name: str
    type: ColumnType
    nullable: bool
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table: where it is, what it holds, and the digest of that.

    `table` is its name inside a database; a table without one is a file of `body_bytes`.
    """

    name: str
    location: str
    table: str | None
    columns: tuple[FoundColumn, ...]
    rows: int
    body_bytes: int | None
    sha256: DigestHex
    as_of: Time


@dataclass(frozen=True, slots=True)
class Source:
    """One table not read yet. `read` raises `SourceError`."""

    name: str
    location: str
    read: Callable[[], FoundTable]


def file_digest(path: Path) -> DigestHex:
    """SHA-256 of the bytes of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def rows_digest(rows: Iterable[Sequence[object]]) -> DigestHex:
    """The digest of rows, in whatever order they come."""
    digests = sorted(sha256(_encode_row(row)).digest() for row in rows)
    return sha256(b"".join(digests)).hexdigest()


def column_type(name: str) -> ColumnType:
    """The logical type behind a database's name for it."""
    upper = name.upper()
    if upper.endswith("[]"):
        return "other"
    return next((kind for start, kind in _TYPES if upper.startswith(start)), "other")


def samples_of(rows: Sequence[Sequence[object]], place: int) -> tuple[str, ...]:
    """Values of one column as text."""
    return tuple(_text(row[place]) for row in rows if row[place] is not None)


def _encode_row(row: Sequence[object]) -> bytes:
    values = [one if one is None or isinstance(one, bool) else _text(one) for one in row]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _text(value: object) -> str:
    match value:
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case _:
            return str(value)
