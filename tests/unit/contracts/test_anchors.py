# ruff: noqa: E501  a row of a rule table is a line
"""Checkpoints of other ledgers: what was seen once cannot be said otherwise later."""

from collections.abc import Callable

import pytest

from contracts import findings, reasons
from contracts.findings import Finding
from contracts.invariants import violations
from contracts.values import Case, SeenCheckpoint
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.errors import FormatError
from ledger.hashing import EMPTY_ROOT, sha256
from ledger.records import Anchor, Body, Record, decode_body
from ledger.records.anchors import NOTE_CHARACTERS_MAX, Consistency
from ledger.types import SAFE_INTEGER_MAX, Digest
from tests.reference.naive_tree import mth, proof
from tests.story import Row, Story, play, rule_table
from tests.world import signer

ORIGIN = "pool.example/region"
LEAVES = [bytes([number]) for number in range(8)]


def note(size: int, root: bytes | None = None, origin: str = ORIGIN) -> str:
    told = Checkpoint(origin, size, Digest(mth(LEAVES[:size]) if root is None else root))
    return sign_checkpoint(told, [signer("region/log")]).decode()


def anchor(size: int, root: bytes | None = None, since: int | None = None) -> Anchor:
    """The region's checkpoint, or another one; with a proof since an earlier one."""
    consistency = None
    if since is not None:
        hashes = "".join(one.hex() for one in proof(since, LEAVES[:size]))
        consistency = Consistency(proof=hashes, size=since)
    return Anchor(checkpoint=note(size, root), consistency=consistency)


def after(*earlier: Anchor, then: Anchor) -> Callable[[Story], Body]:
    """An anchor after others, which weather put down without anything being found."""

    def body(story: Story) -> Body:
        for one in earlier:
            story.says("weather/log", one)
        return then

    return body


def watching() -> Story:
    """A story in which health and weather put checkpoints down."""
    story = Story()
    for member in ("health", "weather"):
        record = story.world.appoint(f"{member}/log", families=("ledger",))
        story.world.accept(record)
    return story


def row(cites: str, what: str, said: Callable[[Story], Body], *found: Finding) -> Row:
    return Row(cites, what, "health/log", said, found)


OTHER = bytes(32)
FORK = findings.INCONSISTENT_CHECKPOINTS
UNSHOWN = findings.CONSISTENCY_NOT_SHOWN
ROWS = [
    row("R016", "a first checkpoint", after(then=anchor(4))),
    row("R016", "the same again", after(anchor(4), then=anchor(4))),
    row("R016", "another size says nothing", after(anchor(4), then=anchor(3, OTHER))),
    row("R016", "another log says nothing", after(anchor(4), then=Anchor(checkpoint=note(4, OTHER, "pool.example/other")))),
    row("R016", "another root at the same size", after(anchor(4), then=anchor(4, OTHER)), FORK, FORK),
    row("R017", "a proof that holds", after(anchor(3), then=anchor(7, since=3))),
    row("R017", "a proof for what stands already", after(anchor(3), anchor(7), then=anchor(7, since=3))),
    row("R017", "a proof from nothing", after(then=anchor(7, since=3)), UNSHOWN),
    row("R017", "a proof from what was never said", after(anchor(3, OTHER), then=anchor(7, since=3)), UNSHOWN),
    row("R017", "a proof to what was never said", after(anchor(3), then=anchor(7, OTHER, since=3)), UNSHOWN),
    row("R017", "a proof beside another root", after(anchor(3), anchor(7), then=anchor(7, OTHER, since=3)), FORK, FORK),
]  # fmt: skip


@rule_table(ROWS)
def test_anchors(row: Row) -> None:
    story = watching()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


KEY = f"anchor/{sha256(ORIGIN.encode()).hex()}/4"


def root_of(story: Story) -> str | None:
    """The root that stands for the region's log at four leaves."""
    stands = story.world.value(KEY)
    assert stands is None or isinstance(stands, SeenCheckpoint)
    return None if stands is None else stands.root


def parties(story: Story, record: Record) -> list[tuple[str, str]]:
    """Those of the finding about a checkpoint."""
    case = story.world.value(f"case/{fork(record)}")
    assert isinstance(case, Case)
    assert case.subject == KEY
    return [(one.member, one.part) for one in case.parties]


def fork(record: Record) -> str:
    return f"{record.digest}-inconsistent-checkpoints"


@pytest.mark.rule("R016", "F86")
def test_both_who_saw_another_root_are_asked() -> None:
    story = watching()
    first = story.says("weather/log", anchor(4))
    second = story.says("health/log", anchor(4, OTHER))
    assert parties(story, first) == [("weather", "accused"), ("health", "claimant")]
    assert parties(story, second) == [("health", "accused"), ("weather", "claimant")]
    assert root_of(story) == mth(LEAVES[:4]).hex()
    third = story.world.sign("health/log", anchor(4, bytes([1]) * 32))
    assert story.world.find(third) == ("inconsistent-checkpoints",), "the first was found before"


@pytest.mark.rule("R016", "F86")
def test_whoever_contradicts_itself_is_asked_alone() -> None:
    story = watching()
    first = story.says("health/log", anchor(4))
    second = story.says("health/log", anchor(4, OTHER))
    assert parties(story, first) == parties(story, second) == [("health", "accused")]


@pytest.mark.rule("R018", "W403", "W404")
@pytest.mark.parametrize("replies", [False, True])
def test_a_checkpoint_confirmed_to_be_wrong_stands_no_more(*, replies: bool) -> None:
    story = watching()
    made_up = story.says("weather/log", anchor(4, OTHER))
    true = story.says("health/log", anchor(4))
    assert root_of(story) == OTHER.hex()
    story.steps("audit/main", "dismiss", fork(true), "not-attributable")
    if replies:
        story.steps("weather/main", "reply", fork(made_up))
    else:
        case = story.world.value(f"case/{fork(made_up)}")
        assert isinstance(case, Case)
        story.world.block(at=case.due)
    story.steps("audit/main", "confirm", fork(made_up))
    assert root_of(story) is None
    again = story.world.sign("health/log", anchor(4))
    assert story.world.find(again) in {(), ("clock-skew",)}
    assert root_of(story) == mth(LEAVES[:4]).hex()
    late = story.world.sign("weather/log", anchor(4, OTHER))
    assert "inconsistent-checkpoints" in story.world.find(late)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R018")
def test_what_did_not_stand_unseats_nothing() -> None:
    story = watching()
    story.says("health/log", anchor(4))
    made_up = story.says("weather/log", anchor(4, OTHER))
    story.steps("weather/main", "reply", fork(made_up))
    story.steps("audit/main", "confirm", fork(made_up))
    assert root_of(story) == mth(LEAVES[:4]).hex()


@pytest.mark.rule("R017", "F87")
def test_what_was_shown_is_kept() -> None:
    story = watching()
    for one in (anchor(0, EMPTY_ROOT), anchor(3), anchor(7, since=3)):
        story.says("health/log", one)
    said = Anchor(checkpoint=note(7), consistency=Consistency(size=0))
    story.says("health/log", said)
    stands = story.world.value(f"anchor/{sha256(ORIGIN.encode()).hex()}/7")
    assert isinstance(stands, SeenCheckpoint)
    assert (stands.follows, stands.member) == (3, "health")


@pytest.mark.rule("R008", "1001")
def test_anchors_are_of_the_family_ledger() -> None:
    story = watching()
    record = story.world.sign("health/main", anchor(4))
    assert story.world.refuse(record) == reasons.FAMILY_NOT_ALLOWED


@pytest.mark.parametrize(
    "text",
    [
        "no note",
        note(4).replace("\n4\n", "\n4\nextra\n"),
        note(SAFE_INTEGER_MAX + 1, OTHER),
        "x" * (NOTE_CHARACTERS_MAX + 1),
    ],
)
def test_what_is_no_checkpoint_is_no_anchor(text: str) -> None:
    with pytest.raises(FormatError):
        decode_body("anchor", encoded(text, None))


def test_a_proof_starts_from_an_earlier_checkpoint() -> None:
    decode_body("anchor", encoded(note(4), 3))
    with pytest.raises(FormatError, match="earlier"):
        decode_body("anchor", encoded(note(4), 4))


def encoded(text: str, since: int | None) -> bytes:
    quoted = text.replace("\n", "\\n")
    proof = "" if since is None else f',"consistency":{{"size":{since}}}'
    return f'{{"checkpoint":"{quoted}"{proof}}}'.encode()
