"""The service: from settings to a process that answers requests.

    serve(settings, keys)               until it is told to stop
      lock, listen                      nobody else writes this database or has this address
      create_app                        routes; around them measurements and log, access, errors
      running                           opens the parts and starts them; stops and closes them
      uvicorn                           answers requests

`create_app` alone is the service in process, for tests: its lifespan is `running`. Whatever is
wrong with settings, files or database is raised before a request is taken.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn
from fastapi import Depends, FastAPI

from node import logs
from node.api import (
    assessment,
    duties,
    events,
    faults,
    health,
    lineage,
    lists,
    log,
    manual,
    network,
    records,
    rights,
    snapshots,
    state,
    statements,
    steps,
    tasks,
    values,
)
from node.api.access import Admission, LocalNames, check_scope, open_to_everybody
from node.api.observed import Observed
from node.api.openapi import Api
from node.api.requests import HeadAsGet
from node.api.service import Service, require_whole
from node.api.signed_requests import SignedRequests
from node.api.throttle import Throttle
from node.api.tokens import Tokens, read_signing_tokens, read_tokens
from node.composition import Keys, running
from node.connections import Connection
from node.listening import address_of, listening_sockets
from node.metrics import Metrics
from node.serving import Server, TlsServer
from node.settings import Settings
from node.storage.lock import locked
from node.surroundings import MACHINE, Surroundings

GRACE_S: Final = 20
_PROXIES: Final = "127.0.0.1,::1"
"""Whose word on where a request comes from is taken: that of a proxy on this machine."""
_RESOURCES: Final = (records, statements, state, events, log, network, snapshots, health, manual)
_OF_WHOLE_LOG: Final = (values, lists, assessment, rights, lineage, tasks, duties, steps)
"""Made from views: not answered by a node that began from a snapshot and has not replayed yet."""


def serve(settings: Settings, keys: Keys, *, takes_over: bool = False) -> int:
    """Run the node until it is told to stop; returns the exit code.

    With `takes_over` it orders from now on, in place of who is in office. Raises `ReplicaError`,
    `DatabaseInUse`, `SecretError`, `OutboxError`, `OSError`.
    """
    with (
        logs.configured_logs(settings.log_level, sys.stderr),
        locked(settings.database),
        listening_sockets(settings) as listeners,
    ):
        app = create_app(settings, keys, takes_over=takes_over)
        server = _server(app, is_tls=settings.speaks_tls)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(app, server, listeners))
    return 1 if app.state.failed else 0


def create_app(
    settings: Settings,
    keys: Keys,
    surroundings: Surroundings = MACHINE,
    *,
    takes_over: bool = False,
) -> FastAPI:
    """The service over the database of `settings`. Raises `SecretError`."""
    tokens = _tokens(settings)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, keys, metrics, surroundings, takes_over=takes_over) as service:
            app.state.service = service
            watch = asyncio.create_task(_watch(app, service))
            yield
        await watch

    app = Api(
        title="blockpool",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,  # `manual` instead, which works in a closed network
        redoc_url=None,
        dependencies=[Depends(check_scope)],
    )
    app.state.failed = False
    app.state.stop = lambda: None
    app.state.metrics = metrics
    for resource in _RESOURCES:
        app.include_router(resource.router)
    for resource in _OF_WHOLE_LOG:
        app.include_router(resource.router, dependencies=[Depends(require_whole)])
    faults.add_handlers(app)
    signed = SignedRequests(settings.member, settings.called)
    app.add_middleware(
        Admission,
        tokens=tokens,
        signed=signed,
        throttle=Throttle(settings.limits),
        open_scopes=open_to_everybody(settings),
    )
    if settings.is_open and settings.unix_socket is None:
        app.add_middleware(LocalNames)
    app.add_middleware(Observed, metrics=metrics)
    app.add_middleware(HeadAsGet)  # added last: the outermost
    return app


def _tokens(settings: Settings) -> Tokens:
    """Those of readers, and of local systems that have statements signed. Raises `SecretError`."""
    readers, signing = settings.read_tokens_file, settings.local_signing
    return {
        **({} if readers is None else read_tokens(readers)),
        **({} if signing is None else read_signing_tokens(signing)),
    }


async def _watch(app: FastAPI, service: Service) -> None:
    """A failed commit stops the node, loudly: what the disk holds is no longer known."""
    await service.engine.finished()
    if service.engine.failure is not None:
        app.state.failed = True
        logs.log.critical("commit-failed", exc_info=service.engine.failure)
        app.state.stop()


def _server(app: FastAPI, *, is_tls: bool) -> Server:
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",  # `_serve` runs it, so that its errors are ours to tell
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=_PROXIES,  # and no FORWARDED_ALLOW_IPS: a caller would name itself
        timeout_graceful_shutdown=GRACE_S,
    )
    server = TlsServer(config) if is_tls else Server(config)

    def stop(*_signal: object) -> None:
        server.should_exit = True

    app.state.stop = stop
    server.service_of = lambda: app.state.service
    for stopping in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal anew once all is shut down; being told to stop is no failure
        signal.signal(stopping, stop)
    return server


async def _serve(app: FastAPI, server: Server, listeners: Sequence[socket.socket]) -> None:
    asyncio.get_running_loop().set_exception_handler(_tell_task_fault)
    async with app.router.lifespan_context(app):
        head = app.state.service.replica.published.head
        address = address_of(listeners[0], is_tls=isinstance(server, TlsServer))
        logs.log.info("started", address=address, size=head.size, height=head.height)
        await server.serve(sockets=list(listeners))
    logs.log.info("stopped")


def _tell_task_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Nobody waited for this task; asyncio's own words would quote the exception."""
    logs.log.error("task-fault", exc_info=context.get("exception"))
