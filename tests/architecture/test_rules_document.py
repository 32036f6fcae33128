"""The rule book says what the code does, and every number in it is shown by a test."""

import pytest

from tests.golden.citations import citations
from tests.golden.rules import DOCUMENT, numbers, rules, up_to_date


@pytest.fixture(scope="module")
def cited() -> dict[str, list[str]]:
    return citations()


def test_the_document_is_up_to_date() -> None:
    """If not: `python -m tests.golden.rules --write`."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert up_to_date(document) == document
    assert all(f"| {number} |" in document for number in numbers())


def test_every_number_has_a_test(cited: dict[str, list[str]]) -> None:
    assert sorted(numbers() - cited.keys()) == []


def test_every_citation_has_a_number(cited: dict[str, list[str]]) -> None:
    assert sorted(cited.keys() - numbers()) == []


def test_rules_are_numbered_without_gaps_in_each_family() -> None:
    families: dict[str, list[int]] = {}
    for number in rules():
        families.setdefault(number[:2], []).append(int(number[2:]))
    for found in families.values():
        assert found == list(range(1, len(found) + 1))


def test_a_part_that_is_changed_by_hand_is_seen() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert up_to_date(document.replace("Nothing is overwritten", "All is overwritten")) == document
