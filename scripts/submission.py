"""Submitting records and keeping what proves them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from ledger.records import Body
from ledger.records.sharing import ITEMS_MAX
from node.client import Receipted, Result, Writer
from scripts.answers import require_all, summary_of
from scripts.console_text import counted, info, print_json, progress, success, warn

Item = TypeVar("Item")
_AT_ONCE: Final = 100
"""Records submitted together: enough for a block, few enough for a progress bar to move."""

ReceiptsOption = Annotated[
    Path | None,
    typer.Option("--receipts", help="Folder for receipts (.tlog-proof) and the records (.leaf)."),
]


def submit(
    writer: Writer,
    bodies: Sequence[tuple[str, Body]],
    receipts: Path | None = None,
    what: str = "submitting",
) -> list[Receipted]:
    """Submit records, each with what to call it; ends the command if one is refused."""
    results: list[Result] = []
    with progress(what, len(bodies)) as advance:
        for first in range(0, len(bodies), _AT_ONCE):
            some = [body for _, body in bodies[first : first + _AT_ONCE]]
            results += writer.submit_many(some)
            advance(len(some))
    if receipts is not None:
        keep_receipts([one for one in results if isinstance(one, Receipted)], receipts)
    return require_all(results, [name for name, _ in bodies])


def in_parts(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Items of one kind, as many together as a record may list."""
    return [tuple(items[at : at + ITEMS_MAX]) for at in range(0, len(items), ITEMS_MAX)]


def numbered(what: str, bodies: Sequence[Body]) -> list[tuple[str, Body]]:
    """Bodies of one kind, each with what to call it."""
    if len(bodies) == 1:
        return [(what, bodies[0])]
    return [(f"{what} {number} of {len(bodies)}", body) for number, body in enumerate(bodies, 1)]


def keep_receipts(done: Sequence[Receipted], folder: Path) -> None:
    """Write `<index>.tlog-proof` and, byte for byte, the record it is for, `<index>.leaf`."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in done:
        (folder / f"{one.index}.tlog-proof").write_bytes(one.receipt_bytes)
        (folder / f"{one.index}.leaf").write_bytes(one.leaf)
    info(f"{counted(len(done), 'receipt')} in {folder}")


def print_done(
    done: Sequence[Receipted], items: Sequence[tuple[str, str]], *, as_json: bool
) -> None:
    """Say what was recorded: the records, and the ids of what they created with what each is."""
    if as_json:
        created = [{"id": one, "what": what} for one, what in items]
        print_json({"created": created, "records": [summary_of(one) for one in done]})
        return
    for one, what in items:
        success(f"{one}  {what}")
    for receipted in done:
        info(f"record {receipted.digest} at index {receipted.index}, {receipted.block_time}")
        for finding in receipted.findings:
            warn(f"finding {finding.code}: {finding.title}", hint=f"its case: {finding.case}")
