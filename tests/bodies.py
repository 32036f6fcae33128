"""Bodies of records with something sensible everywhere a test does not care.

The dataset is `flights`, its columns are `a`, `b`, `c`; every function takes what differs.
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec.structs import replace

from ledger import tree
from ledger.canonical import encode
from ledger.hashing import leaf_hash, sha256
from ledger.records.blocks import Block, BlockInput, MappedColumn
from ledger.records.cases import Step
from ledger.records.catalogue import (
    Classification,
    Column,
    Content,
    Entry,
    File,
    Mode,
    Release,
    ReleaseItem,
    Schema,
    VersionContent,
    schema_digest,
)
from ledger.records.delegation import Amendment, AmendmentItem, Delegation, DelegationItem
from ledger.records.delivery import Acknowledgement, Delivery
from ledger.records.genesis import Names
from ledger.records.governance import Action, Ballot, Premise, Proposal
from ledger.records.manifests import Manifest, manifest_digest
from ledger.records.sharing import (
    Acceptance,
    Grant,
    GrantItem,
    Request,
    RequestItem,
    Revocation,
    RevocationGround,
)
from ledger.records.supervision import CaseOpening, Incident, Opened
from ledger.records.terms import Terms
from ledger.records.upkeep import (
    Attestation,
    AttestedEntry,
    Lifecycle,
    SourceDesignation,
    System,
)
from ledger.records.use import Disposal, EffectReport, Event, Usage
from ledger.types import CaseId, DatasetId, DigestHex, ItemId, MemberId, Time

DATASET: Final[DatasetId] = "flights"
COLUMNS: Final = ("a", "b", "c")
CONTENT: Final[DigestHex] = sha256(b"contents").hex()
NOWHERE: Final[DigestHex] = "0" * 64
"""A digest that is the digest of nothing."""
SOON: Final[Time] = "2026-12-20T00:00:00.000Z"
"""Within 30 days of everything that happens at the beginning."""
TERMS: Final = Terms(fields="all", operations=("query", "read"), purposes=("health",))


def columns(*names: str) -> tuple[Column, ...]:
    """Text columns."""
    return tuple(Column(name=name, type="text") for name in names or COLUMNS)


def schema(*names: str) -> Schema:
    """A schema in one part."""
    every = columns(*names)
    return Schema(columns=every, first=0, schema=schema_digest(every), total=len(every))


SCHEMA: Final[DigestHex] = schema().schema


def entry(**changes: object) -> Entry:
    """A catalogue entry, conditional, of the schema `SCHEMA`."""
    body = Entry(
        classification=Classification(category="traffic", level="general"),
        code="T-1",
        conditions=TERMS,
        dataset=DATASET,
        frequency="daily",
        mode=Mode(kind="file"),
        schema=SCHEMA,
        sharing="conditional",
        summary="what flies",
        system="tower",
        title="Flights",
    )
    return replace(body, **changes)


def release_item(dataset: DatasetId = DATASET, version: int = 1, **changes: object) -> ReleaseItem:
    """One version, with the contents `CONTENT`."""
    item = ReleaseItem(
        as_of="2026-11-01T00:00:00.000Z",
        content=Content(assurance="content", bytes=8, sha256=CONTENT),
        dataset=dataset,
        rows=10,
        schema=SCHEMA,
        version=version,
    )
    return replace(item, **changes)


def correcting_item(version: int = 2, corrects: int = 1) -> ReleaseItem:
    """A version with other contents than the one it corrects."""
    content = Content(assurance="content", bytes=8, sha256=f"{version:064x}")
    return release_item(version=version, corrects=corrects, content=content)


def release(*items: ReleaseItem) -> Release:
    """Versions; the first of `flights` if none are given."""
    return Release(items=items or (release_item(),))


def files(*names: str) -> tuple[File, ...]:
    """Files of 8 bytes."""
    return tuple(File(bytes=8, name=name, sha256=CONTENT) for name in names)


def manifest(listed: Sequence[File], first: int = 0, end: int | None = None) -> Manifest:
    """Some of the files of a list."""
    return Manifest(
        files=tuple(listed[first:end]),
        first=first,
        manifest=manifest_digest(listed),
        total=len(listed),
    )


def system(
    status: Literal["planned", "retired", "running"] = "running", **changes: object
) -> System:
    """The system `tower`."""
    return replace(System(names=Names(en="Tower"), status=status, system="tower"), **changes)


def block(*grants: ItemId, column: str = "a", source: str = "a") -> Block:
    """A block dataset with one column made from a column of each input."""
    mapped = (MappedColumn(column=column, sources=(source,)),)
    inputs = tuple(BlockInput(columns=mapped, grant=one) for one in sorted(grants))
    return Block(aggregation_risk="none that the inputs have not", inputs=inputs)


def lifecycle(
    status: Literal["archived", "destroyed"] = "archived", dataset: DatasetId = DATASET
) -> Lifecycle:
    """The end of a dataset."""
    certificate = CONTENT if status == "destroyed" else None
    return Lifecycle(certificate=certificate, dataset=dataset, status=status)


def designation(entry_record: DigestHex, *items: str, withdrawn: bool = False) -> SourceDesignation:
    """`flights` is the source of data items."""
    return SourceDesignation(
        dataset=DATASET, entry=entry_record, items=items or ("a",), withdrawn=withdrawn
    )


def attestation(*entries: DigestHex, dataset: DatasetId = DATASET) -> Attestation:
    """Confirmation of an entry of a dataset; of all entries if none is given."""
    listed = tuple(AttestedEntry(dataset=dataset, entry=one) for one in entries)
    return Attestation(entries=listed or "all")


def request_item(
    entry_record: DigestHex, terms: Terms = TERMS, dataset: DatasetId = DATASET
) -> RequestItem:
    """One dataset asked for."""
    return RequestItem(dataset=dataset, entry=entry_record, terms=terms)


def request(*items: RequestItem) -> Request:
    """An application."""
    return Request(items=items, scene="inspection")


def grant_item(
    *members: MemberId,
    terms: Terms = TERMS,
    request: ItemId | None = None,
    standing: bool = False,
    **changes: object,
) -> GrantItem:
    """One right."""
    item = GrantItem(
        dataset=DATASET,
        members=members,
        request=request,
        schema=SCHEMA,
        standing=standing,
        terms=terms,
    )
    return replace(item, **changes)


def grant(*items: GrantItem) -> Grant:
    """Rights."""
    return Grant(items=items)


def acceptance(*grants: ItemId) -> Acceptance:
    """Acceptance of offered rights."""
    return Acceptance(grants=tuple(sorted(grants)))


def delegation(grant: ItemId, *members: MemberId, terms: Terms = TERMS) -> Delegation:
    """A right passed on."""
    return Delegation(items=(DelegationItem(grant=grant, members=members, terms=terms),))


def amendment(grant: ItemId, terms: Terms = TERMS, **changes: object) -> Amendment:
    """Other terms of a right."""
    item = AmendmentItem(grant=grant, schema=SCHEMA, terms=terms)
    return Amendment(items=(replace(item, **changes),))


def revocation(
    *grants: ItemId,
    ground: RevocationGround = "breach",
    consultation: DigestHex | None = None,
) -> Revocation:
    """Revocation of rights."""
    return Revocation(consultation=consultation, grants=tuple(sorted(grants)), ground=ground)


def case_step(name: str, *cases: str, ground: str | None = None, **named: object) -> Step:
    """A step in one case or many."""
    return replace(Step(cases=tuple(sorted(cases)), ground=ground, step=name), **named)


def opening(
    workflow: Opened,
    *against: MemberId,
    case: CaseId | None = None,
    days: int | None = None,
    record: DigestHex | None = None,
    release: VersionContent | None = None,
    settles: bool = False,
    produces: bool = False,
) -> CaseOpening:
    """What opens a case of a workflow, or one against each member."""
    return CaseOpening(
        against=tuple(sorted(against)),
        case=case,
        days=days,
        record=record,
        release=release,
        produces=produces,
        settles=settles,
        text="see the letter",
        workflow=workflow,
    )


def correction(version: int = 1, sha256: DigestHex = CONTENT) -> CaseOpening:
    """A request to correct a version of the dataset."""
    wrong = VersionContent(dataset=DATASET, sha256=sha256, version=version)
    return opening("correction", release=wrong)


def incident(discovered_at: Time, **changes: object) -> Incident:
    """A leak."""
    body = Incident(category="leak", discovered_at=discovered_at, stage="store", text="a disk")
    return replace(body, **changes)


def delivery(grant: ItemId, at: Time, **changes: object) -> Delivery:
    """The first version handed over as a file of ten rows."""
    body = Delivery(
        content=VersionContent(dataset=DATASET, sha256=CONTENT, version=1),
        ended_at=at,
        grant=grant,
        mode="file",
        rows=10,
        sha256=CONTENT,
        started_at=at,
    )
    return replace(body, **changes)


def acknowledgement(delivered: DigestHex, **changes: object) -> Acknowledgement:
    """That file, received whole."""
    body = Acknowledgement(delivery=delivered, rows=10, sha256=CONTENT)
    return replace(body, **changes)


def effect_report(at: Time, grant: ItemId) -> EffectReport:
    """What was achieved with a right."""
    return EffectReport(ended_at=at, grant=grant, started_at=at, text="fewer queues")


def disposal(at: Time, *grants: ItemId) -> Disposal:
    """What was obtained under rights was deleted."""
    return Disposal(certificate=CONTENT, disposed_at=at, grants=tuple(sorted(grants)))


def usage(
    grant: ItemId | None,
    started_at: Time,
    ended_at: Time | None = None,
    *,
    rows: Sequence[int] = (1,),
    listed: bool = True,
    fields: Sequence[str] = ("a",),
    operation: Literal["derive", "export", "publish", "query", "read"] = "query",
    purpose: str = "health",
    **changes: object,
) -> Usage:
    """A use with one event per number of `rows`, all at the start of the span."""
    events = tuple(Event(offset_ms=0, rows=count) for count in rows)
    body = Usage(
        content=VersionContent(dataset=DATASET, sha256=CONTENT, version=1),
        ended_at=ended_at or started_at,
        events=events if listed else (),
        events_root=tree.root_of([leaf_hash(encode(event)) for event in events]).hex(),
        fields=tuple(fields),
        grant=grant,
        operation=operation,
        purpose=purpose,
        rows=sum(rows),
        started_at=started_at,
        uses=len(rows),
    )
    return replace(body, **changes)


def proposal(action: Action, closes_at: Time, *rests_on: Premise) -> Proposal:
    """An action put to the vote."""
    return Proposal(action=action, closes_at=closes_at, reason="it is time", rests_on=rests_on)


def ballot(proposed: DigestHex, vote: Literal["no", "yes"] = "yes") -> Ballot:
    """A vote."""
    return Ballot(proposal=proposed, vote=vote)
