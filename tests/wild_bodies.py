"""Hypothesis strategies for bodies of every kind: as odd as their types allow.

Ids are drawn from a `Pool`: what exists in a state, what does not, and what is something else (a
request where a grant is meant). Numbers, times and lists like to be at their limits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec.structs import replace

from contracts.view import MemoryState
from contracts.workflows import WORKFLOWS
from ledger import tree
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.hashing import leaf_hash, sha256
from ledger.keys import KeyDescription, KeyValue
from ledger.records import (
    Acceptance,
    Amendment,
    Attestation,
    Ballot,
    Body,
    CaseOpening,
    Decision,
    Delegation,
    Entry,
    Grant,
    Incident,
    KeyRevocation,
    KeyRotation,
    Lifecycle,
    Mandate,
    Manifest,
    Proposal,
    Release,
    Request,
    Revocation,
    Schema,
    SourceDesignation,
    Step,
    System,
    Usage,
    WriterAppointment,
    WriterEnd,
)
from ledger.records.actions import (
    GOALS_MAX,
    AdoptedBasis,
    ChangeBases,
    SetLogKeys,
    SetPairing,
    SplitMember,
)
from ledger.records.anchors import Anchor, Consistency
from ledger.records.assessment import (
    Clause,
    EndIndicator,
    FigureObjection,
    Indicator,
    Lateness,
    Length,
    Mark,
    SetIndicator,
    Side,
    Sort,
)
from ledger.records.blocks import Block, BlockInput, MappedColumn
from ledger.records.catalogue import (
    Assessments,
    Classification,
    Column,
    Content,
    DatasetVersion,
    File,
    LegalBasis,
    Mode,
    ReleaseItem,
    Responsible,
    VersionContent,
    schema_digest,
)
from ledger.records.delegation import AmendmentItem, DelegationItem
from ledger.records.delivery import Acknowledgement, Delivery
from ledger.records.genesis import (
    Jurisdiction,
    Level,
    LogKeys,
    Names,
    Parameters,
    Purpose,
    Role,
    Threshold,
)
from ledger.records.governance import (
    ORDERING,
    Action,
    Admission,
    AdmitMembers,
    AdoptRules,
    ChangePurposes,
    DescribeMember,
    Premise,
    RecoverCustodian,
    ReinstateMember,
    RejectAdmission,
    RemoveMember,
    SetCalendar,
    SetGroup,
    SetParameters,
    SetRoles,
    SucceedMember,
    SuspendMember,
)
from ledger.records.keys import Family
from ledger.records.manifests import manifest_digest
from ledger.records.nodes import TRANSPORT_KEYS_MAX, NodeRegistration, WitnessKeys
from ledger.records.sharing import (
    Audience,
    EmergencyGround,
    GrantItem,
    NarrowingGround,
    RequestItem,
    RevocationGround,
)
from ledger.records.supervision import ORDERS, Opened
from ledger.records.terms import Terms
from ledger.records.upkeep import AttestedEntry
from ledger.records.use import Disposal, Effect, EffectReport, Event
from ledger.sealed import seal
from ledger.times import TIME_MS_MAX, from_ms, to_ms
from ledger.types import SAFE_INTEGER_MAX, Digest, Time
from tests.bodies import CONTENT, NOWHERE
from tests.reference.naive_tree import mth
from tests.reference.naive_tree import proof as naive_proof
from tests.strategies import calendars, sets_of, terms, usages
from tests.world import log_signer_ml_dsa, signer

_T = TypeVar("_T")
FAMILIES: Final[tuple[Family, ...]] = get_args(Family)
NARROWING: Final[tuple[NarrowingGround, ...]] = get_args(NarrowingGround)
EMERGENCIES: Final[tuple[EmergencyGround, ...]] = get_args(EmergencyGround)
REVOKING: Final[tuple[RevocationGround, ...]] = get_args(RevocationGround)
OPENED: Final[tuple[Opened, ...]] = get_args(Opened)
SHARING: Final = ("conditional", "unconditional", "withheld")
LONG: Final = "漢" * 256
FIRST: Final[Time] = "1970-01-01T00:00:00.000Z"
LAST: Final[Time] = "9999-12-31T23:59:59.999Z"
STEPS: Final = (
    *sorted({step.name for flow in WORKFLOWS.values() for step in flow.steps}),
    "dance",
)
GROUNDS: Final = (
    None,
    "because",
    *sorted({g for flow in WORKFLOWS.values() for step in flow.steps for g in step.grounds}),
)
COLUMNS: Final = tuple(
    Column(name=name, personal="sensitive" if name == "身份证号" else "none", type="text")
    for name in ("age", "district", "income", "period", "身份证号")
)
SCHEMAS: Final = (COLUMNS, COLUMNS[:4], COLUMNS[:1], COLUMNS[1:])
"""Schemas that the wild publish, in one part or two."""
LISTED: Final = tuple(
    File(bytes=SAFE_INTEGER_MAX, name=name, sha256=NOWHERE) for name in ("a", "b", LONG)
)
"""A list of files that the wild publish, in one part or more."""
GROUPS: Final = ("a-group", "bureaus")
BASES: Final = ("art-13", "art-14")
PAIRINGS: Final = ("a-pairing", "forms")
LOG_KEYS: Final = ("log-spare-0", "log-spare-1")
"""Log keys that may come into use; each pair can do so once."""
PAIRING_PREMISES: Final = tuple(Premise(key=f"pairing/{one}") for one in PAIRINGS)
GROUP_PREMISES: Final = tuple(Premise(key=f"group/{one}") for one in GROUPS)
INDICATORS: Final = ("an-indicator", "timely")
INDICATOR_PREMISES: Final = tuple(Premise(key=f"indicator/{one}") for one in INDICATORS)
PERIODS: Final = ("1970", "2026", "2026-11", "2026-Q4", "9999-Q4")
KEYS: Final = tuple(f"spare-{n}" for n in range(6))
"""Keys that may come into use; each can do so once."""


@dataclass(frozen=True)
class Pool:
    """What can be named: ids by kind, in the order of their keys."""

    cases: tuple[str, ...]
    datasets: tuple[str, ...]
    deliveries: tuple[str, ...]
    entries: tuple[str, ...]
    grants: tuple[str, ...]
    keys: tuple[str, ...]
    ledger: str
    mandates: tuple[str, ...]
    members: tuple[str, ...]
    requests: tuple[str, ...]
    schemas: tuple[str, ...]
    writers: tuple[str, ...]
    now: Time


def pool_of(state: MemoryState, now: Time) -> Pool:
    """Everything that exists in a state, and something of each kind that does not."""

    def rest(prefix: str) -> Iterator[str]:
        return (key.removeprefix(f"{prefix}/") for key in sorted(state.keys(f"{prefix}/")))

    cases, requests, grants = tuple(rest("case")), tuple(rest("request")), tuple(rest("grant"))
    records = tuple(case for case in cases if len(case) == 64)
    return Pool(
        cases=(*cases, NOWHERE, f"{NOWHERE}-0"),
        datasets=("flights", "tides", *rest("dataset")),
        deliveries=(*rest("delivery"), NOWHERE),
        entries=(*records, NOWHERE),
        grants=(*grants, *requests[:1], f"{NOWHERE}-9999"),
        keys=(*rest("key"), NOWHERE),
        ledger=_digest_of(state, "ledger"),
        mandates=(*rest("mandate"), NOWHERE),
        members=(*rest("member"), "nobody"),
        requests=(*requests, *grants[:1], f"{NOWHERE}-0"),
        schemas=(*rest("schema"), NOWHERE),
        writers=tuple(rest("writer")),
        now=now,
    )


def _digest_of(state: MemoryState, key: str) -> str:
    value = state.get(key)
    assert value is not None
    return sha256(encode(value)).hex()


def wild(pool: Pool) -> SearchStrategy[Body]:
    """A body of any kind but genesis."""
    return st.one_of(*(make(pool) for make in WILD.values()))


def counts() -> SearchStrategy[int]:
    return st.sampled_from((0, 1, 2, 1_000, SAFE_INTEGER_MAX))


def moments(pool: Pool) -> SearchStrategy[Time]:
    return st.sampled_from((FIRST, "2000-02-29T23:59:59.999Z", pool.now, LAST))


def _one(ids: Sequence[_T]) -> SearchStrategy[_T]:
    return st.sampled_from(ids)


def _ascending(ids: Sequence[str], most: int = 3) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(_one(ids), min_size=1, max_size=most, unique=True).map(
        lambda drawn: tuple(sorted(drawn))
    )


def _key_descriptions() -> SearchStrategy[KeyDescription]:
    known = _one(KEYS).map(lambda label: signer(label).public_key.description)
    public = st.sampled_from(("", "00" * 32, "01" + "00" * 31, "ff" * 32, "0" * 4096))
    scheme = st.sampled_from(("ed25519", "ml-dsa-44", "x" * 32))
    odd = st.builds(
        KeyDescription, keytype=scheme, keyval=st.builds(KeyValue, public=public), scheme=scheme
    )
    return known | odd


def _acceptances(pool: Pool) -> SearchStrategy[Acceptance]:
    return st.builds(Acceptance, grants=_ascending(pool.grants))


def _revocations(pool: Pool) -> SearchStrategy[Revocation]:
    return st.builds(
        Revocation,
        consultation=st.none() | st.just(NOWHERE),
        grants=_ascending(pool.grants),
        ground=_one(REVOKING),
    )


def _appointments(pool: Pool) -> SearchStrategy[WriterAppointment]:
    names = [name for name in pool.writers if not name.endswith("/custodian")]
    return st.builds(
        WriterAppointment,
        datasets=st.just(()) | _ascending(pool.datasets),
        families=sets_of(FAMILIES).filter(bool),
        key=_key_descriptions(),
        mandate=st.none() | _one(pool.mandates),
        not_after=st.none() | moments(pool),
        writer=_one((*names, "health/clerk", "nobody/main")),
    )


@st.composite
def _anchors(draw: DrawFn, _pool: Pool) -> Anchor:
    """What a log of four leaves said, or never said; with proofs that hold, or do not."""
    size = draw(st.sampled_from((0, 1, 3, 4, SAFE_INTEGER_MAX)))
    leaves = [bytes([number]) for number in range(min(size, 4))]
    root = mth(leaves) if size == 0 else draw(_one((mth(leaves), Digest(bytes(32)))))
    proof = None
    earlier = draw(st.sampled_from((0, 1, 3, 4)))
    if earlier < size and draw(st.booleans()):
        good = naive_proof(earlier, leaves) if 0 < earlier < len(leaves) else []
        hashes = "".join(one.hex() for one in good)
        proof = Consistency(proof=draw(_one((hashes, NOWHERE * 64))), size=earlier)
    note = sign_checkpoint(Checkpoint("pool.example/region", size, root), [signer("region/log")])
    return Anchor(checkpoint=note.decode(), consistency=proof)


def _mandates(pool: Pool) -> SearchStrategy[Mandate]:
    return st.builds(
        Mandate,
        code=st.just(LONG),
        contract=st.just(NOWHERE),
        contractor=st.just(Names(zh=LONG)),
        member=_one(pool.members),
        not_after=moments(pool),
        not_before=st.none() | moments(pool),
        system=_one(("system", "tower")),
    )


def _node_registrations(_pool: Pool) -> SearchStrategy[NodeRegistration]:
    odd = st.builds(WitnessKeys, ed25519=_key_descriptions(), ml_dsa44=_key_descriptions())
    known = _one(LOG_KEYS).map(log_keys_of)
    fitting = known.map(lambda keys: WitnessKeys(ed25519=keys.ed25519, ml_dsa44=keys.ml_dsa44))
    return st.builds(
        NodeRegistration,
        endpoint=st.just(LONG),
        transport=st.lists(_key_descriptions(), max_size=TRANSPORT_KEYS_MAX).map(tuple),
        witness=st.none() | odd | fitting,
    )


def _ends(pool: Pool) -> SearchStrategy[WriterEnd]:
    names = [name for name in pool.writers if not name.endswith("/custodian")]
    return st.builds(
        WriterEnd, ground=st.none() | st.just(LONG), writer=_one((*names, "health/ghost"))
    )


def _key_revocations(pool: Pool) -> SearchStrategy[KeyRevocation]:
    return st.builds(
        KeyRevocation,
        key=_one(pool.keys),
        replacement=st.none() | _key_descriptions(),
        suspect_since=counts(),
    )


@st.composite
def _schemas(draw: DrawFn, _pool: Pool) -> Schema:
    every = draw(_one(SCHEMAS))
    first = draw(st.sampled_from((0, 0, 1, 4)))
    end = draw(st.sampled_from((1, 4, len(every))))
    part = every[first:end] or every[:1]
    return Schema(
        columns=part,
        first=first,
        schema=schema_digest(every),
        total=draw(st.sampled_from((len(every), len(every), 1, 1_024))),
    )


@st.composite
def _wild_terms(draw: DrawFn, pool: Pool) -> Terms:
    """Terms that are often those the world knows purposes and columns for."""
    drawn = draw(terms())
    if draw(st.booleans()):
        drawn = replace(drawn, not_before=None, not_after=None)
    limits = st.none() | counts()
    return replace(
        drawn,
        delete_within=draw(st.none() | st.just(3_155_760_000_000)),
        not_after=draw(st.just(drawn.not_after) | moments(pool)),
        rate_per_day=draw(limits),
        rows_max=draw(limits),
        uses_max=draw(limits),
    )


@st.composite
def _blocks(draw: DrawFn, pool: Pool) -> Block:
    names = tuple(column.name for column in COLUMNS)
    inputs = []
    for grant in draw(_ascending(pool.grants)):
        mapped = draw(_ascending((*names, "a", "z")))
        sources = draw(_ascending((*names, "a", "z")))
        columns = tuple(MappedColumn(column=one, sources=sources) for one in mapped)
        inputs.append(BlockInput(columns=columns, grant=grant))
    return Block(aggregation_risk=LONG, inputs=tuple(inputs))


@st.composite
def _entries(draw: DrawFn, pool: Pool) -> Entry:
    members = st.none() | _one(pool.members)
    return Entry(
        assessments=draw(
            st.just(Assessments())
            | st.just(Assessments(necessity="字" * 4_096, personal_information=NOWHERE))
        ),
        basis=draw(
            st.none()
            | st.builds(
                LegalBasis,
                code=st.none() | _one(BASES),
                kind=st.just("law"),
                reference=st.just(LONG),
            )
        ),
        block=draw(st.none() | _blocks(pool)),
        classification=Classification(
            category="x" * 63,
            level=draw(st.sampled_from(("general", "important", "core"))),
            state_secret=draw(st.booleans()) and draw(st.booleans()),
        ),
        co_providers=draw(st.just(()) | _ascending(pool.members)),
        code=LONG,
        collector=draw(members),
        conditions=draw(_wild_terms(pool)),
        dataset=draw(_one(pool.datasets)),
        demand=draw(st.none() | st.none() | _one(pool.cases)),
        frequency="irregular",
        joint_rule=draw(st.sampled_from(("any", "lead"))),
        mode=Mode(kind="service", endpoint=LONG),
        responsible=Responsible(use=draw(members)),
        schema=draw(_one(pool.schemas)),
        sharing=draw(_one(SHARING)),
        summary=LONG,
        system="system",
        territory=draw(st.none() | _one(("age", "district", "z"))),
        title=LONG,
    )


@st.composite
def _releases(draw: DrawFn, pool: Pool) -> Release:
    items = []
    for _ in range(draw(st.integers(1, 3))):
        versions = st.sampled_from((1, 2, 3, SAFE_INTEGER_MAX))
        dataset = draw(_one(pool.datasets))
        derived = st.builds(DatasetVersion, dataset=_one(pool.datasets), version=versions)
        items.append(
            ReleaseItem(
                as_of=draw(moments(pool)),
                content=draw(
                    st.just(Content(assurance="content", sha256=CONTENT))
                    | st.just(
                        Content(assurance="content", manifest=True, sha256=manifest_digest(LISTED))
                    )
                ),
                corrects=draw(st.none() | versions),
                dataset=dataset,
                derived_from=tuple(draw(st.lists(derived, max_size=2))),
                rows=draw(counts()),
                schema=draw(_one(pool.schemas)),
                version=draw(versions),
            )
        )
    unique = {(item.dataset, item.version): item for item in items}
    return Release(items=tuple(unique.values()))


@st.composite
def _requests(draw: DrawFn, pool: Pool) -> Request:
    item = st.builds(
        RequestItem,
        dataset=_one(pool.datasets),
        emergency=st.none() | _one(pool.grants),
        entry=_one(pool.entries),
        terms=_wild_terms(pool),
    )
    items = draw(st.lists(item, min_size=1, max_size=3))
    return Request(items=tuple(items), scene=draw(st.just(LONG) | st.just(seal("x", bytes(32)))))


def _audiences() -> SearchStrategy[Audience]:
    return st.builds(
        Audience,
        group=st.none() | _one(GROUPS),
        levels=sets_of(get_args(Level)),
        own_territory=st.booleans(),
        territories=sets_of(("1", "11", "2", LONG)),
    )


@st.composite
def _grants(draw: DrawFn, pool: Pool) -> Grant:
    items = []
    for _ in range(draw(st.integers(1, 3))):
        standing = draw(st.booleans())
        members = () if standing else draw(_ascending(pool.members))
        request = draw(st.none() | _one(pool.requests)) if len(members) == 1 else None
        may_wait = standing or request is not None
        items.append(
            GrantItem(
                audience=draw(st.none() | _audiences()) if standing else None,
                dataset=draw(_one(pool.datasets)),
                emergency=None if may_wait else draw(st.none() | _one(EMERGENCIES)),
                ground=draw(st.none() | _one(NARROWING)),
                members=members,
                newest=draw(st.booleans()),
                request=request,
                schema=draw(_one(pool.schemas)),
                standing=standing,
                terms=draw(_wild_terms(pool)),
            )
        )
    return Grant(items=tuple(items))


def _systems(pool: Pool) -> SearchStrategy[System]:
    return st.builds(
        System,
        names=st.just(Names(zh=LONG)),
        operator=st.none() | _one(pool.members),
        status=_one(("planned", "retired", "running")),
        summary=st.none() | st.just("字" * 4_096),
        system=_one(("tower", "system")),
    )


@st.composite
def _manifests(draw: DrawFn, _pool: Pool) -> Manifest:
    first = draw(st.sampled_from((0, 0, 1, 2)))
    end = draw(st.sampled_from((1, 2, 3)))
    return Manifest(
        files=LISTED[first:end] or LISTED[:1],
        first=first,
        manifest=manifest_digest(LISTED),
        total=draw(st.sampled_from((3, 3, 1, 1_000_000))),
    )


@st.composite
def _lifecycles(draw: DrawFn, pool: Pool) -> Lifecycle:
    is_destroyed = draw(st.booleans())
    return Lifecycle(
        certificate=NOWHERE if is_destroyed else None,
        dataset=draw(_one(pool.datasets)),
        note=draw(st.none() | st.just(LONG)),
        status="destroyed" if is_destroyed else "archived",
    )


def _designations(pool: Pool) -> SearchStrategy[SourceDesignation]:
    return st.builds(
        SourceDesignation,
        dataset=_one(pool.datasets),
        entry=_one(pool.entries),
        items=_ascending(("a", "b", "z", *(column.name for column in COLUMNS))),
        withdrawn=st.booleans(),
    )


@st.composite
def _attestations(draw: DrawFn, pool: Pool) -> Attestation:
    if draw(st.booleans()):
        return Attestation(entries="all")
    datasets = draw(_ascending(pool.datasets))
    listed = [AttestedEntry(dataset=one, entry=draw(_one(pool.entries))) for one in datasets]
    return Attestation(entries=tuple(listed))


@st.composite
def _steps(draw: DrawFn, pool: Pool) -> Step:
    release = st.builds(DatasetVersion, dataset=_one(pool.datasets), version=_one((1, 2, 3)))
    names = draw(st.sampled_from(("", "", "dataset", "member", "release")))
    return Step(
        cases=draw(_ascending(pool.cases, 4)),
        dataset=draw(_one(pool.datasets)) if names == "dataset" else None,
        ground=draw(_one(GROUNDS)),
        member=draw(_one(pool.members)) if names == "member" else None,
        release=draw(release) if names == "release" else None,
        step=draw(_one(STEPS)),
    )


def _clauses() -> SearchStrategy[Clause]:
    return st.builds(
        Clause,
        codes=sets_of(("answer-overdue", "no-such-code")),
        lateness=sets_of(get_args(Lateness)),
        marks=sets_of(get_args(Mark)),
        sides=sets_of(get_args(Side)),
        states=sets_of(("granted", "in-force", "nowhere", "running", "withheld")),
        unmarked=sets_of(get_args(Mark)),
        workflows=sets_of((*WORKFLOWS, "dance")),
    )


@st.composite
def _indicators(draw: DrawFn) -> Indicator:
    clauses = st.lists(st.just(Clause()) | _clauses(), min_size=1, max_size=2).map(tuple)
    points = _one((0, 1, 9_999, 10_000))
    is_share = draw(st.booleans())
    return Indicator(
        cap=draw(points),
        denominator=draw(clauses),
        each=None if is_share else draw(points),
        id=draw(_one(INDICATORS)),
        names=Names(zh=LONG),
        numerator=draw(clauses) if is_share else (),
        of=draw(_one(get_args(Sort))),
        period=draw(_one(get_args(Length))),
        weight=draw(points),
    )


def _figures(pool: Pool) -> SearchStrategy[FigureObjection]:
    cases = tuple(f"case/{one}" for one in pool.cases)
    return st.builds(
        FigureObjection,
        indicator=_one((*INDICATORS, "nothing")),
        period=_one(PERIODS),
        things=_ascending((*cases, "system/nobody/system")),
    )


@st.composite
def _openings(draw: DrawFn, pool: Pool) -> CaseOpening:
    workflow = draw(_one(OPENED))
    is_order, is_against = workflow in ORDERS, workflow in ORDERS | {"complaint", "objection"}
    may_rest = workflow == "dispute" or (is_order and draw(st.booleans()))
    may_settle = workflow == "rectification" and may_rest
    wrong = st.builds(
        VersionContent,
        dataset=_one(pool.datasets),
        sha256=_one((CONTENT, NOWHERE)),
        version=_one((1, 2, 3)),
    )
    return CaseOpening(
        against=draw(_ascending(pool.members)) if is_against else (),
        case=draw(_one(pool.cases)) if may_rest else None,
        days=draw(_one((None, 1, 3_650))) if is_order else None,
        figure=draw(_figures(pool)) if workflow == "figure-objection" else None,
        produces=is_order and draw(st.booleans()),
        record=NOWHERE if workflow == "objection" else None,
        release=draw(wrong) if workflow == "correction" else None,
        settles=may_settle and draw(st.booleans()),
        text=LONG,
        workflow=workflow,
    )


def _incidents(pool: Pool) -> SearchStrategy[Incident]:
    return st.builds(
        Incident,
        category=_one(("leak", "loss", "misuse", "tampering")),
        datasets=st.just(()) | _ascending(pool.datasets),
        discovered_at=moments(pool),
        member=st.none() | _one(pool.members),
        people=counts(),
        stage=_one(("collect", "use")),
        text=st.just(LONG),
    )


@st.composite
def _uses(draw: DrawFn, pool: Pool) -> Usage:
    start, end = sorted((draw(moments(pool)), draw(moments(pool))))
    rows = draw(st.lists(st.integers(0, 2), max_size=3))
    events = tuple(Event(offset_ms=draw(st.sampled_from((0, 0, 5))), rows=row) for row in rows)
    return replace(
        draw(usages()),
        content=VersionContent(
            dataset=draw(_one(pool.datasets)),
            sha256=draw(_one((CONTENT, NOWHERE))),
            version=draw(st.sampled_from((1, 2, SAFE_INTEGER_MAX))),
        ),
        ended_at=end,
        events=events,
        events_root=tree.root_of([leaf_hash(encode(event)) for event in events]).hex(),
        grant=draw(st.none() | _one(pool.grants)),
        rows=sum(rows) if events else draw(counts()),
        started_at=start,
        uses=len(events) or draw(st.sampled_from((1, SAFE_INTEGER_MAX))),
    )


@st.composite
def _effect_reports(draw: DrawFn, pool: Pool) -> EffectReport:
    start, end = sorted((draw(moments(pool)), draw(moments(pool))))
    return EffectReport(
        effects=(Effect(measure=LONG, name=LONG),) * draw(st.integers(0, 2)),
        ended_at=end,
        grant=draw(_one(pool.grants)),
        started_at=start,
        text=LONG,
    )


def _disposals(pool: Pool) -> SearchStrategy[Disposal]:
    return st.builds(
        Disposal,
        certificate=_one((CONTENT, None)),
        disposed_at=moments(pool),
        grants=_ascending(pool.grants),
        note=_one((LONG, None)),
        way=_one(("deleted", "returned")),
    )


@st.composite
def _deliveries(draw: DrawFn, pool: Pool) -> Delivery:
    start, end = sorted((draw(moments(pool)), draw(moments(pool))))
    content = VersionContent(
        dataset=draw(_one(pool.datasets)),
        sha256=draw(_one((CONTENT, NOWHERE))),
        version=draw(st.sampled_from((1, 2, SAFE_INTEGER_MAX))),
    )
    return Delivery(
        content=content,
        count=draw(_one((1, 2, SAFE_INTEGER_MAX))),
        ended_at=end,
        grant=draw(_one(pool.grants)),
        mode=draw(_one(("batch", "file", "service"))),
        rows=draw(counts()),
        sha256=draw(_one((CONTENT, None))),
        started_at=start,
    )


def _acknowledgements(pool: Pool) -> SearchStrategy[Acknowledgement]:
    return st.builds(
        Acknowledgement,
        count=counts(),
        delivery=_one(pool.deliveries),
        rows=counts(),
        sha256=_one((CONTENT, NOWHERE, None)),
    )


@st.composite
def _delegations(draw: DrawFn, pool: Pool) -> Delegation:
    item = st.builds(
        DelegationItem,
        grant=_one(pool.grants),
        members=_ascending(pool.members),
        terms=_wild_terms(pool),
    )
    return Delegation(items=tuple(draw(st.lists(item, min_size=1, max_size=3))))


@st.composite
def _amendments(draw: DrawFn, pool: Pool) -> Amendment:
    items = [
        AmendmentItem(
            grant=grant,
            ground=draw(st.none() | _one(NARROWING)),
            schema=draw(_one(pool.schemas)),
            terms=draw(_wild_terms(pool)),
        )
        for grant in draw(_ascending(pool.grants))
    ]
    return Amendment(items=tuple(items))


def _roles() -> SearchStrategy[tuple[Role, ...]]:
    return sets_of(get_args(Role))


def _admissions(pool: Pool) -> SearchStrategy[AdmitMembers]:
    one = st.builds(
        Admission,
        authorisation=st.just(NOWHERE),
        code=st.just(LONG),
        custodian=_key_descriptions(),
        endpoint=st.none() | st.just(LONG),
        id=_one(("newcomer", "offshoot", *pool.members)),
        jurisdiction=st.just(Jurisdiction(code=LONG, level="city")),
        line_superior=st.none() | _one(("newcomer", "offshoot", *pool.members)),
        names=st.just(Names(zh=LONG)),
        roles=_roles().map(lambda drawn: tuple(one for one in drawn if one not in ORDERING)),
    )
    several = st.lists(one, min_size=1, max_size=3, unique_by=lambda drawn: drawn.id)
    return several.map(
        lambda drawn: AdmitMembers(members=tuple(sorted(drawn, key=lambda member: member.id)))
    )


def _parameters() -> SearchStrategy[Parameters]:
    thresholds = _one(get_args(Threshold))
    return st.builds(
        Parameters,
        clock_skew_ms=_one((1_000, 31_557_600_000)),
        ordinary_threshold=thresholds,
        qualified_threshold=thresholds,
        quorum=st.integers(0, 3),
        reply_days=_one((1, 3_650)),
        settlements_per_block=_one((1, 100_000)),
    )


def _purposes() -> SearchStrategy[ChangePurposes]:
    named = sets_of(("health", "tax", "x" * 128))
    return st.builds(
        lambda adopted, retired: ChangePurposes(
            purposes=tuple(Purpose(code=code, names=Names(en=LONG)) for code in adopted),
            retired=retired,
        ),
        named,
        named.filter(bool),
    )


def _bases() -> SearchStrategy[ChangeBases]:
    named = sets_of(BASES)
    return st.builds(
        lambda adopted, retired: ChangeBases(
            bases=tuple(
                AdoptedBasis(code=code, kind="law", names=Names(zh=LONG), reference=LONG)
                for code in adopted
            ),
            retired=retired,
        ),
        named.filter(bool),
        named,
    )


def _pairings(pool: Pool) -> SearchStrategy[SetPairing]:
    return st.builds(
        SetPairing,
        goals=st.just(tuple(f"{LONG[:-2]}{n:02}" for n in range(GOALS_MAX))),
        members=st.lists(_one(pool.members), min_size=2, max_size=3, unique=True).map(
            lambda drawn: tuple(sorted(drawn))
        ),
        names=st.just(Names(zh=LONG)),
        pairing=_one(PAIRINGS),
        result=st.none() | st.just("x" * 4_096),
        since=st.just("1970-01-01"),
        until=st.just("9999-12-31"),
    )


def _log_keys(pool: Pool) -> SearchStrategy[SetLogKeys]:
    label = _one(LOG_KEYS)
    odd = st.builds(LogKeys, ed25519=_key_descriptions(), ml_dsa44=_key_descriptions())
    return st.builds(SetLogKeys, log_keys=label.map(log_keys_of) | odd, member=_one(pool.members))


def log_keys_of(label: str) -> LogKeys:
    """The log keys called `label`."""
    return LogKeys(
        ed25519=signer(label).public_key.description,
        ml_dsa44=log_signer_ml_dsa(label).public_key.description,
    )


def _splits(pool: Pool) -> SearchStrategy[SplitMember]:
    member = _one(pool.members)
    return st.builds(
        SplitMember, datasets=_ascending(pool.datasets), member=member, successor=member
    )


def actions(pool: Pool) -> SearchStrategy[Action]:
    """Any action, often one that could be done."""
    member = _one(pool.members)
    return st.one_of(
        _admissions(pool),
        _purposes(),
        st.builds(AdoptRules, rules=_one((2, 3, 1_000_000))),
        st.builds(RecoverCustodian, key=_key_descriptions(), member=member),
        st.builds(ReinstateMember, member=member),
        st.builds(SetCalendar, calendar=calendars()),
        st.builds(SetParameters, parameters=_parameters()),
        st.builds(SetRoles, member=member, roles=_roles()),
        st.builds(RemoveMember, member=member),
        st.builds(
            SetGroup,
            group=_one(GROUPS),
            members=st.just(()) | _ascending(pool.members),
            names=st.just(Names(zh=LONG)),
        ),
        st.builds(SetIndicator, indicator=_indicators()),
        st.builds(EndIndicator, indicator=_one(INDICATORS)),
        _bases(),
        _pairings(pool),
        _log_keys(pool),
        _splits(pool),
        st.builds(SucceedMember, member=member, successor=member),
        st.builds(SuspendMember, member=member),
        st.builds(
            DescribeMember,
            code=st.just(LONG),
            jurisdiction=st.just(Jurisdiction(code=LONG, level="county"))
            | st.just(Jurisdiction(code="1", level="township")),
            line_superior=st.none() | member,
            member=member,
            names=st.just(Names(en=LONG)),
        ),
    )


def _proposals(pool: Pool) -> SearchStrategy[Proposal]:
    soon = from_ms(min(to_ms(pool.now) + 5_000, TIME_MS_MAX))
    ledger = Premise(key="ledger", value=pool.ledger)
    return st.builds(
        Proposal,
        action=actions(pool),
        closes_at=st.just(soon) | moments(pool),
        reason=st.just(LONG) | st.just(seal("x", bytes(32))),
        rests_on=_one(
            (
                (),
                (ledger,),
                GROUP_PREMISES,
                PAIRING_PREMISES,
                INDICATOR_PREMISES,
                (Premise(key="nothing"),),
                (Premise(key="ledger"),),
            )
        ),
    )


def _ballots(pool: Pool) -> SearchStrategy[Ballot]:
    return st.builds(Ballot, proposal=_one(pool.entries), vote=_one(("no", "yes", "yes")))


def _decisions(pool: Pool) -> SearchStrategy[Decision]:
    return st.builds(
        Decision,
        matter=st.builds(RecoverCustodian, key=_key_descriptions(), member=_one(pool.members))
        | st.builds(RejectAdmission, proposal=_one(pool.entries))
        | _splits(pool)
        | st.builds(SucceedMember, member=_one(pool.members), successor=_one(pool.members)),
        minutes=st.just(NOWHERE),
        reason=st.just(LONG),
    )


WILD: Final[Mapping[type[Body], Callable[[Pool], SearchStrategy[Body]]]] = {
    Acceptance: _acceptances,
    Acknowledgement: _acknowledgements,
    Amendment: _amendments,
    Delegation: _delegations,
    Delivery: _deliveries,
    Disposal: _disposals,
    EffectReport: _effect_reports,
    Attestation: _attestations,
    Ballot: _ballots,
    Decision: _decisions,
    Entry: _entries,
    Grant: _grants,
    KeyRevocation: _key_revocations,
    KeyRotation: lambda _pool: st.builds(KeyRotation, key=_key_descriptions()),
    Lifecycle: _lifecycles,
    Anchor: _anchors,
    Mandate: _mandates,
    Manifest: _manifests,
    NodeRegistration: _node_registrations,
    Proposal: _proposals,
    Release: _releases,
    Request: _requests,
    Revocation: _revocations,
    Schema: _schemas,
    SourceDesignation: _designations,
    Step: _steps,
    CaseOpening: _openings,
    Incident: _incidents,
    System: _systems,
    Usage: _uses,
    WriterAppointment: _appointments,
    WriterEnd: _ends,
}
"""How the bodies of each kind are made up."""
