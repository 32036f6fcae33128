"""A disk without room: records are turned away before it is full, and at the end the node stops."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.receipt import verify_receipt
from ledger.records import Record
from node.storage.disk import RETRY_AFTER_S, DiskFull, DiskGuard
from tests import bodies
from tests.log_files import story
from tests.node_process import NodeProcess, node_process
from tests.nodes import close, open_replica, policy_of
from tests.served import served, settings_in
from tests.world import World

MIB = 1024 * 1024
COUNT = 200
"""Far more records than there is room for."""


def records(world: World) -> list[Record]:
    """Records that follow one another."""
    return [world.sign("weather/main", bodies.schema(f"c{n}")) for n in range(COUNT)]


def post(node: NodeProcess, record: Record) -> httpx.Response:
    content, headers = record.envelope.encoded, {"Content-Type": "application/json"}
    return httpx.post(f"{node.url}/v1/records", content=content, headers=headers)


def post_until_it_stops(node: NodeProcess, submitted: list[Record]) -> list[dict[str, Any]]:
    """The answers to those that were acknowledged."""
    answers = []
    for record in submitted:
        try:
            answer = post(node, record)
        except httpx.TransportError:
            break
        if answer.status_code != 201:
            assert answer.json()["code"] == "stopping"
            break
        answers.append(answer.json())
    return answers


def check_acknowledged(node: NodeProcess, world: World, answers: list[dict[str, Any]]) -> None:
    """Each is at its index, and its receipt proves it."""
    for answer in answers:
        headers = {"Accept": "application/octet-stream"}
        leaf = httpx.get(f"{node.url}/v1/records/{answer['index']}", headers=headers).content
        verify_receipt(answer["receipt"].encode(), leaf, policy_of(world))


def test_less_room_than_the_reserve_is_told() -> None:
    free = [9]
    guard = DiskGuard(Path(), 10, lambda _folder: free[0])
    with pytest.raises(DiskFull):
        guard.check()
    free[0] = 10
    guard.check()


async def test_a_node_on_its_reserve_takes_no_record_and_answers_questions(tmp_path: Path) -> None:
    world = story()
    (record, *_) = records(world)
    async with served(settings_in(tmp_path, disk_reserve_bytes=2**50), world) as client:
        for path in ("/v1/records", "/v1/records/batch"):
            answer = await client.post(path, content=record.envelope.encoded)
            assert (answer.status_code, answer.json()["code"]) == (503, "disk-full")
            assert answer.json()["retry"]
            assert answer.headers["Retry-After"] == str(RETRY_AFTER_S)
        assert (await client.get("/v1/ledger")).json()["size"] == len(world.leaves)


def test_a_full_disk_stops_the_node_and_loses_nothing(tmp_path: Path) -> None:
    settings, world = settings_in(tmp_path, verify_processes=0), story()
    close(open_replica(settings.database, world))
    submitted = records(world)
    with node_process(settings, file_bytes_max=MIB) as node:
        answers = post_until_it_stops(node, submitted)
        assert 0 < len(answers) < COUNT
        assert node.ended() == 1
    assert "commit-failed" in node.log
    with node_process(settings) as node:
        check_acknowledged(node, world, answers)
        again = [post(node, record) for record in submitted]
        assert {one.status_code for one in again} == {200, 201}
        assert [one.json()["index"] for one in again[: len(answers)]] == [
            one["index"] for one in answers
        ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    unmount = ["umount", "--lazy"]
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run([*unmount, str(folder)], check=True)


def test_a_small_disk_from_its_reserve_to_its_end(small_disk: Path) -> None:
    """Turned away, let in again, at last without any room; then there is some, and it goes on."""
    reserve, ballast = MIB, small_disk / "ballast"
    guarded = settings_in(small_disk, verify_processes=0, disk_reserve_bytes=reserve)
    world = story()
    close(open_replica(guarded.database, world))
    first, second, *others = records(world)
    with node_process(guarded) as node:
        answers = [post(node, first).json()]
        ballast.write_bytes(bytes(3 * MIB))
        assert post(node, second).json()["code"] == "disk-full"
        ballast.unlink()
        answers.append(post(node, second).json())
    with node_process(guarded.model_copy(update={"disk_reserve_bytes": 0})) as node:
        ballast.write_bytes(bytes(3 * MIB))
        answers += post_until_it_stops(node, others)
        assert len(answers) < COUNT
        assert node.ended() == 1
    ballast.unlink()
    with node_process(guarded) as node:
        check_acknowledged(node, world, answers)
        assert post(node, others[len(answers) - 2]).status_code in (200, 201)
