"""Views: tables people ask questions of. Droppable, rebuilt by replay, asked *as at* any past size.

Every row carries the sizes of the log for which it holds: from `from_size`, up to but not including
`to_size` (null: still). The views of `versioned` follow values of the state; those of `records`
follow the records themselves, and hold from their block on; `waiting` tells for whom cases wait,
`duties` what was owed by whom and became of it, `lineage` which dataset is made from which,
`parties` who is a party to which case, `steps` who moved it and why.
"""

from sqlalchemy import Connection

from contracts.replay import Block, BlockResult
from node.storage.statements import clear
from node.views import duties, lineage, parties, records, steps, versioned, waiting
from node.views.models import VIEWS


def write(connection: Connection, block: Block, result: BlockResult) -> None:
    """Add what a block changed, inside the transaction that commits it."""
    versioned.write(connection, result)
    records.write(connection, block, result)
    waiting.write(connection, result)
    parties.write(connection, result)
    duties.write(connection, result)
    lineage.write(connection, result)
    steps.write(connection, block, result)


def drop(connection: Connection) -> None:
    """Empty every view."""
    clear(connection, VIEWS)
