"""Long lists of files, in parts."""

from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical, encode, require_ascending
from ledger.hashing import sha256
from ledger.records.catalogue import File
from ledger.running_digest import EMPTY_RUN, run_of
from ledger.types import Count, DigestHex

FILES_PER_PART_MAX: Final = 256
FILES_PER_MANIFEST_MAX: Final = 1_000_000


def manifest_digest(files: Iterable[File], run: DigestHex = EMPTY_RUN) -> DigestHex:
    """The running digest over the canonical encodings of files in order, continued from `run`."""
    return run_of((sha256(encode(file)).hex() for file in files), run)


class Manifest(Canonical):
    """A part of a list of files: those from `first` on.

    A manifest is named by the running digest of its files (FORMAT.md, Manifest digest). Parts come
    in order; a release can name it when the last one has arrived and the digest matches.

    Attributes:
        files: 1 to 256 files, ascending by name.
        first: number of files before this part.
        manifest: digest of the whole list.
        total: number of files of the whole list.
    """

    files: Annotated[tuple[File, ...], Meta(min_length=1, max_length=FILES_PER_PART_MAX)]
    first: Count
    manifest: DigestHex
    total: Annotated[int, Meta(ge=1, le=FILES_PER_MANIFEST_MAX)]

    def __post_init__(self) -> None:
        require_ascending("files", [one.name for one in self.files])
