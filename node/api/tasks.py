"""What a member may or must do now, most urgent first."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from node.api.known import check_known
from node.api.lists import Paging, PagingOf, Text, block_at, moment_of, place_of
from node.api.problems import ApiError
from node.api.requests import check_query, is_index
from node.api.service import Service, ServiceOf, respond_json
from node.views.tasks import FIRST, Cursor, Duty, Wanted, tasks_page

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])
_SEPARATOR: Final = "/"


@router.get("/tasks")
async def tasks(
    service: ServiceOf,
    page: PagingOf,
    member: Text = None,
    writer: Text = None,
    duty: Annotated[Duty | None, Query()] = None,
) -> Response:
    """Steps a member, or one of its writers, may or must take in cases that wait, by due time.

    Days left are counted from now; with a past size `at`, from the time of its block; with a time,
    from that.
    """
    whose = writer.partition("/")[0] if member is None and writer is not None else member
    if whose is None:
        raise ApiError("bad-parameter", "whose tasks? give `member` or `writer`")
    if writer is not None and writer.partition("/")[0] != whose:
        raise ApiError("bad-parameter", f"`writer` is none of {whose}")
    wanted = Wanted(whose, writer, duty)
    return respond_json(await run_in_threadpool(_tasks, service, page, wanted))


def _tasks(service: Service, page: Paging, wanted: Wanted) -> dict[str, object]:
    cursor = _parse_cursor(page.cursor)
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        now = moment_of(service, page.at, block)
        check_known(snapshot, {"member": wanted.member, "writer": wanted.writer})
        found, following = tasks_page(snapshot, block.size, now, wanted, cursor, page.limit)
    told = None if following is None else _SEPARATOR.join(map(str, following))
    return {"items": found, "next": told, **place_of(block)}


def _parse_cursor(text: str) -> Cursor:
    if not text:
        return FIRST
    match text.split(_SEPARATOR):
        case [due, case, told] if is_index(told):
            return due, case, int(told)
        case _:
            raise ApiError("bad-parameter", "`cursor` is not one of this list")
