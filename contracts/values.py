"""The state: a map from ASCII key to small canonical value. All a rule can read is one of these.

| key | value | holds |
|---|---|---|
| `ledger` | `Ledger` | name, parameters, calendar, purposes, rules version |
| `ledger/<time>` | `Ledger` | the same, before its parameters or its calendar were replaced then |
| `member/<member>` | `Member` | who it is, its roles |
| `node/<member>` | `RegisteredNode` | address and keys of its node |
| `hand/<member>/<dataset>` | `HandedDataset` | since a split, who acts for it about a dataset |
| `part/<member>/<successor>` | `HandedPart` | how many of its datasets another acts for |
| `role/<role>` | `RoleHolders` | the members that have a role |
| `sequencer` | `SequencerInOffice` | which sequencer orders, since it was appointed or took over |
| `writer/<member>/<name>` | `Writer` | what it may sign, with which key |
| `anchor/<SHA-256 of the origin>/<size>` | `SeenCheckpoint` | what another log said of that size |
| `mandate/<record>` | `GivenMandate` | a contractor's, for one system, until when |
| `chain/<member>/<name>` | `ChainHead` | length and head of its chain |
| `key/<key id>` | `Key` | a public key and its one function |
| `system/<member>/<system>` | `InformationSystem` | an information system of a member |
| `schema/<digest>` | `SchemaVersion` | a complete schema |
| `schema-draft/<member>/<digest>` | `SchemaVersion` | a schema of which parts are missing |
| `schema-part/<member>/<digest>/<first>` | `SchemaPart` | column names of one part |
| `dataset/<dataset>` | `Dataset` | provider, releases, running digest of entries and releases |
| `entry/<dataset>` | `EntryTerms` | the entry in force |
| `entry-draft/<record>` | `EntryTerms` | an entry awaiting review |
| `catalogue/<member>` | `KeptCatalogue` | when a provider confirmed all its entries |
| `sources` | `SourceCount` | how many data items have a designated source |
| `source/<SHA-256 of the item's name>` | `DataSource` | the one source of a data item |
| `manifest/<digest>` | `FileList` | a complete list of files |
| `manifest-draft/<member>/<digest>` | `FileList` | a list of files of which parts are missing |
| `release/<dataset>/<version>` | `ReleasedVersion` | what a version contains |
| `request/<id>` | `RequestedItem` | one dataset asked for |
| `grant/<id>` | `GrantedRight` | one right of one member, or a standing offer |
| `terms/<grant>/<n>` | `FormerTerms` | the terms a right had before its n-th amendment |
| `delivery/<record>` | `StatedDelivery` | what was handed over, and whether that was acknowledged |
| `standing/<dataset>` | `StandingGrants` | standing grants in force |
| `bar/<dataset>/<member>` | `Bar` | when a member was barred from standing grants, and why |
| `emergency/<dataset>/<member>` | `EmergencyRight` | the last right given in an emergency |
| `open-requests/<dataset>/<member>` | `OpenRequests` | which requests waited when one was made |
| `owed/<dataset>/<member>` | `OwedDelivery` | the right for which what was taken up is owed |
| `owed/<grant>` | `OwedDelivery` | the same, of what was given in an emergency by that grant |
| `block/<grant>` | `DependentBlocks` | block datasets in the catalogue that rest on it |
| `account/<grant>/<month>` | `ServiceAccount` | what both sides counted of a service |
| `unused/<grant>` | `UnusedFields` | columns that were granted and not used so far |
| `use/<grant>` | `UseCounters` | uses made under a right, and under all that hang from it |
| `use/<standing grant>/<member>` | `UseCounters` | the same, of all rights it took under it |
| `case/<id>` | `Case` | where a case stands |
| `group/<group>` | `Group` | a named list of members |
| `basis/<code>` | `Basis` | a legal basis that entries can rest on |
| `pairing/<pairing>` | `Pairing` | members that work together, on what, until when |
| `indicators` | `AdoptedIndicators` | the codes of all indicators |
| `indicator/<code>` | `Indicator` | a figure by which members are assessed |
| `figure/<case>` | `FigureUnderObjection` | what a member objects to in a figure |
| `proposal/<record>` | `ProposedAction` | what was put to the vote |
| `ballot/<proposal>/<member>` | `CastBallot` | the last vote of a member |
| `due/<time>/<case>` | `Due` | a deadline, in order of time |

`records` and `run` are the count and the running digest (`ledger.running_digest`) of the records
that speak of a thing, so that their list can be proved complete.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta
from msgspec.json import Decoder

from ledger.canonical import Canonical, parse
from ledger.errors import FormatError
from ledger.keys import KeyDescription
from ledger.records.assessment import INDICATORS_MAX, FigureObjection, Indicator
from ledger.records.blocks import INPUTS_MAX
from ledger.records.catalogue import BasisKind
from ledger.records.genesis import Calendar, Jurisdiction, Names, Parameters, Role
from ledger.records.governance import Action, Premise
from ledger.records.keys import Family
from ledger.records.sharing import Audience, EmergencyGround
from ledger.records.terms import Terms
from ledger.types import (
    CaseId,
    ColumnName,
    Count,
    DatasetId,
    Date,
    DigestHex,
    ItemId,
    LongText,
    MemberId,
    PurposeCode,
    ShortText,
    Slug,
    Time,
    Version,
    WriterId,
)

AMENDMENTS_MAX: Final = 32
"""How often the terms of one right can be changed."""
BARS_KEPT: Final = 8
"""Times at which a member was barred that are remembered, for uses that are reported later."""
BLOCKS_MAX: Final = 32
"""Block datasets that rest on one right."""
DAYS_KEPT: Final = 8
"""Days of which a right limited per day remembers the uses, for reports that come out of order."""
HEIRS_MAX: Final = 16
"""Members that hold parts of one member, since splits."""
COLUMN_SET_MAX: Final = 256
"""Hexadecimal digits of a set of columns: a schema has at most 1,024."""
ColumnSet = Annotated[str, Meta(pattern=r"\A[1-9a-f][0-9a-f]*\Z", max_length=COLUMN_SET_MAX)]
"""Some columns of a schema, one at least: a bit for each, as a number in hexadecimal."""
ORDERS_MAX: Final = 128
"""Orders that rest on one finding and are not over."""
REQUESTS_KEPT: Final = 16
"""Requests of one member for one dataset that are known to wait, where they are not bounded."""
STANDING_MAX: Final = 16
"""Standing grants of one dataset."""
SUSPENSIONS_MAX: Final = 16
"""How often one right can be suspended."""


class Ledger(Canonical):
    """What genesis fixed and votes changed. `digest` names the ledger; `next_rules` are adopted.

    `legal_bases` counts those adopted. Parameters and calendar hold `since` then, or since genesis.
    """

    calendar: Calendar
    digest: DigestHex
    legal_bases: Count = 0
    next_rules: Count | None = None
    origin: str
    parameters: Parameters
    purposes: tuple[PurposeCode, ...]
    rules: Count
    since: Time | None = None


class Member(Canonical):
    """A department. `authorisation`: digest of what it asked with to be admitted after genesis.

    A `successor` acts for it; `generation` counts the mergers that lie one upon another below it.
    `heirs` hold parts of it since a split, `keeps` counts the members of which it holds a part.
    """

    authorisation: DigestHex | None = None
    code: ShortText
    custodian: DigestHex
    endpoint: ShortText | None = None
    generation: Count = 0
    heirs: Annotated[tuple[MemberId, ...], Meta(max_length=HEIRS_MAX)] = ()
    jurisdiction: Jurisdiction
    keeps: Count = 0
    line_superior: MemberId | None = None
    log_keys: tuple[DigestHex, ...] = ()
    names: Names
    roles: tuple[Role, ...] = ()
    status: Literal["active", "removed", "suspended"] = "active"
    successor: MemberId | None = None


class RoleHolders(Canonical):
    """The members that have a role, ascending."""

    members: tuple[MemberId, ...]


class SequencerInOffice(Canonical):
    """The sequencer that orders; `since` is the leaf index at which it came into office."""

    member: MemberId
    since: Count


class HandedDataset(Canonical):
    """Since a split, `member` acts for another one about a dataset."""

    member: MemberId


class HandedPart(Canonical):
    """So many datasets of one member are in the hands of another one."""

    datasets: Count


class Writer(Canonical):
    """A signing identity. `appointed_by` is the digest of the record that says so.

    A `keeper` is the member that appointed it, for its part of a member that was split. A
    contractor signs under a `mandate`.
    """

    appointed_by: DigestHex
    datasets: tuple[DatasetId, ...] = ()
    families: tuple[Family, ...]
    keeper: MemberId | None = None
    key: DigestHex
    mandate: DigestHex | None = None
    not_after: Time | None = None
    status: Literal["active", "ended"] = "active"


class SeenCheckpoint(Canonical):
    """The root that the log `origin` had at a size, as `member` was the first to put down.

    One confirmed to be wrong is gone. It was shown to continue the log as it was at the size it
    `follows`.
    """

    follows: Count | None = None
    member: MemberId
    origin: ShortText
    record: DigestHex
    root: DigestHex


class GivenMandate(Canonical):
    """By which contract a contractor works on a system of a member, and until when."""

    code: ShortText
    contract: DigestHex
    contractor: Names
    member: MemberId
    not_after: Time
    not_before: Time | None = None
    system: Slug


class RegisteredNode(Canonical):
    """A member's node, as last registered; `transport` and `witness` are key ids.

    Its `endpoint` is the one that counts; that of `Member` is what the member was admitted with.
    """

    endpoint: ShortText
    record: DigestHex
    transport: tuple[DigestHex, ...] = ()
    witness: tuple[DigestHex, ...] = ()


class ChainHead(Canonical):
    """Where a writer's chain stands: `records` is the next sequence number."""

    head: DigestHex
    last_index: Count
    records: Count


class Key(Canonical):
    """A public key, used for one function in its life. `since` and `until` are leaf indexes.

    `lineage` is the `since` of the key from which it descends by rotations that the keys themselves
    signed: what a thief of one key can have reached.
    """

    function: Literal["custodian", "log", "transport", "witness", "writer"]
    key: KeyDescription
    lineage: Count
    member: MemberId
    since: Count
    status: Literal["active", "retired", "revoked"] = "active"
    suspect_since: Count | None = None
    until: Count | None = None
    writer: WriterId | None = None


class SchemaVersion(Canonical):
    """A schema of `member`: `run` is the running digest of the `columns` columns seen so far."""

    columns: Count
    member: MemberId
    run: DigestHex
    total: Count


class SchemaPart(Canonical):
    """Columns of one part, in order; `personal` are those with personal information."""

    names: tuple[ColumnName, ...]
    personal: tuple[ColumnName, ...] = ()


class InformationSystem(Canonical):
    """An information system as its owner last registered it, in its status `since`."""

    operator: MemberId
    record: DigestHex
    since: Time
    status: Literal["planned", "retired", "running"]


class Dataset(Canonical):
    """A dataset, from its first entry on. `pending` is the entry record under review.

    As long as no entry is in force or under review, the next member to submit one provides it. One
    that is archived, or destroyed, has come to its end. `duty` is the case in which the next
    version is owed.
    """

    archived_at: Time | None = None
    destroyed_at: Time | None = None
    duty: CaseId | None = None
    pending: DigestHex | None = None
    provider: MemberId
    records: Count
    releases: Count = 0
    run: DigestHex


class EntryTerms(Canonical):
    """What the rules need of a catalogue entry; `record` is the digest of the whole one.

    An entry under review names the `demand` it will meet.

    `inputs` are the rights a block dataset rests on. `update_every` counts the days from version to
    version, kept where the ledger asks for updates in time; that it is `served` as a service, where
    the ledger has services reconciled.
    """

    co_providers: tuple[MemberId, ...] = ()
    conditions: Terms
    confirmed_at: Time | None = None
    dataset: DatasetId
    demand: CaseId | None = None
    inputs: Annotated[tuple[ItemId, ...], Meta(max_length=INPUTS_MAX)] = ()
    joint_rule: Literal["any", "lead"] = "lead"
    level: Literal["general", "important"] = "general"
    provider: MemberId
    record: DigestHex
    schema: DigestHex
    served: bool = False
    sharing: Literal["conditional", "unconditional", "withheld"]
    since: Time
    system: Slug
    territory: ColumnName | None = None
    update_every: Count | None = None
    updated_until: Time | None = None


class KeptCatalogue(Canonical):
    """When a provider confirmed all its entries, and the case in which it owes the next time."""

    confirmed_at: Time | None = None
    duty: CaseId | None = None


class SourceCount(Canonical):
    """How many data items have a designated source."""

    count: Count


class DataSource(Canonical):
    """The dataset designated by `record` as the one source of a data item."""

    dataset: DatasetId
    item: ColumnName
    record: DigestHex


class FileList(Canonical):
    """The first `files` of a list of files: their length, the last name, their running digest."""

    bytes: Count
    files: Count
    last: ShortText
    run: DigestHex
    total: Count


class ReleasedVersion(Canonical):
    """A version of a dataset, never changed but by `corrected_by`.

    `released_at` is kept where the ledger holds what is handed over against the catalogue.
    """

    as_of: Time
    assurance: Literal["content", "rows", "watermark"]
    corrected_by: Version | None = None
    corrects: Version | None = None
    record: DigestHex
    released_at: Time | None = None
    rows: Count
    schema: DigestHex
    sha256: DigestHex


class RequestedItem(Canonical):
    """One dataset asked for by one member. `schema` is that of the entry it has read.

    `backflow`: it is for data about the member's own territory, held above it. `emergency` is the
    right whose formalities the request is. `standing` is the standing grant under which it was
    taken up at once, so that nobody had to answer. One that is `unfounded` named no legal basis,
    which is kept where the ledger weighs grounds.
    """

    asked_at: Time
    backflow: bool = False
    dataset: DatasetId
    emergency: ItemId | None = None
    entry: DigestHex
    member: MemberId
    schema: DigestHex
    standing: ItemId | None = None
    terms: Terms
    unfounded: bool = False


class Interval(Canonical):
    """A span of time, `until` not included; open while `until` is missing.

    Of a suspension, `barred` is who takes nothing up meanwhile, where the ledger bars anybody.
    """

    barred: MemberId | None = None
    since: Time
    until: Time | None = None


class GrantedRight(Canonical):
    """A right, effective from `in_force_since` (once accepted) to `ended_at`, but for suspensions.

    A standing grant has no member; rights taken under it name it in `standing`. A right passed on
    names in `parent` the one it hangs from. `terms` and `schema` are those since `amended_at`, the
    last of its `amendments`. Its member has stated that what it gave was deleted at `disposed_at`.
    Use of what was handed over is asked for since `delivered_at`.
    Of a service, deliveries and uses are `accounted`; `unused_fields` says that `unused/<grant>`
    lists columns not used so far.
    Of data that is `newest`, older versions are not to be handed over.
    One given in an `emergency` lapses at `lapses_at`, unless its formalities are completed; where
    a steward gave it, it is the `giver`.
    """

    accounted: bool = False
    amended_at: Time | None = None
    amendments: Annotated[int, Meta(ge=0, le=AMENDMENTS_MAX)] = 0
    audience: Audience | None = None
    dataset: DatasetId
    delivered_at: Time | None = None
    disposed_at: Time | None = None
    emergency: EmergencyGround | None = None
    ended_at: Time | None = None
    giver: MemberId | None = None
    in_force_since: Time | None = None
    lapses_at: Time | None = None
    member: MemberId | None = None
    newest: bool = False
    parent: ItemId | None = None
    provider: MemberId
    request: ItemId | None = None
    schema: DigestHex
    standing: ItemId | None = None
    suspensions: Annotated[tuple[Interval, ...], Meta(max_length=SUSPENSIONS_MAX)] = ()
    terms: Terms
    unused_fields: bool = False


class FormerTerms(Canonical):
    """What a right allowed from `since`, or from its start, to its amendment at `until`."""

    schema: DigestHex
    since: Time | None = None
    terms: Terms
    until: Time


Difference = Literal["contents-differ", "counts-differ"]
"""What can be found between what was delivered and what was received."""


class StatedDelivery(Canonical):
    """What was handed over under a right; `acknowledged` is the last record that says so too.

    `found` are the codes of what was found between the two sides, ascending.
    """

    acknowledged: DigestHex | None = None
    consumer: MemberId
    count: Count
    found: tuple[Difference, ...] = ()
    grant: ItemId
    provider: MemberId
    rows: Count
    sha256: DigestHex | None = None


class ServiceAccount(Canonical):
    """What both sides have counted of a service under a right, in one local month.

    `givers` stated the answers, in the order in which they first did.
    """

    answered_rows: Count = 0
    answers: Count = 0
    givers: tuple[MemberId, ...] = ()
    used_rows: Count = 0
    uses: Count = 0


class UnusedFields(Canonical):
    """Of so many columns `granted` by a right, those not used so far; the last entered at `since`.

    `columns` is a set: the n-th column of the right's schema, counted from 0, is the bit of 2^n.
    """

    columns: ColumnSet
    granted: Count
    since: Time


class StandingGrants(Canonical):
    """Standing grants of a dataset, in the order they were given."""

    grants: Annotated[tuple[ItemId, ...], Meta(max_length=STANDING_MAX)]


class Bar(Canonical):
    """So many rights of a member to a dataset are `suspended`; some were over the latest `spans`.

    The latest that were `broken` were so then. Both ascend; the last span is open while any is.
    """

    broken: Annotated[tuple[Time, ...], Meta(max_length=BARS_KEPT)] = ()
    spans: Annotated[tuple[Interval, ...], Meta(max_length=BARS_KEPT)] = ()
    suspended: Count = 0


class OpenRequests(Canonical):
    """The requests of a member for a dataset that waited when it last asked.

    They are all of them where the ledger bounds them, else the last ones.
    """

    cases: tuple[CaseId, ...]


class OwedDelivery(Canonical):
    """The last right for which a member was owed a delivery that several rights share.

    They are those under standing grants of a dataset, or one given in an emergency and those that
    complete its formalities.
    """

    grant: ItemId


class EmergencyRight(Canonical):
    """The last right to a dataset that a member, or one it acts for, was given in an emergency."""

    grant: ItemId


class DependentBlocks(Canonical):
    """Block datasets in the catalogue that rest on a right, in the order they came."""

    datasets: Annotated[tuple[DatasetId, ...], Meta(max_length=BLOCKS_MAX)]


class DayUses(Canonical):
    """Uses on one local calendar day, counted in days since 1970."""

    day: int
    uses: Count


class UseCounters(Canonical):
    """Uses made under a grant; of a standing one that limits them, by one member.

    `days` are the latest days used, ascending; kept where the grant limits the rate per day.
    """

    days: Annotated[tuple[DayUses, ...], Meta(max_length=DAYS_KEPT)] = ()
    records: Count
    rows: Count
    run: DigestHex
    uses: Count


class Party(Canonical):
    """A member's part in a case."""

    member: MemberId
    part: Literal[
        "accused", "claimant", "consumer", "delegator", "proposer", "provider", "respondent"
    ]


class Suspicion(Canonical):
    """What a finding says. `measure` is how far the rule was broken, `limit` what it allows."""

    code: Slug
    evidence: DigestHex
    limit: ShortText | None = None
    measure: ShortText | None = None


class Case(Canonical):
    """Something with a course. `run` is the running digest of the records that moved it.

    `answer` is the state key of what the latest step that had to name something has named. `asked`
    counts the extensions asked for, where the ledger limits them; of formalities the requests,
    but for those withdrawn. Of a finding, `orders` rest on it and were not over when the last was
    given; of a contest, `ruling` is the ground of the last ruling. A report on an order that
    `produces` names documents; a rectification that `settles` closes the finding it rests on.
    """

    answer: str | None = None
    asked: Count = 0
    due: Time | None = None
    finding: Suspicion | None = None
    opened_at: Time
    orders: Annotated[tuple[CaseId, ...], Meta(max_length=ORDERS_MAX)] = ()
    parties: tuple[Party, ...]
    produces: bool = False
    records: Count
    ruling: Slug | None = None
    run: DigestHex
    settles: bool = False
    state: Slug
    subject: str
    workflow: Slug


class Group(Canonical):
    """Members that standing grants can go to together."""

    members: tuple[MemberId, ...]
    names: Names


class AdoptedIndicators(Canonical):
    """The codes of the indicators adopted, ascending."""

    codes: Annotated[tuple[Slug, ...], Meta(min_length=1, max_length=INDICATORS_MAX)]


class FigureUnderObjection(Canonical):
    """What `member` objects to in a figure of its own; whether it is right, the case says."""

    member: MemberId
    objection: FigureObjection


class Basis(Canonical):
    """A law, regulation or decision on which catalogue entries can rest."""

    kind: BasisKind
    names: Names
    reference: ShortText


class Pairing(Canonical):
    """Members that work together from `since` to `until`, on what, and what came of it."""

    goals: tuple[ShortText, ...]
    members: tuple[MemberId, ...]
    names: Names
    result: LongText | None = None
    since: Date
    until: Date


class Tally(Canonical):
    """The votes with which a proposal was adopted, of so many who could vote then."""

    electorate: Count
    no: Count
    yes: Count


class ProposedAction(Canonical):
    """What a proposal would do, or did; `tally` is there once it is adopted."""

    action: Action
    rests_on: tuple[Premise, ...] = ()
    tally: Tally | None = None


class CastBallot(Canonical):
    """A member's last vote on a proposal."""

    record: DigestHex
    vote: Literal["no", "yes"]


class Due(Canonical):
    """A deadline of a case; time and case are in the key."""

    case: CaseId


Value = (
    AdoptedIndicators
    | Basis
    | Case
    | Bar
    | CastBallot
    | ChainHead
    | DataSource
    | Dataset
    | DependentBlocks
    | Due
    | EmergencyRight
    | EntryTerms
    | FigureUnderObjection
    | FormerTerms
    | FileList
    | GivenMandate
    | GrantedRight
    | Indicator
    | InformationSystem
    | KeptCatalogue
    | Group
    | HandedDataset
    | HandedPart
    | Key
    | Ledger
    | Member
    | OpenRequests
    | OwedDelivery
    | Pairing
    | ProposedAction
    | RegisteredNode
    | ReleasedVersion
    | RequestedItem
    | RoleHolders
    | SchemaPart
    | SchemaVersion
    | SeenCheckpoint
    | SequencerInOffice
    | SourceCount
    | StandingGrants
    | ServiceAccount
    | StatedDelivery
    | UnusedFields
    | UseCounters
    | Writer
)

_DECODERS: Final[dict[str, Decoder[Value]]] = {
    prefix: Decoder(kind)
    for prefix, kind in {
        "account": ServiceAccount,
        "anchor": SeenCheckpoint,
        "ballot": CastBallot,
        "bar": Bar,
        "basis": Basis,
        "block": DependentBlocks,
        "case": Case,
        "catalogue": KeptCatalogue,
        "chain": ChainHead,
        "dataset": Dataset,
        "delivery": StatedDelivery,
        "due": Due,
        "emergency": EmergencyRight,
        "entry": EntryTerms,
        "entry-draft": EntryTerms,
        "figure": FigureUnderObjection,
        "grant": GrantedRight,
        "group": Group,
        "hand": HandedDataset,
        "indicator": Indicator,
        "indicators": AdoptedIndicators,
        "key": Key,
        "ledger": Ledger,
        "mandate": GivenMandate,
        "manifest": FileList,
        "manifest-draft": FileList,
        "member": Member,
        "node": RegisteredNode,
        "open-requests": OpenRequests,
        "owed": OwedDelivery,
        "pairing": Pairing,
        "part": HandedPart,
        "proposal": ProposedAction,
        "release": ReleasedVersion,
        "request": RequestedItem,
        "role": RoleHolders,
        "schema": SchemaVersion,
        "schema-draft": SchemaVersion,
        "schema-part": SchemaPart,
        "sequencer": SequencerInOffice,
        "source": DataSource,
        "sources": SourceCount,
        "standing": StandingGrants,
        "terms": FormerTerms,
        "system": InformationSystem,
        "unused": UnusedFields,
        "use": UseCounters,
        "writer": Writer,
    }.items()
}


def parse_value(key: str, data: bytes) -> Value:
    """The value stored under `key`, from its canonical bytes. Raises `FormatError`."""
    decoder = _DECODERS.get(key.partition("/")[0])
    if decoder is None:
        raise FormatError(f"no value is stored under `{key}`")
    return parse(data, decoder)
