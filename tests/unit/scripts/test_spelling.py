"""How people write values: what is read, and what is told where it cannot be."""

import pytest

from ledger.records.terms import FieldMasking, RowFilter, Terms
from scripts.spelling import (
    SpellingError,
    count,
    duration_ms,
    moment,
    part_of_terms,
    terms_of,
    words,
    yes_or_no,
)

BASE = Terms(fields="all", operations=("query", "read"), purposes=("health",), uses_max=5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a", ("a",)),
        (" b ,a;a；c，d、e", ("a", "b", "c", "d", "e")),
        ("two words, x", ("two words", "x")),
    ],
)
def test_words(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-31T08:00:00.1239+08:00", "2027-01-31T00:00:00.123Z"),
        ("2027-01-31T00:00:00Z", "2027-01-31T00:00:00.000Z"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T08:00"])
def test_no_moments_without_a_zone(text: str) -> None:
    with pytest.raises(SpellingError, match="names no zone"):
        moment(text)


@pytest.mark.parametrize("text", ["", "tomorrow", "31.1.2027", "2027-02-30", "2027-01-31 25:00"])
def test_no_moments(text: str) -> None:
    with pytest.raises(SpellingError, match="no date or time"):
        moment(text)


def test_counts_durations_and_flags() -> None:
    assert (count("0"), count("1_000")) == (0, 1000)
    assert (duration_ms("2h"), duration_ms("45s")) == (7_200_000, 45_000)
    assert (yes_or_no("是"), yes_or_no("No")) == (True, False)
    for read, text in ((count, "-1"), (count, "１"), (duration_ms, "2 weeks"), (yes_or_no, "?")):
        with pytest.raises(SpellingError, match=r"`.*`"):
            read(text)


def test_structured_parts() -> None:
    assert part_of_terms("rows", "period=2026, territory=12|11") == (
        RowFilter(column="period", prefixes=("2026",)),
        RowFilter(column="territory", prefixes=("11", "12")),
    )
    assert part_of_terms("masking", "b=hashed,a=partial") == (
        FieldMasking(field="a", level="partial"),
        FieldMasking(field="b", level="hashed"),
    )
    assert part_of_terms("systems", "any") == "any"


def test_terms_start_from_others() -> None:
    assert terms_of({}, BASE) == BASE
    assert terms_of({"fields": "b,a", "uses_max": ""}, BASE).fields == ("a", "b")
    assert terms_of({"uses_max": "7"}, BASE).uses_max == 7
    alone = terms_of({"fields": "all", "operations": "read", "purposes": "tax"})
    assert alone == Terms(fields="all", operations=("read",), purposes=("tax",))


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("operations", "steal"),
        ("storage", "attic"),
        ("not_after", "soon"),
        ("minimum_group", "0"),
        ("delegable", "9"),
        ("uses_max", str(2**53)),
        ("masking", "phone"),
        ("masking", "phone=blurred"),
        ("purposes", "Tax Audit"),
    ],
)
def test_a_part_that_cannot_be_is_named(part: str, text: str) -> None:
    with pytest.raises(SpellingError) as caught:
        terms_of({part: text}, BASE)
    assert part in {caught.value.member, "masking"}


def test_parts_that_contradict_one_another_are_told() -> None:
    with pytest.raises(SpellingError, match="is not in `fields`"):
        terms_of({"fields": "a", "masking": "b=hashed"}, BASE)
    with pytest.raises(SpellingError) as caught:
        terms_of({"fields": "all"})
    assert caught.value.member == "operations"
