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
from ledger.records.actions import HANDED_MAX, SplitMember
from ledger.records.governance import SucceedMember
from scripts.console_text import info, success
from scripts.files import write_new
from scripts.spelling import build, words

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Write an action down as JSON, for `govern propose` or `govern decide`.",
)

OutOption = Annotated[Path | None, typer.Option(help="File to write; without one it is printed.")]
MemberArgument = Annotated[str, typer.Argument(help="The member.")]


@app.command("merge")
def merge(
    member: MemberArgument,
    *,
    into: Annotated[str, typer.Option(help="Member that acts for it from then on.")],
    out: OutOption = None,
) -> None:
    """Merge a member into another one. Its id stays, and all it provides, has and owes.

    The successor's custodian appoints its writers from then on: `blockpool keys appoint`.

    Example: `blockpool govern draft merge parks --into works --out merge.json`
    """
    _write([build(SucceedMember, member=member, successor=into)], out)


@app.command("split")
def split(
    member: MemberArgument,
    *,
    datasets: Annotated[
        str, typer.Option(help="Datasets it provides, or has rights to; or @FILE, one a line.")
    ],
    to: Annotated[
        str, typer.Option(help="Member that acts for it in these; the member itself takes back.")
    ],
    out: OutOption = None,
) -> None:
    """Put what a member does with some datasets into another hand. Nothing else changes.

    Ids, rights, cases and deadlines stay. The new hand's custodian appoints writers of the member
    for these datasets: `blockpool keys appoint MEMBER/NAME --datasets …`. More than 128 datasets
    are several actions, in files with a number.

    Example: `blockpool govern draft split transport --datasets roads,bridges --to works
    --out split.json`
    """
    text = Path(datasets[1:]).read_text(encoding="utf-8") if datasets[:1] == "@" else datasets
    listed = words(text) or ("",)
    several = [listed[at : at + HANDED_MAX] for at in range(0, len(listed), HANDED_MAX)]
    _write([build(SplitMember, datasets=one, member=member, successor=to) for one in several], out)


def _write(actions: Sequence[Struct], out: Path | None) -> None:
    """Print actions, a line each, or write each into a file of its own."""
    for n, action in enumerate(actions, start=1):
        text = encode(action)
        if out is None:
            success(text.decode())
            continue
        path = out if len(actions) == 1 else out.with_stem(f"{out.stem}-{n}")
        write_new(path, text + b"\n")
        info(f"next: blockpool govern propose {path} --reason …")
