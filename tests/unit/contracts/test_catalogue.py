# ruff: noqa: E501  a row of a rule table is a line
"""Schemas, entries under review, releases."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.catalogue import columns
from contracts.values import Dataset, EntryTerms, ReleasedVersion, SchemaVersion
from ledger.records import Body, Release
from ledger.records.catalogue import (
    Assessments,
    Classification,
    Column,
    DatasetVersion,
    LegalBasis,
    Responsible,
    Schema,
    schema_digest,
)
from ledger.running_digest import run_of
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, published, rule_table
from tests.world import START, World

LAW: Final = LegalBasis(kind="law", reference="Art. 1")
PERSONAL: Final = (Column(name="name", personal="personal", type="text"),)
PERSONAL_SCHEMA: Final = Schema(columns=PERSONAL, first=0, schema=schema_digest(PERSONAL), total=1)
ASSESSED: Final = Assessments(necessity="to find them", personal_information=NOWHERE)


def enters(**changes: object) -> Callable[[Story], Body]:
    """Somebody submits an entry for `flights`."""
    return lambda _: bodies.entry(**changes)


def enters_personal(**changes: object) -> Callable[[Story], Body]:
    """An entry of data with personal information."""

    def action(story: Story) -> Body:
        story.says("transport/main", PERSONAL_SCHEMA)
        return bodies.entry(schema=PERSONAL_SCHEMA.schema, **changes)

    return action


def releases(**changes: object) -> Callable[[Story], Body]:
    """A second version of `flights`."""
    item = bodies.release_item(version=2)
    return lambda _: bodies.release(replace(item, **changes))


ENTRIES = (
    Row("R305", "a change of one's own entry", "transport/main", enters(title="All flights")),
    Row("R305", "of a dataset nobody has", "weather/main", enters(dataset="tides")),
    Row("R305", "of somebody else's dataset", "weather/main", enters(), reasons.NOT_PROVIDER),
    Row("R305", "with a co-provider who is no member", "transport/main", enters(co_providers=("nobody",)), reasons.UNKNOWN_MEMBER),
    Row("R305", "with a stage in the hands of no member", "transport/main", enters(responsible=Responsible(store="nobody")), reasons.UNKNOWN_MEMBER),
    Row("R305", "with stages in the hands of members", "transport/main", enters(responsible=Responsible(store="weather"))),
    Row("R302", "of a schema that is not there", "transport/main", enters(schema=NOWHERE), reasons.UNKNOWN_SCHEMA),
    Row("R303", "on conditions that name no adopted purpose", "transport/main", enters(conditions=replace(TERMS, purposes=("war",))), reasons.UNKNOWN_PURPOSE),
    Row("R303", "on conditions about no column", "transport/main", enters(conditions=replace(TERMS, fields=("z",))), reasons.UNKNOWN_COLUMN),
    Row("R304", "on conditions that are over", "transport/main", enters(conditions=replace(TERMS, not_after=START)), reasons.PERIOD_OVER),
    Row("R306", "of core data", "transport/main", enters(classification=Classification(category="x", level="core")), reasons.CLASSIFIED),
    Row("R306", "of a state secret", "transport/main", enters(classification=Classification(category="x", level="general", state_secret=True)), reasons.CLASSIFIED),
    Row("R306", "withheld without a basis", "transport/main", enters(sharing="withheld"), reasons.BASIS_MISSING),
    Row("R306", "withheld on a basis that is none", "transport/main", enters(sharing="withheld", basis=LegalBasis(kind="other", reference="memo")), reasons.BASIS_MISSING),
    Row("R306", "withheld by law", "transport/main", enters(sharing="withheld", basis=LAW)),
    Row("R306", "of personal information without anything", "transport/main", enters_personal(), reasons.BASIS_MISSING),
    Row("R306", "of personal information without a basis", "transport/main", enters_personal(assessments=ASSESSED), reasons.BASIS_MISSING),
    Row("R306", "of personal information without assessment", "transport/main", enters_personal(basis=LAW, assessments=Assessments(necessity="so")), reasons.BASIS_MISSING),
    Row("R306", "of personal information, assessed", "transport/main", enters_personal(basis=LAW, assessments=ASSESSED)),
)  # fmt: skip

RELEASES = (
    Row("R309", "the next version", "transport/main", releases()),
    Row("R309", "a correction", "transport/main", releases(corrects=1)),
    Row("R309", "one made from another", "transport/main", releases(derived_from=(DatasetVersion(dataset="flights", version=1),))),
    Row("R309", "of a dataset without entry", "transport/main", releases(dataset="tides"), reasons.UNKNOWN_ENTRY),
    Row("R309", "a correction of what was never released", "transport/main", releases(corrects=9), reasons.UNKNOWN_VERSION),
    Row("R309", "a correction of itself", "transport/main", releases(corrects=2), reasons.UNKNOWN_VERSION),
    Row("R309", "made from what was never released", "transport/main", releases(derived_from=(DatasetVersion(dataset="tides", version=1),)), reasons.UNKNOWN_VERSION),
    Row("R309", "of another member's dataset", "weather/main", releases(), reasons.NOT_PROVIDER),
    Row("R309", "a version that is there", "transport/main", releases(version=1), reasons.WRONG_VERSION),
    Row("R309", "leaving one out", "transport/main", releases(version=3), reasons.WRONG_VERSION),
    Row("R309", "of another schema", "transport/main", releases(schema=NOWHERE), reasons.SCHEMA_DIFFERS),
)  # fmt: skip


@rule_table(ENTRIES)
def test_entries(row: Row) -> None:
    play(published(), row)


@rule_table(RELEASES)
def test_releases(row: Row) -> None:
    play(published(), row)


def dataset_of(world: World, name: str = bodies.DATASET) -> Dataset:
    dataset = world.value(f"dataset/{name}")
    assert isinstance(dataset, Dataset)
    return dataset


@pytest.mark.rule("R305", "R307", "W101")
def test_an_entry_is_in_force_once_it_is_approved() -> None:
    story = Story()
    entry = story.submit()
    assert story.world.value("entry/flights") is None
    assert dataset_of(story.world).pending == entry
    story.steps("steward/main", "approve", entry)
    value = story.world.value("entry/flights")
    assert isinstance(value, EntryTerms)
    assert (value.record, value.since) == (entry, story.world.now)
    assert dataset_of(story.world).pending is None
    assert story.world.value(f"entry-draft/{entry}") is None


@pytest.mark.rule("R308", "W102")
def test_an_entry_returned_leaves_the_one_in_force() -> None:
    story = published()
    changed = story.submit(title="Better flights")
    story.steps("steward/main", "return", changed, "inaccurate")
    value = story.world.value("entry/flights")
    assert isinstance(value, EntryTerms)
    assert value.record == story.entry
    assert story.world.value(f"entry-draft/{changed}") is None


@pytest.mark.rule("R305", "W103", "1304")
def test_an_entry_under_review_is_superseded_by_the_next() -> None:
    story = Story()
    first = story.submit(title="first")
    second = story.submit(title="second")
    world = story.world
    approval = world.sign("steward/main", bodies.case_step("approve", first))
    assert world.refuse(approval) == reasons.WRONG_STATE
    story.steps("steward/main", "approve", second)
    assert story.state_of(first) == "superseded"


@pytest.mark.rule("R305", "1202")
def test_an_id_nobody_holds_goes_to_the_next_who_submits() -> None:
    story = Story()
    world = story.world
    squatted = bodies.entry()
    story.says("weather/main", bodies.schema())
    first = story.says("weather/main", squatted).digest
    waiting = world.sign("transport/main", bodies.entry())
    assert world.refuse(waiting) == reasons.NOT_PROVIDER
    story.steps("steward/main", "return", first, "duplicate")
    story.catalogue()
    assert dataset_of(world).provider == "transport"
    assert dataset_of(world).records == 2
    late = world.sign("weather/main", squatted)
    assert world.refuse(late) == reasons.NOT_PROVIDER


@pytest.mark.rule("R309")
def test_a_correction_marks_what_it_corrects() -> None:
    story = published()
    story.says("transport/main", bodies.release(bodies.release_item(version=2, corrects=1)))
    corrected = story.world.value("release/flights/1")
    correcting = story.world.value("release/flights/2")
    assert isinstance(corrected, ReleasedVersion)
    assert isinstance(correcting, ReleasedVersion)
    assert (corrected.corrected_by, correcting.corrects) == (2, 1)
    story.says("transport/main", bodies.release(bodies.correcting_item(version=3)))
    assert story.world.value("release/flights/1") == corrected


@pytest.mark.rule("R309")
def test_versions_of_one_record_follow_one_another_and_count_it_once() -> None:
    story = published()
    before = dataset_of(story.world)
    items = [bodies.release_item(version=version) for version in (2, 3)]
    items[1] = replace(items[1], derived_from=(DatasetVersion(dataset="flights", version=2),))
    record = story.says("transport/main", bodies.release(*items))
    after = dataset_of(story.world)
    assert (after.releases, after.records) == (3, before.records + 1)
    assert after.run == run_of([record.digest], before.run)


@pytest.mark.rule("R309")
def test_a_release_is_all_or_nothing() -> None:
    story = published()
    items = (bodies.release_item(version=2), bodies.release_item(version=4))
    record = story.world.sign("transport/main", bodies.release(*items))
    assert story.world.refuse(record) == reasons.WRONG_VERSION
    assert dataset_of(story.world).releases == 1


@pytest.mark.rule("R010", "1003")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("entry", bodies.entry(dataset="tides")),
        ("release", Release(items=(bodies.release_item(version=2), bodies.release_item("tides")))),
        ("request", bodies.request(bodies.request_item(NOWHERE, dataset="tides"))),
        ("grant", bodies.grant(bodies.grant_item("health", dataset="tides"))),
    ],
)
def test_a_writer_bound_to_datasets_signs_for_these_alone(kind: str, body: Body) -> None:
    story = published()
    story.world.accept(story.world.appoint("transport/clerk", datasets=("flights",)))
    record = story.world.sign("transport/clerk", body)
    assert record.kind == kind
    assert story.world.refuse(record) == reasons.DATASET_NOT_ALLOWED


@pytest.mark.rule("R010", "1003")
def test_a_writer_bound_to_datasets_neither_accepts_nor_revokes_others() -> None:
    story = published()
    offer = story.offer()
    world = story.world
    world.accept(world.appoint("health/clerk", datasets=("tides",)))
    world.accept(world.appoint("transport/clerk", datasets=("tides",)))
    acceptance = world.sign("health/clerk", bodies.acceptance(offer))
    assert world.refuse(acceptance) == reasons.DATASET_NOT_ALLOWED
    revocation = world.sign("transport/clerk", bodies.revocation(offer))
    assert world.refuse(revocation) == reasons.DATASET_NOT_ALLOWED


# Schemas in parts.

TEN: Final = bodies.columns(*(f"c{n}" for n in range(10)))
TEN_DIGEST: Final = schema_digest(TEN)


def part(first: int, end: int, *, total: int = 10, schema: str = TEN_DIGEST) -> Schema:
    return Schema(columns=TEN[first:end], first=first, schema=schema, total=total)


@pytest.mark.rule("R301", "R302", "1102")
def test_a_schema_comes_in_parts_and_is_usable_when_it_is_whole() -> None:
    story = Story()
    world = story.world
    for first, end in ((0, 4), (4, 8)):
        story.says("transport/main", part(first, end))
        early = world.sign("transport/main", bodies.entry(schema=TEN_DIGEST))
        assert world.refuse(early) == reasons.UNKNOWN_SCHEMA
    story.says("transport/main", part(8, 10))
    assert world.value(f"schema-draft/transport/{TEN_DIGEST}") is None
    assert columns.column_names(world.state, TEN_DIGEST) == tuple(one.name for one in TEN)
    conditions = replace(TERMS, fields=("c0", "c9"))
    story.says("transport/main", bodies.entry(schema=TEN_DIGEST, conditions=conditions))


@pytest.mark.rule("R301", "1303")
@pytest.mark.parametrize(
    "wrong",
    [
        part(5, 8),
        part(3, 8),
        part(4, 8, total=9),
        replace(part(4, 8), columns=TEN[4:8] * 2),
        replace(part(4, 8), columns=TEN[3:7]),
        replace(part(4, 8), columns=TEN[4:10] + bodies.columns("more")),
        replace(part(4, 10), columns=TEN[4:9] + bodies.columns("other")),
    ],
    ids=["gap", "overlap", "size", "twice here", "twice before", "too many", "digest"],
)
def test_parts_that_do_not_fit_are_refused(wrong: Schema) -> None:
    story = Story()
    story.says("transport/main", part(0, 4))
    record = story.world.sign("transport/main", wrong)
    assert story.world.refuse(record) == reasons.WRONG_PART
    story.says("transport/main", part(4, 10))


@pytest.mark.rule("R301", "1303")
def test_a_schema_does_not_start_in_the_middle() -> None:
    world = World.genesis()
    assert world.refuse(world.sign("transport/main", part(4, 8))) == reasons.WRONG_PART


@pytest.mark.rule("R301", "1301")
def test_a_schema_that_is_whole_is_whole_for_all() -> None:
    story = published()
    for member in ("transport", "weather"):
        again = story.world.sign(f"{member}/main", bodies.schema())
        assert story.world.refuse(again) == reasons.ALREADY_EXISTS


@pytest.mark.rule("R301")
def test_parts_left_behind_by_a_false_start_add_no_columns() -> None:
    story = Story()
    # Begun as ten columns, and begun anew as the five that the digest stands for.
    five = schema_digest(TEN[:5])
    story.says("transport/main", part(0, 5, schema=five))
    story.says("transport/main", part(5, 9, schema=five))
    story.says("transport/main", part(0, 5, total=5, schema=five))
    assert columns.column_names(story.world.state, five) == tuple(one.name for one in TEN[:5])
    conditions = replace(TERMS, fields=("c7",))
    body = bodies.entry(schema=five, conditions=conditions)
    record = story.world.sign("transport/main", body)
    assert story.world.refuse(record) == reasons.UNKNOWN_COLUMN


@pytest.mark.rule("R301")
def test_nobody_spoils_the_schema_of_another() -> None:
    story = Story()
    story.says("transport/main", part(0, 4))
    story.says("weather/main", part(0, 2, total=3))
    story.says("transport/main", part(4, 10))
    version = story.world.value(f"schema/{TEN_DIGEST}")
    assert isinstance(version, SchemaVersion)
    assert (version.member, version.columns) == ("transport", 10)
    late = story.world.sign("weather/main", part(2, 3, total=3))
    assert story.world.refuse(late) == reasons.ALREADY_EXISTS
    assert columns.column_names(story.world.state, TEN_DIGEST) == tuple(one.name for one in TEN)


@pytest.mark.rule("R306")
def test_personal_information_is_seen_in_any_part() -> None:
    story = Story()
    every = (*TEN[:2], *PERSONAL)
    digest = schema_digest(every)
    story.says("transport/main", Schema(columns=every[:2], first=0, schema=digest, total=3))
    story.says("transport/main", Schema(columns=every[2:], first=2, schema=digest, total=3))
    record = story.world.sign("transport/main", bodies.entry(schema=digest))
    assert story.world.refuse(record) == reasons.BASIS_MISSING
