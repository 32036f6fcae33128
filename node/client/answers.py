"""What a node answers, as values. Unknown members are ignored: a newer node may say more."""

from dataclasses import dataclass
from typing import TypeAlias

from msgspec import Raw, Struct

from ledger.types import Count, DigestHex, Time, WriterId

JsonObject: TypeAlias = dict[str, "Json"]
Json: TypeAlias = bool | int | float | str | list["Json"] | JsonObject | None


class Problem(Struct, frozen=True):
    """A refusal (RFC 9457, `application/problem+json`).

    Attributes:
        code: permanent reason, as in RULES.md; `http-<status>` where something other than a node
            answered.
        status: HTTP status; 0 where the body was refused before it was sent.
        number: number of the reason; 0 for a problem of the node rather than of the record.
        title: what the code means.
        detail: what it means here.
        retry: whether the same intent may succeed later.
        fields: members of the record at fault.
    """

    code: str
    status: int
    number: int = 0
    title: str = ""
    detail: str = ""
    retry: bool = False
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or self.title}"


class Finding(Struct, frozen=True):
    """A finding the record raised: the case it opened, its permanent code, what that means."""

    case: str
    code: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Receipted:
    """A record that is in the ledger, and the proof.

    Attributes:
        index: place of its leaf in the log.
        digest: its digest.
        height: block it is in.
        block_time: time of that block.
        findings: what the rules found about it.
        receipt_bytes: the `.tlog-proof` file.
        leaf: the bytes the receipt is for; keep both.
    """

    index: int
    digest: DigestHex
    height: int
    block_time: Time
    findings: tuple[Finding, ...]
    receipt_bytes: bytes
    leaf: bytes


Result: TypeAlias = Receipted | Problem
"""What became of one body."""


class LedgerInfo(Struct, frozen=True, rename="camel"):
    """`GET /v1/ledger`: which ledger this is and how far it has come."""

    origin: str
    ledger: DigestHex
    size: Count
    height: Count
    block_time: Time
    rules: int
    checkpoint: str
    policy: str = ""
    parameters: Raw = Raw(b"null")
    purposes: Raw = Raw(b"null")


class WriterInfo(Struct, frozen=True, rename="camel"):
    """`GET /v1/writers/{member}/{name}`: a writer and the head of its chain.

    `records` is the sequence number of its next record, `head` the digest that one must name.
    """

    writer: WriterId
    records: Count
    head: DigestHex | None
    ledger: DigestHex
    last_index: Count | None = None
    status: str = ""
    key: str = ""
    families: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    not_after: Time | None = None
    size: Count = 0


class OutcomeInfo(Struct, frozen=True, rename="camel"):
    """What the rules made of a record."""

    findings: tuple[Finding, ...] = ()
    changed: tuple[str, ...] = ()


class RecordInfo(Struct, frozen=True, rename="camel"):
    """`GET /v1/records/{index or digest}`; `envelope` or `seal` as the JSON it is."""

    index: Count
    digest: DigestHex | None
    kind: str
    height: Count
    block_time: Time
    outcome: OutcomeInfo | None = None
    envelope: Raw = Raw(b"null")
    seal: Raw = Raw(b"null")


class StateInfo(Struct, frozen=True, rename="camel"):
    """`GET /v1/state/{key}`: a state value, or null, with the proof of either."""

    key: str
    value: Raw
    size: Count
    height: Count
    state_root: DigestHex
    proof: Raw
    seal_leaf: bytes
    seal_receipt: str


class BatchItem(Struct, frozen=True, rename="camel"):
    """One result of `POST /v1/records/batch`: a place in the log, or a problem."""

    status: int
    index: Count | None = None
    digest: DigestHex | None = None
    height: Count | None = None
    block_time: Time | None = None
    findings: tuple[Finding, ...] = ()
    proof: tuple[bytes, ...] | None = None
    problem: Problem | None = None


class BatchAnswer(Struct, frozen=True):
    """`POST /v1/records/batch`: results in order, and the checkpoint all proofs are for."""

    results: tuple[BatchItem, ...]
    checkpoint: str


class Offer(Struct, frozen=True, rename="camel"):
    """`GET /v1/snapshot`: a snapshot a node offers; its bytes are those before compression.

    `state_root` in hex is what it claims; whoever joins finds the root by itself.
    """

    size: Count
    height: Count
    state_root: DigestHex
    parts: Count
    bytes_count: Count
