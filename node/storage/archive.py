"""Old leaves outside of the database: entry bundles in a folder, compressed.

    archive/tile/entries/000.gz          what tlog-tiles serves as tile/entries/000

Unpacked they are the files of a log as anybody reads it; they may lie on slow disks, and copies of
them elsewhere. A bundle is there, read back and on the disk before the database lets go of its
leaves. Tiles, seals and outcomes stay in the database: what can be proved needs no archive.
"""

import gzip
import os
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from ledger.errors import FormatError
from ledger.tiles import BUNDLE_BYTES_MAX, TILE_WIDTH, Bundle, encode_bundle, parse_bundle

_BUNDLES_KEPT: Final = 4


class NotInArchive(Exception):  # noqa: N818  the name states the fact
    """A leaf was archived, and the archive is not where the node looks for it."""

    def __init__(self, index: int) -> None:
        super().__init__(f"leaf {index} is archived, and the archive is not here")
        self.index = index


class Archive:
    """The bundles in a folder. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bundle = lru_cache(_BUNDLES_KEPT)(self._read)

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`. Raises `NotInArchive`."""
        try:
            return self._bundle(index // TILE_WIDTH)[index % TILE_WIDTH]
        except (OSError, EOFError, zlib.error, FormatError) as error:
            raise NotInArchive(index) from error

    def put(self, number: int, leaves: Sequence[bytes]) -> int:
        """Have a whole bundle on the disk; returns its bytes there. Raises `OSError`."""
        path = self._path(number)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}")
        data = gzip.compress(encode_bundle(leaves), mtime=0)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        if self._read(number) != tuple(leaves):
            raise OSError(f"{path} does not hold what was written")
        return len(data)

    def sync(self) -> None:
        """Have the names of the files on the disk, too. Raises `OSError`."""
        for folder in (self.folder, *(one for one in self.folder.rglob("*") if one.is_dir())):
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _read(self, number: int) -> tuple[bytes, ...]:
        with gzip.open(self._path(number)) as file:
            return parse_bundle(file.read(BUNDLE_BYTES_MAX + 1), TILE_WIDTH)

    def _path(self, number: int) -> Path:
        path = Bundle(number, TILE_WIDTH).path
        return self.folder / f"{path}.gz"
