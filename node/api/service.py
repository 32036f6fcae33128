"""What the resources work with: the parts of a running node, handed to each request."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from fastapi import Depends, Request
from msgspec.json import encode
from starlette.responses import Response

from contracts.transition import Rejected
from ledger.records import Genesis
from node.api.problems import ApiError
from node.client.clock import MACHINE_CLOCK, Clock
from node.engine import Engine, EngineStopped, QueueFull
from node.metrics import MeasuredPipeline
from node.network.cosigning import Cosigning
from node.network.forwarding import OrdererUnreachable
from node.network.heads import Heads
from node.network.joining import Joining
from node.network.vigilance import Vigilance
from node.network.witness import Witness
from node.news import News
from node.pipeline import Committed
from node.reader import Reader
from node.replica import Backfilling, Replica
from node.signer import LocalSigner
from node.snapshots import Snapshots
from node.storage.disk import DiskFull
from node.tls.contexts import Contexts

RESTART_S: Final = 5
FINAL_S_MAX: Final = 25
"""Shorter than clients wait for an answer."""
Until = Literal["block", "final"]
"""What a submission waits for: its block, or a checkpoint with the ledger's quorum over it."""


@dataclass(slots=True)
class Listeners:
    """How many listen to events."""

    count: int = 0


@dataclass(slots=True)
class Bodies:
    """How many bytes of bodies are on their way in."""

    bytes_count: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running node."""

    genesis: Genesis
    replica: Replica
    engine: Engine
    pipeline: MeasuredPipeline
    reader: Reader
    news: News
    heads: Heads
    vigilance: Vigilance
    tls: Contexts
    local_signer: LocalSigner | None = None
    cosigning: Cosigning | None = None
    witness: Witness | None = None
    joining: Joining | None = None
    snapshots: Snapshots | None = None
    clock: Clock = MACHINE_CLOCK
    listeners: Listeners = field(default_factory=Listeners)
    bodies: Bodies = field(default_factory=Bodies)


def service_of(request: Request) -> Service:
    """The service a request is for."""
    service: Service = request.app.state.service
    return service


ServiceOf = Annotated[Service, Depends(service_of)]


def require_whole(service: ServiceOf) -> None:
    """For what is made from the whole log. Raises `Backfilling` as long as a part is missing."""
    if service.replica.base:
        raise Backfilling


def respond_json(
    value: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(encode(value), status, headers, "application/json")


async def submit(
    service: Service, envelopes: Sequence[bytes], until: Until = "block"
) -> list[Committed | Rejected]:
    """Hand records to the pipeline; a node that takes none is a problem."""
    answers = await _submit(service, envelopes)
    if until == "final":
        indexes = (one.index for one in answers if isinstance(one, Committed))
        await _until_final(service, max(indexes, default=-1) + 1)
    return answers


async def _until_final(service: Service, size: int) -> None:
    """Wait for a final checkpoint over so many leaves; not for ever, the answer tells."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FINAL_S_MAX):
            while not service.news.is_closed:
                woken = service.news.subscribe()
                final = service.replica.final
                if size == 0 or (final is not None and final.size >= size):
                    return
                await woken.wait()


async def _submit(service: Service, envelopes: Sequence[bytes]) -> list[Committed | Rejected]:
    try:
        return await service.pipeline.submit(envelopes)
    except OrdererUnreachable as error:
        lost = ApiError("orderer-unreachable", str(error), retry_after_s=error.retry_after_s)
        raise lost from error
    except QueueFull as error:
        full = ApiError("queue-full", str(error), retry_after_s=error.retry_after_s)
        raise full from error
    except DiskFull as error:
        full = ApiError("disk-full", str(error), retry_after_s=error.retry_after_s)
        raise full from error
    except EngineStopped as error:
        stopping = "the node takes no records"
        raise ApiError("stopping", stopping, retry_after_s=RESTART_S) from error
