# ruff: noqa: E501  a row of a rule table is a line
"""What every record must fulfil, and which of several faults is named."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import reasons, transition
from contracts.context import Context
from contracts.reasons import REASONS, Reason
from contracts.transition import Rejected, rejection_of
from contracts.values import ChainHead, Ledger, Member, Writer
from ledger.envelope import Envelope
from ledger.errors import FormatError, VerificationError
from ledger.keys import PublicKey
from ledger.records import Record, WriterAppointment, parse_record
from ledger.records.genesis import Parameters
from ledger.records.sharing import RequestItem
from ledger.times import from_ms, to_ms
from ledger.types import LEAF_BYTES_MAX, DigestHex
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Story, published
from tests.world import START, World, genesis_body, genesis_record, signer

Forge = Callable[[World], Record]
SCHEMA: Final = bodies.schema()


def at_place(sequence: int, previous: DigestHex | None, *, begun: bool = True) -> Forge:
    """A good record at another place of health's chain, which has begun, or not."""

    def forge(world: World) -> Record:
        if begun:
            world.accept(world.sign("health/main", bodies.schema("first")))
        return world.sign("health/main", SCHEMA, place=(sequence, previous))

    return forge


def tampered(world: World) -> Record:
    """Other words under a good signature."""
    good = world.sign("health/main", SCHEMA)
    other = world.sign("health/main", bodies.schema("z"))
    envelope = replace(good.envelope, signatures=other.envelope.signatures)
    return replace(good, envelope=envelope)


def suspended(world: World) -> Record:
    member = world.value("member/health")
    assert isinstance(member, Member)
    world.state.commit({"member/health": replace(member, status="suspended")})
    return world.sign("health/main", SCHEMA)


FORGERIES: tuple[tuple[str, str, Forge, Reason], ...] = (
    ("R003", "for another ledger", lambda w: w.sign("health/main", SCHEMA, ledger=NOWHERE), reasons.ANOTHER_LEDGER),
    ("R004", "by a writer nobody appointed", lambda w: w.sign("health/ghost", SCHEMA), reasons.UNKNOWN_WRITER),
    ("R006", "with another key", lambda w: w.sign("health/main", SCHEMA, key=signer("other")), reasons.KEY_NOT_VALID),
    ("R006", "with one signature too many", lambda w: w.sign("health/main", SCHEMA, signer("other")), reasons.KEY_NOT_VALID),
    ("R006", "with a signature of other words", tampered, reasons.BAD_SIGNATURE),
    ("R007", "at a place that is taken", at_place(0, None), reasons.SEQUENCE_TAKEN),
    ("R007", "at the next place after nothing", at_place(1, None), reasons.WRONG_PREVIOUS),
    ("R007", "leaving a place out", at_place(2, NOWHERE), reasons.WRONG_PREVIOUS),
    ("R007", "first, after something", at_place(0, NOWHERE, begun=False), reasons.WRONG_PREVIOUS),
    ("R007", "first, at the second place", at_place(1, None, begun=False), reasons.WRONG_PREVIOUS),
    ("R008", "of a family it was not appointed for", lambda w: w.sign("health/custodian", SCHEMA), reasons.FAMILY_NOT_ALLOWED),
    ("R009", "by a member that is suspended", suspended, reasons.MEMBER_SUSPENDED),
)  # fmt: skip


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        pytest.param(forge, reason, id=what, marks=pytest.mark.rule(rule, str(reason.number)))
        for rule, what, forge, reason in FORGERIES
    ],
)
def test_forgeries(forge: Forge, reason: Reason) -> None:
    world = World.genesis()
    record = forge(world)
    assert world.refuse(record) == reason


@pytest.mark.rule("R001", "101", "102", "201")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda leaf: leaf[:-1], reasons.MALFORMED),
        (lambda leaf: leaf.replace(b"signatures", b"signatured"), reasons.MALFORMED),
        (lambda leaf: leaf + b" ", reasons.NOT_CANONICAL),
        (lambda leaf: leaf.replace(b":", b": ", 1), reasons.NOT_CANONICAL),
        (lambda leaf: leaf + b" " * LEAF_BYTES_MAX, reasons.TOO_LARGE),
    ],
    ids=["cut", "another member", "space at the end", "space inside", "too large"],
)
def test_what_is_no_record(change: Callable[[bytes], bytes], reason: Reason) -> None:
    leaf = World.genesis().leaves[0]
    with pytest.raises(FormatError) as error:
        parse_record(change(leaf))
    assert rejection_of(error.value).reason == reason


@pytest.mark.rule("R003", "301")
def test_a_ledger_has_one_genesis() -> None:
    world = World.genesis()
    other = genesis_record(genesis_body(purposes=("other",)))
    assert world.refuse(other) == reasons.ANOTHER_LEDGER


@pytest.mark.rule("R003", "301")
def test_not_even_a_genesis_body_put_together_by_hand_passes() -> None:
    world = World.genesis()
    world.accept(world.appoint("health/all", families=("ledger", "use")))
    good = world.sign("health/all", SCHEMA)
    record = replace(good, kind="genesis", body=genesis_body())
    ledger = world.value("ledger")
    assert isinstance(ledger, Ledger)
    context = Context(world.later(), to_ms(world.later()), world.head.size, ledger)

    def verified(envelope: Envelope, key: PublicKey) -> None:
        """As if somebody had signed that."""

    verdict = transition.apply(world.state, context, record, verified)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == reasons.ANOTHER_LEDGER


@pytest.mark.rule("R006")
def test_every_signature_needed_is_verified() -> None:
    """A check that fails for one key alone refuses the record."""
    world = World.genesis()
    new = signer("new")
    record = world.appoint("health/new", key=new)

    def refuses_new(_: Envelope, key: PublicKey) -> None:
        if key.keyid == new.public_key.keyid:
            raise VerificationError("not this one")

    (verdict,) = world.block(record, verify=refuses_new).verdicts
    assert isinstance(verdict, Rejected)
    assert verdict.reason == reasons.BAD_SIGNATURE


@pytest.mark.rule("R009")
def test_a_suspended_member_still_states_facts_and_keeps_its_keys() -> None:
    story = published()
    world = story.world
    member = world.value("member/health")
    assert isinstance(member, Member)
    world.state.commit({"member/health": replace(member, status="suspended")})
    use = world.sign("health/main", bodies.usage(None, world.now))
    assert world.find(use) == ("no-effective-grant",)
    world.accept(world.appoint("health/new"))


@pytest.mark.rule("R004", "501")
def test_an_appointment_holds_through_its_last_moment() -> None:
    world = World.genesis()
    end = world.later(5_000)
    world.accept(world.appoint("health/brief", not_after=end))
    world.accept(world.sign("health/brief", bodies.schema("in-time")), at=end)
    late = world.sign("health/brief", bodies.schema("late"))
    assert world.refuse(late, at=from_ms(to_ms(end) + 1)) == reasons.WRITER_ENDED


@pytest.mark.rule("R007", "R011")
def test_a_refused_record_leaves_its_place_free() -> None:
    world = World.genesis()
    world.refuse(world.sign("health/main", bodies.entry()))
    good = world.sign("health/main", SCHEMA)
    assert good.chain.sequence == 0
    world.accept(good)
    head = world.value("chain/health/main")
    assert head == ChainHead(head=good.digest, last_index=world.head.size - 2, records=1)


@pytest.mark.rule("R007", "701")
def test_a_record_is_appended_once() -> None:
    world = World.genesis()
    record = world.sign("health/main", SCHEMA)
    result = world.block(record, record)
    assert [type(one).__name__ for one in result.verdicts] == ["Accepted", "Rejected"]
    assert world.refuse(record) == reasons.SEQUENCE_TAKEN


@pytest.mark.rule("R007", "801")
def test_a_record_after_a_refused_one_can_be_signed_again() -> None:
    world = World.genesis()
    bad = world.sign("health/main", bodies.entry())
    orphan = world.sign("health/main", SCHEMA)
    result = world.block(bad, orphan)
    reasons_given = [one.reason for one in result.verdicts if isinstance(one, Rejected)]
    assert reasons_given == [reasons.UNKNOWN_SCHEMA, reasons.WRONG_PREVIOUS]
    assert reasons.WRONG_PREVIOUS.can_retry
    world.accept(world.sign("health/main", SCHEMA))


@pytest.mark.rule("R012", "F53")
@pytest.mark.parametrize("skew_ms", [-1_001, -1_000, 0, 1_000, 1_001])
def test_a_clock_that_is_far_off_is_found(skew_ms: int) -> None:
    world = World.genesis(parameters=Parameters(clock_skew_ms=1_000), writers=False)
    at = world.later(60_000)
    issued = from_ms(to_ms(at) + skew_ms)
    body = WriterAppointment(
        families=("use",), key=signer("new").public_key.description, writer="health/new"
    )
    record = world.sign("health/custodian", body, signer("new"), issued_at=issued)
    found = world.find(record, at=at)
    assert found == (("clock-skew",) if abs(skew_ms) > 1_000 else ())


# Precedence: each record has the faults of two reasons; the lower number is named.


def everything_wrong_with_a_request(story: Story) -> list[tuple[Reason, RequestItem]]:
    """Items that go on having every fault but those mended so far, in order of precedence."""
    bad_terms = replace(TERMS, purposes=("war",), fields=("z",), not_after=START)
    purposed = replace(bad_terms, purposes=("health",))
    columned = replace(purposed, fields=("a",))
    item = bodies.request_item(NOWHERE, bad_terms, "tides")
    return [
        (reasons.UNKNOWN_ENTRY, item),
        (reasons.UNKNOWN_PURPOSE, bodies.request_item(NOWHERE, bad_terms)),
        (reasons.UNKNOWN_COLUMN, bodies.request_item(NOWHERE, purposed)),
        (reasons.ENTRY_CHANGED, bodies.request_item(NOWHERE, columned)),
        (reasons.PERIOD_OVER, bodies.request_item(story.entry, columned)),
    ]


def test_of_several_faults_the_first_in_order_is_named() -> None:
    story = published()
    faults = everything_wrong_with_a_request(story)
    for reason, item in faults:
        record = story.world.sign("health/main", bodies.request(item))
        assert story.world.refuse(record) == reason
    numbers = [reason.number for reason, _ in faults]
    assert numbers == sorted(numbers)


def everything_wrong_with_a_record(world: World) -> list[tuple[Reason, Record]]:
    """Records that go on having every fault but those mended so far."""
    other = signer("other")
    use = bodies.usage(None, "2027-01-01T00:00:00.000Z", rows=(1, 2))
    bad = replace(use, events_root=NOWHERE)
    ended, writer = "health/custodian", "health/main"
    schema = bodies.entry(schema=NOWHERE)
    world.accept(world.sign(writer, bodies.schema("first")))
    tampered_record = replace(
        world.sign(writer, schema, place=(0, None)),
        envelope=world.sign(writer, SCHEMA, place=(0, None)).envelope,
    )
    return [
        (reasons.EVENTS_ROOT, world.sign("health/ghost", bad, key=other, ledger=NOWHERE)),
        (reasons.ANOTHER_LEDGER, world.sign("health/ghost", use, key=other, ledger=NOWHERE)),
        (reasons.UNKNOWN_WRITER, world.sign("health/ghost", use, key=other, place=(7, NOWHERE))),
        (reasons.KEY_NOT_VALID, world.sign(ended, use, key=other, place=(7, NOWHERE))),
        (reasons.BAD_SIGNATURE, _resigned(tampered_record, world)),
        (reasons.SEQUENCE_TAKEN, world.sign(writer, schema, place=(0, NOWHERE))),
        (reasons.WRONG_PREVIOUS, world.sign(ended, use, place=(7, NOWHERE))),
        (reasons.FAMILY_NOT_ALLOWED, world.sign(ended, use)),
        (reasons.SPAN_IN_FUTURE, world.sign(writer, use)),
    ]


def _resigned(record: Record, world: World) -> Record:
    good = world.sign("health/main", SCHEMA, place=(3, NOWHERE)).envelope
    return replace(record, envelope=replace(record.envelope, signatures=good.signatures))


def test_of_several_faults_of_a_record_the_first_is_named() -> None:
    world = World.genesis()
    faults = everything_wrong_with_a_record(world)
    for reason, record in faults:
        assert world.refuse(record) == reason
    numbers = [reason.number for reason, _ in faults]
    assert numbers == sorted(numbers)


def test_reasons_have_one_number_and_one_code_each() -> None:
    assert len({one.number for one in REASONS}) == len(REASONS)
    assert len({one.code for one in REASONS}) == len(REASONS)
    retry = {one.code for one in REASONS if one.can_retry}
    assert retry == {
        "sequence-taken", "wrong-previous", "entry-changed", "premise-changed", "span-in-future",
        "too-many-open",
    }  # fmt: skip


@pytest.mark.rule("R004")
def test_state_that_the_rules_did_not_write_stops_everything() -> None:
    """A node whose state is damaged must not go on as if nothing were wrong."""
    world = World.genesis()
    record = world.sign("health/main", SCHEMA)
    writer = world.value("writer/health/main")
    assert isinstance(writer, Writer)
    world.state.commit({"writer/health/main": ChainHead(head=NOWHERE, last_index=0, records=1)})
    with pytest.raises(TypeError, match="holds a ChainHead"):
        world.block(record)
    world.state.commit({"writer/health/main": writer, f"key/{writer.key}": None})
    with pytest.raises(TypeError, match="is missing"):
        world.block(record)


def test_a_rehearsal_comes_to_what_the_block_does() -> None:
    """But for its digest, which a record that nobody has signed does not have."""
    story = published()
    body = bodies.revocation(story.grant(), ground="purpose-fulfilled")
    world = story.world
    ledger = world.value("ledger")
    assert isinstance(ledger, Ledger)
    now = world.later()
    context = Context(time=now, time_ms=to_ms(now), index=len(world.leaves), ledger=ledger)
    before = world.state_root()
    for writer, expected in (("transport/main", ("ended-at-will",)), ("weather/main", None)):
        found = transition.rehearse(world.state, context, writer, body, NOWHERE)
        codes = None if isinstance(found, Rejected) else tuple(one.code for one in found.findings)
        assert codes == expected
    unknown = transition.rehearse(world.state, context, "weather/ghost", body, NOWHERE)
    assert isinstance(unknown, Rejected)
    assert unknown.reason == reasons.UNKNOWN_WRITER
    assert world.find(world.sign("transport/main", body)) == ("ended-at-will",)
    assert world.state_root() != before
