"""How often somebody may come: so many requests at once, and so many a second after that.

    left   burst ──╮         each request takes one, each second gives `per_s` back
                   ╰──╮╭──
                 0    ╰╯     ──▶ 429 with Retry-After

The generic cell rate algorithm: of each who there is one number, the time at which all would be
given back. So the table is small, and bounded; beyond, whoever came least recently is forgotten.

>>> rates = Rates(per_s=1, burst=2, count_max=10)
>>> [rates.take("a", now_s=second).is_allowed for second in (0, 0, 0, 0.9, 1)]
[True, True, False, False, True]
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

COUNT_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the burst after a request, and when there is more.

    Attributes:
        is_allowed: whether the request may go on.
        left: how many more may come at once.
        wait_s: after so many seconds one more may.
        whole_s: after so many seconds the whole burst may.
    """

    is_allowed: bool
    left: int
    wait_s: float
    whole_s: float


class Rates:
    """Who came how often. Used from one thread."""

    def __init__(self, per_s: float, burst: int, count_max: int = COUNT_MAX) -> None:
        self.per_s = per_s
        self.burst = burst
        self._count_max = count_max
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._whole_at)

    def look(self, who: str, *, now_s: float) -> Allowance:
        """What a request would find; nothing is taken."""
        return self._allowance(max(self._whole_at.get(who, now_s), now_s), now_s)

    def take(self, who: str, *, now_s: float) -> Allowance:
        """Take one, if one is left."""
        whole_at = max(self._whole_at.get(who, now_s), now_s)
        found = self._allowance(whole_at, now_s)
        if not found.is_allowed:
            return found
        whole_at += 1 / self.per_s
        self._whole_at[who] = whole_at
        self._whole_at.move_to_end(who)
        if len(self._whole_at) > self._count_max:
            self._whole_at.popitem(last=False)
        return Allowance(True, found.left - 1, 0.0, whole_at - now_s)  # noqa: FBT003  by name above

    def _allowance(self, whole_at: float, now_s: float) -> Allowance:
        taken = (whole_at - now_s) * self.per_s
        left = math.floor(self.burst - taken + 1e-9)
        wait_s = max(0.0, (taken + 1 - self.burst) / self.per_s)
        return Allowance(left >= 1, max(left, 0), wait_s, whole_at - now_s)
