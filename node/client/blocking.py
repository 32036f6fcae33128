"""The blocking client: carries out flows with `httpx.Client`."""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

import httpx

from ledger.keys import Signer
from ledger.policy import Policy
from ledger.records import Body
from ledger.types import DigestHex, WriterId
from node.client import flows
from node.client.answers import (
    JsonObject,
    LedgerInfo,
    Problem,
    Receipted,
    RecordInfo,
    Result,
    StateInfo,
    WriterInfo,
)
from node.client.clock import MACHINE_CLOCK
from node.client.errors import ProblemError
from node.client.flows import Answer, Flow, NoAnswer, Parameter, Pause, Request, Retry
from node.client.request_ids import carried
from node.client.signed_requests import Credential
from node.client.submission import Pen, submit_all
from node.client.surroundings import TIMEOUT_S, base_of

T = TypeVar("T")


class Client:
    """A node over HTTP; see `node.client`. Close it, or use it as a context manager.

    Args:
        base_url: address of the node; a path in it is kept.
        policy: whom to believe; without one, receipts are not verified.
        ledger: digest of the genesis record; no writer signs for another ledger.
        transport: how requests travel, if not as httpx does by itself.
        tls: whom to believe over https, if not the authorities this machine trusts: see
            `node.client.pinning`.
        timeout_s: how long to wait for each step of a request; a record waits for its block.
        token: bearer token, where the node asks for one.
        request_signer: gives the key with which requests are signed once the node asks for that;
            a writer's key, say, in the place of a token.
        retry: how often and how patiently to try again.
        clock_ms: milliseconds since 1970, for `issuedAt`.
        sleep: waits for so many seconds.
    """

    def __init__(  # noqa: PLR0913  each has its default
        self,
        base_url: str,
        *,
        policy: Policy | None = None,
        ledger: DigestHex | None = None,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
        token: str | None = None,
        request_signer: Callable[[], Signer] | None = None,
        retry: Retry = Retry(),  # noqa: B008  frozen
        clock_ms: Callable[[], int] = MACHINE_CLOCK,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credential = Credential(token, request_signer)
        self._http = httpx.Client(
            base_url=base_of(base_url),
            headers=self._credential.headers,
            timeout=timeout_s,
            transport=transport,
            verify=True if tls is None else tls,
        )
        self._policy = policy
        self._ledger = ledger
        self._retry = retry
        self._clock_ms = clock_ms
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def writer(self, name: WriterId, signer: Signer) -> "Writer":
        """A writer at work; keep it, it knows its place in the chain."""
        pen = Pen(name, signer, self._clock_ms, self._policy, self._ledger, self._retry)
        return Writer(self, pen)

    def ledger(self) -> LedgerInfo:
        """Which ledger this is and how far it has come."""
        return self.run(flows.read_ledger(self._retry))

    def writer_info(self, name: WriterId) -> WriterInfo:
        """A writer and the head of its chain."""
        return self.run(flows.read_writer(name, self._retry))

    def record(self, ref: int | str) -> RecordInfo:
        """The record or seal at an index, or the record of a digest."""
        return self.run(flows.read_record(ref, self._retry))

    def leaf(self, ref: int | str) -> bytes:
        """The bytes of a leaf, as they are hashed."""
        return self.run(flows.read_bytes(flows.record_path(ref), self._retry))

    def receipt(self, ref: int | str) -> bytes:
        """The `.tlog-proof` file of a record under the latest checkpoint; not verified."""
        return self.run(flows.read_receipt(ref, self._retry))

    def state(self, key: str) -> StateInfo:
        """A state value, or its absence, with its proof; not verified."""
        return self.run(flows.read_state(key, self._retry))

    def checkpoint(self) -> bytes:
        """The latest checkpoint; not verified."""
        return self.run(flows.read_bytes("/checkpoint", self._retry))

    def tile(self, path: str) -> bytes:
        """A tile or entry bundle by its path, `tile/…`."""
        return self.run(flows.read_bytes(f"/{path}", self._retry))

    def get(self, path: str, **params: Parameter) -> JsonObject:
        """Any JSON object; parameters that are None are left out, `from_` becomes `from`."""
        return self.run(flows.read_object(path, params, self._retry))

    def pages(self, path: str, **params: Parameter) -> Iterator[JsonObject]:
        """The pages of a list, all for the size of the log the first one holds for."""
        query: dict[str, Parameter] | None = params
        while query is not None:
            page = self.get(path, **query)
            yield page
            query = flows.next_page(query, page)

    def items(self, path: str, **params: Parameter) -> Iterator[JsonObject]:
        """The rows of a list, over all its pages."""
        for page in self.pages(path, **params):
            yield from flows.page_items(page)

    def run(self, flow: Flow[T]) -> T:
        """Carry out a flow."""
        reply: Answer | NoAnswer | None = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration as done:
                result: T = done.value
                return result
            reply = self._do(step)

    def _do(self, step: Request | Pause) -> Answer | NoAnswer | None:
        if isinstance(step, Pause):
            self._sleep(step.seconds)
            return None
        credential, shown = self._credential, self._credential.signature
        answer = self._ask(step, shown)
        if isinstance(answer, Answer) and credential.must_sign(
            shown, answer.status, answer.headers
        ):
            return self._ask(step, credential.signature)
        return answer

    def _ask(self, step: Request, signature: httpx.Auth | None) -> Answer | NoAnswer:
        try:
            with self._http.stream(
                step.method,
                step.path,
                params=dict(step.params) or None,
                content=step.content or None,
                headers=flows.headers(step) | carried(),
                auth=signature,
            ) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    flows.check_length(step, len(body))
                return Answer(response.status_code, response.headers, bytes(body))
        except httpx.HTTPError as error:
            return NoAnswer(f"{type(error).__name__}: {error}")


class Writer:
    """A writer of one chain; made by `Client.writer`. Threads may share it; they take turns."""

    def __init__(self, client: Client, pen: Pen) -> None:
        self._client = client
        self._pen = pen
        self._turn = Lock()

    @property
    def name(self) -> WriterId:
        """Whose chain it is."""
        return self._pen.writer

    def submit(
        self, body: Body, *, cosigners: Sequence[Signer] = (), allow_personal: bool = False
    ) -> Receipted:
        """Sign and submit one record; wait for its block.

        Args:
            body: what it says.
            cosigners: further keys the record needs: a new key, to prove its possession.
            allow_personal: sign even what looks like an identity or phone number.

        Raises `ProblemError` if it is refused, and other `ClientError`s.
        """
        (result,) = self.submit_many([body], cosigners=cosigners, allow_personal=allow_personal)
        if isinstance(result, Problem):
            raise ProblemError(result)
        return result

    def submit_many(
        self,
        bodies: Sequence[Body],
        *,
        cosigners: Sequence[Signer] = (),
        allow_personal: bool = False,
    ) -> list[Result]:
        """Sign and submit records in this order; a refused one does not stop the others.

        Returns for each body its `Receipted`, or the `Problem` for which it was refused. Raises
        other `ClientError`s, whose `results` say what was settled.
        """
        with self._turn:
            flow = submit_all(self._pen, bodies, cosigners, allow_personal=allow_personal)
            return self._client.run(flow)
