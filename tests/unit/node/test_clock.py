"""An exercise's clock: how far it may run behind, who tells it, what refuses to start."""

import io
import json
from contextlib import nullcontext
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError

from ledger.times import DAY_MS, to_ms
from node.client.clock import BEHIND_DAYS_MAX, MACHINE_CLOCK, Clock
from node.logs import configured_logs
from node.replica import ReplicaError
from node.surroundings import Surroundings
from scripts import profile
from tests import bodies
from tests.served import served, settings_in
from tests.world import START, World

VARIABLE = "BLOCKPOOL_CLOCK_OFFSET_DAYS"


TODAY = to_ms(START) + 30 * DAY_MS


MONTH_LATER = Surroundings(time_ns=lambda: TODAY * 1_000_000)
"""A machine on which it is thirty days after the ledger's genesis."""


def test_it_runs_behind_and_never_ahead(tmp_path: Path) -> None:
    assert Clock(-2)() <= MACHINE_CLOCK() - 2 * DAY_MS
    for days in (1, -BEHIND_DAYS_MAX - 1):
        with pytest.raises(ValueError, match="days behind"):
            Clock(days)
        with pytest.raises(ValidationError, match="clock_offset_days"):
            settings_in(tmp_path, clock_offset_days=days)


async def test_a_node_goes_by_it_and_says_so(tmp_path: Path) -> None:
    world, told = World.genesis(), io.StringIO()
    record = world.sign("transport/main", bodies.schema()).envelope.encoded
    with configured_logs("info", told):
        settings = settings_in(tmp_path, clock_offset_days=-8)
        async with served(settings, world, surroundings=MONTH_LATER) as client:
            answer = await client.post("/v1/records", content=record)
            ledger = (await client.get("/v1/ledger")).json()
    assert answer.status_code == 201
    assert to_ms(answer.json()["blockTime"]) == TODAY - 8 * DAY_MS
    assert ledger["clockOffsetDays"] == -8
    warning = json.loads(told.getvalue().splitlines()[0])
    assert {"event": "exercise-clock", "level": "warning", "offset_days": -8}.items() <= (
        warning.items()
    )


@pytest.mark.parametrize(("days", "starts"), [(-29, True), (-31, False)])
async def test_it_does_not_turn_a_ledger_back(days: int, starts: bool, tmp_path: Path) -> None:  # noqa: FBT001
    refused = pytest.raises(ReplicaError, match="earlier than the last block")
    settings, world = settings_in(tmp_path, clock_offset_days=days), World.genesis()
    with nullcontext() if starts else refused:
        async with served(settings, world, surroundings=MONTH_LATER) as client:
            assert (await client.get("/v1/ledger")).status_code == 200


def test_the_command_goes_by_the_same_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "-8")
    assert profile.clock() == Clock(-8)
    assert to_ms(profile.present_time()) < MACHINE_CLOCK() - 7 * DAY_MS
    monkeypatch.setenv(VARIABLE, "")
    assert profile.clock() == MACHINE_CLOCK
    for wrong in ("8", "yesterday"):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(typer.Exit):
            profile.clock()
