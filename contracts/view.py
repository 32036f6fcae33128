"""How rules see the state, and how they change it.

A `StateView` answers by key. An `Overlay` is a view on top of another one that keeps changes to
itself: one overlay collects what a block changes, one on top of it what a record changes, and
dropping the upper one is how a refusal changes nothing.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from contracts.values import Value
from ledger.merkle_map import MapNodes, MapUpdate, Path
from ledger.types import Time

V = TypeVar("V", bound=Value)
DUE_PREFIX = "due/"


class StateView(Protocol):
    """The state at one size of the log, and what a block has changed so far."""

    def get(self, key: str) -> Value | None:
        """The value under `key`. MUST be equal for equal keys until somebody changes it."""


class State(StateView, Protocol):
    """The state between two blocks: it also knows its deadlines and the nodes of its Merkle map."""

    def due(self, until: Time, count_max: int) -> list[str]:
        """The first `count_max` keys `due/<time>/<case>` with time ≤ `until`, ascending."""

    def nodes(self, paths: Sequence[Path]) -> Mapping[Path, bytes]:
        """As `ledger.merkle_map.NodeReader`: the map nodes at `paths`, one call per depth."""


def read(view: StateView, kind: type[V], key: str) -> V | None:
    """The value under `key`, known to be of one kind.

    Raises `TypeError` if it is another: the state is then not what the rules wrote.
    """
    value = view.get(key)
    if value is None or type(value) is kind:
        return value
    raise TypeError(f"`{key}` holds a {type(value).__name__}")


def held(view: StateView, kind: type[V], key: str) -> V:
    """As `read`, where the rules themselves have put the value: it cannot be missing."""
    value = read(view, kind, key)
    if value is None:
        raise TypeError(f"`{key}` is missing")
    return value


class Overlay:
    """Changes on top of a view: `changes` maps a key to its new value, or to None if removed."""

    __slots__ = ("_base", "_seen", "changes")

    def __init__(self, base: StateView) -> None:
        self._base = base
        self._seen: dict[str, Value | None] = {}
        self.changes: dict[str, Value | None] = {}

    def get(self, key: str) -> Value | None:
        """As `StateView.get`, changes first. The base is asked once: it stands still meanwhile."""
        if key in self.changes:
            return self.changes[key]
        if key in self._seen:
            return self._seen[key]
        value = self._seen[key] = self._base.get(key)
        return value

    def put(self, key: str, value: Value) -> None:
        """Set a value."""
        self.changes[key] = value

    def remove(self, key: str) -> None:
        """Remove a value."""
        self.changes[key] = None

    def adopt(self, upper: "Overlay") -> None:
        """Take over the changes of an overlay that lies on this one."""
        self.changes.update(upper.changes)


class MemoryState:
    """A state held in memory: for auditors, tests and small tools.

    >>> from contracts.values import Due
    >>> state = MemoryState()
    >>> state.commit({"due/2026-01-01T00:00:00.000Z/ab": Due(case="ab")})
    >>> state.due("2026-01-01T00:00:00.000Z", 10)
    ['due/2026-01-01T00:00:00.000Z/ab']
    """

    __slots__ = ("_due", "_map", "_values")

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}
        self._map = MapNodes()
        self._due: list[str] = []

    def get(self, key: str) -> Value | None:
        """As `StateView.get`."""
        return self._values.get(key)

    def due(self, until: Time, count_max: int) -> list[str]:
        """As `State.due`."""
        # "0" follows "/": every case due at `until` sorts below.
        end = bisect_left(self._due, f"{DUE_PREFIX}{until}0")
        return self._due[: min(end, count_max)]

    def nodes(self, paths: Sequence[Path]) -> Mapping[Path, bytes]:
        """As `State.nodes`."""
        return self._map.nodes(paths)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """All keys that start with `prefix`, in no particular order."""
        return (key for key in self._values if key.startswith(prefix))

    def commit(
        self, changes: Mapping[str, Value | None], map_update: MapUpdate | None = None
    ) -> None:
        """Take over what a block changed; without an update of the map, the values alone."""
        for key, value in changes.items():
            known = key in self._values
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
            if key.startswith(DUE_PREFIX) and known != (value is not None):
                if known:
                    del self._due[bisect_left(self._due, key)]
                else:
                    insort(self._due, key)
        if map_update is not None:
            self._map.apply(map_update)
