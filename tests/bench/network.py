"""Four nodes on one machine: how long until a record is final, and what the others cost."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import httpx

from ledger.records import Record
from ledger.tiles import encode_bundle
from tests import bodies
from tests.network import ORDERER, Member, Network, eventually, witnessed_world
from tests.world import World

FOLLOWERS: Final = ("audit", "health", "transport")
BATCH_RECORDS: Final = 250


def final_receipt_ms(folder: Path, count: int) -> tuple[float, float]:
    """Median and 95th percentile of the time from submission to the final receipt, one by one."""
    with _running(folder, FOLLOWERS) as (network, orderer):
        times = []
        for record in _records(network, count):
            began = time.perf_counter()
            if not orderer.submit(record, until="final")["final"]:
                raise ValueError("it did not become final")
            times.append((time.perf_counter() - began) * 1_000)
    return median(times), quantiles(times, n=20)[-1]


def rate_over_single(folder: Path, count: int, rounds: int) -> float:
    """Records per second until all nodes hold them, over that of the orderer alone."""
    ratios = []
    for turn in range(rounds):
        alone = _seconds(folder / f"{turn}-alone", (), count)
        together = _seconds(folder / f"{turn}-together", FOLLOWERS, count)
        ratios.append(alone / together)
    return median(ratios)


def _seconds(folder: Path, followers: Sequence[str], count: int) -> float:
    with _running(folder, followers) as (network, orderer):
        records = _records(network, count)
        began = time.perf_counter()
        for start in range(0, count, BATCH_RECORDS):
            part = records[start : start + BATCH_RECORDS]
            answer = orderer.client.post(
                "/v1/records/batch?proofs=false",
                content=encode_bundle([one.envelope.encoded for one in part]),
                headers={"Content-Type": "application/octet-stream"},
                timeout=60,
            )
            answer.raise_for_status()
        if followers:
            size = orderer.size()
            eventually(lambda: orderer.witnesses()["finalSize"] >= size, 120)
        return time.perf_counter() - began


def _records(network: Network, count: int) -> list[Record]:
    sign = network.world.sign
    return [sign("health/main", bodies.schema(f"column{n}")) for n in range(count)]


@contextmanager
def _running(folder: Path, followers: Sequence[str]) -> Iterator[tuple[Network, Member]]:
    folder.mkdir(parents=True)
    # Alone it has no witnesses: with them it would wait to hear that none is ahead.
    network = Network(folder, witnessed_world() if followers else World.genesis())
    with ExitStack() as stack:
        orderer = stack.enter_context(network.node(ORDERER))
        nodes = [stack.enter_context(network.node(one)) for one in followers]
        for node in nodes:
            eventually(lambda node=node: _is_ready(node))  # type: ignore[misc]
        first = network.world.sign("health/main", bodies.schema("first"))
        orderer.submit(first, until="final" if followers else "block")
        yield network, orderer


def _is_ready(node: Member) -> bool:
    return node.client.get("/health/ready").status_code == httpx.codes.OK
