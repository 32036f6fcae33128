"""The log as C2SP tlog-tiles serves it: checkpoint, tiles, entry bundles."""

import gzip
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from ledger.errors import FormatError
from ledger.tiles import Bundle, parse_tile_path
from node.api.service import ServiceOf

router = APIRouter(tags=["log"])
# Not `public`: where readers show a token, no cache shared with others may keep an answer.
IMMUTABLE: Final = {"Cache-Control": "max-age=31536000, immutable", "Vary": "Accept-Encoding"}
FRESH: Final = {"Cache-Control": "no-cache"}


@router.get("/checkpoint")
async def checkpoint(service: ServiceOf) -> Response:
    """The latest checkpoint (C2SP tlog-checkpoint); with a quorum, where there is one."""
    final = service.replica.final
    note = service.reader.published.checkpoint if final is None else final.checkpoint
    return PlainTextResponse(note, headers=FRESH)


@router.get("/tile/{path:path}")
async def tile(
    request: Request, path: Annotated[str, Path(max_length=64)], service: ServiceOf
) -> Response:
    """A tile or an entry bundle (C2SP tlog-tiles); bundles are compressed for who accepts it."""
    try:
        name = parse_tile_path(f"tile/{path}")
    except FormatError as error:
        return PlainTextResponse(f"{error}\n", 404)
    ask = service.reader.bundle if isinstance(name, Bundle) else service.reader.tile
    data = await run_in_threadpool(ask, name)  # type: ignore[arg-type]
    if data is None:
        return PlainTextResponse("the log has no such tile\n", 404)
    headers = IMMUTABLE
    if isinstance(name, Bundle) and accepts_gzip(request):
        data = await run_in_threadpool(gzip.compress, data, compresslevel=1, mtime=0)
        headers = {**IMMUTABLE, "Content-Encoding": "gzip"}
    return Response(data, media_type="application/octet-stream", headers=headers)


def accepts_gzip(request: Request) -> bool:
    """Whether whoever asks takes a compressed answer."""
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").split(",")
    return "gzip" in accepted
