"""`blockpool record delegate` and `amend`: from a right to what hangs from it, and back up."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.values import GrantedRight
from ledger.records import Amendment, Delegation, parse_record
from tests import bodies
from tests.unit.scripts.conftest import Command
from tests.world import World

OFFERED = replace(bodies.TERMS, delegable=3)


@pytest.fixture
def shared(command: Command, world: World) -> World:
    """A ledger on which health has a right to `flights` that may be passed on twice."""
    world.accept(world.sign("transport/main", bodies.schema()))
    entry = world.sign("transport/main", bodies.entry(conditions=OFFERED))
    world.accept(entry)
    world.accept(world.sign("steward/main", bodies.case_step("approve", entry.digest)))
    return world


def held(command: Command, world: World) -> str:
    terms = replace(OFFERED, delegable=2, not_after="2027-01-01T00:00:00.000Z")
    offer = world.sign("transport/main", bodies.grant(bodies.grant_item("health", terms=terms)))
    world.accept(offer)
    command.ok("record", "accept", f"{offer.digest}-0", writer="health/main")
    return f"{offer.digest}-0"


def right(world: World, grant: str) -> GrantedRight:
    value = world.value(f"grant/{grant}")
    assert isinstance(value, GrantedRight)
    return value


def test_a_right_is_passed_on_as_it_is_but_no_further(command: Command, shared: World) -> None:
    above = held(command, shared)
    done = command.json(
        "record", "delegate", above, "--members", "audit, weather", writer="health/main"
    )
    first, second = (right(shared, one["id"]) for one in done["created"])
    assert (first.member, second.member, first.parent) == ("audit", "weather", above)
    assert first.terms == replace(right(shared, above).terms, delegable=0)
    command.ok("record", "accept", done["created"][0]["id"], writer="audit/main")
    assert right(shared, done["created"][0]["id"]).in_force_since == shared.now


def test_what_is_passed_on_again_is_what_the_whole_chain_allows(
    command: Command, shared: World
) -> None:
    above = held(command, shared)
    pass_on = ("record", "delegate", above, "--members", "audit", "--delegable", "1")
    (below,) = command.json(*pass_on, writer="health/main")["created"]
    command.ok("record", "accept", below["id"], writer="audit/main")
    amend = ("record", "amend", above, "--fields", "a", "--ground", "security")
    command.ok(*amend, writer="transport/main")
    command.ok("record", "delegate", below["id"], "--members", "weather", writer="audit/main")
    body = parse_record(shared.leaves[-2]).body
    assert isinstance(body, Delegation)
    assert body.items[0].terms.fields == ("a",)


def test_a_table_passes_on_many(command: Command, shared: World, tmp_path: Path) -> None:
    first, second = held(command, shared), held(command, shared)
    table = tmp_path / "rights.csv"
    table.write_text(f"grant,members,operations\n{first},audit,query\n{second},weather,\n")
    command.ok("record", "delegate", "--csv", table, writer="health/main")
    body = parse_record(shared.leaves[-2]).body
    assert isinstance(body, Delegation)
    assert [one.terms.operations for one in body.items] == [("query",), ("query", "read")]
    table.write_text(f"grant,members\n{first},audit\nnone,weather\n")
    told = command.fails("record", "delegate", "--csv", table, writer="health/main")
    assert "line 3: no grant `none`" in told


def test_what_is_wider_is_refused(command: Command, shared: World) -> None:
    above = held(command, shared)
    wide = ("record", "delegate", above, "--members", "audit", "--delegable", "2")
    assert "delegable is at most 1" in command.fails(*wide, writer="health/main")
    back = ("record", "delegate", above, "--members", "transport")
    assert "right-returns" in command.fails(*back, writer="health/main")
    assert "which grants?" in command.fails("record", "delegate", writer="health/main", code=2)


def test_rights_are_renewed_and_keep_the_rest_of_their_terms(
    command: Command, shared: World
) -> None:
    grants = sorted((held(command, shared), held(command, shared)))
    renew = ("record", "amend", *reversed(grants), "--not-after", "2028-01-01")
    assert command.json(*renew, writer="transport/main")["records"][0]["findings"] == []
    terms = [right(shared, one).terms for one in grants]
    assert terms == [replace(OFFERED, delegable=2, not_after="2028-01-01T23:59:59.999Z")] * 2


def test_less_without_a_ground_is_told_as_a_finding(command: Command, shared: World) -> None:
    result = command.run(
        "record",
        "amend",
        held(command, shared),
        "--fields",
        "a",
        "--anyway",
        writer="transport/main",
    )
    assert result.exit_code == 0
    assert "warning: finding terms-narrowed" in result.stderr


def test_new_columns_come_when_they_are_asked_for(command: Command, shared: World) -> None:
    above = held(command, shared)
    new = bodies.schema("a", "b", "c", "d")
    shared.accept(shared.sign("transport/main", new))
    entry = shared.sign("transport/main", bodies.entry(conditions=OFFERED, schema=new.schema))
    shared.accept(entry)
    shared.accept(shared.sign("steward/main", bodies.case_step("approve", entry.digest)))
    renew = ("record", "amend", above, "--not-after", "2028-01-01")
    assert "schema-differs" in command.fails(*renew, writer="transport/main")
    command.ok(*renew, "--new-columns", writer="transport/main")
    body = parse_record(shared.leaves[-2]).body
    assert isinstance(body, Amendment)
    assert body.items[0].schema == new.schema


def test_the_chain_of_a_right_is_told_up_to_what_the_provider_gave(
    command: Command, shared: World
) -> None:
    above = held(command, shared)
    pass_on = ("record", "delegate", above, "--members", "audit", "--fields", "a")
    (below,) = command.json(*pass_on, writer="health/main")["created"]
    told = command.json("record", "chain", below["id"])
    assert [one["grant"] for one in told["chain"]] == [below["id"], above]
    assert [one["holds"] for one in told["chain"]] == ["the grant was not accepted", "yes"]
    assert told["terms"]["fields"] == ["a"]
    shared.accept(shared.sign("audit/main", bodies.acceptance(below["id"])))
    shared.accept(shared.sign("audit/main", bodies.usage(below["id"], shared.now)))
    shared.accept(shared.sign("transport/main", bodies.revocation(above)))
    told = command.json("record", "chain", below["id"])
    assert [one["uses"] for one in told["chain"]] == [1, 1]
    assert told["chain"][1]["holds"] == f"the grant ended at {shared.now}"
    assert told["state"] == "fallen"
    why = f"the grant ended at {shared.now}, above: {above}"
    assert f"nothing: {why}" in " ".join(command.ok("record", "chain", below["id"]).split())
    shown = " ".join(command.ok("case", "show", below["id"]).split())
    assert why in shown
    explained = " ".join(command.ok("explain", below["id"]).split())
    assert "but it does not hold: the grant ended at" in explained
    assert "transport" not in command.ok("record", "chain", above)
    assert "no grant `none`" in command.fails("record", "chain", "none")


def test_what_falls_with_a_right_is_told(command: Command, shared: World) -> None:
    """And has to be ended itself before its data is owed to be deleted."""
    above = held(command, shared)
    pass_on = ("record", "delegate", above, "--members", "audit, weather", "--delegable", "1")
    first, second = command.json(*pass_on, writer="health/main")["created"]
    command.ok("record", "accept", first["id"], writer="audit/main")
    deeper = ("record", "delegate", first["id"], "--members", "weather")
    (third,) = command.json(*deeper, writer="audit/main")["created"]
    command.ok("record", "revoke", second["id"], "--ground", "breach", writer="health/main")
    revoke = ("record", "revoke", above, "--ground", "breach")
    result = command.run(*revoke, writer="transport/main")
    assert result.exit_code == 0
    assert f"2 rights fell with {above}" in result.stderr
    assert f": {first['id']} (audit), {third['id']} (weather)" in result.stderr
    assert "hint: end each of them, too: blockpool record revoke" in result.stderr
    below = command.run("record", "revoke", third["id"], "--ground", "breach", writer="audit/main")
    assert "fell with" not in below.stderr


def test_what_was_taken_up_falls_with_the_standing_grant(command: Command, shared: World) -> None:
    stand = ("record", "grant", "flights", "--standing")
    (standing,) = command.json(*stand, writer="transport/main")["created"]
    ask = ("record", "request", "flights", "--scene", "planning")
    _, taken = command.json(*ask, writer="health/main")["created"]
    revoke = ("record", "revoke", standing["id"], "--ground", "legal-change")
    result = command.run(*revoke, writer="transport/main")
    assert f"1 right fell with {standing['id']}" in result.stderr
    assert f"{taken['id']} (health)" in result.stderr
