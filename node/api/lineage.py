"""What a dataset is made of, and what is made from it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from msgspec import to_builtins
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from contracts.values import Dataset
from contracts.view import read
from node.api.lists import At, block_at, place_of
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, respond_json
from node.views import lineage
from node.views.as_at import state_at

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])
Id = Annotated[str, Path(max_length=256)]


@router.get("/datasets/{dataset}/lineage")
async def lineage_of(service: ServiceOf, dataset: Id, at: At = None) -> Response:
    """What a dataset is made of, and what is made from it: by rights, and as releases say."""
    return respond_json(await run_in_threadpool(_lineage, service, dataset, at))


def _lineage(service: Service, dataset: str, at: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        if read(state_at(snapshot, block.size), Dataset, f"dataset/{dataset}") is None:
            raise ApiError("not-found", f"no dataset {dataset}")
        up, up_whole = lineage.edges(snapshot.connection, dataset, block.size, "up")
        down, down_whole = lineage.edges(snapshot.connection, dataset, block.size, "down")
    told = {"up": to_builtins(up), "down": to_builtins(down), "whole": up_whole and down_whole}
    return {"dataset": dataset, **told, **place_of(block)}
