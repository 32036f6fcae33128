"""One example of every kind of record, with every member that the kind can have written out."""

from hashlib import sha256
from typing import Final

from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.keys import KeyDescription
from ledger.records import Body, Chain
from ledger.records.anchors import Anchor, Consistency
from ledger.records.cases import Step
from ledger.records.catalogue import (
    Assessments,
    Classification,
    Column,
    Content,
    DatasetVersion,
    Entry,
    File,
    LegalBasis,
    Mode,
    Quality,
    Release,
    ReleaseItem,
    Responsible,
    Schema,
    VersionContent,
    file_list_digest,
    schema_digest,
)
from ledger.records.delegation import Amendment, AmendmentItem, Delegation, DelegationItem
from ledger.records.delivery import Acknowledgement, Delivery
from ledger.records.genesis import (
    Calendar,
    Founder,
    Genesis,
    Jurisdiction,
    LogKeys,
    Names,
    Parameters,
    Purpose,
)
from ledger.records.governance import (
    Admission,
    AdmitMembers,
    Ballot,
    Decision,
    Premise,
    Proposal,
    RecoverCustodian,
)
from ledger.records.keys import (
    KeyRevocation,
    KeyRotation,
    Mandate,
    WriterAppointment,
    WriterEnd,
)
from ledger.records.manifests import Manifest
from ledger.records.nodes import NodeRegistration, WitnessKeys
from ledger.records.sharing import Acceptance, Grant, GrantItem, Request, RequestItem, Revocation
from ledger.records.supervision import CaseOpening, Incident
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.records.upkeep import (
    Attestation,
    AttestedEntry,
    Lifecycle,
    SourceDesignation,
    System,
)
from ledger.records.use import Disposal, Effect, EffectReport, Event, Transfer, Usage
from ledger.sealed import seal
from ledger.types import Digest, DigestHex
from tests.signers import ed25519_signer, ml_dsa_signer


def digest_of(what: str) -> DigestHex:
    """A digest that tells examples apart."""
    return sha256(what.encode()).hexdigest()


def key(number: int) -> KeyDescription:
    return ed25519_signer(number).public_key.description


SEALED: Final = seal("who may get a house", bytes(32))
BASIS: Final = LegalBasis(kind="regulation", reference="政务数据共享条例 Art. 13")
TERMS: Final = Terms(
    delegable=1,
    delete_within=86_400_000,
    fields=("age", "district"),
    masking=(
        FieldMasking(field="age", level="partial"),
        FieldMasking(field="district", level="hashed"),
    ),
    minimum_group=5,
    not_after="2026-12-31T00:00:00.000Z",
    not_before="2026-01-01T00:00:00.000Z",
    onward="aggregated",
    operations=("query", "read"),
    purposes=("health.audit", "tax"),
    rate_per_day=100,
    report_within=3_600_000,
    rows=(
        RowFilter(column="district", prefixes=("33", "3502")),
        RowFilter(column="year", prefixes=()),
    ),
    rows_max=1_000_000,
    storage="controlled",
    systems=("portal", "registry"),
    uses_max=500,
)
COLUMNS: Final = (
    Column(
        description="age in years",
        name="age",
        nullable=True,
        personal="personal",
        standard="GB/T 1",
        title="年龄",
        type="integer",
        unit="a",
    ),
    Column(name="district", type="text"),
)
SCHEMA: Final = schema_digest(COLUMNS)
GRANTS: Final = tuple(sorted(f"{digest_of('grant')}-{n}" for n in (0, 1)))
FILES: Final = (
    File(bytes=10, name="a.csv", sha256=digest_of("a.csv")),
    File(bytes=20, name="b.csv", sha256=digest_of("b.csv")),
)

GENESIS: Final = Genesis(
    calendar=Calendar(
        first_year=2026,
        holidays=("2026-01-01", "2026-01-02"),
        last_year=2027,
        utc_offset_minutes=480,
        workdays=("2026-01-04", "2026-02-14"),
    ),
    members=(
        Founder(
            code="11330000",
            custodian=key(1),
            endpoint="https://bureau.example",
            id="bureau",
            jurisdiction=Jurisdiction(code="3301", level="city"),
            log_keys=LogKeys(ed25519=key(2), ml_dsa44=ml_dsa_signer(3).public_key.description),
            names=Names(en="Data Bureau", zh="数据局"),
            roles=("sequencer", "steward"),
        ),
        Founder(
            code="11330001",
            custodian=key(4),
            id="health",
            jurisdiction=Jurisdiction(code="3301", level="city"),
            line_superior="bureau",
            names=Names(zh="卫生健康委员会"),
        ),
    ),
    origin="ledger.example/city",
    parameters=Parameters(quorum=1, reply_days=5),
    purposes=(
        Purpose(code="health.audit", names=Names(en="Audit")),
        Purpose(code="tax", names=Names(en="Tax")),
    ),
)
ENTRY: Final = Entry(
    assessments=Assessments(
        necessity="to pay benefits",
        personal_information=digest_of("assessment"),
        secrecy=digest_of("review"),
    ),
    basis=BASIS,
    classification=Classification(category="population", level="important"),
    co_providers=("police", "tax"),
    code="330100-01",
    collector="police",
    conditions=TERMS,
    contact="room 5",
    dataset="census",
    frequency="yearly",
    joint_rule="any",
    mode=Mode(endpoint="https://census.example", kind="service", version="1"),
    openness="conditional",
    production="campaign",
    production_end="2027-01-01T00:00:00.000Z",
    responsible=Responsible(
        collect="police",
        destroy="health",
        process="health",
        share="health",
        store="health",
        transfer="health",
        use="health",
    ),
    schema=SCHEMA,
    sharing="conditional",
    source="household survey",
    summary="People by age and district.\nEvery year.",
    system="registry",
    title="人口普查",
)
USAGE: Final = Usage(
    content=VersionContent(dataset="census", sha256=digest_of("census"), version=2),
    ended_at="2026-05-01T01:00:00.000Z",
    events=(Event(offset_ms=0, ref="q-1", rows=3), Event(offset_ms=5, rows=4)),
    events_root=digest_of("events"),
    fields=("age", "district"),
    grant=GRANTS[0],
    masking=(
        FieldMasking(field="age", level="hashed"),
        FieldMasking(field="district", level="hashed"),
    ),
    minimum_group=10,
    onward=Transfer(aggregated=True, members=("police", "tax"), others=1),
    operation="query",
    purpose="health.audit",
    rows=7,
    rows_used=(
        RowFilter(column="district", prefixes=("3301", "3502")),
        RowFilter(column="year", prefixes=("2026",)),
    ),
    scene=SEALED,
    started_at="2026-05-01T00:00:00.000Z",
    storage="controlled",
    system="portal",
    uses=2,
)

RELEASE: Final = Release(
    items=(
        ReleaseItem(
            as_of="2026-04-01T00:00:00.000Z",
            content=Content(
                assurance="content", bytes=30, files=FILES, sha256=file_list_digest(FILES)
            ),
            corrects=1,
            dataset="census",
            derived_from=(DatasetVersion(dataset="survey", version=9),),
            quality=(Quality(check="complete", measure="99.5 %", passed=True),),
            rows=1_000,
            schema=SCHEMA,
            version=2,
        ),
        ReleaseItem(
            as_of="2026-04-01T00:00:00.000Z",
            content=Content(assurance="watermark", sha256=digest_of("lsn"), watermark="lsn 5"),
            dataset="clinics",
            rows=0,
            schema=SCHEMA,
            version=1,
        ),
    )
)

BODIES: Final[dict[str, Body]] = {
    "genesis": GENESIS,
    "writer-appointment": WriterAppointment(
        datasets=("census", "clinics"),
        families=("cases", "use"),
        key=key(5),
        not_after="2027-01-01T00:00:00.000Z",
        writer="health/main",
    ),
    "writer-end": WriterEnd(ground="moved on", writer="health/main"),
    "key-rotation": KeyRotation(key=key(6)),
    "key-revocation": KeyRevocation(
        key=ed25519_signer(5).public_key.keyid, replacement=key(7), suspect_since=41
    ),
    "schema": Schema(columns=COLUMNS, first=0, schema=SCHEMA, total=2),
    "entry": ENTRY,
    "release": RELEASE,
    "manifest": Manifest(files=FILES, first=256, manifest=digest_of("manifest"), total=258),
    "system": System(
        names=Names(en="Registry", zh="人口库"),
        operator="police",
        status="running",
        summary="keeps the census",
        system="registry",
    ),
    "lifecycle": Lifecycle(
        certificate=digest_of("certificate"),
        dataset="census",
        note="the law of 2026",
        status="destroyed",
    ),
    "source-designation": SourceDesignation(
        basis=BASIS,
        dataset="census",
        entry=digest_of("entry"),
        items=("age", "身份证号"),
        withdrawn=True,
    ),
    "attestation": Attestation(
        entries=(
            AttestedEntry(dataset="census", entry=digest_of("entry")),
            AttestedEntry(dataset="clinics", entry=digest_of("other entry")),
        )
    ),
    "request": Request(
        basis=BASIS,
        contact="room 6",
        items=(RequestItem(dataset="census", entry=digest_of("entry"), terms=TERMS),),
        scene="housing benefit",
        system="portal",
    ),
    "grant": Grant(
        items=(
            GrantItem(
                dataset="census",
                ground="security",
                members=("tax",),
                request=f"{digest_of('request')}-0",
                schema=SCHEMA,
                terms=TERMS,
            ),
            GrantItem(dataset="clinics", members=("police", "tax"), schema=SCHEMA, terms=TERMS),
            GrantItem(dataset="clinics", schema=SCHEMA, standing=True, terms=TERMS),
        )
    ),
    "acceptance": Acceptance(grants=GRANTS),
    "revocation": Revocation(
        consultation=digest_of("minutes"), grants=GRANTS, ground="breach", note="see minutes"
    ),
    "delegation": Delegation(
        items=(DelegationItem(grant=GRANTS[0], members=("police", "tax"), terms=TERMS),)
    ),
    "amendment": Amendment(
        items=(
            AmendmentItem(grant=GRANTS[0], schema=SCHEMA, terms=TERMS),
            AmendmentItem(grant=GRANTS[1], ground="not-necessary", schema=SCHEMA, terms=TERMS),
        )
    ),
    "delivery": Delivery(
        content=VersionContent(dataset="census", sha256=digest_of("contents"), version=2),
        count=3,
        ended_at="2026-05-01T01:00:00.000Z",
        grant=GRANTS[0],
        mode="file",
        rows=2_997,
        sha256=digest_of("selection"),
        started_at="2026-05-01T00:00:00.000Z",
    ),
    "acknowledgement": Acknowledgement(
        count=3, delivery=digest_of("delivery"), rows=2_990, sha256=digest_of("selection")
    ),
    "usage": USAGE,
    "disposal": Disposal(
        certificate=digest_of("certificate"),
        disposed_at="2026-05-01T00:00:00.000Z",
        grants=GRANTS,
        note="both disks",
        way="returned",
    ),
    "effect-report": EffectReport(
        effects=(Effect(measure="12,000", name="visits saved"),),
        ended_at="2026-05-01T00:00:00.000Z",
        evidence=(digest_of("survey"),),
        grant=GRANTS[0],
        started_at="2026-01-01T00:00:00.000Z",
        text="no extracts on paper any more",
    ),
    "step": Step(
        cases=tuple(sorted((digest_of("case"), digest_of("finding") + "-window"))),
        evidence=tuple(sorted((digest_of("letter"), digest_of("reply")))),
        ground="not-founded",
        note=SEALED,
        step="reply",
    ),
    "proposal": Proposal(
        action=AdmitMembers(
            members=(
                Admission(
                    authorisation=digest_of("letter"),
                    code="11330001",
                    custodian=key(4),
                    endpoint="https://housing.example",
                    id="housing",
                    jurisdiction=Jurisdiction(code="3301", level="city"),
                    line_superior="bureau",
                    names=Names(en="Housing", zh="住房局"),
                    roles=("auditor", "committee"),
                ),
                Admission(
                    authorisation=digest_of("other letter"),
                    code="11330002",
                    custodian=key(5),
                    id="parks",
                    jurisdiction=Jurisdiction(code="330102", level="county"),
                    names=Names(en="Parks"),
                ),
            )
        ),
        closes_at="2026-06-01T00:00:00.000Z",
        reason=SEALED,
        rests_on=(
            Premise(key="member/bureau", value=digest_of("bureau")),
            Premise(key="member/housing"),
        ),
    ),
    "ballot": Ballot(proposal=digest_of("proposal"), vote="yes"),
    "decision": Decision(
        matter=RecoverCustodian(key=key(6), member="health"),
        minutes=digest_of("minutes"),
        reason="the safe burnt down",
    ),
    "case": CaseOpening(
        against=("housing", "tax"),
        case=digest_of("finding") + "-window",
        days=15,
        evidence=(digest_of("letter"),),
        text=SEALED,
        workflow="rectification",
    ),
    "incident": Incident(
        category="leak",
        datasets=("census", "clinics"),
        discovered_at="2026-04-30T22:10:00.000Z",
        evidence=(digest_of("letter"),),
        member="tax",
        people=120,
        stage="transfer",
        text="sent to the wrong address",
    ),
    "mandate": Mandate(
        code="91330100MA",
        contract=digest_of("contract"),
        contractor=Names(en="Records Ltd", zh="档案公司"),
        member="health",
        not_after="2027-01-01T00:00:00.000Z",
        not_before="2026-01-01T00:00:00.000Z",
        system="his",
    ),
    "node-registration": NodeRegistration(
        endpoint="https://node.health.example:8700",
        transport=(key(21),),
        witness=WitnessKeys(ed25519=key(22), ml_dsa44=ml_dsa_signer(23).public_key.description),
    ),
    "anchor": Anchor(
        checkpoint=sign_checkpoint(
            Checkpoint("pool.example/region", 1_042, Digest(bytes.fromhex(digest_of("root")))),
            [ed25519_signer(5)],
        ).decode(),
        consistency=Consistency(proof=digest_of("left") + digest_of("right"), size=512),
    ),
}
"""By name of kind."""


def chain_of(kind: str) -> Chain:
    """A place in a chain; genesis alone stands in no ledger yet."""
    is_genesis = kind == "genesis"
    return Chain(
        issued_at="2026-05-01T02:00:00.000Z",
        ledger=None if is_genesis else digest_of("genesis"),
        previous=None if is_genesis else digest_of("previous"),
        sequence=0 if is_genesis else 3,
        writer="bureau/custodian" if is_genesis else "health/main",
    )
