"""`blockpool node init`: a node that is to begin from a snapshot has somebody to believe."""

from pathlib import Path

import pytest

from contracts.audit import policy_in
from ledger.policy_file import encode_policy
from node.settings import load_settings
from tests.network import witnessed_world
from tests.nodes import policy_of
from tests.unit.scripts.conftest import Command
from tests.world import ORIGIN, World

FOLLOW = ("--follow", "https://node.steward.example", "--member", "health")


@pytest.fixture
def genesis(tmp_path: Path) -> str:
    file = tmp_path / "genesis.json"
    file.write_bytes(World.genesis().leaves[0])
    return str(file)


def policy_file(folder: Path, *, quorum: bool) -> Path:
    world = witnessed_world()
    policy = policy_in(world.state, ORIGIN) if quorum else policy_of(world)
    file = folder / f"policy-{quorum}"
    file.write_bytes(encode_policy(policy))
    return file


def test_it_joins_under_the_policy_given(command: Command, tmp_path: Path, genesis: str) -> None:
    policy = policy_file(tmp_path, quorum=True)
    folder = tmp_path / "node"
    command.ok(
        "node", "init", folder, "--genesis", genesis, *FOLLOW, "--snapshot-policy", policy
    )  # fmt: skip
    settings = load_settings(folder / "blockpool.toml")
    assert settings.snapshots.join
    assert settings.believed_policy is not None
    assert settings.believed_policy.resolve() == policy
    assert settings.snapshots.folder == folder / "snapshots"
    checked = command.json("node", "check", "--config", folder / "blockpool.toml")
    assert checked["size"] == 2
    assert "standsOn" not in checked


def test_without_one_it_replays(command: Command, tmp_path: Path, genesis: str) -> None:
    command.ok("node", "init", tmp_path / "node", "--genesis", genesis, *FOLLOW)
    settings = load_settings(tmp_path / "node/blockpool.toml")
    assert not settings.snapshots.join
    assert settings.believed_policy is None


def test_a_policy_without_a_quorum_vouches_for_nothing(
    command: Command, tmp_path: Path, genesis: str
) -> None:
    policy = policy_file(tmp_path, quorum=False)
    line = ("node", "init", tmp_path / "node", "--genesis", genesis, *FOLLOW)
    assert "asks for no cosignatures" in command.fails(*line, "--snapshot-policy", policy)
    assert not (tmp_path / "node/blockpool.toml").exists()


def test_a_node_that_orders_takes_none(command: Command, tmp_path: Path, genesis: str) -> None:
    policy = policy_file(tmp_path, quorum=True)
    line = ("node", "init", tmp_path / "node", "--genesis", genesis)
    said = command.fails(*line, "--snapshot-policy", policy, code=2)
    assert "goes with --follow" in said
