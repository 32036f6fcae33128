"""`blockpool record anchor`: what another log said, with a proof that it goes on."""

from pathlib import Path

import pytest

from contracts.values import SeenCheckpoint
from ledger.hashing import sha256
from tests.log_files import log_files
from tests.unit.scripts.conftest import Command
from tests.world import ORIGIN, World


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another ledger, exported twice, the second time with more in it."""
    story = World.genesis()
    for folder in ("early", "late"):
        for path, data in log_files(story.leaves).items():
            file = tmp_path / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        story.block()
        story.block()
    return tmp_path


def seen(world: World, size: int) -> SeenCheckpoint:
    value = world.value(f"anchor/{sha256(ORIGIN.encode()).hex()}/{size}")
    assert isinstance(value, SeenCheckpoint)
    return value


def test_a_log_is_anchored_and_goes_on(command: Command, world: World, other: Path) -> None:
    world.accept(world.appoint("health/watch", families=("ledger",)))
    size = int((other / "early/checkpoint").read_text(encoding="utf-8").split("\n")[1])
    told = command.ok("record", "anchor", other / "early", writer="health/watch")
    assert f"{size} leaves" in told
    command.ok("record", "anchor", other / "late", "--since", size, writer="health/watch")
    assert seen(world, size).member == "health"
    assert seen(world, size + 2).follows == size


def test_what_cannot_be_anchored(command: Command, other: Path) -> None:
    said = ("record", "anchor", other / "early")
    assert "family-not-allowed" in command.fails(*said, writer="health/main")
    early = command.fails(*said, "--since", 1_000, writer="health/main")
    assert "no more than 1000" in early
    nowhere = command.fails("record", "anchor", other / "none", writer="health/main", code=2)
    assert "neither a folder nor an address" in nowhere
    for tile in (other / "late/tile/0").rglob("*"):
        if tile.is_file():
            tile.unlink()
    lost = command.fails("record", "anchor", other / "late", "--since", 3, writer="health/main")
    assert "is not there" in lost
