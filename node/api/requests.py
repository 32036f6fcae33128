"""What is asked of every request before a resource sees it: its query, its body, its method."""

import asyncio
from collections import Counter
from typing import Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.api.problems import ApiError
from node.api.service import service_of
from node.api.signed_requests import ASKED_METHOD, check_digest

BODY_S_MAX: Final = 120
BODY_BYTES_FREE: Final = 256 * 1024
"""A body this small is always read: large ones never keep a single record out."""
BODIES_BYTES_MAX: Final = 256 * 1024 * 1024
"""Bytes that larger bodies may hold together; each connection could bring its own 16 MiB."""
INDEX_DIGITS_MAX: Final = 16


async def check_query(request: Request) -> None:
    """Refuse a query parameter that the resource does not have, or that comes twice.

    A misspelt filter that is ignored answers another question than was asked.
    """
    known = _query_names(request.scope["route"].dependant)
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            raise ApiError("bad-parameter", f"no parameter {name!r} here: {sorted(known)}")
        if count > 1:
            raise ApiError("bad-parameter", f"`{name}` is given {count} times")


def _query_names(dependant: Dependant) -> set[str]:
    """The query parameters of a resource and of what it depends on."""
    deeper = map(_query_names, dependant.dependencies)
    return {one.alias for one in dependant.query_params}.union(*deeper)


def is_index(text: str) -> bool:
    """Whether a text is the index of a leaf: few enough digits for a database, too."""
    return text.isascii() and text.isdecimal() and len(text) <= INDEX_DIGITS_MAX


def media_type_of(request: Request, *allowed: str) -> str:
    """The media type of the body, one of `allowed`; the first of them if the caller says none."""
    given = request.headers.get("content-type", allowed[0])
    media_type = given.partition(";")[0].strip().lower()
    if media_type not in allowed:
        raise ApiError("unsupported-media-type", f"a body here is {' or '.join(allowed)}")
    return media_type


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body of a request, refused as soon as it is larger than `bytes_max`, or too slow."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ApiError("unsupported-media-type", "a body is sent as it is, without encoding")
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and (len(declared) > 16 or int(declared) > bytes_max):
        raise _too_large(bytes_max)
    body = bytearray()
    bodies = service_of(request).bodies
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for chunk in request.stream():
                body += chunk
                bodies.bytes_count += len(chunk)
                if len(body) > bytes_max:
                    raise _too_large(bytes_max)
                if bodies.bytes_count > BODIES_BYTES_MAX and len(body) > BODY_BYTES_FREE:
                    full = "too many large bodies are on their way in"
                    raise ApiError("queue-full", full, retry_after_s=1)
    except TimeoutError as error:
        slow = f"the body did not come within {BODY_S_MAX} seconds"
        raise ApiError("body-too-slow", slow, retry_after_s=0) from error
    finally:
        bodies.bytes_count -= len(body)
    whole = bytes(body)
    check_digest(request.scope, whole)
    return whole


def _too_large(bytes_max: int) -> ApiError:
    return ApiError("body-too-large", f"a body has at most {bytes_max} bytes")


class HeadAsGet:
    """ASGI middleware that answers HEAD as GET without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})

        await self._app({**scope, "method": "GET", ASKED_METHOD: "HEAD"}, receive, send_head)
