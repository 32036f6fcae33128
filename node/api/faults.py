"""From whatever ends a request early to the problem it is answered with."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.api.problems import ApiError, respond


def add_handlers(app: FastAPI) -> None:
    """Answer every error as a problem; `node.api.observed` answers faults."""

    @app.exception_handler(ApiError)
    async def on_api_error(request: Request, error: ApiError) -> Response:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_bad_request(request: Request, error: RequestValidationError) -> Response:
        names = ", ".join(str(one["loc"][-1]) for one in error.errors())
        return _answer(request, ApiError(400, "bad-parameter", f"not understood: {names}"))

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
        answer = _answer(request, ApiError(error.status_code, code, str(error.detail)))
        answer.headers.update(error.headers or {})
        return answer


def _answer(request: Request, error: ApiError) -> Response:
    request.scope["problem"] = error.problem.code  # for the log
    return respond(error.problem, error.retry_after_s)
