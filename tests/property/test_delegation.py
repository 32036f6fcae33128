"""Whatever tree of rights hangs from a grant, no use escapes what the provider's own terms forbid.

Members pass on and amend rights at random, most of it refused; then everybody uses what it was
given, as it likes. A use that the terms at the root forbid is found, and so is one that any right
on its way up forbids. Here the chain is walked from the leaves of the log alone, part by part, by a
reading of its own: by whom each right was given, under which, on which terms.
"""

from collections.abc import Iterator
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.terms import allows_nothing, meet
from contracts.use.coverage import uncovered
from contracts.values import GrantedRight, UseCounters
from ledger.records import Amendment, Delegation, Grant, Schema, Usage, parse_record
from ledger.records.catalogue import VersionContent, schema_digest
from ledger.records.terms import Terms
from ledger.seal import is_seal
from ledger.types import ItemId
from tests import bodies
from tests.story import Story
from tests.strategies import (
    COLUMNS,
    ONWARD,
    OPERATIONS,
    PURPOSES,
    STORAGE,
    SYSTEMS,
    antichains_of,
    row_filters,
    sets_of,
    usages,
)
from tests.world import World

PLAIN = bodies.columns(*COLUMNS)
SCHEMA = schema_digest(PLAIN)
NAMES = frozenset(COLUMNS)
MEMBERS = ("audit", "health", "steward", "weather")
OPEN = Terms(
    delegable=4,
    fields="all",
    onward="yes",
    operations=("derive", "export", "publish", "query", "read", "train", "verify"),
    purposes="all",
)
"""What the entry offers: everything, to be passed on four times."""


PARTS: Final[dict[str, SearchStrategy[object]]] = {
    "fields": sets_of(COLUMNS[:3]),
    "minimum_group": st.integers(1, 4),
    "onward": st.sampled_from(ONWARD),
    "operations": sets_of(OPERATIONS),
    "purposes": antichains_of(PURPOSES, "."),
    "rate_per_day": st.integers(0, 9),
    "report_within": st.just(0),
    "rows": row_filters(),
    "rows_max": st.integers(0, 9),
    "storage": st.sampled_from(STORAGE),
    "systems": sets_of(SYSTEMS),
    "uses_max": st.integers(0, 9),
}
"""The parts that members change, and to what."""


def changed(data: DataObject, above: Terms) -> Terms:
    """Terms like those above, but for some parts: mostly narrower, else whatever comes."""
    parts = data.draw(st.lists(st.sampled_from(sorted(PARTS)), max_size=3, unique=True))
    values = {part: data.draw(PARTS[part]) for part in parts}
    values["delegable"] = max(0, above.delegable - data.draw(st.integers(0, 1)))
    wild = replace(above, **values)
    return meet(above, wild) if data.draw(st.integers(0, 3)) else wild


def rights_of(leaves: list[bytes]) -> dict[ItemId, tuple[ItemId | None, list[Terms]]]:
    """Every right in a log: the one it was passed on from, and all terms it ever had."""
    rights: dict[ItemId, tuple[ItemId | None, list[Terms]]] = {}
    for leaf in leaves:
        if is_seal(leaf):
            continue
        record = parse_record(leaf)
        given: list[tuple[ItemId | None, Terms]] = []
        match record.body:
            case Grant(items=items):
                given = [(None, one.terms) for one in items for _ in one.members]
            case Delegation(items=passed):
                given = [(one.grant, one.terms) for one in passed for _ in one.members]
            case Amendment(items=amended):
                for one in amended:
                    rights[one.grant][1].append(one.terms)
            case _:
                pass
        for n, (parent, terms) in enumerate(given):
            rights[f"{record.digest}-{n}"] = (parent, [terms])
    return rights


def upwards(
    rights: dict[ItemId, tuple[ItemId | None, list[Terms]]], grant_id: ItemId
) -> Iterator[tuple[ItemId, Terms]]:
    """The present terms of a right and of all above it."""
    at: ItemId | None = grant_id
    while at is not None:
        parent, terms = rights[at]
        yield at, terms[-1]
        at = parent


def published() -> Story:
    """`flights` has the columns that wild terms speak of, and is offered for everything."""
    story = Story()
    story.world = World.genesis(purposes=("health", "health-care", "tax"))
    schema = Schema(columns=PLAIN, first=0, schema=SCHEMA, total=len(PLAIN))
    story.says("transport/main", schema)
    entry = story.says("transport/main", bodies.entry(conditions=OPEN, schema=SCHEMA))
    story.steps("steward/main", "approve", entry.digest)
    story.says("transport/main", bodies.release(bodies.release_item(schema=SCHEMA)))
    return story


def played(data: DataObject) -> Story:
    """A tree of rights, offered, accepted and amended."""
    story = published()
    world = story.world
    root = changed(data, OPEN)
    if allows_nothing(root):
        root = OPEN  # there would be no right to pass on
    item = replace(bodies.grant_item("health", terms=root), schema=SCHEMA)
    world.block(world.sign("transport/main", bodies.grant(item)))
    for _ in range(data.draw(st.integers(1, 8))):
        for offered, one in rights_in(story):
            if one.in_force_since is None:
                world.block(world.sign(f"{one.member}/main", bodies.acceptance(offered)))
        rights = rights_in(story)
        name, right = data.draw(st.sampled_from(rights))
        terms = changed(data, right.terms)
        if data.draw(st.integers(0, 3)):
            to = data.draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=2, unique=True))
            body = bodies.delegation(name, *sorted(to), terms=terms)
            world.block(world.sign(f"{right.member}/main", body))
        else:
            by = data.draw(st.sampled_from(("transport", *MEMBERS)))
            amended = bodies.amendment(name, terms, ground="security", schema=SCHEMA)
            world.block(world.sign(f"{by}/main", amended))
    return story


def rights_in(story: Story) -> list[tuple[ItemId, GrantedRight]]:
    """The rights in the state; the order in which they are drawn depends on nothing else."""
    names = sorted(story.world.state.keys("grant/"))
    found = [(name.removeprefix("grant/"), story.world.value(name)) for name in names]
    return [(name, one) for name, one in found if isinstance(one, GrantedRight)]


def expected(chain: list[tuple[ItemId, Terms]], use: Usage, drawn: dict[ItemId, Usage]) -> set[str]:
    """What must be found about a use, and nothing else."""
    codes: set[str] = {one.code for _, terms in chain for one in uncovered(terms, use, NAMES)}
    for name, terms in chain:
        total = drawn[name]
        limits = (
            ("uses-exceeded", total.uses, terms.uses_max),
            ("rate-exceeded", total.uses, terms.rate_per_day),
            ("rows-exceeded", total.rows, terms.rows_max),
        )
        codes |= {code for code, count, most in limits if most is not None and count > most}
        # Every use of this test is reported a second after its end.
        codes |= {"reported-late"} if terms.report_within is not None else set()
    return codes


@given(st.data())
@settings(max_examples=settings().max_examples // 2)
def test_no_use_escapes_what_a_right_above_forbids(data: DataObject) -> None:
    story = played(data)
    world = story.world
    rights = rights_of(world.leaves)
    held = [(name, one) for name, one in rights_in(story) if one.in_force_since is not None]
    over = data.draw(st.none() | st.sampled_from(held)) if held else None
    if over is not None:
        world.accept(world.sign("transport/main", bodies.revocation(over[0])))
    drawn: dict[ItemId, Usage] = {}
    for _ in range(data.draw(st.integers(1, 4)) if held else 0):
        name, right = data.draw(st.sampled_from(held))
        use = replace(
            data.draw(usages()),
            content=VersionContent(dataset="flights", sha256=bodies.CONTENT, version=1),
            ended_at=world.now,
            grant=name,
            started_at=world.now,
        )
        chain = list(upwards(rights, name))
        for above, _ in chain:
            before = drawn.get(above)
            drawn[above] = use if before is None else plus(before, use)
        found = world.find(world.sign(f"{right.member}/main", use))
        is_over = over is not None and over[0] in {above for above, _ in chain}
        ineffective = {"no-effective-grant"} if is_over else set()
        assert {*found} == expected(chain, use, drawn) | ineffective
    for name, total in drawn.items():
        counters = world.value(f"use/{name}")
        assert isinstance(counters, UseCounters)
        assert (counters.uses, counters.rows) == (total.uses, total.rows)
    assert violations(world.state, world.leaves) == []


def plus(one: Usage, other: Usage) -> Usage:
    """Both together, as far as they are counted."""
    return replace(one, rows=one.rows + other.rows, uses=one.uses + other.uses)
