"""Snapshots for nodes that join: what there is, and its parts."""

import gzip
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from node.api.log import IMMUTABLE, accepts_gzip
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, require_whole, respond_json
from node.snapshots import Snapshots

RETRY_AFTER_S: Final = 2
router = APIRouter(
    prefix="/v1", tags=["network"], dependencies=[Depends(check_query), Depends(require_whole)]
)
Number = Annotated[int, Path(ge=0, le=2**53)]


@router.get("/snapshot")
async def read_snapshot(service: ServiceOf) -> Response:
    """The newest snapshot; where it is old or there is none, another is made meanwhile."""
    offer = _offered(service).latest()
    if offer is None:
        made = "a snapshot is being made"
        raise ApiError("no-snapshot-yet", made, retry_after_s=RETRY_AFTER_S)
    return respond_json(offer)


@router.get("/snapshots/{size}/{part}")
async def read_part(request: Request, size: Number, part: Number, service: ServiceOf) -> Response:
    """A part of a snapshot; compressed for who accepts it."""
    data = await run_in_threadpool(_offered(service).part, size, part)
    if data is None:
        raise ApiError("not-found", f"no part {part} of a snapshot at size {size}")
    headers = {**IMMUTABLE}
    if accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
    else:
        data = await run_in_threadpool(gzip.decompress, data)
    return Response(data, media_type="application/octet-stream", headers=headers)


def _offered(service: Service) -> Snapshots:
    if service.snapshots is None:
        raise ApiError("not-found", "this node offers no snapshots")
    return service.snapshots
