"""Records: submit one or many, read them with receipt and outcome."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from msgspec import Raw
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from ledger.lexical import encode_base64
from ledger.types import DigestHex
from node.api.problems import ApiError
from node.api.requests import check_query, is_index, media_type_of, read_body
from node.api.results import respond_to_batch, respond_to_one
from node.api.service import Service, ServiceOf, Until, respond_json, submit
from node.reader import ReadLeaf

router = APIRouter(prefix="/v1/records", tags=["records"], dependencies=[Depends(check_query)])
RECORD_BYTES_MAX: Final = 256 * 1024
BATCH_BYTES_MAX: Final = 16 * 1024 * 1024
BATCH_RECORDS_MAX: Final = 10_000
Reference = Annotated[str, Path(max_length=64)]
_ENVELOPE_TYPES: Final = ("application/json", "application/vnd.dsse.envelope+json")
_LINES_TYPES: Final = ("application/x-ndjson", "application/jsonl", "application/json")
_FRAMES_TYPE: Final = "application/octet-stream"
_DIGEST_CHARS: Final = 64
_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
"""A digest or its beginning. What has digits alone is an index, as long as the log is so long."""


@router.post("", status_code=201)
async def submit_one(
    request: Request, service: ServiceOf, until: Annotated[Until, Query()] = "block"
) -> Response:
    """Submit one DSSE envelope; answers when its block is committed, or when it is final."""
    media_type_of(request, *_ENVELOPE_TYPES)
    body = await read_body(request, RECORD_BYTES_MAX)
    (answer,) = await submit(service, [body], until)
    return respond_to_one(service.reader, answer)


@router.post("/batch")
async def submit_batch(
    request: Request,
    service: ServiceOf,
    proofs: Annotated[bool, Query()] = True,  # noqa: FBT002  a query parameter
    until: Annotated[Until, Query()] = "block",
) -> Response:
    """Submit many: JSON lines, or entry-bundle framing. Results in order, one checkpoint."""
    media_type = media_type_of(request, *_LINES_TYPES, _FRAMES_TYPE)
    body = await read_body(request, BATCH_BYTES_MAX)
    leaves = _split_frames(body) if media_type == _FRAMES_TYPE else _split_lines(body)
    if len(leaves) > BATCH_RECORDS_MAX:  # the last line may have no end
        raise _too_many()
    answers = await submit(service, leaves, until)
    return await run_in_threadpool(respond_to_batch, service.reader, answers, with_proofs=proofs)


@router.get("/{reference}")
async def read(request: Request, reference: Reference, service: ServiceOf) -> Response:
    """One leaf, by index or record digest; as `application/octet-stream` its very bytes."""
    leaf = await _find(service, reference)
    if "application/octet-stream" in request.headers.get("accept", ""):
        return Response(leaf.leaf, media_type="application/octet-stream")
    told = {
        "index": leaf.index,
        "digest": leaf.digest,
        "kind": leaf.kind,
        "height": leaf.block.height,
        "blockTime": leaf.block.time,
        "seal" if leaf.digest is None else "envelope": Raw(leaf.leaf),
        "outcome": Raw(leaf.block.settlement if leaf.outcome is None else leaf.outcome),
    }
    return respond_json(told)


@router.get("/{reference}/receipt")
async def read_receipt(reference: Reference, service: ServiceOf) -> Response:
    """The receipt of one leaf (C2SP tlog-proof) under the latest checkpoint."""
    index = await _index_of(service, reference)
    receipt = await run_in_threadpool(service.reader.receipt, index)
    return PlainTextResponse(receipt)


@router.get("/{reference}/outcome")
async def read_outcome(reference: Reference, service: ServiceOf) -> Response:
    """What the rules made of one record, proved under the latest checkpoint."""
    leaf = await _find(service, reference)
    proved = await run_in_threadpool(service.reader.outcome, leaf)
    told = {
        "outcome": Raw(proved.outcome),
        "position": proved.position,
        "count": proved.count,
        "proof": [encode_base64(one) for one in proved.proof],
        "seal": proved.seal_index,
        "sealLeaf": encode_base64(proved.seal_leaf),
        "sealReceipt": proved.seal_receipt.decode(),
    }
    return respond_json(told)


async def _index_of(service: Service, reference: str) -> int:
    """The index of a leaf; where that is what it was named by, the leaf itself may be archived."""
    if is_index(reference) and (index := int(reference)) < service.reader.published.head.size:
        service.reader.require(index)
        return index
    return (await _find(service, reference)).index


async def _find(service: Service, reference: str) -> ReadLeaf:
    size = service.reader.published.head.size
    is_digest = _DIGEST.fullmatch(reference) is not None
    key: int | DigestHex
    if is_index(reference) and (not is_digest or int(reference) < size):
        key = int(reference)
    elif is_digest:
        key = await run_in_threadpool(_whole, service, reference)
    else:
        what = "a record is named by its index, or by its digest or the first 8 digits of that"
        raise ApiError("bad-parameter", what)
    leaf = await run_in_threadpool(service.reader.leaf, key)
    if leaf is None or leaf.index >= size:
        raise ApiError("not-found", f"no record {reference}")
    return leaf


def _whole(service: Service, start: str) -> DigestHex:
    """The digest that begins so, if there is but one."""
    if len(start) == _DIGEST_CHARS:
        return start
    digests = service.reader.digests_like(start)
    if len(digests) > 1:
        raise ApiError("bad-parameter", f"`{start}` may be {' or '.join(digests)}")
    return digests[0] if digests else start


def _split_lines(body: bytes) -> list[bytes]:
    if body.count(b"\n") > BATCH_RECORDS_MAX:
        raise _too_many()
    return [line for line in body.split(b"\n") if line.strip()]


def _split_frames(body: bytes) -> list[bytes]:
    leaves: list[bytes] = []
    start = 0
    while start < len(body):
        end = start + 2 + int.from_bytes(body[start : start + 2])
        if end > len(body):
            raise ApiError("bad-framing", f"the body ends within record {len(leaves)}")
        if len(leaves) == BATCH_RECORDS_MAX:
            raise _too_many()
        leaves.append(body[start + 2 : end])
        start = end
    return leaves


def _too_many() -> ApiError:
    return ApiError("body-too-large", f"a batch has at most {BATCH_RECORDS_MAX} records")
