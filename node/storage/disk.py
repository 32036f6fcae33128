"""Turning records away before the disk is full.

A block that finds no room stops the node, and an operator has to come. So while the disk has less
free space than a reserve, records are refused with the promise that they were not taken; what still
waits, deadlines and recovery live on the reserve. As soon as there is room, records are taken.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RETRY_AFTER_S: Final = 30


class DiskFull(Exception):  # noqa: N818  the name states the fact
    """The disk has less room than the reserve; nothing was taken; ask again after a while."""

    def __init__(self) -> None:
        super().__init__("the disk is nearly full: no record is taken until there is room")
        self.retry_after_s = RETRY_AFTER_S


def free_bytes(folder: Path) -> int:
    """What this process may still write in a folder."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class DiskGuard:
    """Watches the disk that holds `folder`."""

    folder: Path
    reserve_bytes: int
    free_bytes: Callable[[Path], int] = free_bytes

    def check(self) -> None:
        """Raise `DiskFull` while free space is below the reserve."""
        if self.free_bytes(self.folder) < self.reserve_bytes:
            raise DiskFull
