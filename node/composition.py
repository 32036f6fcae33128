"""The parts of a node, opened, connected and started; in the end stopped and closed, in turn.

database ── store ── replica ── engine ── pipeline ──┬── API
                        │       (shares)   (counted) └── signer for local systems, outbox
                        └── reader, news ── webhook
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ledger.cosignature import witness_name
from ledger.keys import Signer
from ledger.times import to_ms
from ledger.types import MemberId, WriterId
from node.announcements import Audience
from node.api.health import readings
from node.api.service import Service
from node.api.tokens import read_shown_token
from node.background import in_background
from node.client.clock import Clock
from node.client.secret_files import read_secret
from node.engine.embedded import EmbeddedEngine, Limits
from node.joined import believed_policy, joining, log_keys_of
from node.logs import log
from node.maintenance import require_log_keys
from node.metrics import MeasuredApplication, MeasuredPipeline, Metrics
from node.network.beginning import require_latest
from node.network.cosigned import CosignedStore
from node.network.cosigning import Cosigner, Cosigning, OwnCosigner
from node.network.following import FollowingEngine
from node.network.foreign import witnessed
from node.network.forwarding import reach
from node.network.heads import Heads
from node.network.peers import Address, PeerBook
from node.network.succession import Parts, SuccessionEngine
from node.network.vigilance import Vigilance
from node.network.witness import Identity, ReplayedLog, Witness, WitnessedLog
from node.news import News
from node.outbox import Outbox
from node.pipeline import Pipeline, VerifiedSignatures
from node.quota import SharedOrdering, Shares
from node.reader import Reader
from node.replica import CacheSizes, Replica, ReplicaError, origin_of
from node.settings import LocalSigning as LocalSigningSettings
from node.settings import Settings
from node.settings import Webhook as WebhookSettings
from node.signer import LocalSigner
from node.snapshots import Snapshots
from node.storage.database import open_database
from node.storage.disk import DiskGuard
from node.storage.store import SqlStore
from node.surroundings import MACHINE, Surroundings
from node.tls.opening import open_tls, request_signer_of
from node.verification import Verifier, processes_for
from node.webhook import Target, Webhook, parse_secret

CLOCK_S_MAX: Final = 60
"""A last block this far ahead of the clock is worth a warning."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys a node holds. `witness` cosigns the ledger's log, `foreign` logs of others.

    `writers` are those of local systems for which it signs.
    """

    log: Sequence[Signer] = ()
    writers: Mapping[WriterId, Signer] = field(default_factory=dict)
    witness: Sequence[Signer] = ()
    foreign: Sequence[Signer] = ()


@asynccontextmanager
async def running(
    settings: Settings,
    keys: Keys,
    metrics: Metrics,
    surroundings: Surroundings = MACHINE,
    *,
    takes_over: bool = False,
) -> AsyncIterator[Service]:
    """A node at work; with `takes_over` it orders from now on, in place of who is in office.

    Raises `ReplicaError`, `SecretError`, `OutboxError`, `WebhookError`, `CosignedError`.
    """
    async with AsyncExitStack() as stack:
        service = _compose(settings, keys, metrics, surroundings, stack, takes_over=takes_over)
        _check_clock(service)
        await service.engine.start()
        stack.push_async_callback(service.engine.stop)
        if service.joining is not None:
            stack.push_async_callback(service.joining.close)
        if service.local_signer is not None:
            await service.local_signer.start()
            stack.push_async_callback(service.local_signer.stop)
        stack.callback(service.news.close)
        _until_stopped(in_background("heads", service.heads.run()), stack)
        _until_stopped(in_background("certificate", service.tls.watch()), stack)
        if settings.webhook is not None:
            _announce(settings.webhook, service, stack)
        yield service


def _compose(
    settings: Settings,
    keys: Keys,
    metrics: Metrics,
    surroundings: Surroundings,
    stack: AsyncExitStack,
    *,
    takes_over: bool,
) -> Service:
    """The parts, connected; `stack` closes them."""
    store = SqlStore(open_database(settings.database))
    stack.callback(store.engine.dispose)
    origin, genesis, _ = origin_of(store)
    if settings.orders:
        require_log_keys(store, settings, keys.log)
    signatures = VerifiedSignatures()
    cache = CacheSizes(settings.cache.values_max, settings.cache.nodes_max)
    policy = believed_policy(settings.believed_policy)
    also = log_keys_of(policy)
    replica = Replica(store, origin, keys.log, verify=signatures, cache=cache, also=also)
    stack.callback(replica.close)
    news = News()
    replica.subscribe(lambda _published, _block, _result: news.publish())
    clock = Clock(settings.clock_offset_days, surroundings.time_ns)
    verifier = _verifier(settings)
    stack.callback(verifier.close)
    tls = open_tls(settings, replica)
    open_peers = partial(
        PeerBook,
        replica,
        settings.member,
        _addresses(settings),
        surroundings,
        tls.calling,
        request_signer_of(settings),
    )
    peers = open_peers()
    stack.push_async_callback(peers.close)
    snapshots = settings.snapshots
    room = DiskGuard(snapshots.folder, settings.disk_reserve_bytes, surroundings.free_bytes)
    vigilance = Vigilance(replica, settings.evidence, clock)
    stack.callback(vigilance.close)

    def follow(
        of: Replica, told: News, asked: PeerBook, watch: Vigilance, **how: Any
    ) -> FollowingEngine:
        return FollowingEngine(of, signatures, verifier, told, asked, watch, also, **how)

    gate = joining(
        settings, policy, replica, signatures, news, room, open_peers, vigilance.standing, follow
    )
    replayed = partial(
        ReplayedLog,
        replica,
        clock_ms=clock,
        reach=partial(reach, replica, news),
        watch=vigilance,
    )
    witness = _witness(settings, keys, replica, replayed, clock, stack)
    cosigner_of = _cosigners(settings.member, witness, peers)
    cosigning = Cosigning(replica, news, cosigner_of)
    application = MeasuredApplication(replica, metrics)
    parts = Parts(
        application,
        order=lambda may_begin, may_go_on: EmbeddedEngine(
            application, settings.member, _limits(settings), clock, may_begin, may_go_on
        ),
        follow=lambda is_over: follow(replica, news, peers, vigilance, is_over=is_over, gate=gate),
        require_latest=partial(require_latest, replica, cosigner_of, peers.latest_checkpoints),
        cosign=cosigning.run,
    )
    engine = SuccessionEngine(
        replica, settings.member, vigilance.standing, parts, clock, takes_over=takes_over
    )
    shares = Shares(settings.blocks.waiting_per_key_max)
    shared = SharedOrdering(engine, shares, signatures.holds, metrics.count_signers)
    folder = settings.own_folder
    disk = DiskGuard(folder, settings.disk_reserve_bytes, surroundings.free_bytes)
    pipeline = MeasuredPipeline(
        Pipeline(replica, shared, signatures, verifier, disk.check), metrics
    )
    stack.callback(pipeline.close)
    signer = _local_signer(settings.local_signing, keys.writers, replica, pipeline, clock, stack)
    service = Service(
        genesis,
        replica,
        engine,
        pipeline,
        Reader(replica),
        news,
        Heads(replica, peers, _no_heads if signer is None else signer.heads, pipeline.submit),
        vigilance,
        tls,
        local_signer=signer,
        cosigning=cosigning,
        witness=witness,
        joining=gate,
        snapshots=_offers(settings, replica, room, stack),
        clock=clock,
    )
    metrics.read_from(partial(readings, service, disk))
    return service


def _offers(
    settings: Settings, replica: Replica, room: DiskGuard, stack: AsyncExitStack
) -> Snapshots | None:
    """The snapshots this node offers, if it is to offer any."""
    if settings.snapshots.every_leaves == 0:
        return None
    folder = settings.snapshots.folder / "offered"
    offers = Snapshots(replica, folder, settings.snapshots.every_leaves, room)
    stack.callback(offers.close)
    return offers


def _addresses(settings: Settings) -> Mapping[MemberId, Address]:
    """Those of the settings. Raises `SecretError`."""
    found = {}
    for one in settings.peers:
        token = None if one.token_file is None else read_shown_token(one.token_file)
        found[one.member] = Address(one.url, token)
    return found


def _witness(
    settings: Settings,
    keys: Keys,
    replica: Replica,
    replayed: Callable[..., ReplayedLog],
    clock: Clock,
    stack: AsyncExitStack,
) -> Witness | None:
    """This node as a witness, if it holds the keys. Raises `SecretError`."""
    given = settings.witness
    if given is None:
        return None
    own = Identity(witness_name(replica.origin, settings.member), keys.witness)
    log = replayed(identity=own)
    others: Sequence[WitnessedLog] = ()
    if given.foreign_name is not None:
        foreign = Identity(given.foreign_name, keys.foreign)
        logs = {one.known_as: one.keys for one in given.logs}
        others = witnessed(logs, foreign, log, replica.keys)
    store = CosignedStore(given.database)
    stack.callback(store.close)
    return Witness([log, *others], store, clock)


def _cosigners(
    own: MemberId, witness: Witness | None, peers: PeerBook
) -> Callable[[MemberId], Cosigner | None]:
    """How a witness is asked: another one over the network, this node itself without."""

    def cosigner_of(member: MemberId) -> Cosigner | None:
        if member != own:
            return peers.of(member)
        return None if witness is None else OwnCosigner(witness)

    return cosigner_of


def _until_stopped(task: asyncio.Task[None], stack: AsyncExitStack) -> None:
    """Have a task end before the parts it reads from."""

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(stop)


def _verifier(settings: Settings) -> Verifier:
    processes = settings.verify_processes
    return Verifier(processes_for(os.cpu_count()) if processes is None else processes)


def _limits(settings: Settings) -> Limits:
    blocks = settings.blocks
    return Limits(
        records_max=blocks.records_max,
        linger_ms=blocks.linger_ms,
        waiting_max=blocks.waiting_max,
    )


def _local_signer(
    settings: LocalSigningSettings | None,
    writer_signers: Mapping[WriterId, Signer],
    replica: Replica,
    pipeline: MeasuredPipeline,
    clock: Clock,
    stack: AsyncExitStack,
) -> LocalSigner | None:
    if settings is None:
        return None
    outbox = Outbox(settings.outbox)
    stack.callback(outbox.close)
    return LocalSigner(
        replica.head.ledger,
        writer_signers,
        outbox,
        pipeline,
        is_settled=replica.is_settled,
        clock_ms=clock,
    )


def _no_heads() -> Sequence[bytes]:
    """Of a node that signs for nobody."""
    return ()


def _announce(settings: WebhookSettings, service: Service, stack: AsyncExitStack) -> None:
    """Post what happens, in a task that ends before the parts it reads from."""
    target = Target(
        settings.url,
        parse_secret(read_secret(settings.secret_file)),
        settings.place,
        Audience(settings.members),
    )
    webhook = Webhook(service.replica, service.news, target, clock_ms=service.clock)
    _until_stopped(in_background("webhook", _once_whole(service, webhook.run)), stack)


async def _once_whole(service: Service, work: Callable[[], Awaitable[None]]) -> None:
    """Do what reads the whole log, once it is here."""
    if service.joining is not None:
        await service.joining.whole.wait()
    await work()


def _check_clock(service: Service) -> None:
    """Blocks go on from the last one's time, however late it is; so nobody would notice.

    Raises `ReplicaError` where an exercise's clock is behind the ledger: it would stand still.
    """
    offset_days = service.clock.offset_days
    ahead_s = (to_ms(service.replica.head.time) - service.clock()) // 1_000
    is_behind = ahead_s > CLOCK_S_MAX
    if offset_days and is_behind:
        raise ReplicaError(f"clock_offset_days = {offset_days} is earlier than the last block")
    if offset_days:
        log.warning("exercise-clock", offset_days=offset_days)
    if is_behind:
        log.warning("clock-behind", seconds=ahead_s)
