"""Act 7: the node is killed in the middle of its work, and comes back with all it had promised.

    load        the registry reports thousands of uses, one small batch after the other
    SIGKILL     no handler runs; what the node was about to answer, nobody will ever hear
    start       the node takes up its log where the last transaction ended
    load        the same client goes on: it sends what was not answered again, byte for byte

Promised is what was acknowledged with a receipt. What was in flight may or may not have been
committed; sending it again finds out, and records nothing twice.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from ledger.records import Usage
from node.client import Receipted
from scripts.demo.cast import REGISTRY
from scripts.demo.node_process import NodeProcess
from scripts.demo.sharing import Rights
from scripts.demo.stage import Department, Stage, act, expect, tell
from scripts.demo.using import (
    Pool,
    airworthiness,
    check_counters,
    report_of,
    run_queries,
    tell_answers,
)

EVENTS_MAX: Final = 4
"""Uses in a record: few, so that there are many records to lose."""
RECORDS_AT_ONCE: Final = 16
_POLL_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class Crash:
    """What the crash came to."""

    uses: int
    records: int
    acknowledged_before: tuple[Receipted, ...]
    restart_s: float


def kill_the_node_in_mid_load(stage: Stage, node: NodeProcess, pool: Pool, rights: Rights) -> Crash:
    """The whole act."""
    act("7  The node is killed in the middle of its work")
    study = airworthiness(rights)
    answers = run_queries(stage, pool, study)
    bodies = report_of(stage, study, answers, EVENTS_MAX)
    registry = stage.department(REGISTRY)
    tell_answers(study, answers, len(bodies))
    before = len(registry.receipts)
    with ThreadPoolExecutor(1, thread_name_prefix="load") as pool_of_one:
        load = pool_of_one.submit(_report, registry, bodies)
        acknowledged = _kill_amid(load, node, registry, before, len(bodies) // 3)
        tell(f"kill -9 after {len(acknowledged)} records were acknowledged, the rest under way")
        restart_s = node.start()
        _expect_all_there(stage, acknowledged)
        tell(
            f"the node is back after {restart_s:.1f} s; "
            f"of {len(acknowledged)} acknowledged records 0 are missing"
        )
        load.result()
    rows = list(stage.client.items("/v1/usage", grant=rights.airworthiness, limit=1_000))
    expect(len(rows) == len(bodies), f"{len(bodies)} reports are in the ledger, not {len(rows)}")
    check_counters(stage, study, answers)
    tell("the same client has finished its reports; nothing is recorded twice")
    return Crash(len(answers), len(bodies), acknowledged, restart_s)


def _report(registry: Department, bodies: Sequence[Usage]) -> None:
    for first in range(0, len(bodies), RECORDS_AT_ONCE):
        registry.says_all(bodies[first : first + RECORDS_AT_ONCE])


def _kill_amid(
    load: Future[None], node: NodeProcess, registry: Department, before: int, enough: int
) -> tuple[Receipted, ...]:
    """Kill the node once enough was acknowledged; returns what was."""
    while len(registry.receipts) - before < enough and not load.done():
        time.sleep(_POLL_S)
    node.kill()
    expect(not load.done(), "the node was killed while records were under way")
    return tuple(registry.receipts[before:])


def _expect_all_there(stage: Stage, acknowledged: Sequence[Receipted]) -> None:
    missing = [one for one in acknowledged if stage.client.leaf(one.index) != one.leaf]
    expect(not missing, f"no acknowledged record is missing: {[one.index for one in missing]}")
