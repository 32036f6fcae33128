"""Act 11: what the ledger does not take in: bytes that are no record, and records nobody signed.

Each is sent as a stranger would send it, as plain HTTP. None leaves a trace in the log.
"""

import json
from dataclasses import dataclass
from typing import Final

import httpx

from ledger.envelope import sign_envelope
from ledger.keys import Signer, generate_private_key
from ledger.records import Body, Grant, Step
from ledger.suites import ED25519
from ledger.times import from_ms
from node.client.chain import Position, Signed, sign_at
from scripts.demo.cast import FLIGHTS, METEOROLOGY, TRANSPORT
from scripts.demo.sharing import Rights
from scripts.demo.stage import Department, Stage, act, expect, tell
from scripts.record.sharing import grant_items
from scripts.record.terms import TermsOptions

_TYPE: Final = "application/vnd.dsse.envelope+json"


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was sent, and why it was not taken."""

    what: str
    status: int
    number: int
    code: str
    detail: str


def send_what_is_refused(stage: Stage, retired: Department, rights: Rights) -> list[Rejection]:
    """The whole act; `retired` still holds the key that was rotated away."""
    act("11  What the ledger refuses")
    size = stage.client.ledger().size
    rejections = [
        _send(stage, "malformed", "half a record", _half(stage, rights)),
        _send(stage, "not-canonical", "a record with a blank too many", _loose(stage, rights)),
        _send(stage, "bad-signature", "a grant that a forger signed", _forged(stage)),
        _send(
            stage,
            "key-not-valid",
            "a record by the retired key",
            _by_old_key(retired, stage, rights),
        ),
    ]
    expect(stage.client.ledger().size == size, "what is refused leaves no trace")
    for one in rejections:
        tell(f"{one.what}: {one.status} {one.number} {one.code}")
    tell(f"the log has {size} leaves as before")
    return rejections


def _half(stage: Stage, rights: Rights) -> bytes:
    whole = _withdrawal(stage, stage.department(METEOROLOGY), rights).envelope.encoded
    return whole[: len(whole) // 2]


def _loose(stage: Stage, rights: Rights) -> bytes:
    """The same statement, well signed, but spelt with a blank: two spellings could differ."""
    department = stage.department(METEOROLOGY)
    payload = _withdrawal(stage, department, rights).envelope.payload
    return sign_envelope(payload.replace(b":", b": ", 1), [department.key]).encoded


def _forged(stage: Stage) -> bytes:
    """A grant in the name of the transport bureau and of its key, signed with another one."""
    given = {"dataset": FLIGHTS.dataset, "members": METEOROLOGY.id}
    items = grant_items(stage.client, [given], None, TermsOptions(), None)
    forger = generate_private_key(ED25519)
    signed = _sign(stage, TRANSPORT.writer, Grant(items=tuple(items)), forger)
    envelope = json.loads(signed.envelope.encoded)
    envelope["signatures"][0]["keyid"] = stage.department(TRANSPORT).key.public_key.keyid
    return json.dumps(envelope).encode()


def _by_old_key(retired: Department, stage: Stage, rights: Rights) -> bytes:
    return _withdrawal(stage, retired, rights).envelope.encoded


def _withdrawal(stage: Stage, department: Department, rights: Rights) -> Signed:
    """A record that would do if it came whole, well spelt and well signed."""
    step = Step(cases=(rights.forecast,), step="end")
    return _sign(stage, department.member.writer, step, department.key)


def _sign(stage: Stage, writer: str, body: Body, signer: Signer) -> Signed:
    head = stage.client.writer_info(writer)
    position = Position(head.ledger, writer, head.records, head.head)
    return sign_at(position, body, [signer], from_ms(stage.clock()))


def _send(stage: Stage, code: str, what: str, content: bytes) -> Rejection:
    answer = httpx.post(f"{stage.url}/v1/records", content=content, headers={"content-type": _TYPE})
    problem = answer.json()
    told = Rejection(
        what, answer.status_code, problem["number"], problem["code"], problem["detail"]
    )
    expect(told.code == code, f"{what} is refused as {code}, not: {told}")
    return told
