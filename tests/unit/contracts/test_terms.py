"""Terms part by part: what the stricter of two is, and which uses do not keep to them."""

from typing import Final

import pytest
from msgspec.structs import replace

from contracts.terms import meet, narrows
from contracts.use.coverage import Breach, uncovered
from ledger.records.catalogue import VersionContent
from ledger.records.terms import FieldMasking, RowFilter, Terms
from ledger.records.use import Transfer, Usage
from tests.strategies import DIGEST

TERMS: Final = Terms(
    fields=("age", "district", "income"),
    masking=(FieldMasking(field="income", level="hashed"),),
    minimum_group=5,
    not_after="2026-12-31T00:00:00.000Z",
    not_before="2026-01-01T00:00:00.000Z",
    onward="aggregated",
    operations=("publish", "query", "read"),
    purposes=("health", "tax.audit"),
    rows=(RowFilter(column="district", prefixes=("33", "3502")),),
    storage="controlled",
    systems=("portal", "registry"),
)
USAGE: Final = Usage(
    content=VersionContent(dataset="census", sha256=DIGEST, version=1),
    ended_at="2026-05-02T00:00:00.000Z",
    events_root=DIGEST,
    fields=("age", "income"),
    masking=(FieldMasking(field="income", level="hashed"),),
    operation="query",
    purpose="health.audit",
    rows=10,
    rows_used=(RowFilter(column="district", prefixes=("3301", "3502")),),
    started_at="2026-05-01T00:00:00.000Z",
    storage="controlled",
    system="portal",
    uses=2,
)


def rows(**prefixes: str) -> tuple[RowFilter, ...]:
    """Row filters: column names, and prefixes separated by white space."""
    return tuple(
        RowFilter(column=column, prefixes=tuple(text.split())) for column, text in prefixes.items()
    )


def masked(**levels: str) -> tuple[FieldMasking, ...]:
    return tuple(FieldMasking(field=name, level=level) for name, level in levels.items())  # type: ignore[arg-type]


OPEN: Final = Terms(fields="all", operations=(), purposes="all")

MEETS: Final = [
    ("delegable", 3, 5, 3),
    ("delete_within", None, 7, 7),
    ("delete_within", 8, 7, 7),
    ("fields", "all", ("a", "b"), ("a", "b")),
    ("fields", ("a", "c"), ("b", "c"), ("c",)),
    ("fields", ("a",), ("b",), ()),
    (
        "masking",
        masked(a="partial"),
        masked(a="hashed", b="partial"),
        masked(a="hashed", b="partial"),
    ),
    ("masking", masked(a="aggregated"), masked(a="hashed"), masked(a="aggregated")),
    ("minimum_group", 1, 20, 20),
    ("not_after", None, "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"),
    (
        "not_after",
        "2027-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000Z",
    ),
    (
        "not_before",
        "2027-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000Z",
        "2027-01-01T00:00:00.000Z",
    ),
    ("not_before", None, None, None),
    ("onward", "yes", "aggregated", "aggregated"),
    ("onward", "no", "yes", "no"),
    ("operations", ("query", "read"), ("export", "read"), ("read",)),
    ("purposes", "all", ("tax",), ("tax",)),
    ("purposes", ("tax",), ("tax.audit", "taxi"), ("tax.audit",)),
    ("purposes", ("a", "b.c"), ("a-b", "a.x", "b"), ("a.x", "b.c")),
    ("purposes", ("a-b", "a.b"), ("a", "a-b"), ("a-b", "a.b")),
    ("purposes", ("health",), ("tax",), ()),
    ("rate_per_day", 10, None, 10),
    ("report_within", 1, 0, 0),
    ("rows", (), rows(city="11"), rows(city="11")),
    ("rows", rows(city="11 12"), rows(city="110 12 13"), rows(city="110 12")),
    ("rows", rows(city="11"), rows(year="2026"), rows(city="11", year="2026")),
    ("rows", rows(city="11"), rows(city="12"), rows(city="")),
    ("rows_max", 0, 5, 0),
    ("storage", "allowed", "controlled", "controlled"),
    ("storage", "none", "controlled", "none"),
    ("systems", "any", ("portal",), ("portal",)),
    ("systems", ("portal",), ("registry",), ()),
    ("uses_max", None, 4, 4),
]


@pytest.mark.parametrize(("part", "one", "other", "stricter"), MEETS)
def test_the_stricter_of_each_part(part: str, one: object, other: object, stricter: object) -> None:
    a, b = replace(OPEN, **{part: one}), replace(OPEN, **{part: other})
    assert getattr(meet(a, b), part) == stricter
    assert getattr(meet(b, a), part) == stricter
    assert narrows(a, b) == (one == stricter)
    assert narrows(b, a) == (other == stricter)


def test_every_part_is_in_the_table() -> None:
    assert {part for part, *_ in MEETS} == set(Terms.__struct_fields__)


def test_masking_of_a_field_that_may_no_longer_be_used_falls_away() -> None:
    wide = replace(OPEN, fields=("a", "b"), masking=masked(b="hashed"))
    narrow = replace(OPEN, fields=("a",))
    assert meet(wide, narrow) == narrow
    assert narrows(narrow, wide)


BREACHES: Final = [
    ("outside-window", {"started_at": "2025-12-31T23:59:59.999Z"}),
    ("outside-window", {"ended_at": "2026-12-31T00:00:00.001Z"}),
    ("purpose-not-granted", {"purpose": "healthcare"}),
    ("purpose-not-granted", {"purpose": "tax"}),
    ("field-not-granted", {"fields": ("age", "name")}),
    ("row-not-granted", {"rows_used": ()}),
    ("row-not-granted", {"rows_used": rows(year="2026")}),
    ("row-not-granted", {"rows_used": rows(district="3")}),
    ("row-not-granted", {"rows_used": rows(district="3301 350")}),
    ("row-not-granted", {"rows_used": rows(district="")}),
    ("operation-not-granted", {"operation": "verify"}),
    ("system-not-granted", {"system": None}),
    ("system-not-granted", {"system": "archive"}),
    ("minimum-group-not-kept", {"operation": "publish"}),
    ("minimum-group-not-kept", {"operation": "publish", "minimum_group": 4}),
    ("minimum-group-not-kept", {"onward": Transfer(aggregated=True), "minimum_group": 4}),
    ("masking-not-kept", {"masking": ()}),
    ("masking-not-kept", {"masking": masked(income="partial")}),
    ("masking-not-kept", {"masking": masked(age="aggregated")}),
    ("storage-not-kept", {"storage": "allowed"}),
    ("onward-transfer", {"onward": Transfer(aggregated=False), "minimum_group": 5}),
]


@pytest.mark.parametrize(("code", "change"), BREACHES)
def test_each_breach_alone(code: str, change: dict[str, object]) -> None:
    assert [breach.code for breach in uncovered(TERMS, replace(USAGE, **change), ())] == [code]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"started_at": "2026-01-01T00:00:00.000Z", "ended_at": "2026-12-31T00:00:00.000Z"},
        {"purpose": "health"},
        {"purpose": "tax.audit.local"},
        {"fields": (), "masking": ()},
        {"fields": ("age",), "masking": ()},
        {"rows_used": rows(district="33", year="2026")},
        {"rows_used": rows(district=""), "rows": 0},
        {"operation": "publish", "minimum_group": 5},
        {"minimum_group": 1},
        {"masking": masked(income="aggregated")},
        {"storage": "none"},
        {"onward": Transfer(aggregated=True), "minimum_group": 9},
    ],
)
def test_covered_uses(change: dict[str, object]) -> None:
    assert uncovered(TERMS, replace(USAGE, **change), ()) == ()


def test_all_fields_are_those_of_the_schema_granted() -> None:
    terms = replace(TERMS, fields="all")
    assert uncovered(terms, USAGE, frozenset(("age", "income", "name"))) == ()
    assert uncovered(terms, USAGE, ("age",)) == (
        Breach("field-not-granted", "income", "all of the schema version"),
    )


def test_onward_transfer_where_none_is_allowed_and_where_all_is() -> None:
    transfer = replace(USAGE, onward=Transfer(aggregated=True), minimum_group=5)
    assert uncovered(replace(TERMS, onward="no"), transfer, ()) == (
        Breach("onward-transfer", "aggregated", "no"),
    )
    transfer = replace(transfer, onward=Transfer(aggregated=False))
    assert uncovered(replace(TERMS, onward="yes"), transfer, ()) == ()


def test_breaches_come_in_one_order_and_say_measure_and_limit() -> None:
    nothing = Terms(
        fields=(),
        not_after="2026-01-01T00:00:00.000Z",
        operations=(),
        purposes=(),
        rows=rows(district=""),
        storage="none",
        systems=(),
    )
    assert uncovered(nothing, USAGE, ()) == (
        Breach(
            "outside-window",
            "2026-05-01T00:00:00.000Z/2026-05-02T00:00:00.000Z",
            "../2026-01-01T00:00:00.000Z",
        ),
        Breach("purpose-not-granted", "health.audit", "none"),
        Breach("field-not-granted", "age, income", "none"),
        Breach("row-not-granted", "district: 3301, 3502", "district: none"),
        Breach("operation-not-granted", "query", "none"),
        Breach("system-not-granted", "portal", "none"),
        Breach("storage-not-kept", "controlled", "none"),
    )


def test_long_texts_are_cut_to_what_the_state_holds() -> None:
    names = tuple(sorted(f"column_{n}" for n in range(1_024)))
    (breach,) = uncovered(replace(TERMS, masking=()), replace(USAGE, fields=names, masking=()), ())
    assert breach.limit == "age, district, income"
    assert len(breach.measure) == 256
    assert breach.measure.endswith("…")
