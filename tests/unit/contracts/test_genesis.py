"""The genesis record: who founds a ledger, and what comes into being."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.reasons import Reason, Refused
from contracts.replay import found
from contracts.values import ChainHead, Key, Ledger, Member, RoleHolders, Writer
from contracts.view import MemoryState
from ledger.canonical import encode
from ledger.envelope import sign_envelope, verify_signature
from ledger.keys import KeyDescription, KeyValue, Signer
from ledger.records import Genesis, new_statement, read_record
from ledger.records.genesis import Founder, LogKeys, Parameters, Role
from ledger.records.statement import Chain
from tests import bodies
from tests.world import (
    ROLES,
    START,
    World,
    founder,
    genesis_body,
    genesis_record,
    genesis_signers,
    log_signer_ml_dsa,
    signer,
)

CHAIN: Final = Chain(
    issued_at=START, ledger=None, previous=None, sequence=0, writer="steward/custodian"
)
WITNESSES: Final[dict[str, tuple[Role, ...]]] = {
    name: ("sequencer", "witness") if name == "m0" else ("witness",)
    for name in ("m0", "m1", "m2", "m3")
}


def refused_for(
    body: Genesis, *, chain: Chain = CHAIN, signers: list[Signer] | None = None
) -> Refused:
    """What a genesis record is told that founds nothing."""
    every = genesis_signers(body) if signers is None else signers
    record = read_record(sign_envelope(encode(new_statement(body, chain)), every))
    with pytest.raises(Refused) as refused:
        found(MemoryState(), record, verify_signature)
    return refused.value


def refusal(body: Genesis, *, chain: Chain = CHAIN, signers: list[Signer] | None = None) -> Reason:
    """Why a genesis record founds nothing."""
    return refused_for(body, chain=chain, signers=signers).reason


def with_founder(member: str, change: Callable[[Founder], Founder]) -> Genesis:
    """The usual genesis with one founder changed."""
    body = genesis_body()
    members = tuple(change(one) if one.id == member else one for one in body.members)
    return replace(body, members=members)


@pytest.mark.rule("R105")
def test_founders_roles_and_keys_come_into_being() -> None:
    world = World.genesis(writers=False)
    state = world.state
    assert set(state.keys("member/")) == {f"member/{name}" for name in ROLES}
    ledger = world.value("ledger")
    assert isinstance(ledger, Ledger)
    assert ledger.digest == world.head.ledger
    assert ledger.purposes == ("health", "tax.audit")
    assert world.value("role/steward") == RoleHolders(members=("steward",))
    assert world.value("role/witness") is None
    member, custodian = world.value("member/steward"), signer("steward/custodian")
    assert isinstance(member, Member)
    assert member.custodian == custodian.public_key.keyid
    assert world.value(f"key/{member.custodian}") == Key(
        function="custodian",
        key=custodian.public_key.description,
        lineage=0,
        member="steward",
        since=0,
        writer="steward/custodian",
    )
    for keyid, one in zip(
        member.log_keys, (signer("steward/log"), log_signer_ml_dsa("steward/log")), strict=True
    ):
        key = one.public_key.description
        log_key = Key(function="log", key=key, lineage=0, member="steward", since=0)
        assert world.value(f"key/{keyid}") == log_key
    writer = world.value("writer/steward/custodian")
    assert isinstance(writer, Writer)
    assert writer.families == ("keys",)
    chain = ChainHead(head=world.head.ledger, last_index=0, records=1)
    assert world.value("chain/steward/custodian") == chain
    assert world.founding.seal.height == 0
    assert world.founding.seal.block_time == START


@pytest.mark.rule("R101", "101")
@pytest.mark.parametrize(
    "chain",
    [
        replace(CHAIN, writer="health/custodian"),
        replace(CHAIN, writer="steward/main"),
        replace(CHAIN, sequence=1),
        replace(CHAIN, previous=bodies.NOWHERE),
    ],
    ids=["another founder", "another writer", "not the first", "after something"],
)
def test_genesis_opens_the_chain_of_the_first_that_orders(chain: Chain) -> None:
    refused = refused_for(genesis_body(), chain=chain)
    assert refused.reason == reasons.MALFORMED
    assert refused.detail == "genesis opens the chain of steward/custodian"
    assert refused.fields == ("chain",)


@pytest.mark.rule("R101", "101")
def test_only_a_genesis_record_founds_a_ledger() -> None:
    world = World.genesis()
    record = world.sign("health/main", bodies.schema())
    with pytest.raises(Refused) as refused:
        found(MemoryState(), record, verify_signature)
    assert refused.value.reason == reasons.MALFORMED
    assert refused.value.detail == "the first record is not a genesis record"
    assert refused.value.fields == ("predicateType",)


@pytest.mark.rule("R101", "1401")
def test_rules_nobody_knows_are_refused() -> None:
    assert refusal(replace(genesis_body(), rules=2)) == reasons.LIMIT


@pytest.mark.rule("R102", "504")
def test_every_founder_and_every_log_key_signs() -> None:
    body = genesis_body()
    every = genesis_signers(body)
    for at in range(len(every)):
        missing = every[:at] + every[at + 1 :]
        assert refusal(body, signers=missing) == reasons.KEY_NOT_VALID
    assert refusal(body, signers=[*every, signer("guest")]) == reasons.KEY_NOT_VALID


@pytest.mark.rule("R102", "601")
def test_every_signature_of_genesis_holds() -> None:
    good = genesis_record(genesis_body())
    other = genesis_record(genesis_body(purposes=("other",)))
    forged = replace(good, envelope=replace(good.envelope, signatures=other.envelope.signatures))
    with pytest.raises(Refused) as refused:
        found(MemoryState(), forged, verify_signature)
    assert refused.value.reason == reasons.BAD_SIGNATURE
    assert refused.value.fields == ("signatures",)


@pytest.mark.rule("R102", "503")
def test_no_two_founders_share_a_key() -> None:
    twin = signer("health/custodian").public_key.description
    body = with_founder("weather", lambda one: replace(one, custodian=twin))
    signers = [one for one in genesis_signers(body) if one is not signer("weather/custodian")]
    refused = refused_for(body, signers=signers)
    assert refused.reason == reasons.KEY_TAKEN
    assert (refused.detail, refused.fields) == ("", ("members",))


@pytest.mark.rule("R102", "502")
@pytest.mark.parametrize(
    "key",
    [
        KeyDescription(
            keytype="ed25519", keyval=KeyValue(public="01" + "00" * 31), scheme="ed25519"
        ),
        KeyDescription(keytype="sm2", keyval=KeyValue(public="00"), scheme="sm2"),
        log_signer_ml_dsa("steward/log").public_key.description,
    ],
    ids=["small order", "unknown suite", "suite of another function"],
)
def test_weak_keys_found_nothing(key: KeyDescription) -> None:
    body = with_founder("weather", lambda one: replace(one, custodian=key))
    assert refusal(body) == reasons.WEAK_KEY


@pytest.mark.rule("R102", "502")
def test_log_keys_are_of_the_two_suites_in_their_order() -> None:
    ed25519 = signer("steward/log").public_key.description
    swapped = LogKeys(ed25519=ed25519, ml_dsa44=ed25519)
    body = with_founder("steward", lambda one: replace(one, log_keys=swapped))
    assert refusal(body) == reasons.WEAK_KEY


@pytest.mark.rule("R103", "1101", "101")
@pytest.mark.parametrize(
    ("superiors", "reason"),
    [
        ({"health": "nobody"}, reasons.UNKNOWN_MEMBER),
        ({"health": "health"}, reasons.MALFORMED),
        ({"health": "weather", "weather": "transport", "transport": "health"}, reasons.MALFORMED),
        ({"audit": "health", "health": "weather", "weather": "health"}, reasons.MALFORMED),
    ],
)
def test_nobody_is_above_itself(superiors: dict[str, str], reason: Reason) -> None:
    body = genesis_body()
    members = tuple(
        replace(one, line_superior=superiors.get(one.id, one.line_superior)) for one in body.members
    )
    assert refusal(replace(body, members=members)) == reason


@pytest.mark.rule("R103")
def test_a_line_of_superiors_is_as_long_as_there_are_founders() -> None:
    superiors = {
        "audit": "health",
        "health": "steward",
        "steward": "transport",
        "transport": "weather",
    }
    body = genesis_body()
    members = tuple(
        replace(one, line_superior=superiors.get(one.id, one.line_superior)) for one in body.members
    )
    found(MemoryState(), genesis_record(replace(body, members=members)), verify_signature)


@pytest.mark.rule("R104", "1401")
@pytest.mark.parametrize(
    ("witnesses", "allowed"),
    [(0, {0}), (1, {1}), (2, {2}), (3, {3}), (4, {3, 4})],
)
def test_the_quorum_is_above_two_thirds(witnesses: int, allowed: set[int]) -> None:
    roles: dict[str, tuple[Role, ...]] = {
        name: WITNESSES[name] if at < witnesses else (("sequencer",) if at == 0 else ())
        for at, name in enumerate(WITNESSES)
    }
    for quorum in range(6):
        body = genesis_body(roles, parameters=Parameters(quorum=quorum))
        record = genesis_record(body)
        if quorum in allowed:
            found(MemoryState(), record, verify_signature)
        else:
            with pytest.raises(Refused) as refused:
                found(MemoryState(), record, verify_signature)
            assert refused.value.reason == reasons.LIMIT


def weather(**changes: object) -> Genesis:
    """The usual genesis with weather changed."""
    return with_founder("weather", lambda one: replace(one, **changes))


SHORT: Final = KeyDescription(keytype="ed25519", keyval=KeyValue(public="00"), scheme="ed25519")
LOG_KEY: Final = log_signer_ml_dsa("steward/log").public_key.description


@pytest.mark.rule("R101", "R102", "R103", "R104")
@pytest.mark.parametrize(
    ("body", "told", "fields"),
    [
        (replace(genesis_body(), rules=2), "rules version 2", ("rules",)),
        (weather(custodian=LOG_KEY), "weather: not ed25519", ("members",)),
        (weather(custodian=SHORT), "weather: an ed25519 public key has 32 bytes", ("members",)),
        (weather(line_superior="sea"), "sea", ("lineSuperior",)),
        (weather(line_superior="weather"), "weather is above itself", ()),
        (genesis_body(parameters=Parameters(quorum=1)), "0 witnesses", ("parameters.quorum",)),
    ],
)
def test_whoever_founds_nothing_is_told_what_is_at_fault(
    body: Genesis, told: str, fields: tuple[str, ...]
) -> None:
    refused = refused_for(body)
    assert (refused.detail, refused.fields) == (told, fields)


def test_founders_are_described_by_their_own_keys() -> None:
    one = founder("health")
    assert one.custodian == signer("health/custodian").public_key.description
    assert one.log_keys is None
