"""Every filter of every list goes by an index: what it costs does not grow with the log.

The queries of each answer are explained by the database. A step of a plan that visits a view is
good if it seeks rows equal to something (`consumer=?`), or by an index of few rows. The plans do
not depend on how much there is: the node keeps no statistics.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine, event

from contracts.findings import FINDING_OF_CODE
from node.app import create_app
from node.composition import Keys
from node.views.models import VIEWS
from tests.log_files import log_signers, story
from tests.nodes import close, open_replica
from tests.served import settings_in
from tests.world import World

SMALL: Final = frozenset(
    {
        "dataset_view",
        "entry_view",
        "indicator_view",
        "member_view",
        "system_view",
        "title_view",
        "writer_view",
    }
)
"""Views with as many rows as there are members, registers and changes of them: read in no time."""
GROWING: Final = frozenset(view.name for view in VIEWS) - SMALL
FEW: Final = frozenset({"duty_open", "duty_passed", "waiting_by_due"})
"""Indexes of the few rows that an exception or the present concerns."""
BROAD: Final = frozenset({"workflow"})
"""Columns with few values: to seek by one of them will do if that was asked for."""
PAGING: Final = frozenset({"at", "cursor", "limit"})
VALUES: Final = {
    "accused": ("health",),
    "acknowledged": ("no", "yes"),
    "code": (min(FINDING_OF_CODE),),
    "consumer": ("health",),
    "dataset": ("flights",),
    "duty": ("must", "may"),
    "from": ("2026-01-01T00:00:00.000Z",),
    "ground": ("not-held",),
    "member": ("health",),
    "outcome": ("open", "overdue", "met", "met-late", "dropped", "missed"),
    "owner": ("transport",),
    "party": ("health",),
    "period": ("2026-Q4",),
    "provider": ("transport",),
    "sharing": ("conditional",),
    "state": ("raised",),
    "status": ("active", "running"),
    "step": ("refuse",),
    "text": ("flights",),
    "to": ("2027-01-01T00:00:00.000Z",),
    "workflow": ("request",),
    "writer": ("health/main",),
}
"""By name of a filter, what there is, or some of it."""
NOT_SERVED: Final = {
    ("/v1/duties", "outcome=dropped"): "one of two ways in which duties end",
    ("/v1/duties", "outcome=met"): "the other one",
    ("/v1/grants", "state"): "computed: takes the rights above, page by page",
    ("/v1/steps", "from"): "a range of the log, read in its order",
    ("/v1/steps", "to"): "the same",
    ("/v1/usage", "from"): "the same",
    ("/v1/usage", "to"): "the same: pages fill as they are read, the last one reads to the end",
}
"""Filters that read in the order of the list until the page is full, and why that will do."""


LONG: Final = {
    "/v1/deliveries": frozenset({"consumer", "grant", "provider"}),
    "/v1/grants": frozenset({"consumer", "dataset", "provider"}),
    "/v1/requests": frozenset({"dataset", "member"}),
    "/v1/usage": frozenset({"consumer", "dataset", "grant"}),
}
"""Filters that leave very many: a page is read in the order of the list, nothing is sorted."""
SORTING: Final = "USE TEMP B-TREE FOR ORDER BY"
_VISIT: Final = re.compile(
    r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?(.*)", re.ASCII
)
_EQUAL: Final = re.compile(r"(\w+|<expr>)=\?", re.ASCII)


def is_served(step: str, query: str) -> bool:
    """Whether a step of a plan visits no view that grows, or few of its rows."""
    visit = _VISIT.match(step)
    if visit is None or visit[2] not in GROWING or visit[3] in FEW:
        return True
    equal = {*_EQUAL.findall(visit[4])}
    return bool(equal - BROAD) or any(f"{one}=" in query for one in equal)


def lists(app: FastAPI) -> Iterator[tuple[str, list[str]]]:
    """The paths of all lists, each with its filters."""
    for path, methods in FastAPI.openapi(app)["paths"].items():
        names = [one["name"] for one in methods.get("get", {}).get("parameters", ())]
        if path.startswith("/v1/") and "{" not in path and {*names} >= PAGING:
            yield path, [one for one in names if one not in PAGING]


def questions(path: str, names: list[str], known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Every filter of a list by itself, and every two of them, as queries."""
    given = [f"{name}={value}" for name in names for value in known[name]]
    for some in (*combinations(given, 1), *combinations(given, 2)):
        if not all(
            (path, one) in NOT_SERVED or (path, one.partition("=")[0]) in NOT_SERVED for one in some
        ):
            yield "&".join(some)


def known_in(world: World) -> dict[str, tuple[str, ...]]:
    case, right = (min(world.state.keys(f"{one}/")).partition("/")[2] for one in ("case", "grant"))
    return {**VALUES, "case": (case,), "grant": (right,), "parent": (right,)}


@contextmanager
def plans(engine: Engine) -> Iterator[list[str]]:
    """Within this context, the steps of the plans of all queries to a database."""
    found: list[str] = []

    def explain(_connection: Any, cursor: Any, query: str, given: Any, *_rest: Any) -> None:
        if query.startswith("SELECT"):
            explained = cursor.connection.execute(f"EXPLAIN QUERY PLAN {query}", given)
            found.extend(row[-1] for row in explained)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


async def test_every_filter_goes_by_an_index(tmp_path: Path) -> None:
    settings, world = settings_in(tmp_path), story()
    close(open_replica(settings.database, world))
    app = create_app(settings, Keys(log_signers()))
    known, slow, asked = known_in(world), [], 0
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as client,
    ):
        engine = app.state.service.replica.store.engine
        for path, names in lists(app):
            for query in questions(path, names, known):
                with plans(engine) as steps:
                    answer = await client.get(f"{path}?{query}")
                if answer.status_code != 400:  # two filters that contradict each other
                    asked += 1
                    slow += [
                        f"{path}?{query}: {step}" for step in steps if not is_served(step, query)
                    ]
                    if SORTING in steps and query.partition("=")[0] in LONG.get(path, ()):
                        slow.append(f"{path}?{query}: {SORTING}")
    assert slow == []
    assert asked > 100
