"""Terms of use as data. Their order (what is stricter than what) is in `contracts.terms`.

An entry offers terms as its conditions, a request asks for terms, a grant gives terms. A part that
is left out sets no limit, with two exceptions made for safety: `delegable` left out is 0 (may not
be passed on) and `onward` left out is `no`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.types import ColumnName, Count, PurposeCode, ShortText, Slug, Time

COLUMNS_MAX: Final = 1_024
DELEGATION_DEPTH_MAX: Final = 8

Operation = Literal["derive", "export", "publish", "query", "read", "train", "verify"]
Masking = Literal["partial", "hashed", "aggregated"]
"""From weak to strong; a field that is not listed is clear."""
Storage = Literal["allowed", "controlled", "none"]
Onward = Literal["yes", "aggregated", "no"]
DurationMs = Annotated[int, Meta(ge=0, le=3_155_760_000_000)]
"""A duration in milliseconds, up to a hundred years."""
Columns = Annotated[tuple[ColumnName, ...], Meta(max_length=COLUMNS_MAX)]


class RowFilter(Canonical):
    """Rows whose value in a column starts with one of the prefixes.

    Attributes:
        column: the column tested, such as a territory or period code.
        prefixes: ascending, none starting with another; none at all means no row.
    """

    column: ColumnName
    prefixes: Annotated[tuple[ShortText, ...], Meta(max_length=64)]

    def __post_init__(self) -> None:
        require_ascending("prefixes", self.prefixes)
        _require_antichain("prefixes", self.prefixes)


class FieldMasking(Canonical):
    """How one field must be masked before it is used.

    Attributes:
        field: the column.
        level: partial, hashed or aggregated.
    """

    field: ColumnName
    level: Masking


class Terms(Canonical):
    """What may be done with data, by whom on the consumer's side, for what, when, how often.

    Attributes:
        delegable: how many times the right may be passed on, 0 to 8.
        delete_within: milliseconds after the end of the right within which the data is deleted.
        fields: columns that may be used, ascending, or `all` columns of the schema version granted.
        masking: how fields must be masked, ascending by field; only fields that may be used.
        minimum_group: smallest number of subjects behind any figure that leaves the consumer.
        not_after: the right ends after this moment.
        not_before: the right starts at this moment.
        onward: whether the data may go to third parties: yes, only aggregated, no.
        operations: what may be done, ascending.
        purposes: purpose codes, ascending, none covering another; or `all`.
        rate_per_day: uses per calendar day of the ledger.
        report_within: milliseconds after a use within which it is reported.
        rows: which rows, ascending by column; every filter must hold.
        rows_max: rows that may be used in total.
        storage: whether the consumer may keep the data.
        systems: information systems that may use it, ascending, or `any`.
        uses_max: uses in total.
    """

    delegable: Annotated[int, Meta(ge=0, le=DELEGATION_DEPTH_MAX)] = 0
    delete_within: DurationMs | None = None
    fields: Literal["all"] | Columns
    masking: Annotated[tuple[FieldMasking, ...], Meta(max_length=COLUMNS_MAX)] = ()
    minimum_group: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    not_after: Time | None = None
    not_before: Time | None = None
    onward: Onward = "no"
    operations: Annotated[tuple[Operation, ...], Meta(max_length=7)]
    purposes: Literal["all"] | Annotated[tuple[PurposeCode, ...], Meta(max_length=64)]
    rate_per_day: Count | None = None
    report_within: DurationMs | None = None
    rows: Annotated[tuple[RowFilter, ...], Meta(max_length=32)] = ()
    rows_max: Count | None = None
    storage: Storage = "allowed"
    systems: Literal["any"] | Annotated[tuple[Slug, ...], Meta(max_length=64)] = "any"
    uses_max: Count | None = None

    def __post_init__(self) -> None:
        require_ascending("operations", self.operations)
        require_ascending("masking", [one.field for one in self.masking])
        require_ascending("rows", [one.column for one in self.rows])
        if self.fields != "all":
            require_ascending("fields", self.fields)
            _require_granted([one.field for one in self.masking], self.fields)
        if self.systems != "any":
            require_ascending("systems", self.systems)
        if self.purposes != "all":
            require_ascending("purposes", self.purposes)
            _require_antichain("purposes", [code + "." for code in self.purposes])


def _require_antichain(name: str, prefixes: Sequence[str]) -> None:
    """A prefix that another one covers says nothing; two spellings of one set must not exist."""
    for left, right in pairwise(sorted(prefixes)):
        if right.startswith(left):  # if anything starts with `left`, then what follows it in order
            raise ValueError(f"`{name}` lists what `{left}` covers already")


def _require_granted(masked: Sequence[str], granted: Sequence[str]) -> None:
    """Masking a field that may not be used says nothing, and is likely a misspelt name."""
    known = frozenset(granted)
    for name in masked:
        if name not in known:
            raise ValueError(f"`masking`: `{name}` is not in `fields`")
