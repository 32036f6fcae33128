"""Auditing and exporting a whole log: the pure auditor fed from a `LogSource`."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from contracts.audit import Auditor, Doubt, Level, Report, policy_of_genesis
from contracts.audit.rules import Watch, look_away
from ledger.checkpoint import Checkpoint, OpenedCheckpoint, parse_checkpoint
from ledger.errors import FormatError, LedgerError
from ledger.note import parse_note
from ledger.policy import Policy, verify_policy
from ledger.policy_file import encode_policy
from ledger.records import Genesis, parse_record
from ledger.tiles import TILE_WIDTH, Bundle
from node.client.log_source import LogSource, SourceError, read_ahead, read_checkpoint, read_file
from scripts.audit.verification import VerificationPool
from scripts.console_text import Advance

LEAVES_AHEAD: Final = 8 * TILE_WIDTH
"""Enough for threads to verify while the rules replay; a few megabytes."""
_EXPORT_NOTE: Final = (
    b"# Taken from the log's own genesis record: it shows that the log agrees with itself.\n"
    b"# Compare the keys below with those its members publish elsewhere.\n"
)


@dataclass(frozen=True, slots=True)
class OpenedLog:
    """A log and whose word its checkpoint is.

    `doubt` says why the checkpoint is not to be believed; what can be read is audited all the same,
    as it may tell why. `policy` is the one that was given, or that of the log's genesis;
    `policy_file` is that as a file.
    """

    source: LogSource
    opened: OpenedCheckpoint
    policy_file: bytes = b""
    policy: Policy | None = None
    doubt: Doubt | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """What the log signed."""
        return self.opened.checkpoint

    @property
    def signers(self) -> list[str]:
        """The keys whose signatures hold, as name and key id."""
        return [str(signature.key) for signature in self.opened.signatures]


def open_log(source: LogSource, policy: Policy | None) -> OpenedLog:
    """Read the checkpoint and verify it, without a policy by the keys in the log's own genesis.

    Raises `SourceError`, or `FormatError` if the checkpoint is none at all.
    """
    note = read_checkpoint(source)
    try:
        checkpoint = parse_checkpoint(parse_note(note).text)
    except FormatError as error:
        raise FormatError(f"`checkpoint` is none: {error}") from error
    try:
        if policy is None:
            policy = policy_of_genesis(_first_leaf(source, checkpoint.size))
            file = _EXPORT_NOTE + encode_policy(policy)
        else:
            file = encode_policy(policy)
        return OpenedLog(source, verify_policy(policy, note), file, policy)
    except LedgerError as error:
        detail = f"its signatures are not to be believed: {error}"
        doubt = Doubt(level="tree", what="checkpoint", detail=detail, place="checkpoint")
        opened = OpenedCheckpoint(checkpoint, note, ())
        return OpenedLog(source, opened, policy=policy, doubt=doubt)


def utc_offset_minutes_of(log: OpenedLog) -> int:
    """The distance from UTC that the ledger was founded with; of a log that has no genesis, 0."""
    try:
        body = parse_record(_first_leaf(log.source, log.checkpoint.size)).body
    except LedgerError:  # which the audit will tell
        return 0
    return body.calendar.utc_offset_minutes if isinstance(body, Genesis) else 0


def audit(
    log: OpenedLog, level: Level, jobs: int, advance: Advance, watch: Watch = look_away
) -> Report:
    """Audit the log; `advance` is told of every leaf, `watch` of every block that holds."""
    return audited(log, level, jobs, advance, watch)[0]


def audited(
    log: OpenedLog, level: Level, jobs: int, advance: Advance, watch: Watch = look_away
) -> tuple[Report, OpenedLog]:
    """The same, and the log as it is to be believed now.

    Where its checkpoint is signed with keys that votes have put in the place of those the policy
    names, that is by the policy with the new keys: what the log itself says has been replayed.
    """
    with VerificationPool(jobs) as pool:
        auditor = Auditor(log.opened, level, start=pool, ahead=LEAVES_AHEAD, watch=watch)
        for name, data in read_ahead(log.source, auditor.plan(), jobs):
            auditor.take(name, data)
            if auditor.is_stuck:
                break
            if isinstance(name, Bundle):
                advance(name.width)
        report = auditor.finish()
        followed = None if report.doubts else _followed(log, level, auditor)
    return (_with_doubt(report, log.doubt), log) if followed is None else (report, followed)


def _followed(log: OpenedLog, level: Level, auditor: Auditor) -> OpenedLog | None:
    """The log by the policy that follows from the one given, if that is what was wrong."""
    if log.doubt is None or log.policy is None or level != "rules":
        return None
    policy = auditor.succeeding(log.policy)
    if policy is None:
        return None
    try:
        opened = verify_policy(policy, log.opened.note)
    except LedgerError:
        return None
    return OpenedLog(log.source, opened, encode_policy(policy), policy)


def export(log: OpenedLog, out: Path, jobs: int, advance: Advance) -> Report:
    """Write the log as files into `out`, which is there only once all of it is.

    The tree is audited on the way; if there is a doubt, nothing is written.
    """
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        report = _export_into(log, beside, jobs, advance)
        if not report.doubts:
            _put_in_place(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return report


def _export_into(log: OpenedLog, folder: Path, jobs: int, advance: Advance) -> Report:
    auditor = Auditor(log.opened, "tree")
    for name, data in read_ahead(log.source, auditor.plan(), jobs):
        auditor.take(name, data)
        if auditor.is_stuck or data is None:
            break
        path = folder / name.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if isinstance(name, Bundle):
            advance(name.width)
    report = auditor.finish()
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("policy").write_bytes(log.policy_file)
    folder.joinpath("checkpoint").write_bytes(log.opened.note)
    return _with_doubt(report, log.doubt)


def _with_doubt(report: Report, doubt: Doubt | None) -> Report:
    """The report with the doubt about the checkpoint, where no leaf explains that."""
    if doubt is None:
        return report
    leaves = tuple(one for one in report.doubts if one.index is not None)
    others = tuple(one for one in report.doubts if one.index is None)
    return replace(report, doubts=(*leaves, doubt, *others))


def _put_in_place(beside: Path, out: Path) -> None:
    old = out.with_name(f"{beside.name}.old")
    if out.exists():
        out.replace(old)
    beside.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def _first_leaf(source: LogSource, size: int) -> bytes:
    bundle = read_file(source, Bundle(0, min(size, TILE_WIDTH)))
    if bundle is None:
        raise SourceError("the log's first leaves are not there")
    return bundle[2 : 2 + int.from_bytes(bundle[:2])]
