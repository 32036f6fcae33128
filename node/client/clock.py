"""The clock of nodes and clients; formats and rules have none, their time is that of the block.

For exercises and training it can run days behind, so that what takes weeks is played in an hour:
the node starts weeks in the past, is stopped, starts again in the present, and every deadline in
between has passed. `BLOCKPOOL_CLOCK_OFFSET_DAYS` sets it for a node and for the command alike.

It never runs ahead. Block times only increase, so a ledger that is ahead stays ahead, its deadlines
passed, until the world has come up with it; nothing takes that back. For the same reason a clock
that runs behind is of no use to a ledger whose last block is later, and a node with one refuses to
start: that of a ledger at work cannot be turned back.

>>> Clock(-1)() < MACHINE_CLOCK() < Clock(-1)() + 2 * DAY_MS
True
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.times import DAY_MS

BEHIND_DAYS_MAX: Final = 3_650


@dataclass(frozen=True, slots=True)
class Clock:
    """Milliseconds since 1970 by `time_ns`, the machine's; `offset_days` (0 or less) added."""

    offset_days: int = 0
    time_ns: Callable[[], int] = time.time_ns

    def __post_init__(self) -> None:
        """Raises `ValueError` for an offset that is no exercise's."""
        if not -BEHIND_DAYS_MAX <= self.offset_days <= 0:
            raise ValueError(f"a clock runs 0 to {BEHIND_DAYS_MAX} days behind")

    def __call__(self) -> int:
        """The time now."""
        return self.time_ns() // 1_000_000 + self.offset_days * DAY_MS


MACHINE_CLOCK: Final = Clock()
