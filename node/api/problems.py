"""Errors as RFC 9457 problems: one table from reason, or fault of the node, to HTTP.

`code` is permanent; for a refused record it is the reason's code and `number` its number.
"""

from collections.abc import Mapping
from http.client import UNAUTHORIZED
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.json import encode
from starlette.responses import Response

from contracts.reasons import Reason
from contracts.transition import Rejected
from node.client.signed_requests import CHALLENGE

MEDIA_TYPE: Final = "application/problem+json"
DETAIL_CHARS_MAX: Final = 1_000
_BEARER: Final = 'Bearer realm="blockpool"'
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_STATUS_OF_FAMILY: Final = {
    1: 400,
    2: 400,
    3: 422,
    4: 403,
    5: 403,
    6: 403,
    7: 409,
    8: 409,
    10: 403,
    11: 422,
    12: 403,
    13: 409,
    14: 422,
}


PROBLEMS: Final[Mapping[str, tuple[int, str]]] = {
    "bad-framing": (400, "the body is not framed as an entry bundle"),
    "bad-parameter": (400, "a part of the path, the query or a header is not what it should be"),
    "malformed": (400, "the body is not what the resource takes"),
    "malformed-request": (400, "the bytes are no HTTP request"),
    "unauthorized": (401, "a credential is needed, and this is none"),
    "signature-wrong": (401, "the request is not signed as it has to be"),
    "signature-replayed": (401, "a signed request is taken once"),
    "not-local": (403, "only this machine may ask for this"),
    "scope-missing": (403, "the credential is not for this"),
    "not-found": (404, "there is nothing here"),
    "method-not-allowed": (405, "the resource does not know this method"),
    "body-too-slow": (408, "the body took too long"),
    "body-too-large": (413, "the body has more bytes or records than are taken at once"),
    "unsupported-media-type": (415, "the resource takes no body of this type or encoding"),
    "misdirected": (421, "an open node answers to names of its own machine alone"),
    "key-not-held": (422, "the node does not hold the key of this writer"),
    "personal-data": (422, "the text looks like personal data, which never goes on the ledger"),
    "rate-limited": (429, "too many requests in a short time"),
    "queue-full": (429, "too many records wait to be ordered"),
    "signer-busy": (429, "too many statements wait to be signed"),
    "too-many-listeners": (429, "too many follow the log already"),
    "head-too-large": (431, "the head of the request has too many bytes"),
    "internal-error": (500, "a fault of the node"),
    "backfilling": (503, "the node began from a snapshot and has yet to replay what came before"),
    "catching-up": (503, "the node follows others and has nothing to show yet"),
    "no-snapshot-yet": (503, "a snapshot is being made"),
    "orderer-unreachable": (
        503,
        "the node that orders records does not answer; send the same again",
    ),
    "disk-full": (503, "the disk is nearly full; nothing was taken"),
    "stopping": (503, "the node takes no more records; the fate of those that waited is open"),
    "too-many-connections": (503, "too many are connected"),
    "unsettled": (504, "signed and submitted, but not yet known to be in the ledger"),
}
"""What a node answers besides the ledger's reasons: permanent code, HTTP status, meaning."""


class Problem(Struct, frozen=True, rename="camel"):
    """The body of an error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    number: int = 0
    retry: bool = False
    fields: tuple[str, ...] = ()


class ApiError(Exception):
    """A fault of the request or of the node, ready to be answered."""

    def __init__(
        self, code: str, detail: str, *, retry_after_s: int | None = None, needs: str = ""
    ) -> None:
        """`code` is one of `PROBLEMS`; `needs` is the scope that lacks, as RFC 6750 has it."""
        super().__init__(detail)
        status, meaning = PROBLEMS[code]
        self.problem = Problem(
            type=f"urn:blockpool:problem:{code}",
            title=meaning,
            status=status,
            detail=_shortened(detail),
            code=code,
            retry=retry_after_s is not None,
        )
        self.headers = _headers(problem=self.problem, retry_after_s=retry_after_s, needs=needs)
        self.retry_after_s = retry_after_s


def _shortened(detail: str) -> str:
    """Details quote what was sent, which may be long."""
    return detail if len(detail) <= DETAIL_CHARS_MAX else f"{detail[:DETAIL_CHARS_MAX]}…"


def status_of(reason: Reason) -> int:
    """The HTTP status of a reason for refusal."""
    return _STATUS_OF_FAMILY[reason.number // 100]


def problem_of(rejected: Rejected) -> Problem:
    """A refused record as a problem."""
    reason = rejected.reason
    return Problem(
        type=f"urn:blockpool:problem:{reason.code}",
        title=reason.meaning,
        status=status_of(reason),
        detail=_shortened(rejected.detail),
        code=reason.code,
        number=reason.number,
        retry=reason.can_retry,
        fields=rejected.fields,
    )


def respond(problem: Problem, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """The HTTP answer to a problem."""
    return Response(encode(problem), problem.status, headers, MEDIA_TYPE)


def _headers(problem: Problem, retry_after_s: int | None, needs: str) -> Mapping[str, str]:
    """The headers that go with a problem."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if problem.status == UNAUTHORIZED:
        headers |= {"WWW-Authenticate": _BEARER, "Accept-Signature": CHALLENGE}
    if needs:
        headers["WWW-Authenticate"] = f'{_BEARER}, error="insufficient_scope", scope="{needs}"'
    return headers
