"""Server-sent events: every leaf as it is published, resumable at any index.

`id` is the index of the leaf, `data` a CloudEvent (CloudEvents 1.0.2, JSON). It is a notification;
proofs come from the record itself.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from msgspec.json import encode
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ledger.records import parse_record
from ledger.records.statement import predicate_type
from ledger.seal import is_seal, parse_outcome, parse_seal
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf
from node.replica import Backfilling
from node.storage.store import StoredLeaf

router = APIRouter(prefix="/v1", tags=["events"], dependencies=[Depends(check_query)])
LISTENERS_MAX: Final = 64
HEARTBEAT_S: Final = 15
_PAGE: Final = 256


@router.get("/events")
async def events(
    service: ServiceOf,
    from_: Annotated[int | None, Query(alias="from", ge=0, le=2**53)] = None,
    last_event_id: Annotated[str | None, Header(max_length=16)] = None,
) -> Response:
    """Events from an index on (`?from=`), from after the last one seen, or from now."""
    if service.listeners.count >= LISTENERS_MAX:
        raise ApiError("too-many-listeners", "too many listen already", retry_after_s=60)
    if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdecimal()):
        raise ApiError("bad-parameter", "`Last-Event-ID` is the index of a leaf")
    start = service.reader.published.head.size
    if last_event_id is not None:
        start = int(last_event_id) + 1
    elif from_ is not None:
        start = from_
    if start < service.replica.base:
        raise Backfilling
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    service.listeners.count += 1  # before anybody else is heard, so that none slips in
    return _Listening(
        service, _stream(service, start), media_type="text/event-stream", headers=headers
    )


class _Listening(StreamingResponse):
    """A stream to a listener that counts until the answer ends, however it does."""

    def __init__(
        self,
        service: Service,
        content: AsyncIterator[bytes],
        *,
        media_type: str,
        headers: dict[str, str],
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._service.listeners.count -= 1


async def _stream(service: Service, index: int) -> AsyncIterator[bytes]:
    while True:
        woken = service.news.subscribe()
        size = service.reader.published.head.size
        while index < size:
            end = min(index + _PAGE, size)
            yield await run_in_threadpool(_events, service, index, end)
            index = end
        if service.news.is_closed:
            return
        try:
            await asyncio.wait_for(woken.wait(), HEARTBEAT_S)
        except TimeoutError:
            yield b": nothing new\n\n"


def _events(service: Service, start: int, end: int) -> bytes:
    with service.replica.store.snapshot() as snapshot:
        leaves = [leaf for leaf in map(snapshot.leaf, range(start, end)) if leaf is not None]
    return b"".join(_event(service.genesis.origin, leaf) for leaf in leaves)


def _event(origin: str, leaf: StoredLeaf) -> bytes:
    if is_seal(leaf.leaf):
        seal = parse_seal(leaf.leaf).predicate
        name, kind, time = "block", "seal", seal.block_time
        data: dict[str, object] = {
            "index": leaf.index,
            "kind": kind,
            "height": seal.height,
            "count": seal.count,
        }
    else:
        record = parse_record(leaf.leaf)
        name, kind, time = "record", record.kind, record.chain.issued_at
        found = () if leaf.outcome is None else parse_outcome(leaf.outcome).findings
        data = {
            "index": leaf.index,
            "kind": kind,
            "digest": record.digest,
            "writer": record.chain.writer,
            "findings": found,
        }
    cloud_event = {
        "specversion": "1.0",
        "id": f"{origin}/{leaf.index}",
        "source": origin,
        "type": predicate_type(kind),
        "time": time,
        "datacontenttype": "application/json",
        "data": data,
    }
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (leaf.index, name.encode(), encode(cloud_event))
