"""Whether the node lives, whether it takes records, and what it measures."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from ledger.times import to_ms
from node.api.service import Service, ServiceOf
from node.metrics import Metrics
from node.storage.disk import DiskGuard
from node.tls.certificate import warned_days

router = APIRouter(tags=["health"])
BEHIND_LEAVES_MAX: Final = 2_048
"""A node that follows is ready when it lags no further behind."""


@router.get("/health/live")
async def live() -> Response:
    """The process answers. The one resource that needs no credential."""
    return PlainTextResponse("live\n")


@router.get("/health/ready")
async def ready(service: ServiceOf) -> Response:
    """The node takes records and holds the log; 503 once it has stopped to, or before it does."""
    if service.engine.failure is not None:
        return PlainTextResponse("stopped\n", 503)
    standing = service.vigilance.standing
    if standing.alarm is not None:
        return PlainTextResponse(f"alarm: {standing.alarm}\n", 503)
    published = service.replica.published
    behind = standing.size - published.head.size
    if behind > BEHIND_LEAVES_MAX or not published.checkpoint:
        return PlainTextResponse("catching up\n", 503)
    backfilling = ", backfilling" if service.replica.base else ""
    days = warned_days(service.tls.seconds_left())
    ending = "" if days is None else f"the certificate for browsers ends within {days} days\n"
    return PlainTextResponse(f"ready{backfilling}\n{ending}")


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """Counters, histograms and gauges in the text format of Prometheus."""
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def readings(service: Service, disk: DiskGuard) -> Mapping[str, float | Mapping[str, float]]:
    """What the gauges of `node.metrics` show now."""
    head, final = service.replica.published.head, service.replica.final
    witnesses = {} if service.cosigning is None else service.cosigning.standings
    joining = service.joining
    replayed = service.replica.head.size if joining is None else joining.replayed_size
    values, nodes = service.replica.state.cached_counts
    return {
        "blockpool_log_size": head.size,
        "blockpool_block_height": head.height,
        "blockpool_block_timestamp_seconds": to_ms(head.time) / 1_000,
        "blockpool_records_waiting": service.engine.waiting_count,
        "blockpool_listeners": service.listeners.count,
        "blockpool_cached_values": values,
        "blockpool_cached_nodes": nodes,
        "blockpool_disk_free_bytes": disk.free_bytes(disk.folder),
        "blockpool_disk_reserve_bytes": disk.reserve_bytes,
        "blockpool_final_size": 0 if final is None else final.size,
        "blockpool_peer_size": max(service.vigilance.standing.size, head.size),
        "blockpool_replayed_size": replayed,
        "blockpool_alarm": int(service.vigilance.is_raised()),
        "blockpool_ignored_writers": len(service.heads.ignored),
        "blockpool_certificate_seconds_left": service.tls.seconds_left(),
        "blockpool_witness_size": {member: one.size for member, one in witnesses.items()},
    }
