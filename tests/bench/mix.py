"""A consortium at work: what the benchmarks submit. The package's docstring states the mix."""

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from typing import Final

from contracts.replay import Block
from ledger.records import Record
from ledger.records.genesis import Parameters, Role
from ledger.records.sharing import RIGHTS_MAX
from ledger.records.terms import Terms
from ledger.types import ItemId, MemberId, Time, WriterId
from tests import bodies
from tests.world import World

CONSUMERS: Final[tuple[MemberId, ...]] = tuple(f"bureau-{n}" for n in range(8))
ROLES: Final[dict[MemberId, tuple[Role, ...]]] = {
    **dict.fromkeys(CONSUMERS, ()),
    "steward": ("sequencer", "steward"),
    "transport": (),
}
PROVIDER: Final[WriterId] = "transport/main"
STREAMS: Final = 4
CYCLE_RECORDS: Final = 20
USES_PER_RIGHT: Final = 4
_ITEMS: Final = RIGHTS_MAX // len(CONSUMERS)

Streams = list[list[bytes]]
"""Signed records; those of one stream must be submitted in order, streams may overtake."""


def gateway_of(member: MemberId) -> WriterId:
    """A consumer's second writer: it reports use only."""
    return f"{member}/gateway"


def desk_of(member: MemberId) -> WriterId:
    """The provider's writer that answers this consumer."""
    return f"transport/{member}"


class Consortium:
    """A ledger on which one dataset has been published and `rights` rights to it are in force."""

    def __init__(self, rights: int, parameters: Parameters | None = None) -> None:
        self.world = World.genesis(ROLES, parameters=parameters)
        self._appoint()
        self._publish()
        self.rights: dict[MemberId, list[ItemId]] = {member: [] for member in CONSUMERS}
        while sum(map(len, self.rights.values())) < rights:
            for member, given in self.grant(bodies.TERMS).items():
                self.rights[member] += given
        self._used_at: Time = self.world.now
        self._turns: dict[MemberId, Iterator[tuple[WriterId, ItemId]]] = {}
        self._rewind()
        self.world.accept(self._use(CONSUMERS[0], None))

    @property
    def blocks(self) -> list[Block]:
        """Every block after genesis."""
        return self.world.blocks

    def mix(self, count: int, issued_at: Time | None = None) -> Streams:
        """`count` records of the mix, to be submitted after the blocks."""
        cycles = count // CYCLE_RECORDS
        return self._streams(cycles, lambda member: self._cycle(member, issued_at))

    def reports(self, count: int, events: int) -> Streams:
        """Records that each report `events` uses, one by one; also after the blocks."""
        rows = range(1, events + 1)
        return self._streams(count, lambda member: [self._use(member, None, rows)])

    def grant(self, terms: Terms) -> dict[MemberId, list[ItemId]]:
        """Offer every consumer `_ITEMS` rights, and let it accept them."""
        item = bodies.grant_item(*CONSUMERS, terms=terms)
        record = self.world.sign(PROVIDER, bodies.grant(*[item] * _ITEMS))
        self.world.accept(record)
        given = {}
        for number, member in enumerate(CONSUMERS):
            places = range(number, RIGHTS_MAX, len(CONSUMERS))
            given[member] = [f"{record.digest}-{place}" for place in places]
            accepted = bodies.acceptance(*given[member])
            self.world.accept(self.world.sign(f"{member}/main", accepted))
        return given

    def _streams(self, turns: int, make: Callable[[MemberId], Iterable[Record]]) -> Streams:
        """What the consumers have signed for them in turn, from the end of the blocks on."""
        self._rewind()
        streams: Streams = [[] for _ in range(STREAMS)]
        for turn, member in enumerate(islice(cycle(CONSUMERS), turns)):
            streams[turn % STREAMS] += [record.envelope.encoded for record in make(member)]
        return streams

    def _rewind(self) -> None:
        self.world._chains.clear()
        for member in CONSUMERS:
            writers = cycle((f"{member}/main", gateway_of(member)))
            self._turns[member] = zip(writers, cycle(self.rights[member]), strict=False)

    def _cycle(self, member: MemberId, issued_at: Time | None) -> Iterator[Record]:
        sign = self.world.sign
        asked = bodies.request(bodies.request_item(self._entry))
        asks = sign(f"{member}/main", asked, issued_at=issued_at)
        yield asks
        for _ in range(CYCLE_RECORDS - 2):
            yield self._use(member, issued_at)
        given = bodies.grant(bodies.grant_item(member, request=f"{asks.digest}-0"))
        yield sign(desk_of(member), given, issued_at=issued_at)

    def _use(self, member: MemberId, issued_at: Time | None, rows: range = range(1, 2)) -> Record:
        writer, right = next(self._turns[member])
        return self.world.sign(
            writer, bodies.usage(right, self._used_at, rows=rows), issued_at=issued_at
        )

    def _appoint(self) -> None:
        world = self.world
        for member in CONSUMERS:
            gateway = world.appoint(gateway_of(member), families=("use",))
            desk = world.appoint(desk_of(member), families=("sharing",))
            world.accept(gateway, desk)

    def _publish(self) -> None:
        world = self.world
        entry = [world.sign(PROVIDER, bodies.schema()), world.sign(PROVIDER, bodies.entry())]
        world.accept(*entry)
        self._entry = entry[-1].digest
        world.accept(world.sign("steward/main", bodies.case_step("approve", self._entry)))
        world.accept(world.sign(PROVIDER, bodies.release()))
