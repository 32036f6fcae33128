"""Who moved which case by which step, when and on which ground."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from node.api.known import check_known
from node.api.lists import Paging, PagingOf, Text, block_at, bound, place_of
from node.api.problems import ApiError
from node.api.requests import check_query, is_index
from node.api.service import Service, ServiceOf, respond_json
from node.views import steps
from node.views.steps import Key, Wanted

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])


@router.get("/steps")
async def list_steps(  # noqa: PLR0913, PLR0917  one parameter per filter
    service: ServiceOf,
    page: PagingOf,
    workflow: Text = None,
    step: Text = None,
    ground: Text = None,
    member: Text = None,
    case: Text = None,
    from_: Annotated[str | None, Query(alias="from", max_length=32)] = None,
    to: Annotated[str | None, Query(max_length=32)] = None,
) -> Response:
    """Steps in the order of the log: who approved, who refused on which ground, who dismissed.

    Records that open a case are none, nor are deadlines that pass.
    """
    given = {
        "workflow": workflow,
        "step": step,
        "ground": ground,
        "member": member,
        "case": case,
    }
    filters = {name: value for name, value in given.items() if value is not None}
    wanted = Wanted(filters, bound("from", from_), bound("to", to))
    return respond_json(await run_in_threadpool(_steps, service, page, wanted))


def _steps(service: Service, page: Paging, wanted: Wanted) -> dict[str, object]:
    after = _parse_cursor(page.cursor)
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        check_known(snapshot, wanted.filters)
        items, following = steps.page(snapshot.connection, block.size, wanted, after, page.limit)
    told = None if following is None else "/".join(map(str, following))
    return {"items": items, "next": told, **place_of(block)}


def _parse_cursor(text: str) -> Key:
    if not text:
        return steps.FIRST
    index, slash, case = text.partition("/")
    if not slash or not is_index(index):
        raise ApiError("bad-parameter", "`cursor` is not one of this list")
    return int(index), case
