"""`blockpool govern`: an action from a file or a table, votes, and what became of it."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import json as msgspec_json
from typer.core import TyperGroup
from typer.main import get_command

from contracts.values import Basis, Ledger, Member, Pairing, Writer
from scripts.govern.acts import ACTS, DRAFTS
from scripts.main import app
from tests import bodies
from tests.bodies import NOWHERE
from tests.unit.scripts.conftest import YEAR_MS, Command
from tests.world import World, log_signer_ml_dsa, signer

HEADER = "id,code,custodian,en,zh,jurisdiction,level,superior,roles,authorisation,endpoint\n"


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
    assert command.ok("govern", "show", case_id[:8]) == shown
    for told in ("2 yes, 0 no of 3", "adopted", "suspend-member", "audit"):
        assert told in shown
    votes = command.json("govern", "show", case_id)["votes"]
    assert votes == [
        {"member": "audit", "vote": "yes"},
        {"member": "health", "vote": "yes"},
        {"member": "steward", "vote": None},
    ]
    again = proposal(command, "--reinstate", "weather")
    for voter, typed in (("audit/main", again), ("steward/main", f"{again[:8]}…")):
        command.ok("govern", "vote", typed, "yes", writer=voter)
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
        (HEADER.replace("endpoint", "end") + "", "an unknown column end"),
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


def adopted(command: Command, file: Path) -> None:
    """An action in a file, put to the vote and done."""
    case_id = proposal(command, file)
    command.ok("govern", "vote", case_id, "yes", writer="audit/main")
    assert "adopted" in command.ok("govern", "vote", case_id, "yes", writer="health/main")


def test_a_member_is_split_and_what_is_left_is_merged(
    command: Command, world: World, tmp_path: Path
) -> None:
    world.accept(world.sign("transport/main", bodies.schema()))
    world.accept(world.sign("transport/main", bodies.entry()))
    split, merge = tmp_path / "split.json", tmp_path / "merge.json"
    part = ("transport", "--datasets", "flights", "--to", "weather")
    assert '"act": "split-member"' in command.ok("govern", "draft", "split", *part)
    command.ok("govern", "draft", "split", *part, "--out", split)
    adopted(command, split)
    assert member(world, "transport").heirs == ("weather",)
    assert "weather in part" in command.ok("govern", "members")
    command.ok(
        "keys", "appoint", "transport/flights",
        "--custodian", command.key_file("weather/custodian"),
        "--key", command.key_file("transport/flights"), "--datasets", "flights",
    )  # fmt: skip
    writer = world.value("writer/transport/flights")
    assert isinstance(writer, Writer)
    assert writer.keeper == "weather"
    command.ok("govern", "draft", "merge", "transport", "--into", "health", "--out", merge)
    case_id = proposal(command, merge)
    command.ok("govern", "vote", case_id, "yes", writer="audit/main")
    said = command.run("govern", "vote", case_id, "yes", writer="health/main").stderr
    assert "next: health appoints who signs for transport: blockpool keys appoint" in said
    assert member(world, "transport").successor == "health"
    command.ok("keys", "end", "transport/main", "--custodian", command.key_file("health/custodian"))


def test_what_members_rest_on_and_agree_on(command: Command, world: World, tmp_path: Path) -> None:
    table = written(
        tmp_path, "bases.csv", "code,kind,reference,zh\nart-13,regulation,Art. 13,条例\n"
    )
    bases, pairing = tmp_path / "bases.json", tmp_path / "pairing.json"
    command.ok("govern", "draft", "bases", table, "--out", bases)
    adopted(command, bases)
    assert isinstance(world.value("basis/art-13"), Basis)
    retire = tmp_path / "retire.json"
    command.ok("govern", "draft", "bases", "--retire", "art-13", "--out", retire)
    adopted(command, retire)
    assert world.value("basis/art-13") is None
    command.ok(
        "govern", "draft", "pairing", "forms",
        "--members", "health,transport", "--goal", "one form",
        "--since", "2027-01-01", "--until", "2027-12-31", "--en", "Fewer forms", "--out", pairing,
    )  # fmt: skip
    adopted(command, pairing)
    value = world.value("pairing/forms")
    assert isinstance(value, Pairing)
    assert value.goals == ("one form",)
    assert "Fewer forms" in command.ok("govern", "value", "pairing/forms")
    assert command.json("govern", "value", "pairing/forms")["since"] == "2027-01-01"
    assert "nothing stands under" in command.fails("govern", "value", "pairing/none")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,kind\na,law\n", "no column reference"),
        ("code,kind,reference,en\na,custom,x,y\n", "line 2"),
        ("code,kind,reference\na,law,x\n", "line 2: a name needs"),
    ],
)
def test_a_table_of_bases_that_is_wrong(
    command: Command, tmp_path: Path, text: str, told: str
) -> None:
    table = written(tmp_path, "bases.csv", text)
    assert told in command.fails("govern", "draft", "bases", table)
    assert "neither adopts nor retires" in command.fails("govern", "draft", "bases")


def test_a_member_gets_log_keys(command: Command, world: World, tmp_path: Path) -> None:
    post_quantum = log_signer_ml_dsa("new-log")
    files = (command.key_file("new-log"), command.key_file("new-log-pq", post_quantum))
    out = tmp_path / "log-keys.json"
    command.ok(
        "govern", "draft", "log-keys", "weather", "--ed25519", files[0], "--ml-dsa", files[1],
        "--out", out,
    )  # fmt: skip
    case_id = proposal(command, out, "--cosign", files[0], "--cosign", files[1])
    for voter in ("audit/main", "health/main"):
        command.ok("govern", "vote", case_id, "yes", writer=voter)
    assert member(world, "weather").log_keys[1] == post_quantum.public_key.keyid


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("remove", "weather"), {"act": "remove-member", "member": "weather"}),
        (("suspend", "weather"), {"act": "suspend-member", "member": "weather"}),
        (("reinstate", "weather"), {"act": "reinstate-member", "member": "weather"}),
        (("roles", "weather", "--roles", "steward, auditor"), {"roles": ["auditor", "steward"]}),
        (("roles", "weather", "--roles", ""), {"act": "set-roles", "member": "weather"}),
        (("group", "g", "--members", "health,tax", "--en", "B"), {"members": ["health", "tax"]}),
        (("merge", "weather", "--into", "health"), {"successor": "health"}),
        (("purposes", "--retire", "a,b"), {"act": "change-purposes", "retired": ["a", "b"]}),
        (("end-indicator", "timely-answers"), {"indicator": "timely-answers"}),
        (("rules", "2"), {"act": "adopt-rules", "rules": 2}),
        (("reject", NOWHERE), {"act": "reject-admission", "proposal": NOWHERE}),
    ],
)  # fmt: skip
def test_actions_are_written_down(
    command: Command, said: tuple[str, ...], told: dict[str, object]
) -> None:
    written_down = msgspec_json.decode(command.ok("govern", "draft", *said))
    assert written_down == {**written_down, **told}
    if said[-1] == "":
        assert "roles" not in written_down


def drafted(command: Command, *said: object) -> dict[str, Any]:
    told: dict[str, Any] = msgspec_json.decode(command.ok("govern", "draft", *said))
    return told


def test_what_is_replaced_is_drafted_as_it_is(
    command: Command, world: World, tmp_path: Path
) -> None:
    told = drafted(command, "parameters")["parameters"]
    assert (told["clockSkewMs"], told["replyDays"], told["supplyDays"]) == (YEAR_MS, 10, None)
    assert drafted(command, "calendar")["calendar"]["utcOffsetMinutes"] == 0
    described = drafted(command, "describe", "weather", "--en", "Skies", "--superior", "health")
    before = member(world, "weather")
    assert described["names"] == {"en": "Skies"}
    assert (described["code"], described["lineSuperior"]) == (before.code, "health")
    assert drafted(command, "roles", "steward")["roles"] == ["committee", "sequencer", "steward"]
    assert "no member" in command.fails("govern", "draft", "roles", "wether")
    seed = drafted(command, "indicator", "timely-answers")["indicator"]
    assert seed["id"] == "timely-answers"
    assert "no indicator" in command.fails("govern", "draft", "indicator", "timely")
    group = tmp_path / "group.json"
    said = ("govern", "draft", "group", "bureaus", "--members", "health", "--zh", "各局")
    command.ok(*said, "--out", group)
    adopted(command, group)
    wider = drafted(command, "group", "bureaus", "--members", "health,weather")
    assert (wider["names"], wider["members"]) == ({"zh": "各局"}, ["health", "weather"])
    numbers = tmp_path / "parameters.json"
    numbers.write_text(msgspec_json.encode(drafted(command, "parameters")).decode())
    adopted(command, numbers)


def test_purposes_are_adopted_from_a_table(command: Command, world: World, tmp_path: Path) -> None:
    table, out = written(tmp_path, "p.csv", "code,en\nroads,Roads\n"), tmp_path / "p.json"
    command.ok("govern", "draft", "purposes", table, "--out", out)
    adopted(command, out)
    value = world.value("ledger")
    assert isinstance(value, Ledger)
    assert "roads" in value.purposes


def test_every_act_can_be_drafted(command: Command) -> None:
    assert DRAFTS.keys() == ACTS.keys()
    group = get_command(app)
    for name in ("govern", "draft"):
        assert isinstance(group, TyperGroup)
        group = group.commands[name]
    assert isinstance(group, TyperGroup)
    assert {*DRAFTS.values()} == {*group.commands}
    rows = command.json("govern", "actions")
    assert [one["act"] for one in rows] == sorted(ACTS)
    (one,) = command.json("govern", "actions", "reject-admission")
    assert (one["decidedBy"], one["draft"]) == ("government", "reject")
    assert "设定分组" in command.ok("govern", "actions", "--lang", "zh")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "a.json is no action"),
        ('{"member":"health"}', "a.json is no action"),
        ('{"act":"set-grup"}', "`set-grup` is no act (did you mean `set-group`?)"),
        ('{"act":"set-group","code":"x"}', "set-group: Object contains unknown field `code`"),
        ('{"act":"set-group","code":"x"}', "it takes group, [members], names"),
        (
            '{"act":"set-roles","member":"health","roles":["auditr"]}',
            "set-roles: roles: `auditr` is none of auditor, committee",
        ),
    ],
)
def test_an_action_that_is_wrong_is_told_with_its_place(
    command: Command, tmp_path: Path, text: str, told: str
) -> None:
    file = written(tmp_path, "a.json", text)
    said = ("govern", "propose", file, "--reason", "x")
    assert told in command.fails(*said, writer="audit/main")


def test_what_the_government_does_not_decide(command: Command, tmp_path: Path) -> None:
    file = written(tmp_path, "a.json", '{"act":"remove-member","member":"health"}')
    said = ("govern", "decide", file, "--minutes", NOWHERE, "--reason", "x")
    assert "nothing that the government decides" in command.fails(*said, writer="audit/main")


def test_a_proposal_that_falls_says_why(command: Command, tmp_path: Path) -> None:
    """Two proposals do the same; the second one falls, as the first one is adopted."""
    first, second = (proposal(command, "--suspend", "weather") for _ in range(2))
    for voter in ("audit/main", "health/main"):
        command.ok("govern", "vote", first, "yes", writer=voter)
    voted = command.ok("govern", "vote", second, "yes", writer="audit/main")
    assert "it is open, with 1 of the 2 votes" in voted
    voted = command.ok("govern", "vote", second, "yes", writer="health/main")
    assert "it is fallen: it can no longer be done: " in voted
    assert "it can no longer be done: " in command.ok("govern", "show", second)
    assert "所提事项已不能办理" in command.ok("explain", f"{second}", "--lang", "zh")
    file = written(tmp_path, "p.json", '{"act":"set-parameters","parameters":{"replyDays":3}}')
    third, fourth = (proposal(command, file) for _ in range(2))
    for voter in ("audit/main", "health/main"):
        command.ok("govern", "vote", third, "yes", writer=voter)
    voted = command.ok("govern", "vote", fourth, "yes", writer="audit/main")
    assert "what it rests on has changed: ledger" in voted


def test_a_custodian_key_is_recovered_by_a_draft(
    command: Command, world: World, tmp_path: Path
) -> None:
    key, out = command.key_file("again"), tmp_path / "recover.json"
    command.ok("govern", "draft", "recover", "weather", "--key", key, "--out", out)
    said = ("--minutes", NOWHERE, "--reason", "burnt", "--cosign", key)
    command.ok("govern", "decide", out, *said, writer="transport/main")
    assert member(world, "weather").custodian == signer("again").public_key.keyid
    level = ("--code", "1", "--jurisdiction", "1", "--level", "moon", "--en", "W")
    assert "level" in command.fails("govern", "draft", "describe", "weather", *level)


def test_many_datasets_are_several_actions(command: Command, tmp_path: Path) -> None:
    listed = tmp_path / "datasets.txt"
    listed.write_text("\n".join(f"d{n}" for n in range(130)), encoding="utf-8")
    out = tmp_path / "split.json"
    said = ("govern", "draft", "split", "transport", "--datasets", f"@{listed}", "--to", "weather")
    command.ok(*said, "--out", out)
    files = [tmp_path / f"split-{n}.json" for n in (1, 2)]
    actions = [msgspec_json.decode(path.read_bytes()) for path in files]
    assert [len(one["datasets"]) for one in actions] == [128, 2]
    assert "datasets" in command.fails(*said[:-3], "", "--to", "weather")


def test_a_reason_can_be_sealed(command: Command, tmp_path: Path) -> None:
    opening = tmp_path / "opening.json"
    proposal(command, "--suspend", "weather", "--seal", opening)
    assert msgspec_json.decode(opening.read_bytes())["text"] == "it is time"
