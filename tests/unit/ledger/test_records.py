"""Records of every kind: golden bytes, and every way to say the same or something odd refused.

`tests/golden/records.jsonl` holds one payload per kind, in the order of `tests.examples.BODIES`.
Once a ledger exists its lines never change; a new kind, or a new optional member, is a new line.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import pytest
from hypothesis import given
from msgspec.structs import replace

from ledger.envelope import sign_envelope
from ledger.errors import FormatError
from ledger.records import (
    KINDS,
    encode_statement,
    new_statement,
    parse_record,
    parse_statement,
)
from ledger.records.catalogue import Content, Release
from ledger.records.genesis import Calendar, Names
from ledger.records.sharing import GrantItem, Request, RequestItem
from ledger.records.statement import subject_of
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.records.use import Usage
from tests.examples import BODIES, GENESIS, RELEASE, TERMS, USAGE, chain_of, digest_of
from tests.golden.records import PAYLOADS, payload_of
from tests.signers import ed25519_signer
from tests.strategies import calendars, terms, usages

every_kind = pytest.mark.parametrize("kind", BODIES)


def test_payloads_are_the_golden_ones() -> None:
    assert [payload_of(kind) for kind in BODIES] == PAYLOADS.read_bytes().splitlines()


def test_every_kind_has_an_example() -> None:
    assert [f"urn:blockpool:{kind}:v1" for kind in BODIES] == list(KINDS)


@every_kind
def test_a_payload_is_read_as_it_was_written(kind: str) -> None:
    found, statement = parse_statement(payload_of(kind))
    assert found.name == kind
    assert statement == new_statement(BODIES[kind], chain_of(kind))


@every_kind
def test_a_record_keeps_its_bytes(kind: str) -> None:
    envelope = sign_envelope(payload_of(kind), [ed25519_signer(1)])
    record = parse_record(envelope.encoded)
    assert (record.kind, record.body, record.chain) == (kind, BODIES[kind], chain_of(kind))
    assert record.digest == sha256(envelope.payload).hexdigest()
    assert record.envelope == envelope


@given(usages())
def test_any_usage_can_be_read_again(usage: Usage) -> None:
    statement = new_statement(usage, chain_of("usage"))
    assert parse_statement(encode_statement(statement))[1] == statement


@given(terms())
def test_any_terms_can_be_read_again(wild: Terms) -> None:
    item = RequestItem(dataset="census", entry=digest_of("entry"), terms=wild)
    statement = new_statement(Request(items=(item,), scene="any"), chain_of("request"))
    assert parse_statement(encode_statement(statement))[1] == statement


@given(calendars())
def test_any_calendar_can_be_read_again(calendar: Calendar) -> None:
    statement = new_statement(replace(GENESIS, calendar=calendar), chain_of("genesis"))
    assert parse_statement(encode_statement(statement))[1] == statement


# Mutations of the JSON itself. Objects are pairs in order, so that a member can come twice.


@dataclass(frozen=True)
class Members:
    """A JSON object."""

    pairs: list[tuple[str, "Json"]]


@dataclass(frozen=True)
class Raw:
    """JSON text to be written as it is."""

    text: str


Json = Members | Raw | list["Json"] | str | int | bool | None


def written(value: Json) -> str:
    match value:
        case Raw(text):
            return text
        case Members(pairs):
            return "{" + ",".join(f"{json.dumps(name)}:{written(one)}" for name, one in pairs) + "}"
        case list():
            return "[" + ",".join(written(one) for one in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def variants(value: Json, name: str = "$") -> Iterator[tuple[str, Json]]:
    """`value` with one thing changed anywhere in it, by what was changed."""
    for what, changed in changes(value, name):
        yield f"{what} {name}", changed
    match value:
        case Members(pairs):
            for at, (member, one) in enumerate(pairs):
                for what, changed in variants(one, member):
                    yield what, Members([*pairs[:at], (member, changed), *pairs[at + 1 :]])
        case list():
            for at, one in enumerate(value):
                for what, changed in variants(one, f"{name}[]"):
                    yield what, [*value[:at], changed, *value[at + 1 :]]
        case _:
            pass


SETS_OF_STRUCTS: Final = ("files", "masking", "members", "purposes", "restsOn", "rows", "rowsUsed")
"""Lists of objects that are sets; every list of texts is one."""


def changes(value: Json, name: str) -> Iterator[tuple[str, Json]]:
    """What can be done to one value. Each must be refused, wherever it is done."""
    match value:
        case Members(pairs):
            yield "unknown member in", Members([*pairs, ("zzz", 1)])
            yield "null member in", Members([*pairs, ("zzz", None)])
            yield "repeated member in", Members([*pairs, pairs[-1]])
            yield "array for", []
            if len(pairs) > 1:
                yield "other order in", Members(pairs[::-1])
        case list():
            yield "object for", Members([])
            yield "space in", Raw(written(value).replace("[", "[ ", 1))
            if value and (name in SETS_OF_STRUCTS or isinstance(value[0], str)):
                yield "repeated element in", [*value, value[-1]]
                if len(value) > 1:
                    yield "other order in", value[::-1]
        case bool():
            yield "number for", int(value)
            yield "text for", str(value)
        case int():
            yield "float for", Raw(f"{value}.0")
            yield "exponent for", Raw(f"{value}e0")
            yield "huge number for", 2**53
            yield "negative number for", -(2**53)
            yield "text for", str(value)
            yield "leading zero in", Raw(f"0{value}")
        case str():
            yield "escape in", Raw(f'"\\u{ord(value[0]):04x}{written(value)[2:]}')
            yield "number for", 1
            yield "overlong", value + "x" * 5_000
            yield "array for", [value]
        case _:
            yield "number for", 0


@every_kind
def test_nothing_else_is_the_same_record_or_an_odd_one(kind: str) -> None:
    """No change of form passes, wherever it is made."""
    payload = payload_of(kind)
    tree = json.loads(payload, object_pairs_hook=Members)
    assert written(tree).encode() == payload
    changed_trees = list(variants(tree))
    assert len(changed_trees) > 50
    accepted = []
    for what, changed in changed_trees:
        try:
            parse_statement(written(changed).encode())
        except FormatError:
            continue
        accepted.append(what)
    assert accepted == []


@every_kind
def test_a_record_that_lost_a_member_says_something_else(kind: str) -> None:
    tree = json.loads(payload_of(kind))
    statement = new_statement(BODIES[kind], chain_of(kind))
    for member in tree["predicate"]["body"]:
        less = json.loads(payload_of(kind))
        del less["predicate"]["body"][member]
        text = json.dumps(less, ensure_ascii=False, separators=(",", ":"))
        with suppress(FormatError):  # the member is required, or the subject came from it
            assert parse_statement(text.encode())[1] != statement


@every_kind
def test_subjects_are_those_of_the_body(kind: str) -> None:
    statement = new_statement(BODIES[kind], chain_of(kind))
    first = statement.subject[0]
    for other in (
        (),
        (*statement.subject, first),
        (subject_of(first.name + "x", first.digest.sha256), *statement.subject[1:]),
        (subject_of(first.name, digest_of("other")), *statement.subject[1:]),
    ):
        with pytest.raises(FormatError, match="subject"):
            parse_statement(encode_statement(replace(statement, subject=other)))


@every_kind
def test_only_genesis_stands_in_no_ledger(kind: str) -> None:
    statement = new_statement(BODIES[kind], chain_of(kind))
    chain = replace(chain_of(kind), ledger=digest_of("genesis") if kind == "genesis" else None)
    other = replace(statement, predicate=replace(statement.predicate, chain=chain))
    with pytest.raises(FormatError, match="`ledger` is null in the genesis record and only there"):
        parse_statement(encode_statement(other))


@pytest.mark.parametrize(
    "kind", ["", "seal", "usages", "Usage", "usage:v1:x", "https://in-toto.io/Statement/v1"]
)
def test_unknown_kinds_are_refused(kind: str) -> None:
    payload = payload_of("usage").replace(
        b"urn:blockpool:usage:v1", f"urn:blockpool:{kind}:v1".encode()
    )
    with pytest.raises(FormatError, match="of a known kind"):
        parse_statement(payload)


def test_a_body_of_another_kind_is_refused() -> None:
    payload = payload_of("usage").replace(b"urn:blockpool:usage:v1", b"urn:blockpool:step:v1")
    with pytest.raises(FormatError):
        parse_statement(payload)


@pytest.mark.parametrize("payload", [b"", b"{}", b"null", b"[]", b'{"predicateType":1}', b"\xff"])
def test_what_is_no_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError):
        parse_statement(payload)


INCONSISTENT: Final[dict[str, Callable[[], object]]] = {
    "`prefixes` lists what `33` covers": lambda: RowFilter(column="a", prefixes=("33", "3301")),
    "`purposes` lists what `a.` covers": lambda: replace(TERMS, purposes=("a", "a-b", "a.b")),
    "`masking`: `name` is not in `fields`": lambda: replace(
        TERMS, masking=(FieldMasking(field="name", level="hashed"),)
    ),
    "`startedAt` lies after": lambda: replace(USAGE, ended_at="2026-04-30T23:59:59.999Z"),
    "`members` are listed, or the grant is `standing`": lambda: GrantItem(
        dataset="census", schema=digest_of("schema"), terms=TERMS
    ),
    "exactly one of the two": lambda: GrantItem(
        dataset="census", members=("tax",), schema=digest_of("schema"), standing=True, terms=TERMS
    ),
    "answers a `request` goes to one member": lambda: GrantItem(
        dataset="census",
        members=("police", "tax"),
        request=f"{digest_of('request')}-0",
        schema=digest_of("schema"),
        terms=TERMS,
    ),
    "`items` names a version twice": lambda: Release(items=RELEASE.items * 2),
    "`watermark` goes with": lambda: Content(assurance="watermark", sha256=digest_of("a")),
    "the assurance `watermark`": lambda: Content(
        assurance="rows", sha256=digest_of("a"), watermark="5"
    ),
    "not the digest of the list of `files`": lambda: replace(
        RELEASE.items[0].content, sha256=digest_of("a")
    ),
    "a name needs `en` or `zh`": Names,
    "`logKeys` go with": lambda: replace(GENESIS.members[0], log_keys=None),
    "the role sequencer or validator": lambda: replace(
        GENESIS.members[1], log_keys=GENESIS.members[0].log_keys
    ),
    "`members` needs one with": lambda: replace(GENESIS, members=GENESIS.members[1:]),
}


@pytest.mark.parametrize("message", INCONSISTENT)
def test_parts_that_contradict_one_another_are_refused(message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        INCONSISTENT[message]()
