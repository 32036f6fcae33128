"""What the resources answer, member by member: the source of the schemas in the OpenAPI document.

Most answers are put together from stored JSON without being decoded; tests read real ones back
with these types, strictly, so what is documented is what is sent.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from contracts.assessment.reports import Assessment, Counted, Figure
from contracts.assessment.trust import Evidence, Trust
from contracts.sharing.chains import StateName
from contracts.tasks import Task
from contracts.values import (
    Case,
    EntryTerms,
    GrantedRight,
    InformationSystem,
    Member,
    ReleasedVersion,
    RequestedItem,
    StatedDelivery,
    Writer,
)
from ledger.merkle_map import MapProof
from ledger.records.assessment import PeriodName
from ledger.records.genesis import Calendar, Parameters
from ledger.records.keys import Family
from ledger.records.terms import Terms
from ledger.seal import Outcome, SealStatement
from ledger.types import (
    CaseId,
    Count,
    DatasetId,
    DigestHex,
    ItemId,
    MemberId,
    PurposeCode,
    Time,
    Version,
    WriterId,
)
from node.api.problems import Problem
from node.views.duties import Outcome as DutyOutcome

JsonObject = dict[str, Any]


class Answer(Struct, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    """Something a node says."""


class Place(Answer):
    """What an answer holds for: a log of `size` leaves, whose last block has this height, time."""

    size: Count
    height: Count
    block_time: Time


class Finding(Answer):
    """A finding raised: its case, its permanent code, and what the code means."""

    case: CaseId
    code: str
    title: str


class Signature(Answer):
    """One signature of an envelope."""

    keyid: DigestHex
    sig: bytes


class Envelope(Answer, rename=None):
    """A record: a DSSE envelope around an in-toto statement (ledger/FORMAT.md)."""

    payload: bytes
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815  its name in DSSE
    signatures: tuple[Signature, ...]


class HeadsAnswer(Answer):
    """Of each writer that a node signs for, the next record, if the ledger does not have it."""

    heads: tuple[Envelope, ...]


class RecordResult(Answer):
    """Where a record is in the ledger, what the rules made of it, and its receipt.

    `final`: the receipt's checkpoint has the ledger's quorum of witnesses.
    """

    index: Count
    digest: DigestHex
    height: Count
    block_time: Time
    findings: tuple[Finding, ...]
    outcome: Outcome
    final: bool
    receipt: str


class BatchResult(Answer):
    """What became of one record: its place, or the problem; `proof` is for the one checkpoint."""

    status: int
    index: Count = 0
    digest: DigestHex = ""
    height: Count = 0
    block_time: Time = ""
    findings: tuple[Finding, ...] = ()
    proof: tuple[bytes, ...] = ()
    problem: Problem | None = None


class BatchAnswer(Answer):
    """Results in the order of the records, and the checkpoint their proofs lead to.

    `final`: it has the ledger's quorum of witnesses.
    """

    results: tuple[BatchResult, ...]
    checkpoint: str
    final: bool


class CheckpointsAnswer(Answer):
    """The latest checkpoint of a node, and the latest that has the quorum; null as long as none."""

    latest: str
    final: str | None


class SnapshotAnswer(Answer):
    """A snapshot: the state at a size of the log, in parts; their bytes before compression."""

    size: Count
    height: Count
    state_root: DigestHex
    parts: Count
    bytes_count: Count


class WitnessAnswer(Answer):
    """A witness: what it has cosigned, as far as this node knows, and why it is behind."""

    member: MemberId
    keys: tuple[str, ...]
    size: Count | None
    problem: str


class WitnessesAnswer(Answer):
    """Who cosigns. `final_size` leaves are under a checkpoint with the quorum, of `size`.

    The `sequencer` in office orders; null where validators do.
    """

    quorum: Count
    sequencer: MemberId | None
    size: Count
    final_size: Count
    witnesses: tuple[WitnessAnswer, ...]


class Leaf(Answer):
    """One leaf of the log: a record, or the seal of a block with its settlement as outcome."""

    index: Count
    digest: DigestHex | None
    kind: str
    height: Count
    block_time: Time
    outcome: Outcome
    envelope: Envelope | None = None
    seal: SealStatement | None = None


class ProvedOutcome(Answer):
    """An outcome with its inclusion in the `outcomesRoot` of the seal, and the seal's receipt."""

    outcome: Outcome
    position: Count
    count: Count
    proof: tuple[bytes, ...]
    seal: Count
    seal_leaf: bytes
    seal_receipt: str


class ProvedState(Place):
    """The value under a key, or null, with its proof under the `stateRoot` of the last seal."""

    key: str
    value: JsonObject | None
    state_root: DigestHex
    proof: MapProof
    seal_leaf: bytes
    seal_receipt: str


class PastValue(Place):
    """The value under a key as at a size of the log, or null; not proved."""

    key: str
    value: JsonObject | None


class LedgerAnswer(Place):
    """A ledger, its latest checkpoint, what votes have made of its genesis, its log keys."""

    origin: str
    ledger: DigestHex
    rules: Count
    checkpoint: str
    parameters: Parameters
    calendar: Calendar
    purposes: tuple[PurposeCode, ...]
    clock_offset_days: int
    policy: str


class ChainAnswer(Answer):
    """A writer and its chain: `records` and `head` are sequence and previous of its next record."""

    writer: WriterId
    member: MemberId
    records: Count
    head: DigestHex | None
    last_index: Count | None
    status: Literal["active", "ended"]
    key: DigestHex
    families: tuple[Family, ...]
    datasets: tuple[DatasetId, ...]
    not_after: Time | None
    appointed_by: DigestHex
    ledger: DigestHex
    size: Count


class Page(Place):
    """Some of a list; `next` is the cursor of the next page, null after the last."""

    items: tuple[JsonObject, ...]
    next: str | None


class UsageItem(Answer):
    """A record of use; `findings` counts those it raised."""

    index: Count
    consumer: MemberId
    dataset: DatasetId
    version: Version
    grant: ItemId | None
    purpose: PurposeCode
    operation: str
    started_at: Time
    ended_at: Time
    uses: Count
    rows: Count
    findings: Count


class CaseStep(Answer):
    """A record that opened or moved a case; a settlement is named by the seal of its block."""

    index: Count
    kind: str
    block_time: Time
    digest: DigestHex = ""
    writer: WriterId = ""
    issued_at: Time = ""
    body: JsonObject = {}


class CaseHistory(Place):
    """What a case came from; the members of the case itself stand beside."""

    steps: tuple[CaseStep, ...]


class Duty(Answer):
    """A deadline and whom it runs against: a member, or whoever holds an office (`@steward`).

    `outcome`: open; overdue once it has passed; then met, or met-late, by a step of who owed it; or
    dropped, or missed where it had passed, because the case went on otherwise.
    """

    case: CaseId
    workflow: str
    state: str
    subject: str
    who: str
    part: str
    due: Time
    since: Time
    outcome: DutyOutcome
    passed_at: Time | None
    ended_at: Time | None


class StepTaken(Answer):
    """A step in a case: the record that took it, by whom, at which block time, on which ground."""

    index: Count
    case: CaseId
    workflow: str
    step: str
    ground: str | None
    member: MemberId
    writer: WriterId
    time: Time


class RightItem(GrantedRight):
    """A right, and where it stands with all the rights above it; `why` it does not hold, if so."""

    state: StateName
    why: str | None


class ChainLink(Answer):
    """A right of a chain: where it stands itself; and, now, what was used under it."""

    id: ItemId
    holds: bool
    state: StateName
    why: str | None
    uses: Count | None
    rows: Count | None
    right: GrantedRight


class RightChain(Place):
    """A right, then every right above it; `holds` if all do, `terms` is what all of them allow."""

    chain: tuple[ChainLink, ...]
    holds: bool
    state: StateName
    terms: Terms
    why: str | None


class LineageEdge(Answer):
    """`dataset` is made from `source`: by a right, or as the release of a version says."""

    dataset: DatasetId
    source: DatasetId
    grant: ItemId | None
    version: Version | None
    level: Count


class Lineage(Place):
    """What a dataset is made of (`up`) and what is made from it (`down`), level by level.

    `whole` unless more was found than is told: 8 levels, and 256 edges a direction.
    """

    dataset: DatasetId
    up: tuple[LineageEdge, ...]
    down: tuple[LineageEdge, ...]
    whole: bool


class FigureAnswer(Place):
    """A figure of a member in a period, and a page of what it counts, by key."""

    member: MemberId
    period: PeriodName
    figure: Figure
    items: tuple[Counted, ...]
    next: str | None


class TrustItem(Answer):
    """The trust index of a member."""

    member: MemberId
    index: Trust


class TrustAnswer(Place):
    """The trust index of a member, and its evidence by quarter, the running one first."""

    member: MemberId
    index: Trust
    evidence: tuple[Evidence, ...]


ITEMS: Final[Mapping[str, type[Struct]]] = {
    "members": Member,
    "writers": Writer,
    "systems": InformationSystem,
    "datasets": EntryTerms,
    "releases": ReleasedVersion,
    "requests": RequestedItem,
    "grants": RightItem,
    "deliveries": StatedDelivery,
    "findings": Case,
    "cases": Case,
    "usage": UsageItem,
    "tasks": Task,
    "duties": Duty,
    "steps": StepTaken,
    "assessment": Assessment,
    "trust": TrustItem,
}
"""By list, what it holds: values of the state, of which an item also shows the `id`; or rows."""
ROWS: Final = (UsageItem, Task, Duty, StepTaken, Assessment, TrustItem)
"""What has no id of its own."""
