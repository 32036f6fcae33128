"""What nodes ask of one another: checkpoints as they come, and to cosign them.

What C2SP tlog-witness defines is answered as it says: in plain text, whatever type a body claims.
"""

import asyncio
import contextlib
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from msgspec import Raw
from starlette.responses import PlainTextResponse, Response

from node.api.answers import CheckpointsAnswer, WitnessAnswer, WitnessesAnswer
from node.api.log import FRESH
from node.api.operations import SIZE
from node.api.problems import ApiError
from node.api.requests import check_query, read_body
from node.api.service import Service, ServiceOf, respond_json
from node.network.offers import BODY_BYTES_MAX, WitnessError
from node.replica import NotPublished

router = APIRouter(tags=["network"], dependencies=[Depends(check_query)])
WAIT_S_MAX: Final = 25
RETRY_AFTER_S: Final = 5
_UNAVAILABLE: Final = 503
Size = Annotated[int, Query(ge=0, le=2**53)]


@router.get("/v1/checkpoints")
async def read_checkpoints(
    service: ServiceOf,
    latest: Size = 0,
    final: Size = 0,
    wait: Annotated[int, Query(ge=0, le=WAIT_S_MAX)] = 0,
) -> Response:
    """The latest checkpoint and the latest final one; waits for news beyond these sizes."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait):
            while not service.news.is_closed:
                woken = service.news.subscribe()
                if _has_news(service, latest, final):
                    break
                await woken.wait()
    reached = service.replica.final
    answer = CheckpointsAnswer(
        latest=service.reader.published.checkpoint.decode(),
        final=None if reached is None else reached.checkpoint.decode(),
    )
    return respond_json(answer)


@router.get("/v1/witnesses")
async def read_witnesses(service: ServiceOf) -> Response:
    """Who orders, who cosigns, and who is behind as far as is known; how many make final."""
    trust, final = service.replica.published.trust, service.replica.final
    known = {} if service.cosigning is None else service.cosigning.standings
    told = []
    for member, keys in trust.witnesses.items():
        standing = known.get(member)
        one = WitnessAnswer(
            member=member,
            keys=tuple(map(str, keys)),
            size=None if standing is None else standing.size,
            problem="" if standing is None else standing.problem,
        )
        told.append(one)
    answer = WitnessesAnswer(
        quorum=trust.quorum,
        sequencer=trust.sequencer,
        size=service.replica.published.head.size,
        final_size=0 if final is None else final.size,
        witnesses=tuple(told),
    )
    return respond_json(answer)


@router.get("/v1/heads")
async def read_heads(service: ServiceOf) -> Response:
    """What the writers that this node signs for have signed next, and the ledger does not have."""
    leaves = await asyncio.to_thread(service.heads.own)
    return respond_json({"heads": [Raw(leaf) for leaf in leaves]})


@router.post("/add-checkpoint")
async def add_checkpoint(request: Request, service: ServiceOf) -> Response:
    """Cosign what this node has replayed, or another log if it has only grown (tlog-witness)."""
    if service.witness is None:
        raise ApiError("not-found", "this node is no witness")
    body = await read_body(request, BODY_BYTES_MAX)
    try:
        return PlainTextResponse(await service.witness.add_checkpoint(body))
    except WitnessError as error:
        if error.size is not None:
            # Clients compare the type to the letter: no charset, which `media_type` would add.
            return Response(f"{error.size}\n", error.status, {"Content-Type": SIZE})
        headers = {"Retry-After": str(RETRY_AFTER_S)} if error.status == _UNAVAILABLE else None
        return PlainTextResponse(f"{error}\n", error.status, headers)


@router.get("/{log}/checkpoint")
async def read_cosigned(log: Annotated[str, Path(max_length=64)], service: ServiceOf) -> Response:
    """The checkpoint that this witness cosigned last of a log (C2SP tlog-witness)."""
    note = None if service.witness is None else await service.witness.latest(log)
    if note is None:
        return PlainTextResponse("nothing of this log was cosigned here\n", 404)
    return PlainTextResponse(note, headers=FRESH)


def _has_news(service: Service, latest: int, final: int) -> bool:
    reached = service.replica.final
    try:
        size = service.reader.published.head.size
    except NotPublished:
        return False
    return size > latest or (reached is not None and reached.size > final)
