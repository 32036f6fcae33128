"""What requests may hold and whom they may claim to be from."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from node.api import requests
from node.app import _server
from tests.served import served, settings_in
from tests.world import World

KIB = 1024
BATCH = "/v1/records/batch"
FRAMES = {"Content-Type": "application/octet-stream"}


async def test_large_bodies_share_what_memory_there_is_and_small_ones_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BODIES_BYTES_MAX", 500 * KIB)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(400 * KIB)
        begun.set()
        await go_on.wait()

    async with served(settings_in(tmp_path), World.genesis()) as client:
        first = asyncio.create_task(client.post(BATCH, content=slow(), headers=FRAMES))
        await begun.wait()
        full = await client.post(BATCH, content=bytes(300 * KIB), headers=FRAMES)
        assert (full.status_code, full.json()["code"]) == (429, "queue-full")
        assert full.headers["retry-after"] == "1"
        small = await client.post("/v1/records", content=b"{}")
        assert small.json()["code"] == "malformed"
        go_on.set()
        assert (await first).json()["code"] == "body-too-large"  # so many records
        after = await client.post(BATCH, content=bytes(300 * KIB), headers=FRAMES)
        assert after.json()["code"] == "body-too-large"


def test_only_a_proxy_on_this_machine_says_where_a_request_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert _server(FastAPI(), is_tls=False).config.forwarded_allow_ips == "127.0.0.1,::1"


async def test_a_body_that_breaks_off_gives_back_what_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BODIES_BYTES_MAX", 300 * KIB)
    monkeypatch.setattr(requests, "BODY_S_MAX", 0.01)

    async def never_ends() -> AsyncIterator[bytes]:
        yield bytes(290 * KIB)
        await asyncio.Event().wait()

    async with served(settings_in(tmp_path), World.genesis()) as client:
        for _ in range(3):
            slow = await client.post(BATCH, content=never_ends(), headers=FRAMES)
            assert slow.json()["code"] == "body-too-slow"
