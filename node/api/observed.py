"""Around every request: an id, a line in the log, a measurement, and an answer to a fault.

The id is the caller's `X-Request-Id` if that is short and plain, else a new one; the answer carries
it, so that what a caller saw and what the log says can be brought together.
"""

import re
import secrets
from http import HTTPStatus
from time import perf_counter
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.api.principal import Principal
from node.api.problems import ApiError, respond
from node.logs import log
from node.metrics import Metrics

_PLAIN: Final = re.compile(rb"\A[A-Za-z0-9._-]{1,64}\Z")
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
"""What machines ask every few seconds is logged at `debug`."""
_NO_ROUTE: Final = "none"
GONE: Final = 499
"""The status told of a request that nobody waited for."""


class Observed:
    """ASGI middleware around routes and admission; only the reading of HEAD is further out."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        began, status = perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            scope["problem"] = "disconnected"
        except Exception as error:  # noqa: BLE001  told in the log and to the caller
            log.error("fault", request_id=request_id, route=_route(scope), exc_info=error)
            scope["problem"] = "internal-error"
            if status == 0:
                fault = ApiError("internal-error", "a fault of the node; see its log")
                await respond(fault.problem)(scope, receive, send_with_id)
        finally:
            self._tell(scope, request_id, status or GONE, perf_counter() - began)

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        self._metrics.count_request(method, route, status, seconds)
        tell = log.debug if route in _QUIET and status < HTTPStatus.BAD_REQUEST else log.info
        principal: Principal | None = scope.get("principal")
        known = {} if "problem" not in scope else {"problem": scope["problem"]}
        if principal is not None and principal.is_known:
            known["reader"] = principal.name
        tell(
            "request",
            request_id=request_id,
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1_000),
            **known,
        )


def _request_id(scope: Scope) -> str:
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(given) == 1 and _PLAIN.match(given[0]):
        return bytes(given[0]).decode("ascii")
    return secrets.token_hex(8)


def _route(scope: Scope) -> str:
    """The template of the path, which says nothing about what was asked for."""
    return getattr(scope.get("route"), "path", None) or _NO_ROUTE
