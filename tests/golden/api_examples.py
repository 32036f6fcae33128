"""Real conversations with a node: the examples in the OpenAPI document.

    python -m tests.golden.api_examples --write     writes node/api/examples.json

One exchange per operation and media type, in an order in which all of them succeed. Two ML-DSA
signatures are never alike, so the file is not compared word for word; the tests talk again and
compare what matters.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx

import node.api
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint
from ledger.hashing import EMPTY_ROOT
from ledger.note import encode_vkey
from ledger.records import Record
from node.api.operations import BYTES, DSSE, EVENTS, JSON, NDJSON, TEXT
from node.api.service import Service
from node.app import create_app
from node.composition import Keys
from node.network.offers import encode_offer
from node.settings import ForeignLog, LocalSigning, Witness
from node.storage.address import Database
from tests import bodies
from tests.log_files import log_signers, story
from tests.nodes import close, open_replica
from tests.served import settings_in
from tests.world import World, signer, witness_signers

FILE: Final = Path(node.api.__path__[0]) / "examples.json"
TOKEN: Final = "0123456789abcdef"
WRITER: Final = "weather/main"
FOREIGN: Final = log_key("example.com/log", signer("foreign").public_key)
Shown = dict[str, dict[str, object]]
_BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request: the operation it belongs to, and what was sent."""

    operation: str
    path: str
    media_type: str = JSON
    body_type: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, client: httpx.AsyncClient) -> httpx.Response:
        """The answer."""
        method = self.operation.partition(" ")[0]
        headers = {"Accept": self.media_type, **self.headers}
        if self.body_type:
            headers["Content-Type"] = self.body_type
        return await client.request(method, self.path, content=self.body, headers=headers)


def exchanges(world: World) -> list[Exchange]:
    """All exchanges with a node that has come as far as `story`."""
    records = [world.sign("transport/main", bodies.schema(name)) for name in "cdef"]
    return [*_submissions(records), *_statements(), *_reading(), *_lists(), *_log()]


def _submissions(records: list[Record]) -> list[Exchange]:
    one, two, three, four = (record.envelope.encoded for record in records)
    frames = len(four).to_bytes(2) + four
    post, batch = "POST /v1/records", "POST /v1/records/batch"
    return [
        Exchange(post, "/v1/records", body_type=JSON, body=one),
        Exchange(post, "/v1/records", body_type=DSSE, body=one),
        Exchange(batch, "/v1/records/batch", body_type=NDJSON, body=two + b"\n" + three + b"\n"),
        Exchange(batch, "/v1/records/batch", body_type=BYTES, body=frames),
    ]


def _statements() -> list[Exchange]:
    def item(name: str) -> dict[str, Any]:
        body = json.loads(encode(bodies.schema(name)))
        return {"writer": WRITER, "kind": "schema", "body": body}

    one = json.dumps(item("g")).encode()
    many = json.dumps({"items": [item("h"), item("i")]}).encode()
    path = "/v1/statements"
    return [
        Exchange(f"POST {path}", path, body_type=JSON, body=one, headers=_BEARER),
        Exchange(f"POST {path}/batch", f"{path}/batch", body_type=JSON, body=many, headers=_BEARER),
    ]


def _reading() -> list[Exchange]:
    record = "GET /v1/records/{reference}"
    return [
        Exchange(record, "/v1/records/8"),
        Exchange(record, "/v1/records/8", BYTES),
        Exchange(f"{record}/receipt", "/v1/records/8/receipt", TEXT),
        Exchange(f"{record}/outcome", "/v1/records/8/outcome"),
        Exchange("GET /v1/ledger", "/v1/ledger"),
        Exchange("GET /v1/state/{key}", "/v1/state/member/health"),
        Exchange("GET /v1/values/{key}", "/v1/values/ledger?at=8"),
        Exchange("GET /v1/writers/{member}/{name}", "/v1/writers/transport/main"),
    ]


def _lists() -> list[Exchange]:
    names = (
        "members", "writers", "systems", "datasets", "releases", "requests", "grants", "findings",
        "cases", "usage", "deliveries", "duties", "steps",
    )  # fmt: skip
    listed = [Exchange(f"GET /v1/{name}", f"/v1/{name}?limit=1") for name in names]
    figures = "/v1/assessment?member=transport&period=2026-Q4&at=19"
    return [
        *listed,
        Exchange("GET /v1/tasks", "/v1/tasks?member=health&at=19&limit=1"),
        Exchange("GET /v1/assessment", figures),
        Exchange(
            "GET /v1/assessment/{member}/{indicator}",
            "/v1/assessment/transport/timely-answers?period=2026-Q4&at=19",
        ),
        Exchange("GET /v1/trust", "/v1/trust?limit=1&at=19"),
        Exchange("GET /v1/trust/{member}", "/v1/trust/transport?at=19"),
    ]


def _log() -> list[Exchange]:
    plain = ("/checkpoint", "/health/live", "/health/ready", "/metrics")
    empty = Checkpoint(FOREIGN.name, 0, EMPTY_ROOT)
    offer = encode_offer(0, (), sign_checkpoint(empty, [signer("foreign")]))
    cosigning, cosigned = "POST /add-checkpoint", "GET /{log}/checkpoint"
    of_log = sha256(FOREIGN.name.encode()).hexdigest()
    return [
        Exchange("GET /tile/{path}", "/tile/0/000.p/5", BYTES),
        Exchange("GET /v1/checkpoints", "/v1/checkpoints?latest=19&final=19"),
        Exchange("GET /v1/witnesses", "/v1/witnesses"),
        Exchange("GET /v1/heads", "/v1/heads"),
        Exchange(cosigning, "/add-checkpoint", TEXT, body_type=TEXT, body=offer),
        Exchange(cosigned, f"/{of_log}/checkpoint", TEXT),
        *(Exchange(f"GET {path}", path, TEXT) for path in plain),
    ]


@asynccontextmanager
async def talking(
    folder: Path, database: Database | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, World, Service]]:
    """A client of a node that also signs for a local system; the world it has come as far as."""
    token_file = folder / "token"
    token_file.touch(mode=0o600)
    token_file.write_text(TOKEN, encoding="utf-8")
    local = LocalSigning(
        token_file=token_file, outbox=folder / "outbox.db", keys={WRITER: folder / "not-read"}
    )
    witness = Witness(
        key=folder / "not-read",
        key_pq=folder / "not-read",
        database=folder / "witness.db",
        foreign_name="health.example/witness",
        foreign_key=folder / "not-read-either",
        foreign_key_pq=folder / "not-read-either",
        logs=(ForeignLog(vkey=(encode_vkey(FOREIGN),)),),
    )
    given = {"local_signing": local, "witness": witness, "verify_processes": 0}
    settings = settings_in(folder, **given, database=database or folder / "ledger.db")
    world = story()
    close(open_replica(settings.database, world))
    writers = {WRITER: signer(WRITER)}
    signers = (witness_signers(one) for one in ("steward", "steward/foreign"))
    app = create_app(settings, Keys(log_signers(), writers, *signers))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client,
    ):
        yield client, world, app.state.service


async def converse(
    folder: Path, database: Database | None = None
) -> list[tuple[Exchange, httpx.Response]]:
    """Every exchange with its answer."""
    async with talking(folder, database) as (client, world, service):
        case = (await client.get("/v1/cases?limit=1")).json()["items"][0]["id"]
        await client.get("/v1/snapshot")  # it is made because somebody asks
        while (await client.get("/v1/snapshot")).is_error:  # noqa: ASYNC110  nobody tells when
            await asyncio.sleep(0.01)
        right = (await client.get("/v1/grants?consumer=health&limit=1")).json()["items"][0]["id"]
        details = [
            Exchange("GET /v1/snapshot", "/v1/snapshot"),
            Exchange("GET /v1/snapshots/{size}/{part}", "/v1/snapshots/19/0", BYTES),
            Exchange("GET /v1/cases/{case}", f"/v1/cases/{case}"),
            Exchange("GET /v1/grants/{grant}/chain", f"/v1/grants/{right}/chain"),
            Exchange("GET /v1/datasets/{dataset}/lineage", "/v1/datasets/flights/lineage"),
        ]
        events = Exchange("GET /v1/events", "/v1/events?from=17", EVENTS)
        talk = [(one, await one.send(client)) for one in (*exchanges(world), *details)]
        listening = asyncio.create_task(events.send(client))
        while not service.listeners.count:  # noqa: ASYNC110  nobody tells who listens
            await asyncio.sleep(0)
        service.news.close()  # ends the stream, once all there is has been told
        return [*talk, (events, await listening)]


def examples_of(conversation: Sequence[tuple[Exchange, httpx.Response]]) -> dict[str, Shown]:
    """By operation, `body` and `answer` by media type; bytes cannot be shown in JSON."""
    found: dict[str, Shown] = {}
    for exchange, response in conversation:
        shown = found.setdefault(exchange.operation, {"body": {}, "answer": {}})
        for kind, media_type, data in (
            ("body", exchange.body_type, exchange.body),
            ("answer", exchange.media_type, response.content),
        ):
            if media_type not in ("", BYTES):
                as_json = media_type in (JSON, DSSE)
                shown[kind].setdefault(media_type, json.loads(data) if as_json else data.decode())
    metrics = found["GET /metrics"]["answer"]
    lines = str(metrics[TEXT]).splitlines(keepends=True)
    metrics[TEXT] = "".join(line for line in lines if "blockpool_log_size" in line)
    return found


def main(arguments: list[str]) -> int:
    """Write the file, or say what is in it."""
    with tempfile.TemporaryDirectory() as folder:
        found = examples_of(asyncio.run(converse(Path(folder))))
    if "--write" in arguments:
        text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
        FILE.write_text(f"{text}\n", encoding="utf-8")
    else:
        sys.stdout.writelines(f"{name}\n" for name in found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
