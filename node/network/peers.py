"""Other nodes: where they are, and how this node talks with them.

A peer is known by the member whose node it is. Its address comes from the settings, which an
operator may need for the first contact or a way around; else from its registration on the ledger.
Over https it is believed by the transport keys of that member alone; only where none is known, by
the authorities that this machine trusts. What has changed, address, keys or our own certificate, is
another `Peer`; who still waits for an answer of the one before gets it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Raw, Struct
from msgspec.json import Decoder

from ledger.keys import Signer
from ledger.note import NOTE_BYTES_MAX
from ledger.tiles import encode_bundle
from ledger.types import LEAF_BYTES_MAX, MemberId
from node.client.answers import BatchAnswer
from node.client.asynchronous import AsyncClient
from node.client.errors import ClientError, Unreachable
from node.client.flows import Answer, Flow, NoAnswer, Request, Retry, read
from node.client.log_source import HttpLog, LogSource
from node.logs import log
from node.replica import Replica
from node.settings import is_loopback
from node.surroundings import MACHINE, Surroundings

_ONCE: Final = Retry(attempts_max=1)
_FORWARDING: Final = Retry(attempts_max=3)
ANSWER_S: Final = 30.0
_OK: Final = 200
SUBMITTED_S_MAX: Final = 60.0
SHOWN_S_MAX: Final = 5.0
HEADS_MAX: Final = 256
"""So many writers one node tells of, and is believed to have."""
_NOTES_BYTES_MAX: Final = 4 * NOTE_BYTES_MAX
_HEADS_BYTES_MAX: Final = HEADS_MAX * (LEAF_BYTES_MAX + 1) + 1_024
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach a node. `token` is what it asks of readers."""

    url: str
    token: str | None = None


class Checkpoints(Struct, frozen=True):
    """`GET /v1/checkpoints`: the latest checkpoint of a node, and the latest final one."""

    latest: str
    final: str | None = None


class ToldHeads(Struct, frozen=True):
    """`GET /v1/heads`: records as they lie in the log, or would."""

    heads: tuple[Raw, ...]


_checkpoints = Decoder(Checkpoints)
_heads = Decoder(ToldHeads)
_batch = Decoder(BatchAnswer)


class Peer:
    """One other node. Close it."""

    def __init__(
        self,
        member: MemberId,
        address: Address,
        tls: ssl.SSLContext | None = None,
        surroundings: Surroundings = MACHINE,
        request_signer: Callable[[], Signer] | None = None,
    ) -> None:
        """`tls` says who is believed to be the node; `request_signer` as `AsyncClient` has it."""
        self.member = member
        self.address = address
        self.tls = tls
        self._asked = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._client = AsyncClient(
            address.url,
            transport=surroundings.transport,
            tls=tls,
            token=address.token,
            request_signer=request_signer,
            timeout_s=ANSWER_S,
            retry=_ONCE,
        )
        self._files = HttpLog(
            address.url,
            token=address.token,
            request_signer=request_signer,
            transport=surroundings.blocking_transport,
            tls=tls,
        )

    @property
    def files(self) -> LogSource:
        """Its checkpoint, tiles and entry bundles."""
        return self._files

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()
        self._files.close()

    async def close_gently(self) -> None:
        """The same, once nobody waits for an answer any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SUBMITTED_S_MAX):
                await self._is_idle.wait()
        await self.close()

    async def checkpoints(self, latest: int, final: int, wait_s: int) -> Checkpoints:
        """Its checkpoints, once one covers more leaves than these. Raises `ClientError`."""
        params = {"latest": str(latest), "final": str(final), "wait": str(wait_s)}
        request = Request("GET", "/v1/checkpoints", params, bytes_max=_NOTES_BYTES_MAX)
        return await self._within(wait_s + ANSWER_S, read(request, _checkpoints, _ONCE))

    async def submit(self, leaves: Sequence[bytes]) -> BatchAnswer:
        """Its answers to records, in order; what is sent twice is recorded once.

        Raises `ClientError`.
        """
        content = encode_bundle(leaves)
        request = Request("POST", "/v1/records/batch", {"proofs": "false"}, content)
        return await self._within(SUBMITTED_S_MAX, read(request, _batch, _FORWARDING))

    async def add_checkpoint(self, body: bytes) -> Answer | NoAnswer:
        """Its answer as a witness (c2sp.org/tlog-witness), whatever the status."""
        request = Request(
            "POST",
            "/add-checkpoint",
            content=body,
            content_type="text/plain",
            bytes_max=NOTE_BYTES_MAX,
        )
        return await self._within(ANSWER_S, _once(request))

    async def latest(self, origin: str) -> bytes | None:
        """What its witness cosigned last of a log; None if it shows nothing."""
        path = f"/{sha256(origin.encode()).hexdigest()}/checkpoint"
        request = Request("GET", path, accept="text/plain", bytes_max=NOTE_BYTES_MAX)
        answer = await self._within(ANSWER_S, _once(request))
        return answer.content if isinstance(answer, Answer) and answer.status == _OK else None

    async def heads(self) -> list[bytes]:
        """What the writers it signs for have signed next, as leaves. Raises `ClientError`."""
        request = Request("GET", "/v1/heads", bytes_max=_HEADS_BYTES_MAX)
        told = await self._within(ANSWER_S, read(request, _heads, _ONCE))
        return [bytes(one) for one in told.heads]

    async def _within(self, seconds: float, flow: Flow[T]) -> T:
        """What a flow comes to, however slowly the other speaks. Raises `Unreachable`."""
        self._asked += 1
        self._is_idle.clear()
        try:
            async with asyncio.timeout(seconds):
                return await self._client.run(flow)
        except TimeoutError as error:
            raise Unreachable(f"no whole answer within {seconds:.0f} seconds") from error
        except (OSError, ValueError, RuntimeError, ExceptionGroup) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        finally:
            self._asked -= 1
            if not self._asked:
                self._is_idle.set()


async def _latest_of(peer: Peer) -> bytes | None:
    try:
        async with asyncio.timeout(SHOWN_S_MAX):
            return (await peer.checkpoints(0, 0, 0)).latest.encode()
    except (ClientError, TimeoutError):
        return None


def _once(request: Request) -> Flow[Answer | NoAnswer]:
    """Whatever comes of a request sent once."""
    reply = yield request
    return NoAnswer("nothing came of it") if reply is None else reply


def is_safe(url: str) -> bool:
    """Whether an address is one to talk to: nobody on the way reads or alters what is said.

    >>> [is_safe(url) for url in ("https://node.example", "http://127.0.0.1:8700", "http://a.test")]
    [True, True, False]
    >>> [is_safe(url) for url in ("https://[::1", "https://a.test:99999", "", "https://")]
    [False, False, False, False]
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # a member may register any text
        return False
    is_local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


class PeerBook:
    """The nodes of other members, each by the address of the settings or of its registration."""

    def __init__(
        self,
        replica: Replica,
        own: MemberId,
        given: Mapping[MemberId, Address],
        surroundings: Surroundings = MACHINE,
        tls_for: Callable[[MemberId], ssl.SSLContext | None] = lambda _member: None,
        request_signer: Callable[[], Signer] | None = None,
    ) -> None:
        """`tls_for` has the context by which a member's node is believed, if its keys are known.

        `request_signer` gives the transport key: where a proxy ends TLS in front of a node, that
        node sees no certificate, and asks for signed requests.
        """
        self._replica = replica
        self._own = own
        self._given = given
        self._surroundings = surroundings
        self._tls_for = tls_for
        self._request_signer = request_signer
        self._peers: dict[MemberId, Peer] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, member: MemberId) -> Peer | None:
        """The node of a member; None where no address is known."""
        registered = self._replica.published.trust.endpoints.get(member, "")
        address = self._given.get(member) or (Address(registered) if is_safe(registered) else None)
        if address is None or member == self._own:
            return None
        peer = self._peers.get(member)
        tls = self._tls_for(member)
        if peer is None or peer.address != address or peer.tls is not tls:
            if peer is not None:
                self._let_go(peer)
            try:
                peer = self._peers[member] = Peer(
                    member, address, tls, self._surroundings, self._request_signer
                )
            except ClientError as error:  # whatever a member has registered, it stops nobody
                log.warning("peer-unreachable", peer=member, exc_info=error)
                return None
        return peer

    def orderer(self) -> MemberId | None:
        """Who orders records."""
        trust = self._replica.published.trust
        return trust.sequencer or next(iter(trust.orderers), None)

    def to_follow(self) -> list[Peer]:
        """Whose log to follow: that of who orders, then those of the settings and all others."""
        trust, first = self._replica.published.trust, self.orderer()
        named = () if first is None else (first,)
        members = dict.fromkeys((*named, *trust.orderers, *self._given, *trust.endpoints))
        return [peer for member in members if (peer := self.of(member)) is not None]

    async def latest_checkpoints(self) -> list[bytes]:
        """What all of these show, whoever of them answers soon."""
        shown = await asyncio.gather(*map(_latest_of, self.to_follow()))
        return [note for note in shown if note is not None]

    async def close(self) -> None:
        """Let go of all connections."""
        for task in self._closing:
            task.cancel()
        for peer in self._peers.values():
            await peer.close()

    def _let_go(self, peer: Peer) -> None:
        task = asyncio.ensure_future(peer.close_gently())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
