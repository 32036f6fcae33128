"""What of a sheet is on the ledger already, what is still to be said, and how it is said.

    new, changed  →  awaiting review  →  in force  →  released
                     (the steward approves)

Publishing again is safe: a schema that is there, an entry that says the same and contents that are
released already are left alone, so a run that was cut off is finished by running it again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.values import Dataset, EntryTerms, ReleasedVersion, SchemaVersion
from ledger.errors import FormatError
from ledger.records import Body, Entry, Release, Schema, parse_record
from ledger.records.catalogue import (
    COLUMNS_PER_PART_MAX,
    RELEASES_PER_RECORD_MAX,
    Column,
    Content,
    ReleaseItem,
)
from ledger.types import DigestHex
from node.client import Client
from scripts.answers import read_value
from scripts.catalogue.entries import Planned

State = Literal["new", "changed", "awaiting review", "in force"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one dataset of a sheet stands. `releases` counts the versions on the ledger."""

    planned: Planned
    state: State
    releases: int
    is_released: bool

    @property
    def dataset(self) -> str:
        """Its id."""
        return self.planned.entry.dataset

    @property
    def is_to_be_released(self) -> bool:
        """Whether its contents can be released now and are not yet."""
        has_contents = self.planned.contents is not None
        return self.state == "in force" and has_contents and not self.is_released


def read_standing(client: Client, planned: Planned) -> Standing:
    """Where a dataset stands."""
    entry = planned.entry
    dataset = read_value(client, Dataset, f"dataset/{entry.dataset}")
    if dataset is None:
        return Standing(planned, "new", 0, is_released=False)
    in_force = read_value(client, EntryTerms, f"entry/{entry.dataset}")
    state: State = "new" if in_force is None else "changed"
    if dataset.pending is not None and _says(client, dataset.pending, planned):
        state = "awaiting review"
    elif in_force is not None and _says(client, in_force.record, planned):
        state = "in force"
    last = None
    if dataset.releases:
        last = read_value(client, ReleasedVersion, f"release/{entry.dataset}/{dataset.releases}")
    contents = planned.contents
    is_released = contents is not None and last is not None and last.sha256 == contents.sha256
    return Standing(planned, state, dataset.releases, is_released)


def bodies_for(client: Client, standings: Sequence[Standing]) -> list[tuple[str, Body]]:
    """What is to be submitted for entries that are new or changed, each with its dataset."""
    bodies: list[tuple[str, Body]] = []
    said: set[DigestHex] = set()
    for standing in standings:
        if standing.state not in ("new", "changed"):
            continue
        entry = standing.planned.entry
        if entry.schema not in said:
            said.add(entry.schema)
            if read_value(client, SchemaVersion, f"schema/{entry.schema}") is None:
                parts = schema_parts(entry.schema, standing.planned.columns)
                bodies += ((standing.dataset, part) for part in parts)
        bodies.append((standing.dataset, entry))
    return bodies


def schema_parts(schema: DigestHex, columns: Sequence[Column]) -> Iterator[Schema]:
    """A schema in as many parts as it takes."""
    for first in range(0, len(columns), COLUMNS_PER_PART_MAX):
        part = tuple(columns[first : first + COLUMNS_PER_PART_MAX])
        yield Schema(columns=part, first=first, schema=schema, total=len(columns))


def releases_of(standings: Sequence[Standing]) -> list[tuple[str, Body]]:
    """What is to be submitted for contents not released yet, each with its datasets."""
    items = [_release_item(one) for one in standings if one.is_to_be_released]
    bodies: list[tuple[str, Body]] = []
    for first in range(0, len(items), RELEASES_PER_RECORD_MAX):
        some = tuple(items[first : first + RELEASES_PER_RECORD_MAX])
        bodies.append((", ".join(item.dataset for item in some), Release(items=some)))
    return bodies


def _release_item(standing: Standing) -> ReleaseItem:
    contents = standing.planned.contents
    if contents is None:
        raise ValueError(f"{standing.dataset} has no contents to release")
    return ReleaseItem(
        as_of=contents.as_of,
        content=Content(
            assurance="rows" if contents.path is None else "content",
            bytes=contents.body_bytes,
            sha256=contents.sha256,
        ),
        dataset=standing.dataset,
        rows=contents.rows,
        schema=standing.planned.entry.schema,
        version=standing.releases + 1,
    )


def entry_body(client: Client, record: DigestHex) -> Entry:
    """The entry that a record of the ledger holds. Raises `FormatError`."""
    body = parse_record(client.leaf(record)).body
    if not isinstance(body, Entry):
        raise FormatError(f"record {record} is no entry")
    return body


def _says(client: Client, record: DigestHex, planned: Planned) -> bool:
    """Whether a record of the ledger is the entry of the sheet."""
    return entry_body(client, record) == planned.entry
