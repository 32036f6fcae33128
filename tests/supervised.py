"""How cases of supervision come to be in each of their states; health claims, weather responds.

A course takes a story in which `flights` is published to a case in some state. Who plays which part
is in `MEMBER_OF`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from contracts.values import Case
from ledger.records import Body
from ledger.records.catalogue import DatasetVersion
from ledger.types import CaseId, WriterId
from tests import bodies
from tests.story import Story

Course = Callable[[Story], CaseId]
MEMBER_OF: Final = {
    "claimant": "health",
    "government": "transport",
    "mediator": "steward",
    "respondent": "weather",
}
_NOTHING: Final[Mapping[str, object]] = {}
NAMED: Final[Mapping[str | None, Mapping[str, object]]] = {
    None: _NOTHING,
    "dataset": {"dataset": bodies.DATASET},
    "member": {"member": "transport"},
    "release": {"release": DatasetVersion(dataset=bodies.DATASET, version=2)},
}
"""What the steps of these courses name."""


def opened(writer: WriterId, body: Callable[[Story], Body]) -> Course:
    """A course that begins with a record that opens a case."""
    return lambda story: f"{story.says(writer, body(story)).digest}-0"


def then(
    start: Course,
    writer: WriterId,
    name: str,
    ground: str | None = None,
    named: Mapping[str, object] = _NOTHING,
) -> Course:
    """A course, and one more step."""

    def course(story: Story) -> CaseId:
        case_id = start(story)
        story.says(writer, bodies.case_step(name, case_id, ground=ground, **named))
        return case_id

    return course


def overdue(start: Course) -> Course:
    """A course, and the passing of the case's deadline."""

    def course(story: Story) -> CaseId:
        case_id = start(story)
        case = story.world.value(f"case/{case_id}")
        assert isinstance(case, Case)
        story.world.block(at=case.due)
        return case_id

    return course


def _correction(story: Story) -> Body:
    """Version 2 is there already, and corrects the version 1 that is complained of."""
    story.says("transport/main", bodies.release(bodies.correcting_item()))
    return bodies.correction()


def _dispute(story: Story) -> Body:
    return bodies.opening("dispute", case=DEMANDED_OF_WEATHER(story))


def _orders(name: str, start: Course) -> dict[tuple[str, str], Course]:
    reported = then(start, "weather/main", "report")
    return {
        (name, "open"): start,
        (name, "reported"): reported,
        (name, "closed"): then(reported, "audit/main", "close"),
        (name, "lifted"): then(start, "steward/main", "lift", "mistaken"),
        (name, "referred"): then(reported, "audit/main", "refer", "discipline"),
    }


def _contests(name: str, start: Course) -> dict[tuple[str, str], Course]:
    answered = then(start, "weather/main", "answer")
    mediation = then(answered, "health/main", "escalate")
    ruled = then(mediation, "steward/main", "rule", "upheld")
    appealed = then(ruled, "health/main", "appeal")
    return {
        (name, "open"): start,
        (name, "unanswered"): overdue(start),
        (name, "answered"): answered,
        (name, "mediation"): mediation,
        (name, "stalled"): overdue(mediation),
        (name, "ruled"): ruled,
        (name, "appealed"): appealed,
        (name, "binding"): overdue(ruled),
        (name, "decided"): then(appealed, "transport/main", "decide", "rejected"),
        (name, "settled"): overdue(answered),
        (name, "withdrawn"): then(start, "health/main", "withdraw"),
    }


DEMAND: Final = opened("health/main", lambda _: bodies.opening("demand"))
DEMANDED_OF_WEATHER: Final = then(DEMAND, "steward/main", "assign", named={"member": "weather"})
_ASSIGNED: Final = then(DEMAND, "steward/main", "assign", named=NAMED["member"])
CORRECTION: Final = opened("health/main", _correction)
_REJECTED: Final = then(CORRECTION, "transport/main", "reject", "not-wrong")
_MEDIATION: Final = then(_REJECTED, "health/main", "escalate")
COMPLAINT: Final = opened("health/main", lambda _: bodies.opening("complaint", "weather"))
_UPHELD: Final = then(COMPLAINT, "audit/main", "uphold")
_REPORTED: Final = then(_UPHELD, "weather/main", "report")
OBJECTION: Final = opened(
    "health/main", lambda _: bodies.opening("objection", "weather", record=bodies.NOWHERE)
)

COURSES: Final[dict[tuple[str, str], Course]] = {
    ("complaint", "open"): COMPLAINT,
    ("complaint", "answered"): then(COMPLAINT, "weather/main", "answer"),
    ("complaint", "upheld"): _UPHELD,
    ("complaint", "reported"): _REPORTED,
    ("complaint", "closed"): then(_REPORTED, "transport/main", "close"),
    ("complaint", "dismissed"): then(COMPLAINT, "audit/main", "dismiss", "not-proven"),
    ("complaint", "referred"): then(_UPHELD, "audit/main", "refer", "discipline"),
    ("complaint", "withdrawn"): then(COMPLAINT, "health/main", "withdraw"),
    ("correction", "open"): CORRECTION,
    ("correction", "unanswered"): overdue(CORRECTION),
    ("correction", "rejected"): _REJECTED,
    ("correction", "mediation"): _MEDIATION,
    ("correction", "upheld"): then(_MEDIATION, "steward/main", "uphold"),
    ("correction", "corrected"): then(
        CORRECTION, "transport/main", "correct", named=NAMED["release"]
    ),
    ("correction", "dismissed"): then(_MEDIATION, "steward/main", "dismiss", "explained"),
    ("correction", "settled"): overdue(_REJECTED),
    ("correction", "withdrawn"): then(CORRECTION, "health/main", "withdraw"),
    ("demand", "open"): DEMAND,
    ("demand", "assigned"): _ASSIGNED,
    ("demand", "declined"): then(_ASSIGNED, "transport/main", "decline", "not-held"),
    ("demand", "met"): then(_ASSIGNED, "transport/main", "meet", named=NAMED["dataset"]),
    ("demand", "closed"): then(DEMAND, "steward/main", "close", "open-already"),
    ("demand", "withdrawn"): then(DEMAND, "health/main", "withdraw"),
    **_contests("dispute", opened("health/main", _dispute)),
    **_contests("objection", OBJECTION),
    **_orders("incident", opened("weather/main", lambda story: bodies.incident(story.world.now))),
    **_orders(
        "inspection", opened("audit/main", lambda _: bodies.opening("inspection", "weather"))
    ),
    **_orders(
        "rectification",
        opened("steward/main", lambda _: bodies.opening("rectification", "weather")),
    ),
    **_orders(
        "supervision-order",
        opened("steward/main", lambda _: bodies.opening("supervision-order", "weather")),
    ),
}
"""How a case comes to be in each state."""
