"""Rules of the catalogue family (R3xx): schemas, entries under review, releases."""

from msgspec.structs import replace

from contracts import cases
from contracts.catalogue import bases, blocks, columns, manifests, updates, upkeep
from contracts.draft import Draft
from contracts.keys import mandates
from contracts.reasons import (
    ALREADY_EXISTS,
    BASIS_MISSING,
    CLASSIFIED,
    NOT_PROVIDER,
    SCHEMA_DIFFERS,
    UNKNOWN_ENTRY,
    UNKNOWN_MEMBER,
    UNKNOWN_VERSION,
    WRONG_PART,
    WRONG_VERSION,
    refuse_unless,
    required,
)
from contracts.sharing import backflow
from contracts.supervision import demands
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    Party,
    ReleasedVersion,
    SchemaPart,
    SchemaVersion,
)
from contracts.view import held, read
from ledger.records.catalogue import Entry, Release, ReleaseItem, Schema, schema_digest
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.types import CaseId

_NOTHING = SchemaVersion(columns=0, member="", run=EMPTY_RUN, total=0)


def apply_schema(draft: Draft, body: Schema) -> None:
    """R301: parts of a schema come in order, and the last completes the digest that names it.

    Parts of one schema agree on its size, and no column name stands twice in them. A member builds
    its schemas by itself, so nobody can spoil another's; its part 0 begins anew. A schema that is
    complete is there for everybody, whoever has built it.
    """
    is_new = draft.get(f"schema/{body.schema}") is None
    refuse_unless(is_new, ALREADY_EXISTS, body.schema, "schema")
    draft_key = f"schema-draft/{draft.member}/{body.schema}"
    growing = read(draft, SchemaVersion, draft_key)
    before = _NOTHING if growing is None or body.first == 0 else growing
    seen = before.columns + len(body.columns)
    follows = body.first == before.columns and (body.first == 0 or body.total == before.total)
    refuse_unless(
        follows and seen <= body.total, WRONG_PART, f"the next is {before.columns}", "first"
    )
    names = tuple(column.name for column in body.columns)
    known = {name for part in columns.parts_of(draft, body.schema, before) for name in part.names}
    is_unique = len({*names}) == len(names) and known.isdisjoint(names)
    refuse_unless(is_unique, WRONG_PART, "a column name stands twice", "columns")
    run = schema_digest(body.columns, before.run)
    is_complete = seen == body.total
    refuse_unless(not is_complete or run == body.schema, WRONG_PART, "the digest differs", "schema")
    draft.put(
        f"schema/{body.schema}" if is_complete else draft_key,
        SchemaVersion(columns=seen, member=draft.member, run=run, total=body.total),
    )
    if is_complete and growing is not None:
        draft.remove(draft_key)
    personal = tuple(one.name for one in body.columns if one.personal != "none")
    draft.put(
        f"schema-part/{draft.member}/{body.schema}/{body.first}",
        SchemaPart(names=names, personal=personal),
    )


def apply_entry(draft: Draft, body: Entry) -> None:
    """R305: an entry, or its change, is submitted for review by the steward.

    The members it names exist. Its dataset is the member's own, or has neither an entry in force
    nor one under review: an id that review has turned down is free again. An entry under review is
    superseded.
    """
    draft.check_dataset(body.dataset)
    _check_members(draft, body)
    columns.complete_schema(draft, body.schema)
    columns.check_terms(draft, body.conditions, body.schema)
    backflow.check_territory(draft, body)
    dataset = read(draft, Dataset, f"dataset/{body.dataset}")
    refuse_unless(_may_provide(draft, body, dataset), NOT_PROVIDER, body.dataset, "dataset")
    mandates.check_system(draft, body.dataset, body.system)
    _check_publishable(draft, body)
    if body.block is not None:
        blocks.check_block(draft, body, body.block)
    columns.check_period(draft, body.conditions)
    upkeep.check_entry(draft, body, dataset)
    demands.check_demand(draft, body.demand)
    # Nothing below can fail.
    upkeep.find_collected_twice(draft, body)
    if dataset is None:
        dataset = Dataset(provider=draft.member, records=0, run=EMPTY_RUN)
    if dataset.pending is not None:
        cases.take_step(draft, dataset.pending, "supersede", NOT_PROVIDER)
        draft.remove(f"entry-draft/{dataset.pending}")
    dataset = replace(dataset, pending=draft.record, provider=draft.member)
    draft.put(f"dataset/{body.dataset}", _counted(draft, dataset))
    draft.put(f"entry-draft/{draft.record}", _terms_of(draft, body))
    provider = Party(member=draft.member, part="provider")
    cases.open_case(draft, draft.record, "review", f"entry-draft/{draft.record}", (provider,))


def put_in_force(draft: Draft, case_id: CaseId, case: Case) -> None:
    """R307: an approved entry replaces the one in force. What was granted before stays granted."""
    entry = held(draft, EntryTerms, case.subject)
    blocks.depend(draft, read(draft, EntryTerms, f"entry/{entry.dataset}"), entry)
    draft.put(f"entry/{entry.dataset}", replace(entry, demand=None, since=draft.context.time))
    demands.meet(draft, entry)
    drop_draft(draft, case_id, case)
    upkeep.owe_confirmation(draft, entry)
    updates.owe_first(draft, entry)


def drop_draft(draft: Draft, _: CaseId, case: Case) -> None:
    """R308: an entry returned is gone; the one in force, if any, stays."""
    dataset_id = held(draft, EntryTerms, case.subject).dataset
    dataset = held(draft, Dataset, f"dataset/{dataset_id}")
    draft.remove(case.subject)
    draft.put(f"dataset/{dataset_id}", replace(dataset, pending=None))


def apply_release(draft: Draft, body: Release) -> None:
    """R309: new versions, each the next of its dataset and of the schema of its entry in force.

    Nothing is overwritten. What a version corrects, or was made from, was released before it. A
    version is corrected from its first correction on, whatever corrects it again.
    """
    for item in body.items:
        draft.check_dataset(item.dataset)
    for at, item in enumerate(body.items):
        entry = required(
            read(draft, EntryTerms, f"entry/{item.dataset}"), UNKNOWN_ENTRY, item.dataset, "dataset"
        )
        dataset = held(draft, Dataset, f"dataset/{item.dataset}")
        _check_sources(draft, item)
        manifests.check_content(draft, item.content)
        refuse_unless(entry.provider == draft.member, NOT_PROVIDER, item.dataset, "dataset")
        mandates.check_system(draft, item.dataset)
        following = dataset.releases + 1
        refuse_unless(
            item.version == following, WRONG_VERSION, f"the next version is {following}", "version"
        )
        refuse_unless(item.schema == entry.schema, SCHEMA_DIFFERS, entry.schema, "schema")
        _release(draft, item)
        blocks.check_release(draft, f"{draft.record}-{at}", entry)
        dataset = replace(dataset, releases=item.version)
        dataset = updates.owe_next(draft, f"{draft.record}-{at}", dataset, entry)
        is_first = all(item.dataset != earlier.dataset for earlier in body.items[:at])
        draft.put(f"dataset/{item.dataset}", _counted(draft, dataset) if is_first else dataset)


def _may_provide(draft: Draft, body: Entry, dataset: Dataset | None) -> bool:
    if dataset is None or dataset.provider == draft.member:
        return True
    return dataset.pending is None and draft.get(f"entry/{body.dataset}") is None


def _check_members(draft: Draft, body: Entry) -> None:
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
    """R306: core data and state secrets have no place in a catalogue.

    Withholding needs a law, a regulation or a decision; a schema with personal information needs a
    basis, an argument why it is necessary, and an assessment.
    """
    secret = body.classification.state_secret or body.classification.level == "core"
    refuse_unless(not secret, CLASSIFIED, "", "classification")
    if body.sharing == "withheld":
        lawful = body.basis is not None and body.basis.kind != "other"
        refuse_unless(
            lawful, BASIS_MISSING, "withheld needs a law, regulation or decision", "basis"
        )
    is_personal = columns.has_personal(draft, body.schema)
    if is_personal:
        done = body.assessments
        argued = done.necessity is not None and done.personal_information is not None
        refuse_unless(
            body.basis is not None and argued,
            BASIS_MISSING,
            "personal information needs basis, necessity and assessment",
            "assessments",
        )
    bases.check_basis(draft, body.basis, needed=is_personal or body.sharing == "withheld")


def _check_sources(draft: Draft, item: ReleaseItem) -> None:
    for source in item.derived_from:
        known = draft.get(f"release/{source.dataset}/{source.version}") is not None
        name = f"{source.dataset}@{source.version}"
        refuse_unless(known, UNKNOWN_VERSION, name, "derivedFrom")
    corrected = item.corrects is None or (
        draft.get(f"release/{item.dataset}/{item.corrects}") is not None
    )
    refuse_unless(corrected, UNKNOWN_VERSION, f"{item.dataset}@{item.corrects}", "corrects")


def _release(draft: Draft, item: ReleaseItem) -> None:
    is_weighed = draft.context.ledger.parameters.answers_weighed
    draft.put(
        f"release/{item.dataset}/{item.version}",
        ReleasedVersion(
            as_of=item.as_of,
            assurance=item.content.assurance,
            corrects=item.corrects,
            record=draft.record,
            released_at=draft.context.time if is_weighed else None,
            rows=item.rows,
            schema=item.schema,
            sha256=item.content.sha256,
        ),
    )
    if item.corrects is not None:
        key = f"release/{item.dataset}/{item.corrects}"
        corrected = held(draft, ReleasedVersion, key)
        if corrected.corrected_by is None:
            draft.put(key, replace(corrected, corrected_by=item.version))


def _terms_of(draft: Draft, body: Entry) -> EntryTerms:
    every, until = updates.promised(draft, body)
    is_reconciled = draft.context.ledger.parameters.reconcile_days is not None
    return EntryTerms(
        co_providers=body.co_providers,
        conditions=body.conditions,
        dataset=body.dataset,
        demand=body.demand,
        inputs=blocks.grants_of(body),
        joint_rule=body.joint_rule,
        level="general" if body.classification.level == "general" else "important",
        provider=draft.member,
        record=draft.record,
        schema=body.schema,
        served=is_reconciled and body.mode.kind == "service",
        sharing=body.sharing,
        since=draft.context.time,
        system=body.system,
        territory=body.territory,
        update_every=every,
        updated_until=until,
    )


def _counted(draft: Draft, dataset: Dataset) -> Dataset:
    """The dataset after one more record about it."""
    run = extend_run(dataset.run, draft.record)
    return replace(dataset, records=dataset.records + 1, run=run)
