"""What an invariant is asked of: a state, and the records that led to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contracts.view import MemoryState, V, read
from ledger.records import Record


@dataclass(frozen=True, slots=True)
class Facts:
    """A state and the records that led to it, each with its index."""

    state: MemoryState
    records: tuple[tuple[int, Record], ...]

    def all(self, prefix: str, kind: type[V]) -> Iterator[tuple[str, V]]:
        """Every value under `<prefix>/`, with the rest of its key."""
        for key in self.state.keys(f"{prefix}/"):
            value = self.get(kind, key)
            if value is not None:
                yield key.removeprefix(f"{prefix}/"), value

    def get(self, kind: type[V], key: str) -> V | None:
        """The value under `key`."""
        return read(self.state, kind, key)


Predicate = Callable[[Facts], Iterator[str]]
