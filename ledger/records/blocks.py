"""What a block dataset is made of: the rights it rests on, and where its columns come from."""

from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.types import ColumnName, ItemId, LongText

INPUTS_MAX: Final = 32
MAPPED_MAX: Final = 1_024
SOURCES_MAX: Final = 32
"""Columns of one input that one column of a block can be made from."""


class MappedColumn(Canonical):
    """A column of the block, and the columns of an input that it is made from.

    Attributes:
        column: the column of the block.
        sources: columns of the input, ascending.
    """

    column: ColumnName
    sources: Annotated[tuple[ColumnName, ...], Meta(min_length=1, max_length=SOURCES_MAX)]

    def __post_init__(self) -> None:
        require_ascending("sources", self.sources)


class BlockInput(Canonical):
    """One dataset that a block is made from, by the right that allows it.

    Attributes:
        columns: columns of the block made from it, ascending by column.
        grant: the right of the block's provider.
    """

    columns: Annotated[tuple[MappedColumn, ...], Meta(min_length=1, max_length=MAPPED_MAX)]
    grant: ItemId

    def __post_init__(self) -> None:
        require_ascending("columns", [one.column for one in self.columns])


class Block(Canonical):
    """A dataset derived from datasets of others. Columns made from none of them are its own.

    Attributes:
        aggregation_risk: what can be learnt from the inputs together, and what is done about it.
        inputs: 1 to 32 rights it rests on, ascending by grant.
    """

    aggregation_risk: LongText
    inputs: Annotated[tuple[BlockInput, ...], Meta(min_length=1, max_length=INPUTS_MAX)]

    def __post_init__(self) -> None:
        require_ascending("inputs", [one.grant for one in self.inputs])
