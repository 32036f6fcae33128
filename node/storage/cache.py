"""A bounded cache in two generations.

What is asked for moves to the young generation; when that is full, it becomes the old one and what
was old is forgotten. So at most twice `entries_max` entries are held, and the recently used stay.

>>> cache = GenerationalCache[str, int](2)
>>> for n, key in enumerate("abcdef"):
...     cache.put(key, n)
>>> [cache.get(key, -1) for key in "abef"]
[-1, -1, 4, 5]
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class GenerationalCache(Generic[K, V]):
    """A mapping that forgets what was not used for long. Used by one thread at a time."""

    __slots__ = ("_old", "_young", "entries_max")

    def __init__(self, entries_max: int) -> None:
        self.entries_max = entries_max
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K, default: D) -> V | D:
        """The value under `key`, or `default`."""
        young = self._young
        if key in young:
            return young[key]
        if key in self._old:
            value = self._old[key]
            self.put(key, value)
            return value
        return default

    def put(self, key: K, value: V) -> None:
        """Remember a value."""
        if len(self._young) >= self.entries_max and key not in self._young:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def update(self, values: Mapping[K, V]) -> None:
        """Remember many."""
        for key, value in values.items():
            self.put(key, value)

    def __len__(self) -> int:
        """Number of entries held, those in both generations counted twice."""
        return len(self._young) + len(self._old)
