"""Nonces that were seen: a signed request is taken once.

A nonce is remembered as long as its request could be taken again, and no longer. The table is
bounded: were it full, requests would be refused, not forgotten; limits of requests per principal
keep it from filling.

>>> nonces = Nonces(keep_s=60)
>>> [nonces.take("a", now_s=second) for second in (0, 59.9, 60)]
[True, False, True]
"""

from typing import Final

COUNT_MAX: Final = 200_000
"""About 40 MB; at the widest window, more than 1,500 requests a second."""


class NoncesFull(Exception):  # noqa: N818  the name states the fact
    """As many are remembered as may be."""


class Nonces:
    """The nonces of requests that could be sent again. Used from one thread."""

    def __init__(self, keep_s: float, count_max: int = COUNT_MAX) -> None:
        self._keep_s = keep_s
        self._count_max = count_max
        self._until: dict[str, float] = {}  # in the order in which they end

    def take(self, nonce: str, *, now_s: float) -> bool:
        """Whether a nonce is new; now it is no more. Raises `NoncesFull`."""
        while self._until and (oldest := next(iter(self._until.items())))[1] <= now_s:
            del self._until[oldest[0]]
        if nonce in self._until:
            return False
        if len(self._until) >= self._count_max:
            raise NoncesFull
        self._until[nonce] = now_s + self._keep_s
        return True
