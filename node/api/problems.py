"""Errors as RFC 9457 problems: one table from reason, or fault of the node, to HTTP.

`code` is permanent; for a refused record it is the reason's code and `number` its number.
"""

from typing import Final

from msgspec import Struct
from msgspec.json import encode
from starlette.responses import Response

from contracts.reasons import Reason
from contracts.transition import Rejected

MEDIA_TYPE: Final = "application/problem+json"
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
        self, status: int, code: str, detail: str, *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(
            type=f"urn:blockpool:problem:{code}",
            title=code.replace("-", " "),
            status=status,
            detail=detail,
            code=code,
            retry=retry_after_s is not None,
        )
        self.retry_after_s = retry_after_s


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
        detail=rejected.detail,
        code=reason.code,
        number=reason.number,
        retry=reason.can_retry,
        fields=rejected.fields,
    )


def respond(problem: Problem, retry_after_s: int | None = None) -> Response:
    """The HTTP answer to a problem."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Response(encode(problem), problem.status, headers, MEDIA_TYPE)
