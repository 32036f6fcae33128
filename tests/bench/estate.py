"""What a country's departments hold: many datasets, many rights in chains, many uses.

Everything is signed and submitted as in life, on top of what has happened in a consortium, by
writers of its own: the chains of those who submit the mix stay where they are.

Half of the datasets are granted, each through a chain of four rights: the provider grants one to a
bureau, which passes it on to the next bureau, and so on; each bureau accepts what it is given.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from ledger.records import Body
from ledger.records.cases import CASES_PER_STEP_MAX
from ledger.records.catalogue import RELEASES_PER_RECORD_MAX, VersionContent
from ledger.records.delegation import Delegation, DelegationItem
from ledger.records.keys import Family
from ledger.records.sharing import ITEMS_MAX
from ledger.records.terms import Terms
from ledger.types import DatasetId, DigestHex, ItemId, MemberId, Time, WriterId
from tests import bodies
from tests.bench.mix import CONSUMERS, STREAMS, Consortium, Streams

DEPTH: Final = 4
PORTION: Final = 20_000
_REGISTRIES: Final = tuple(f"transport/registry-{n}" for n in range(STREAMS))
_SCATTER: Final = 1_000_003
"""A prime: its multiples visit every chain before they come back to one."""

T = TypeVar("T")


class Estate:
    """`datasets` in the catalogue, and twice as many rights to every other one of them."""

    def __init__(self, consortium: Consortium, datasets: int) -> None:
        self._world = consortium.world
        self._datasets: Sequence[DatasetId] = [f"register-{n}" for n in range(datasets)]
        self._chains: list[tuple[DatasetId, tuple[ItemId, ...], int]] = []
        """Dataset, rights from the provider's down, number of the first bureau."""

    def phases(self) -> Iterator[Streams]:
        """What is to be submitted, one after the other."""
        yield [self._appointments()]
        yield from self._catalogue()
        yield from self._rights()

    def uses(self, count: int, at: Time) -> Iterator[Streams]:
        """Reports of use, scattered over the rights of all depths, in portions."""
        for start in range(0, count, PORTION):
            streams: Streams = [[] for _ in range(STREAMS)]
            for n in range(start, min(start + PORTION, count)):
                dataset, rights, first = self._chains[n * _SCATTER % len(self._chains)]
                depth = n % DEPTH
                content = VersionContent(dataset=dataset, sha256=bodies.CONTENT, version=1)
                use = bodies.usage(rights[depth], at, content=content)
                user = _registry_of(_bureau(first + depth))
                streams[(first + depth) % STREAMS].append(self._sign(user, use))
            yield streams

    def _appointments(self) -> list[bytes]:
        wanted: list[tuple[WriterId, tuple[Family, ...]]] = [
            *((writer, ("catalogue", "sharing")) for writer in _REGISTRIES),
            *((_registry_of(member), ("sharing", "use")) for member in CONSUMERS),
            ("steward/registry", ("cases",)),
        ]
        return [
            self._world.appoint(writer, families=families).envelope.encoded
            for writer, families in wanted
        ]

    def _catalogue(self) -> Iterator[Streams]:
        conditions = _terms(DEPTH)
        entries: list[DigestHex] = []
        streams: Streams = [[] for _ in _REGISTRIES]
        for n, dataset in enumerate(self._datasets):
            body = bodies.entry(code=f"R-{n}", conditions=conditions, dataset=dataset)
            record = self._world.sign(_REGISTRIES[n % STREAMS], body)
            streams[n % STREAMS].append(record.envelope.encoded)
            entries.append(record.digest)
        yield streams
        yield [
            [
                self._sign("steward/registry", bodies.case_step("approve", *sorted(part)))
                for part in _parts(entries, CASES_PER_STEP_MAX)
            ]
        ]
        released = [bodies.release_item(dataset) for dataset in sorted(self._datasets)]
        yield self._spread(bodies.release(*p) for p in _parts(released, RELEASES_PER_RECORD_MAX))

    def _rights(self) -> Iterator[Streams]:
        """All rights of one depth, then their acceptances, depth by depth."""
        parts = list(_parts(self._datasets[::2], ITEMS_MAX))
        chains: list[list[tuple[ItemId, ...]]] = [[() for _ in part] for part in parts]
        for depth in range(DEPTH):
            streams: Streams = [[] for _ in range(STREAMS)]
            for n, part in enumerate(parts):
                desk = _REGISTRIES[n % STREAMS]
                giver = desk if depth == 0 else _registry_of(_bureau(n + depth - 1))
                body = _giving(part, chains[n], _bureau(n + depth), DEPTH - 1 - depth)
                record = self._world.sign(giver, body)
                chains[n] = [
                    (*way, f"{record.digest}-{place}") for place, way in enumerate(chains[n])
                ]
                streams[(n + max(0, depth - 1)) % STREAMS].append(record.envelope.encoded)
            yield streams
            streams = [[] for _ in range(STREAMS)]
            for n, ways in enumerate(chains):
                taken = bodies.acceptance(*(way[-1] for way in ways))
                taker = _registry_of(_bureau(n + depth))
                streams[(n + depth) % STREAMS].append(self._sign(taker, taken))
            yield streams
        for n, part in enumerate(parts):
            self._chains += [(one, way, n) for one, way in zip(part, chains[n], strict=True)]

    def _spread(self, said: Iterator[Body]) -> Streams:
        streams: Streams = [[] for _ in _REGISTRIES]
        for n, body in enumerate(said):
            streams[n % STREAMS].append(self._sign(_REGISTRIES[n % STREAMS], body))
        return streams

    def _sign(self, writer: WriterId, body: Body) -> bytes:
        return self._world.sign(writer, body).envelope.encoded


def _giving(
    datasets: Sequence[DatasetId],
    above: Sequence[tuple[ItemId, ...]],
    taker: MemberId,
    delegable: int,
) -> Body:
    """Rights to `datasets`, from the provider, or under the last of the rights `above`."""
    terms = _terms(delegable)
    if not above[0]:
        return bodies.grant(
            *(bodies.grant_item(taker, dataset=dataset, terms=terms) for dataset in datasets)
        )
    items = (DelegationItem(grant=way[-1], members=(taker,), terms=terms) for way in above)
    return Delegation(items=tuple(items))


def _bureau(number: int) -> MemberId:
    return CONSUMERS[number % len(CONSUMERS)]


def _registry_of(member: MemberId) -> WriterId:
    """A writer of a bureau that does nothing but what is measured here."""
    return f"{member}/registry"


def _terms(delegable: int) -> Terms:
    return replace(bodies.TERMS, delegable=delegable)


def _parts(every: Sequence[T], length: int) -> Iterator[Sequence[T]]:
    return (every[start : start + length] for start in range(0, len(every), length))
