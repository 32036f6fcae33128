"""Ledgers that assess their members: how objections to figures come to be in each of their states.

Indicators are the seed, time for objections 20 working days after the quarter. Health objects.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from contracts.assessment.chronicle import Chronicle
from contracts.assessment.seed import SEED
from contracts.replay import Block, BlockResult
from ledger.records import CaseOpening, parse_record
from ledger.records.assessment import FigureObjection, Indicator, PeriodName, ThingKey
from ledger.records.genesis import Parameters
from ledger.types import CaseId, Slug, Time
from tests.story import Story
from tests.supervised import Course, overdue, then
from tests.world import World

QUARTER: Final[PeriodName] = "2026-Q4"
"""The quarter in which test ledgers are founded."""
AFTER: Final[Time] = "2027-01-01T00:00:00.000Z"
"""When that is over."""
FINAL: Final[Time] = "2027-01-29T00:00:00.000Z"
"""Twenty working days later: Friday 1 January is the first, Thursday 28 January the last."""
PARAMETERS: Final = Parameters(assessment_days=20, rectify_days=20, supply_days=20, update_days=5)


def assessed(*indicators: Indicator, parameters: Parameters = PARAMETERS) -> Story:
    """A story on a ledger with these indicators, or the seed, from genesis."""
    story = Story()
    story.world = World.genesis(parameters=parameters, indicators=indicators or SEED)
    return story


def objection(
    indicator: Slug = "timely-answers",
    period: PeriodName = QUARTER,
    things: tuple[ThingKey, ...] = ("entry/flights",),
) -> CaseOpening:
    """What must not count in a figure."""
    figure = FigureObjection(indicator=indicator, period=period, things=tuple(sorted(things)))
    return CaseOpening(figure=figure, text="it was not ours", workflow="figure-objection")


def objected(story: Story) -> CaseId:
    """Health objects to a figure of the quarter that is over."""
    story.world = assessed().publish().world
    story.world.block(at=AFTER)
    return f"{story.says('health/main', objection()).digest}-0"


def chronicle_of(world: World, results: Iterable[BlockResult] | None = None) -> Chronicle:
    """What an auditor gathers from the leaves, decided again unless `results` are given."""
    found = Chronicle()
    genesis = parse_record(world.leaves[0])
    blocks = [Block(world.founding.head.time, "", (genesis,)), *world.blocks]
    for block, result in zip(blocks, results or world.replay(), strict=True):
        found.take(block, result)
    return found


_REJECTED: Final = then(objected, "steward/main", "reject", "not-wrong")
_APPEALED: Final = then(_REJECTED, "health/main", "appeal")
COURSES: Final[Mapping[tuple[str, str], Course]] = {
    ("figure-objection", "open"): objected,
    ("figure-objection", "stalled"): overdue(objected),
    ("figure-objection", "rejected"): _REJECTED,
    ("figure-objection", "appealed"): _APPEALED,
    ("figure-objection", "upheld"): then(objected, "steward/main", "uphold"),
    ("figure-objection", "dismissed"): then(
        _APPEALED, "transport/main", "dismiss-appeal", "explained"
    ),
    ("figure-objection", "settled"): overdue(_REJECTED),
    ("figure-objection", "withdrawn"): then(objected, "health/main", "withdraw"),
}
"""How an objection comes to be in each state."""
