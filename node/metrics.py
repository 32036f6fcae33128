"""What the node measures, for Prometheus at `/metrics`.

Counters and histograms are told by whoever does the work: the pipeline's answers, the engine's
blocks, the requests. Gauges are read off the running parts when somebody asks. Labels are bounded:
routes by their template, records by reason code, witnesses by their member; never a writer or an
id, of which there may be any number and which are nobody's business here.
"""

import platform
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contracts.replay import Block, BlockResult, Head
from contracts.transition import Rejected
from contracts.values import ChainHead
from ledger.envelope import Envelope
from ledger.types import Time, WriterId
from node.engine import Application
from node.pipeline import Committed, Pipeline
from node.quota import NOBODY

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
GAUGES: Final[Mapping[str, str]] = {
    "blockpool_log_size": "Leaves in the log.",
    "blockpool_block_height": "Height of the last block.",
    "blockpool_block_timestamp_seconds": "Time of the last block, seconds since 1970.",
    "blockpool_records_waiting": "Records that wait to be ordered.",
    "blockpool_listeners": "Connections that listen to events.",
    "blockpool_cached_values": "State values held in memory.",
    "blockpool_cached_nodes": "Map nodes held in memory.",
    "blockpool_disk_free_bytes": "Free space on the disk of the database.",
    "blockpool_disk_reserve_bytes": "Free space below which no record is taken.",
    "blockpool_final_size": "Leaves under the latest checkpoint with the ledger's quorum.",
    "blockpool_peer_size": "Leaves a node that follows knows of, in its own log or a peer's.",
    "blockpool_replayed_size": "Leaves the node has replayed from the first on; fewer than the log "
    "has while it stands on a snapshot.",
    "blockpool_alarm": "1 where the log is not what the rules yield and is followed no further.",
    "blockpool_ignored_writers": "Writers whose next record nodes have shown for five minutes, and "
    "the ledger does not have.",
    "blockpool_certificate_seconds_left": "Seconds until the certificate for browsers ends; +Inf "
    "where there is none.",
}
MEMBER_GAUGES: Final[Mapping[str, str]] = {
    "blockpool_witness_size": "Leaves that the member's witness has cosigned.",
}
Readings = Callable[[], Mapping[str, float | Mapping[str, float]]]
"""By name of the gauge its value, or by member one of each."""


class Metrics:
    """The measurements of one node."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._readings = _Readings(registry)
        self._requests = Counter(
            "blockpool_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "blockpool_request_seconds",
            "Time to answer a request; for events, how long somebody listened.",
            ("route",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._records = Counter(
            "blockpool_records",
            "Records answered: `accepted`, `repeated`, or the reason code of a refusal.",
            ("answer",),
            registry=registry,
        )
        self._signatures = Counter(
            "blockpool_signature_checks",
            "Records by whether a signature of a known key on them `holds` or `fails`.",
            ("result",),
            registry=registry,
        )
        self._block_records = Histogram(
            "blockpool_block_records",
            "Records decided in a block, refused ones included.",
            registry=registry,
            buckets=_RECORDS,
        )
        self._commit_seconds = Histogram(
            "blockpool_commit_seconds",
            "Time to decide, commit and publish a block.",
            registry=registry,
            buckets=_SECONDS,
        )
        Info("blockpool_build", "What is running.", registry=registry).info(
            {"version": version("blockpool"), "python": platform.python_version()}
        )

    def read_from(self, readings: Readings) -> None:
        """Take the gauges from `readings`; its keys are those of `GAUGES` and `MEMBER_GAUGES`."""
        self._readings.source = readings

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def count_answers(self, answers: Sequence[Committed | Rejected]) -> None:
        """Count what became of records."""
        counts = Tally(
            one.reason.code
            if isinstance(one, Rejected)
            else "repeated"
            if one.already
            else "accepted"
            for one in answers
        )
        for answer, count in counts.items():
            self._records.labels(answer).inc(count)

    def count_signers(self, signers: Sequence[str]) -> None:
        """Count records by whether anybody is known to have signed them."""
        failed = signers.count(NOBODY)
        self._signatures.labels("fails").inc(failed)
        self._signatures.labels("holds").inc(len(signers) - failed)

    def count_block(self, result: BlockResult, seconds: float) -> None:
        """Count a block, and how long it took."""
        self._block_records.observe(len(result.verdicts))
        self._commit_seconds.observe(seconds)


class _Readings(Collector):
    """The gauges, read when they are asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.source: Readings = dict
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        for name, value in self.source().items():
            if isinstance(value, Mapping):
                family = GaugeMetricFamily(name, MEMBER_GAUGES[name], labels=("member",))
                for member, of_member in value.items():
                    family.add_metric((member,), of_member)
                yield family
            else:
                yield GaugeMetricFamily(name, GAUGES[name], value)


class MeasuredApplication:
    """An `Application` whose blocks are counted."""

    def __init__(self, application: Application, metrics: Metrics) -> None:
        self._application = application
        self._metrics = metrics

    @property
    def head(self) -> Head:
        """As `Application.head`."""
        return self._application.head

    def apply(self, block: Block) -> BlockResult:
        """As `Application.apply`."""
        began = perf_counter()
        result = self._application.apply(block)
        self._metrics.count_block(result, perf_counter() - began)
        return result

    def has_due(self, time: Time) -> bool:
        """As `Application.has_due`."""
        return self._application.has_due(time)


class MeasuredPipeline:
    """A pipeline whose answers are counted."""

    def __init__(self, pipeline: Pipeline, metrics: Metrics) -> None:
        self._pipeline = pipeline
        self._metrics = metrics

    async def submit(self, submitted: Sequence[Envelope | bytes], /) -> list[Committed | Rejected]:
        """As `Pipeline.submit`."""
        answers = await self._pipeline.submit(submitted)
        self._metrics.count_answers(answers)
        return answers

    def chain_head(self, writer: WriterId, /) -> ChainHead | None:
        """As `Pipeline.chain_head`."""
        return self._pipeline.chain_head(writer)

    def close(self) -> None:
        """As `Pipeline.close`."""
        self._pipeline.close()
