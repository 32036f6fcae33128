"""Act 1: keys, a genesis record that every founder signs, a node, and the writers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ledger.canonical import encode
from ledger.keys import PrivateKey, encode_private_key_unencrypted, generate_private_key
from ledger.policy_file import encode_policy
from ledger.records import WriterAppointment
from ledger.records.genesis import custodian_of
from ledger.suites import ED25519, ML_DSA_44, Suite
from ledger.times import from_ms
from ledger.types import MemberId
from node.client import Client, Retry
from scripts.demo.cast import MEMBERS, ORIGIN, PURPOSES, QUORUM, STEWARD, WITNESSES, Member
from scripts.demo.folder import Folder
from scripts.demo.node_process import NodeProcess, found_orderer
from scripts.demo.stage import Department, Stage, StageClock, act, expect, tell
from scripts.genesis.file import Founding, encode_founding, found, read_description, sign
from scripts.keys.files import write_private_key

PATIENCE: Final = Retry(attempts_max=60, pause_max_s=1.0)
"""About a minute without an answer: the node will be killed and has to come back."""

Keys = dict[str, PrivateKey]


def make_key(folder: Path, name: str, suite: Suite = ED25519) -> PrivateKey:
    """A new key in two files: NAME.pem, mode 0600, and NAME.pub."""
    key = generate_private_key(suite)
    write_private_key(folder / f"{name}.pem", encode_private_key_unencrypted(key))
    (folder / f"{name}.pub").write_bytes(encode(key.public_key.description) + b"\n")
    return key


def make_keys(folder: Folder) -> Keys:
    """A custodian and a writer key per member, the two keys of the log, two of each witness."""
    keys = {"log": make_key(folder.keys, "log")}
    keys["log-pq"] = make_key(folder.keys, "log-pq", ML_DSA_44)
    for member in MEMBERS:
        for role in ("custodian", "main"):
            keys[f"{member.id}/{role}"] = make_key(folder.keys, f"{member.id}-{role}")
    for member in WITNESSES:
        for name, suite in ((_witness(member.id), ED25519), (_witness_pq(member.id), ML_DSA_44)):
            keys[name] = make_key(folder.keys, name, suite)
    others = [one.name for one in folder.keys.glob("*.pem") if one.stat().st_mode & 0o077]
    expect(not others, "nobody else can read the key files")
    tell(f"{len(keys)} keys in {folder.keys}, readable by their owner alone")
    return keys


def witness_pair(keys: Keys, member: MemberId) -> tuple[PrivateKey, PrivateKey]:
    """The two keys by which a member cosigns."""
    return keys[_witness(member)], keys[_witness_pq(member)]


def found_ledger(folder: Folder, keys: Keys, clock: StageClock) -> Founding:
    """The genesis record, signed by all custodians and both log keys; the policy it states."""
    description = folder.root / "genesis.toml"
    description.write_text(_described(), encoding="utf-8")
    founding = found(read_description(description), from_ms(clock()))
    for name, key in keys.items():
        if name.endswith("/custodian") or name in ("log", "log-pq"):
            expect(not founding.is_complete, "no ledger is founded before everybody has signed")
            founding = sign(founding, key)
    expect(founding.is_complete, "everybody has signed the genesis record")
    (folder.root / "genesis.json").write_bytes(encode_founding(founding))
    folder.policy.write_bytes(encode_policy(founding.policy()))
    tell(f"{ORIGIN} founded by {len(MEMBERS)} members, {len(founding.signatures)} signatures")
    return founding


@contextmanager
def running_node(folder: Folder, clock: StageClock) -> Iterator[NodeProcess]:
    """A node process of its own, until the end of the block."""
    with found_orderer(folder, STEWARD.id, clock) as node:
        node.start()
        tell(f"the node of the {STEWARD.en} answers at {node.url}")
        yield node


@contextmanager
def open_stage(founding: Founding, node: NodeProcess, keys: Keys) -> Iterator[Stage]:
    """All departments at work: each custodian has appointed its writer."""
    policy = founding.policy()
    with Client(
        node.url, policy=policy, ledger=founding.ledger, retry=PATIENCE, clock_ms=node.clock
    ) as client:
        departments = {one.id: _appoint(client, one, keys) for one in MEMBERS}
        tell(f"{len(departments)} custodians have appointed a writer each")
        yield Stage(client, node.url, policy, node.clock, departments)


def open_act(clock: StageClock) -> None:
    """The title of the act, and what time it is."""
    act("1  Seven departments found a ledger")
    tell(
        f"it is {from_ms(clock())[:10]} on stage: the clock of the demo begins "
        f"{-clock.offset_days} days ago, as deadlines take weeks"
    )


def _appoint(client: Client, member: Member, keys: Keys) -> Department:
    key = keys[member.writer]
    custodian = custodian_of(member.id)
    body = WriterAppointment(
        families=member.families, key=key.public_key.description, writer=member.writer
    )
    client.writer(custodian, keys[custodian]).submit(body, cosigners=(key,))
    return Department(member, client.writer(member.writer, key), key)


def _witness(member: MemberId) -> str:
    return f"{member}-witness"


def _witness_pq(member: MemberId) -> str:
    return f"{member}-witness-pq"


def _described() -> str:
    """The description as a founder would write it by hand: `blockpool genesis template`."""
    purposes = (
        f'[[purposes]]\ncode = "{code}"\nnames = {{ en = "{name}" }}\n'
        for code, name in PURPOSES.items()
    )
    members = (
        f'[[members]]\nid = "{one.id}"\ncode = "demo-{one.id}"\n'
        f'names = {{ en = "{one.en}", zh = "{one.zh}" }}\n'
        'jurisdiction = { code = "US-NY", level = "province" }\n'
        f"roles = {json.dumps(one.roles)}\n"
        f'custodian = "keys/{one.id}-custodian.pub"\n'
        + ('logKeys = { ed25519 = "keys/log.pub", mlDsa44 = "keys/log-pq.pub" }\n'
           if "sequencer" in one.roles else "")
        for one in MEMBERS
    )  # fmt: skip
    quorum = f"[parameters]\nquorum = {QUORUM}\n"
    return "\n".join((f'origin = "{ORIGIN}"\n', quorum, *purposes, *members))
