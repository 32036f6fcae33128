"""`blockpool record effect`: what a right was good for."""

from ledger.records import EffectReport, parse_record
from ledger.records.use import Effect
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


def test_an_effect_is_reported_with_its_figures(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    grant = story.publish().grant()
    span = ("--started-at", "2026-01-01", "--ended-at", "2026-07-01")
    told = ("--text", "no paper any more", "--figures", "visits saved=12000, days saved=3")
    done = command.json("record", "effect", grant, *span, *told, writer="health/main")
    assert done["records"][0]["findings"] == []
    body = parse_record(world.leaves[-2]).body
    assert isinstance(body, EffectReport)
    assert body.effects == (
        Effect(measure="3", name="days saved"),
        Effect(measure="12000", name="visits saved"),
    )
    assert (body.grant, body.text) == (grant, "no paper any more")


def test_figures_have_names(command: Command) -> None:
    span = ("--started-at", "2026-01-01", "--ended-at", "2026-07-01")
    told = ("--text", "less", "--figures", "3")
    failed = command.fails("record", "effect", "GRANT", *span, *told, writer="health/main")
    assert "`3` is not written NAME=VALUE" in failed
