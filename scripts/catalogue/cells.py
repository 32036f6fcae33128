"""How each cell of a sheet is read: by the type of the member it becomes."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import fields as struct_fields

from ledger.records.blocks import Block
from ledger.records.catalogue import (
    Assessments,
    Classification,
    Column,
    Entry,
    LegalBasis,
    Mode,
    Responsible,
)
from ledger.records.terms import Terms
from ledger.types import DatasetId, DigestHex, MemberId
from scripts.catalogue.blocks import made_from
from scripts.catalogue.sheet import CELL_OF_NAME, Row
from scripts.spelling import (
    TERMS_PARTS,
    SpellingError,
    build,
    count,
    pairs,
    typed,
    words,
    yes_or_no,
)
from scripts.zone import MOMENTS_OF_TERMS, Zone

_MOMENTS: Final = {**MOMENTS_OF_TERMS, "as_of": Zone.start, "campaign_end": Zone.end}
_WIDEST: Final = {"fields": "all", "operations": ("read",), "purposes": "all"}
"""Terms that set no limit: what is wrong with one part of terms shows beside them."""
_DEFAULTS: Final = {"fields": "all", "mode": "file", "nullable": "no", "personal": "none"}


def read_cell(name: str, text: str, kind: Row, zone: Zone) -> object:
    """The value of the cell `name` in a row of that kind; None if it is empty and may be.

    Raises `SpellingError`, or `ValueError` for a value that a record could not hold.
    """
    written = text or _DEFAULTS.get(name, "")
    if written and name in _MOMENTS:
        return _MOMENTS[name](zone, written)
    if written:
        value = _READERS[name](written)
        if name in TERMS_PARTS:
            build(Terms, **{**_WIDEST, name: value})
        return value
    if kind in CELL_OF_NAME[name].needed:
        raise SpellingError(f"is needed: {CELL_OF_NAME[name].help}")
    return None


def _typed_as(kind: object) -> Callable[[str], object]:
    return lambda text: typed(text, kind)


def _members_of(struct: type[Struct], **names: str) -> dict[str, Callable[[str], object]]:
    """Readers for cells that hold a member of `struct` as it is."""
    types = {one.name: one.type for one in struct_fields(struct)}
    return {cell: _typed_as(_without_none(types[member])) for cell, member in names.items()}


def _without_none(kind: object) -> object:
    """The type of an optional member that is there."""
    options = [one for one in getattr(kind, "__args__", ()) if one is not type(None)]
    is_optional = type(None) in getattr(kind, "__args__", ())
    return options[0] if is_optional and len(options) == 1 else kind


def _responsible(text: str) -> Responsible:
    stages = {one.name for one in struct_fields(Responsible)}
    for stage, member in pairs(text):
        if stage not in stages:
            raise SpellingError(f"`{stage}` is none of {', '.join(sorted(stages))}")
        typed(member, MemberId)
    return Responsible(**dict(pairs(text)))


def _members(text: str) -> tuple[str, ...]:
    for member in words(text):
        typed(member, MemberId)
    return words(text)


CELLS_OF_ENTRY: Final = (
    "co_providers",
    "code",
    "collector",
    "contact",
    "dataset",
    "demand",
    "frequency",
    "joint_rule",
    "openness",
    "sharing",
    "source",
    "summary",
    "system",
    "territory",
    "title",
)
"""Cells of a table row that are members of the entry under the same name."""
CELLS_OF_COLUMN: Final = {
    "column": "name",
    "nullable": "nullable",
    "personal": "personal",
    "standard": "standard",
    "summary": "description",
    "title": "title",
    "type": "type",
    "unit": "unit",
}
"""Cells of a column row, and the members of the column they become."""
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    **TERMS_PARTS,
    **_members_of(Entry, **{name: name for name in CELLS_OF_ENTRY}),
    **_members_of(Column, **CELLS_OF_COLUMN),
    **_members_of(Block, aggregation_risk="aggregation_risk"),
    **_members_of(Classification, category="category", level="level"),
    **_members_of(LegalBasis, basis="reference", basis_code="code", basis_kind="kind"),
    **_members_of(Mode, mode="kind", endpoint="endpoint", endpoint_version="version"),
    **_members_of(Assessments, necessity="necessity"),
    "bytes": count,
    "co_providers": _members,
    "dataset": _typed_as(DatasetId),
    "made_from": made_from,
    "nullable": yes_or_no,
    "responsible": _responsible,
    "row_count": count,
    "sha256": _typed_as(DigestHex),
}
CELLS_OF_TABLE: Final = (
    *CELLS_OF_ENTRY,
    "aggregation_risk",
    "basis",
    "basis_code",
    "basis_kind",
    "campaign_end",
    "category",
    "endpoint",
    "endpoint_version",
    "level",
    "mode",
    "necessity",
    "responsible",
)
"""Cells of a table row, but for the terms, the contents and the assessments."""
