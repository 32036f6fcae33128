"""Signing for local systems: crowded chains, refusals, silence, crashes at every step."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.transition import Rejected
from ledger.envelope import Envelope
from ledger.errors import FormatError
from ledger.records import Body, WriterEnd, decode_body
from ledger.types import DigestHex
from node.client.chain import Signed
from node.client.flows import Retry
from node.client.personal import PersonalNumberRule
from node.outbox import Outbox, OutboxError
from node.pipeline import Committed
from node.signer import LocalSigner
from node.signer_answers import (
    Answer,
    NotHeld,
    PersonalData,
    SignerBusy,
    SignerLimits,
    Unsettled,
)
from tests.signers import ed25519_signer
from tests.unit.node.simulated_log import (
    LEDGER,
    REFUSED,
    SIGNER,
    WRITER,
    SimulatedLog,
    body,
    refused_body,
)
from tests.unit.node.simulated_pipeline import NOW_MS, Crash, SimulatedPipeline

OTHER = "health/second"
KEYS = {WRITER: SIGNER, OTHER: ed25519_signer(2)}
QUICK = SignerLimits(retry=Retry(attempts_max=3))


class Frail(Outbox):
    """An outbox that can crash before or after an exchange, or fail at one; and remembers."""

    def __init__(self, path: Path = Path(":memory:")) -> None:
        super().__init__(path)
        self.faults: deque[str] = deque()
        self.is_down = False
        self.written: list[Body] = []

    def exchange(self, answered: Iterable[DigestHex], signed: Sequence[Signed]) -> None:
        fault = self.faults.popleft() if self.faults else ""
        self._fail_if(crash=self.is_down or fault == "crash before", full=fault == "full")
        super().exchange(answered, signed)
        self.written += [one.body for one in signed]
        self._fail_if(crash=fault == "crash after", full=False)

    def _fail_if(self, *, crash: bool, full: bool) -> None:
        if crash:
            self.is_down = True
            raise Crash
        if full:
            raise OutboxError("database or disk is full")


def new_log() -> SimulatedLog:
    return SimulatedLog(keys={writer: key.public_key for writer, key in KEYS.items()})


class Node:
    """A signer, its outbox and its pipeline; `async with` starts and stops the signer."""

    def __init__(self, limits: SignerLimits = QUICK) -> None:
        self.outbox = Frail()
        self.pipeline = SimulatedPipeline(new_log(), intruders=KEYS, on_submit=self._is_written)
        self.submitted_unwritten: list[Envelope] = []
        self.naps: list[float] = []
        self.on_nap: Callable[[], None] = lambda: None
        self.limits = limits
        self.final_size = 2**53
        self.signer = self.new_signer()

    def new_signer(self) -> LocalSigner:
        return LocalSigner(
            LEDGER,
            KEYS,
            self.outbox,
            self.pipeline,
            is_settled=lambda index: index < self.final_size,
            limits=self.limits,
            clock_ms=lambda: NOW_MS,
            sleep=self._nap,
        )

    def _is_written(self, envelopes: Sequence[Envelope]) -> None:
        left = [one.envelope for writer in KEYS for one in self.outbox.records_of(writer)]
        self.submitted_unwritten += [one for one in envelopes if one not in left]

    async def _nap(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.on_nap()
        await asyncio.sleep(0)

    async def restart(self) -> None:
        await self.signer.stop()
        self.outbox.is_down = self.pipeline.is_down = False
        self.signer = self.new_signer()
        await self.signer.start()

    async def __aenter__(self) -> Self:
        await self.signer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.signer.stop()
        self.outbox.close()


async def until(holds: Callable[[], bool]) -> None:
    """Let other tasks run until it holds; the test's own limit of time ends a vain wait."""
    while not holds():  # noqa: ASYNC110  it may hold by what a thread does
        await asyncio.sleep(0.001)


async def test_a_body_is_signed_and_answered() -> None:
    async with Node() as node:
        answer = await node.signer.submit_one(WRITER, body(1))
        assert isinstance(answer, Committed)
        record = node.pipeline.log.records[answer.index]
        assert (record.body, record.digest) == (body(1), answer.digest)
        assert record.chain.issued_at == "2026-11-23T09:10:00.000Z"
        assert node.outbox.writers() == ()


async def test_what_is_not_final_stays_in_the_outbox() -> None:
    """It is answered all the same; at a restart its bytes are sent again, and recorded once."""
    async with Node() as node:
        node.final_size = 1
        answers = [await node.signer.submit_one(WRITER, body(number)) for number in range(3)]
        assert [one.index for one in answers if isinstance(one, Committed)] == [0, 1, 2]
        assert [one.body for one in node.outbox.records_of(WRITER)] == [body(1), body(2)]
        await node.restart()
        await until(lambda: len(node.pipeline.submissions) == 4)
        assert len(node.pipeline.log.records) == 3
        node.final_size = 4
        await node.signer.submit_one(WRITER, body(3))
        assert node.outbox.writers() == ()


async def test_concurrent_callers_share_batches_and_one_chain() -> None:
    async with Node() as node:
        calls = [node.signer.submit_one(WRITER, body(number)) for number in range(200)]
        answers = await asyncio.gather(*calls)
        assert sorted(one.index for one in answers if isinstance(one, Committed)) == list(
            range(200)
        )
        node.pipeline.log.check_chains()
        assert len(node.pipeline.submissions) < 10


async def test_batches_are_bounded() -> None:
    async with Node(SignerLimits(batch_records_max=3)) as node:
        await node.signer.submit((WRITER, body(number)) for number in range(8))
        assert node.pipeline.submissions == [3, 3, 2]


async def test_writers_do_not_wait_for_one_another() -> None:
    async with Node() as node:
        answers = await node.signer.submit(
            ((WRITER, OTHER)[number % 2], body(number)) for number in range(10)
        )
        assert all(isinstance(answer, Committed) for answer in answers)
        log = node.pipeline.log
        log.check_chains()
        assert log.grounds(OTHER) == [f"note {number}" for number in range(1, 10, 2)]


async def test_a_refusal_strands_nobody() -> None:
    bodies = [body(0), refused_body(1), body(2), refused_body(3), refused_body(4), body(5)]
    async with Node() as node:
        answers = await node.signer.submit((WRITER, one) for one in bodies)
        assert [isinstance(answer, Rejected) for answer in answers] == [
            REFUSED in (one.ground or "") for one in bodies
        ]
        assert node.pipeline.log.grounds() == ["note 0", "note 2", "note 5"]
        assert node.pipeline.submissions == [6, 4, 2, 1]
        assert node.outbox.writers() == ()


async def test_what_cannot_be_signed_is_refused_alone() -> None:
    async with Node() as node:
        answers = await node.signer.submit([(WRITER, body("x" * 300)), (WRITER, body(1))])
        assert isinstance(answers[0], Rejected)
        assert answers[0].reason.code == "malformed"
        assert isinstance(answers[1], Committed)


async def test_a_key_that_writes_elsewhere_too() -> None:
    async with Node() as node:
        node.pipeline.faults = deque(["", "intruder", "intruder"])
        for number in range(3):
            assert isinstance(await node.signer.submit_one(WRITER, body(number)), Committed)
        log = node.pipeline.log
        log.check_chains()
        assert [ground for ground in log.grounds() if "intruder" not in str(ground)] == [
            "note 0",
            "note 1",
            "note 2",
        ]


async def test_a_chain_that_keeps_running_away_is_given_up() -> None:
    async with Node() as node:
        node.pipeline.faults = deque(["intruder"] * 20)
        answer = await node.signer.submit_one(WRITER, body(0))
        assert isinstance(answer, Rejected)
        assert answer.reason.code == "sequence-taken"
        assert node.outbox.writers() == ()
        assert len(node.pipeline.submissions) == 4


async def test_no_key_no_signature() -> None:
    async with Node() as node:
        with pytest.raises(NotHeld):
            await node.signer.submit_one("tax/main", body(0))


async def test_personal_numbers_are_not_signed() -> None:
    async with Node() as node:
        answers = await node.signer.submit([(WRITER, body("13800138000")), (WRITER, body(1))])
        assert isinstance(answers[0], PersonalData)
        assert (answers[0].code, str(answers[0])) == ("personal-data", "ground (mobile number)")
        assert isinstance(answers[1], Committed)
        assert node.outbox.written == [body(1)]
    for rule in (None, PersonalNumberRule(mobile=False)):
        async with Node(SignerLimits(personal=rule)) as node:
            answer = await node.signer.submit_one(WRITER, body("13800138000"))
            assert isinstance(answer, Committed)


async def test_no_answer_means_the_same_bytes_again() -> None:
    async with Node() as node:
        node.pipeline.faults = deque(["no answer after", "no answer before"])
        answer = await node.signer.submit_one(WRITER, body(0))
        assert isinstance(answer, Committed)
        assert answer.already
        assert node.pipeline.log.grounds() == ["note 0"]
        assert node.naps == pytest.approx([0.1, 0.2])


async def test_callers_of_a_silent_pipeline_are_let_go_and_the_record_is_not() -> None:
    async with Node() as node:
        node.pipeline.faults = deque(["no answer before"] * 5)
        turned_away: list[asyncio.Task[Any]] = []

        def meanwhile() -> None:
            if len(node.naps) in (1, 4):
                call = node.signer.submit_one(WRITER, body(len(node.naps)))
                turned_away.append(asyncio.ensure_future(call))

        node.on_nap = meanwhile
        with pytest.raises(Unsettled, match="stopping"):
            await node.signer.submit_one(WRITER, body(0))
        await until(lambda: len(node.naps) == 5 and node.outbox.writers() == ())
        for call in turned_away:
            with pytest.raises(SignerBusy):
                await call
        node.on_nap = lambda: None
        assert node.pipeline.log.grounds() == ["note 0"]
        await node.signer.submit_one(WRITER, body(9))
        assert node.pipeline.log.grounds() == ["note 0", "note 9"]


async def test_an_answer_too_few_is_no_answer() -> None:
    async with Node() as node:
        submit = node.pipeline.submit

        async def forgetful(envelopes: Sequence[Any], /) -> Sequence[Committed | Rejected]:
            node.pipeline.submit = submit  # type: ignore[method-assign]
            return (await submit(envelopes))[1:]

        node.pipeline.submit = forgetful  # type: ignore[method-assign]
        answers = await node.signer.submit([(WRITER, body(0)), (WRITER, body(1))])
        assert all(isinstance(answer, Committed) for answer in answers)


async def test_a_full_disk_before_signing_out_is_safe_to_retry() -> None:
    async with Node() as node:
        node.outbox.faults = deque(["full"])
        with pytest.raises(SignerBusy, match="disk is full") as raised:
            await node.signer.submit_one(WRITER, body(0))
        assert raised.value.can_retry
        assert node.pipeline.submissions == []
        assert isinstance(await node.signer.submit_one(WRITER, body(0)), Committed)


async def test_a_full_disk_after_the_answer_delays_it() -> None:
    async with Node() as node:
        node.outbox.faults = deque(["", "full", "full"])
        assert isinstance(await node.signer.submit_one(WRITER, body(0)), Committed)
        assert len(node.naps) == 2
        assert node.outbox.writers() == ()


async def test_too_many_waiting_are_turned_away() -> None:
    async with Node(SignerLimits(batch_records_max=1, waiting_max=2)) as node:
        answers = await node.signer.submit((WRITER, body(number)) for number in range(4))
        assert [type(answer) for answer in answers] == [
            Committed,
            Committed,
            SignerBusy,
            SignerBusy,
        ]


async def test_a_caller_that_left_while_waiting_is_not_signed_for() -> None:
    async with Node() as node:
        node.pipeline.gate = asyncio.Event()
        first = asyncio.create_task(node.signer.submit_one(WRITER, body(0)))
        await until(lambda: bool(node.outbox.written))
        second = asyncio.create_task(node.signer.submit_one(WRITER, body(1)))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        node.pipeline.gate.set()
        await node.signer.submit_one(WRITER, body(2))
        assert node.pipeline.log.grounds() == ["note 0", "note 2"]


async def test_stopping_tells_who_was_signed_for() -> None:
    async with Node() as node:
        node.pipeline.gate = asyncio.Event()
        first = asyncio.create_task(node.signer.submit_one(WRITER, body(0)))
        await until(lambda: bool(node.outbox.written))
        second = asyncio.create_task(node.signer.submit_one(WRITER, body(1)))
        await asyncio.sleep(0)
        await node.signer.stop()
        with pytest.raises(Unsettled):
            await first
        with pytest.raises(SignerBusy):
            await second
        with pytest.raises(SignerBusy):
            await node.signer.submit_one(WRITER, body(2))
        node.pipeline.gate = None
        await node.restart()
        await node.signer.submit_one(WRITER, body(3))
        assert node.pipeline.log.grounds() == ["note 0", "note 3"]


async def test_records_of_a_key_given_up_are_submitted_and_not_signed_again() -> None:
    async with Node() as node:
        node.pipeline.faults = deque(["crash before"])
        bodies = [body(0), refused_body(1), body(2)]
        calls = asyncio.ensure_future(node.signer.submit((WRITER, one) for one in bodies))
        await until(lambda: node.pipeline.is_down)
        await node.signer.stop()
        calls.cancel()
        node.pipeline.is_down = False
        without = LocalSigner(LEDGER, {}, node.outbox, node.pipeline, limits=QUICK)
        await without.start()
        await until(lambda: node.outbox.writers() == ())
        await without.stop()
        assert node.pipeline.log.grounds() == ["note 0"]


async def test_what_nobody_waits_for_is_tried_until_it_is_in() -> None:
    async with Node() as node:
        node.pipeline.faults = deque(["crash before", *["intruder"] * 10])
        call = asyncio.ensure_future(node.signer.submit([(WRITER, body(0))]))
        await until(lambda: node.pipeline.is_down)
        await node.restart()
        await until(lambda: node.outbox.writers() == ())
        call.cancel()
        assert node.pipeline.log.grounds()[-1] == "note 0"
        node.pipeline.log.check_chains()


async def test_a_refusal_is_told_once_it_is_the_last_word() -> None:
    async with Node() as node:
        node.outbox.faults = deque(["", "crash before"])
        call = asyncio.ensure_future(node.signer.submit_one(WRITER, refused_body(0)))
        await until(lambda: node.outbox.is_down)
        assert not call.done()
        node.pipeline.log.refuses = lambda _: False
        await node.restart()
        await until(lambda: node.outbox.writers() == ())
        call.cancel()
        assert node.pipeline.log.grounds() == [refused_body(0).ground]


def test_bodies_are_read_in_any_json_and_strictly() -> None:
    assert decode_body("writer-end", b' {"ground": "x", "writer": "health/clerk"}') == WriterEnd(
        writer="health/clerk", ground="x"
    )
    for kind, data in [
        ("writer-end", b"{}"),
        ("writer-end", b'{"writer":"health/clerk","more":1}'),
        ("writer-end", b'{"writer":"Health"}'),
        ("seal", b"{}"),
    ]:
        with pytest.raises(FormatError):
            decode_body(kind, data)


# Every history of callers, refusals, intruders and faults, with a crash at any step of any round.

ASKED = st.lists(st.tuples(st.sampled_from([WRITER, OTHER]), st.booleans()), min_size=1, max_size=6)
PIPELINE_FAULTS = st.sampled_from(
    ["", "", "crash before", "crash after", "no answer before", "no answer after", "intruder"]
)
OUTBOX_FAULTS = st.sampled_from(["", "", "", "crash before", "crash after", "full"])


@given(
    calls=st.lists(ASKED, min_size=1, max_size=5),
    batch_max=st.integers(1, 4),
    pipeline_faults=st.lists(PIPELINE_FAULTS, max_size=8),
    outbox_faults=st.lists(OUTBOX_FAULTS, max_size=8),
)
def test_every_history_keeps_the_chain_and_every_promise(
    calls: list[list[tuple[str, bool]]],
    batch_max: int,
    pipeline_faults: list[str],
    outbox_faults: list[str],
) -> None:
    asyncio.run(_play(calls, batch_max, pipeline_faults, outbox_faults))


async def _play(
    calls: list[list[tuple[str, bool]]],
    batch_max: int,
    pipeline_faults: list[str],
    outbox_faults: list[str],
) -> None:
    asked = [
        [
            (writer, (refused_body if is_refused else body)(100 * at + number))
            for number, (writer, is_refused) in enumerate(call)
        ]
        for at, call in enumerate(calls)
    ]
    limits = SignerLimits(batch_records_max=batch_max, retry=Retry(attempts_max=4))
    async with Node(limits) as node:
        node.pipeline.faults, node.outbox.faults = deque(pipeline_faults), deque(outbox_faults)
        told = await _ask_and_crash(node, [node.signer.submit(call) for call in asked])
        await _recover(node)
        _check_promises(node, asked, told)


async def _ask_and_crash(
    node: Node, calls: list[Awaitable[list[Answer]]]
) -> list[list[Answer] | None]:
    """What each call was told before a crash; None if it was told nothing."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    await until(lambda: _is_down(node) or all(task.done() for task in tasks))
    told = [task.result() if task.done() else None for task in tasks]
    await node.restart()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return told


async def _recover(node: Node) -> None:
    """Start until no crash comes, and wait until everything left behind is answered."""
    while True:
        await until(lambda: _is_down(node) or node.outbox.writers() == ())
        if not _is_down(node):
            return
        await node.restart()


def _is_down(node: Node) -> bool:
    return node.outbox.is_down or node.pipeline.is_down


def _check_promises(
    node: Node, asked: list[list[tuple[str, WriterEnd]]], told: list[list[Answer] | None]
) -> None:
    assert node.submitted_unwritten == []
    log = node.pipeline.log
    log.check_chains()
    recorded = [record.body for record in log.records]
    given_up: list[WriterEnd] = []
    for call, answers in zip(asked, told, strict=True):
        for (_, one), answer in zip(call, answers or [Unsettled()] * len(call), strict=True):
            assert recorded.count(one) <= 1
            match answer:
                case Committed():
                    assert recorded[answer.index] == one
                case Rejected() | SignerBusy():
                    assert one not in recorded
                    given_up.append(one)
                case _:
                    assert isinstance(answer, Unsettled)
    for written in node.outbox.written:
        assert isinstance(written, WriterEnd)
        is_refused = REFUSED in (written.ground or "")
        assert written in recorded or is_refused or written in given_up
