"""`blockpool record anchor`: put down what another ledger said of itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ledger import tree
from ledger.checkpoint import parse_checkpoint
from ledger.note import parse_note
from ledger.records import Anchor
from ledger.records.anchors import Consistency
from ledger.tiles import Tile, TileReader
from node.client.log_source import (
    FolderLog,
    HttpLog,
    LogSource,
    SourceError,
    read_checkpoint,
    read_file,
)
from scripts.console_text import USAGE, fail
from scripts.options import JsonFlag, with_options
from scripts.profile import Signing
from scripts.spelling import build
from scripts.submission import ReceiptsOption, print_done, submit

app = typer.Typer()


@app.command("anchor")
@with_options
def anchor(
    log: Annotated[str, typer.Argument(help="The other log: its address, or a folder.")],
    *,
    since: Annotated[
        int | None,
        typer.Option(min=0, help="Size of an earlier anchor; proves that the log goes on from it."),
    ] = None,
    at: Signing = Signing(),
    receipts: ReceiptsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Put down the checkpoint of another ledger, so that it cannot later tell another history.

    The writer is appointed for the family ledger. A checkpoint with another root than was put down
    for its size is a finding. Its signatures are kept, for those to verify who know the keys.

    Example: `blockpool record anchor https://pool.example/region --since 1042`
    """
    with _opened(log) as source:
        body = anchor_of(source, since)
    seen = parse_checkpoint(parse_note(body.checkpoint.encode()).text)
    with at.open() as (_, writer):
        (done,) = submit(writer, [("anchor", body)], receipts)
    print_done([done], [(seen.origin, f"{seen.size} leaves, {seen.root.hex()}")], as_json=as_json)


def anchor_of(source: LogSource, since: int | None) -> Anchor:
    """The checkpoint of a log, with a proof made from its tiles since an earlier size."""
    note = read_checkpoint(source)
    size = parse_checkpoint(parse_note(note).text).size
    proof = None
    if since is not None:
        if since >= size:
            fail(f"the log has {size} leaves, no more than {since}", hint="leave --since out")
        reader = TileReader(_Tiles(source), size)
        hashes = tree.consistency_proof(since, size, reader)
        proof = Consistency(proof="".join(one.hex() for one in hashes), size=since)
    return build(Anchor, checkpoint=note.decode(), consistency=proof)


@contextmanager
def _opened(log: str) -> Iterator[LogSource]:
    if log.startswith(("http://", "https://", "unix:")):
        with HttpLog(log) as source:
            yield source
    elif Path(log).is_dir():
        yield FolderLog(Path(log))
    else:
        fail(f"{log} is neither a folder nor an address", hint="http://… or FOLDER", code=USAGE)


class _Tiles:
    """A `TileSource` over the files of a log."""

    def __init__(self, source: LogSource) -> None:
        self._source = source

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        """The tiles asked for. Raises `SourceError`."""
        return [self._one(tile) for tile in tiles]

    def _one(self, tile: Tile) -> bytes:
        data = read_file(self._source, tile)
        if data is None:
            raise SourceError(f"{tile.path} is not there")
        return data
