"""`blockpool record grant --own-territory`: for lower levels, what is held about them."""

from pathlib import Path

from msgspec.structs import replace

from contracts.values import Member, RequestedItem
from contracts.view import held
from ledger.records import Grant, parse_record
from ledger.records.genesis import Jurisdiction
from ledger.records.sharing import Audience
from ledger.records.terms import RowFilter
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


def county(world: World) -> None:
    """Health belongs to a county from now on."""
    member = held(world.state, Member, "member/health")
    moved = replace(member, jurisdiction=Jurisdiction(code="110105", level="county"))
    world.state.commit({"member/health": moved})


def test_a_county_asks_about_itself(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish(territory="a")
    county(world)
    asked = ("record", "request", "flights", "--scene", "ours", "--own-territory")
    (request,) = command.json(*asked, writer="health/main")["created"]
    assert story.state_of(request["id"]) == "backflow"
    kept = held(world.state, RequestedItem, f"request/{request['id']}")
    assert kept.terms.rows == (RowFilter(column="a", prefixes=("110105",)),)


def test_what_names_no_territory_cannot_be_asked_for_so(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish()
    asked = ("record", "request", "flights", "--scene", "ours", "--own-territory")
    failed = command.fails(*asked, writer="health/main")
    assert "does not say which territory a row is about" in failed


def test_a_table_says_the_same(command: Command, world: World, tmp_path: Path) -> None:
    story = Story()
    story.world = world
    story.publish(territory="a")
    table = tmp_path / "grants.csv"
    table.write_text("dataset,standing,own_territory,newest\nflights,yes,yes,no\n")
    command.json("record", "grant", "--csv", table, writer="transport/main")
    (item,) = granted(world).items
    assert (item.audience, item.newest) == (Audience(own_territory=True), False)
