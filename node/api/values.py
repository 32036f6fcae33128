"""Single values of the state as at a past size or time, without proof.

The proof of a value is against the state root of the latest seal (`GET /v1/state/{key}`); what the
state was, an auditor learns by replay. Here the node says what its views remember.
"""

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from node.api.lists import At, block_at, place_of
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, respond_json
from node.api.state import StateKey
from node.client.past import is_kept
from node.views.as_at import state_at

router = APIRouter(prefix="/v1", tags=["state"], dependencies=[Depends(check_query)])


@router.get("/values/{key:path}")
async def read_value(key: StateKey, service: ServiceOf, at: At = None) -> Response:
    """The value under a key, or null; with `at` as at a past size or time, where that is kept.

    Kept are members, writers, systems, datasets, entries, versions, requests, rights, deliveries,
    cases, offices, and what votes set: `ledger`, indicators, groups, legal bases, pairings.
    """
    if at is not None and not is_kept(key):
        raise ApiError("bad-parameter", f"what `{key}` was in the past is not kept: replay the log")
    return respond_json(await run_in_threadpool(_value, service, key, at))


def _value(service: Service, key: str, at: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        value = state_at(snapshot, block.size).get(key)
    return {"key": key, "value": value, **place_of(block)}
