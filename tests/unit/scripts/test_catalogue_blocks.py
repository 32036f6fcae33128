"""A block dataset is catalogued from a sheet, and no wider than its inputs."""

import csv
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from contracts.values import DependentBlocks
from ledger.records import Entry, parse_record
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

DERIVING: Final = replace(bodies.TERMS, operations=("derive", "query"))
FILLED: Final = (
    "--set", "category=traffic", "--set", "sharing=conditional", "--set", "system=pool",
    "--set", "frequency=daily", "--set", "purposes=health", "--set", "operations=query",
    "--set", "level=general",
)  # fmt: skip


@pytest.fixture
def story(world: World) -> Story:
    story = Story()
    story.world = world
    return story.publish(conditions=DERIVING)


@pytest.fixture
def sheet(command: Command, tmp_path: Path) -> Path:
    """A scanned table of two columns."""
    table = tmp_path / "fused.csv"
    table.write_text("delay,cases\n1,2\n", encoding="utf-8")
    out = tmp_path / "catalogue.csv"
    command.ok("catalogue", "scan", table, "--out", out, *FILLED)
    return out


def fill(sheet: Path, column: str, made_from: str, risk: str) -> None:
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["row"] == "table":
            row |= {"aggregation_risk": risk, "summary": "how late", "code": "B-1"}
        elif row["column"] == column:
            row["made_from"] = made_from
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_block_is_published(command: Command, story: Story, sheet: Path) -> None:
    grant = story.grant(DERIVING)
    fill(sheet, "delay", f"{grant}=a, {grant}=b", "none that flights have not")
    command.ok("catalogue", "publish", sheet, writer="health/main")
    record = parse_record(story.world.leaves[-2])
    assert isinstance(record.body, Entry)
    assert record.body.block is not None
    (one,) = record.body.block.inputs
    assert (one.grant, one.columns[0].sources) == (grant, ("a", "b"))
    story.steps("steward/main", "approve", record.digest)
    rests = story.world.value(f"block/{grant}")
    assert rests == DependentBlocks(datasets=("fused",))
    assert "rights that hold" in command.ok("catalogue", "show", "fused")
    story.says("transport/main", bodies.revocation(grant))
    assert command.json("catalogue", "show", "fused")["lostRight"] == grant
    assert "which does not hold" in command.ok("catalogue", "show", "fused")
    release = ("record", "publish", "fused", sheet.with_name("fused.csv"))
    said = command.fails(*release, writer="health/main")
    assert "error: this would be a finding derived-without-right" in said
    assert story.world.value("release/fused/1") is None
    command.ok(*release, "--anyway", writer="health/main")


def test_what_is_no_block_is_told(command: Command, story: Story, sheet: Path) -> None:
    line = ("catalogue", "publish", sheet)
    fill(sheet, "delay", "", "none")
    alone = command.run(*line, writer="health/main").output
    assert "goes with `made_from` of columns" in alone
    fill(sheet, "delay", "flights=a", "none")
    assert "made_from" in command.run(*line, writer="health/main").output
    reading = story.grant(replace(DERIVING, operations=("query",)))
    fill(sheet, "delay", f"{reading}=a", "none")
    refused = command.run(*line, writer="health/main")
    assert refused.exit_code == 1
    assert "derive-not-allowed" in refused.output
