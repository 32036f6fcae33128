"""`blockpool catalogue`: systems, the end of datasets, sources, confirmations."""

from pathlib import Path

import pytest

from contracts.values import Dataset, DataSource, EntryTerms, InformationSystem, KeptCatalogue
from ledger.hashing import sha256
from ledger.records import System, parse_record
from ledger.records.genesis import Names
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

PROVIDER = "transport/main"
STEWARD = "steward/main"


@pytest.fixture
def story(world: World) -> Story:
    """`flights` in the catalogue of the world the command speaks to."""
    story = Story()
    story.world = world
    return story.publish()


def test_a_system_is_registered_and_retired(command: Command, world: World) -> None:
    named = ("catalogue", "system", "tower", "--title", "Tower", "--title-zh", "塔台")
    command.ok(*named, "--operator", "weather", writer=PROVIDER)
    command.ok("catalogue", "system", "tower", "--status", "retired", writer=PROVIDER)
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, System)
    assert body.names == Names(en="Tower", zh="塔台")
    value = world.value("system/transport/tower")
    assert isinstance(value, InformationSystem)
    assert (value.status, value.operator) == ("retired", "transport")
    assert "wrong-state" in command.fails(*named, "--status", "planned", writer=PROVIDER)
    assert "none of planned" in command.fails(*named, "--status", "broken", writer=PROVIDER)
    nameless = command.fails("catalogue", "system", "mast", writer=PROVIDER)
    assert "title: what is a new system called?" in nameless


def test_systems_without_entries_are_found(command: Command, story: Story) -> None:
    command.ok("catalogue", "system", "tower", "--title", "Tower", writer=PROVIDER)
    command.ok("catalogue", "system", "radar", "--title", "Radar", writer=PROVIDER)
    command.ok("catalogue", "system", "tower", "--title", "Tower", writer="weather/main")
    listed = command.json("catalogue", "systems")
    assert {one["system"]: one["entries"] for one in listed} == {
        "transport/radar": 0,
        "transport/tower": 1,
        "weather/tower": 0,
    }
    line = ("catalogue", "systems", "--unlinked", "--owner", "transport")
    assert [one["system"] for one in command.json(*line)] == ["transport/radar"]
    shown = command.ok(*line)
    assert "transport/radar" in shown
    assert "running" in shown
    story.says(PROVIDER, bodies.lifecycle())
    assert len(command.json(*line)) == 2


def test_entries_of_systems_that_nobody_registered_are_found(
    command: Command, story: Story
) -> None:
    assert story.entry
    nowhere = {
        "system": "transport/tower", "status": "not registered", "operator": None, "entries": 1
    }  # fmt: skip
    assert command.json("catalogue", "systems", "--unlinked") == [nowhere]
    assert "not registered" in command.ok("catalogue", "systems", "--owner", "transport")
    assert command.json("catalogue", "systems", "--unlinked", "--owner", "weather") == []
    command.ok("catalogue", "system", "tower", "--title", "Tower", writer=PROVIDER)
    assert command.json("catalogue", "systems", "--unlinked") == []


def test_a_dataset_is_archived_and_destroyed(
    command: Command, story: Story, tmp_path: Path
) -> None:
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(b"shredded")
    command.ok("catalogue", "archive", "flights", "--note", "shelf 7", writer=PROVIDER)
    line = ("catalogue", "destroy", "flights", "--certificate")
    done = command.json(*line, certificate, writer=PROVIDER)
    assert done["created"] == [{"id": "flights", "what": "destroyed"}]
    dataset = story.world.value("dataset/flights")
    assert isinstance(dataset, Dataset)
    assert dataset.destroyed_at == story.world.now
    refused = command.fails(*line, sha256(b"twice").hex(), writer=PROVIDER)
    assert "dataset-ended" in refused


def test_the_steward_designates_and_takes_back(command: Command, story: Story) -> None:
    line = ("catalogue", "designate", "flights", "--items", "b, a")
    assert "not-steward" in command.fails(*line, writer=PROVIDER)
    command.ok(*line, writer=STEWARD)
    sources = sorted(story.world.state.keys("source/"))
    values = [story.world.value(key) for key in sources]
    assert {one.item for one in values if isinstance(one, DataSource)} == {"a", "b"}
    assert "no longer the source" in command.ok(*line, "--withdraw", writer=STEWARD)
    assert not list(story.world.state.keys("source/"))


def test_entries_are_confirmed_by_name_or_all(command: Command, story: Story) -> None:
    command.ok("catalogue", "attest", "flights", writer=PROVIDER)
    entry = story.world.value("entry/flights")
    assert isinstance(entry, EntryTerms)
    assert entry.confirmed_at == story.world.now
    command.ok("catalogue", "attest", "--all", writer=PROVIDER)
    confirmed = KeptCatalogue(confirmed_at=story.world.now)
    assert story.world.value("catalogue/transport") == confirmed
    assert "which entries?" in command.fails("catalogue", "attest", writer=PROVIDER, code=2)
    both = command.fails("catalogue", "attest", "flights", "--all", writer=PROVIDER, code=2)
    assert "--all" in both
    assert "no entry in force" in command.fails(
        "catalogue", "attest", bodies.NOWHERE[:9], writer=PROVIDER
    )
