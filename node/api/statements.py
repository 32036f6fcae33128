"""Signing for local systems: kind and body in, the node signs and submits.

Only for callers on this machine that hold a token, for one of the writers whose keys the node has
or for all of them. Answers are those of `/v1/records`.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from fastapi import APIRouter, Depends, Request
from msgspec import MsgspecError, Raw, Struct
from msgspec.json import Decoder
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ledger.errors import FormatError
from ledger.records import Body, decode_body
from ledger.types import WriterId
from node.api.principal import EVERY_WRITER, Principal
from node.api.problems import ApiError
from node.api.records import BATCH_BYTES_MAX, BATCH_RECORDS_MAX
from node.api.requests import check_query, media_type_of, read_body
from node.api.results import error_of, respond_to_batch, respond_to_one
from node.api.service import Service, ServiceOf
from node.signer import LocalSigner
from node.signer_answers import Answer, SignerError

router = APIRouter(
    prefix="/v1/statements", tags=["statements"], dependencies=[Depends(check_query)]
)
T = TypeVar("T")


class Item(Struct, forbid_unknown_fields=True):
    """One statement to sign."""

    writer: WriterId
    kind: str
    body: Raw


class Items(Struct, forbid_unknown_fields=True):
    """Statements to sign, in order."""

    items: list[Item]


_one = Decoder(Item)
_many = Decoder(Items)


@router.post("", status_code=201)
async def sign(request: Request, service: ServiceOf) -> Response:
    """Sign and submit one statement: `{"writer", "kind", "body"}`."""
    signing = _admit(request, service)
    item = await _read(request, _one)
    (answer,) = await signing.submit([item])
    if isinstance(answer, SignerError):
        raise error_of(answer)
    return respond_to_one(service.reader, answer)


@router.post("/batch")
async def sign_batch(request: Request, service: ServiceOf) -> Response:
    """Sign and submit many: `{"items": [...]}`. Results in order, one checkpoint."""
    signing = _admit(request, service)
    items = (await _read(request, _many)).items
    if len(items) > BATCH_RECORDS_MAX:
        raise ApiError("body-too-large", f"a batch has at most {BATCH_RECORDS_MAX} records")
    answers = await signing.submit(items)
    return await run_in_threadpool(respond_to_batch, service.reader, answers)


@dataclass(frozen=True, slots=True)
class _Signing:
    """The signer, for somebody who may sign as one writer, or as every one."""

    signer: LocalSigner
    writer: str

    async def submit(self, items: Sequence[Item]) -> list[Answer]:
        """The answers, in order; nothing is signed if one item is another writer's."""
        other = next(
            (one.writer for one in items if self.writer not in (EVERY_WRITER, one.writer)), None
        )
        if other is not None:
            raise ApiError("scope-missing", f"this token signs as {self.writer}, not as {other}")
        return await self.signer.submit([(one.writer, _body(one)) for one in items])


def _admit(request: Request, service: Service) -> _Signing:
    local = service.local_signer
    if local is None:
        raise ApiError("not-found", "this node signs for nobody")
    if request.client is not None and not _is_loopback(request.client.host):
        raise ApiError("not-local", "statements are signed for callers on this machine alone")
    principal: Principal = request.scope["principal"]
    return _Signing(local, principal.writer or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _read(request: Request, decoder: Decoder[T]) -> T:
    media_type_of(request, "application/json")
    data = await read_body(request, BATCH_BYTES_MAX)
    try:
        return decoder.decode(data)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("malformed", str(error)) from error


def _body(item: Item) -> Body:
    try:
        return decode_body(item.kind, bytes(item.body))
    except FormatError as error:
        raise ApiError("malformed", str(error)) from error
