"""Many rights that end at the same instant: what their settlement makes of the time of blocks.

Under each of them a disposal is owed, which nobody states: so each is a deadline that passes, a
case that moves and a finding that is raised. Meanwhile the log goes on, in blocks as full as ever.
"""

import gc
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Final

from msgspec.structs import replace

from contracts.replay import Block
from ledger.records import parse_record
from ledger.records.genesis import Parameters
from ledger.records.sharing import RIGHTS_MAX
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import Time
from node.replica import Replica
from node.storage.database import open_database
from node.storage.store import SqlStore
from tests import bodies
from tests.bench.in_process import copy_database, prepare
from tests.bench.mix import CYCLE_RECORDS, Consortium
from tests.log_files import log_signers
from tests.world import ORIGIN, START

BLOCK_RECORDS: Final = 500
ORDINARY_BLOCKS: Final = 20
FULL_BLOCKS: Final = 60
_RIGHTS: Final = 1_000
"""Rights that do not end, for the use that is reported meanwhile."""


def settle_slowdown(folder: Path, ending: int, rounds: int) -> float:
    """The longest block in which deadlines are settled, over the median of those before it.

    The time of a block is the least of several rounds, which do the same work block by block.
    """
    parameters = Parameters(disposal_days=1)
    consortium = Consortium(_RIGHTS, parameters)
    last = from_ms(to_ms(START) + DAY_MS)
    for _ in range(-(-ending // RIGHTS_MAX)):
        consortium.grant(replace(bodies.TERMS, delete_within=DAY_MS, not_after=last))
    (due,) = {key.split("/")[1] for key in consortium.world.state.keys("due/")}
    settling = -(-ending // parameters.settlements_per_block)
    load = _load(consortium, due, settling)
    start = prepare(consortium, folder / "settling.db")
    runs = [_run(start, load) for _ in range(rounds)]
    seconds: list[float] = [min(times) for times in zip(*runs, strict=True)]
    return max(seconds[ORDINARY_BLOCKS:]) / median(seconds[:ORDINARY_BLOCKS])


def _load(consortium: Consortium, due: Time, settling: int) -> list[Block]:
    """Blocks, a millisecond apart: `ORDINARY_BLOCKS`, then those that settle, some empty."""
    full = ORDINARY_BLOCKS + min(settling, FULL_BLOCKS)
    count = -(-full * BLOCK_RECORDS // CYCLE_RECORDS) * CYCLE_RECORDS
    leaves = [*chain.from_iterable(consortium.mix(count, due))]
    blocks = []
    for n in range(ORDINARY_BLOCKS + settling):
        part = leaves[n * BLOCK_RECORDS : (n + 1) * BLOCK_RECORDS] if n < full else []
        at = from_ms(to_ms(due) - ORDINARY_BLOCKS + n)
        blocks.append(Block(at, "steward", [*map(parse_record, part)]))
    return blocks


def _run(start: Path, load: Sequence[Block]) -> list[float]:
    """Seconds for each block. The signatures of the load are verified elsewhere, as in a node."""
    store = SqlStore(open_database(copy_database(start, "settled.db")))
    replica = Replica(store, ORIGIN, log_signers(), verify=lambda _envelope, _key: None)
    seconds = []
    gc.freeze()  # a node does not hold the records of the blocks to come
    for n, block in enumerate(load):
        began = time.perf_counter()
        result = replica.apply(block)
        seconds.append(time.perf_counter() - began)
        if bool(result.settlement.findings) is not (n >= ORDINARY_BLOCKS):
            raise ValueError("the deadlines did not pass when they should")
    gc.unfreeze()
    replica.close()
    store.engine.dispose()
    return seconds
