"""The world the other tests play on plays by the rules itself."""

from contracts.reasons import WRONG_STATE
from tests import bodies
from tests.world import World


def test_a_story_from_schema_to_use() -> None:
    world = World.genesis()
    schema = world.sign("transport/main", bodies.schema())
    entry = world.sign("transport/main", bodies.entry())
    approval = world.sign("steward/main", bodies.case_step("approve", entry.digest))
    release = world.sign("transport/main", bodies.release())
    request = world.sign("health/main", bodies.request(bodies.request_item(entry.digest)))
    item = bodies.grant_item("health", request=f"{request.digest}-0")
    grant = world.sign("transport/main", bodies.grant(item))
    world.accept(schema, entry, approval, release, request, grant)
    use = world.sign("health/main", bodies.usage(f"{grant.digest}-0", world.now))
    assert world.find(use) == ()
    again = world.sign("transport/main", bodies.grant(item))
    assert world.refuse(again) == WRONG_STATE


def test_history_decided_again_is_the_same() -> None:
    world = World.genesis()
    world.accept(world.sign("transport/main", bodies.schema()))
    leaves = [leaf for result in world.replay() for leaf in result.leaves]
    assert leaves == world.leaves
