"""Connections with bounds: what HTTP leaves open and a stranger could use to hold the node.

    connection made ──▶ head complete ──▶ answered ──▶ head complete ──▶ ...
      HEAD_S_MAX ────────▶│                  HEAD_S_MAX ───▶│

Between an answer and the next complete head, whatever a peer sends or does not send, it has
`HEAD_S_MAX` seconds; that ends idle connections, heads that trickle in and bodies nobody wants any
more; `UNWANTED_BYTES_MAX` of these are thrown away, no more. How long a wanted body may take is
`read_body`'s affair. What is neither body nor the end of a message (a head, the frames and trailers
of chunks) may not exceed `HEAD_BYTES_MAX`, a peer that does not read its answer is given up, and
beyond `CONNECTIONS_MAX` nobody is heard.

Bytes that are no HTTP are answered with a problem like everything else.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from msgspec.json import encode
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ledger.types import KeyId
from node.api.access import PEER
from node.api.principal import Principal
from node.api.problems import MEDIA_TYPE, ApiError, respond
from node.api.security_headers import ALWAYS, secured
from node.client.certificates import issuer_of

CONNECTIONS_MAX: Final = 512
"""Half of the files a process may usually have open."""
HEAD_BYTES_MAX: Final = 32 * 1024
HEAD_S_MAX: Final = 15
WRITE_S_MAX: Final = 60
UNWANTED_BYTES_MAX: Final = 16 * 1024 * 1024
"""The longest body that is ever wanted: who sends one too many still hears the answer."""
_SECURED: Final = "".join(f"{name.decode()}: {value.decode()}\r\n" for name, value in ALWAYS)


class Connection(HttpToolsProtocol):
    """One connection, from the first byte to the last.

    `principal_of` tells who shows a key over TLS. It is asked for each request: a key may be
    withdrawn while it is in use.
    """

    principal_of: Callable[[KeyId], Principal | None] = staticmethod(lambda _keyid: None)
    _key_shown: KeyId | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _unread_bytes = 0
    _spare_bytes = 0
    _unwanted_bytes = 0
    _has_progressed = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hear the peer, unless too many are heard."""
        super().connection_made(transport)
        self._key_shown = issuer_of(transport.get_extra_info("peercert"))
        if len(self.connections) > CONNECTIONS_MAX:
            busy = "too many are connected"
            self._refuse(ApiError("too-many-connections", busy, retry_after_s=1))
        self._head_timer = self._give_up_after(HEAD_S_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the peer."""
        self._cancel_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, as long as they lead to something."""
        self._has_progressed = False
        super().data_received(data)
        self._spare_bytes = 0 if self._has_progressed else self._spare_bytes + len(data)
        if self._spare_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._refuse(_head_too_large())

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        peer = None if self._key_shown is None else self.principal_of(self._key_shown)
        if peer is not None:
            self.scope[PEER] = peer  # type: ignore[typeddict-unknown-key]
        if self._head_timer is not None:
            self._head_timer.cancel()
        head_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if head_bytes > HEAD_BYTES_MAX:
            self.app = _answer_head_too_large
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; of one that is answered already, only so much is thrown away."""
        self._has_progressed = True
        if self.cycle.response_complete:
            self._unwanted_bytes += len(body)
            if self._unwanted_bytes > UNWANTED_BYTES_MAX:
                self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a message."""
        self._has_progressed = True
        self._unwanted_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._head_timer = self._give_up_after(HEAD_S_MAX)

    def pause_writing(self) -> None:
        """Wait for a peer that does not read."""
        super().pause_writing()
        self._write_timer = self._give_up_after(WRITE_S_MAX)

    def resume_writing(self) -> None:
        """Go on writing."""
        if self._write_timer is not None:
            self._write_timer.cancel()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        if not self.transport.is_closing():
            self._refuse(ApiError("malformed-request", msg))

    def shutdown(self) -> None:
        """Hang up as the node stops; over TLS, who is idle would leave a goodbye unanswered."""
        is_idle = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]
        if self.scheme == "https" and is_idle and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().shutdown()

    def _refuse(self, error: ApiError) -> None:
        """Answer outside of any request, and hang up."""
        problem, body = error.problem, encode(error.problem)
        retry = "" if error.retry_after_s is None else f"Retry-After: {error.retry_after_s}\r\n"
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
            f"{_SECURED}{retry}Connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _cancel_timers(self) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()

    def _give_up_after(self, seconds: float) -> asyncio.TimerHandle:
        self._unread_bytes = self.transport.get_write_buffer_size()
        return self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        """Hang up, unless the peer is reading what it was sent, however slowly."""
        if 0 < self.transport.get_write_buffer_size() < self._unread_bytes:
            self._cancel_timers()
            self._write_timer = self._give_up_after(WRITE_S_MAX)
        else:
            self.transport.abort()


def _head_too_large() -> ApiError:
    return ApiError(
        "head-too-large", f"a request has at most {HEAD_BYTES_MAX} bytes before its body"
    )


async def _answer_head_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    answer = respond(_head_too_large().problem)
    answer.headers["Connection"] = "close"
    answer.raw_headers = secured(answer.raw_headers, scope["scheme"])
    await answer(scope, receive, send)
