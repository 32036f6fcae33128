# ruff: noqa: E501  a row of a rule table is a line
"""Block datasets: what they rest on, what they may offer, and what becomes of them after."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from contracts import findings, reasons
from contracts.catalogue import blocks
from contracts.invariants import violations
from contracts.values import BLOCKS_MAX, Case, DependentBlocks, EntryTerms
from ledger.records import Body, Entry
from ledger.records.catalogue import Classification
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.times import from_ms, to_ms
from ledger.types import DatasetId, ItemId
from tests import bodies
from tests.bodies import NOWHERE, TERMS
from tests.story import Row, Story, play, rule_table
from tests.world import SECOND_MS

DERIVING: Final = replace(TERMS, operations=("derive", "query", "read"))
BLOCK: Final[DatasetId] = "fused"
IMPORTANT: Final = Classification(category="traffic", level="important")


def sources() -> Story:
    """`flights` may be derived from; `weather` provides `tides`, of which so may be used some."""
    story = Story().publish(conditions=DERIVING)
    tides = story.says("weather/main", bodies.entry(dataset="tides", conditions=DERIVING)).digest
    story.steps("steward/main", "approve", tides)
    return story


def fused(*grants: ItemId, **changes: object) -> Entry:
    """A block that health provides, offering no more than its inputs."""
    body = bodies.entry(block=bodies.block(*grants), conditions=TERMS, dataset=BLOCK, system="pool")
    return replace(body, **changes)


def rests_on(terms: Terms = DERIVING, **changes: object) -> Callable[[Story], Body]:
    """Health submits a block that rests on a right to `flights` with these terms."""
    return lambda story: fused(story.grant(terms), **changes)


def of_important_data(**changes: object) -> Callable[[Story], Body]:
    """The input was classified as important."""

    def action(story: Story) -> Body:
        story.catalogue(conditions=DERIVING, classification=IMPORTANT)
        return fused(story.grant(DERIVING), **changes)

    return action


def maps(column: str, source: str) -> Callable[[Story], Body]:
    """The right grants `a` and `b` alone."""

    def action(story: Story) -> Body:
        grant = story.grant(replace(DERIVING, fields=("a", "b")))
        return fused(block=bodies.block(grant, column=column, source=source))

    return action


def ended(story: Story) -> Body:
    grant = story.grant(DERIVING)
    story.says("transport/main", bodies.revocation(grant))
    return fused(grant)


def suspended(story: Story) -> Body:
    grant = story.grant(DERIVING)
    story.steps("transport/main", "suspend", grant, "overreach")
    return fused(grant)


def of_archived_data(**changes: object) -> Callable[[Story], Body]:
    """What level it had is no longer known."""

    def action(story: Story) -> Body:
        grant = story.grant(DERIVING)
        story.says("transport/main", bodies.lifecycle())
        return fused(grant, **changes)

    return action


SOON: Final = "2027-01-01T00:00:00.000Z"
LATER: Final = "2027-06-01T00:00:00.000Z"

BLOCKS = (
    Row("R322 R323", "a block of one input", "health/main", rests_on()),
    Row("R322", "on a right that does not exist", "health/main", lambda _: fused(f"{NOWHERE}-0"), reasons.UNKNOWN_GRANT),
    Row("R322", "on somebody else's right", "weather/main", rests_on(), reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "on a right that does not allow to derive", "health/main", rests_on(TERMS), reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "on a right that was only offered", "health/main", lambda story: fused(story.offer(DERIVING)), reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "on a right that has ended", "health/main", ended, reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "on a right that is suspended", "health/main", suspended, reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "on a right that has not begun", "health/main", rests_on(replace(DERIVING, not_before=SOON)), reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "on a standing grant itself", "health/main", lambda story: fused(story.stand(DERIVING)), reasons.DERIVE_NOT_ALLOWED),
    Row("R322", "a column made from one that is granted", "health/main", maps("a", "b")),
    Row("R322", "a column made from one that is not granted", "health/main", maps("a", "c"), reasons.COLUMN_NOT_GRANTED),
    Row("R322", "a column made from one that is not there", "health/main", maps("a", "z"), reasons.COLUMN_NOT_GRANTED),
    Row("R322", "a column that the block does not have", "health/main", maps("z", "a"), reasons.UNKNOWN_COLUMN),
    Row("R322", "of a lower level than an input", "health/main", of_important_data(), reasons.LEVEL_TOO_LOW),
    Row("R322", "of the level of its input", "health/main", of_important_data(classification=IMPORTANT)),
    Row("R322", "of an input out of the catalogue", "health/main", of_archived_data(), reasons.LEVEL_TOO_LOW),
    Row("R322", "of an input out of the catalogue, as important", "health/main", of_archived_data(classification=IMPORTANT)),
    Row("R323", "for a purpose its input is not for", "health/main", rests_on(conditions=replace(TERMS, purposes=("tax.audit",))), reasons.WIDER_THAN_INPUTS),
    Row("R323", "for an operation its input does not allow", "health/main", rests_on(conditions=replace(TERMS, operations=("export",))), reasons.WIDER_THAN_INPUTS),
    Row("R323", "for longer than its input", "health/main", rests_on(replace(DERIVING, not_after=SOON), conditions=replace(TERMS, not_after=LATER)), reasons.WIDER_THAN_INPUTS),
    Row("R323", "for as long as its input", "health/main", rests_on(replace(DERIVING, not_after=SOON), conditions=replace(TERMS, not_after=SOON))),
    Row("R323", "for smaller groups than its input", "health/main", rests_on(replace(DERIVING, minimum_group=5)), reasons.WIDER_THAN_INPUTS),
    Row("R323", "whatever rows and masking of the input's own columns", "health/main", rests_on(replace(DERIVING, masking=(FieldMasking(field="b", level="hashed"),), rows=(RowFilter(column="c", prefixes=("33",)),)))),
)  # fmt: skip


@rule_table(BLOCKS)
def test_blocks(row: Row) -> None:
    play(sources(), row)


def rights(story: Story) -> tuple[ItemId, ItemId]:
    """What health may derive from `flights`, and from `tides`."""
    first = story.grant(DERIVING)
    item = bodies.grant_item("health", terms=replace(DERIVING, minimum_group=5), dataset="tides")
    second = f"{story.says('weather/main', bodies.grant(item)).digest}-0"
    story.says("health/main", bodies.acceptance(second))
    return first, second


def catalogued(story: Story, *grants: ItemId, dataset: DatasetId = BLOCK) -> str:
    """A block of these inputs is in the catalogue."""
    conditions = replace(TERMS, minimum_group=5)
    body = fused(*grants, conditions=conditions, dataset=dataset)
    entry = story.says("health/main", body).digest
    story.steps("steward/main", "approve", entry)
    return entry


def release(dataset: DatasetId = BLOCK, version: int = 1) -> Body:
    return bodies.release(bodies.release_item(dataset, version))


@pytest.mark.rule("R323", "1253")
def test_conditions_keep_to_the_meet_of_all_inputs() -> None:
    story = sources()
    grants = rights(story)
    record = story.world.sign("health/main", fused(*grants))
    assert story.world.refuse(record) == reasons.WIDER_THAN_INPUTS
    catalogued(story, *grants)
    entry = story.world.value(f"entry/{BLOCK}")
    assert isinstance(entry, EntryTerms)
    assert entry.inputs == tuple(sorted(grants))


@pytest.mark.rule("R324")
def test_a_right_knows_the_blocks_that_rest_on_it() -> None:
    story = sources()
    first, second = rights(story)
    catalogued(story, first, second)
    catalogued(story, first, dataset="other")
    assert story.world.value(f"block/{first}") == DependentBlocks(datasets=(BLOCK, "other"))
    catalogued(story, first)
    assert story.world.value(f"block/{second}") is None
    story.says("health/main", bodies.lifecycle(dataset="other"))
    assert story.world.value(f"block/{first}") == DependentBlocks(datasets=(BLOCK,))
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R324", "1401")
def test_a_right_carries_so_many_blocks() -> None:
    story = sources()
    first, _ = rights(story)
    for number in range(BLOCKS_MAX):
        catalogued(story, first, dataset=f"block-{number}")
    body = fused(first, conditions=replace(TERMS, minimum_group=5))
    entry = story.says("health/main", body).digest
    step = story.world.sign("steward/main", bodies.case_step("approve", entry))
    assert story.world.refuse(step) == reasons.LIMIT


@pytest.mark.rule("R325", "F79")
def test_a_right_that_ends_below_blocks_is_one_finding() -> None:
    story = sources()
    first, second = rights(story)
    catalogued(story, first, second)
    catalogued(story, first, dataset="other")
    world = story.world
    consulted = bodies.revocation(first, consultation=NOWHERE)
    assert world.find(world.sign("transport/main", consulted)) == ("block-outlives-input",)
    case = world.value(f"case/{first}-block-outlives-input")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert case.finding.measure == f"{BLOCK} and 1 more"
    assert [(one.member, one.part) for one in case.parties] == [
        ("health", "accused"),
        ("transport", "claimant"),
    ]
    assert violations(world.state, world.leaves) == []


@pytest.mark.rule("R325")
def test_a_right_below_no_block_ends_quietly() -> None:
    story = sources()
    first, second = rights(story)
    catalogued(story, first)
    consulted = bodies.revocation(second, consultation=NOWHERE)
    assert story.world.find(story.world.sign("weather/main", consulted)) == ()


@pytest.mark.rule("R310", "F80")
def test_a_version_made_without_its_rights_names_the_root() -> None:
    story = sources()
    first, second = rights(story)
    catalogued(story, first, second)
    world = story.world
    assert world.find(world.sign("health/main", release())) == ()
    story.says("weather/main", bodies.revocation(second, consultation=NOWHERE))
    record = world.sign("health/main", release(version=2))
    assert world.find(record) == (findings.DERIVED_WITHOUT_RIGHT.code,)
    case = world.value(f"case/{record.digest}-0-derived-without-right")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert case.finding.limit == f"{second} does not hold"
    assert case.parties[1].member == "weather"


@pytest.mark.rule("R310")
def test_an_input_that_left_the_catalogue_may_be_used_while_its_right_lasts() -> None:
    story = sources()
    first, _ = rights(story)
    catalogued(story, first)
    story.says("transport/main", bodies.lifecycle())
    assert story.world.find(story.world.sign("health/main", release())) == ()


@pytest.mark.rule("R310")
def test_the_root_may_lie_below_another_block() -> None:
    story = sources()
    first, _ = rights(story)
    wide = replace(DERIVING, minimum_group=5)
    entry = story.says("health/main", fused(first, conditions=wide)).digest
    story.steps("steward/main", "approve", entry)
    item = bodies.grant_item("weather", terms=wide, dataset=BLOCK)
    onward = f"{story.says('health/main', bodies.grant(item)).digest}-0"
    story.says("weather/main", bodies.acceptance(onward))
    body = bodies.entry(block=bodies.block(onward), conditions=wide, dataset="second", system="x")
    upper = story.says("weather/main", body).digest
    story.steps("steward/main", "approve", upper)
    world = story.world
    above = world.value("entry/second")
    assert isinstance(above, EntryTerms)
    assert blocks.lost_root(world.state, above, world.now) is None
    story.says("transport/main", bodies.revocation(first, consultation=NOWHERE))
    assert blocks.lost_root(world.state, above, world.now) == first
    assert world.find(world.sign("weather/main", release("second"))) == ("derived-without-right",)


@pytest.mark.rule("R322", "R310")
def test_a_right_taken_under_a_standing_grant_holds_as_long_as_that() -> None:
    story = sources()
    standing = story.stand(DERIVING)
    request = story.ask(DERIVING)
    taken = f"{request[:64]}-1"
    catalogued(story, taken)
    world = story.world
    assert world.find(world.sign("health/main", release())) == ()
    story.says("transport/main", bodies.revocation(standing, consultation=NOWHERE))
    entry = world.value(f"entry/{BLOCK}")
    assert isinstance(entry, EntryTerms)
    assert blocks.lost_root(world.state, entry, world.now) == standing


@pytest.mark.rule("R322", "R323", "R310", "1252", "1253")
def test_a_right_passed_on_is_judged_with_all_above_it() -> None:
    deep = replace(DERIVING, delegable=1)
    story = Story().publish(conditions=deep)
    world = story.world
    held = story.grant(deep)
    passed_on = story.pass_on(held, "audit", DERIVING)
    body = fused(passed_on)
    narrower = replace(deep, operations=("derive", "read"))
    story.says("transport/main", bodies.amendment(held, narrower, ground="security"))
    assert world.refuse(world.sign("audit/main", body)) == reasons.WIDER_THAN_INPUTS
    reading = replace(TERMS, operations=("read",))
    entry = story.says("audit/main", fused(passed_on, conditions=reading)).digest
    story.steps("steward/main", "approve", entry)
    story.says("transport/main", bodies.revocation(held, consultation=NOWHERE))
    again = world.sign("audit/main", fused(passed_on, conditions=reading))
    assert world.refuse(again) == reasons.DERIVE_NOT_ALLOWED
    value = world.value(f"entry/{BLOCK}")
    assert isinstance(value, EntryTerms)
    assert blocks.lost_root(world.state, value, world.now) == held
    assert world.find(world.sign("audit/main", release())) == ("derived-without-right",)


@pytest.mark.rule("R316")
def test_what_is_derived_is_not_collected() -> None:
    story = sources()
    first, _ = rights(story)
    story.says("steward/main", bodies.designation(story.entry, "a"))
    conditions = replace(TERMS, minimum_group=5)
    body = fused(first, conditions=conditions)
    assert story.world.find(story.world.sign("health/main", body)) == ()
    body = fused(conditions=conditions, block=bodies.block(first, column="b"))
    assert story.world.find(story.world.sign("health/main", body)) == ("collected-twice",)


@pytest.mark.rule("R322")
def test_all_fields_are_all_columns_of_the_schema() -> None:
    story = sources()
    grant = story.grant(DERIVING)
    story.says("health/main", fused(block=bodies.block(grant, column="b", source="b")))


@pytest.mark.rule("R322", "1252")
def test_an_input_counts_from_its_first_moment() -> None:
    story = sources()
    world = story.world
    begins = world.later(5 * SECOND_MS)
    terms = replace(DERIVING, not_before=begins)
    block = fused(story.grant(terms), conditions=replace(TERMS, not_before=begins))
    early = world.sign("health/main", block)
    assert world.refuse(early, at=from_ms(to_ms(begins) - 1)) == reasons.DERIVE_NOT_ALLOWED
    world.accept(world.sign("health/main", block), at=begins)


@pytest.mark.rule("R310", "F80")
def test_an_input_counts_to_its_last_moment() -> None:
    story = sources()
    world = story.world
    ends = world.later(9 * SECOND_MS)
    block = fused(
        story.grant(replace(DERIVING, not_after=ends)), conditions=replace(TERMS, not_after=ends)
    )
    story.steps("steward/main", "approve", story.says("health/main", block).digest)
    assert world.find(world.sign("health/main", release()), at=ends) == ()
    late = world.find(world.sign("health/main", release(version=2)), at=world.later(1))
    assert late == (findings.DERIVED_WITHOUT_RIGHT.code,)
