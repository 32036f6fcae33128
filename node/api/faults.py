"""From whatever ends a request early to the problem it is answered with."""

from http.client import METHOD_NOT_ALLOWED
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.api.problems import ApiError, respond
from node.api.service import service_of
from node.replica import Backfilling, NotPublished

RETRY_AFTER_S: Final = 5
BACKFILLING_S: Final = 60


def add_handlers(app: FastAPI) -> None:
    """Answer every error as a problem; `node.api.observed` answers faults."""

    @app.exception_handler(ApiError)
    async def on_api_error(request: Request, error: ApiError) -> Response:
        return _answer(request, error)

    @app.exception_handler(NotPublished)
    async def on_catching_up(request: Request, _error: NotPublished) -> Response:
        told = "the node is catching up with the others"
        return _answer(request, ApiError("catching-up", told, retry_after_s=RETRY_AFTER_S))

    @app.exception_handler(Backfilling)
    async def on_backfilling(request: Request, _error: Backfilling) -> Response:
        service = service_of(request)
        base, joining = service.replica.base, service.joining
        replayed = 0 if joining is None else min(joining.replayed_size, base)
        told = f"of the {base} leaves before its snapshot the node has replayed {replayed}"
        return _answer(request, ApiError("backfilling", told, retry_after_s=BACKFILLING_S))

    @app.exception_handler(RequestValidationError)
    async def on_bad_request(request: Request, error: RequestValidationError) -> Response:
        told = "; ".join(f"`{one['loc'][-1]}`: {one['msg']}" for one in error.errors())
        return _answer(request, ApiError("bad-parameter", told))

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        code = "method-not-allowed" if error.status_code == METHOD_NOT_ALLOWED else "not-found"
        answer = _answer(request, ApiError(code, f"{request.method} {request.url.path}"))
        answer.headers.update(error.headers or {})
        return answer


def _answer(request: Request, error: ApiError) -> Response:
    request.scope["problem"] = error.problem.code  # for the log
    return respond(error.problem, error.headers)
