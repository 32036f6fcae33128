"""`blockpool govern`: an action from a file or a table, votes, and what became of it."""

from pathlib import Path

import pytest
from msgspec import json as msgspec_json

from contracts.values import Ledger, Member
from tests.bodies import NOWHERE
from tests.unit.scripts.conftest import Command
from tests.world import World, signer

HEADER = "id,code,custodian,en,zh,jurisdiction,level,lineSuperior,roles,authorisation,endpoint\n"


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def member(world: World, name: str) -> Member:
    value = world.value(f"member/{name}")
    assert isinstance(value, Member)
    return value


def proposal(command: Command, *arguments: object) -> str:
    """The id of a proposal of the auditor."""
    said = ("govern", "propose", *arguments, "--reason", "it is time")
    return str(
        command.json(*said, "--until", "2026-11-24", writer="audit/main")["created"][0]["id"]
    )


def test_a_member_is_suspended_and_reinstated(command: Command, world: World) -> None:
    case_id = proposal(command, "--suspend", "weather")
    assert "suspend-member weather" in command.ok("govern", "list", "--state", "open")
    assert "yes; it is open" in command.ok("govern", "vote", case_id, "yes", writer="audit/main")
    voted = command.ok("govern", "vote", case_id, "yes", writer="health/main")
    assert "yes; it is adopted" in voted
    assert member(world, "weather").status == "suspended"
    shown = command.ok("govern", "show", case_id)
    for told in ("2 yes, 0 no of 3", "adopted", "suspend-member", "audit"):
        assert told in shown
    votes = command.json("govern", "show", case_id)["votes"]
    assert votes == [
        {"member": "audit", "vote": "yes"},
        {"member": "health", "vote": "yes"},
        {"member": "steward", "vote": None},
    ]
    again = proposal(command, "--reinstate", "weather")
    for voter in ("audit/main", "steward/main"):
        command.ok("govern", "vote", again, "yes", writer=voter)
    assert member(world, "weather").status == "active"
    rows = command.json("govern", "list")
    assert [row["state"] for row in rows] == ["adopted", "adopted"]


def test_parameters_rest_on_the_present_ones(
    command: Command, world: World, tmp_path: Path
) -> None:
    text = '{"act":"set-parameters","parameters":{"replyDays":3,"clockSkewMs":31557600000}}'
    file = written(tmp_path, "action.json", text)
    case_id = proposal(command, file, "--rests-on", "member/nobody")
    assert "ledger, member/nobody" in command.ok("govern", "show", case_id)
    for voter in ("audit/main", "health/main"):
        command.ok("govern", "vote", case_id, "yes", writer=voter)
    value = world.value("ledger")
    assert isinstance(value, Ledger)
    assert value.parameters.reply_days == 3


def test_members_are_admitted_from_a_table(command: Command, world: World, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("housing", "parks"):
        public = msgspec_json.encode(signer(name).public_key.description).decode()
        written(tmp_path, f"keys/{name}.pub", public)
    written(tmp_path, "letter.pdf", "please")
    rows = (
        "parks,2,keys/parks.pub,Parks,,330102,county,housing,,letter.pdf,\n"
        f"housing,1,keys/housing.pub,,住房局,330100,city,,auditor,{NOWHERE},https://h.example\n"
    )
    case_id = proposal(command, "--admit", written(tmp_path, "members.csv", HEADER + rows))
    for voter in ("audit/main", "health/main"):
        command.ok("govern", "vote", case_id, "yes", writer=voter)
    housing, parks = member(world, "housing"), member(world, "parks")
    assert (housing.names.zh, housing.roles, housing.authorisation) == (
        "住房局", ("auditor",), NOWHERE,
    )  # fmt: skip
    assert parks.line_superior == "housing"
    assert parks.authorisation != NOWHERE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,code\na,b\n", "no column custodian"),
        (HEADER.replace("endpoint", "end") + "", "what is the column end?"),
        (HEADER + "Housing,1,keys/h.pub,,,1,city,,,,\n", "line 2"),
    ],
)
def test_a_table_that_is_wrong(command: Command, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "keys").mkdir()
    public = msgspec_json.encode(signer("h").public_key.description).decode()
    written(tmp_path, "keys/h.pub", public)
    table = written(tmp_path, "members.csv", text)
    said = command.fails(
        "govern", "propose", "--admit", table, "--reason", "x", writer="audit/main"
    )
    assert told in said


def test_one_action_is_named(command: Command) -> None:
    for arguments in ((), ("--suspend", "weather", "--reinstate", "health")):
        said = ("govern", "propose", *arguments, "--reason", "x")
        assert "which action?" in command.fails(*said, writer="audit/main", code=2)


def test_who_is_not_in_the_committee_is_refused(command: Command) -> None:
    said = ("govern", "propose", "--suspend", "health", "--reason", "x", "--until", "2026-11-24")
    assert "not-committee" in command.fails(*said, writer="weather/main")
    assert "no proposal" in command.fails("govern", "show", NOWHERE)
    command.fails("govern", "vote", NOWHERE, "maybe", writer="audit/main")


def test_a_custodian_key_is_recovered_by_vote_and_by_decision(
    command: Command, world: World, tmp_path: Path
) -> None:
    for label, target in (("first", "health"), ("second", "weather")):
        key = msgspec_json.encode(signer(label).public_key.description).decode()
        text = f'{{"act":"recover-custodian","key":{key},"member":"{target}"}}'
        written(tmp_path, f"{target}.json", text)
    case_id = proposal(command, tmp_path / "health.json", "--cosign", command.key_file("first"))
    for voter in ("audit/main", "steward/main"):
        command.ok("govern", "vote", case_id, "yes", writer=voter)
    command.ok(
        "govern", "decide", tmp_path / "weather.json", "--minutes", NOWHERE, "--reason", "burnt",
        "--cosign", command.key_file("second"), "--receipts", tmp_path / "kept",
        writer="transport/main",
    )  # fmt: skip
    for label, target in (("first", "health"), ("second", "weather")):
        assert member(world, target).custodian == signer(label).public_key.keyid
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_reason_can_be_sealed(command: Command, tmp_path: Path) -> None:
    opening = tmp_path / "opening.json"
    proposal(command, "--suspend", "weather", "--seal", opening)
    assert msgspec_json.decode(opening.read_bytes())["text"] == "it is time"
