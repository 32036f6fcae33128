"""Logs of use, as records: `blockpool record use log.csv --grant GRANT`.

A log is a CSV, or one JSON object a line, with one use a row:

    at                         rows  ref       and, where uses differ, any of
    2026-11-23T09:10:00.250Z   120   q-000017  grant, operation, purpose, fields, system

`at` is when, without a zone by the ledger's calendar, `rows` how many rows were used, `ref` where
to find it in one's own logs. Uses that agree in all the rest go into one record: some hundreds in
the order of time, never across the end of a day of the ledger, since what a grant allows a day is
counted by days.
"""

from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import Final

from msgspec import DecodeError
from msgspec.json import decode as decode_json

from contracts.values import Dataset, GrantedRight, ReleasedVersion
from ledger.event_proof import events_root
from ledger.records.catalogue import VersionContent
from ledger.records.use import Event, Usage
from ledger.times import day_of, from_ms, to_ms
from node.client import Client
from scripts.answers import read_value
from scripts.csv_rows import read_csv
from scripts.record.event import keep_events
from scripts.record.sharing import right_of
from scripts.short_ids import full_id
from scripts.spelling import SpellingError, build, count, words
from scripts.zone import Zone, zone_of

EVENTS_AT_ONCE: Final = 500
EVENTS_BYTES_MAX: Final = 32_000
"""Canonical bytes of the events in one record; base64 adds a third, a leaf has 65,535."""
_OF_EVENTS: Final = ("at", "rows", "ref")
_OF_USAGES: Final = ("grant", "operation", "purpose", "fields", "system")


@dataclass(frozen=True, slots=True)
class Use:
    """One row of a log."""

    at_ms: int
    rows: int
    ref: str | None


@dataclass(frozen=True, slots=True)
class Manner:
    """What the uses of one record have in common, as written."""

    grant: str = ""
    operation: str = ""
    purpose: str = ""
    fields: str = ""
    system: str = ""

    def over(self, row: Mapping[str, str]) -> "Manner":
        """This, but for what a row says itself."""
        return Manner(**{name: row.get(name) or getattr(self, name) for name in _OF_USAGES})


@dataclass(frozen=True, slots=True)
class Content:
    """Which data was used where no grant says so: dataset and version, both may be left out."""

    dataset: str | None = None
    version: int | None = None


def read_log(path: Path, manner: Manner, zone: Zone) -> dict[Manner, list[Use]]:
    """The uses in a log in the order of time, by what they have in common.

    Times without a zone are of the ledger's calendar; of them only first and last are told.
    Raises `SpellingError`.
    """
    silent = Zone(zone.utc_offset_minutes)
    uses: dict[Manner, list[Use]] = defaultdict(list)
    for line, row in _rows(path):
        unknown = row.keys() - {*_OF_EVENTS, *_OF_USAGES}
        if unknown:
            raise SpellingError(f"{path}, line {line}: unknown {', '.join(sorted(unknown))}")
        try:
            at_ms = to_ms(silent.start(row.get("at", "")))
            use = Use(at_ms, count(row.get("rows", "")), row.get("ref"))
        except SpellingError as error:
            raise SpellingError(f"{path}, line {line}: {error}") from error
        uses[manner.over(row)].append(use)
    if not uses:
        raise SpellingError(f"{path} has no rows")
    every = [use.at_ms for some in uses.values() for use in some]
    first, last = (zone.told(from_ms(one)) for one in (min(every), max(every)))
    zone.tell(f"uses from {first} to {last}")
    return {manner: sorted(some, key=lambda use: use.at_ms) for manner, some in uses.items()}


def usages(
    client: Client,
    log: Mapping[Manner, Sequence[Use]],
    content: Content,
    *,
    listed: bool,
    keep: Path | None = None,
    events_max: int = EVENTS_AT_ONCE,
) -> Iterator[Usage]:
    """The records of a log, each of at most so many events. Raises `SpellingError`.

    Events that are kept in a folder are salted, or their hashes would tell what they are.
    """
    offset_minutes = zone_of(client).utc_offset_minutes
    for written, uses in log.items():
        manner = replace(written, grant=full_id(client, "grant", written.grant))
        right = right_of(client, manner.grant) if manner.grant else None
        used = version_used(client, content, right)
        common = _common(manner, right)
        for some in _records(uses, offset_minutes, events_max):
            events = _events(some, salted=keep is not None)
            if keep is not None:
                keep_events(events, keep)
            yield _usage(some, events, used, common, listed=listed)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if path.suffix not in (".jsonl", ".ndjson"):
        yield from read_csv(path)[1]
        return
    for number, line in enumerate(path.read_bytes().removeprefix(BOM_UTF8).splitlines(), start=1):
        if line.strip():
            yield number, _json_row(path, number, line)


def _json_row(path: Path, number: int, line: bytes) -> dict[str, str]:
    try:
        row = decode_json(line, type=dict[str, str | int])
    except (DecodeError, UnicodeDecodeError) as error:
        raise SpellingError(f"{path}, line {number}: {error}") from error
    return {name: str(value) for name, value in row.items()}


def version_used(client: Client, content: Content, right: GrantedRight | None) -> VersionContent:
    """The version meant, the latest if none is named. Raises `SpellingError`."""
    dataset = content.dataset or (None if right is None else right.dataset)
    if dataset is None:
        raise SpellingError("which data was used? name a grant or a dataset", "dataset")
    known = read_value(client, Dataset, f"dataset/{dataset}")
    version = content.version or (0 if known is None else known.releases)
    released = read_value(client, ReleasedVersion, f"release/{dataset}/{version}")
    if released is None:
        raise SpellingError(f"`{dataset}` has no version {version or 1}", "version")
    return VersionContent(dataset=dataset, sha256=released.sha256, version=version)


def _common(manner: Manner, right: GrantedRight | None) -> dict[str, object]:
    """Members of the record that its uses share; what is not said is what alone was granted."""
    terms = None if right is None else right.terms
    fields: Sequence[str] = words(manner.fields)
    if not fields and terms is not None and terms.fields != "all":
        fields = terms.fields
    purposes = () if terms is None or terms.purposes == "all" else terms.purposes
    operations = () if terms is None else terms.operations
    purpose = manner.purpose or (purposes[0] if len(purposes) == 1 else "")
    operation = manner.operation or (operations[0] if len(operations) == 1 else "")
    for name, value in (("fields", fields), ("purpose", purpose), ("operation", operation)):
        if not value:
            why = (
                "there is no grant to take it from" if right is None else "the grant leaves it open"
            )
            raise SpellingError(f"{why}; give --{name}", name)
    return {
        "fields": tuple(fields),
        "grant": manner.grant or None,
        "operation": operation,
        "purpose": purpose,
        "system": manner.system or None,
    }


def _records(uses: Sequence[Use], offset_minutes: int, events_max: int) -> Iterator[list[Use]]:
    """Uses in the order of time, cut at the ends of days and where a record is full."""
    some: list[Use] = [uses[0]]
    body_bytes = _event_bytes(uses[0])
    for before, use in pairwise(uses):
        next_day = day_of(before.at_ms, offset_minutes) != day_of(use.at_ms, offset_minutes)
        if next_day or len(some) == events_max or body_bytes > EVENTS_BYTES_MAX:
            yield some
            some, body_bytes = [], 0
        some.append(use)
        body_bytes += _event_bytes(use)
    yield some


def _event_bytes(use: Use) -> int:
    return 48 + len((use.ref or "").encode())


def _events(uses: Sequence[Use], *, salted: bool) -> tuple[Event, ...]:
    started_ms = uses[0].at_ms
    return tuple(
        build(
            Event,
            offset_ms=use.at_ms - started_ms,
            ref=use.ref or None,
            rows=use.rows,
            salt=token_hex(16) if salted else None,
        )
        for use in uses
    )


def _usage(
    uses: Sequence[Use],
    events: tuple[Event, ...],
    used: VersionContent,
    common: Mapping[str, object],
    *,
    listed: bool,
) -> Usage:
    started_ms = uses[0].at_ms
    return build(
        Usage,
        content=used,
        ended_at=from_ms(uses[-1].at_ms),
        events=events if listed else (),
        events_root=events_root(events),
        rows=sum(use.rows for use in uses),
        started_at=from_ms(started_ms),
        uses=len(uses),
        **common,
    )
