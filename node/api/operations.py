"""What each operation takes and answers: the part of the OpenAPI document that no code implies.

A test holds this table to the routes, and every answer seen in the tests to this table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from msgspec import Struct

from node.api.answers import (
    ITEMS,
    BatchAnswer,
    CaseHistory,
    ChainAnswer,
    CheckpointsAnswer,
    Envelope,
    FigureAnswer,
    HeadsAnswer,
    Leaf,
    LedgerAnswer,
    Lineage,
    PastValue,
    ProvedOutcome,
    ProvedState,
    RecordResult,
    RightChain,
    SnapshotAnswer,
    TrustAnswer,
    WitnessesAnswer,
)
from node.api.principal import Scope
from node.api.statements import Item, Items

DSSE: Final = "application/vnd.dsse.envelope+json"
JSON: Final = "application/json"
TEXT: Final = "text/plain"
BYTES: Final = "application/octet-stream"
EVENTS: Final = "text/event-stream"
NDJSON: Final = "application/x-ndjson"
SIZE: Final = "text/x.tlog.size"
Media = Mapping[str, type[Struct] | None]
"""By media type, what it carries; None: text or bytes."""

BODY: Final = ("body-too-slow", "body-too-large", "unsupported-media-type")
ORDER: Final = ("queue-full", "stopping", "disk-full", "orderer-unreachable")
SIGNER: Final = ("malformed", "not-found", "not-local", "unsettled", "signer-busy")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `problems` are codes of `node.api.problems`; `refusals`: the ledger's too.

    `scope` is the one that who asks must have; None: anybody may. `text_statuses` are answered as
    text, of the type in `text_types` or as plain text.
    """

    summary: str
    scope: Scope | None
    answer: Media
    problems: Sequence[str] = ()
    statuses: Mapping[int, str] = field(default_factory=lambda: {200: "What was asked for."})
    body: Media = field(default_factory=dict)
    refusals: bool = False
    headers: Sequence[str] = ()
    text_statuses: Mapping[int, str] = field(default_factory=dict)
    text_types: Mapping[int, str] = field(default_factory=dict)


_PLACED: Final = {201: "Recorded.", 200: "It was in the ledger already: the same answer again."}
_ORDERED: Final = {200: "What became of each, in their order; each result has its own status."}

_CATALOGUE: Final = frozenset({"datasets", "members", "releases"})
"""The lists of what there is."""


def _scope_of_list(name: str) -> Scope:
    return "catalogue" if name in _CATALOGUE else "auditor"


MANUAL: Final = frozenset({"GET /", "GET /docs"})
"""What tells of the operations: for everybody who may use one of them."""
OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /v1/records": Operation(
        "Submit one record",
        "member",
        {JSON: RecordResult},
        (*BODY, *ORDER),
        _PLACED,
        body={JSON: Envelope, DSSE: Envelope},
        refusals=True,
        headers=("Location",),
    ),
    "POST /v1/records/batch": Operation(
        "Submit many records",
        "member",
        {JSON: BatchAnswer},
        ("bad-framing", *BODY, *ORDER),
        _ORDERED,
        body={NDJSON: None, BYTES: None},
    ),
    "GET /v1/records/{reference}": Operation(
        "Read one leaf", "auditor", {JSON: Leaf, BYTES: None}, ("not-found",)
    ),
    "GET /v1/records/{reference}/receipt": Operation(
        "Read the receipt of one leaf", "auditor", {TEXT: None}, ("not-found",)
    ),
    "GET /v1/records/{reference}/outcome": Operation(
        "Read and prove the outcome of one record", "auditor", {JSON: ProvedOutcome}, ("not-found",)
    ),
    "POST /v1/statements": Operation(
        "Have one statement signed and submitted",
        "sign",
        {JSON: RecordResult},
        (*SIGNER, "key-not-held", "personal-data", *BODY, *ORDER),
        _PLACED,
        body={JSON: Item},
        refusals=True,
        headers=("Location",),
    ),
    "POST /v1/statements/batch": Operation(
        "Have many statements signed and submitted",
        "sign",
        {JSON: BatchAnswer},
        (*SIGNER, *BODY, *ORDER),
        _ORDERED,
        body={JSON: Items},
    ),
    "GET /v1/ledger": Operation("Read which ledger this is", "catalogue", {JSON: LedgerAnswer}),
    "GET /v1/state/{key}": Operation(
        "Read and prove one value of the state", "auditor", {JSON: ProvedState}, ("not-found",)
    ),
    "GET /v1/values/{key}": Operation(
        "Read one value of the state as at a past size or time", "auditor", {JSON: PastValue}
    ),
    "GET /v1/writers/{member}/{name}": Operation(
        "Read a writer and the head of its chain", "auditor", {JSON: ChainAnswer}, ("not-found",)
    ),
    **{
        f"GET /v1/{name}": Operation(f"List {name}", _scope_of_list(name), {JSON: kind})
        for name, kind in ITEMS.items()
    },
    "GET /v1/datasets/{dataset}/lineage": Operation(
        "Read what a dataset is made of, and what is made from it",
        "auditor",
        {JSON: Lineage},
        ("not-found",),
    ),
    "GET /v1/grants/{grant}/chain": Operation(
        "Read a right with every right above it", "auditor", {JSON: RightChain}, ("not-found",)
    ),
    "GET /v1/assessment/{member}/{indicator}": Operation(
        "Read one figure with everything it counts", "auditor", {JSON: FigureAnswer}, ("not-found",)
    ),
    "GET /v1/trust/{member}": Operation(
        "Read a trust index with its evidence", "auditor", {JSON: TrustAnswer}, ("not-found",)
    ),
    "GET /v1/cases/{case}": Operation(
        "Read a case with its course", "auditor", {JSON: CaseHistory}, ("not-found",)
    ),
    "GET /v1/events": Operation(
        "Follow the log as it grows", "auditor", {EVENTS: None}, ("too-many-listeners",)
    ),
    "GET /checkpoint": Operation(
        "Read the latest checkpoint", "catalogue", {TEXT: None}, headers=("Cache-Control",)
    ),
    "GET /tile/{path}": Operation(
        "Read a tile or an entry bundle",
        "auditor",
        {BYTES: None},
        ("not-found",),
        headers=("Cache-Control",),
        text_statuses={404: "The log has no such tile, or not yet in that width."},
    ),
    "GET /v1/checkpoints": Operation(
        "Wait for the next checkpoint, or the next final one", "auditor", {JSON: CheckpointsAnswer}
    ),
    "GET /v1/witnesses": Operation(
        "Read who cosigns, and who is behind", "auditor", {JSON: WitnessesAnswer}
    ),
    "GET /v1/heads": Operation(
        "Read what writers have signed next, and the ledger does not have",
        "node",
        {JSON: HeadsAnswer},
    ),
    "GET /v1/snapshot": Operation(
        "Read which snapshot there is for a node that joins",
        "member",
        {JSON: SnapshotAnswer},
        ("not-found", "no-snapshot-yet"),
    ),
    "GET /v1/snapshots/{size}/{part}": Operation(
        "Read a part of a snapshot",
        "member",
        {BYTES: None},
        ("not-found",),
        headers=("Cache-Control",),
    ),
    "POST /add-checkpoint": Operation(
        "Have a checkpoint cosigned (C2SP tlog-witness)",
        "log",
        {TEXT: None},
        ("not-found", *BODY),
        {200: "The cosignature lines."},
        body={TEXT: None, BYTES: None},
        text_statuses={
            400: "It is malformed, or the old size is above the new one.",
            403: "The log has not signed it.",
            404: "No log of this origin is witnessed here.",
            409: "Another size was cosigned last: this one.",
            422: "It does not follow from what was cosigned last, or is not what was replayed.",
            503: "This node has not replayed the log so far, or it is not to be believed.",
        },
        text_types={409: SIZE},
    ),
    "GET /{log}/checkpoint": Operation(
        "Read what this witness cosigned last of a log (C2SP tlog-witness)",
        "auditor",
        {TEXT: None},
        headers=("Cache-Control",),
        text_statuses={404: "Nothing of this log was cosigned here."},
    ),
    "GET /health/live": Operation("Ask whether the process answers", None, {TEXT: None}),
    "GET /health/ready": Operation(
        "Ask whether the node takes records",
        "metrics",
        {TEXT: None},
        text_statuses={503: "It takes none any more."},
    ),
    "GET /metrics": Operation("Read what the node measures", "metrics", {TEXT: None}),
}

PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "acknowledged": ("`yes`: what the consumer has acknowledged; `no`: what it has not", "no"),
    "accused": ("member that findings speak of", "health"),
    "at": ("the state as at a past size of the log, or at the last block not after a time", "19"),
    "case": ("id of a case", "0" * 64),
    "code": (
        "code: of findings, as in RULES.md; of entries, in the catalogue",
        "no-effective-grant",
    ),
    "consumer": ("member that uses, or may", "health"),
    "cursor": ("`next` of the page before", ""),
    "dataset": ("id of a dataset", "flights"),
    "duty": ("`must`: a deadline runs against the member; `may`: none does", "must"),
    "final": ("size of the latest final checkpoint the caller knows", "19"),
    "from": ("first index; of uses, the earliest start; of steps, the earliest time", ""),
    "ground": ("coded ground of a step, as in the tables of RULES.md", "not-necessary"),
    "grant": ("id of a right", "0" * 64 + "-0"),
    "indicator": ("code of an indicator", "timely-answers"),
    "key": ("key of a state value, as in ledger/FORMAT.md", "member/health"),
    "last-event-id": ("index of the last leaf seen", "18"),
    "latest": ("size of the latest checkpoint the caller knows", "19"),
    "limit": ("items of a page", "100"),
    "log": ("SHA-256 of the origin of a log, in hex", sha256(b"pool.example/test").hexdigest()),
    "member": ("id of a member", "transport"),
    "name": ("name of a writer, without its member", "main"),
    "outcome": ("what became of a duty, or that it is open", "overdue"),
    "owner": ("member that owns the system", "transport"),
    "parent": ("id of the right from which rights were passed on", "0" * 64 + "-0"),
    "part": ("number of a part, counted from 0", "0"),
    "party": ("member that has a part in the case", "health"),
    "path": ("`<level>/<index>` or `entries/<index>` as tlog-tiles writes them", "0/000.p/19"),
    "period": ("year, quarter or month; the one that runs if left out", "2026-Q4"),
    "proofs": ("whether each result has its inclusion proof", "true"),
    "provider": ("member that provides", "transport"),
    "reference": ("index of a leaf, or digest of a record, of which 8 digits may be enough", "0"),
    "sharing": ("how a dataset is shared", "conditional"),
    "size": ("size of a snapshot", "19"),
    "state": ("state of a case, as in the tables of RULES.md; where a right stands", "in-force"),
    "status": ("status of a member, or of a system", ""),
    "step": ("name of a step, as in the tables of RULES.md", "refuse"),
    "text": ("words that id, code, title and summary of an entry hold together", "weather hourly"),
    "to": ("uses that start, steps taken before this time", "2026-12-31T23:59:59.999Z"),
    "until": ("answer once the `block` is committed, or once it is `final`", "block"),
    "wait": ("seconds to wait for news, at most 25", "0"),
    "workflow": ("workflow of cases, as in RULES.md", "request"),
    "writer": ("writer whose appointment lets it take the step", "transport/main"),
}
"""By name, what a parameter means, and an example."""
