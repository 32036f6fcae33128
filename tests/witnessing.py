"""A witness in process: its replica, its file and its routes are real, its clock a test sets.

with witness_of(tmp_path, witnessed_world()) as bench:
async with asking(bench.witness) as client:
await client.post("/add-checkpoint", content=bench.offer(0, 12))
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import httpx
from fastapi import FastAPI

from ledger.cosignature import witness_name
from ledger.times import to_ms
from ledger.types import Digest, MemberId
from node.api import faults, network
from node.api.service import Bodies
from node.network.cosigned import CosignedStore
from node.network.offers import encode_offer
from node.network.vigilance import Vigilance
from node.network.witness import Identity, ReplayedLog, Witness
from node.replica import Replica
from tests.log_files import sign
from tests.nodes import Clock
from tests.reference import naive_tree
from tests.world import ORIGIN, SECOND_MS, World, witness_signers

MEMBER: Final = "health"


def offer_of(leaves: Sequence[bytes], old: int, note: bytes) -> bytes:
    """A request to cosign the checkpoint of these leaves, with its proof."""
    return encode_offer(old, consistency(leaves, old), note)


def consistency(leaves: Sequence[bytes], old: int) -> Sequence[Digest]:
    """The proof that the log has grown from its first `old` leaves; none from nothing, as asked."""
    return naive_tree.proof(old, list(leaves)) if 0 < old < len(leaves) else ()


@dataclass
class Bench:
    """A witness of a ledger, and what it works with."""

    world: World
    replica: Replica
    clock: Clock
    store: CosignedStore
    watch: Vigilance
    log: ReplayedLog
    witness: Witness
    path: Path

    @property
    def sizes(self) -> list[int]:
        """The sizes at which blocks end."""
        return [result.head.size for result in self.world.results]

    def offer(self, old: int, new: int, note: bytes | None = None) -> bytes:
        """A request as the ledger's orderer makes it."""
        leaves = self.world.leaves[:new]
        return offer_of(leaves, old, sign(leaves) if note is None else note)


@contextmanager
def witness_of(
    folder: Path, world: World, replica: Replica, member: MemberId = MEMBER
) -> Iterator[Bench]:
    """The witness of a member whose node has come as far as `world`."""
    path = folder / "witness.db"
    store = CosignedStore(path)
    clock = Clock(to_ms(world.now) + SECOND_MS)
    watch = Vigilance(replica, folder / "evidence", clock)
    identity = Identity(witness_name(ORIGIN, member), witness_signers(member))
    log = ReplayedLog(replica, identity, clock, watch=watch)
    witness = Witness([log], store, clock)
    yield Bench(world, replica, clock, store, watch, log, witness, path)
    watch.close()
    store.close()


@asynccontextmanager
async def asking(witness: Witness | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes for a witness."""
    app = FastAPI()
    app.include_router(network.router)
    faults.add_handlers(app)
    app.state.service = SimpleNamespace(witness=witness, bodies=Bodies())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
