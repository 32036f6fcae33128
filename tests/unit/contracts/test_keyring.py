# ruff: noqa: E501  a row of a rule table is a line
"""Keys: who may sign is the custodian's to say; no key ever serves twice."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.reasons import Reason
from contracts.values import Case, Key, Member, Writer
from ledger.keys import KeyDescription, KeyValue, PrivateKey
from ledger.records import Body, KeyRevocation, KeyRotation, Record, WriterAppointment, WriterEnd
from tests import bodies
from tests.story import Row, Story, play, published, rule_table
from tests.world import FAMILIES, World, log_signer_ml_dsa, signer

IDENTITY = "01" + "00" * 31
"""The neutral element: anything verifies under it."""


def described(key: PrivateKey) -> KeyDescription:
    return key.public_key.description


def key_of(world: World, key: PrivateKey) -> Key:
    value = world.value(f"key/{key.public_key.keyid}")
    assert isinstance(value, Key)
    return value


def writer_of(world: World, name: str) -> Writer:
    value = world.value(f"writer/{name}")
    assert isinstance(value, Writer)
    return value


def appoints(
    writer: str, key: PrivateKey | None = None, *, by: str | None = None, until: str | None = None
) -> Callable[[World], Record]:
    """A custodian appoints a writer."""
    return lambda world: world.appoint(writer, key=key, by=by, not_after=until)


def rotates(writer: str, new: PrivateKey) -> Callable[[World], Record]:
    """A writer goes over to a new key."""
    return lambda world: world.sign(writer, KeyRotation(key=described(new)), new)


def revokes(
    key: PrivateKey, since: int, replacement: PrivateKey | None = None, by: str = "health"
) -> Callable[[World], Record]:
    """A custodian revokes a key."""
    body = KeyRevocation(
        key=key.public_key.keyid,
        replacement=None if replacement is None else described(replacement),
        suspect_since=since,
    )
    cosigners = () if replacement is None else (replacement,)
    return lambda world: world.sign(f"{by}/custodian", body, *cosigners)


def ends(writer: str, by: str = "health/custodian") -> Callable[[World], Record]:
    """A writer ends."""
    return lambda world: world.sign(by, WriterEnd(writer=writer))


MAIN, FIRST, SECOND = signer("health/main"), signer("first"), signer("second")

REFUSALS: tuple[tuple[str, str, Callable[[World], Record], Reason], ...] = (
    ("R201", "a custodian appoints a writer of another member", appoints("health/spy", by="weather/custodian"), reasons.NOT_CUSTODIAN),
    ("R201", "for a time that is over", appoints("health/late", until="2026-11-23T00:00:00.000Z"), reasons.PERIOD_OVER),
    ("R005", "with the key of another writer", appoints("health/twin", MAIN), reasons.KEY_TAKEN),
    ("R005", "with its own custodian key", appoints("health/own", signer("health/custodian")), reasons.KEY_TAKEN),
    ("R005", "with a log key", appoints("health/log", signer("steward/log")), reasons.KEY_TAKEN),
    ("R005", "with a key of a suite for logs", appoints("health/pq", log_signer_ml_dsa("pq")), reasons.WEAK_KEY),
    ("R202", "a writer ends that was never there", ends("health/nobody"), reasons.UNKNOWN_APPOINTEE),
    ("R202", "another member's writer", ends("weather/main"), reasons.NOT_CUSTODIAN),
    ("R005", "a writer rotates to the key it has", rotates("health/main", MAIN), reasons.KEY_TAKEN),
    ("R005", "to a key of somebody else", rotates("health/main", signer("weather/main")), reasons.KEY_TAKEN),
    ("R204", "a key is revoked that nobody knows", revokes(FIRST, 0), reasons.UNKNOWN_KEY),
    ("R204", "a key of another member", revokes(MAIN, 0, by="weather"), reasons.UNKNOWN_KEY),
    ("R204", "the custodian's own", revokes(signer("health/custodian"), 0), reasons.UNKNOWN_KEY),
    ("R204", "a log key", revokes(signer("steward/log"), 0, by="steward"), reasons.UNKNOWN_KEY),
    ("R005", "with a replacement that is taken", revokes(MAIN, 0, signer("weather/main")), reasons.KEY_TAKEN),
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        pytest.param(action, reason, id=what, marks=pytest.mark.rule(rule, str(reason.number)))
        for rule, what, action, reason in REFUSALS
    ],
)
def test_what_keys_may_not(action: Callable[[World], Record], reason: Reason) -> None:
    world = World.genesis()
    assert world.refuse(action(world)) == reason


ORDINARY = (
    Row("R201", "a writer appoints a writer", "health/main", lambda _: WriterAppointment(families=FAMILIES, key=described(MAIN), writer="health/main"), reasons.FAMILY_NOT_ALLOWED),
    Row("R008", "a custodian does business", "health/custodian", lambda s: bodies.usage(None, s.world.now), reasons.FAMILY_NOT_ALLOWED),
    Row("R202", "a writer ends a writer", "health/main", lambda _: WriterEnd(writer="health/main"), reasons.FAMILY_NOT_ALLOWED),
)  # fmt: skip


@rule_table(ORDINARY)
def test_what_writers_may_not(row: Row) -> None:
    play(published(), row)


@pytest.mark.rule("R201", "R202", "R204", "1201")
def test_a_writer_with_the_family_of_keys_is_no_custodian() -> None:
    world = World.genesis()
    world.accept(world.appoint("health/locksmith", families=("keys",)))
    for body, cosigners in (
        (WriterAppointment(families=("use",), key=described(FIRST), writer="health/new"), (FIRST,)),
        (WriterEnd(writer="health/main"), ()),
        (KeyRevocation(key=MAIN.public_key.keyid, suspect_since=0), ()),
    ):
        record = world.sign("health/locksmith", body, *cosigners)
        assert world.refuse(record) == reasons.NOT_CUSTODIAN


@pytest.mark.rule("R005", "502")
@pytest.mark.parametrize(
    "public", [IDENTITY, "ff" * 32, "zz", MAIN.public_key.raw.hex().upper()],
    ids=["small order", "no point", "no hex", "another spelling"],
)  # fmt: skip
def test_weak_and_misspelt_keys_are_refused(public: str) -> None:
    world = World.genesis()
    key = KeyDescription(keytype="ed25519", keyval=KeyValue(public=public), scheme="ed25519")
    own = bodies.NOWHERE
    records: tuple[tuple[str, Body], ...] = (
        ("health/custodian", WriterAppointment(families=("use",), key=key, writer="health/new")),
        ("health/main", KeyRotation(key=key)),
        ("health/custodian", KeyRevocation(key=own, replacement=key, suspect_since=0)),
    )
    for writer, body in records:
        assert world.refuse(world.sign(writer, body)) == reasons.WEAK_KEY


@pytest.mark.rule("R006", "504")
def test_a_new_key_proves_its_possession() -> None:
    world = World.genesis()
    body = KeyRotation(key=described(FIRST))
    assert world.refuse(world.sign("health/main", body)) == reasons.KEY_NOT_VALID
    assert world.refuse(world.sign("health/main", body, SECOND)) == reasons.KEY_NOT_VALID
    world.accept(world.sign("health/main", body, FIRST))


@pytest.mark.rule("R201")
def test_an_appointment_can_be_changed_without_a_new_key() -> None:
    world = World.genesis()
    world.accept(world.appoint("health/main", families=("use",)))
    assert writer_of(world, "health/main").families == ("use",)
    assert key_of(world, MAIN).status == "active"
    request = world.sign("health/main", bodies.schema())
    assert world.refuse(request) == reasons.FAMILY_NOT_ALLOWED


@pytest.mark.rule("R201")
def test_an_appointment_can_bring_a_new_key() -> None:
    world = World.genesis()
    world.accept(world.appoint("health/main", key=FIRST))
    assert key_of(world, MAIN).status == "retired"
    assert key_of(world, FIRST).lineage == key_of(world, FIRST).since
    old = world.sign("health/main", bodies.schema(), key=MAIN)
    assert world.refuse(old) == reasons.KEY_NOT_VALID
    world.accept(world.sign("health/main", bodies.schema()))


@pytest.mark.rule("R201", "R004", "501")
def test_an_appointment_runs_out_and_can_be_renewed_with_the_same_key() -> None:
    world = World.genesis()
    end = world.later(60_000)
    world.accept(world.appoint("health/guest", not_after=end))
    world.accept(world.sign("health/guest", bodies.schema("a")), at=end)
    late = world.sign("health/guest", bodies.schema("b"))
    assert world.refuse(late) == reasons.WRITER_ENDED
    world.accept(world.appoint("health/guest"))
    world.accept(world.sign("health/guest", bodies.schema("b")))


@pytest.mark.rule("R202", "R004", "R005", "501", "503", "1304")
def test_a_writer_that_has_ended_comes_back_with_a_new_key_only() -> None:
    world = World.genesis()
    world.accept(ends("health/main")(world))
    assert key_of(world, MAIN).status == "retired"
    silent = world.sign("health/main", bodies.schema())
    assert world.refuse(silent) == reasons.WRITER_ENDED
    assert world.refuse(ends("health/main")(world)) == reasons.WRONG_STATE
    body = WriterAppointment(families=FAMILIES, key=described(MAIN), writer="health/main")
    for cosigners in ((), (MAIN,)):
        again = world.sign("health/custodian", body, *cosigners)
        assert world.refuse(again) == reasons.KEY_TAKEN
    world.accept(world.appoint("health/main", key=FIRST))
    world.accept(world.sign("health/main", bodies.schema()))


@pytest.mark.rule("R203")
def test_a_rotation_continues_chain_and_lineage() -> None:
    world = World.genesis()
    world.accept(world.sign("health/main", bodies.schema()))
    world.accept(rotates("health/main", FIRST)(world))
    assert key_of(world, FIRST).lineage == key_of(world, MAIN).lineage
    assert key_of(world, MAIN).until == key_of(world, FIRST).since
    world.accept(world.sign("health/main", bodies.schema("x")))
    back = world.sign("health/main", KeyRotation(key=described(MAIN)), MAIN)
    assert world.refuse(back) == reasons.KEY_TAKEN


@pytest.mark.rule("R203")
def test_a_custodian_rotates_its_key_too() -> None:
    world = World.genesis()
    world.accept(rotates("health/custodian", FIRST)(world))
    member = world.value("member/health")
    assert isinstance(member, Member)
    assert member.custodian == FIRST.public_key.keyid
    assert key_of(world, FIRST).function == "custodian"
    world.accept(world.appoint("health/new"))


@pytest.mark.rule("R203", "R008")
def test_any_writer_may_rotate_its_key() -> None:
    world = World.genesis()
    world.accept(world.appoint("health/meter", families=("use",), datasets=("flights",)))
    world.accept(rotates("health/meter", FIRST)(world))


def index_of(world: World, record: Record) -> int:
    """The leaf of the record that was just accepted."""
    world.accept(record)
    return world.head.size - 2


@pytest.mark.rule("R204")
def test_a_revoked_key_gives_way_to_its_replacement() -> None:
    world = World.genesis()
    found = world.find(revokes(MAIN, world.head.size, FIRST)(world))
    assert found == ()
    assert key_of(world, MAIN).status == "revoked"
    stolen = world.sign("health/main", bodies.schema(), key=MAIN)
    assert world.refuse(stolen) == reasons.KEY_NOT_VALID
    world.accept(world.sign("health/main", bodies.schema()))
    # The replacement is the custodian's, and begins a lineage of its own.
    assert key_of(world, FIRST).lineage == key_of(world, FIRST).since


@pytest.mark.rule("R204", "501", "503")
def test_without_a_replacement_the_writer_ends() -> None:
    world = World.genesis()
    world.accept(revokes(MAIN, world.head.size)(world))
    assert writer_of(world, "health/main").status == "ended"
    assert world.refuse(world.sign("health/main", bodies.schema())) == reasons.WRITER_ENDED
    body = WriterAppointment(families=FAMILIES, key=described(MAIN), writer="health/main")
    assert world.refuse(world.sign("health/custodian", body, MAIN)) == reasons.KEY_TAKEN


@pytest.mark.rule("R204", "R205", "F52")
def test_rotations_by_a_thief_are_void() -> None:
    world = World.genesis()
    stolen_at = index_of(world, world.sign("health/main", bodies.schema()))
    world.accept(rotates("health/main", FIRST)(world))
    world.accept(rotates("health/main", SECOND)(world))
    last = index_of(world, world.sign("health/main", bodies.schema("x")))
    third = signer("third")
    record = revokes(MAIN, stolen_at, third)(world)
    assert world.find(record) == ("suspect-key",)
    assert [key_of(world, one).status for one in (MAIN, FIRST, SECOND, third)] == [
        "revoked",
        "retired",
        "revoked",
        "active",
    ]
    case = world.value(f"case/{record.digest}-suspect-key")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert case.finding.measure == f"records of health/main from index {stolen_at} to {last}"
    assert [one.member for one in case.parties] == ["health"]


@pytest.mark.rule("R204", "1304")
def test_a_key_given_up_before_it_was_suspect_takes_nothing_with_it() -> None:
    world = World.genesis()
    world.accept(rotates("health/main", FIRST)(world))
    later = index_of(world, world.sign("health/main", bodies.schema()))
    assert world.refuse(revokes(MAIN, later, SECOND)(world)) == reasons.WRONG_STATE
    assert world.find(revokes(MAIN, later)(world)) == ()
    assert key_of(world, MAIN).status == "revoked"
    assert writer_of(world, "health/main").key == FIRST.public_key.keyid


@pytest.mark.rule("R204", "R205", "1304")
def test_a_key_the_custodian_has_brought_stands() -> None:
    world = World.genesis()
    stolen_at = index_of(world, world.sign("health/main", bodies.schema()))
    world.accept(world.appoint("health/main", key=FIRST))
    assert world.refuse(revokes(MAIN, stolen_at, SECOND)(world)) == reasons.WRONG_STATE
    assert world.find(revokes(MAIN, stolen_at)(world)) == ("suspect-key",)
    assert writer_of(world, "health/main").key == FIRST.public_key.keyid
    world.accept(world.sign("health/main", bodies.schema("x")))


@pytest.mark.rule("R204", "1304")
def test_a_replacement_does_not_bring_back_a_writer_that_has_ended() -> None:
    world = World.genesis()
    world.accept(ends("health/main")(world))
    assert world.refuse(revokes(MAIN, 0, FIRST)(world)) == reasons.WRONG_STATE
    world.accept(revokes(MAIN, world.head.size)(world))
    assert writer_of(world, "health/main").status == "ended"


@pytest.mark.rule("R204")
@pytest.mark.parametrize(("first", "second"), [(3, 5), (5, 3)])
def test_a_key_revoked_again_is_suspect_since_the_earliest_index(first: int, second: int) -> None:
    world = World.genesis()
    world.accept(revokes(MAIN, first, FIRST)(world))
    world.accept(revokes(MAIN, second)(world))
    assert key_of(world, MAIN).suspect_since == 3


@pytest.mark.rule("R205")
def test_a_key_that_signed_nothing_leaves_nothing_suspect() -> None:
    world = World.genesis()
    assert world.find(revokes(MAIN, 0, FIRST)(world)) == ()


@pytest.mark.rule("R005")
def test_two_records_of_one_block_cannot_bring_the_same_key() -> None:
    world = World.genesis()
    first = world.appoint("health/one", key=FIRST)
    second = world.appoint("weather/two", key=FIRST)
    verdicts = world.block(first, second).verdicts
    assert [getattr(one, "reason", None) for one in verdicts] == [None, reasons.KEY_TAKEN]


@pytest.mark.rule("R204")
def test_findings_about_suspect_keys_can_be_answered() -> None:
    story = Story()
    world = story.world
    story.says("health/main", bodies.schema())
    record = revokes(MAIN, 0, FIRST)(world)
    assert world.find(record) == (findings.SUSPECT_KEY.code,)
    story.steps("health/main", "reply", f"{record.digest}-suspect-key")
    story.steps("audit/main", "dismiss", f"{record.digest}-suspect-key", "explained")


def test_appointments_name_no_custodian() -> None:
    body = WriterAppointment(families=("use",), key=described(FIRST), writer="health/main")
    with pytest.raises(ValueError, match="custodian"):
        replace(body, writer="health/custodian")
    with pytest.raises(ValueError, match="custodian"):
        WriterEnd(writer="health/custodian")
