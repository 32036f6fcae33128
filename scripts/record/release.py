"""One more version of a dataset, from its files: `blockpool record publish flights flights.csv`.

A version of more files than a release can list names a manifest, which is put on the ledger first,
in parts, unless it is there.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from contracts.values import Dataset, FileList, ReleasedVersion
from ledger.records.catalogue import (
    FILES_MAX,
    Content,
    File,
    Quality,
    ReleaseItem,
    file_list_digest,
)
from ledger.records.manifests import FILES_PER_PART_MAX, Manifest, manifest_digest
from ledger.types import Time, Version
from node.client import Client
from scripts.answers import read_value
from scripts.profile import present_time
from scripts.record.schemas import column_names
from scripts.record.sharing import entry_of
from scripts.spelling import SpellingError, build, yes_or_no
from scripts.tables import FoundTable, SourceError, sources_in


def release_of(
    client: Client,
    dataset: str,
    files: Sequence[Path],
    *,
    as_of: Time | None,
    corrects: Version | None,
    quality: Sequence[str],
) -> tuple[ReleaseItem, tuple[Manifest, ...]]:
    """The next version, with the contents of `files`, and what goes before it.

    Raises `SpellingError` or `SourceError`.
    """
    entry = entry_of(client, dataset)
    before = read_value(client, Dataset, f"dataset/{dataset}")
    found = [read_table(path) for path in files]
    columns = column_names(client, entry.schema)
    for one in found:
        _check_columns(one, columns)
    listed = _listed(files, found)
    content = _content(found, listed)
    if as_of is None and corrects is None:
        _check_changed(client, dataset, before, content)
    item = build(
        ReleaseItem,
        as_of=as_of or present_time(),
        content=content,
        corrects=corrects,
        dataset=dataset,
        quality=tuple(_quality(text) for text in quality),
        rows=sum(one.rows for one in found),
        schema=entry.schema,
        version=1 if before is None else before.releases + 1,
    )
    if not content.manifest or read_value(client, FileList, f"manifest/{content.sha256}"):
        return item, ()
    return item, tuple(manifest_parts(listed))


def manifest_parts(listed: Sequence[File]) -> Iterator[Manifest]:
    """The records that put a list of files on the ledger."""
    digest = manifest_digest(listed)
    for first in range(0, len(listed), FILES_PER_PART_MAX):
        part = tuple(listed[first : first + FILES_PER_PART_MAX])
        yield build(Manifest, files=part, first=first, manifest=digest, total=len(listed))


def read_table(path: Path) -> FoundTable:
    """The one table of a file. Raises `SourceError`."""
    if not path.exists():
        raise SourceError(f"{path}: no such file")
    sources = sources_in(str(path)) if path.is_file() else []
    if len(sources) != 1:
        raise SourceError(f"{path} is not a file with one table")
    return sources[0].read()


def _check_columns(found: FoundTable, expected: Sequence[str]) -> None:
    names = [column.name for column in found.columns]
    missing = [name for name in expected if name not in names]
    more = [name for name in names if name not in expected]
    if missing or more:
        told = [f"lacks {', '.join(missing)}"] if missing else []
        told += [f"has {', '.join(more)} that the entry has not"] if more else []
        raise SpellingError(f"{found.location} {' and '.join(told)}", "schema")


def _check_changed(client: Client, dataset: str, before: Dataset | None, content: Content) -> None:
    """Whoever gives no moment means new contents."""
    if before is None or not before.releases:
        return
    latest = read_value(client, ReleasedVersion, f"release/{dataset}/{before.releases}")
    if latest is not None and latest.sha256 == content.sha256:
        raise SpellingError(
            f"version {before.releases} has the same contents; "
            "say with --as-of for which later moment they hold"
        )


def _listed(files: Sequence[Path], found: Sequence[FoundTable]) -> tuple[File, ...]:
    """The files in the order of their names."""
    return tuple(
        File(bytes=one.body_bytes or 0, name=path.name, sha256=one.sha256)
        for path, one in sorted(zip(files, found, strict=True), key=lambda pair: pair[0].name)
    )


def _content(found: Sequence[FoundTable], listed: tuple[File, ...]) -> Content:
    total = sum(one.body_bytes or 0 for one in found)
    if len(found) == 1:
        (one,) = found
        if one.table is not None:
            return build(Content, assurance="rows", sha256=one.sha256)
        return build(Content, assurance="content", bytes=total, sha256=one.sha256)
    if any(one.table is not None for one in found):
        raise SourceError("a version of several files is made of files that are one table each")
    if len(listed) > FILES_MAX:
        digest = manifest_digest(listed)
        return build(Content, assurance="content", bytes=total, manifest=True, sha256=digest)
    return build(
        Content, assurance="content", bytes=total, files=listed, sha256=file_list_digest(listed)
    )


def _quality(text: str) -> Quality:
    check, equals, result = text.partition("=")
    measure, colon, passed = result.rpartition(":")
    if not equals or not colon:
        raise SpellingError(f"`{text}` is not CHECK=MEASURE:yes or CHECK=MEASURE:no", "quality")
    return build(Quality, check=check, measure=measure, passed=yes_or_no(passed))
