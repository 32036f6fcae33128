"""The ledger itself, single state values with proof, and writers' chain heads."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from msgspec import to_builtins
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from contracts.audit import policy_in
from contracts.values import ChainHead, Ledger, Writer
from contracts.view import held
from ledger.lexical import encode_base64
from ledger.policy import Policy
from ledger.policy_file import encode_policy
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, respond_json
from node.views.as_at import PresentState

router = APIRouter(prefix="/v1", tags=["state"], dependencies=[Depends(check_query)])
StateKey = Annotated[str, Path(min_length=1, max_length=256, pattern="^[ -~]+$")]
Name = Annotated[str, Path(max_length=63)]


@router.get("/ledger")
async def read_ledger(service: ServiceOf) -> Response:
    """Which ledger this is, how far it has come, what holds on it, its log keys as a policy.

    `clockOffsetDays` is below 0 where the node runs in the past, for an exercise.
    """
    published = service.reader.published
    head, (holds, policy) = published.head, await run_in_threadpool(_ledger, service)
    told = {
        "origin": holds.origin,
        "ledger": head.ledger,
        "size": head.size,
        "height": head.height,
        "blockTime": head.time,
        "rules": holds.rules,
        "checkpoint": published.checkpoint.decode(),
        "parameters": holds.parameters,
        "calendar": holds.calendar,
        "purposes": holds.purposes,
        "clockOffsetDays": service.clock.offset_days,
        "policy": encode_policy(policy).decode(),
    }
    return respond_json(told)


@router.get("/state/{key:path}")
async def read_state(key: StateKey, service: ServiceOf) -> Response:
    """The value under a key, or that there is none, with the proof."""
    proved = await run_in_threadpool(service.reader.state, key)
    told = {
        "key": key,
        "value": proved.value,
        "size": proved.size,
        "height": proved.height,
        "blockTime": proved.time,
        "stateRoot": proved.state_root.hex(),
        "proof": proved.proof,
        "sealLeaf": encode_base64(proved.seal_leaf),
        "sealReceipt": proved.seal_receipt.decode(),
    }
    return respond_json(told)


@router.get("/writers/{member}/{name}")
async def read_writer(member: Name, name: Name, service: ServiceOf) -> Response:
    """A writer and the head of its chain: what its next record must name."""
    told = await run_in_threadpool(_writer, service, f"{member}/{name}")
    if told is None:
        raise ApiError("not-found", f"no writer {member}/{name}")
    return respond_json(told)


def _ledger(service: Service) -> tuple[Ledger, Policy]:
    """What genesis fixed and votes have changed since; its log keys."""
    with service.replica.store.snapshot() as snapshot:
        view = PresentState(snapshot)
        holds = held(view, Ledger, "ledger")
        return holds, policy_in(view, holds.origin)


def _writer(service: Service, name: str) -> dict[str, object] | None:
    with service.replica.store.snapshot() as snapshot:
        writer = snapshot.value(f"writer/{name}")
        chain = snapshot.value(f"chain/{name}")
        stored = snapshot.head()
    if stored is None or not isinstance(writer, Writer):
        return None
    head = chain if isinstance(chain, ChainHead) else None
    described: dict[str, object] = to_builtins(writer)
    return {
        "datasets": [],
        "notAfter": None,
        "status": "active",
        **described,
        "writer": name,
        "member": name.partition("/")[0],
        "records": 0 if head is None else head.records,
        "head": None if head is None else head.head,
        "lastIndex": None if head is None else head.last_index,
        "ledger": stored.head.ledger,
        "size": stored.head.size,
    }
