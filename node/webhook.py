"""Posts what is announced to one address: findings raised, deadlines that come near or pass.

One task follows the log, at its own pace, and keeps its place in a small file:

    1  events of the leaves since the place      read from a snapshot, so no block waits
    2  post each, in order, until it is taken    a crash here: it is posted again, same id
    3  write the place                           from here on these are done

and once a minute the same for deadlines. Leaves that say nothing are soon read again, so for them
the place is not written block by block. There is no queue: what waits is in the log. An address
that does not answer holds up its own events alone; it is tried again and again, less and less
often. What it refuses for good (4xx) is left out, with a line in the node's log.

An event is posted as CloudEvents 1.0.2 has it in structured mode, signed as Standard Webhooks has
it: `webhook-signature` is the HMAC-SHA256 of id, timestamp and body, so that the receiver knows who
posts, and that it is no old post. The address comes from the settings alone; redirects are not
followed, proxies of the environment not used, answers not read.

>>> secret = parse_secret(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
>>> sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from msgspec import DecodeError, Struct
from msgspec.json import decode, encode
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ledger.times import from_ms, to_ms
from node.announcements import (
    EVERYBODY,
    FIRST,
    Audience,
    Event,
    Key,
    Position,
    deadlines_since,
    findings_from,
)
from node.client.clock import MACHINE_CLOCK
from node.client.secret_files import SecretError
from node.logs import log
from node.news import News
from node.replica import Replica

TICK_S: Final = 60
TIMEOUT_S: Final = 10
SECRET_BYTES: Final = range(24, 65)
_PREFIX: Final = b"whsec_"
_MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"
_WAITS_S: Final = (1, 2, 5, 15, 60, 300)
_FOR_NOW: Final = frozenset({408, 425, 429})
"""4xx that say nothing about the event."""


class WebhookError(Exception):
    """The file of the place cannot be used."""


class _Place(Struct, frozen=True):
    """What the file holds."""

    ledger: str
    position: Position


@dataclass(frozen=True, slots=True)
class Target:
    """Where events go, signed with which secret, and where the place is kept."""

    url: str
    secret: bytes
    place: Path
    audience: Audience = EVERYBODY


def parse_secret(data: bytes) -> bytes:
    """The secret in a file: `whsec_` and 24 to 64 bytes in base64. Raises `SecretError`."""
    text = data.strip()
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise SecretError("a webhook's secret is `whsec_` and base64") from error
    if not text.startswith(_PREFIX) or len(secret) not in SECRET_BYTES:
        raise SecretError("a webhook's secret is `whsec_` and 24 to 64 bytes in base64")
    return secret


def sign(secret: bytes, event_id: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` of a post."""
    signed = b"%b.%d.%b" % (event_id.encode(), timestamp_s, body)
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


class Webhook:
    """Follows a replica's log and posts. `run` in a task of its own; to stop, cancel it."""

    def __init__(  # noqa: PLR0913  each has its default
        self,
        replica: Replica,
        news: News,
        target: Target,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock_ms: Callable[[], int] = MACHINE_CLOCK,
        stamp_ms: Callable[[], int] = MACHINE_CLOCK,
        waits_s: Sequence[float] = _WAITS_S,
    ) -> None:
        """`stamp_ms` is the time of a post, which receivers compare with theirs: no exercise's.

        Raises `WebhookError`.
        """
        self._replica = replica
        self._news = news
        self._target = target
        self._clock_ms = clock_ms
        self._stamp_ms = stamp_ms
        self._waits_s = waits_s
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT_S, transport=transport, trust_env=False, follow_redirects=False
        )
        self.position = self._restore()

    async def run(self) -> None:
        """Post what there is, then what comes."""
        async with self._http:
            while True:
                woken = self._news.subscribe()
                try:
                    await self.catch_up()
                except (OSError, SQLAlchemyError) as error:  # of the disk: records go on
                    log.error("webhook-stuck", exc_info=error)
                # No `wait_for`: news at the same moment would make it lose the cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await woken.wait()

    async def catch_up(self) -> None:
        """Post everything there is up to now."""
        while self.position.size < self._replica.head.size:
            events, end = await run_in_threadpool(self._findings, self.position.size)
            await self._post_all(events)
            self.position = replace(self.position, size=end)
            if events:
                await self._keep()
        now_ms = max(self._clock_ms(), to_ms(self._replica.head.time))
        if now_ms - to_ms(self.position.time) >= TICK_S * 1_000:
            await self._look_at_deadlines(from_ms(now_ms))

    async def _look_at_deadlines(self, now: str) -> None:
        size = self._replica.head.size
        after: Key | None = FIRST
        while after is not None:
            events, after = await run_in_threadpool(self._deadlines, now, after)
            await self._post_all(events)
        self.position = Position(size=self.position.size, looked_at=size, time=now)
        await self._keep()

    def _findings(self, start: int) -> tuple[list[Event], int]:
        with self._replica.store.snapshot() as snapshot:
            return findings_from(snapshot, self._replica.origin, start, self._target.audience)

    def _deadlines(self, now: str, after: Key) -> tuple[list[Event], Key | None]:
        origin, audience = self._replica.origin, self._target.audience
        with self._replica.store.snapshot() as snapshot:
            return deadlines_since(snapshot, origin, self.position, now, audience, after)

    async def _post_all(self, events: Sequence[Event]) -> None:
        for event in events:
            await self._post(event)

    async def _post(self, event: Event) -> None:
        """Post until it is taken, or refused for good."""
        attempt = 0
        while not await self._is_settled(event, attempt):
            wait_s = self._waits_s[min(attempt, len(self._waits_s) - 1)]
            attempt += 1
            await asyncio.sleep(wait_s)

    async def _is_settled(self, event: Event, attempt: int) -> bool:
        body = encode(event)
        now_s = self._stamp_ms() // 1_000
        headers = {
            "Content-Type": _MEDIA_TYPE,
            "webhook-id": event.id,
            "webhook-timestamp": str(now_s),
            "webhook-signature": sign(self._target.secret, event.id, now_s, body),
        }
        url = self._target.url
        try:
            async with self._http.stream("POST", url, content=body, headers=headers) as answer:
                status = answer.status_code
        except httpx.HTTPError as error:
            log.warning("webhook-failed", error=type(error).__name__, attempt=attempt)
            return False
        if 200 <= status < 300:
            return True
        for_good = 400 <= status < 500 and status not in _FOR_NOW
        log.warning("webhook-refused", status=status, attempt=attempt, dropped=for_good)
        return for_good

    def _restore(self) -> Position:
        head = self._replica.head
        begin = Position(size=head.size, looked_at=head.size, time=from_ms(self._clock_ms()))
        try:
            place = decode(self._target.place.read_bytes(), type=_Place)
        except FileNotFoundError:
            _write(self._target.place, _Place(head.ledger, begin))
            return begin
        except (OSError, DecodeError) as error:
            raise WebhookError(f"{self._target.place}: {error}") from error
        if place.ledger != head.ledger:
            raise WebhookError(f"{self._target.place} is of another ledger; remove it")
        return place.position if place.position.size <= head.size else begin

    async def _keep(self) -> None:
        place = _Place(self._replica.head.ledger, self.position)
        await run_in_threadpool(_write, self._target.place, place)


def _write(path: Path, place: _Place) -> None:
    """Replace the file: after a crash it holds the old place or the new one. Raises `OSError`."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(encode(place))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
