"""The client against a node that keeps the protocol, a bad network, and a node that lies."""

import asyncio
import inspect
import re
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

import node.client
from ledger.checkpoint import log_key
from ledger.errors import VerificationError
from ledger.policy import LogEntry, Policy
from ledger.receipt import verify_receipt
from ledger.records import parse_record
from node.client import (
    AnswerError,
    AsyncClient,
    Client,
    ClientError,
    PersonalDataError,
    Problem,
    ProblemError,
    Receipted,
    ReceiptError,
    Result,
    Retry,
    Unreachable,
    WrongLedger,
    submission,
)
from node.client.flows import ANSWER_BYTES_MAX
from scripts.error_text import explain
from tests.signers import ed25519_signer
from tests.unit.node.fake_node import (
    ITEMS,
    FakeNode,
    Fault,
    Handler,
    lost_answer,
    lost_request,
    problem,
    refusing,
    sent_twice,
)
from tests.unit.node.simulated_log import (
    LEDGER,
    POLICY,
    SIGNER,
    WRITER,
    body,
    refused_body,
)

URL = "http://node.example:8440"
NOW_MS = 1_795_425_000_000


class Naps(list[float]):
    """Remembers the pauses instead of making them."""

    async def later(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def fake() -> FakeNode:
    return FakeNode()


@pytest.fixture
def naps() -> Naps:
    return Naps()


def client_of(fake: FakeNode, naps: Naps | None = None, **options: Any) -> Client:
    naps = Naps() if naps is None else naps
    settings = {"policy": POLICY, "transport": fake.transport, "sleep": naps.append, **options}
    return Client(URL, **{"clock_ms": lambda: NOW_MS, **settings})


def codes(results: Sequence[Result | None]) -> list[str | int | None]:
    """Codes of problems, indexes of what was recorded."""
    return [
        one.code if isinstance(one, Problem) else one if one is None else one.index
        for one in results
    ]


def test_the_example_of_the_module_runs(
    fake: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"((?:^    .+\n)+)", inspect.getdoc(node.client) or "", re.MULTILINE)
    assert len(example.splitlines()) == 5
    monkeypatch.setattr(httpx, "Client", _over(fake))
    monkeypatch.chdir(tmp_path)
    names = {"policy": POLICY, "signer": SIGNER, "usage": body(1), "Path": Path}
    exec(inspect.cleandoc(example), names)  # noqa: S102  our own documentation
    receipt_bytes = (tmp_path / "use.tlog-proof").read_bytes()
    assert verify_receipt(receipt_bytes, fake.log.leaves[0], POLICY).index == 0


def _over(fake: FakeNode) -> Callable[..., httpx.Client]:
    client = httpx.Client

    def make(**options: Any) -> httpx.Client:
        return client(**{**options, "transport": fake.transport})

    return make


def test_a_record_is_signed_submitted_and_proved(fake: FakeNode) -> None:
    with client_of(fake) as client:
        writer = client.writer(WRITER, SIGNER)
        first, second = writer.submit(body(1)), writer.submit(body(2))
    assert (first.index, second.index) == (0, 1)
    assert verify_receipt(second.receipt_bytes, second.leaf, POLICY).index == 1
    record = parse_record(second.leaf)
    assert record.digest == second.digest
    assert record.chain.previous == first.digest
    assert record.chain.issued_at == "2026-11-23T09:10:00.000Z"
    assert [finding.code for finding in second.findings] == ["clock-skew"]
    reads = [request for request in fake.requests if request.method == "GET"]
    assert len(reads) == 1, "the position is kept"


def test_many_records_go_out_in_batches_by_count(
    fake: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BATCH_RECORDS_MAX", 3)
    results = client_of(fake).writer(WRITER, SIGNER).submit_many([body(n) for n in range(8)])
    assert codes(results) == list(range(8))
    assert [len(sent) for sent in fake.submissions] == [3, 3, 2]


def test_many_records_go_out_in_batches_by_bytes(
    fake: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BATCH_BYTES_MAX", 1_000)
    results = client_of(fake).writer(WRITER, SIGNER).submit_many([body(n) for n in range(6)])
    assert codes(results) == list(range(6))
    assert len(fake.submissions) > 1
    assert all(
        sum(len(envelope.encoded) for envelope in sent[:-1]) <= 1_000 for sent in fake.submissions
    )


def test_nothing_asks_nothing(fake: FakeNode) -> None:
    assert client_of(fake).writer(WRITER, SIGNER).submit_many([]) == []
    assert fake.requests == []


def test_refusals_keep_their_places_and_strand_nobody(fake: FakeNode) -> None:
    bodies = [body(0), refused_body(1), body(2), body(3), refused_body(4), body(5)]
    results = client_of(fake).writer(WRITER, SIGNER).submit_many(bodies)
    assert codes(results) == [0, "unknown-writer", 1, 2, "unknown-writer", 3]
    assert fake.log.grounds() == ["note 0", "note 2", "note 3", "note 5"]
    assert [len(sent) for sent in fake.submissions] == [6, 4, 1]


def test_a_single_refusal_is_raised_with_all_its_parts(fake: FakeNode) -> None:
    with pytest.raises(ProblemError, match="unknown-writer: about") as raised:
        client_of(fake).writer(WRITER, SIGNER).submit(refused_body(1))
    error = raised.value
    assert (error.code, error.number, error.status) == ("unknown-writer", 401, 403)
    assert (error.detail, error.retry, error.fields) == ("about unknown-writer", False, ("ground",))


def test_after_a_refusal_the_chain_goes_on_without_asking(fake: FakeNode) -> None:
    writer = client_of(fake).writer(WRITER, SIGNER)
    with pytest.raises(ProblemError):
        writer.submit(refused_body(1))
    writer.submit(body(2))
    assert [request.method for request in fake.requests] == ["GET", "POST", "POST"]


def test_what_cannot_be_signed_is_settled_without_the_node(fake: FakeNode) -> None:
    writer = client_of(fake).writer(WRITER, SIGNER)
    results = writer.submit_many([body("x" * 300), body(1), body("\ud800")])
    assert codes(results) == ["malformed", 0, "malformed"]
    assert [len(sent) for sent in fake.submissions] == [1]


def test_cosigners_sign_too(fake: FakeNode) -> None:
    cosigner = ed25519_signer(9)
    leaf = client_of(fake).writer(WRITER, SIGNER).submit(body(1), cosigners=[cosigner]).leaf
    keyids = parse_record(leaf).envelope.keyids
    assert sorted(keyids) == sorted([SIGNER.public_key.keyid, cosigner.public_key.keyid])


@pytest.mark.parametrize(
    "faults",
    [
        [lost_request],
        [lost_answer],
        [sent_twice],
        [refusing(500)],
        [refusing(502)],
        [refusing(429)],
        [lost_answer, lost_request, refusing(503, "stopping"), sent_twice],
    ],
    ids=["request-lost", "answer-lost", "twice", "500", "502", "429", "all"],
)
def test_faults_record_everything_once(fake: FakeNode, faults: list[Fault]) -> None:
    fake.faults = deque(faults)
    writer = client_of(fake).writer(WRITER, SIGNER)
    results = writer.submit_many([body(0), refused_body(1), body(2)])
    assert codes(results) == [0, "unknown-writer", 1]
    assert writer.submit(body(3)).index == 2
    assert fake.log.grounds() == ["note 0", "note 2", "note 3"]


def test_the_same_bytes_are_sent_again(fake: FakeNode) -> None:
    fake.faults = deque([lost_answer, lost_answer])
    client_of(fake, clock_ms=count(NOW_MS).__next__).writer(WRITER, SIGNER).submit(body(0))
    contents = [request.content for request in fake.requests if request.method == "POST"]
    assert contents == [contents[0]] * 3


def test_pauses_double_and_honour_retry_after(fake: FakeNode, naps: Naps) -> None:
    busy = [refusing(429), refusing(429, retry_after="7"), refusing(503), refusing(503)]
    odd = [refusing(429, retry_after="9999"), refusing(429, retry_after="soon")]
    fake.faults = deque([*busy, *odd])
    client_of(fake, naps).writer(WRITER, SIGNER).submit(body(0))
    assert naps == pytest.approx([0.1, 7.0, 0.4, 0.8, 30.0, 3.2])


def test_attempts_are_bounded(fake: FakeNode, naps: Naps) -> None:
    fake.faults = deque([lost_request] * 99)
    with pytest.raises(Unreachable, match="connection refused"):
        client_of(fake, naps, retry=Retry(attempts_max=3)).writer(WRITER, SIGNER).submit(body(0))
    assert len(naps) == 2
    assert len(fake.faults) == 96


def test_a_problem_that_does_not_pass_is_raised(fake: FakeNode) -> None:
    fake.faults = deque([refusing(429)] * 99)
    with pytest.raises(ProblemError) as raised:
        client_of(fake).writer(WRITER, SIGNER).submit(body(0))
    assert (raised.value.code, raised.value.retry) == ("queue-full", True)


def test_what_is_no_node_is_told_apart(fake: FakeNode) -> None:
    def gate(request: httpx.Request, handler: Handler) -> httpx.Response:
        return httpx.Response(403, text="<h1>Forbidden</h1>")

    fake.faults = deque([gate])
    with pytest.raises(ProblemError, match="http-403: <h1>Forbidden") as raised:
        client_of(fake).writer(WRITER, SIGNER).submit(body(0))
    assert (raised.value.number, raised.value.retry) == (0, False)


def test_after_no_answer_the_same_bodies_are_not_recorded_twice(
    fake: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "BATCH_RECORDS_MAX", 2)
    fake.faults = deque([sent_twice, lost_answer])
    patience, clock_ms = Retry(attempts_max=1), count(NOW_MS).__next__
    writer = client_of(fake, retry=patience, clock_ms=clock_ms).writer(WRITER, SIGNER)
    bodies = [body(n) for n in range(5)]
    with pytest.raises(Unreachable) as raised:
        writer.submit_many(bodies)
    assert codes(raised.value.results) == [0, 1, None, None, None]
    open_bodies = [
        one for one, result in zip(bodies, raised.value.results, strict=True) if result is None
    ]
    assert codes(writer.submit_many(open_bodies)) == [2, 3, 4]
    assert fake.log.grounds() == [f"note {n}" for n in range(5)]


def test_after_no_answer_other_bodies_start_at_the_end_of_the_chain(fake: FakeNode) -> None:
    fake.faults = deque([lost_answer])
    writer = client_of(fake, retry=Retry(attempts_max=1)).writer(WRITER, SIGNER)
    with pytest.raises(Unreachable):
        writer.submit(body(0))
    assert writer.submit(body(1)).index == 1
    assert fake.log.grounds() == ["note 0", "note 1"]


def test_two_writers_of_one_key_do_not_break_the_chain(fake: FakeNode) -> None:
    one, other = (client_of(fake).writer(WRITER, SIGNER) for _ in range(2))
    for number in range(3):
        one.submit(body(f"one {number}"))
        other.submit_many([body(f"other {number}"), refused_body(number), body(f"also {number}")])
    fake.log.check_chains()
    assert len(fake.log.grounds()) == 9


def test_a_place_taken_by_the_record_itself_is_a_success(fake: FakeNode) -> None:
    def forgetful(answer: dict[str, Any]) -> None:
        fake.tamper = None
        answer["results"][0] = {"status": 409, "problem": problem(409, "sequence-taken")}

    fake.tamper = forgetful
    receipted = client_of(fake).writer(WRITER, SIGNER).submit(body(0))
    assert receipted.index == 0
    assert verify_receipt(receipted.receipt_bytes, receipted.leaf, POLICY).index == 0
    assert len(fake.log.leaves) == 1


@pytest.mark.parametrize("spoiled", ["index", "receipt"])
def test_a_taken_place_is_not_believed_without_proof(fake: FakeNode, spoiled: str) -> None:
    def forgetful(answer: dict[str, Any]) -> None:
        answer["results"][-1] = {"status": 409, "problem": problem(409, "sequence-taken")}

    def lying(request: httpx.Request) -> httpx.Response:
        answer = fake.handle(request)
        if request.method == "GET" and request.url.path.endswith("/receipt"):
            return answer if spoiled == "index" else httpx.Response(200, content=b"nothing")
        if request.method == "GET" and "/v1/records/" in request.url.path:
            told = answer.json()
            return httpx.Response(200, json={**told, "index": told["index"] + (spoiled == "index")})
        return answer

    fake.tamper = forgetful
    with pytest.raises(ReceiptError, match="record"):
        client_of(fake, transport=httpx.MockTransport(lying)).writer(WRITER, SIGNER).submit(body(0))


def test_a_chain_that_keeps_running_away_is_given_up(fake: FakeNode, naps: Naps) -> None:
    def elsewhere(answer: dict[str, Any]) -> None:
        answer["results"][0] = {"status": 409, "problem": problem(409, "wrong-previous")}

    fake.tamper = elsewhere
    with pytest.raises(ProblemError, match="wrong-previous"):
        client_of(fake, naps, retry=Retry(attempts_max=4)).writer(WRITER, SIGNER).submit(body(0))
    assert len(naps) == 3


def test_a_record_the_node_has_no_room_for_goes_out_again_as_it_is(fake: FakeNode) -> None:
    def full(answer: dict[str, Any]) -> None:
        fake.tamper = None
        answer["results"][1:] = [
            {"status": 429, "problem": problem(429, "queue-full")} for _ in answer["results"][1:]
        ]

    fake.tamper = full
    client = client_of(fake, clock_ms=count(NOW_MS).__next__)
    results = client.writer(WRITER, SIGNER).submit_many([body(n) for n in range(3)])
    assert codes(results) == [0, 1, 2]
    first, second = fake.submissions
    assert second == first[1:]


def _flip_proof(answer: dict[str, Any]) -> None:
    answer["results"][-1]["proof"] = ["A" * 43 + "="] * len(answer["results"][-1]["proof"])


def _swap_index(answer: dict[str, Any]) -> None:
    answer["results"][-1]["index"] -= 1


def _other_digest(answer: dict[str, Any]) -> None:
    answer["results"][-1]["digest"] = "cd" * 32


def _unsigned(answer: dict[str, Any]) -> None:
    answer["checkpoint"] = answer["checkpoint"].replace("/simulated", "/simulated2")


def _no_note(answer: dict[str, Any]) -> None:
    answer["checkpoint"] = ""


def test_a_receipt_by_keys_that_the_policy_does_not_name_is_recorded_and_told(
    fake: FakeNode,
) -> None:
    (old, *_) = POLICY.logs
    others = Policy(logs=(LogEntry(log_key(old.key.name, ed25519_signer(201).public_key)),))
    with pytest.raises(ReceiptError, match="record 0") as raised:
        client_of(fake, policy=others).writer(WRITER, SIGNER).submit(body(0))
    assert len(fake.log.leaves) == 1
    told, hint = explain(raised.value)
    assert told.startswith("recorded, but not proved by your policy: record 0")
    assert hint is not None
    assert "--policy-out" in hint


@pytest.mark.parametrize("tamper", [_flip_proof, _swap_index, _other_digest, _unsigned, _no_note])
def test_a_tampered_receipt_is_refused(
    fake: FakeNode, tamper: Callable[[dict[str, Any]], None]
) -> None:
    writer = client_of(fake).writer(WRITER, SIGNER)
    writer.submit(body(0))
    fake.tamper = tamper
    with pytest.raises(ReceiptError):
        writer.submit(body(1))
    fake.tamper = None
    assert writer.submit(body(1)).index == 1
    assert len(fake.log.leaves) == 2


def test_without_a_policy_receipts_are_handed_on_unverified(fake: FakeNode) -> None:
    fake.tamper = _flip_proof
    writer = client_of(fake, policy=None).writer(WRITER, SIGNER)
    receipted = writer.submit_many([body(0), body(1)])[1]
    assert isinstance(receipted, Receipted)
    with pytest.raises(VerificationError):
        verify_receipt(receipted.receipt_bytes, receipted.leaf, POLICY)


def _fewer(answer: dict[str, Any]) -> None:
    del answer["results"][0]


def _no_proof(answer: dict[str, Any]) -> None:
    del answer["results"][0]["proof"]


def _no_place(answer: dict[str, Any]) -> None:
    del answer["results"][0]["height"]


def _text_for_number(answer: dict[str, Any]) -> None:
    answer["results"][0]["index"] = "0"


@pytest.mark.parametrize("tamper", [_fewer, _no_proof, _no_place, _text_for_number])
def test_an_answer_outside_the_protocol_is_refused(
    fake: FakeNode, tamper: Callable[[dict[str, Any]], None]
) -> None:
    fake.tamper = tamper
    with pytest.raises(AnswerError):
        client_of(fake).writer(WRITER, SIGNER).submit(body(0))


def test_an_endless_answer_is_cut(fake: FakeNode) -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_Zeroes(ANSWER_BYTES_MAX))

    with (
        Client(URL, transport=httpx.MockTransport(endless)) as client,
        pytest.raises(AnswerError, match="more than"),
    ):
        client.checkpoint()


class _Zeroes(httpx.SyncByteStream):
    def __init__(self, length: int) -> None:
        self.left = length

    def __iter__(self) -> "_Zeroes":
        return self

    def __next__(self) -> bytes:
        self.left -= 1 << 20
        if self.left < -(1 << 22):
            raise AssertionError("read on beyond the limit")
        return bytes(1 << 20)


def test_a_pinned_ledger_is_the_only_one_signed_for(fake: FakeNode) -> None:
    assert client_of(fake, ledger=LEDGER).writer(WRITER, SIGNER).submit(body(0)).index == 0
    with pytest.raises(WrongLedger):
        client_of(fake, ledger="cd" * 32).writer(WRITER, SIGNER).submit(body(1))
    assert len(fake.submissions) == 1


def test_a_writer_does_not_follow_a_node_to_another_ledger(fake: FakeNode) -> None:
    writer = client_of(fake, retry=Retry(attempts_max=1)).writer(WRITER, SIGNER)
    writer.submit(body(0))
    fake.ledger = "cd" * 32
    fake.faults = deque([lost_request])
    with pytest.raises(Unreachable):
        writer.submit(body(1))
    with pytest.raises(WrongLedger):
        writer.submit(body(2))


def test_personal_numbers_are_not_sent_unless_allowed(fake: FakeNode) -> None:
    writer = client_of(fake).writer(WRITER, SIGNER)
    with pytest.raises(PersonalDataError, match=r"personal-data: ground \(mobile number\)") as seen:
        writer.submit_many([body(1), body("call 13800138000")])
    assert (seen.value.code, seen.value.fields) == ("personal-data", ("ground",))
    assert fake.requests == []
    writer.submit(body("call 13800138000"), allow_personal=True)
    assert fake.log.grounds() == ["note call 13800138000"]


def test_threads_take_turns(fake: FakeNode) -> None:
    writer = client_of(fake).writer(WRITER, SIGNER)
    with ThreadPoolExecutor(8) as pool:
        indexes = list(pool.map(lambda n: writer.submit(body(n)).index, range(40)))
    assert sorted(indexes) == list(range(40))
    assert len(fake.submissions) == 40, "nobody was refused and signed again"


def test_an_unknown_writer_is_a_problem(fake: FakeNode) -> None:
    with pytest.raises(ProblemError, match="not-found"):
        client_of(fake).writer("tax/main", SIGNER).submit(body(0))


def test_reading(fake: FakeNode) -> None:
    with client_of(fake, token="secret") as client:
        receipted = client.writer(WRITER, SIGNER).submit(body(0))
        assert client.ledger().ledger == LEDGER
        assert client.writer_info(WRITER).records == 1
        assert client.record(receipted.digest).index == 0
        assert verify_receipt(client.receipt(receipted.digest), receipted.leaf, POLICY).index == 0
        assert client.checkpoint() == fake.log.checkpoint_note
        with pytest.raises(ProblemError, match="not-found"):
            client.tile("tile/0/000")
    assert {request.headers["authorization"] for request in fake.requests} == {"Bearer secret"}


def test_pages_hold_for_one_size(fake: FakeNode) -> None:
    client = client_of(fake)
    assert list(client.items("/v1/datasets", provider=None, flag=True)) == ITEMS
    queries = [str(request.url.params) for request in fake.requests]
    assert queries == ["flag=true", "at=9&flag=true&cursor=2", "at=9&flag=true&cursor=4"]
    assert [page["size"] for page in client.pages("/v1/datasets", at=5, limit=3)] == [5, 5]


@pytest.mark.parametrize(
    "page", [{}, {"items": 1}, {"items": [1]}, {"items": [], "next": 1, "size": 1}]
)
def test_what_is_no_page_is_refused(page: dict[str, object]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=page))
    with Client(URL, transport=transport) as client, pytest.raises(AnswerError):
        list(client.items("/v1/datasets"))


def test_what_is_in_a_path_stays_in_it(fake: FakeNode) -> None:
    client = client_of(fake)
    for read in (client.record, client.state, client.receipt):
        with pytest.raises(ProblemError):
            read("a?b#c/../d e")
    assert [request.url.query for request in fake.requests] == [b"", b"", b""]


@pytest.mark.parametrize(
    "url", ["node.example", "ftp://node.example", "http://", "http://x:port", ""]
)
def test_an_address_is_checked(url: str) -> None:
    with pytest.raises(ClientError, match="address"):
        Client(url)


# The asynchronous client shares every flow; what it does itself is carry them out.


def async_client_of(fake: FakeNode, naps: Naps | None = None, **options: Any) -> AsyncClient:
    naps = Naps() if naps is None else naps
    settings = {"policy": POLICY, "transport": fake.transport, "sleep": naps.later, **options}
    return AsyncClient(URL, clock_ms=lambda: NOW_MS, **settings)


async def test_tasks_take_turns(fake: FakeNode, naps: Naps) -> None:
    fake.faults = deque([lost_request, lost_answer, refusing(429, retry_after="3"), sent_twice])
    async with async_client_of(fake, naps) as client:
        writer = client.writer(WRITER, SIGNER)
        results = await asyncio.gather(*(writer.submit(body(n)) for n in range(10)))
    assert sorted(one.index for one in results) == list(range(10))
    assert naps == pytest.approx([0.1, 0.2, 3.0])


async def test_refusals_strand_nobody_asynchronously(fake: FakeNode) -> None:
    async with async_client_of(fake) as client:
        writer = client.writer(WRITER, SIGNER)
        results = await writer.submit_many([body(0), refused_body(1), body(2)])
        assert codes(results) == [0, "unknown-writer", 1]
        with pytest.raises(ProblemError):
            await writer.submit(refused_body(3))


async def test_a_cancelled_submission_is_not_recorded_twice(fake: FakeNode) -> None:
    started = asyncio.Event()

    async def carried_out_but_never_answered(request: httpx.Request) -> httpx.Response:
        answer = fake.handle(request)
        if request.method == "POST" and not started.is_set():
            started.set()
            await asyncio.Event().wait()
        return answer

    transport = httpx.MockTransport(carried_out_but_never_answered)
    async with async_client_of(fake, transport=transport) as client:
        writer = client.writer(WRITER, SIGNER)
        task = asyncio.create_task(writer.submit(body(0)))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await writer.submit(body(0))).index == 0
    assert len(fake.log.leaves) == 1


async def test_reading_asynchronously(fake: FakeNode) -> None:
    async with async_client_of(fake) as client:
        receipted = await client.writer(WRITER, SIGNER).submit(body(0))
        assert (await client.ledger()).ledger == LEDGER
        assert (await client.writer_info(WRITER)).records == 1
        assert (await client.record(receipted.digest)).index == 0
        receipt_bytes = await client.receipt(receipted.digest)
        assert verify_receipt(receipt_bytes, receipted.leaf, POLICY).index == 0
        assert await client.checkpoint() == fake.log.checkpoint_note
        assert [item async for item in client.items("/v1/datasets")] == ITEMS
        for read in (client.tile, client.state, client.leaf):
            with pytest.raises(ProblemError, match="not-found"):
                await read("nowhere")


def test_both_clients_offer_the_same() -> None:
    def offered(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert offered(Client) == offered(AsyncClient)
    assert offered(node.client.Writer) == offered(node.client.AsyncWriter)
