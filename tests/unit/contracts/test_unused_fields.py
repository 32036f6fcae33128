"""Columns that were granted and never used are found, where the ledger asks."""

from typing import Final

import pytest
from msgspec.structs import replace

from contracts.catalogue.columns import chosen, column_names
from contracts.invariants import violations
from contracts.use.unused_fields import measure
from contracts.values import Case, GrantedRight, UnusedFields
from ledger.records.catalogue import COLUMNS_PER_PART_MAX, Schema, schema_digest
from ledger.records.genesis import Parameters
from ledger.records.sharing import ITEMS_MAX
from ledger.records.terms import COLUMNS_MAX
from ledger.types import ColumnName, Time
from tests import bodies
from tests.bodies import TERMS
from tests.story import Story

DUE: Final = "2026-12-22T00:00:00.000Z"
TWO: Final = replace(TERMS, fields=("a", "b"))


def watched() -> Story:
    return Story(Parameters(field_use_days=20)).publish()


def with_columns(*names: ColumnName) -> Story:
    """A dataset with these columns, which stands for whoever applies."""
    story, columns = watched(), bodies.columns(*names)
    schema = schema_digest(columns)
    for first in range(0, len(columns), COLUMNS_PER_PART_MAX):
        part = columns[first : first + COLUMNS_PER_PART_MAX]
        body = Schema(columns=part, first=first, schema=schema, total=len(columns))
        story.says("transport/main", body)
    story.catalogue(schema=schema)
    story.says("transport/main", bodies.grant(bodies.grant_item(standing=True, schema=schema)))
    return story


def unused(story: Story) -> tuple[str, ...] | None:
    """The columns of the last right that were not used so far, as its flag and its list say."""
    right = story.world.value(f"grant/{story.grant_id}")
    listed = story.world.value(f"unused/{story.grant_id}")
    assert isinstance(right, GrantedRight)
    assert right.unused_fields == (listed is not None)
    if not isinstance(listed, UnusedFields):
        return None
    return chosen(column_names(story.world.state, right.schema), listed.columns)


def use(story: Story, *fields: str) -> None:
    story.says("health/main", bodies.usage(story.grant_id, story.world.now, fields=fields))


@pytest.mark.rule("R519", "R520", "F22")
def test_columns_never_used_are_named() -> None:
    story = watched()
    grant_id = story.grant()
    assert unused(story) == ("a", "b", "c")
    use(story, "b")
    use(story, "b")
    assert unused(story) == ("a", "c")
    (found,) = story.world.block(at=DUE).settlement.findings
    assert found.case == f"{grant_id}-fields-fields-never-used"
    case = story.world.value(f"case/{found.case}")
    assert isinstance(case, Case)
    assert case.finding is not None
    assert (case.finding.measure, case.finding.limit) == ("2 of 3 columns: a, c", DUE)
    assert case.parties[0].member == "health"
    use(story, "a", "c")
    assert unused(story) is None
    assert story.state_of(f"{grant_id}-fields") == "used"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R519", "R520")
def test_what_was_all_used_is_not_watched_any_more() -> None:
    story = watched()
    story.offer(TWO)
    assert unused(story) is None
    story.says("health/main", bodies.acceptance(story.grant_id))
    assert unused(story) == ("a", "b")
    use(story, "a", "b")
    assert unused(story) is None
    assert story.state_of(f"{story.grant_id}-fields") == "used"
    assert story.world.block(at=DUE).is_empty


@pytest.mark.rule("R519")
def test_it_is_due_at_the_end_of_the_right() -> None:
    story = watched()
    end = "2026-11-30T00:00:00.000Z"
    story.grant(replace(TWO, not_after=end))
    (found,) = story.world.block(at=end).settlement.findings
    assert found.code == "fields-never-used"


@pytest.mark.rule("R519")
def test_nothing_is_kept_where_the_ledger_sets_no_days_or_nobody_is_granted_it() -> None:
    story = Story().publish()
    story.grant()
    assert unused(story) is None
    story = watched()
    story.stand()
    assert unused(story) is None


@pytest.mark.rule("R520")
def test_a_use_of_what_was_passed_on_counts_above() -> None:
    wide = replace(TERMS, delegable=1)
    story = watched()
    story.catalogue(conditions=wide)
    above = story.grant(wide)
    below = story.pass_on(above, "audit", TWO)
    story.says("audit/main", bodies.usage(below, story.world.now, fields=("a",)))
    for story.grant_id, left in ((below, ("b",)), (above, ("b", "c"))):
        assert unused(story) == left


@pytest.mark.rule("R521")
def test_terms_that_change_change_the_list() -> None:
    story = watched()
    grant_id = story.grant(TWO)
    use(story, "a")
    story.says("transport/main", bodies.amendment(grant_id))
    assert unused(story) == ("b", "c")
    narrowed = replace(TERMS, fields=("a",))
    story.says("transport/main", bodies.amendment(grant_id, narrowed, ground="security"))
    assert unused(story) is None
    assert story.state_of(f"{grant_id}-fields") == "used"
    story.says("transport/main", bodies.amendment(grant_id))
    assert unused(story) is None
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R521")
def test_columns_that_enter_have_their_days_and_others_get_none() -> None:
    story = watched()
    grant_id = story.grant(TWO)

    def due() -> Time | None:
        case = story.world.value(f"case/{grant_id}-fields")
        assert isinstance(case, Case)
        return case.due

    story.world.block(at="2026-12-21T23:59:00.000Z")
    fewer = replace(TWO, uses_max=5)
    story.says("transport/main", bodies.amendment(grant_id, fewer, ground="security"))
    assert due() == DUE, "no column entered"
    story.says("transport/main", bodies.amendment(grant_id))
    assert due() == "2027-01-19T00:00:00.000Z"
    assert story.world.block(at=DUE).settlement.findings == ()
    brief = replace(TERMS, not_after="2027-01-04T00:00:00.000Z")
    story.says("transport/main", bodies.amendment(grant_id, brief))
    assert due() == brief.not_after
    (found,) = story.world.block(at=brief.not_after).settlement.findings
    assert found.code == "fields-never-used"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R521")
def test_a_right_that_ends_is_asked_no_more() -> None:
    story = watched()
    story.steps("health/main", "end", story.grant())
    assert story.world.block(at=DUE).is_empty
    story.grant()
    story.world.block(at="2027-02-01T00:00:00.000Z")
    assert story.state_of(f"{story.grant_id}-fields") == "unused"
    story.says("transport/main", bodies.revocation(story.grant_id))
    assert unused(story) == ("a", "b", "c")
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("F22")
def test_many_columns_are_told_as_far_as_there_is_room() -> None:
    story = with_columns(*(f"{n}{'x' * 100}" for n in range(5)))
    grant_id = f"{story.ask().removesuffix('-0')}-1"
    told = measure(story.world.state, grant_id)
    assert len(told) == 256
    assert told.startswith("5 of 5 columns: 0xxx")
    assert told.endswith("…")


@pytest.mark.rule("R519", "R520")
def test_what_is_kept_of_a_right_is_small_however_many_columns_it_has() -> None:
    names = [f"{n:04d}{'x' * 124}" for n in range(COLUMNS_MAX)]
    story = with_columns(*names)
    items = [bodies.request_item(story.entry) for _ in range(ITEMS_MAX)]
    record = story.world.sign("health/main", bodies.request(*items))
    written = story.world.accept(record).values.values()
    size = sum(len(one) for one in written if one is not None)
    assert size < 10 * len(record.envelope.encoded)
    story.grant_id = f"{record.digest}-{ITEMS_MAX}"
    use(story, *names[:100])
    assert unused(story) == (*names[100:],)
