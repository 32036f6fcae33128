"""`blockpool record dispose`: what rights gave is gone."""

from pathlib import Path

from contracts.values import GrantedRight
from ledger.hashing import sha256
from ledger.records import Disposal, parse_record
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


def test_what_several_rights_gave_is_disposed_of(
    command: Command, world: World, tmp_path: Path
) -> None:
    story = Story()
    story.world = world
    story.publish()
    grants = (story.grant(), story.grant())
    certificate = tmp_path / "deleted.pdf"
    certificate.write_bytes(b"all gone")
    dispose = ("record", "dispose", *grants, "--disposed-at", world.now, "--way", "returned")
    done = command.json(*dispose, "--certificate", certificate, writer="health/main")
    assert [one["id"] for one in done["created"]] == sorted(grants)
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, Disposal)
    assert (body.way, body.certificate) == ("returned", sha256(b"all gone").hex())
    right = world.value(f"grant/{grants[0]}")
    assert isinstance(right, GrantedRight)
    assert right.disposed_at == body.disposed_at


def test_there_are_two_ways(command: Command) -> None:
    lost = ("record", "dispose", "GRANT", "--disposed-at", "2026-11-23", "--way", "lost")
    assert "`lost` is none of deleted, returned" in command.fails(*lost, writer="health/main")
