"""A whole node and a real receiver over loopback: what arrives, and that nothing waits for it."""

import asyncio
import base64
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from node.settings import Webhook
from tests import bodies
from tests.served import served, settings_in
from tests.story import published

SECRET: Final = bytes(range(32))


@dataclass
class Received:
    """Posts as they came in; while `silent`, nobody is answered."""

    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    silent: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def url(received: Received) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.posts.append(({k.lower(): v for k, v in self.headers.items()}, body))
            received.heard.set()
            while received.silent.is_set():
                threading.Event().wait(0.01)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/events"
    received.silent.clear()
    server.shutdown()
    thread.join()
    server.server_close()


def settings(folder: Path, url: str) -> Any:
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_bytes(b"whsec_" + base64.b64encode(SECRET) + b"\n")
    webhook = Webhook(url=url, secret_file=secret, place=folder / "place.json")
    return settings_in(folder, webhook=webhook)


async def test_a_finding_arrives_signed(tmp_path: Path, url: str, received: Received) -> None:
    world = published().world
    async with served(settings(tmp_path, url), world) as client:
        use = world.sign("health/main", bodies.usage(None, world.now))
        answer = await client.post("/v1/records", content=use.envelope.encoded)
        codes = {one["code"] for one in answer.json()["findings"]}
        assert await asyncio.to_thread(received.heard.wait, 20)
        async with asyncio.timeout(20):
            while len(received.posts) < len(codes):  # noqa: ASYNC110  the thread tells nobody
                await asyncio.sleep(0.01)
    assert {json.loads(body)["data"]["code"] for _, body in received.posts} == codes
    for headers, body in received.posts:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = base64.b64encode(hmac.digest(SECRET, signed, "sha256")).decode()
        assert headers["webhook-signature"] == f"v1,{mac}"


async def test_a_receiver_that_does_not_answer_holds_up_nothing(
    tmp_path: Path, url: str, received: Received
) -> None:
    """Records go on, and so does the end of the node."""
    received.silent.set()
    world = published().world
    async with served(settings(tmp_path, url), world) as client:
        for n in (1, 2, 3):
            use = world.sign("health/main", bodies.usage(None, world.now, rows=(n,)))
            answer = await client.post("/v1/records", content=use.envelope.encoded)
            assert answer.status_code == 201
        assert await asyncio.to_thread(received.heard.wait, 20)
    assert len(received.posts) == 1
