r"""Conversations with a node, without I/O.

A *flow* is a generator that yields what it wants done, a `Request` to be sent or a `Pause` to be
waited, and is sent what came of it: an `Answer`, `NoAnswer`, or nothing after a pause. All that
the client knows is in flows; the blocking and the asynchronous client only carry them out, as
`run` does here with a table in place of a network:

>>> def run(flow, answers):
...     step = next(flow)
...     while True:
...         try:
...             step = flow.send(answers.pop(0) if isinstance(step, Request) else None)
...         except StopIteration as done:
...             return done.value
>>> lost, good = NoAnswer("connection reset"), Answer(200, {}, b"log\n1\n...")
>>> run(exchange(Request("GET", "/checkpoint"), Retry()), [lost, good]).status
200

Every request of this protocol may be sent twice: reading changes nothing, and a node answers the
same record the same way however often it comes. So what got no answer, or 429 or 5xx, is sent
again, byte for byte, after a pause that doubles or is as long as the node asks.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar
from urllib.parse import quote

from msgspec import MsgspecError
from msgspec.json import Decoder

from node.client.answers import JsonObject, LedgerInfo, Problem, RecordInfo, StateInfo, WriterInfo
from node.client.errors import AnswerError, ProblemError, Unreachable
from node.client.request_ids import HEADER, is_plain

PROBLEM_TYPE: Final = "application/problem+json"
OCTETS_TYPE: Final = "application/octet-stream"
JSON_TYPE: Final = "application/json"
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""Longest answer read from a node; full batches and entry bundles stay below."""
DETAIL_CHARS_MAX: Final = 200
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500

T = TypeVar("T")
Parameter: TypeAlias = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be sent; `bytes_max` is how long its answer may be."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    content_type: str = OCTETS_TYPE
    accept: str = JSON_TYPE
    bytes_max: int = ANSWER_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Pause:
    """A time to be waited."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the node answered; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No answer came, or not all of it. The request may have been carried out."""

    detail: str


Flow: TypeAlias = Generator[Request | Pause, Answer | NoAnswer | None, T]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently to try again. Eight attempts as below take about 13 seconds."""

    attempts_max: int = 8
    pause_first_s: float = 0.1
    pause_max_s: float = 30.0

    def pause_after(self, attempt: int, reply: Answer | NoAnswer | None = None) -> Pause:
        """The pause after attempt number `attempt`, counted from 0."""
        asked_s = retry_after_s(reply.headers) if isinstance(reply, Answer) else 0.0
        grown_s = self.pause_first_s * 2.0 ** min(attempt, 32)
        return Pause(min(max(grown_s, asked_s), self.pause_max_s))


def retry_after_s(headers: Mapping[str, str]) -> float:
    """The pause that an answer asks for; 0 where it asks for none.

    >>> [retry_after_s({"retry-after": text}) for text in ("30", "-1", "9" * 7)]
    [30.0, 0.0, 0.0]
    """
    asked = headers.get("retry-after", "")
    return float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0.0


def is_passing(status: int) -> bool:
    """Whether a status says that the same request may succeed a moment later."""
    return status == TOO_MANY_REQUESTS or status >= SERVER_ERROR


def exchange(request: Request, retry: Retry) -> Flow[Answer]:
    """The answer to `request`, with status 2xx.

    Raises `ProblemError` for any other one and `Unreachable` where none came.
    """
    reply: Answer | NoAnswer | None = None
    for attempt in range(retry.attempts_max):
        if attempt:
            yield retry.pause_after(attempt - 1, reply)
        reply = yield request
        if isinstance(reply, Answer) and not is_passing(reply.status):
            break
    if not isinstance(reply, Answer):
        reason = "not tried" if reply is None else reply.detail
        raise Unreachable(f"{request.method} {request.path}: no answer ({reason})")
    if not 200 <= reply.status < 300:
        given = reply.headers.get(HEADER, "")
        raise ProblemError(problem_of(reply), given if is_plain(given) else "")
    return reply


_problem = Decoder(Problem)


def problem_of(answer: Answer) -> Problem:
    """The problem in an answer, be it a node's or that of whatever stands in between."""
    if answer.headers.get("content-type", "").partition(";")[0].strip() == PROBLEM_TYPE:
        try:
            return _problem.decode(answer.content)
        except (MsgspecError, UnicodeDecodeError):
            pass
    text = answer.content[: 4 * DETAIL_CHARS_MAX].decode("utf-8", "replace").strip()
    return Problem(
        code=f"http-{answer.status}",
        status=answer.status,
        title="the answer is not a node's",
        detail=text[:DETAIL_CHARS_MAX],
        retry=is_passing(answer.status),
    )


def read(request: Request, decoder: Decoder[T], retry: Retry) -> Flow[T]:
    """The value the node answers. Raises as `exchange`, and `AnswerError`."""
    answer = yield from exchange(request, retry)
    return decode_answer(answer.content, decoder, request.path)


def decode_answer(content: bytes, decoder: Decoder[T], path: str) -> T:
    """The value in an answer's JSON; raises `AnswerError`."""
    try:
        return decoder.decode(content)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerError(f"{path}: {error}") from error


def read_bytes(path: str, retry: Retry, accept: str = OCTETS_TYPE) -> Flow[bytes]:
    """The bytes the node serves under `path`. Raises as `exchange`."""
    answer = yield from exchange(Request("GET", path, accept=accept), retry)
    return answer.content


_object: Decoder[JsonObject] = Decoder(dict)  # msgspec cannot spell a recursive alias
_ledger = Decoder(LedgerInfo)
_writer = Decoder(WriterInfo)
_record = Decoder(RecordInfo)
_state = Decoder(StateInfo)


def read_object(path: str, params: Mapping[str, Parameter], retry: Retry) -> Flow[JsonObject]:
    """Any JSON object."""
    return read(Request("GET", path, text_params(params)), _object, retry)


def read_ledger(retry: Retry) -> Flow[LedgerInfo]:
    """Which ledger this is."""
    return read(Request("GET", "/v1/ledger"), _ledger, retry)


def read_writer(writer: str, retry: Retry) -> Flow[WriterInfo]:
    """A writer and the head of its chain."""
    return read(Request("GET", f"/v1/writers/{quote(writer)}"), _writer, retry)


def read_record(ref: int | str, retry: Retry) -> Flow[RecordInfo]:
    """The record or seal at an index, or the record of a digest."""
    return read(Request("GET", record_path(ref)), _record, retry)


def read_state(key: str, retry: Retry) -> Flow[StateInfo]:
    """A state value, or its absence."""
    return read(Request("GET", f"/v1/state/{quote(key)}"), _state, retry)


def record_path(ref: int | str) -> str:
    """Where a record is served."""
    return f"/v1/records/{quote(str(ref), safe='')}"


def text_params(params: Mapping[str, Parameter]) -> dict[str, str]:
    """Query parameters as text; those that are None are left out.

    A trailing underscore is dropped, so that `from_=…` can be written in Python.
    """
    return {
        name.removesuffix("_"): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
        if value is not None
    }


def next_page(params: Mapping[str, Parameter], page: JsonObject) -> dict[str, Parameter] | None:
    """The parameters of the page after `page`, at the same size of the log; None after the last."""
    cursor, size = page.get("next"), page.get("size")
    if cursor is None:
        return None
    if not isinstance(cursor, str) or not isinstance(size, int):
        raise AnswerError("a page has a `size`, and `next` is a cursor or null")
    return {"at": size, **params, "cursor": cursor}


def page_items(page: JsonObject) -> list[JsonObject]:
    """The rows of a page; raises `AnswerError` if it is none."""
    items = page.get("items")
    if not isinstance(items, list):
        raise AnswerError("a page has `items`")
    rows = [item for item in items if isinstance(item, dict)]
    if len(rows) != len(items):
        raise AnswerError("the items of a page are objects")
    return rows


def read_receipt(ref: int | str, retry: Retry) -> Flow[bytes]:
    """The receipt of a record under the latest checkpoint."""
    return read_bytes(f"{record_path(ref)}/receipt", retry, accept="text/plain")


def headers(request: Request) -> dict[str, str]:
    """The headers of a request."""
    accept = {"accept": f"{request.accept}, {PROBLEM_TYPE}"}
    return accept | {"content-type": request.content_type} if request.content else accept


def check_length(request: Request, length: int) -> None:
    """Raise `AnswerError` once an answer has more bytes than it may have."""
    if length > request.bytes_max:
        raise AnswerError(f"the answer has more than {request.bytes_max} bytes")
