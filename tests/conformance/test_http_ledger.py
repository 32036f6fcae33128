"""What holds on a ledger, as `GET /v1/ledger` tells it: not what genesis said once."""

from pathlib import Path

from ledger.records.genesis import Names, Purpose
from ledger.records.governance import ChangePurposes
from ledger.times import DAY_MS
from node.storage.address import Database
from tests import bodies
from tests.served import served, settings_in
from tests.world import World


def voted() -> World:
    """A world in which a purpose was adopted."""
    world = World.genesis()
    new = Purpose(code="tsunami", names=Names(en="tsunami warnings"))
    proposed = bodies.proposal(ChangePurposes(purposes=(new,)), world.later(DAY_MS))
    proposal = world.sign("audit/main", proposed)
    world.accept(proposal)
    for member in ("audit", "health"):
        world.accept(world.sign(f"{member}/main", bodies.ballot(proposal.digest, "yes")))
    return world


async def test_it_tells_what_votes_have_changed(tmp_path: Path, database: Database) -> None:
    world = voted()
    async with served(settings_in(tmp_path, database=database), world) as client:
        told = (await client.get("/v1/ledger")).json()
    assert "tsunami" in told["purposes"]
    assert (told["size"], told["height"]) == (world.head.size, world.head.height)
    assert told["rules"] == 1


async def test_it_tells_what_was_before_a_vote(tmp_path: Path, database: Database) -> None:
    world = voted()
    async with served(settings_in(tmp_path, database=database), world) as client:
        now = (await client.get("/v1/values/ledger")).json()
        before = (await client.get(f"/v1/values/ledger?at={world.head.size - 1}")).json()
        nothing = (await client.get("/v1/values/group/bureaus?at=9999")).json()
        refused = await client.get("/v1/values/key/1?at=9999")
    assert "tsunami" in now["value"]["purposes"]
    assert "tsunami" not in before["value"]["purposes"]
    assert before["size"] < now["size"] == world.head.size
    assert nothing["value"] is None
    assert refused.status_code == 400
    assert "is not kept" in refused.json()["detail"]
