"""What is run, in which sizes.

The machine may be busy with other things, so nothing is compared across time: every rate is taken
between two references, or beside the rate it is compared with, several times over; the median is
told.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import network, over_http
from tests.bench.estate import Estate
from tests.bench.following import catch_up
from tests.bench.growth import grow_log, grow_state
from tests.bench.in_process import Node, copy_database, opened, prepare, submit
from tests.bench.joining import join_seconds
from tests.bench.mix import USES_PER_RIGHT, Consortium, Streams
from tests.bench.on_server import rate_over_sqlite
from tests.bench.reference import Reference
from tests.bench.settling import settle_slowdown
from tests.bench.sizes import (
    archived_bytes,
    key_bytes_memory,
    map_share,
    memory_beyond_cache,
    receipt_costs,
    start_seconds,
)

Results = dict[str, float]
EVENTS_PER_REPORT: Final = 400


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    `small` and `large` count leaves and state keys alike; `datasets` and `uses` are those of an
    estate; so many rights are `ending` at once, so many records waited for until they are final.
    """

    records: int
    reports: int
    rounds: int
    small: int
    large: int
    datasets: int
    uses: int
    ending: int
    finals: int


QUICK: Final = Sizes(
    records=4_000,
    reports=250,
    rounds=3,
    small=10_000,
    large=100_000,
    datasets=1_000,
    uses=2_000,
    ending=1_000,
    finals=20,
)
FULL: Final = Sizes(
    records=20_000,
    reports=1_000,
    rounds=5,
    small=10_000,
    large=1_000_000,
    datasets=100_000,
    uses=1_000_000,
    ending=50_000,
    finals=200,
)


def run(folder: Path, measure: Sizes) -> Results:
    """Everything, in the order in which it is told."""
    consortium = Consortium(measure.records * 18 // 20 // USES_PER_RIGHT)
    start = prepare(consortium, folder / "start.db")
    streams = consortium.mix(measure.records)
    results: Results = {"large_size": measure.large}
    _append(start, streams, measure, results)
    there = rate_over_sqlite(start, streams, measure.rounds)
    if there is not None:
        results["postgres_rate_over_sqlite"] = there
    _events(start, consortium.reports(measure.reports, EVENTS_PER_REPORT), measure, results)
    _http(start, consortium, measure, results)
    _network(start, streams, measure, results)
    _growth(start, streams, measure, results)
    _estate(start, consortium, streams, measure, results)
    results["settle_slowest_block"] = settle_slowdown(folder, measure.ending, measure.rounds)
    return results


def _append(start: Path, streams: Streams, measure: Sizes, results: Results) -> None:
    """The in-process path, each round on a database of its own."""
    ratios, references, processor = [], [], []
    for _ in range(measure.rounds):
        with opened(copy_database(start, "append.db")) as node, Reference() as reference:
            began = time.process_time()
            seconds = submit(node, streams)
            processor.append((time.process_time() - began) / measure.records)
        references.append(reference.per_s)
        ratios.append(measure.records / seconds / reference.per_s)
    results["verifications_per_s"] = median(references)
    results["append_ratio"] = median(ratios)
    results["append_cpu_us_per_record"] = median(processor) * 1e6
    results["cold_keys_per_record"] = 2 * 0.9 / USES_PER_RIGHT
    database = start.with_name("append.db")
    grown = database.stat().st_size - start.stat().st_size
    results["bytes_per_leaf_disk"] = grown / measure.records
    results |= archived_bytes(database)
    results["map_share_of_append"] = map_share(copy_database(start, "append.db"), streams)


def _events(start: Path, streams: Streams, measure: Sizes, results: Results) -> None:
    rates = []
    for _ in range(measure.rounds):
        with opened(copy_database(start, "events.db")) as node:
            rates.append(measure.reports * EVENTS_PER_REPORT / submit(node, streams))
    results["usage_events_per_s"] = median(rates)


def _http(start: Path, consortium: Consortium, measure: Sizes, results: Results) -> None:
    """Through the API; the node has a clock of its own, so records are signed when needed."""
    ratios = []
    for _ in range(measure.rounds):
        with over_http.served(copy_database(start, "http.db")) as url:
            issued_at = over_http.wall_clock(consortium.world.now)
            streams = consortium.mix(measure.records, issued_at)
            with Reference() as reference:
                seconds = over_http.submit(url, streams)
        ratios.append(measure.records / seconds / reference.per_s)
    results["batch_http_ratio"] = median(ratios)


def _network(start: Path, streams: Streams, measure: Sizes, results: Results) -> None:
    """What following takes, and what four nodes make of the time of one."""
    ahead = copy_database(start, "ahead.db")
    with opened(ahead) as node:
        submit(node, streams)
    ratios = []
    for _ in range(measure.rounds):
        behind = copy_database(start, "behind.db")
        with Reference() as reference:
            seconds = catch_up(behind, ahead)
        ratios.append(measure.records / seconds / reference.per_s)
    results["catchup_ratio"] = median(ratios)
    folder = start.with_name("network")
    half, most = network.final_receipt_ms(folder / "final", measure.finals)
    results["final_receipt_ms_p50"], results["final_receipt_ms_p95"] = half, most
    results["network_rate_over_single"] = network.rate_over_single(
        folder, measure.records // 10, measure.rounds
    )


def _growth(start: Path, streams: Streams, measure: Sizes, results: Results) -> None:
    """The same records on a small and on a large database, in turns."""
    folder = {
        name: copy_database(start, f"{name}.db")
        for name in ("small-log", "large-log", "small-state", "large-state")
    }
    grow_log(folder["small-log"], measure.small)
    grow_log(folder["large-log"], measure.large)
    grow_state(folder["small-state"], measure.small)
    grow_state(folder["large-state"], measure.large)
    pairs = (("rate_1m_leaves_over_10k", "log"), ("rate_1m_keys_over_10k", "state"))
    for name, kind in pairs:
        small, large = folder[f"small-{kind}"], folder[f"large-{kind}"]
        with opened(small) as one, opened(large) as other:
            results[name] = _relative_rate(one, other, streams, measure.rounds)
            if kind == "log":
                costs = receipt_costs(other)
                results |= costs
                _joins(one, other, start.parent, measure.rounds, results)
    results["bytes_per_key_memory"] = key_bytes_memory(folder["small-state"])


def _joins(small: Node, large: Node, folder: Path, rounds: int, results: Results) -> None:
    """The same state behind a short log and behind a long one."""
    seconds = [join_seconds(one.replica, folder, rounds) for one in (small, large)]
    results["snapshot_join_s_at_10k"], results["snapshot_join_s_at_1m"] = seconds
    results["snapshot_join_1m_over_10k"] = seconds[1] / seconds[0]


def _estate(
    start: Path, consortium: Consortium, streams: Streams, measure: Sizes, results: Results
) -> None:
    """The same records on a ledger with little in it and on one that holds an estate."""
    estate = Estate(consortium, measure.datasets)
    small, large = copy_database(start, "small.db"), copy_database(start, "estate.db")
    with opened(large) as node:
        for phase in estate.phases():
            submit(node, phase)
        for portion in estate.uses(measure.uses, node.replica.head.time):
            submit(node, portion)
        results["estate_leaves"] = node.replica.head.size
    results["start_estate_over_small"] = start_seconds(large) / start_seconds(small)
    results["memory_beyond_cache"] = memory_beyond_cache(large)
    with opened(small) as one, opened(large) as other:
        results["rate_estate_over_small"] = _relative_rate(one, other, streams, measure.rounds)


def _relative_rate(one: Node, other: Node, streams: Streams, rounds: int) -> float:
    """The rate of the second node over that of the first."""
    ratios = []
    for turn in range(rounds):
        part = [
            stream[len(stream) * turn // rounds : len(stream) * (turn + 1) // rounds]
            for stream in streams
        ]
        ratios.append(submit(one, part) / submit(other, part))
    return median(ratios)
