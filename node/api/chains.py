"""What rests on what: a right on the rights above it, a dataset on those it is made from."""

from functools import reduce
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from msgspec import to_builtins
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from contracts.sharing.chains import Link, chain_of, ineffective
from contracts.terms import meet
from contracts.values import Dataset, GrantedRight, UseCounters
from contracts.view import Overlay, StateView, read
from ledger.records.terms import Terms
from ledger.types import ItemId, Time
from node.api.lists import At, block_at, place_of
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, respond_json
from node.views import lineage
from node.views.as_at import state_at

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])
Id = Annotated[str, Path(max_length=256)]


@router.get("/grants/{grant}/chain")
async def chain(service: ServiceOf, grant: Id, at: At = None) -> Response:
    """A right and every right above it, up to what the provider gave; what they allow together.

    Whether a right holds is told as at the block; uses are counted now, so not with `at`.
    """
    return respond_json(await run_in_threadpool(_chain, service, grant, at))


@router.get("/datasets/{dataset}/lineage")
async def lineage_of(service: ServiceOf, dataset: Id, at: At = None) -> Response:
    """What a dataset is made of, and what is made from it: by rights, and as releases say."""
    return respond_json(await run_in_threadpool(_lineage, service, dataset, at))


def _chain(service: Service, grant: str, at: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        view = Overlay(state_at(snapshot, block.size))
        right = read(view, GrantedRight, f"grant/{grant}")
        if right is None:
            raise ApiError("not-found", f"no grant `{grant}`")
        told = told_chain(view, grant, right, block.time, is_now=at is None)
    return {**told, **place_of(block)}


def told_chain(
    view: StateView, grant: ItemId, right: GrantedRight, time: Time, *, is_now: bool
) -> dict[str, object]:
    """A right and every right above it, in the state of a time."""
    links = chain_of(view, grant, right)
    chain = [_link(view, link, time, is_now=is_now) for link in links]
    terms = reduce(meet, [link.right.terms for link in links])
    return {"chain": chain, "holds": all(one["holds"] for one in chain), "terms": terms}


def _link(view: StateView, link: Link, time: Time, *, is_now: bool) -> dict[str, object]:
    why = ineffective((link._replace(depth=0),), time, time) or _window(link.right.terms, time)
    used = read(view, UseCounters, f"use/{link.grant_id}") if is_now else None
    return {
        "id": link.grant_id,
        "holds": why is None,
        "why": why,
        "uses": None if not is_now else 0 if used is None else used.uses,
        "rows": None if not is_now else 0 if used is None else used.rows,
        "right": link.right,
    }


def _window(terms: Terms, time: Time) -> str | None:
    if terms.not_before is not None and time < terms.not_before:
        return f"not before {terms.not_before}"
    if terms.not_after is not None and time > terms.not_after:
        return f"not after {terms.not_after}"
    return None


def _lineage(service: Service, dataset: str, at: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        if read(state_at(snapshot, block.size), Dataset, f"dataset/{dataset}") is None:
            raise ApiError("not-found", f"no dataset {dataset}")
        up, up_whole = lineage.edges(snapshot.connection, dataset, block.size, "up")
        down, down_whole = lineage.edges(snapshot.connection, dataset, block.size, "down")
    told = {"up": to_builtins(up), "down": to_builtins(down), "whole": up_whole and down_whole}
    return {"dataset": dataset, **told, **place_of(block)}
