"""`blockpool record grant --own-territory`: for lower levels, what is held about them."""

from pathlib import Path

from ledger.records import Grant, parse_record
from ledger.records.sharing import Audience
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


def granted(world: World) -> Grant:
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, Grant)
    return body


def test_one_grant_stands_for_all_own_territories(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish(territory="a")
    told = ("flights", "--standing", "--own-territory", "--newest")
    command.json("record", "grant", *told, writer="transport/main")
    (item,) = granted(world).items
    assert (item.audience, item.newest) == (Audience(own_territory=True), True)


def test_a_table_says_the_same(command: Command, world: World, tmp_path: Path) -> None:
    story = Story()
    story.world = world
    story.publish(territory="a")
    table = tmp_path / "grants.csv"
    table.write_text("dataset,standing,own_territory,newest\nflights,yes,yes,no\n")
    command.json("record", "grant", "--csv", table, writer="transport/main")
    (item,) = granted(world).items
    assert (item.audience, item.newest) == (Audience(own_territory=True), False)
