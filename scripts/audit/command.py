"""`blockpool audit`: check a log or one receipt without trusting the node that served it.

Uses `ledger`, `contracts` and bare HTTP, no code of the server and no client of it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.audit import Level, Report
from node.client.log_source import FolderLog, HttpLog, LogSource
from scripts.audit import event, evidence, receipts
from scripts.audit.log_audit import OpenedLog, audited, export, open_log
from scripts.console_text import fail, info, print_fields, print_json, progress, success, warn
from scripts.files import write_new
from scripts.options import JsonFlag, with_options
from scripts.profile import (
    RequestKeyOption,
    RequestPassphraseOption,
    TokenOption,
    request_signer,
    shown_token,
)
from scripts.tls import ClientKeyOption, NodeKeyOption, tls_of
from scripts.trust import read_policy

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Check a whole log, or one receipt, without trusting the node that served it.",
)

JOBS: Final = max(2, os.cpu_count() or 2)
_ADDRESSES: Final = ("http://", "https://", "unix:")

LogArgument = Annotated[
    str, typer.Argument(metavar="LOG", help="URL of the log, unix:PATH, or an exported folder.")
]
_POLICY: Final = typer.Option(
    "--policy",
    envvar="BLOCKPOOL_POLICY",
    help="tlog-policy file: whose signatures make a checkpoint one to believe.",
)


@dataclass(frozen=True)
class Access:
    """How to get at a log, and whom to believe about it."""

    policy: Annotated[Path | None, _POLICY] = None
    token_file: TokenOption = None
    request_key: RequestKeyOption = None
    request_passphrase_file: RequestPassphraseOption = None
    node_key: NodeKeyOption = None
    client_key: ClientKeyOption = None
    jobs: Annotated[
        int, typer.Option(min=1, max=64, help="Files read, and signatures verified, at a time.")
    ] = JOBS

    @contextmanager
    def open(self, log: str) -> Iterator[OpenedLog]:
        """The log at an address or in a folder."""
        policy = None if self.policy is None else read_policy(self.policy)
        if policy is None:
            warn(
                "without --policy the keys are taken from the log's own genesis record: "
                "that shows that the log agrees with itself, not whose it is",
                hint="compare its keys with those its members publish, then give --policy FILE",
            )
        with self._source(log) as source:
            yield open_log(source, policy)

    @contextmanager
    def _source(self, log: str) -> Iterator[LogSource]:
        if log.startswith(_ADDRESSES):
            signer = request_signer(self.request_key, self.request_passphrase_file)
            token, tls = shown_token(self.token_file), tls_of(self.node_key, self.client_key)
            with HttpLog(log, token=token, request_signer=signer, tls=tls) as source:
                yield source
        elif Path(log).is_dir():
            yield FolderLog(Path(log))
        else:
            fail(f"{log} is neither a folder nor an address", hint="http://… or FOLDER", code=2)


@app.command("log")
@with_options
def audit_log(
    log: LogArgument,
    access: Access,
    level: Annotated[
        Level, typer.Option(help="How deep to go; each level includes those before it.")
    ] = "rules",
    policy_out: Annotated[
        Path | None,
        typer.Option(help="Write the policy with the log keys in force, if votes replaced some."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Derive a whole log again and name whatever does not hold; exit code 1 on any doubt.

    Levels: `structure` (form, chains, seals), `tree` (leaves, tiles, root, checkpoint),
    `signatures` (of every record), `rules` (replay: findings, outcomes, state).

    Example: `blockpool audit log build/demo/export --policy build/demo/policy`
    """
    with access.open(log) as opened, progress("auditing", opened.checkpoint.size) as advance:
        report, believed = audited(opened, level, access.jobs, advance)
    if as_json:
        print_json({"report": report, "signers": believed.signers})
    else:
        _print_report(report, believed)
    end_on_doubts(report)
    if policy_out is not None:
        write_new(policy_out, believed.policy_file)
    if believed is not opened:
        warn(
            "votes have replaced log keys that the policy names: the log shows it, and is believed",
            hint="go on with the policy of --policy-out FILE; keep the old one for old receipts",
        )
    if not as_json:
        success(f"no doubts: {report.size} leaves, down to the level `{level}`")


@app.command("export")
@with_options
def export_log(
    log: LogArgument,
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    access: Access,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Copy a log into a folder of plain files: `checkpoint`, `tile/…`, `policy`.

    Any server of static files can serve it, any tlog-tiles client can read it. The tree is checked
    on the way. Without `--policy` the file `policy` names the log's own keys; get the keys of its
    members from themselves before you rely on it.

    Example: `blockpool audit export http://127.0.0.1:8700 --out export`
    """
    _check_place(out, force=force)
    with access.open(log) as opened, progress("exporting", opened.checkpoint.size) as advance:
        report = export(opened, out, access.jobs, advance)
    end_on_doubts(report)
    if as_json:
        print_json({"out": str(out), "root": report.root, "size": report.size})
    else:
        success(f"exported {report.size} leaves of {report.origin} to {out}")
        whom = access.policy or out / "policy"
        info(f"check everything: blockpool audit log {out} --policy {whom}")


app.add_typer(receipts.app)
app.add_typer(event.app)
app.add_typer(evidence.app)


def _check_place(out: Path, *, force: bool) -> None:
    """What is in the folder goes: it has to be an export, and to be given up by name."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "checkpoint").is_file():
        fail(f"{out} exists and is no export", hint="choose another folder")
    if not force:
        fail(f"{out} holds an export already", hint="choose another folder, or give --force")


def _print_report(report: Report, opened: OpenedLog) -> None:
    print_fields(
        (
            ("log", report.origin),
            ("ledger", report.ledger),
            ("size", report.size),
            ("root", report.root),
            ("state root", report.state_root),
            ("time", f"{report.from_time} to {report.to_time}" if report.from_time else None),
            ("blocks", report.blocks),
            ("records", _counts(report.records)),
            ("findings", _counts(report.findings) if report.level == "rules" else None),
            ("members", ", ".join(report.members) or None),
            ("signed by", ", ".join(opened.signers) or "nobody who is known"),
            ("level", report.level),
        )
    )


def _counts(counts: dict[str, int]) -> str:
    each = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{sum(counts.values())}: {each}" if each else "0"


def end_on_doubts(report: Report) -> None:
    """Tell the doubts, if there are any, and end with 1."""
    if not report.doubts:
        return
    culprit, *others = report.doubts
    for doubt in others:
        warn(f"{doubt} (may follow from the error below)")
    fail(str(culprit), hint="keep these files as they are: they are the evidence")
