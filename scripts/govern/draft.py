"""`blockpool govern draft`: write an action down as a file, to be read before the vote.

    blockpool govern draft split transport --datasets roads,bridges --to works --out split.json
    blockpool govern propose split.json --reason "minutes of May"

A file can be proposed by the committee or decided by the government, and shown to anybody before.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from ledger.canonical import encode
from ledger.records.actions import (
    ChangeBases,
    SetLogKeys,
    SetPairing,
)
from ledger.records.genesis import LogKeys, Names
from scripts.console_text import info, success
from scripts.files import write_new
from scripts.govern.actions import read_bases
from scripts.keys.command import read_public_key
from scripts.spelling import build, words

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Write an action down as JSON, for `govern propose` or `govern decide`.",
)

OutOption = Annotated[Path | None, typer.Option(help="File to write; without one it is printed.")]
MemberArgument = Annotated[str, typer.Argument(help="The member.")]


@app.command("bases")
def bases(
    file: Annotated[
        Path | None, typer.Argument(help="Table of those to adopt: code,kind,reference,en,zh.")
    ] = None,
    *,
    retire: Annotated[str, typer.Option(help="Codes to retire.")] = "",
    out: OutOption = None,
) -> None:
    """Adopt laws, regulations and decisions that catalogue entries can rest on; retire others.

    Once any is adopted, entries that withhold data or hold personal information name one by its
    code. A kind is law, regulation, decision or other.

    Example: `blockpool govern draft bases bases.csv --out bases.json`
    """
    adopted = () if file is None else read_bases(file)
    write_actions([build(ChangeBases, bases=adopted, retired=words(retire))], out)


@app.command("log-keys")
def log_keys(
    member: MemberArgument,
    *,
    ed25519: Annotated[Path, typer.Option(help="Its Ed25519 log key, a .pub or .pem file.")],
    ml_dsa: Annotated[Path, typer.Option(help="Its ML-DSA-44 log key, the same.")],
    out: OutOption = None,
) -> None:
    """Give a member log keys, so that a later vote can let it order blocks.

    Both keys sign the proposal: `blockpool govern propose FILE --cosign KEY`, once for each.

    Example: `blockpool govern draft log-keys weather --ed25519 log.pub --ml-dsa log-pq.pub
    --out log-keys.json`
    """
    keys = build(
        LogKeys,
        ed25519=read_public_key(ed25519).description,
        ml_dsa44=read_public_key(ml_dsa).description,
    )
    write_actions([build(SetLogKeys, log_keys=keys, member=member)], out)


@app.command("pairing")
def pairing(
    code: Annotated[str, typer.Argument(help="Its code.")],
    *,
    members: Annotated[str, typer.Option(help="Who works together, two to eight members.")],
    goal: Annotated[list[str], typer.Option(help="What for; may be repeated.")],
    since: Annotated[str, typer.Option(help="First day, such as 2027-01-01.")],
    until: Annotated[str, typer.Option(help="Last day.")],
    en: Annotated[str | None, typer.Option(help="What it is called, in English.")] = None,
    zh: Annotated[str | None, typer.Option(help="The same, in Chinese.")] = None,
    result: Annotated[str | None, typer.Option(help="What came of it.")] = None,
    out: OutOption = None,
) -> None:
    """Say which members work together on what until when; later, with what result.

    Example: `blockpool govern draft pairing forms --members health,tax --goal "one form"
    --since 2027-01-01 --until 2027-12-31 --en "Fewer forms" --out pairing.json`
    """
    action = build(
        SetPairing,
        goals=tuple(sorted({*goal})),
        members=words(members),
        names=build(Names, en=en, zh=zh),
        pairing=code,
        result=result,
        since=since,
        until=until,
    )
    write_actions([action], out)


def write_actions(actions: Sequence[Struct], out: Path | None) -> None:
    """Print actions, a line each, or write each into a file of its own."""
    for n, action in enumerate(actions, start=1):
        text = encode(action)
        if out is None:
            success(text.decode())
            continue
        path = out if len(actions) == 1 else out.with_stem(f"{out.stem}-{n}")
        write_new(path, text + b"\n")
        info(f"next: blockpool govern propose {path} --reason …")
