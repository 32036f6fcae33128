"""`blockpool audit evidence`: what a node kept of an orderer that lied, verified from the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from contracts.audit import Doubt
from ledger import tree
from ledger.checkpoint import Checkpoint, OpenedCheckpoint, open_checkpoint
from ledger.errors import FormatError, LedgerError, VerificationError
from ledger.hashing import leaf_hash
from ledger.policy import Policy
from ledger.tiles import (
    BUNDLE_BYTES_MAX,
    TILE_WIDTH,
    Bundle,
    TileEdge,
    parse_bundle,
    parse_tile_path,
    tile_width,
)
from ledger.types import Digest
from node.client import evidence
from node.client.evidence import CHECKPOINT, EARLIER, About, ArchivedLog
from node.client.log_source import SourceError
from scripts.audit.log_audit import OpenedLog, audit
from scripts.console_text import fail, print_fields, print_json, progress, success
from scripts.options import JsonFlag
from scripts.trust import read_policy

app = typer.Typer()
_LEVELS = ("structure", "signatures", "rules")


@dataclass(frozen=True)
class Proved:
    """What a file proves: of which checkpoint, by whose keys."""

    kind: str
    origin: str
    size: int
    signers: tuple[str, ...]
    detail: str
    index: int | None = None


@app.command("evidence")
def verify_evidence(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file a node has kept.")],
    policy: Annotated[
        Path,
        typer.Option(
            "--policy",
            envvar="BLOCKPOOL_POLICY",
            help="tlog-policy file: the keys of the log that is said to have lied.",
        ),
    ],
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Signatures verified at a time.")] = 4,
    as_json: JsonFlag = False,
) -> None:
    """Verify evidence that a node that orders records lied; exit code 1 if it proves nothing.

    Either two checkpoints that cannot both be true, or leaves that the rules do not yield, or a
    block from the future. No node is asked: everything follows from the file, and from whose keys
    the policy names; but when that block was seen is the word of whoever kept the file.

    Example: `blockpool audit evidence evidence/rules-4711-0.zip --policy policy`
    """
    believed = read_policy(policy)
    try:
        with evidence.opened(file) as archive:
            proved = prove(archive, believed, jobs)
    except OSError as error:
        fail(f"{file}: {error.strerror or error}")
    except (LedgerError, SourceError) as error:
        fail(f"it proves nothing: {error}", hint="ask for the file anew where it was kept")
    if as_json:
        print_json(proved)
        return
    fields = [
        ("log", proved.origin),
        ("size signed", proved.size),
        ("signed by", ", ".join(proved.signers)),
        ("what is wrong", proved.detail),
    ]
    print_fields(fields)
    success("proved: whoever signed this checkpoint lied")


def prove(archive: ArchivedLog, policy: Policy, jobs: int) -> Proved:
    """What an archive proves. Raises `LedgerError` if it proves nothing, `SourceError`."""
    about = archive.about()
    later = _signed(archive.note(CHECKPOINT), policy)
    checkpoint = later.checkpoint
    if about.kind == "fork":
        earlier = _signed(archive.note(EARLIER), policy)
        evidence.check_fork(earlier.checkpoint, checkpoint, about)
        signers = _liars(policy, earlier, later)
        detail = (
            f"{about.size} leaves into the log, its checkpoints of {earlier.checkpoint.size} and "
            f"of {checkpoint.size} leaves have two roots: {about.earlier_root.hex()} and "
            f"{about.root.hex()}"
        )
        return Proved("fork", checkpoint.origin, checkpoint.size, signers, detail)
    signers = _liars(policy, later)
    if about.kind == "future":
        time = evidence.check_future(checkpoint, archive.seal(), about)
        detail = f"its last block says {time}; whoever kept this saw it at {about.seen_at}"
        return Proved("future", checkpoint.origin, checkpoint.size, signers, detail)
    doubt = _first_doubt(archive, about, later, jobs)
    return Proved("rules", checkpoint.origin, checkpoint.size, signers, str(doubt), doubt.index)


def _signed(note: bytes, policy: Policy) -> OpenedCheckpoint:
    """A checkpoint the log signed; cosigners do not matter to what its own word is."""
    return open_checkpoint(note, [log.key for log in policy.logs])


def _liars(policy: Policy, *notes: OpenedCheckpoint) -> tuple[str, ...]:
    """The keys that signed all of it: of each suite that the log signs with, at least one.

    Otherwise two orderers, each honest, could be told as one that lied; or who has stolen one key.
    Raises `VerificationError`.
    """
    signed = [{one.key for one in note.signatures} for note in notes]
    keys = [log.key for log in policy.logs if all(log.key in each for each in signed)]
    if {key.signature_type for key in keys} != {log.key.signature_type for log in policy.logs}:
        raise VerificationError("no orderer signed all of it with all its keys")
    return tuple(str(key) for key in keys)


def _first_doubt(archive: ArchivedLog, about: About, opened: OpenedCheckpoint, jobs: int) -> Doubt:
    """The first leaf that the rules do not yield, of those the checkpoint commits to."""
    log = _Leaves(archive, about.size)
    edge, end = log.edge, opened.checkpoint
    proof = [Digest(one) for one in about.proof]
    tree.verify_consistency(edge.size, edge.root(), end.size, end.root, proof)
    part = Checkpoint(end.origin, edge.size, edge.root())
    with progress("replaying", edge.size) as advance:
        read = OpenedLog(log, OpenedCheckpoint(part, opened.note, opened.signatures))
        report = audit(read, "rules", jobs, advance)
    for doubt in report.doubts:
        # A part of the log may end amid a block; the checkpoint of a whole one may not.
        is_cut = doubt.what == "log" and edge.size == end.size
        if doubt.level in _LEVELS and (doubt.index is not None or is_cut):
            return doubt
    raise VerificationError("the leaves are what the rules yield")


class _Leaves:
    """The leaves of an archive as a `LogSource`, with the tiles they give."""

    def __init__(self, archive: ArchivedLog, size: int) -> None:
        self._archive = archive
        self._size = size
        self._tiles: dict[str, bytes] = {}
        self.edge = TileEdge()
        for leaves in self._bundles():
            self.edge, changed = self.edge.extend([leaf_hash(leaf) for leaf in leaves])
            for tile, data in changed.items():
                if tile.width == tile_width(tile.level, tile.index, size):
                    self._tiles[tile.path] = data

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """As `LogSource.read`."""
        if isinstance(parse_tile_path(path), Bundle):
            return self._archive.read(path, bytes_max)
        return self._tiles.get(path)

    def _bundles(self) -> Iterator[tuple[bytes, ...]]:
        for index in range(-(-self._size // TILE_WIDTH)):
            bundle = Bundle(index, tile_width(0, index, self._size))
            data = self._archive.read(bundle.path, BUNDLE_BYTES_MAX)
            if data is None:
                raise FormatError(f"`{bundle.path}` is missing")
            yield parse_bundle(data, bundle.width)
