"""`blockpool keys` from the making of a key to its revocation."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from contracts.values import Key, RegisteredNode, Writer
from ledger.keys import generate_private_key, parse_private_key
from ledger.note import parse_vkey
from ledger.suites import ED25519, ML_DSA_44
from tests import bodies
from tests.unit.scripts.conftest import Command
from tests.world import World, signer

SECRET = "correct horse battery staple"


def secret_file(folder: Path, secret: str = SECRET) -> Path:
    file = folder / "passphrase"
    file.write_text(f"{secret}\n", encoding="utf-8")
    file.chmod(0o600)
    return file


def test_a_key_is_encrypted_its_owners_alone_and_its_secrets_are_never_printed(
    command: Command, tmp_path: Path
) -> None:
    result = command.run(
        "keys", "new", "main", "--out", tmp_path / "keys",
        "--passphrase-file", secret_file(tmp_path),
    )  # fmt: skip
    assert result.exit_code == 0
    private = tmp_path / "keys" / "main.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert SECRET not in result.output
    assert "PRIVATE" not in result.output
    key = parse_private_key(private.read_bytes(), SECRET.encode())
    assert key.public_key.keyid in result.stdout
    shown = command.json("keys", "show", tmp_path / "keys" / "main.pub")
    assert shown["keyid"] == key.public_key.keyid


def test_a_key_is_never_overwritten(command: Command, tmp_path: Path) -> None:
    command.ok("keys", "new", "main", "--out", tmp_path, "--no-passphrase")
    before = (tmp_path / "main.pem").read_bytes()
    message = command.fails("keys", "new", "main", "--out", tmp_path, "--no-passphrase")
    assert "exists" in message
    (tmp_path / "main.pub").unlink()
    message = command.fails("keys", "new", "main", "--out", tmp_path, "--no-passphrase")
    assert "never overwritten" in message
    assert (tmp_path / "main.pem").read_bytes() == before


def test_a_key_without_passphrase_must_be_asked_for(command: Command, tmp_path: Path) -> None:
    message = command.fails("keys", "new", "main", "--out", tmp_path)
    assert "--passphrase-file" in message
    assert not (tmp_path / "main.pem").exists()
    empty = secret_file(tmp_path, "")
    assert "empty" in command.fails("keys", "new", "main", "--out", tmp_path,
                                    "--passphrase-file", empty)  # fmt: skip
    both = command.run("keys", "new", "a", "--no-passphrase", "--passphrase-file", empty)
    assert both.exit_code == 2


def test_a_passphrase_file_others_can_read_is_refused(command: Command, tmp_path: Path) -> None:
    file = secret_file(tmp_path)
    file.chmod(0o644)
    message = command.fails("keys", "new", "a", "--out", tmp_path, "--passphrase-file", file)
    assert "chmod 600" in message


def test_keys_are_listed_and_exported(command: Command, tmp_path: Path) -> None:
    for name, suite in (("log", "ed25519"), ("log-pq", "ml-dsa-44")):
        command.ok("keys", "new", name, "--suite", suite, "--out", tmp_path, "--no-passphrase")
    listed = command.json("keys", "list", tmp_path)
    assert [(one["name"], one["suite"], one["private"]) for one in listed] == [
        ("log-pq", "ml-dsa-44", True),
        ("log", "ed25519", True),
    ]
    line = command.ok("keys", "export", tmp_path / "log-pq.pub", "--vkey", "pool.example/city")
    assert parse_vkey(line.strip()).name == "pool.example/city"
    (tmp_path / "bad.pub").write_text("{}", encoding="utf-8")
    assert "bad.pub" in command.fails("keys", "list", tmp_path)


def test_a_writer_is_appointed_restricted_rotated_and_ended(command: Command, world: World) -> None:
    custodian = command.key_file("health/custodian")
    first = command.key_file("health/clerk")
    command.ok("keys", "appoint", "health/clerk", "--custodian", custodian, "--key", first)
    appointed = world.value("writer/health/clerk")
    assert isinstance(appointed, Writer)
    assert appointed.families == ("cases", "catalogue", "sharing", "use")
    restrict = ("--families", "use", "--datasets", "flights", "--not-after", "2099-12-31")
    command.ok(
        "keys", "appoint", "health/clerk", "--custodian", custodian, "--key", first, *restrict
    )
    restricted = world.value("writer/health/clerk")
    assert isinstance(restricted, Writer)
    assert (restricted.families, restricted.datasets) == (("use",), ("flights",))
    assert restricted.not_after == "2099-12-31T23:59:59.999Z"
    second = command.key_file("clerk-2", generate_private_key(ED25519))
    command.ok("keys", "rotate", "health/clerk", "--old", first, "--new", second)
    rotated = world.value("writer/health/clerk")
    assert isinstance(rotated, Writer)
    assert rotated.key != restricted.key
    told = command.ok("keys", "end", "health/clerk", "--custodian", custodian)
    assert told.strip() == "health/clerk has ended"
    ended = world.value("writer/health/clerk")
    assert isinstance(ended, Writer)
    assert ended.status == "ended"


def test_a_key_is_revoked_and_replaced(command: Command, world: World) -> None:
    stolen = signer("health/main").public_key.keyid
    replacement = generate_private_key(ED25519)
    done = command.json(
        "keys", "revoke", stolen,
        "--custodian", command.key_file("health/custodian"),
        "--suspect-since", len(world.leaves),
        "--replacement", command.key_file("main-2", replacement),
    )  # fmt: skip
    assert done["findings"] == []
    key, writer = world.value(f"key/{stolen}"), world.value("writer/health/main")
    assert isinstance(key, Key)
    assert key.status == "revoked"
    assert isinstance(writer, Writer)
    assert writer.key == replacement.public_key.keyid


def test_what_the_ledger_refuses_is_told_with_a_hint(command: Command) -> None:
    message = command.fails(
        "keys", "end", "health/main", "--custodian", command.key_file("transport/custodian")
    )
    assert message.startswith("error: not-custodian")
    message = command.fails(
        "keys", "end", "health/main", "--custodian", command.key_file("transport/main")
    )
    assert message.startswith("error: key-not-valid")
    assert "hint: is it the key of that writer today" in message
    unknown = command.fails(
        "keys", "revoke", "0" * 64, "--custodian", command.key_file("health/custodian"),
        "--suspect-since", 3,
    )  # fmt: skip
    assert "knows no key" in unknown
    custodian = command.fails(
        "keys", "end", "health/custodian", "--custodian", command.key_file("health/custodian")
    )
    assert "neither appointed nor ended" in custodian


def test_a_moment_that_is_none_is_told(command: Command) -> None:
    message = command.fails(
        "keys", "appoint", "health/x", "--custodian", command.key_file("health/custodian"),
        "--key", command.key_file("health/x"), "--not-after", "tomorrow",
    )  # fmt: skip
    assert "`tomorrow` is no date or time" in message


def test_a_key_is_named_not_placed(command: Command, tmp_path: Path) -> None:
    named = ("keys", "new", "a/b", "--out", tmp_path, "--no-passphrase")
    assert "is a path, not a name" in command.fails(*named, code=2)
    assert "is no folder" in command.fails("keys", "list", tmp_path / "nowhere")


def test_a_wrong_passphrase_is_told_with_the_file(command: Command, tmp_path: Path) -> None:
    for name in ("right", "wrong"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(name, encoding="utf-8")
    command.ok("keys", "new", "a", "--out", tmp_path, "--passphrase-file", tmp_path / "right")
    shown = ("keys", "show", tmp_path / "a.pem", "--passphrase-file", tmp_path / "wrong")
    assert f"{tmp_path / 'a.pem'}: " in command.fails(*shown)


def test_a_terminal_without_the_letters_shows_their_numbers(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "scripts", "keys", "new", "名", "--no-passphrase"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    folder = ["--out", str(tmp_path)]
    done = subprocess.run([*line, *folder], env=environment, capture_output=True, check=True)
    assert b"\\u540d.pem" in done.stdout


def test_a_contractor_signs_under_its_mandate(command: Command, world: World) -> None:
    world.accept(world.sign("health/main", bodies.system()))
    said = (
        "keys", "mandate", "health", "--custodian", command.key_file("health/custodian"),
        "--system", "tower", "--contract", "ab" * 32, "--code", "91330100MA", "--en", "Records Ltd",
    )  # fmt: skip
    told = command.ok(*said, "--not-after", "2099-12-31")
    (mandate, _, _) = told.partition(":")
    key = command.key_file("health/operator")
    appoint = (
        "keys", "appoint", "health/operator", "--custodian", command.key_file("health/custodian"),
        "--key", key, "--families", "use", "--mandate", mandate,
    )  # fmt: skip
    assert "beyond-mandate" in command.fails(*appoint)
    command.ok(*appoint, "--not-after", "2099-12-31")
    world.accept(world.sign("health/operator", bodies.usage(None, world.now, system="tower")))
    explained = command.ok("explain", len(world.leaves) - 2)
    assert "Records Ltd (91330100MA), for the system tower" in " ".join(explained.split())


def test_a_node_is_registered_and_its_certificate_replaced(command: Command, world: World) -> None:
    witness_keys = ("--witness", command.key_file("witness", generate_private_key(ED25519)))
    both = (*witness_keys, "--witness-pq", command.key_file("pq", generate_private_key(ML_DSA_44)))
    first = command.key_file("tls", generate_private_key(ED25519))
    register = (
        "keys", "node", "health", "--custodian", command.key_file("health/custodian"),
        "--endpoint", "https://node.health.example",
    )  # fmt: skip
    told = command.ok(*register, *both, "--transport", first)
    assert told.strip() == "the node of health is at https://node.health.example; keys: 3"
    registered = world.value("node/health")
    assert isinstance(registered, RegisteredNode)
    second = command.key_file("tls-2", generate_private_key(ED25519))
    command.ok(*register, *both, "--transport", first, "--transport", second)
    command.ok(*register, *both, "--transport", second)
    following = world.value("node/health")
    assert isinstance(following, RegisteredNode)
    assert following.witness == registered.witness
    assert following.transport != registered.transport
    explained = " ".join(command.ok("explain", len(world.leaves) - 2).split())
    assert "the node of health is at https://node.health.example; its keys: " in explained
    assert "key-taken" in command.fails(*register, *both, "--transport", first)
    assert "--witness-pq" in command.fails(*register, *witness_keys, code=2)
    command.ok(*register)
    explained = " ".join(command.ok("explain", len(world.leaves) - 2).split())
    assert "the node of health is at https://node.health.example; it has no keys" in explained
