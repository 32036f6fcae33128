"""Rules of the catalogue family (R3xx): schemas, entries under review, releases."""

from msgspec.structs import replace

from contracts import cases, columns
from contracts.draft import Draft
from contracts.reasons import (
    ALREADY_EXISTS,
    BASIS_MISSING,
    CLASSIFIED,
    NOT_PROVIDER,
    SCHEMA_DIFFERS,
    UNKNOWN_CASE,
    UNKNOWN_ENTRY,
    UNKNOWN_MEMBER,
    UNKNOWN_VERSION,
    WRONG_PART,
    WRONG_VERSION,
    refuse_unless,
    required,
)
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    Party,
    ReleasedVersion,
    SchemaPart,
    SchemaVersion,
)
from contracts.view import read
from ledger.records.catalogue import Entry, Release, ReleaseItem, Schema, schema_digest
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.types import DatasetId


def apply_schema(draft: Draft, body: Schema) -> None:
    """R302: parts come in order; the last one must complete the digest that names the schema."""
    before = read(draft, SchemaVersion, f"schema/{body.schema}")
    if before is not None:
        refuse_unless(before.columns < before.total, ALREADY_EXISTS, body.schema, "schema")
    seen = 0 if before is None or body.first == 0 else before.columns
    run = EMPTY_RUN if before is None or body.first == 0 else before.run
    fits = body.first == seen and body.first + len(body.columns) <= body.total
    same = (
        before is None
        or body.first == 0
        or (before.total, before.member)
        == (
            body.total,
            draft.member,
        )
    )
    refuse_unless(fits and same, WRONG_PART, f"the next column is number {seen}", "first")
    names = tuple(column.name for column in body.columns)
    earlier = columns.column_names(draft, body.schema) if body.first else frozenset()
    is_new = len({*names}) == len(names) and earlier.isdisjoint(names)
    refuse_unless(is_new, WRONG_PART, "a column name stands twice", "columns")
    run = schema_digest(body.columns, run)
    seen += len(names)
    refuse_unless(
        seen < body.total or run == body.schema, WRONG_PART, "the digest differs", "schema"
    )
    personal = tuple(one.name for one in body.columns if one.personal != "none")
    draft.put(
        f"schema/{body.schema}",
        SchemaVersion(columns=seen, member=draft.member, run=run, total=body.total),
    )
    draft.put(f"schema-part/{body.schema}/{body.first}", SchemaPart(names=names, personal=personal))


def apply_entry(draft: Draft, body: Entry) -> None:
    """R303-R305: an entry, or its change, is submitted for review by the steward."""
    draft.check_dataset(body.dataset)
    dataset = read(draft, Dataset, f"dataset/{body.dataset}")
    columns.complete_schema(draft, body.schema)
    _check_members(draft, body)
    is_provider = dataset is None or dataset.provider == draft.member
    refuse_unless(is_provider, NOT_PROVIDER, body.dataset, "dataset")
    _check_publishable(draft, body)
    columns.check_terms(draft, body.conditions, body.schema)
    # Nothing below can fail.
    if dataset is not None and dataset.pending is not None:
        cases.take_step(draft, dataset.pending, "supersede", UNKNOWN_CASE)
        draft.remove(f"entry-draft/{dataset.pending}")
    _count_record(draft, body.dataset, dataset, pending=draft.record)
    draft.put(f"entry-draft/{draft.record}", _terms_of(draft, body))
    cases.open_case(
        draft,
        draft.record,
        "review",
        f"entry-draft/{draft.record}",
        (Party(member=draft.member, part="provider"),),
    )


def put_in_force(draft: Draft, case: Case) -> None:
    """Effect of `approve`: the entry under review replaces the one in force."""
    entry = required(read(draft, EntryTerms, case.subject), UNKNOWN_ENTRY, case.subject)
    draft.remove(case.subject)
    draft.put(f"entry/{entry.dataset}", replace(entry, since=draft.context.time))
    _clear_pending(draft, entry.dataset)


def drop_draft(draft: Draft, case: Case) -> None:
    """Effect of `return`: the entry under review is gone; the one in force, if any, stays."""
    entry = required(read(draft, EntryTerms, case.subject), UNKNOWN_ENTRY, case.subject)
    draft.remove(case.subject)
    _clear_pending(draft, entry.dataset)


def apply_release(draft: Draft, body: Release) -> None:
    """R306-R308: new versions, each the next of its dataset; nothing is overwritten."""
    for item in body.items:
        draft.check_dataset(item.dataset)
        entry = required(
            read(draft, EntryTerms, f"entry/{item.dataset}"), UNKNOWN_ENTRY, item.dataset, "dataset"
        )
        dataset = required(read(draft, Dataset, f"dataset/{item.dataset}"), UNKNOWN_ENTRY)
        refuse_unless(entry.provider == draft.member, NOT_PROVIDER, item.dataset, "dataset")
        _check_sources(draft, item)
        is_next = item.version == dataset.releases + 1
        refuse_unless(
            is_next, WRONG_VERSION, f"the next version is {dataset.releases + 1}", "version"
        )
        refuse_unless(item.schema == entry.schema, SCHEMA_DIFFERS, entry.schema, "schema")
        _release(draft, item)
        _count_record(draft, item.dataset, dataset, pending=dataset.pending, releases=item.version)


def _check_members(draft: Draft, body: Entry) -> None:
    """R303: every member an entry names exists."""
    stages = body.responsible
    named = (
        *body.co_providers,
        body.collector,
        stages.collect,
        stages.destroy,
        stages.process,
        stages.share,
        stages.store,
        stages.transfer,
        stages.use,
    )
    for member in named:
        known = member is None or draft.get(f"member/{member}") is not None
        refuse_unless(known, UNKNOWN_MEMBER, member or "", "member")


def _check_publishable(draft: Draft, body: Entry) -> None:
    """R304: what may not stand in a catalogue, and what needs a basis or an assessment to do so."""
    secret = body.classification.state_secret or body.classification.level == "core"
    refuse_unless(not secret, CLASSIFIED, "", "classification")
    if body.sharing == "withheld":
        lawful = body.basis is not None and body.basis.kind != "other"
        refuse_unless(
            lawful, BASIS_MISSING, "withheld needs a law, regulation or decision", "basis"
        )
    if columns.has_personal(draft, body.schema):
        done = body.assessments
        argued = done.necessity is not None and done.personal_information is not None
        refuse_unless(
            body.basis is not None and argued,
            BASIS_MISSING,
            "personal information needs basis, necessity and assessment",
            "assessments",
        )


def _check_sources(draft: Draft, item: ReleaseItem) -> None:
    """R306: what a version corrects or was made from exists."""
    for source in item.derived_from:
        known = draft.get(f"release/{source.dataset}/{source.version}") is not None
        name = f"{source.dataset}@{source.version}"
        refuse_unless(known, UNKNOWN_VERSION, name, "derivedFrom")
    corrected = item.corrects is None or (
        draft.get(f"release/{item.dataset}/{item.corrects}") is not None
    )
    refuse_unless(corrected, UNKNOWN_VERSION, f"{item.dataset}@{item.corrects}", "corrects")


def _release(draft: Draft, item: ReleaseItem) -> None:
    draft.put(
        f"release/{item.dataset}/{item.version}",
        ReleasedVersion(
            as_of=item.as_of,
            assurance=item.content.assurance,
            corrects=item.corrects,
            record=draft.record,
            rows=item.rows,
            schema=item.schema,
            sha256=item.content.sha256,
        ),
    )
    if item.corrects is not None:
        key = f"release/{item.dataset}/{item.corrects}"
        corrected = required(read(draft, ReleasedVersion, key), UNKNOWN_VERSION, key)
        draft.put(key, replace(corrected, corrected_by=item.version))


def _terms_of(draft: Draft, body: Entry) -> EntryTerms:
    return EntryTerms(
        co_providers=body.co_providers,
        conditions=body.conditions,
        dataset=body.dataset,
        joint_rule=body.joint_rule,
        provider=draft.member,
        record=draft.record,
        schema=body.schema,
        sharing=body.sharing,
        since=draft.context.time,
        system=body.system,
    )


def _count_record(
    draft: Draft,
    dataset_id: DatasetId,
    before: Dataset | None,
    *,
    pending: str | None,
    releases: int | None = None,
) -> None:
    if before is None:
        before = Dataset(provider=draft.member, records=0, run=EMPTY_RUN)
    draft.put(
        f"dataset/{dataset_id}",
        replace(
            before,
            pending=pending,
            records=before.records + 1,
            releases=before.releases if releases is None else releases,
            run=extend_run(before.run, draft.record),
        ),
    )


def _clear_pending(draft: Draft, dataset_id: DatasetId) -> None:
    dataset = required(read(draft, Dataset, f"dataset/{dataset_id}"), UNKNOWN_ENTRY, dataset_id)
    draft.put(f"dataset/{dataset_id}", replace(dataset, pending=None))
