"""`blockpool record grant --emergency`: the data first, the formalities after."""

from contracts.values import GrantedRight
from tests.bodies import SOON
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


def right_of(world: World, grant: str) -> GrantedRight:
    right = world.value(f"grant/{grant}")
    assert isinstance(right, GrantedRight)
    return right


def test_a_steward_gives_health_asks_transport_answers(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish()
    told = ("--members", "health", "--emergency", "disaster", "--not-after", SOON)
    done = command.json("record", "grant", "flights", *told, writer="steward/main")
    (grant,) = [one["id"] for one in done["created"]]
    right = right_of(world, grant)
    assert (right.emergency, right.in_force_since) == ("disaster", world.now)
    (task,) = [
        one
        for one in command.json("todo", "--member", "health")
        if one["task"]["workflow"] == "formalities"
    ]
    asking = f"blockpool record request flights --scene SCENE --emergency {grant}"
    assert (task["command"], task["task"]["duty"]) == (asking, "must")
    asked = ("record", "request", "flights", "--scene", "flood", "--emergency", grant)
    (request,) = command.json(*asked, writer="health/main")["created"]
    command.json("record", "grant", "--request", request["id"], writer="transport/main")
    assert right_of(world, grant).lapses_at is None


def test_an_emergency_is_one_of_four(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish()
    told = ("--members", "health", "--emergency", "hurry", "--not-after", SOON)
    failed = command.fails("record", "grant", "flights", *told, writer="steward/main")
    assert "hurry" in failed
