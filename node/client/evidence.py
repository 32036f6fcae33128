"""Evidence against an orderer, as a file that anybody verifies offline: a ZIP archive.

    evidence.json      what it is evidence of
    checkpoint         the note the orderer signed
    earlier            fork: another note it signed
    seal               future: the leaf that seals the last block
    tile/entries/…     rules: all leaves from the first on, in bundles (c2sp.org/tlog-tiles)

- *fork*: two checkpoints that cannot both be true: after `size` leaves their trees have two roots,
  and `proof` and `earlier_proof` show that each of these leads to what was signed.
- *rules*: leaves that are in the tree of the checkpoint, as `proof` shows, and that the rules do
  not yield. To see that, one has to replay them from the first: so they are all there.
- *future*: a block whose time was still to come when it was seen. That it was seen by then is the
  word of whoever kept the file; the rest is shown.

Nobody else can make such a file: each shows what follows from the orderer's own signature.
"""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from msgspec import DecodeError, Struct
from msgspec.json import decode, encode

from ledger import tree
from ledger.checkpoint import Checkpoint
from ledger.errors import FormatError, VerificationError
from ledger.hashing import leaf_hash
from ledger.note import NOTE_BYTES_MAX
from ledger.seal import parse_seal
from ledger.times import to_ms
from ledger.types import LEAF_BYTES_MAX, Count, Digest, Time
from node.client.log_source import SourceError

Kind = Literal["fork", "future", "rules"]
LASTING: Final[tuple[Kind, ...]] = ("fork", "rules")
"""What ends following a log; a time that was to come, comes."""
AHEAD_MS_MAX: Final = 60_000
"""A block further ahead of the clock is from the future."""
FORMAT: Final = "blockpool-evidence/v1"
CHECKPOINT: Final = "checkpoint"
EARLIER: Final = "earlier"
SEAL: Final = "seal"
_ABOUT: Final = "evidence.json"
_ABOUT_BYTES_MAX: Final = 16 * 1024
_UNREADABLE: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a spoilt or hostile archive makes of reading one of its members."""


class About(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`evidence.json`. `size` counts the leaves at hand; of a fork, those after which it shows.

    `seen_at` is when a block from the future was seen.
    """

    format: str = FORMAT
    kind: Kind
    size: Count
    proof: tuple[bytes, ...] = ()
    root: bytes = b""
    earlier_proof: tuple[bytes, ...] = ()
    earlier_root: bytes = b""
    seen_at: Time | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is to be kept; `bundles` are read once, as it is written."""

    about: About
    notes: dict[str, bytes]
    bundles: Iterable[tuple[str, bytes]] = field(default=())


class ArchivedLog:
    """The files of an archive, as a `LogSource`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """As `LogSource.read`; what unpacks to more than `bytes_max` is refused."""
        try:
            with self._archive.open(path) as member:
                data = member.read(bytes_max + 1)
        except KeyError:
            return None
        except _UNREADABLE as error:
            raise SourceError(f"{path}: {error}") from error
        if len(data) > bytes_max:
            raise SourceError(f"{path} has more than {bytes_max} bytes")
        return data

    def note(self, name: str) -> bytes:
        """A note in it; raises `FormatError` if it is missing."""
        data = self.read(name, NOTE_BYTES_MAX)
        if data is None:
            raise FormatError(f"`{name}` is missing")
        return data

    def seal(self) -> bytes:
        """The seal in it; raises `FormatError` if it is missing."""
        data = self.read(SEAL, LEAF_BYTES_MAX)
        if data is None:
            raise FormatError(f"`{SEAL}` is missing")
        return data

    def about(self) -> About:
        """What it is evidence of; raises `FormatError`."""
        try:
            about = decode(self.read(_ABOUT, _ABOUT_BYTES_MAX) or b"", type=About)
        except DecodeError as error:
            raise FormatError(f"`{_ABOUT}`: {error}") from error
        if about.format != FORMAT:
            raise FormatError(f"it is of the format {about.format}, not {FORMAT}")
        return about


@contextmanager
def opened(path: Path) -> Iterator[ArchivedLog]:
    """An archive. Raises `FormatError`, `OSError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield ArchivedLog(archive)
    except zipfile.BadZipFile as error:
        raise FormatError(f"no evidence file: {error}") from error


def write(path: Path, evidence: Evidence) -> None:
    """Write an archive that is there only once all of it is; for its owner alone.

    Raises `FileExistsError`: evidence is never overwritten.
    """
    if path.exists():
        raise FileExistsError(path)
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)  # for its owner alone
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(_ABOUT, encode(evidence.about))
                for member, data in chain(evidence.notes.items(), evidence.bundles):
                    archive.writestr(member, data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def check_fork(earlier: Checkpoint, later: Checkpoint, about: About) -> None:
    """Raise `VerificationError` unless the two checkpoints cannot both be true."""
    if earlier.origin != later.origin:
        raise VerificationError("these are checkpoints of two logs")
    if about.root == about.earlier_root or about.size == 0:
        raise VerificationError("the two trees have one root")
    for end, root, proof in (
        (earlier, about.earlier_root, about.earlier_proof),
        (later, about.root, about.proof),
    ):
        hashes = [Digest(one) for one in proof]
        tree.verify_consistency(about.size, Digest(root), end.size, end.root, hashes)


def check_future(checkpoint: Checkpoint, seal: bytes, about: About) -> Time:
    """The time of the last block, as its seal says; the proof shows that this is its seal.

    Raises `VerificationError` unless that was to come when it was seen, `FormatError`.
    """
    proof = [Digest(one) for one in about.proof]
    index = checkpoint.size - 1
    tree.verify_inclusion(leaf_hash(seal), index, checkpoint.size, proof, checkpoint.root)
    time = parse_seal(seal).predicate.block_time
    if about.seen_at is None or to_ms(time) <= to_ms(about.seen_at) + AHEAD_MS_MAX:
        raise VerificationError("the time of the block had come")
    return time
