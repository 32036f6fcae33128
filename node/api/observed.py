"""Around every request: an id, a line in the log, a measurement, and an answer to a fault.

The id is a new one, or the caller's own once that is admitted (`node.client.request_ids`); the
answer carries it, so that what a caller saw and what the log says can be brought together.
"""

from http import HTTPStatus
from time import perf_counter
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.api.principal import Principal
from node.api.problems import ApiError, respond
from node.api.security_headers import secured
from node.api.throttle import RATE
from node.client.request_ids import carried, new_request_id, request_id
from node.logs import log
from node.metrics import Metrics

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
        with request_id(new_request_id()):
            await self._observe(scope, receive, send)

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = perf_counter(), 0

        async def send_whole(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = [(name.encode(), value.encode()) for name, value in carried().items()]
                headers = (*message["headers"], *scope.get(RATE, ()), *told)
                message["headers"] = secured(headers, scope["scheme"])
            await send(message)

        try:
            await self._app(scope, receive, send_whole)
        except ClientDisconnect:
            scope["problem"] = "disconnected"
        except Exception as error:  # noqa: BLE001  told in the log and to the caller
            log.error("fault", route=_route(scope), exc_info=error)
            scope["problem"] = "internal-error"
            if status == 0:
                fault = ApiError("internal-error", "a fault of the node; see its log")
                await respond(fault.problem)(scope, receive, send_whole)
        finally:
            self._tell(scope, status or GONE, perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
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
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1_000),
            **known,
        )


def _route(scope: Scope) -> str:
    """The template of the path, which says nothing about what was asked for."""
    return getattr(scope.get("route"), "path", None) or _NO_ROUTE
