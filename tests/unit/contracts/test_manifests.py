"""Long lists of files, in parts."""

from typing import Final

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.reasons import Reason
from contracts.values import FileList, ReleasedVersion
from ledger.records import Manifest, Release
from ledger.records.catalogue import Content
from tests import bodies
from tests.bodies import NOWHERE
from tests.story import Story, published
from tests.world import World

LISTED: Final = bodies.files(*(f"part-{n:04}.csv" for n in range(10)))
MANIFEST: Final = bodies.manifest(LISTED).manifest


def part(first: int, end: int) -> Manifest:
    return bodies.manifest(LISTED, first, end)


def release(sha256: str = MANIFEST, total: int | None = 80) -> Release:
    """The second version of `flights`, of the files listed."""
    content = Content(assurance="content", bytes=total, manifest=True, sha256=sha256)
    return bodies.release(bodies.release_item(version=2, content=content))


@pytest.mark.rule("R326")
def test_a_manifest_comes_in_parts() -> None:
    world = World.genesis()
    world.accept(world.sign("transport/main", part(0, 4)))
    assert world.value(f"manifest/{MANIFEST}") is None
    world.accept(world.sign("transport/main", part(4, 10)))
    assert world.value(f"manifest-draft/transport/{MANIFEST}") is None
    assert world.value(f"manifest/{MANIFEST}") == FileList(
        bytes=80, files=10, last="part-0009.csv", run=MANIFEST, total=10
    )


@pytest.mark.rule("R326", "1303")
@pytest.mark.parametrize(
    "wrong",
    [
        part(5, 8),
        part(3, 8),
        replace(part(4, 8), total=9),
        replace(part(4, 8), files=LISTED[3:7]),
        replace(part(4, 8), files=(*LISTED[4:10], *bodies.files("q"))),
        replace(part(4, 10), files=(*LISTED[4:9], *bodies.files("q"))),
    ],
    ids=["gap", "overlap", "size", "name again", "too many", "digest"],
)
def test_parts_that_do_not_fit_are_refused(wrong: Manifest) -> None:
    world = World.genesis()
    world.accept(world.sign("transport/main", part(0, 4)))
    assert world.refuse(world.sign("transport/main", wrong)) == reasons.WRONG_PART
    world.accept(world.sign("transport/main", part(4, 10)))


@pytest.mark.rule("R326", "1301", "1303")
def test_each_member_builds_its_own_until_one_is_whole() -> None:
    world = World.genesis()
    world.accept(world.sign("transport/main", part(0, 4)))
    assert world.refuse(world.sign("weather/main", part(4, 10))) == reasons.WRONG_PART
    world.accept(world.sign("transport/main", part(0, 2)))
    world.accept(world.sign("weather/main", part(0, 10)))
    late = world.sign("transport/main", part(2, 10))
    assert world.refuse(late) == reasons.ALREADY_EXISTS


@pytest.mark.rule("R327", "1151", "1303")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (release(), None),
        (release(total=None), None),
        (release(total=81), reasons.WRONG_PART),
        (release(NOWHERE), reasons.UNKNOWN_MANIFEST),
    ],
    ids=["as long", "of no length", "longer", "unknown"],
)
def test_a_release_names_a_manifest_that_is_whole(said: Release, expected: Reason | None) -> None:
    story = published()
    early = story.world.sign("transport/main", release())
    assert story.world.refuse(early) == reasons.UNKNOWN_MANIFEST
    story.says("transport/main", part(0, 10))
    record = story.world.sign("transport/main", said)
    if expected is not None:
        assert story.world.refuse(record) == expected
        return
    story.world.accept(record)
    version = story.world.value("release/flights/2")
    assert isinstance(version, ReleasedVersion)
    assert version.sha256 == MANIFEST


@pytest.mark.rule("R327")
def test_many_parts_add_up() -> None:
    story = Story()
    story.says("transport/main", part(0, 1))
    for at in range(1, 9):
        story.says("transport/main", part(at, at + 1))
    draft = story.world.value(f"manifest-draft/transport/{MANIFEST}")
    assert isinstance(draft, FileList)
    assert (draft.bytes, draft.files) == (72, 9)


@pytest.mark.parametrize(
    "changes",
    [{"files": LISTED}, {"assurance": "rows"}],
    ids=["files beside it", "of rows"],
)
def test_a_manifest_stands_for_the_files_alone(changes: dict[str, object]) -> None:
    content = Content(assurance="content", manifest=True, sha256=MANIFEST)
    with pytest.raises(ValueError, match=r"manifest|digest"):
        replace(content, **changes)
