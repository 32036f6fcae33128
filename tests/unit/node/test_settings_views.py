"""What votes have set, as at every size the log ever had, against the state as it was then."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from contracts.assessment.seed import SEED
from contracts.governance.actions import replaced_key
from ledger.canonical import encode
from ledger.records.actions import AdoptedBasis, ChangeBases, SetPairing
from ledger.records.assessment import EndIndicator, SetIndicator
from ledger.records.genesis import Calendar, Names, Parameters, Purpose
from ledger.records.governance import (
    Action,
    ChangePurposes,
    Premise,
    SetCalendar,
    SetGroup,
    SetParameters,
)
from node.client import past as kept
from node.client.past import is_kept
from node.replica import Replica
from node.views.as_at import state_at
from node.views.models import VERSIONED
from tests import bodies
from tests.nodes import close, open_replica
from tests.unit.node.test_task_views import pasts
from tests.world import World

NAMES: Final = Names(en="A name", zh="名")
KEYS: Final = (
    "ledger", "group/bureaus", "basis/art-1", "basis/art-2", "pairing/forms", "group/no",
    "indicators",
)  # fmt: skip


def adopt(world: World, action: Action) -> None:
    """An action that two of the three of the committee vote for."""
    key = replaced_key(action)
    rests_on: tuple[Premise, ...] = ()
    if key is not None:
        value = world.value(key)
        digest = None if value is None else sha256(encode(value)).hexdigest()
        rests_on = (Premise(key=key, value=digest),)
    proposed = world.sign("audit/main", bodies.proposal(action, world.later(86_400_000), *rests_on))
    world.accept(proposed)
    for voter in ("audit/main", "health/main"):
        world.accept(world.sign(voter, bodies.ballot(proposed.digest)))


def pairing(result: str | None = None) -> SetPairing:
    return SetPairing(
        goals=("one form",),
        members=("audit", "health"),
        names=NAMES,
        pairing="forms",
        result=result,
        since="2026-01-01",
        until="2026-12-31",
    )


def basis(code: str) -> AdoptedBasis:
    return AdoptedBasis(code=code, kind="law", names=NAMES, reference=code)


@pytest.fixture(scope="module")
def world() -> World:
    found = World.genesis()
    purpose = Purpose(code="roads", names=NAMES)
    for action in (
        SetParameters(parameters=Parameters(reply_days=3)),
        SetGroup(group="bureaus", members=("audit", "health"), names=NAMES),
        ChangePurposes(purposes=(purpose,)),
        ChangeBases(bases=(basis("art-1"), basis("art-2"))),
        SetCalendar(calendar=Calendar(utc_offset_minutes=480)),
        pairing(),
        ChangeBases(retired=("art-1",)),
        SetParameters(parameters=Parameters(reply_days=4)),
        ChangePurposes(retired=("roads",)),
        pairing("done"),
        SetGroup(group="bureaus", names=NAMES),
        ChangeBases(bases=(basis("art-1"),)),
        SetIndicator(indicator=SEED[0]),
        SetIndicator(indicator=SEED[1]),
        EndIndicator(indicator=SEED[0].id),
    ):
        adopt(found, action)
    return found


@pytest.fixture(scope="module")
def replica(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    folder: Path = tmp_path_factory.mktemp("settings")
    replica = open_replica(folder / "ledger.db", world)
    yield replica
    close(replica)


def test_what_was_set_is_that_of_the_state(world: World, replica: Replica) -> None:
    seen = set()
    with replica.store.snapshot() as snapshot:
        for past in pasts(world):
            view = state_at(snapshot, past.head.size)
            for key in KEYS:
                expected = past.get(key)
                assert view.get(key) == expected, (past.head.height, key)
                seen.add((key, None if expected is None else encode(expected)))
    different = {key: sum(one == key for one, _ in seen) for key in KEYS}
    assert different == {
        "basis/art-1": 2,
        "basis/art-2": 2,
        "group/bureaus": 2,
        "group/no": 1,
        "indicators": 4,
        "ledger": 9,
        "pairing/forms": 3,
    }


def test_what_is_not_kept_is_known() -> None:
    assert frozenset(VERSIONED) == kept.VERSIONED
    assert all(map(is_kept, (*KEYS, "member/health", "role/steward", "case/1", "indicator/x")))
    assert not any(map(is_kept, ("key/1", "ledger/2026", "use/1", "proposal/1")))
