"""`blockpool genesis`: a ledger is described, signed by all, and only then usable."""

from pathlib import Path

import pytest
from msgspec import json as msgspec_json

from contracts.assessment.seed import SEED
from contracts.replay import found
from contracts.view import MemoryState
from ledger.envelope import verify_signature
from ledger.policy_file import parse_policy
from ledger.records import read_record
from scripts.genesis.file import leaf_of, parse_founding
from tests.unit.scripts.conftest import Command

KEYS = ("data-bureau-custodian", "health-custodian", "audit-office-custodian", "log")


@pytest.fixture
def description(command: Command, tmp_path: Path) -> Path:
    """The template, and the keys it names."""
    for name in KEYS:
        command.ok("keys", "new", name, "--out", tmp_path / "keys", "--no-passphrase")
    pq = ("--suite", "ml-dsa-44", "--no-passphrase")
    command.ok("keys", "new", "log-pq", "--out", tmp_path / "keys", *pq)
    file = tmp_path / "genesis.toml"
    file.write_text(command.ok("genesis", "template"), encoding="utf-8")
    return file


def sign(command: Command, record: Path, *names: str) -> None:
    for name in names:
        command.ok("genesis", "sign", record, "--key", record.parent / "keys" / f"{name}.pem")


def test_the_template_founds_a_ledger_once_everybody_has_signed(
    command: Command, description: Path, tmp_path: Path
) -> None:
    record = tmp_path / "genesis.json"
    made = command.json("genesis", "new", description, "--out", record)
    assert not made["complete"]
    sign(command, record, *KEYS)
    shown = command.json("genesis", "show", record)
    assert shown["missing"] == ["data-bureau/log ml-dsa-44"]
    assert shown["ledger"] == made["ledger"]
    refused = command.fails("genesis", "policy", record, "--out", tmp_path / "trust")
    assert "not signed by everybody" in refused
    sign(command, record, "log-pq", "log-pq")
    assert command.json("genesis", "show", record)["complete"]
    envelope = leaf_of(parse_founding(record.read_bytes()))
    assert envelope.encoded == record.read_bytes()
    head = found(MemoryState(), read_record(envelope), verify_signature).head
    assert head.ledger == made["ledger"]
    command.ok("genesis", "policy", record, "--out", tmp_path / "trust")
    assert {str(log.key.name) for log in parse_policy((tmp_path / "trust").read_bytes()).logs} == {
        "pool.example/city"
    }


def test_the_usual_indicators_are_adopted_by_a_word(
    command: Command, description: Path, tmp_path: Path
) -> None:
    made = command.json("genesis", "new", description, "--out", tmp_path / "genesis.json")
    assert [one["id"] for one in made["genesis"]["indicators"]] == [one.id for one in SEED]
    assert "timely-answers" in command.ok("genesis", "show", tmp_path / "genesis.json")
    text = description.read_text(encoding="utf-8").replace('indicators = "seed"', "")
    description.write_text(text, encoding="utf-8")
    made = command.json("genesis", "new", description, "--out", tmp_path / "without.json")
    assert "indicators" not in made["genesis"]


def test_nobody_else_can_sign_and_nothing_can_be_altered(
    command: Command, description: Path, tmp_path: Path
) -> None:
    record = tmp_path / "genesis.json"
    command.ok("genesis", "new", description, "--out", record)
    stranger = command.key_file("stranger")
    assert "none of the founders'" in command.fails("genesis", "sign", record, "--key", stranger)
    sign(command, record, "log")
    draft = msgspec_json.decode(record.read_bytes())
    draft["signatures"][0]["sig"] = "A" * len(draft["signatures"][0]["sig"])
    record.write_bytes(msgspec_json.encode(draft))
    assert "does not verify" in command.fails("genesis", "show", record)


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ('origin = "pool', 'origin = "https://Pool', "origin"),
        ('level = "city"', 'level = "village"', "`village` is none of city, county, national"),
        (
            'roles = ["auditor", "committee"]',
            'roles = ["auditr", "committee"]',
            "witness, at roles[0] of the member audit-office",
        ),
        ('roles = ["auditor", "committee"]', 'roles = ["sequencer"]', "logKeys"),
        ("keys/health-custodian.pub", "keys/nobody.pub", "nobody.pub"),
        ("keys/health-custodian.pub", "keys/audit-office-custodian.pub", "key-taken"),
        ("keys/health-custodian.pub", "keys/log-pq.pub", "weak-key"),
        ("[parameters]", "[parameters", "neither TOML"),
        ("replyDays", "replydays", "replydays"),
    ],
)
def test_a_mistake_in_the_description_is_named(
    command: Command, description: Path, written: str, instead: str, told: str
) -> None:
    text = description.read_text(encoding="utf-8")
    assert written in text
    description.write_text(text.replace(written, instead, 1), encoding="utf-8")
    message = command.fails("genesis", "new", description, "--out", description.parent / "g.json")
    assert told in message
    assert not (description.parent / "g.json").exists()


def test_founders_see_what_they_sign(command: Command, description: Path) -> None:
    record = description.parent / "g.json"
    result = command.run("genesis", "new", description, "--out", record)
    shown = command.ok("genesis", "show", record)
    assert shown == result.stdout
    for said in ("UTC+08:00", "answerConditionalDays", "ordinaryThreshold", "clockSkewMs"):
        assert said in shown
    assert "Audit Office 审计局" in shown


def test_an_office_that_nobody_holds_is_warned_of(command: Command, description: Path) -> None:
    text = description.read_text(encoding="utf-8")
    written = '"government", "sequencer", "steward"'
    assert written in text
    description.write_text(text.replace(written, '"sequencer"', 1), encoding="utf-8")
    record = description.parent / "g.json"
    said = command.run("genesis", "new", description, "--out", record).stderr
    assert "warning: nobody holds the office of government, steward" in said
