"""What was owed by whom until when, and what became of it: met, overdue, met late."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from contracts.view import Overlay
from node.api.known import check_known
from node.api.lists import Paging, PagingOf, Text, block_at, place_of
from node.api.problems import ApiError
from node.api.requests import check_query, is_index
from node.api.service import Service, ServiceOf, respond_json
from node.views import duties
from node.views.as_at import state_at
from node.views.duties import Key, Outcome, Wanted

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])


@router.get("/duties")
async def list_duties(
    service: ServiceOf,
    page: PagingOf,
    member: Text = None,
    workflow: Text = None,
    outcome: Annotated[Outcome | None, Query()] = None,
) -> Response:
    """Deadlines by due time, of a member those of the offices it holds among them.

    What can be done about one that is open or overdue, `GET /v1/tasks` says.
    """
    wanted = Wanted(member, workflow, outcome, latest=page.at is None)
    return respond_json(await run_in_threadpool(_duties, service, page, wanted))


def _duties(service: Service, page: Paging, wanted: Wanted) -> dict[str, object]:
    after = _parse_cursor(page.cursor)
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        check_known(snapshot, {"member": wanted.member, "workflow": wanted.workflow})
        view = Overlay(state_at(snapshot, block.size))
        connection = snapshot.connection
        items, following = duties.page(connection, view, block.time, wanted, after, page.limit)
    told = None if following is None else "/".join(map(str, following))
    return {"items": items, "next": told, **place_of(block)}


def _parse_cursor(text: str) -> Key:
    if not text:
        return duties.FIRST
    match text.split("/"):
        case [due, row] if is_index(row):
            return due, int(row)
        case _:
            raise ApiError("bad-parameter", "`cursor` is not one of this list")
