"""Limits of requests and of wrong credentials: who is held to them, and who is not."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from node.api.access import LIVE
from node.api.principal import Principal, nobody, of_node, of_token
from node.api.problems import ApiError
from node.api.rates import Rates
from node.api.throttle import OF_NODES, Throttle
from node.settings import Limits
from tests.served import served, settings_in
from tests.unit.node.test_tokens import TOKEN, secret_file
from tests.world import World

LIMITS: Final = Limits(requests_per_s=1, requests_burst=3, failures_per_minute=2)
AUDITOR: Final = {"Authorization": f"Bearer {TOKEN}"}
OTHER: Final = {"Authorization": "Bearer " + "o" * 16}
WRONG: Final = {"Authorization": "Bearer " + "w" * 16}


@pytest.mark.parametrize("per_s", [0.5, 3, 1_000])
@pytest.mark.parametrize("burst", [1, 7])
def test_a_burst_and_then_so_many_a_second(per_s: float, burst: int) -> None:
    """Against a count of what was let through: never above the burst and what came since."""
    rates = Rates(per_s, burst)
    allowed = 0
    for tick in range(400):
        now_s = tick / (4 * per_s)  # four times as often as may be
        found = rates.take("a", now_s=now_s)
        assert found == rates.look("a", now_s=now_s) or found.is_allowed
        allowed += found.is_allowed
        assert allowed <= burst + now_s * per_s + 1e-6
        if not found.is_allowed:
            assert 0 < found.wait_s <= 1 / per_s
            assert rates.look("a", now_s=now_s + found.wait_s).is_allowed
    assert allowed >= burst + 99 - 1


def test_what_was_not_used_is_not_saved_up() -> None:
    rates = Rates(per_s=1, burst=2)
    assert [rates.take("a", now_s=1_000).left for _ in range(2)] == [1, 0]
    assert rates.take("a", now_s=2_000).left == 1
    assert rates.look("a", now_s=2_000).whole_s == 1


def test_the_table_is_bounded_and_forgets_who_is_long_gone() -> None:
    rates = Rates(per_s=1, burst=1, count_max=3)
    for number in range(100):
        assert rates.take(f"a{number}", now_s=0).is_allowed
        assert not rates.take(f"a{number}", now_s=0).is_allowed
    assert len(rates) == 3


def ask(throttle: Throttle, who: Principal, host: str = "192.0.2.1") -> bool:
    scope: dict[str, Any] = {"client": (host, 1)}
    try:
        throttle.check(scope, who)
    except ApiError as refused:
        error = refused
    else:
        return True
    assert (error.problem.status, error.problem.code) == (429, "rate-limited")
    assert error.problem.retry
    assert int(error.headers["Retry-After"]) >= 1
    return False


def test_nobody_uses_up_what_is_anothers() -> None:
    throttle = Throttle(LIMITS)
    first, second = of_token("a", ["auditor"]), of_token("b", ["auditor"])
    assert [ask(throttle, first, f"192.0.2.{n}") for n in range(5)] == [True] * 3 + [False] * 2
    assert ask(throttle, second)
    assert all(ask(throttle, of_node("health")) for _ in range(3 * OF_NODES))
    assert not ask(throttle, of_node("health"))
    assert ask(throttle, of_node("transport"))


def test_strangers_are_counted_by_where_they_are() -> None:
    throttle = Throttle(LIMITS)
    places = [f"2001:db8::{n}" for n in range(5)]
    told = [ask(throttle, nobody(place, ["catalogue"]), place) for place in places]
    assert told == [True] * 3 + [False] * 2
    for place in ("2001:db8:0:1::1", "192.0.2.1", "192.0.2.2", "a name"):
        assert ask(throttle, nobody(place, ["catalogue"]), place)
    mapped = [ask(throttle, nobody("", []), f"::ffff:192.0.2.{n}") for n in (1, 1, 1)]
    assert mapped == [True, True, False]


@asynccontextmanager
async def called_from(
    host: str, folder: Path, limits: Limits = LIMITS, **changes: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a node with two readers, that calls from an address."""
    given = {"read_tokens_file": secret_file(folder), **changes}
    async with served(settings_in(folder, limits=limits, **given), World.genesis()) as client:
        assert isinstance(client._transport, httpx.ASGITransport)
        client._transport.client = (host, 1)
        yield client


async def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    async with called_from("127.0.0.1", tmp_path) as client:
        answers = [await client.get("/v1/ledger", headers=AUDITOR) for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert [one.headers["ratelimit"] for one in answers] == [
            '"requests";r=2;t=1',
            '"requests";r=1;t=2',
            '"requests";r=0;t=3',
            '"requests";r=0;t=3',
        ]
        assert {one.headers["ratelimit-policy"] for one in answers} == {'"requests";q=3;w=3'}
        assert answers[-1].json()["code"] == "rate-limited"
        assert answers[-1].headers["retry-after"] == "1"
        assert (await client.get("/v1/ledger", headers=OTHER)).status_code == 200
        assert (await client.get(LIVE)).status_code == 200


async def test_an_open_node_holds_its_machine_to_nothing(tmp_path: Path) -> None:
    async with called_from("127.0.0.1", tmp_path, read_tokens_file=None) as client:
        answers = [await client.get("/v1/ledger") for _ in range(10)]
    assert {one.status_code for one in answers} == {200}
    assert "ratelimit" not in answers[0].headers


async def test_wrong_credentials_end_in_none_being_looked_at(tmp_path: Path) -> None:
    """Those of one address; what others show there is not wrong, and waits all the same."""
    async with called_from("192.0.2.1", tmp_path) as client:
        wrong = [await client.get("/v1/ledger", headers=WRONG) for _ in range(3)]
        assert [one.status_code for one in wrong] == [401, 401, 429]
        right = await client.get("/v1/ledger", headers=AUDITOR)
        assert (right.status_code, right.json()["code"]) == (429, "rate-limited")
        assert int(right.headers["retry-after"]) > 1
        assert (await client.get(LIVE)).status_code == 200
        assert isinstance(client._transport, httpx.ASGITransport)
        client._transport.client = ("192.0.2.2", 1)
        assert (await client.get("/v1/ledger", headers=AUDITOR)).status_code == 200


async def test_who_shows_nothing_shows_nothing_wrong(tmp_path: Path) -> None:
    """A client waits to be asked for a signature."""
    async with called_from("192.0.2.1", tmp_path) as client:
        for _ in range(5):
            assert (await client.get("/v1/ledger")).status_code == 401
        assert (await client.get("/v1/ledger", headers=AUDITOR)).status_code == 200


async def test_a_proxy_of_this_machine_speaks_for_many(tmp_path: Path) -> None:
    async with called_from("127.0.0.1", tmp_path) as client:
        wrong = [(await client.get("/v1/ledger", headers=WRONG)).status_code for _ in range(5)]
        assert wrong == list(itertools.repeat(401, 5))
        assert (await client.get("/v1/ledger", headers=AUDITOR)).status_code == 200
