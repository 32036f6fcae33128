"""Rules of how the catalogue is kept up (R311 to R320): systems, ends, sources, confirmations.

An entry goes out of force when its dataset is archived or destroyed: what needs an entry (a
release, a request, a grant) is then refused by the rules that look for one. What a provider owes
its catalogue is a case with a deadline.
"""

from typing import Final

from msgspec.structs import replace

from contracts import calendar, cases, findings
from contracts.catalogue import blocks, columns, updates
from contracts.draft import Draft
from contracts.reasons import (
    DATASET_ENDED,
    ENTRY_CHANGED,
    NOT_PROVIDER,
    NOT_STEWARD,
    SYSTEM_RETIRED,
    UNKNOWN_COLUMN,
    UNKNOWN_ENTRY,
    UNKNOWN_MEMBER,
    WRONG_STATE,
    refuse_unless,
    required,
)
from contracts.values import (
    Case,
    Dataset,
    DataSource,
    EntryTerms,
    InformationSystem,
    KeptCatalogue,
    Party,
    RoleHolders,
    SourceCount,
)
from contracts.view import StateView, held, read
from ledger.hashing import sha256
from ledger.records.catalogue import Entry
from ledger.records.upkeep import Attestation, Lifecycle, SourceDesignation, System
from ledger.running_digest import extend_run
from ledger.times import to_ms
from ledger.types import CaseId, ColumnName, DatasetId, MemberId, Time

_COURSE: Final = ("planned", "running", "retired")


def apply_system(draft: Draft, body: System) -> None:
    """R311: a member registers its information systems, and says what becomes of them.

    A planned system comes to run, a running one is retired; none goes back. Who operates it is a
    member.
    """
    draft.check_dataset(None)
    known = body.operator is None or draft.get(f"member/{body.operator}") is not None
    refuse_unless(known, UNKNOWN_MEMBER, body.operator or "", "operator")
    key = f"system/{draft.member}/{body.system}"
    before = read(draft, InformationSystem, key)
    if before is not None:
        follows = _COURSE.index(body.status) >= _COURSE.index(before.status)
        refuse_unless(follows, WRONG_STATE, f"{body.system} is {before.status}", "status")
    since = draft.context.time
    if before is not None and before.status == body.status:
        since = before.since
    draft.put(
        key,
        InformationSystem(
            operator=body.operator or draft.member,
            record=draft.record,
            since=since,
            status=body.status,
        ),
    )


def check_entry(draft: Draft, body: Entry, dataset: Dataset | None) -> None:
    """R312: an entry names no system of its provider that is known to be retired.

    A system that nobody has registered may be named.
    """
    system = read(draft, InformationSystem, f"system/{draft.member}/{body.system}")
    runs = system is None or system.status != "retired"
    refuse_unless(runs, SYSTEM_RETIRED, body.system, "system")
    ended = dataset is not None and dataset.archived_at is not None
    refuse_unless(not ended, DATASET_ENDED, body.dataset, "dataset")


def apply_lifecycle(draft: Draft, body: Lifecycle) -> None:
    """R313: the provider archives a dataset in the catalogue; it destroys it, archived or not.

    Its entry is in force no longer, so that nothing more is released, asked for or granted; an
    entry under review is superseded; the id is not given again. Rights last until they end.
    """
    draft.check_dataset(body.dataset)
    key = f"dataset/{body.dataset}"
    dataset = required(read(draft, Dataset, key), UNKNOWN_ENTRY, body.dataset, "dataset")
    is_archived = dataset.archived_at is not None
    in_catalogue = is_archived or draft.get(f"entry/{body.dataset}") is not None
    refuse_unless(in_catalogue, UNKNOWN_ENTRY, body.dataset, "dataset")
    refuse_unless(dataset.provider == draft.member, NOT_PROVIDER, body.dataset, "dataset")
    is_next = dataset.destroyed_at is None and not (is_archived and body.status == "archived")
    refuse_unless(is_next, DATASET_ENDED, body.dataset, "status")
    # Nothing below can fail.
    if dataset.pending is not None:
        cases.take_step(draft, dataset.pending, "supersede", NOT_PROVIDER)
        draft.remove(f"entry-draft/{dataset.pending}")
    if not is_archived:
        blocks.depend(draft, held(draft, EntryTerms, f"entry/{body.dataset}"), None)
        draft.remove(f"entry/{body.dataset}")
    now = draft.context.time
    draft.put(
        key,
        replace(
            updates.owe_nothing(draft, dataset),
            archived_at=dataset.archived_at or now,
            destroyed_at=now if body.status == "destroyed" else None,
            pending=None,
            records=dataset.records + 1,
            run=extend_run(dataset.run, draft.record),
        ),
    )


def apply_designation(draft: Draft, body: SourceDesignation) -> None:
    """R315: the steward designates the one source of data items: columns of an entry in force.

    An item has one source, the last designated. What is taken back was designated.
    """
    draft.check_dataset(body.dataset)
    entry = _entry_in_force(draft, body.dataset)
    known = frozenset(columns.column_names(draft, entry.schema))
    unknown = next((name for name in body.items if name not in known), None)
    refuse_unless(unknown is None, UNKNOWN_COLUMN, unknown or "", "items")
    holders = read(draft, RoleHolders, "role/steward")
    is_steward = holders is not None and draft.member in holders.members
    refuse_unless(is_steward, NOT_STEWARD)
    refuse_unless(entry.record == body.entry, ENTRY_CHANGED, body.dataset, "entry")
    count = _designated(draft)
    for item in body.items:
        before = read(draft, DataSource, _source_key(item))
        if body.withdrawn:
            stands = before is not None and before.dataset == body.dataset
            refuse_unless(stands, WRONG_STATE, f"{item} has another source, or none", "items")
            draft.remove(_source_key(item))
            count -= 1
        else:
            source = DataSource(dataset=body.dataset, item=item, record=draft.record)
            draft.put(_source_key(item), source)
            count += before is None
    draft.put("sources", SourceCount(count=count))


def find_collected_twice(draft: Draft, body: Entry) -> None:
    """R316: an entry that collects items of which another member's dataset is the source.

    It does so if one of its columns is named as such an item, is not derived, and who collects it,
    the provider unless the entry says otherwise, is not who provides the source. It is a finding.
    """
    if not _designated(draft):
        return
    collector = body.collector or draft.member
    derived = blocks.derived_columns(body)
    twice: list[tuple[ColumnName, DatasetId, MemberId]] = []
    for name in columns.column_names(draft, body.schema):
        source = read(draft, DataSource, _source_key(name))
        if source is not None and source.dataset != body.dataset and name not in derived:
            provider = held(draft, Dataset, f"dataset/{source.dataset}").provider
            if provider != collector:
                twice.append((name, source.dataset, provider))
    if twice:
        name, dataset, provider = twice[0]
        more = f" and {len(twice) - 1} more" if len(twice) > 1 else ""
        findings.raise_finding(
            draft,
            findings.COLLECTED_TWICE,
            draft.record,
            (draft.member,),
            provider,
            measure=f"{name}{more}",
            limit=f"{dataset} of {provider}",
        )


def apply_attestation(draft: Draft, body: Attestation) -> None:
    """R317: a provider confirms entries it has in force, as it has read them, or all of them.

    A list confirms the entries it names. All of them are confirmed by one record, which meets the
    yearly duty; before half of its time is over, it gives that duty a new deadline instead. A
    writer appointed for some datasets lists those.
    """
    if body.entries == "all":
        draft.check_dataset(None)
        key = f"catalogue/{draft.member}"
        kept = read(draft, KeptCatalogue, key) or KeptCatalogue()
        duty = None if kept.duty is None else _meet_confirmation(draft, kept.duty)
        draft.put(key, replace(kept, confirmed_at=draft.context.time, duty=duty))
        return
    for one in body.entries:
        draft.check_dataset(one.dataset)
    for one in body.entries:
        entry = _entry_in_force(draft, one.dataset)
        refuse_unless(entry.provider == draft.member, NOT_PROVIDER, one.dataset, "entries")
        refuse_unless(entry.record == one.entry, ENTRY_CHANGED, one.dataset, "entries")
        draft.put(f"entry/{one.dataset}", replace(entry, confirmed_at=draft.context.time))


def owe_confirmation(draft: Draft, entry: EntryTerms) -> None:
    """R318: a provider with an entry in force owes the confirmation of all, again and again.

    It is due within the days the ledger sets, if it sets any, from the first entry or from the last
    confirmation of all.
    """
    key = f"catalogue/{entry.provider}"
    kept = read(draft, KeptCatalogue, key) or KeptCatalogue()
    if kept.duty is None:
        duty = _open_confirmation(draft, entry.record, entry.provider)
        if duty is not None:
            draft.put(key, replace(kept, duty=duty))


def _meet_confirmation(draft: Draft, duty: CaseId) -> CaseId | None:
    """The duty that stands after all entries were confirmed."""
    case, due = held(draft, Case, f"case/{duty}"), _confirmation_due(draft)
    if due is not None and case.due is not None:
        half_ms = (to_ms(case.opened_at) + to_ms(case.due)) // 2
        if draft.context.time_ms < half_ms:
            cases.move_deadline(draft, duty, due)
            return duty
    cases.take_step(draft, duty, "attest", NOT_PROVIDER)
    return _open_confirmation(draft, draft.record, draft.member)


def _open_confirmation(draft: Draft, record: CaseId, member: MemberId) -> CaseId | None:
    due = _confirmation_due(draft)
    if due is None:
        return None
    case_id = f"{record}-confirmation"
    provider = Party(member=member, part="provider")
    cases.open_case(draft, case_id, "confirmation", f"catalogue/{member}", (provider,), due=due)
    return case_id


def _confirmation_due(draft: Draft) -> Time | None:
    """By when all entries are to be confirmed again; None where the ledger asks for nothing."""
    ledger = draft.context.ledger
    days = ledger.parameters.confirm_days
    return None if days is None else calendar.deadline(draft.context.time, days, ledger.calendar)


def _entry_in_force(draft: Draft, dataset: DatasetId) -> EntryTerms:
    return required(read(draft, EntryTerms, f"entry/{dataset}"), UNKNOWN_ENTRY, dataset, "dataset")


def _designated(view: StateView) -> int:
    """How many data items have a source: where none has, no column needs to be looked up."""
    sources = read(view, SourceCount, "sources")
    return 0 if sources is None else sources.count


def _source_key(item: ColumnName) -> str:
    """Keys are ASCII, names of columns are not."""
    return f"source/{sha256(item.encode()).hex()}"
