"""What holds on a ledger, as `GET /v1/ledger` tells it: not what genesis said once."""

from pathlib import Path

from ledger.records.genesis import Names, Purpose
from ledger.records.governance import ChangePurposes
from ledger.times import DAY_MS
from tests import bodies
from tests.served import served, settings_in
from tests.world import World


async def test_it_tells_what_votes_have_changed(tmp_path: Path) -> None:
    world = World.genesis()
    new = Purpose(code="tsunami", names=Names(en="tsunami warnings"))
    proposed = bodies.proposal(ChangePurposes(purposes=(new,)), world.later(DAY_MS))
    proposal = world.sign("audit/main", proposed)
    world.accept(proposal)
    for member in ("audit", "health"):
        world.accept(world.sign(f"{member}/main", bodies.ballot(proposal.digest, "yes")))
    async with served(settings_in(tmp_path), world) as client:
        told = (await client.get("/v1/ledger")).json()
    assert "tsunami" in told["purposes"]
    assert (told["size"], told["height"]) == (world.head.size, world.head.height)
    assert told["rules"] == 1
