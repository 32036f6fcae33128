"""Lists over the views, with filters, cursors and `at`: as at a past size or time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from msgspec import Raw
from msgspec.json import Decoder, decode
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ledger.records import parse_record
from ledger.seal import is_seal
from ledger.times import from_ms
from ledger.types import Time
from node.api.known import check_known
from node.api.problems import ApiError
from node.api.requests import check_query, is_index
from node.api.service import Service, ServiceOf, respond_json
from node.storage.store import Snapshot, StoredBlock
from node.views import queries
from node.views.queries import LIMIT_MAX

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])
Text = Annotated[str | None, Query(max_length=256)]
At = Annotated[str | None, Query(max_length=32)]
_time: Final = Decoder(Time)


@dataclass(frozen=True, slots=True)
class Paging:
    """What every list takes."""

    limit: int
    cursor: str
    at: str | None


def paging(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    cursor: Annotated[str, Query(max_length=256)] = "",
    at: At = None,
) -> Paging:
    """The paging of a request."""
    return Paging(limit, cursor, at)


PagingOf = Annotated[Paging, Depends(paging)]


@router.get("/members")
async def members(
    service: ServiceOf,
    page: PagingOf,
    status: Annotated[Literal["active", "removed", "suspended"] | None, Query()] = None,
) -> Response:
    """Members."""
    return await _list(service, "member", page, status=status)


@router.get("/writers")
async def writers(service: ServiceOf, page: PagingOf, member: Text = None) -> Response:
    """Writers."""
    return await _list(service, "writer", page, member=member)


@router.get("/systems")
async def systems(
    service: ServiceOf,
    page: PagingOf,
    owner: Text = None,
    status: Annotated[Literal["planned", "retired", "running"] | None, Query()] = None,
) -> Response:
    """Information systems."""
    return await _list(service, "system", page, owner=owner, status=status)


@router.get("/datasets")
async def datasets(
    service: ServiceOf,
    page: PagingOf,
    provider: Text = None,
    sharing: Annotated[Literal["conditional", "unconditional", "withheld"] | None, Query()] = None,
    code: Text = None,
    text: Text = None,
) -> Response:
    """Catalogue entries in force, those with all words of a text in id, code, title or summary."""
    filters = {"provider": provider, "sharing": sharing, "code": code, "text": text}
    return await _list(service, "entry", page, **filters)


@router.get("/releases")
async def releases(service: ServiceOf, page: PagingOf, dataset: Text = None) -> Response:
    """Released versions."""
    return await _list(service, "release", page, dataset=dataset)


@router.get("/requests")
async def requests(
    service: ServiceOf, page: PagingOf, member: Text = None, dataset: Text = None
) -> Response:
    """Datasets asked for."""
    return await _list(service, "request", page, member=member, dataset=dataset)


@router.get("/deliveries")
async def deliveries(
    service: ServiceOf,
    page: PagingOf,
    consumer: Text = None,
    provider: Text = None,
    grant: Text = None,
    acknowledged: Annotated[Literal["no", "yes"] | None, Query()] = None,
) -> Response:
    """Deliveries under a right; `acknowledged` is the record in which the consumer says so."""
    filters = {"consumer": consumer, "provider": provider, "grant": grant}
    return await _list(service, "delivery", page, acknowledged=acknowledged, **filters)


@router.get("/findings")
async def findings(
    service: ServiceOf,
    page: PagingOf,
    accused: Text = None,
    code: Text = None,
    state: Text = None,
) -> Response:
    """Findings with their course."""
    return await _list(
        service, "case", page, workflow="finding", accused=accused, code=code, state=state
    )


@router.get("/cases")
async def cases(
    service: ServiceOf,
    page: PagingOf,
    workflow: Text = None,
    state: Text = None,
    party: Text = None,
) -> Response:
    """Cases of every workflow."""
    return await _list(service, "case", page, workflow=workflow, state=state, parties=party)


@router.get("/cases/{case}")
async def case_of(
    service: ServiceOf, case: Annotated[str, Path(max_length=256)], at: At = None
) -> Response:
    """One case with the records that opened and moved it."""
    told = await run_in_threadpool(_case, service, case, at)
    if told is None:
        raise ApiError("not-found", f"no case {case}")
    return respond_json(told)


@router.get("/usage")
async def usage(  # noqa: PLR0913, PLR0917  one parameter per filter
    service: ServiceOf,
    page: PagingOf,
    consumer: Text = None,
    dataset: Text = None,
    grant: Text = None,
    from_: Annotated[str | None, Query(alias="from", max_length=32)] = None,
    to: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """Records of use."""
    if page.cursor and not is_index(page.cursor):
        raise ApiError("bad-parameter", "`cursor` is not one of this list")
    span = (bound("from", from_), bound("to", to))
    wanted = {"consumer": consumer, "dataset": dataset, "grant": grant}
    filters = {name: value for name, value in wanted.items() if value is not None}

    def ask() -> object:
        with service.replica.store.snapshot() as snapshot:
            block = block_at(snapshot, page.at)
            check_known(snapshot, filters)
            found = queries.usage_page(
                snapshot.connection,
                block.size,
                filters,
                span,
                cursor=page.cursor,
                limit=page.limit,
            )
        return _page(found, block)

    return respond_json(await run_in_threadpool(ask))


async def _list(service: Service, view: str, page: Paging, **filters: str | None) -> Response:
    given = {name: value for name, value in filters.items() if value is not None}
    free = ("code",) if view == "entry" else ()  # a code of the catalogue is a text, as any other

    def ask() -> object:
        with service.replica.store.snapshot() as snapshot:
            block = block_at(snapshot, page.at)
            check_known(snapshot, {name: given[name] for name in given if name not in free})
            found = queries.versioned_page(
                snapshot.connection,
                view,
                block.size,
                given,
                cursor=page.cursor,
                limit=page.limit,
            )
        return _page(found, block)

    return respond_json(await run_in_threadpool(ask))


def _case(service: Service, case: str, at: str | None) -> dict[str, object] | None:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        found = queries.versioned_page(
            snapshot.connection, "case", block.size, {"id": case}, limit=1
        )
        indexes = queries.case_records(snapshot.connection, case, block.size)
        leaves = [
            (leaf, within.time)
            for leaf, within in zip(
                map(snapshot.leaf, indexes), map(snapshot.block_of, indexes), strict=True
            )
            if leaf is not None and within is not None
        ]
    if not found.items:
        return None
    steps: list[dict[str, object]] = []
    for leaf, time in leaves:
        told = {"index": leaf.index, "blockTime": time}
        if is_seal(leaf.leaf):
            steps.append({**told, "kind": "settlement"})
            continue
        record = parse_record(leaf.leaf)
        steps.append(
            {
                **told,
                "kind": record.kind,
                "digest": record.digest,
                "writer": record.chain.writer,
                "issuedAt": record.chain.issued_at,
                "body": record.body,
            }
        )
    return {**_item(found.items[0]), "steps": steps, **place_of(block)}


def block_at(snapshot: Snapshot, at: str | None) -> StoredBlock:
    """The last block a question is about."""
    head = snapshot.head()
    if head is None:
        raise ApiError("stopping", "the node holds no ledger", retry_after_s=5)
    size = head.head.size
    block: StoredBlock | None
    if at is None:
        block = snapshot.block_of(size - 1)
    elif at.isascii() and at.isdecimal():
        block = snapshot.block_of(min(int(at), size) - 1)
        if block is not None and block.size > int(at):
            block = snapshot.block_at_height(block.height - 1)
    else:
        block = snapshot.block_before(_parse_time("at", at))
    if block is None:
        raise ApiError("bad-parameter", "`at` lies before the ledger was founded")
    return block


def moment_of(service: Service, at: str | None, block: StoredBlock) -> Time:
    """The moment a question is about; a next page asks for the size of the first one."""
    if at is not None and not is_index(at):
        return max(at, block.time)
    is_latest = block.size >= service.replica.head.size
    return max(block.time, from_ms(service.clock())) if is_latest else block.time


def bound(name: str, given: str | None) -> str | None:
    """A time that bounds a list, as the caller gave it."""
    return None if given is None else _parse_time(name, given)


def _parse_time(name: str, given: str) -> str:
    try:
        return _time.decode(b'"' + given.encode() + b'"')
    except ValueError as error:
        detail = f"`{name}` is a time such as 2026-12-31T23:59:59.999Z"
        raise ApiError("bad-parameter", detail) from error


def _page(page: queries.Page, block: StoredBlock) -> dict[str, object]:
    return {"items": [_item(one) for one in page.items], "next": page.next, **place_of(block)}


def _item(row: Mapping[str, object]) -> Mapping[str, object]:
    """A row with the members of its value beside its id."""
    value = row.get("value")
    if isinstance(value, Raw):
        return {"id": row["id"], **decode(value, type=dict[str, Raw])}
    return row


def place_of(block: StoredBlock) -> dict[str, object]:
    """What an answer holds for."""
    return {"size": block.size, "height": block.height, "blockTime": block.time}
