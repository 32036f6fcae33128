"""Who may use what: rights, where each of them stands, and the rights above it."""

from collections.abc import Mapping
from functools import reduce
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from msgspec import Raw
from msgspec.json import decode
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from contracts.sharing.chains import Link, StateName, chain_of, state_of
from contracts.terms import meet
from contracts.values import GrantedRight, UseCounters
from contracts.view import Overlay, StateView, held, read
from ledger.types import ItemId, Time
from node.api.known import check_known
from node.api.lists import At, Paging, PagingOf, Text, block_at, moment_of, place_of
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, respond_json
from node.views import queries
from node.views.as_at import state_at

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])
Id = Annotated[str, Path(max_length=256)]


@router.get("/grants")
async def grants(  # noqa: PLR0913, PLR0917  one parameter per filter
    service: ServiceOf,
    page: PagingOf,
    consumer: Text = None,
    provider: Text = None,
    dataset: Text = None,
    parent: Text = None,
    state: Annotated[StateName | None, Query()] = None,
) -> Response:
    """Rights and standing offers, and where each of them stands at the moment asked about.

    That takes the rights above it: with `state`, a page may hold fewer than `limit`.
    """
    wanted = {"consumer": consumer, "provider": provider, "dataset": dataset, "parent": parent}
    filters = {name: value for name, value in wanted.items() if value is not None}
    return respond_json(await run_in_threadpool(_grants, service, page, filters, state))


@router.get("/grants/{grant}/chain")
async def chain(service: ServiceOf, grant: Id, at: At = None) -> Response:
    """A right and every right above it, up to what the provider gave; what they allow together.

    Uses are counted now, so not with `at`.
    """
    return respond_json(await run_in_threadpool(_chain, service, grant, at))


def _grants(
    service: Service, page: Paging, filters: Mapping[str, str], state: StateName | None
) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        view = Overlay(state_at(snapshot, block.size))
        now = moment_of(service, page.at, block)
        check_known(snapshot, filters)
        found = queries.versioned_page(
            snapshot.connection,
            "grant",
            block.size,
            filters,
            cursor=page.cursor,
            limit=page.limit,
        )
        items = [_item(view, row, now) for row in found.items]
    told = [one for one in items if state in (None, one["state"])]
    return {"items": told, "next": found.next, **place_of(block)}


def _item(view: StateView, row: Mapping[str, object], now: Time) -> dict[str, object]:
    """A right as it is stored, and where it stands."""
    grant_id, raw = str(row["id"]), row["value"]
    right = held(view, GrantedRight, f"grant/{grant_id}")
    found = state_of(chain_of(view, grant_id, right), now)
    kept = decode(raw, type=dict[str, Raw]) if isinstance(raw, Raw) else {}
    return {"id": grant_id, **kept, "state": found.state, "why": found.why}


def _chain(service: Service, grant: str, at: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        view = Overlay(state_at(snapshot, block.size))
        right = read(view, GrantedRight, f"grant/{grant}")
        if right is None:
            raise ApiError("not-found", f"no grant `{grant}`")
        now = moment_of(service, at, block)
        told = told_chain(view, grant, right, now, is_now=at is None)
    return {**told, **place_of(block)}


def told_chain(
    view: StateView, grant: ItemId, right: GrantedRight, now: Time, *, is_now: bool
) -> dict[str, object]:
    """A right and every right above it, and where each stands, in the state of a moment."""
    links = chain_of(view, grant, right)
    found = state_of(links, now)
    return {
        "chain": [_link(view, link, now, is_now=is_now) for link in links],
        "holds": found.why is None,
        "state": found.state,
        "terms": reduce(meet, [link.right.terms for link in links]),
        "why": found.why,
    }


def _link(view: StateView, link: Link, now: Time, *, is_now: bool) -> dict[str, object]:
    own = state_of((link,), now)
    used = read(view, UseCounters, f"use/{link.grant_id}") if is_now else None
    return {
        "id": link.grant_id,
        "holds": own.why is None,
        "state": own.state,
        "why": own.why,
        "uses": None if not is_now else 0 if used is None else used.uses,
        "rows": None if not is_now else 0 if used is None else used.rows,
        "right": link.right,
    }
