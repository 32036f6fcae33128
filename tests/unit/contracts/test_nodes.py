# ruff: noqa: E501  a row of a rule table is a line
"""Nodes: where they are, and by which keys others know them. Health registers its node."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.invariants import violations
from contracts.reasons import Reason
from contracts.values import Key, RegisteredNode
from ledger.keys import KeyDescription, PrivateKey
from ledger.records import Record
from ledger.records.nodes import NodeRegistration, WitnessKeys
from tests.story import Story, published
from tests.world import log_signer_ml_dsa, signer

ENDPOINT = "https://node.health.example"


def described(key: PrivateKey) -> KeyDescription:
    return key.public_key.description


def witness(label: str) -> tuple[PrivateKey, PrivateKey]:
    return signer(f"{label}/witness"), log_signer_ml_dsa(f"{label}/witness")


def registration(*transport: str, label: str | None = "health") -> NodeRegistration:
    keys = None
    if label is not None:
        ed25519, ml_dsa = witness(label)
        keys = WitnessKeys(ed25519=described(ed25519), ml_dsa44=described(ml_dsa))
    return NodeRegistration(
        endpoint=ENDPOINT,
        transport=tuple(described(signer(one)) for one in transport),
        witness=keys,
    )


def registered(story: Story) -> Record:
    """Health registers two witness keys and one of a certificate."""
    body = registration("health/tls")
    record = story.world.sign("health/custodian", body, *witness("health"), signer("health/tls"))
    story.world.accept(record)
    return record


def status(story: Story, key: PrivateKey) -> tuple[str, str]:
    value = story.world.value(f"key/{key.public_key.keyid}")
    assert isinstance(value, Key)
    return value.function, value.status


@pytest.mark.rule("R005", "R213")
def test_a_registered_node_is_known_by_its_address_and_keys() -> None:
    """The custodian registers it, and each new key signs with it."""
    story = published()
    record = registered(story)
    ed25519, ml_dsa = witness("health")
    assert story.world.value("node/health") == RegisteredNode(
        endpoint=ENDPOINT,
        record=record.digest,
        transport=(signer("health/tls").public_key.keyid,),
        witness=(ed25519.public_key.keyid, ml_dsa.public_key.keyid),
    )
    assert status(story, ed25519) == status(story, ml_dsa) == ("witness", "active")
    assert status(story, signer("health/tls")) == ("transport", "active")
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R005", "R213")
def test_the_next_certificate_stands_beside_the_present_one_until_that_is_left_out() -> None:
    """What a registration leaves out is retired; what it keeps need not sign again."""
    story = published()
    registered(story)
    both = registration("health/tls", "health/tls-2")
    story.world.accept(story.world.sign("health/custodian", both, signer("health/tls-2")))
    assert status(story, signer("health/tls")) == ("transport", "active")
    story.world.accept(story.world.sign("health/custodian", registration("health/tls-2")))
    assert status(story, signer("health/tls")) == ("transport", "retired")
    assert status(story, signer("health/tls-2")) == ("transport", "active")
    story.world.accept(story.world.sign("health/custodian", registration(label=None)))
    assert {status(story, key) for key in witness("health")} == {("witness", "retired")}


def by(writer: str, body: NodeRegistration, *keys: PrivateKey) -> Callable[[Story], Record]:
    return lambda story: story.world.sign(writer, body, *keys)


def keys_desk(story: Story) -> Story:
    """Health's custodian has appointed a writer for what is of keys, too."""
    story.world.accept(story.world.appoint("health/desk", families=("keys",)))
    return story


OTHER = registration(label="other")
SWAPPED = replace(
    OTHER,
    witness=WitnessKeys(
        ed25519=described(witness("other")[1]), ml_dsa44=described(witness("other")[0])
    ),
)
REFUSED: dict[str, tuple[Callable[[Story], Record], Reason]] = {
    "a writer's own word": (by("health/main", OTHER, *witness("other")), reasons.FAMILY_NOT_ALLOWED),
    "a writer who signs what is of keys": (
        lambda story: keys_desk(story).world.sign("health/desk", OTHER, *witness("other")),
        reasons.NOT_CUSTODIAN,
    ),
    "a new key did not sign": (by("health/custodian", OTHER, witness("other")[0]), reasons.KEY_NOT_VALID),
    "suites are mixed up": (by("health/custodian", SWAPPED, *witness("other")), reasons.WEAK_KEY),
    "a certificate's key is of ML-DSA": (
        by("health/custodian", replace(OTHER, witness=None, transport=(described(witness("other")[1]),))),
        reasons.WEAK_KEY,
    ),
    "a key is a writer's": (by("health/custodian", registration("health/main", label=None)), reasons.KEY_TAKEN),
    "a key is named twice": (by("health/custodian", registration("new", "new", label=None)), reasons.KEY_TAKEN),
    "a key is another member's": (by("weather/custodian", registration("health/tls", label=None)), reasons.KEY_TAKEN),
    "a key cosigned": (
        by("health/custodian", replace(registration(label=None), transport=(described(witness("health")[0]),))),
        reasons.KEY_TAKEN,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.rule("R005", "R213")
def test_refused(name: str) -> None:
    """A key keeps its function and its member, and proves that it is held."""
    story = published()
    registered(story)
    sign, reason = REFUSED[name]
    assert story.world.refuse(sign(story)) == reason


@pytest.mark.rule("R005", "R213")
def test_a_key_that_was_given_up_does_not_come_back() -> None:
    story = published()
    registered(story)
    story.world.accept(story.world.sign("health/custodian", registration(label=None)))
    again = story.world.sign("health/custodian", registration("health/tls", label=None))
    assert story.world.refuse(again) == reasons.KEY_TAKEN
