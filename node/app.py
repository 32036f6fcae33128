"""The composition root: from settings to a running service.

`initialise` founds a ledger in an empty folder, `serve` runs the node until it is told to stop,
`create_app` builds the service around a database; tests use it in process.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from ledger.checkpoint import log_key
from ledger.keys import Signer, parse_public_key
from ledger.policy import Policy, consortium_policy
from ledger.records import Genesis
from ledger.records.genesis import log_key_descriptions
from ledger.types import WriterId
from node.api import events, lists, log, records, state, statements
from node.api.problems import ApiError, respond
from node.api.service import LocalSigning, Service
from node.engine.embedded import EmbeddedEngine, Limits
from node.news import News
from node.outbox import Outbox
from node.pipeline import Pipeline, VerifiedSignatures
from node.reader import Reader
from node.replica import CacheSizes, Replica, ReplicaError, initialise, origin_of
from node.settings import Settings
from node.signer import LocalSigner
from node.storage.database import open_database
from node.storage.disk import DiskGuard
from node.storage.store import SqlStore
from node.views.rebuild import rebuild

GRACE_S: Final = 20
TOKEN_BYTES_MIN: Final = 16
_log = logging.getLogger("blockpool")


def found_ledger(settings: Settings, genesis_leaf: bytes) -> None:
    """Found the ledger of a genesis record in the database of `settings`."""
    store = SqlStore(open_database(settings.database))
    initialise(store, genesis_leaf)
    store.engine.dispose()


def rebuild_views(settings: Settings) -> int:
    """Drop the views and make them anew from the log; returns its size. The node must not run."""
    store = SqlStore(open_database(settings.database))
    try:
        return rebuild(store)
    finally:
        store.engine.dispose()


def serve(
    settings: Settings,
    log_signers: Sequence[Signer],
    writer_signers: Mapping[WriterId, Signer] = MappingProxyType({}),
) -> int:
    """Run the node until it is told to stop; returns the exit code.

    `writer_signers` are the keys of `settings.local_signing`, loaded.
    """
    app = create_app(settings, log_signers, writer_signers)
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    app.state.stop = lambda: setattr(server, "should_exit", True)
    server.before_shutdown = lambda: app.state.service.news.close()  # noqa: PLW0108  made later
    for stopping in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal anew once all is shut down; being told to stop is no failure
        signal.signal(stopping, lambda _number, _frame: None)
    server.run()
    return 0 if server.started and not app.state.failed else 1


class _Server(uvicorn.Server):
    """A server that ends its event streams when it is told to stop, instead of waiting for them."""

    before_shutdown: Callable[[], None] = staticmethod(lambda: None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.before_shutdown()
        await super().shutdown(sockets)


def own_policy(genesis: Genesis) -> Policy:
    """The policy a ledger's own genesis states: its log keys; trust in it is trust in them."""
    keys = [
        log_key(genesis.origin, parse_public_key(description))
        for description in log_key_descriptions(genesis)
    ]
    return consortium_policy(keys, {}, 0)


def create_app(
    settings: Settings,
    log_signers: Sequence[Signer],
    writer_signers: Mapping[WriterId, Signer] = MappingProxyType({}),
) -> FastAPI:
    """The service over the database of `settings`."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = _compose(settings, log_signers, writer_signers)
        app.state.service = service
        await service.engine.start()
        watch = asyncio.create_task(_watch(app, service))
        if service.local is not None:
            await service.local.signer.start()
        try:
            yield
        finally:
            service.news.close()
            if service.local is not None:
                await service.local.signer.stop()
                service.local.outbox.close()
            await service.engine.stop()
            await watch
            service.pipeline.close()
            service.replica.close()
            service.replica.store.engine.dispose()

    app = FastAPI(title="blockpool", version="1", lifespan=lifespan)
    app.state.failed = False
    app.state.stop = lambda: None
    for router in (
        records.router,
        statements.router,
        state.router,
        lists.router,
        events.router,
        log.router,
    ):
        app.include_router(router)
    _add_health(app)
    _add_errors(app)
    return app


def _compose(
    settings: Settings,
    log_signers: Sequence[Signer],
    writer_signers: Mapping[WriterId, Signer],
) -> Service:
    store = SqlStore(open_database(settings.database))
    origin, genesis, _ = origin_of(store)
    named = {parse_public_key(one).keyid for one in log_key_descriptions(genesis)}
    if not named.issuperset(signer.public_key.keyid for signer in log_signers):
        raise ReplicaError("the log keys are not those the genesis record names")
    signatures = VerifiedSignatures()
    cache = CacheSizes(settings.cache.values_max, settings.cache.nodes_max)
    replica = Replica(store, origin, log_signers, verify=signatures, cache=cache)
    blocks = settings.blocks
    limits = Limits(
        records_max=blocks.records_max,
        linger_ms=blocks.linger_ms,
        waiting_max=blocks.waiting_max,
    )
    engine = EmbeddedEngine(replica, settings.member, limits)
    disk = DiskGuard(settings.database.resolve().parent, settings.disk_reserve_bytes)
    pipeline = Pipeline(replica, engine, signatures, settings.check_threads, disk.check)
    news = News()
    replica.subscribe(lambda _published, _block, _result: news.publish())
    return Service(
        genesis,
        own_policy(genesis),
        replica,
        engine,
        pipeline,
        Reader(replica),
        news,
        _local_signing(settings, writer_signers, replica, pipeline),
    )


def _local_signing(
    settings: Settings,
    writer_signers: Mapping[WriterId, Signer],
    replica: Replica,
    pipeline: Pipeline,
) -> LocalSigning | None:
    local = settings.local_signing
    if local is None:
        return None
    token = local.token_file.read_bytes().strip()
    if len(token) < TOKEN_BYTES_MIN:
        raise ReplicaError(f"{local.token_file} holds fewer than {TOKEN_BYTES_MIN} characters")
    outbox = Outbox(local.outbox)
    signer = LocalSigner(replica.head.ledger, writer_signers, outbox, pipeline)
    return LocalSigning(signer, outbox, token)


async def _watch(app: FastAPI, service: Service) -> None:
    """A failed commit stops the node, loudly: what the disk holds is no longer known."""
    await service.engine.finished()
    if service.engine.failure is not None:
        app.state.failed = True
        _log.critical("the node stops: %s", service.engine.failure)
        app.state.stop()


def _add_health(app: FastAPI) -> None:
    registry = CollectorRegistry()
    size = Gauge("blockpool_log_size", "Leaves in the log.", registry=registry)
    height = Gauge("blockpool_block_height", "Height of the last block.", registry=registry)
    waiting = Gauge("blockpool_records_waiting", "Records that wait.", registry=registry)

    @app.get("/health/live", tags=["health"])
    async def live() -> Response:
        return PlainTextResponse("live\n")

    @app.get("/health/ready", tags=["health"])
    async def ready(request: Request) -> Response:
        service: Service = request.app.state.service
        if service.engine.failure is not None:
            return PlainTextResponse("stopped\n", 503)
        return PlainTextResponse("ready\n")

    @app.get("/metrics", tags=["health"])
    async def metrics(request: Request) -> Response:
        service: Service = request.app.state.service
        size.set(service.replica.head.size)
        height.set(service.replica.head.height)
        waiting.set(service.engine.waiting_count)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def on_api_error(_request: Request, error: ApiError) -> Response:
        return respond(error.problem, error.retry_after_s)

    @app.exception_handler(RequestValidationError)
    async def on_bad_request(_request: Request, error: RequestValidationError) -> Response:
        names = ", ".join(str(one["loc"][-1]) for one in error.errors())
        return respond(ApiError(400, "bad-parameter", f"not understood: {names}").problem)

    @app.exception_handler(HTTPException)
    async def on_http_error(_request: Request, error: HTTPException) -> Response:
        code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
        answer = respond(ApiError(error.status_code, code, str(error.detail)).problem)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def on_fault(_request: Request, _error: Exception) -> Response:
        return respond(ApiError(500, "internal-error", "a fault of the node").problem)
