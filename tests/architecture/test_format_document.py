"""FORMAT.md says what the code does, and says it about everything."""

import re
from typing import Final

import pytest

from ledger.canonical import Canonical
from ledger.records import KINDS
from tests.architecture.test_canonical_structs import STRUCTS
from tests.golden.format import DOCUMENT, described, up_to_date

TEXT: Final = DOCUMENT.read_text(encoding="utf-8")
HEADINGS: Final = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)


def test_the_document_is_up_to_date() -> None:
    """If not: `python -m tests.golden.format --write`."""
    assert up_to_date(TEXT) == TEXT


def test_a_table_that_is_changed_by_hand_is_seen() -> None:
    altered = TEXT.replace("| `sequence` | Count | required |", "| `sequence` | Count | `0` |")
    assert altered != TEXT
    assert up_to_date(altered) == TEXT


def test_prose_is_left_alone() -> None:
    altered = TEXT.replace("MUST be", "must be")
    assert up_to_date(altered) == altered


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_struct_has_one_table(struct: type[Canonical]) -> None:
    """Those of an envelope stand in its text."""
    count = HEADINGS.count(struct.__name__)
    in_text = struct.__name__ in ("_Wire", "Signature")
    assert count == (0 if in_text else 1)
    assert (struct in described()) is not in_text


def test_every_link_within_the_document_leads_somewhere() -> None:
    anchors = [
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in HEADINGS
    ]
    links = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert set(links) <= set(anchors)


def test_every_kind_has_its_subjects() -> None:
    section = TEXT[TEXT.index("### 6.2 Subjects") : TEXT.index("### 6.3 Ids")]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(named) == sorted(kind.name for kind in KINDS.values())
