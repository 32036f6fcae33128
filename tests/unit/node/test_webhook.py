"""The webhook: what is posted and when, in order, until it is taken, across restarts."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError

from ledger.times import to_ms
from node import announcements
from node.announcements import Audience
from node.client.secret_files import SecretError
from node.news import News
from node.replica import Replica
from node.webhook import Target, Webhook, WebhookError, parse_secret, sign
from tests import bodies
from tests.nodes import close, open_replica
from tests.story import Story, published

SECRET: Final = b"x" * 32
URL: Final = "http://127.0.0.1:9/events"
ASKED: Final = "2026-11-23"
"""A Monday; what is asked on it is due on Monday 7 December at 24:00."""


@dataclass
class Receiver:
    """What was posted, and what is answered: a status each, 204 after the last."""

    answers: list[int | httpx.HTTPError] = field(default_factory=list)
    posts: list[httpx.Request] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.posts.append(request)
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer, headers={"location": "http://127.0.0.1:1/"})

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(post.content) for post in self.posts]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Kind and case of each."""
        return [(one["type"].split(":")[2], one["subject"]) for one in self.events]


@dataclass
class Stage:
    """A ledger that goes on, its replica, a clock, and a receiver."""

    story: Story
    replica: Replica
    folder: Path
    receiver: Receiver = field(default_factory=Receiver)
    now: str = ""
    _done: int = 0

    def follow(self) -> None:
        """Bring the replica to where the story is."""
        blocks = self.story.world.blocks
        for block in blocks[self._done :]:
            self.replica.apply(block)
        self._done = len(blocks)

    def webhook(self, audience: Audience = Audience()) -> Webhook:  # noqa: B008  frozen
        target = Target(URL, SECRET, self.folder / "place.json", audience)
        return Webhook(
            self.replica,
            News(),
            target,
            transport=httpx.MockTransport(self.receiver.handle),
            clock_ms=lambda: to_ms(self.now or self.story.world.now),
            stamp_ms=lambda: to_ms(self.now or self.story.world.now),
            waits_s=(0,),
        )

    async def catch_up(self, webhook: Webhook) -> list[tuple[str, str]]:
        """What is posted now that was not before."""
        before = len(self.receiver.posts)
        self.follow()
        await webhook.catch_up()
        return self.receiver.told[before:]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    story = published()
    replica = open_replica(tmp_path / "ledger.db", story.world)
    stage = Stage(story, replica, tmp_path)
    stage._done = len(story.world.blocks)
    yield stage
    close(replica)


async def test_a_finding_is_posted_once_and_says_what_it_is(stage: Stage) -> None:
    webhook = stage.webhook()
    assert await stage.catch_up(webhook) == []
    world = stage.story.world
    use = stage.story.says("health/main", bodies.usage(None, world.now))
    case = f"{use.digest}-no-effective-grant"
    assert await stage.catch_up(webhook) == [("finding-raised", case)]
    (event,) = stage.receiver.events
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": f"pool.example/test/{case}/raised",
        "source": "pool.example/test",
        "type": "urn:blockpool:finding-raised:v1",
        "subject": case,
        "time": world.now,
        "datacontenttype": "application/json",
    }
    assert (data["code"], data["number"], data["index"]) == (
        "no-effective-grant",
        1,
        len(world.leaves) - 2,
    )
    assert data["parties"][0] == {"member": "health", "part": "accused"}
    assert await stage.catch_up(webhook) == []


async def test_a_post_is_signed_and_in_structured_mode(stage: Stage) -> None:
    webhook = stage.webhook()
    stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    await stage.catch_up(webhook)
    (post,) = stage.receiver.posts
    headers = post.headers
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    seconds = int(headers["webhook-timestamp"])
    assert seconds == to_ms(stage.story.world.now) // 1_000
    signature = sign(SECRET, headers["webhook-id"], seconds, post.content)
    assert headers["webhook-signature"] == signature
    assert signature != sign(b"y" * 32, headers["webhook-id"], seconds, post.content)
    assert headers["webhook-id"] == stage.receiver.events[0]["id"]


async def test_a_deadline_is_told_three_and_one_days_ahead_and_when_it_has_passed(
    stage: Stage,
) -> None:
    webhook = stage.webhook()
    request = stage.story.ask()
    told = {}
    for now in (
        f"{ASKED}T12:00:00.000Z",
        "2026-12-01T12:00:00.000Z",
        "2026-12-02T00:00:00.000Z",
        "2026-12-02T12:00:00.000Z",
        "2026-12-04T00:00:00.000Z",
        "2026-12-07T23:00:00.000Z",
        "2026-12-08T00:00:00.000Z",
    ):
        stage.now = now
        before = len(stage.receiver.posts)
        await stage.catch_up(webhook)
        told[now] = [one["data"]["urgency"] for one in stage.receiver.events[before:]]
    assert list(told.values()) == [[], [], ["three-days"], [], ["one-day"], [], ["overdue"]]
    near, _, passed = stage.receiver.events
    assert (near["type"], passed["type"]) == (
        "urn:blockpool:deadline-near:v1",
        "urn:blockpool:deadline-passed:v1",
    )
    assert near["data"] == {
        "workflow": "request",
        "state": "open",
        "dataset": "flights",
        "members": ["transport"],
        "due": "2026-12-08T00:00:00.000Z",
        "urgency": "three-days",
        "daysLeft": 3,
    }
    assert {one["subject"] for one in stage.receiver.events} == {request}


async def test_settling_a_deadline_does_not_tell_again_that_it_has_passed(stage: Stage) -> None:
    webhook = stage.webhook()
    request = stage.story.ask()
    stage.now = "2026-12-08T01:00:00.000Z"
    assert await stage.catch_up(webhook) == [("deadline-passed", request)]
    stage.story.world.block(at="2026-12-08T02:00:00.000Z")
    stage.now = "2026-12-08T03:00:00.000Z"
    assert await stage.catch_up(webhook) == [("finding-raised", f"{request}-answer-overdue")]


async def test_settled_before_anybody_looked_it_is_told_with_its_finding(stage: Stage) -> None:
    webhook = stage.webhook()
    request = stage.story.ask()
    stage.story.world.block(at="2026-12-08T02:00:00.000Z")
    told = await stage.catch_up(webhook)
    assert told == [
        ("finding-raised", f"{request}-answer-overdue"),
        ("deadline-passed", request),
    ]


async def test_what_is_short_from_the_start_is_told_at_once(stage: Stage) -> None:
    webhook = stage.webhook()
    entry = stage.story.submit(dataset="delays", code="T-2")  # to be reviewed in two days
    stage.now = f"{ASKED}T01:00:00.000Z"
    assert await stage.catch_up(webhook) == [("deadline-near", entry)]
    assert stage.receiver.events[0]["data"]["members"] == ["steward"]


async def test_an_answered_case_is_told_of_no_more(stage: Stage) -> None:
    webhook = stage.webhook()
    request = stage.story.ask()
    stage.now = "2026-12-02T12:00:00.000Z"
    assert await stage.catch_up(webhook) == [("deadline-near", request)]
    stage.story.steps("transport/main", "refuse", request, "security")
    stage.now = "2026-12-09T12:00:00.000Z"
    assert await stage.catch_up(webhook) == []


async def test_others_affairs_are_not_told(stage: Stage) -> None:
    webhook = stage.webhook(Audience(["steward"]))
    stage.story.ask()
    stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    entry = stage.story.submit(dataset="delays", code="T-2")
    stage.now = "2026-12-08T01:00:00.000Z"
    assert await stage.catch_up(webhook) == [("deadline-passed", entry)]


async def test_many_deadlines_come_page_by_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = stage.webhook()
    requests = [stage.story.ask() for _ in range(5)]
    monkeypatch.setattr(announcements, "CASES_MAX", 2)
    stage.now = "2026-12-02T12:00:00.000Z"
    told = await stage.catch_up(webhook)
    assert told == [("deadline-near", request) for request in sorted(requests)]


async def test_many_leaves_are_looked_at_part_by_part(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = stage.webhook()
    monkeypatch.setattr(announcements, "LEAVES_MAX", 3)
    uses = [bodies.usage(None, stage.story.world.now, rows=(n,)) for n in range(1, 6)]
    cases = [f"{stage.story.says('health/main', use).digest}-no-effective-grant" for use in uses]
    assert [case for _, case in await stage.catch_up(webhook)] == cases


BUSY: Final = httpx.ConnectError("no")


@pytest.mark.parametrize("first", [500, 503, 429, 408, 302, BUSY])
async def test_what_is_not_taken_is_posted_again_before_anything_else(
    stage: Stage, first: int | httpx.HTTPError
) -> None:
    webhook = stage.webhook()
    for _ in range(2):
        stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    stage.receiver.answers = [first, first, 204]
    one, two, three, four = await stage.catch_up(webhook)
    assert one == two == three != four


async def test_what_is_refused_for_good_is_left_out(stage: Stage) -> None:
    webhook = stage.webhook()
    for _ in range(2):
        stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    stage.receiver.answers = [400]
    one, two = await stage.catch_up(webhook)
    assert one != two


async def test_a_restart_goes_on_where_it_was(stage: Stage) -> None:
    await stage.catch_up(stage.webhook())
    request = stage.story.ask()
    use = stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    finding = f"{use.digest}-no-effective-grant"
    near = {("deadline-near", request), ("deadline-near", finding)}  # its reply is due as well
    stage.now = "2026-12-02T12:00:00.000Z"
    raised, *deadlines = await stage.catch_up(stage.webhook())
    assert raised == ("finding-raised", finding)
    assert {*deadlines} == near
    assert await stage.catch_up(stage.webhook()) == []
    stage.now = "2026-12-04T12:00:00.000Z"
    assert {*await stage.catch_up(stage.webhook())} == near


async def test_the_place_is_written_for_what_was_posted_alone(stage: Stage) -> None:
    webhook = stage.webhook()
    place = stage.folder / "place.json"
    begun, size = place.read_bytes(), webhook.position.size
    stage.story.ask()
    await stage.catch_up(webhook)
    assert place.read_bytes() == begun
    assert webhook.position.size > size
    stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    await stage.catch_up(webhook)
    assert f'"size":{webhook.position.size}' in place.read_text(encoding="utf-8")


async def test_deadlines_are_found_without_reading_all_that_ever_waited(stage: Stage) -> None:
    webhook, engine = stage.webhook(), stage.replica.store.engine
    asked: list[tuple[str, Any]] = []
    listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    stage.now = "2026-12-02T12:00:00.000Z"
    await stage.catch_up(webhook)
    (query,) = [one for one in asked if "FROM waiting_view" in one[0]]
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query[0]}", query[1]).all()
    assert "SEARCH waiting_view USING INDEX waiting_by_due" in str(plan)


async def test_what_was_not_taken_before_a_crash_is_posted_after_it(stage: Stage) -> None:
    webhook = stage.webhook()
    stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    stage.receiver.answers = [500] * 10_000
    stage.follow()
    running = asyncio.create_task(webhook.catch_up())
    while not stage.receiver.posts:  # noqa: ASYNC110  the receiver tells nobody
        await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    stage.receiver.answers = []
    seen = {one["id"] for one in stage.receiver.events}
    assert len(await stage.catch_up(stage.webhook())) == 1
    assert {one["id"] for one in stage.receiver.events} == seen


async def test_it_begins_with_what_comes(stage: Stage) -> None:
    stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
    stage.follow()
    assert await stage.catch_up(stage.webhook()) == []
    assert (stage.folder / "place.json").stat().st_mode & 0o777 == 0o600


async def test_a_place_that_is_none_or_elsewhere_s_is_told(stage: Stage) -> None:
    webhook = stage.webhook()
    place = stage.folder / "place.json"
    kept = place.read_text(encoding="utf-8")
    place.write_text("{", encoding="utf-8")
    with pytest.raises(WebhookError, match="truncated"):
        stage.webhook()
    ledger = webhook._replica.head.ledger
    place.write_text(kept.replace(ledger, "0" * 64), encoding="utf-8")
    with pytest.raises(WebhookError, match="another ledger"):
        stage.webhook()


async def test_a_place_ahead_of_a_restored_ledger_is_not_believed(stage: Stage) -> None:
    webhook = stage.webhook()
    place = stage.folder / "place.json"
    size = webhook.position.size
    kept = place.read_text(encoding="utf-8")
    place.write_text(kept.replace(f'"size":{size}', '"size":9999'), encoding="utf-8")
    assert stage.webhook().position.size == size


@pytest.mark.parametrize(
    "text",
    [b"", b"whsec_", b"whsec_eA==", b"whsec_!!!!", b"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"],
)
def test_a_weak_or_misspelt_secret_is_refused(text: bytes) -> None:
    with pytest.raises(SecretError):
        parse_secret(text)


@asynccontextmanager
async def running(webhook: Webhook) -> Any:
    task = asyncio.create_task(webhook.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.01)


async def test_it_runs_and_stops_and_a_full_disk_ends_it_not(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = stage.webhook()
    news: News = webhook._news
    failing = True
    whole = webhook._findings

    def findings(start: int) -> Any:
        if failing:
            raise OperationalError("SELECT", {}, OSError("full"))
        return whole(start)

    monkeypatch.setattr(webhook, "_findings", findings)
    async with running(webhook):
        stage.story.says("health/main", bodies.usage(None, stage.story.world.now))
        stage.follow()
        news.publish()
        await asyncio.sleep(0.05)
        assert stage.receiver.posts == []
        failing = False
        news.publish()
        await until(lambda: len(stage.receiver.posts) == 1)
