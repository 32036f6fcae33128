"""The laws of terms: a meet-semilattice, its order, and how the judgement of use respects both."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec.json import Decoder
from msgspec.structs import replace

from contracts.terms import meet, narrows, wider_parts
from contracts.use.coverage import uncovered
from ledger.canonical import encode, parse
from ledger.records.terms import Terms
from ledger.records.use import Usage
from tests.strategies import COLUMNS, terms, usages

EVERYTHING = Terms(
    delegable=8,
    fields="all",
    onward="yes",
    operations=("derive", "export", "publish", "query", "read", "train", "verify"),
    purposes="all",
)
JUDGED = (
    "fields", "masking", "minimum_group", "not_after", "not_before", "onward", "operations",
    "purposes", "rows", "storage", "systems",
)  # fmt: skip
DECODER = Decoder(Terms)


@given(terms(), terms())
def test_meet_is_commutative(a: Terms, b: Terms) -> None:
    assert meet(a, b) == meet(b, a)


@given(terms(), terms(), terms())
def test_meet_is_associative(a: Terms, b: Terms, c: Terms) -> None:
    assert meet(meet(a, b), c) == meet(a, meet(b, c))


@given(terms())
def test_meet_is_idempotent_and_everything_is_its_neutral_element(a: Terms) -> None:
    assert meet(a, a) == a
    assert meet(a, EVERYTHING) == a


@given(terms(), terms())
def test_a_meet_is_the_greatest_lower_bound(a: Terms, b: Terms) -> None:
    both = meet(a, b)
    assert narrows(both, a)
    assert narrows(both, b)


@given(terms(), terms(), terms())
def test_nothing_below_both_lies_outside_the_meet(a: Terms, b: Terms, c: Terms) -> None:
    below = meet(meet(a, b), c)
    assert narrows(below, meet(a, b))


@given(terms(), terms())
def test_narrows_is_reflexive_and_antisymmetric(a: Terms, b: Terms) -> None:
    assert narrows(a, a)
    assert (narrows(a, b) and narrows(b, a)) == (a == b)


@given(terms(), terms())
def test_what_narrows_is_wider_in_no_part(a: Terms, b: Terms) -> None:
    assert (wider_parts(a, b) == ()) == narrows(a, b)
    assert wider_parts(meet(a, b), b) == ()


@given(st.data(), terms())
def test_narrows_is_transitive_along_every_chain(data: st.DataObject, widest: Terms) -> None:
    chain = [widest]
    for _ in range(3):
        chain.append(meet(chain[-1], data.draw(terms())))
    assert all(narrows(below, above) for above, below in pairwise(chain))
    assert narrows(chain[-1], chain[0])


@given(terms(), terms())
def test_a_meet_can_be_written_down_and_read_again(a: Terms, b: Terms) -> None:
    both = meet(a, b)
    assert parse(encode(both), DECODER) == both


def pairs_limited_in_one_part(part: str) -> SearchStrategy[tuple[Terms, Terms]]:
    """Two terms that ask for one and the same thing only, so that uses often keep to them."""
    limited = terms().map(lambda wild: replace(EVERYTHING, **{part: getattr(wild, part)}))
    return st.tuples(limited, limited)


@given(st.sampled_from(JUDGED).flatmap(pairs_limited_in_one_part), usages())
def test_a_use_is_covered_by_a_meet_exactly_if_by_both(
    pair: tuple[Terms, Terms], usage: Usage
) -> None:
    a, b = pair
    by_both = not uncovered(a, usage, COLUMNS) and not uncovered(b, usage, COLUMNS)
    assert (not uncovered(meet(a, b), usage, COLUMNS)) == by_both


@given(terms(), terms(), usages())
def test_stricter_terms_find_every_breach_that_wider_ones_find(
    a: Terms, b: Terms, usage: Usage
) -> None:
    wide = {breach.code for breach in uncovered(a, usage, COLUMNS)}
    strict = {breach.code for breach in uncovered(meet(a, b), usage, COLUMNS)}
    lost = wide - strict
    # A field that may no longer be used at all need not be masked.
    assert not lost or (lost == {"masking-not-kept"} and "field-not-granted" in strict)


@given(terms(), usages())
def test_breaches_fit_into_the_state(a: Terms, usage: Usage) -> None:
    for breach in uncovered(a, usage, COLUMNS):
        assert 1 <= len(breach.measure) <= 256
        assert 1 <= len(breach.limit) <= 256
