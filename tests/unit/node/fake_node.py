"""The HTTP side of a node over a simulated log, and the faults a network and a bad node have."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from contracts.reasons import Reason
from ledger.envelope import Envelope, parse_envelope
from ledger.lexical import encode_base64
from ledger.receipt import Receipt, encode_receipt
from ledger.types import DigestHex
from tests.unit.node.simulated_log import LEDGER, ORIGIN, TIME, SimulatedLog

Handler = Callable[[], httpx.Response]
Fault = Callable[[httpx.Request, Handler], httpx.Response]
ITEMS: Final = [{"dataset": f"d{number}"} for number in range(5)]


def problem(status: int, code: str, *, retry: bool = False, number: int = 0) -> dict[str, object]:
    return {
        "type": f"urn:blockpool:problem:{code}",
        "title": code,
        "status": status,
        "detail": f"about {code}",
        "code": code,
        "number": number,
        "retry": retry,
        "fields": ["ground"],
    }


def problem_response(
    status: int, code: str, headers: dict[str, str] | None = None, *, retry: bool = False
) -> httpx.Response:
    typed = {"content-type": "application/problem+json", **(headers or {})}
    return httpx.Response(status, json=problem(status, code, retry=retry), headers=typed)


def lost_request(request: httpx.Request, handler: Handler) -> httpx.Response:
    """The request never arrives."""
    raise httpx.ConnectError("connection refused", request=request)


def lost_answer(request: httpx.Request, handler: Handler) -> httpx.Response:
    """The request is carried out, the answer is lost."""
    handler()
    raise httpx.ReadTimeout("timed out", request=request)


def sent_twice(request: httpx.Request, handler: Handler) -> httpx.Response:
    """Something in between delivers the request twice."""
    handler()
    return handler()


def refusing(status: int, code: str = "queue-full", retry_after: str | None = None) -> Fault:
    headers = {} if retry_after is None else {"retry-after": retry_after}

    def refuse(request: httpx.Request, handler: Handler) -> httpx.Response:
        return problem_response(status, code, headers, retry=True)

    return refuse


@dataclass
class FakeNode:
    """Answers as `node/api` does. `faults` are used up one per request for submission."""

    log: SimulatedLog = field(default_factory=SimulatedLog)
    faults: deque[Fault] = field(default_factory=deque)
    tamper: Callable[[dict[str, Any]], None] | None = None
    ledger: DigestHex = LEDGER
    requests: list[httpx.Request] = field(default_factory=list)
    submissions: list[list[Envelope]] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if path == "/v1/records/batch":
            fault = self.faults.popleft() if self.faults else None
            if fault is not None:
                return fault(request, lambda: self._batch(request.content))
            return self._batch(request.content)
        if path.startswith("/v1/writers/"):
            return self._writer(path.removeprefix("/v1/writers/"))
        if path.startswith("/v1/records/"):
            return self._record(path.removeprefix("/v1/records/"))
        if path == "/v1/datasets":
            return self._page(request.url.params)
        if path == "/v1/ledger":
            return httpx.Response(200, json=self._ledger())
        if path == "/checkpoint":
            return httpx.Response(200, content=self.log.checkpoint_note)
        return problem_response(404, "not-found")

    def _batch(self, content: bytes) -> httpx.Response:
        envelopes = [parse_envelope(leaf) for leaf in _entries(content)]
        self.submissions.append(envelopes)
        outcomes = [self.log.append(envelope) for envelope in envelopes]
        results = [self._result(outcome) for outcome in outcomes]
        answer: dict[str, Any] = {
            "results": results,
            "checkpoint": self.log.checkpoint_note.decode(),
        }
        if self.tamper is not None:
            self.tamper(answer)
        return httpx.Response(200, json=answer)

    def _result(self, outcome: tuple[int, bool] | Reason) -> dict[str, object]:
        if isinstance(outcome, Reason):
            status = 409 if outcome.number in (701, 801) else 403
            told = problem(status, outcome.code, retry=outcome.can_retry, number=outcome.number)
            return {"status": status, "problem": told}
        index, already = outcome
        return {
            "status": 200 if already else 201,
            "index": index,
            "digest": self.log.records[index].digest,
            "height": index + 1,
            "blockTime": TIME,
            "findings": [{"case": "ab" * 32, "code": "clock-skew"}],
            "proof": [encode_base64(sibling) for sibling in self.log.proof(index)],
        }

    def _writer(self, name: str) -> httpx.Response:
        if name not in self.log.keys:
            return problem_response(404, "not-found")
        head = self.log.heads.get(name)
        return httpx.Response(
            200,
            json={
                "writer": name,
                "member": name.partition("/")[0],
                "records": 0 if head is None else head.records,
                "head": None if head is None else head.head,
                "lastIndex": None if head is None else head.last_index,
                "ledger": self.ledger,
                "size": len(self.log.leaves),
            },
        )

    def _record(self, ref: str) -> httpx.Response:
        digest, _, rest = ref.partition("/")
        index = self.log.places.get(digest)
        if index is None:
            return problem_response(404, "not-found")
        if rest == "receipt":
            note = self.log.checkpoint_note
            receipt = Receipt(index, tuple(self.log.proof(index)), note)
            return httpx.Response(200, content=encode_receipt(receipt))
        return httpx.Response(
            200,
            json={
                "index": index,
                "digest": digest,
                "kind": self.log.records[index].kind,
                "height": index + 1,
                "blockTime": TIME,
                "envelope": {},
                "outcome": {"changed": [], "findings": []},
            },
        )

    def _page(self, params: httpx.QueryParams) -> httpx.Response:
        start, limit = int(params.get("cursor", "0")), int(params.get("limit", "2"))
        end = start + limit
        return httpx.Response(
            200,
            json={
                "items": ITEMS[start:end],
                "next": str(end) if end < len(ITEMS) else None,
                "size": int(params.get("at", "9")),
                "height": 3,
                "blockTime": TIME,
            },
        )

    def _ledger(self) -> dict[str, object]:
        return {
            "origin": ORIGIN,
            "ledger": self.ledger,
            "size": len(self.log.leaves),
            "height": 0,
            "blockTime": TIME,
            "rules": 1,
            "checkpoint": self.log.checkpoint_note.decode(),
        }


def _entries(content: bytes) -> list[bytes]:
    entries = []
    while content:
        end = 2 + int.from_bytes(content[:2])
        entries.append(content[2:end])
        content = content[end:]
    return entries
