"""Last act: everything is checked from files alone, and one flipped byte is found and named."""

import shutil
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from contracts.audit import Doubt, Report
from ledger.checkpoint import parse_checkpoint
from ledger.envelope import parse_envelope
from ledger.hashing import leaf_hash
from ledger.note import parse_note
from ledger.policy import Policy
from ledger.receipt import verify_receipt
from ledger.tiles import TILE_WIDTH, Bundle, parse_bundle, tile_width
from ledger.tree import root_of
from node.client import Receipted
from node.client.log_source import FolderLog, HttpLog
from scripts.audit.log_audit import audit, export, open_log
from scripts.console_text import progress
from scripts.demo.breaches import Breach
from scripts.demo.folder import Folder
from scripts.demo.stage import Stage, act, expect, tell
from scripts.trust import read_policy

JOBS: Final = 2
_REFERENCE: Final = b'"ref":"'


def export_log(stage: Stage, folder: Folder) -> None:
    """The whole log as static files, the last thing anybody asks the node for."""
    act("13  The audit, from files alone")
    with HttpLog(stage.url) as source:
        opened = open_log(source, stage.policy)
        with progress("exporting", opened.checkpoint.size) as advance:
            report = export(opened, folder.export, JOBS, advance)
    expect(not report.doubts, f"the log can be exported: {report.doubts}")
    tell(f"exported {report.size} leaves to {folder.export}")


def audit_export(folder: Folder) -> Report:
    """Every envelope, chain, rule, outcome, state, tile and signature is derived again."""
    policy = read_policy(folder.policy)
    report = _audit(folder.export.name, folder, policy)
    expect(not report.doubts, f"nothing is in doubt: {report.doubts}")
    tell(
        f"audited {sum(report.records.values())} records in {report.blocks} blocks: "
        "form, chains, tree, signatures, rules; no doubts"
    )
    return report


def check_findings(report: Report, breaches: Sequence[Breach]) -> None:
    """The auditor's replay finds what the node found: these breaches, and nothing else."""
    expected = sorted(one.code for one in breaches)
    found = sorted(code for code, count in report.findings.items() for _ in range(count))
    expect(found == expected, f"the replay finds {expected}, not {found}")
    tell(f"its own replay of the rules finds the same: {', '.join(found)}")


def check_receipts(folder: Folder, acknowledged: Sequence[Receipted]) -> None:
    """Whatever the node has ever acknowledged is in the exported log, word for word.

    And every checkpoint it ever gave out is the root of a beginning of that log.
    """
    policy = read_policy(folder.policy)
    leaves = _leaves(folder)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    roots: dict[int, bytes] = {}
    with progress("checking receipts", len(acknowledged)) as advance:
        for one in acknowledged:
            expect(leaves[one.index] == one.leaf, f"record {one.digest} is at {one.index}")
            checkpoint = verify_receipt(one.receipt_bytes, one.leaf, policy).checkpoint.checkpoint
            if checkpoint.size not in roots:
                roots[checkpoint.size] = root_of(hashes[: checkpoint.size])
            expect(roots[checkpoint.size] == checkpoint.root, "old checkpoints still hold")
            advance()
    tell(
        f"all {len(acknowledged)} receipts handed out prove their record; the {len(roots)} "
        "checkpoints in them are beginnings of this log"
    )


def flip_one_byte(folder: Folder, record: Receipted) -> Doubt:
    """Somebody alters one byte of a record in a copy of the log; the audit names it."""
    shutil.copytree(folder.export, folder.tampered)
    forged, was, becomes = _alter_reference(record.leaf)
    number = record.index // TILE_WIDTH
    width = tile_width(0, number, len(_leaves(folder)))
    file = folder.tampered / Bundle(number, width).path
    file.write_bytes(file.read_bytes().replace(record.leaf, forged, 1))
    report = _audit(folder.tampered.name, folder, read_policy(folder.policy))
    expect(bool(report.doubts), "the flipped byte is found")
    culprit = report.doubts[0]
    named = culprit.index == record.index and culprit.place is not None
    expect(named, f"the audit names leaf {record.index}, not: {culprit}")
    tell(f"one byte flipped in a copy: in record {record.index}, {was} becomes {becomes}")
    tell(f"found: {culprit}")
    return culprit


def _alter_reference(leaf: bytes) -> tuple[bytes, str, str]:
    """The leaf with one bit of a reference flipped: one base64 digit, so one byte, differs."""
    payload = bytearray(parse_envelope(leaf).payload)
    start = payload.index(_REFERENCE) + len(_REFERENCE)
    end = payload.index(b'"', start)
    was = payload[start:end].decode()
    altered = payload.copy()
    altered[start + 1] ^= 1  # after the N of all aircraft comes a digit: it becomes its neighbour
    forged = leaf.replace(b64encode(payload), b64encode(altered))
    differing = sum(one != other for one, other in zip(leaf, forged, strict=True))
    expect(differing == 1, f"one byte differs, not {differing}")
    return forged, was, altered[start:end].decode()


def _audit(name: str, folder: Folder, policy: Policy) -> Report:
    opened = open_log(FolderLog(folder.root / name), policy)
    with progress(f"auditing {name}", opened.checkpoint.size) as advance:
        return audit(opened, "rules", JOBS, advance)


def _leaves(folder: Folder) -> list[bytes]:
    """All leaves of the exported log."""
    note = parse_note((folder.export / "checkpoint").read_bytes())
    size = parse_checkpoint(note.text).size
    leaves: list[bytes] = []
    for number in range(-(-size // TILE_WIDTH)):
        width = tile_width(0, number, size)
        leaves += parse_bundle((folder.export / Bundle(number, width).path).read_bytes(), width)
    return leaves
