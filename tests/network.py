"""A ledger held by four nodes: the steward's orders, the others follow; all of them cosign.

    network = Network(tmp_path)
    with network.node("steward"), network.node("health") as health:      # processes, real sockets
        health.submit(network.world.sign("health/main", bodies.schema()))

Each node has its own folder, database and port; they know one another by their settings. With
`is_tls` they speak TLS, each with a transport key that is registered, as departments do.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from contracts.audit import policy_in
from ledger.canonical import encode
from ledger.keys import PrivateKey, encode_private_key_unencrypted
from ledger.policy import Policy
from ledger.records import Record
from ledger.records.genesis import Parameters, Role
from ledger.records.nodes import NodeRegistration, WitnessKeys
from ledger.types import MemberId
from node.client.certificates import issue
from node.client.pinning import pinned
from node.replica import initialise
from node.settings import Peer, Settings, Tls, Witness
from node.storage.database import open_database
from node.storage.store import SqlStore
from tests.node_process import NodeProcess, free_port, node_process
from tests.nodes import close, open_replica
from tests.served import file_of, settings_in
from tests.world import ORIGIN, World, signer, witness_signers

T = TypeVar("T")
ROLES: Final[Mapping[MemberId, tuple[Role, ...]]] = {
    "audit": ("auditor", "committee", "witness"),
    "health": ("committee", "witness"),
    "steward": ("committee", "sequencer", "steward", "witness"),
    "transport": ("government", "witness"),
    "weather": (),
}
ORDERER: Final = "steward"
DEPUTY: Final = "transport"
WITH_DEPUTY: Final[Mapping[MemberId, tuple[Role, ...]]] = {
    **ROLES,
    DEPUTY: ("government", "sequencer", "witness"),
}
WAIT_S_MAX: Final = 30


def witnessed_world(
    quorum: int = 3,
    roles_of: Mapping[MemberId, tuple[Role, ...]] = ROLES,
    *,
    is_tls: bool = False,
) -> World:
    """A world whose witnesses have registered their nodes, with `is_tls` transport keys too."""
    world = World.genesis(roles_of, parameters=Parameters(quorum=quorum))
    for member, roles in roles_of.items():
        if "witness" in roles:
            transport = [transport_signer(member)] if is_tls else []
            world.accept(registered(world, member, transport=transport))
    return world


def transport_signer(member: MemberId, label: str = "transport") -> PrivateKey:
    """A transport key of a member."""
    return signer(f"{member}/{label}")


def registered(
    world: World,
    member: MemberId,
    label: str | None = None,
    transport: Sequence[PrivateKey] = (),
    endpoint: str = "",
) -> Record:
    """The custodian's registration of a member's node; its keys are called after it, or `label`."""
    ed25519, ml_dsa = witness_signers(label or member)
    keys = WitnessKeys(
        ed25519=ed25519.public_key.description, ml_dsa44=ml_dsa.public_key.description
    )
    body = NodeRegistration(
        endpoint=endpoint or f"https://node.{member}.example",
        transport=tuple(one.public_key.description for one in transport),
        witness=keys,
    )
    known = {name.removeprefix("key/") for name in world.state.keys("key/")}
    new = [one for one in (ed25519, ml_dsa, *transport) if one.public_key.keyid not in known]
    return world.sign(f"{member}/custodian", body, *new)


def write_key(file: Path, key: PrivateKey) -> Path:
    """A key file that was not there, and its public half beside it."""
    file.touch(0o600)
    file.write_bytes(encode_private_key_unencrypted(key))
    file.with_suffix(".pub").write_bytes(encode(key.public_key.description))
    return file


@dataclass
class Network:
    """The nodes of a ledger, not yet running. The orderer's has the world's log from the start."""

    folder: Path
    world: World = field(default_factory=witnessed_world)
    roles: Mapping[MemberId, tuple[Role, ...]] = field(default_factory=lambda: ROLES)
    ports: dict[MemberId, int] = field(default_factory=dict)
    is_tls: bool = False

    @property
    def policy(self) -> Policy:
        """Whom to believe: the log's keys, and a quorum of the witnesses."""
        return policy_in(self.world.state, ORIGIN)

    def url(self, member: MemberId) -> str:
        """Where a member's node listens."""
        scheme = "https" if self.is_tls else "http"
        return f"{scheme}://127.0.0.1:{self.ports.setdefault(member, free_port())}"

    def key_file(self, member: MemberId) -> Path:
        """Where a member's transport key is, its public half beside it."""
        file = self.folder / member / "transport.pem"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            write_key(file, transport_signer(member))
        return file

    def peer(self, member: MemberId) -> Peer:
        """A member's node in the settings of another one."""
        key = self.key_file(member).with_suffix(".pub") if self.is_tls else None
        return Peer(member=member, url=self.url(member), key=key)

    def settings(self, member: MemberId, **changes: object) -> Settings:
        """The settings of a member's node."""
        folder = self.folder / member
        folder.mkdir(exist_ok=True)
        orders = "sequencer" in self.roles[member]
        others = [one for one in self.roles if one != member]
        given: dict[str, object] = {
            "member": member,
            "peers": tuple(self.peer(one) for one in others),
            "port": int(self.url(member).rpartition(":")[2]),
            "evidence": folder / "evidence",
        }
        if self.is_tls:
            key = self.key_file(member)
            given["tls"] = Tls(key=key, next_key=key.with_name("transport-next.pem"))
        if not orders:
            given |= {"log_key": None, "log_key_pq": None}
        if "witness" in self.roles[member]:
            given["witness"] = Witness(
                key=folder / "w.pem", key_pq=folder / "w-pq.pem", database=folder / "witness.db"
            )
        return settings_in(folder, **{**given, **changes})

    @contextmanager
    def node(
        self, member: MemberId, *, takes_over: bool = False, **changes: object
    ) -> Iterator["Member"]:
        """A member's node, from when it answers. The orderer's has the log of the world."""
        settings = self.settings(member, **changes)
        if not file_of(settings).exists():
            if member == ORDERER:
                close(open_replica(settings.database, self.world))
            else:
                store = SqlStore(open_database(settings.database))
                initialise(store, self.world.leaves[0])
                store.engine.dispose()
        with (
            node_process(settings, takes_over=takes_over) as process,
            self.client(member, process) as client,
        ):
            yield Member(process, client)

    def client(self, member: MemberId, process: NodeProcess) -> httpx.Client:
        """A client of a member's node; over TLS it is that of a department system."""
        if not self.is_tls:
            return httpx.Client(base_url=process.url)
        leaf = issue(transport_signer("health"), [], time.time())
        tls = pinned([transport_signer(member).public_key], leaf)
        return httpx.Client(base_url=process.url, verify=tls)

    def backup(self, member: MemberId) -> bytes:
        """The database of a running node as SQLite copies it."""
        copy = self.folder / f"{member}.backup"
        source = sqlite3.connect(file_of(self.settings(member)))
        target = sqlite3.connect(copy)
        with target:
            source.backup(target)
        source.close()
        target.close()
        return copy.read_bytes()

    def restore(self, member: MemberId, backup: bytes) -> None:
        """The same in the place of what the node has."""
        database = file_of(self.settings(member))
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        database.write_bytes(backup)


@dataclass(frozen=True)
class Member:
    """A running node and a client of it."""

    process: NodeProcess
    client: httpx.Client

    def post(self, record: Record, until: str = "block") -> httpx.Response:
        """The answer to a record."""
        return self.client.post(
            "/v1/records",
            content=record.envelope.encoded,
            params={"until": until},
            headers={"Content-Type": "application/json"},
            timeout=WAIT_S_MAX,
        )

    def submit(self, record: Record, until: str = "block") -> dict[str, Any]:
        """The answer to a record that is accepted."""
        answer = self.post(record, until)
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        return told

    def insist(self, record: Record, until: str = "block") -> dict[str, Any]:
        """The answer to a record that is accepted, sent again as long as nobody takes it."""

        def answered() -> dict[str, Any]:
            answer = self.post(record, until)
            assert answer.status_code in (200, 201, 503), answer.text
            return {} if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer.json()

        return eventually(answered)

    def size(self) -> int:
        """How many leaves it has published; 0 while it has no checkpoint."""
        answer = self.client.get("/v1/ledger")
        return int(answer.json()["size"]) if answer.status_code == httpx.codes.OK else 0

    def root(self) -> str:
        """The root of its latest checkpoint."""
        return self.client.get("/checkpoint").text.split("\n")[2]

    def witnesses(self) -> dict[str, Any]:
        """Who cosigns, as this node tells."""
        told: dict[str, Any] = self.client.get("/v1/witnesses").json()
        return told


def eventually(ask: Callable[[], T], wait_s: float = WAIT_S_MAX) -> T:
    """What `ask` comes to, once that is true."""
    deadline = time.monotonic() + wait_s
    while not (told := ask()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return told
