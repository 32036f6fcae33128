"""The same through `POST /v1/records/batch` of a node in a process of its own, over loopback."""

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import httpx

from ledger.times import from_ms
from ledger.types import Time
from tests.bench.mix import Streams
from tests.log_files import log_signers

BATCH_RECORDS: Final = 1_000
START_TIMEOUT_S: Final = 60
_ACCEPTED: Final = b'"status":201'
_NO_FINDINGS: Final = b'"findings":[]'


def wall_clock(not_before: Time) -> Time:
    """When records for a node with a clock of its own are to be issued."""
    return max(from_ms(time.time_ns() // 1_000_000), not_before)


@contextmanager
def served(database: Path) -> Iterator[str]:
    """A node over a database; yields its address once it is ready."""
    port = _free_port()
    process = get_context("spawn").Process(target=_serve, args=(database, port))
    process.start()
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        yield url
    finally:
        process.terminate()
        process.join()


def submit(url: str, streams: Streams) -> float:
    """Post streams side by side, batch by batch; the seconds until the last answer.

    Raises `ValueError` unless all were accepted without a finding.
    """
    return asyncio.run(_submit(url, streams))


async def _submit(url: str, streams: Streams) -> float:
    answers: list[bytes] = []
    headers = {"Content-Type": "application/octet-stream"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:

        async def one(records: Sequence[bytes]) -> None:
            for start in range(0, len(records), BATCH_RECORDS):
                batch = records[start : start + BATCH_RECORDS]
                body = b"".join([len(record).to_bytes(2) + record for record in batch])
                answer = await client.post("/v1/records/batch", content=body)
                answers.append(answer.content)

        began = time.perf_counter()
        await asyncio.gather(*map(one, streams))
        seconds = time.perf_counter() - began
    for word in (_ACCEPTED, _NO_FINDINGS):
        if sum(answer.count(word) for answer in answers) != sum(map(len, streams)):
            raise ValueError(f"the mix is not what it should be: {answers[0][:500]!r}")
    return seconds


def _serve(database: Path, port: int) -> None:
    from node.app import serve  # noqa: PLC0415  slow to load, and only this process needs it
    from node.composition import Keys  # noqa: PLC0415  the same
    from node.settings import Settings  # noqa: PLC0415  the same

    nowhere = Path("not-read")
    settings = Settings(
        member="steward",
        database=database,
        log_key=nowhere,
        log_key_pq=nowhere,
        port=port,
        log_level="warning",
    )
    serve(settings, Keys(log_signers()))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"no node at {url}")
