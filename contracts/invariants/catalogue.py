"""Invariants of the catalogue: schemas, lists of files, datasets, entries, sources."""

from collections.abc import Iterator

from contracts.catalogue import columns
from contracts.invariants.facts import Facts
from contracts.values import (
    Case,
    Dataset,
    DataSource,
    DependentBlocks,
    EntryTerms,
    FileList,
    KeptCatalogue,
    ReleasedVersion,
    SchemaVersion,
    SourceCount,
)
from ledger.records import Entry, Lifecycle, Record, Release
from ledger.running_digest import run_of
from ledger.types import DatasetId, DigestHex


def schemas_are_whole(facts: Facts) -> Iterator[str]:
    """A complete schema has all its columns and the digest that names it."""
    for digest, version in facts.all("schema", SchemaVersion):
        count = len(columns.column_names(facts.state, digest))
        if not count == version.columns == version.total or version.run != digest:
            yield f"schema {digest} is not complete"
    for name, version in facts.all("schema-draft", SchemaVersion):
        if version.columns >= version.total:
            yield f"schema {name} should be complete"


def manifests_are_whole(facts: Facts) -> Iterator[str]:
    """A complete list of files has all of them and the digest that names it."""
    for digest, listed in facts.all("manifest", FileList):
        if listed.files != listed.total or listed.run != digest:
            yield f"manifest {digest} is not complete"
    for name, listed in facts.all("manifest-draft", FileList):
        if listed.files >= listed.total:
            yield f"manifest {name} should be complete"


def datasets_are_counted(facts: Facts) -> Iterator[str]:
    """A dataset counts its entries and releases, and has its versions without gaps."""
    records: dict[DatasetId, list[DigestHex]] = {}
    for _, record in facts.records:
        for name in sorted(_datasets_counting(record)):
            records.setdefault(name, []).append(record.digest)
    for name, dataset in facts.all("dataset", Dataset):
        digests = records.pop(name, [])
        if (dataset.records, dataset.run) != (len(digests), run_of(digests)):
            yield f"dataset {name} counts other records than the log"
        versions = {version for version, _ in facts.all(f"release/{name}", ReleasedVersion)}
        if versions != {str(number + 1) for number in range(dataset.releases)}:
            yield f"dataset {name} has not the versions 1 to {dataset.releases}"
        entry = facts.get(EntryTerms, f"entry/{name}")
        if entry is not None and entry.provider != dataset.provider:
            yield f"dataset {name} has two providers"
    if records:
        yield f"datasets without a value: {sorted(records)}"


def reviews_are_pending(facts: Facts) -> Iterator[str]:
    """A dataset's pending entry, the draft and the open review are one."""
    pending = {one.pending for _, one in facts.all("dataset", Dataset) if one.pending is not None}
    drafts = {name for name, _ in facts.all("entry-draft", EntryTerms)}
    open_reviews = {
        name
        for name, case in facts.all("case", Case)
        if case.workflow == "review" and case.state == "submitted"
    }
    if not pending == drafts == open_reviews:
        yield f"pending {sorted(pending)}, drafts {sorted(drafts)}, open {sorted(open_reviews)}"


def ended_datasets_offer_nothing(facts: Facts) -> Iterator[str]:
    """A dataset that is archived or destroyed has no entry, neither in force nor under review."""
    for name, dataset in facts.all("dataset", Dataset):
        if dataset.destroyed_at is not None and dataset.archived_at is None:
            yield f"dataset {name} was destroyed, but never left the catalogue"
        entry = facts.get(EntryTerms, f"entry/{name}")
        if dataset.archived_at is not None and (entry is not None or dataset.pending is not None):
            yield f"dataset {name} has ended, and has an entry"


def sources_are_counted(facts: Facts) -> Iterator[str]:
    """The designated sources are as many as their count says, each a dataset."""
    count = facts.get(SourceCount, "sources") or SourceCount(count=0)
    sources = dict(facts.all("source", DataSource))
    if len(sources) != count.count:
        yield f"there are {len(sources)} sources, not {count.count}"
    for source in sources.values():
        if facts.get(Dataset, f"dataset/{source.dataset}") is None:
            yield f"the source of {source.item} is no dataset"


def duties_are_open(facts: Facts) -> Iterator[str]:
    """The cases in which something is owed are those that catalogues and datasets name."""
    owed = {one.duty for _, one in facts.all("catalogue", KeptCatalogue) if one.duty is not None}
    owed |= {one.duty for _, one in facts.all("dataset", Dataset) if one.duty is not None}
    waiting = {
        name
        for name, case in facts.all("case", Case)
        if case.workflow in {"confirmation", "update"} and case.state in {"expected", "overdue"}
    }
    if owed != waiting:
        yield f"owed {sorted(owed)}, waiting {sorted(waiting)}"


def blocks_are_known_to_their_rights(facts: Facts) -> Iterator[str]:
    """The blocks that a right knows are those in the catalogue that rest on it."""
    resting: dict[str, set[str]] = {}
    for name, entry in facts.all("entry", EntryTerms):
        for grant in entry.inputs:
            resting.setdefault(grant, set()).add(name)
    known = {grant: set(one.datasets) for grant, one in facts.all("block", DependentBlocks)}
    if known != resting:
        yield f"known {sorted(known)}, resting {sorted(resting)}"


def _datasets_counting(record: Record) -> set[DatasetId]:
    match record.body:
        case Entry(dataset=dataset) | Lifecycle(dataset=dataset):
            return {dataset}
        case Release(items=items):
            return {item.dataset for item in items}
        case _:
            return set()
