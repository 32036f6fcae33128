"""Block datasets in a sheet: each column says from which columns of which inputs it is made.

>>> grants = [f"{n}" * 64 + "-0" for n in (1, 2)]
>>> made = [("delay", (grants[1], "dep_delay")), ("delay", (grants[0], "arr_delay"))]
>>> [one.columns[0].sources for one in block_of(made, "none").inputs]
[('arr_delay',), ('dep_delay',)]
"""

from collections.abc import Sequence

from ledger.records.blocks import Block, BlockInput, MappedColumn
from ledger.types import ColumnName, ItemId, LongText
from scripts.spelling import build, pairs, typed

Source = tuple[ItemId, ColumnName]


def made_from(text: str) -> tuple[Source, ...]:
    """The cell `made_from`: GRANT=COLUMN words. Raises `SpellingError`."""
    sources = pairs(text)
    for grant, _ in sources:
        typed(grant, ItemId)
    return tuple(sources)


def block_of(made: Sequence[tuple[ColumnName, Source]], risk: LongText) -> Block:
    """What a block is made of, from its columns and their sources."""
    sources: dict[ItemId, dict[ColumnName, set[ColumnName]]] = {}
    for column, (grant, source) in made:
        sources.setdefault(grant, {}).setdefault(column, set()).add(source)
    inputs = []
    for grant, columns in sorted(sources.items()):
        mapped = [
            build(MappedColumn, column=column, sources=tuple(sorted(names)))
            for column, names in sorted(columns.items())
        ]
        inputs.append(build(BlockInput, columns=tuple(mapped), grant=grant))
    return build(Block, aggregation_risk=risk, inputs=tuple(inputs))
