"""A node that offers snapshots, in process: its replica is real, its lies are a test's.

peer = SnapshotPeer(folder, witnessed_world())
peer.grow(); peer.cosign()                     # blocks; the newest checkpoint becomes final
peer.altered["v1/snapshots/24/0"] = b"…"       # instead of what it would answer
"""

import asyncio
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.json import encode

from ledger.checkpoint import log_key, parse_checkpoint, witness_key
from ledger.cosignature import witness_name
from ledger.note import add_signatures, parse_note
from ledger.policy import Policy, consortium_policy
from ledger.tiles import Bundle, parse_tile_path
from ledger.types import MemberId
from node.client.answers import BatchAnswer
from node.client.errors import Unreachable
from node.client.log_source import SourceError
from node.network.peers import Checkpoints
from node.network.witness import Identity
from node.reader import Reader
from node.replica import Replica
from node.snapshots import Snapshots
from node.storage.disk import DiskGuard
from tests import bodies
from tests.log_files import log_signers
from tests.network import witnessed_world
from tests.nodes import close, open_replica
from tests.world import ORIGIN, World, witness_signers

Altered = bytes | None | Callable[[bytes | None], bytes | None]


def policy_of_one() -> Policy:
    """The log's keys, and the witness of `audit`: enough where a ledger asks for no quorum."""
    keys = [witness_key(ORIGIN, "audit", one.public_key) for one in witness_signers("audit")]
    logs = [log_key(ORIGIN, one.public_key) for one in log_signers()]
    return consortium_policy(logs, {"audit": keys}, quorum=1)


@dataclass
class SnapshotPeer:
    """A peer, and what it reads from; `log` is what it was asked for.

    Its replica is one that is `given`, or one that has come as far as its world.
    """

    folder: Path
    world: World = field(default_factory=witnessed_world)
    member: MemberId = "steward"
    altered: dict[str, Altered] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    final: bytes | None = None
    latest: bytes | None = None
    is_silent: bool = False
    given: Replica | None = None
    replica: Replica = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.replica = self.given or open_replica(self.folder / "ledger.db", self.world)
        self._reader = Reader(self.replica)
        self._offers = Snapshots(
            self.replica, self.folder / "offered", 1, DiskGuard(self.folder, 0)
        )

    @property
    def files(self) -> "SnapshotPeer":
        """As `Peer.files`."""
        return self

    def close(self) -> None:
        """Let go of the database."""
        self._offers.close()
        if self.given is None:
            close(self.replica)

    def grow(self, blocks: int = 1, records: int = 1, name: str = "c") -> None:
        """So many blocks of so many records; another name makes it another history."""
        for _ in range(blocks):
            size = self.replica.head.size
            said = (bodies.schema(f"{name}{size + n}") for n in range(records))
            self.world.accept(*(self.world.sign("health/main", one) for one in said))
            self.replica.apply(self.world.blocks[-1])

    def cosign(self, *members: MemberId) -> bytes:
        """Its newest checkpoint with the cosignatures of members, by default a quorum: final."""
        note = self.latest or self.replica.published.checkpoint
        checkpoint = parse_checkpoint(parse_note(note).text)
        for member in members or ("audit", "health", "steward"):
            identity = Identity(witness_name(ORIGIN, member), witness_signers(member))
            note = add_signatures(note, identity.cosign(checkpoint, 1_700_000_000))
        self.final = note
        return note

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """As `LogSource.read`."""
        self.log.append(path)
        data = self._answer(path)
        altered = self.altered.get(path, data)
        data = altered(data) if callable(altered) else altered
        if data is not None and len(data) > bytes_max:
            raise SourceError(f"{path} has more than {bytes_max} bytes")
        return data

    async def checkpoints(self, latest: int, _final: int, wait_s: int) -> Checkpoints:
        """Waits as a node does, if there is nothing new."""
        if self.is_silent:
            raise Unreachable("silent")
        if wait_s and latest == self.replica.head.size:
            await asyncio.sleep(0.02)
        note = self.latest or self.replica.published.checkpoint
        return Checkpoints(note.decode(), None if self.final is None else self.final.decode())

    async def submit(self, leaves: Sequence[bytes]) -> BatchAnswer:
        """It takes nothing."""
        raise Unreachable(f"takes none of {len(leaves)}")

    def _answer(self, path: str) -> bytes | None:
        if path == "v1/snapshot":
            offer = self._offers.latest()
            if offer is None:
                raise SourceError("503")
            return encode(offer)
        if path.startswith("v1/snapshots/"):
            size, number = map(int, path.split("/")[2:])
            part = self._offers.part(size, number)
            return None if part is None else gzip.decompress(part)
        name = parse_tile_path(path)
        return self._reader.bundle(name) if isinstance(name, Bundle) else self._reader.tile(name)
