"""What it all came to: `summary.json` for machines, some lines for people, where to look next."""

import sys
from pathlib import Path
from shutil import which

from msgspec import Struct
from msgspec import json as msgspec_json

from contracts.audit import Doubt, Report
from ledger.records.terms import Terms
from ledger.types import CaseId, DatasetId, DigestHex, ItemId, MemberId
from scripts.console_text import info, print_fields, success
from scripts.demo.breaches import Breach
from scripts.demo.cast import AIRPORTS, MEMBERS, PROVIDERS, STEWARD
from scripts.demo.cataloguing import Catalogue
from scripts.demo.combining import BLOCK, Combined
from scripts.demo.correcting import Correction
from scripts.demo.crash import Crash
from scripts.demo.folder import Folder
from scripts.demo.merging import Merger as Merged
from scripts.demo.network import Networked
from scripts.demo.rejections import Rejection
from scripts.demo.stage import act


class Dataset(Struct, frozen=True, rename="camel"):
    """One table as it was released."""

    provider: MemberId
    rows: int
    sha256: DigestHex
    record: DigestHex


class Block(Struct, frozen=True, rename="camel"):
    """The dataset made of others' data: the rights it rests on, the terms it inherited."""

    dataset: DatasetId
    inputs: tuple[ItemId, ...]
    rows: int
    terms: Terms


class Corrected(Struct, frozen=True, rename="camel"):
    """The correction that was denied, escalated and ruled: its request, and what came of it."""

    dataset: DatasetId
    index: int
    case: CaseId
    ruled_by: MemberId
    flights_without_airport: int
    rows_before: int
    rows_after: int


class Found(Struct, frozen=True, rename="camel"):
    """One finding; `index` is that of the record it is about."""

    code: str
    accused: MemberId
    measure: str
    state: str
    index: int
    case: str


class Survived(Struct, frozen=True, rename="camel"):
    """What the kill came to."""

    acknowledged_before: int
    missing_after: int
    records_reported: int
    restart_ms: int


class Merger(Struct, frozen=True, rename="camel"):
    """A department that is part of another one now, and the rights it had, and has."""

    member: MemberId
    successor: MemberId
    rights_before: int
    rights_after: int


class Network(Struct, frozen=True, rename="camel"):
    """Four departments with a node each: who cosigned, what a late one replayed, a lie kept."""

    nodes: int
    cosigners: int
    replayed_late: int
    evidence: str


class Next(Struct, frozen=True, rename="camel"):
    """A command to try, and the exit code it ends with; none if it runs until it is stopped."""

    command: str
    shows: str
    exit_code: int | None = 0


class Summary(Struct, frozen=True, rename="camel"):
    """The facts of one run."""

    origin: str
    ledger: DigestHex
    size: int
    root: DigestHex
    members: tuple[MemberId, ...]
    datasets: dict[DatasetId, Dataset]
    records: dict[str, int]
    usage_events: int
    usage_rows: int
    block: Block
    correction: Corrected
    merger: Merger
    findings: tuple[Found, ...]
    rejections: tuple[Rejection, ...]
    crash: Survived
    network: Network
    receipts_checked: int
    audit_level: str
    audit_doubts: int
    tampering: Doubt
    seconds: int
    next: tuple[Next, ...]


def datasets_of(catalogue: Catalogue) -> dict[DatasetId, Dataset]:
    """The tables, each with who provides it."""
    provider = {one.table.dataset: one.id for one in PROVIDERS if one.table is not None}
    return {
        dataset: Dataset(provider[dataset], version.rows, version.sha256, version.record)
        for dataset, version in sorted(catalogue.items())
    }


def block_of(block: Combined) -> Block:
    """What was made of others' data."""
    return Block(BLOCK, block.inputs, block.rows, block.terms)


def corrected_of(correction: Correction) -> Corrected:
    """What was put right, and who ruled that it must be."""
    return Corrected(
        AIRPORTS.dataset,
        correction.opened.index,
        correction.case,
        STEWARD.id,
        correction.flights,
        *correction.rows,
    )


def merger_of(merger: Merged) -> Merger:
    """Who was merged into whom."""
    return Merger(merger.member, merger.successor, merger.rights_before, merger.rights_after)


def found_of(breach: Breach) -> Found:
    """A finding, and the record it is about."""
    return Found(
        code=breach.code,
        accused=breach.accused,
        measure=breach.measure,
        state=breach.state,
        index=breach.record.index,
        case=breach.case,
    )


def survived_of(crash: Crash) -> Survived:
    """What the kill came to; that nothing is missing was made sure before."""
    return Survived(
        acknowledged_before=len(crash.acknowledged_before),
        missing_after=0,
        records_reported=crash.records,
        restart_ms=round(crash.restart_s * 1_000),
    )


def network_of(networked: Networked) -> Network:
    """What the nodes of four departments came to."""
    return Network(
        networked.nodes, networked.cosigners, networked.replayed_late, str(networked.evidence)
    )


def next_of(folder: Folder, receipt: str, evidence: Path) -> tuple[Next, ...]:
    """What to try next, with what this run has left."""
    policy = f"--policy {folder.policy}"
    blockpool = _own_name()
    return (
        Next(f"{blockpool} audit log {folder.export} {policy}", "check the whole log yourself"),
        Next(
            f"{blockpool} audit log {folder.tampered} {policy}",
            "the copy with a byte flipped: fails, and says where",
            1,
        ),
        Next(
            f"{blockpool} audit log {folder.export} --policy {folder.quorum_policy}",
            "the same log: three of four departments have replayed and cosigned it",
        ),
        Next(
            f"{blockpool} audit evidence {evidence} {policy}",
            "what the auditor's node kept when it was shown another history",
        ),
        Next(
            f"{blockpool} audit verify-receipt {folder.receipts / receipt}.tlog-proof {policy}",
            "prove one fact from one file: the use outside its grant",
        ),
        Next(
            f"{blockpool} node run --config {folder.node / 'blockpool.toml'}",
            "start the node again; it serves its API's documentation at /docs",
            None,
        ),
    )


def _cosigned(network: Network) -> str:
    return (
        f"by {network.cosigners} of {network.nodes} nodes; one was killed, one came late, "
        "one was lied to and kept the evidence"
    )


def _own_name() -> str:
    """What to type to run this command here: its name, or its path if it is not on the PATH."""
    started = Path(sys.argv[0])
    is_script = started.name == "blockpool" and started.is_file()
    return "blockpool" if which("blockpool") or not is_script else str(started)


def write_summary(summary: Summary, folder: Folder) -> None:
    """The facts, for machines."""
    encoded = msgspec_json.encode(summary, order="deterministic")
    folder.summary.write_bytes(msgspec_json.format(encoded, indent=2) + b"\n")


def tell_summary(summary: Summary, report: Report, folder: Folder) -> None:
    """The facts, for people."""
    names = {one.id: one.en for one in MEMBERS}
    act("What you have seen")
    correction, merger = summary.correction, summary.merger
    missing = correction.rows_after - correction.rows_before
    merged = f"the {names[merger.member]} into the {names[merger.successor]}"
    found = (f"{one.code} by the {names[one.accused]} ({one.state})" for one in summary.findings)
    print_fields(
        (
            ("   shared", f"{len(summary.datasets)} tables, named by the digest of their bytes"),
            (
                "   used",
                f"{summary.usage_events:,} uses of {summary.usage_rows:,} rows, each accounted for",
            ),
            ("   joined", f"{BLOCK}: of three tables, on the terms of those it is made from"),
            (
                "   corrected",
                f"{AIRPORTS.dataset}: denied, escalated, ruled; {missing} rows were missing",
            ),
            ("   found", "; ".join(found)),
            (
                "   merged",
                f"{merged}: {merger.rights_after} of {merger.rights_before} rights stand",
            ),
            ("   refused", ", ".join(one.code for one in summary.rejections)),
            (
                "   survived",
                f"kill -9: 0 of {summary.crash.acknowledged_before} acknowledged records missing",
            ),
            ("   cosigned", _cosigned(summary.network)),
            ("   proved", f"{sum(report.records.values())} records from files alone, no doubts"),
            ("   caught", f"a flipped byte in a copy, in record {summary.tampering.index}"),
            ("   took", f"{summary.seconds} seconds"),
        )
    )
    act("Where to look next")
    for one in summary.next:
        success(f"   {one.command}")
        info(f"      {one.shows}")
    success(f"   {folder.root}")
    info("      receipts, spreadsheets, keys, summary.json; what is what: scripts/demo/folder.py")
