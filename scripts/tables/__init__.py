"""Tables as they are found: in files, folders of files, and databases.

| source | digest of a release |
|---|---|
| `.csv`, `.csv.gz`, `.csv.zip`, `.tsv`, `.parquet` | of the bytes of the file |
| `.duckdb`, `.sqlite`, `.sqlite3`, `.db`, the URL of a database | of the rows (`tables.found`) |

Whatever reads data is imported when data is read: `blockpool --help` does not wait for it.
"""

from pathlib import Path
from typing import Final

from scripts.tables.found import FoundColumn, FoundTable, Source, SourceError, file_digest

_FILES: Final = (".csv", ".csv.gz", ".csv.zip", ".tsv", ".parquet")
_SQLITE: Final = (".sqlite", ".sqlite3", ".db")
_DUCKDB: Final = ".duckdb"
KNOWN: Final = (*_FILES, *_SQLITE, _DUCKDB)
"""Endings of the files that hold tables."""


def sources_in(where: str) -> list[Source]:
    """The tables in a file, a folder (with its folders) or a database. Raises `SourceError`."""
    if "://" in where:
        from scripts.tables.databases import database_sources  # noqa: PLC0415  slow to load

        return database_sources(where)
    path = Path(where)
    if not path.exists():
        raise SourceError(f"{where} is neither a file nor a folder nor the URL of a database")
    found = [source for one in _files_in(path) for source in _sources_in_file(one)]
    if not found:
        raise SourceError(f"{where} holds no table; known kinds of files: {', '.join(KNOWN)}")
    return found


def left_out(where: str) -> list[Path]:
    """The files in a folder that are no tables by their name, hidden ones not counted."""
    path = Path(where)
    if "://" in where or not path.is_dir():
        return []
    return [one for one in _files_in(path) if not one.name.lower().endswith(KNOWN)]


def _files_in(path: Path) -> list[Path]:
    inside = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [one for one in inside if one.is_file() and not one.name.startswith(".")]


def _sources_in_file(path: Path) -> list[Source]:
    name = path.name.lower()
    suffix = next((one for one in _FILES if name.endswith(one)), None)
    if suffix is not None:
        stem = path.name[: -len(suffix)]
        return [Source(stem, str(path), lambda: _read_file(path, stem))]
    if name.endswith(_DUCKDB):
        from scripts.tables.columnar import duckdb_sources  # noqa: PLC0415  slow to load

        return duckdb_sources(path)
    if name.endswith(_SQLITE):
        from scripts.tables.databases import database_sources  # noqa: PLC0415  slow to load

        return database_sources(f"sqlite:///{path}", str(path))
    return []


def _read_file(path: Path, name: str) -> FoundTable:
    from scripts.tables.columnar import read_file  # noqa: PLC0415  slow to load

    return read_file(path, name)


__all__ = [
    "KNOWN",
    "FoundColumn",
    "FoundTable",
    "Source",
    "SourceError",
    "file_digest",
    "left_out",
    "sources_in",
]
