"""What is announced beyond this machine: findings raised, and deadlines that come near or pass.

Everything follows from the log and the clock, from a `Position` on: the leaves seen, and the moment
up to which deadlines were looked at. Whoever comes back to a position finds the same events with
the same ids, so nothing is lost in a crash, and what comes twice can be told by its id.

An event is a CloudEvent (CloudEvents 1.0.2, JSON format): `subject` is the case, `data` says the
rest. It is a notification; what it speaks of is proved by the ledger.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from sqlalchemy import and_, or_, select

from contracts import calendar, cases
from contracts.findings import FINDING_OF_CODE
from contracts.tasks import WARNING_DAYS, Urgency, due_after, late_members, urgency_of
from contracts.values import Case, Ledger
from contracts.view import Overlay, StateView, held, read
from ledger.seal import FindingRef, parse_outcome
from ledger.types import CaseId, MemberId, Time
from node.storage.models import LeafRow, table_of
from node.storage.store import Snapshot
from node.views.as_at import PresentState
from node.views.models import WAITING

LEAVES_MAX: Final = 1_000
"""Leaves looked at in one go."""
CASES_MAX: Final = 500
_PREFIX: Final = "urn:blockpool:"
_leaf: Final = table_of(LeafRow)
_FINDING: Final = b'"findings"'
"""What an outcome with findings holds; without any, the member is left out."""
Key = tuple[str, CaseId]
"""Due time and case."""
FIRST: Final[Key] = ("", "")


class Position(Struct, frozen=True, kw_only=True):
    """Leaves below `size` were seen, and deadlines as at `time`, in a log of `looked_at` leaves."""

    size: int
    looked_at: int
    time: Time


class Event(Struct, frozen=True, kw_only=True):
    """A CloudEvent."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Time
    datacontenttype: str = "application/json"
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose events: of some members, or, with none named, of all."""

    members: Collection[MemberId] = ()

    def hears_of(self, members: Collection[MemberId]) -> bool:
        """Whether any of these is among them."""
        return not self.members or any(one in self.members for one in members)


EVERYBODY: Final = Audience()


def findings_from(
    snapshot: Snapshot, origin: str, start: int, audience: Audience
) -> tuple[list[Event], int]:
    """Findings raised by the leaves from `start` on, and up to which leaf these were looked at."""
    head = snapshot.head()
    end = start if head is None else min(head.head.size, start + LEAVES_MAX)
    view = PresentState(snapshot)
    events: list[Event] = []
    for index, time, ref in _raised(snapshot, start, end):
        case = read(view, Case, f"case/{ref.case}")
        if case is not None and audience.hears_of([one.member for one in case.parties]):
            events.append(_finding_raised(origin, index, time, ref, case))
    return events, end


def deadlines_since(
    snapshot: Snapshot, origin: str, since: Position, now: Time, audience: Audience, after: Key
) -> tuple[list[Event], Key | None]:
    """Deadlines that have come nearer since a position, the next one due first.

    One page, from behind the case `after`; with it, after which case the next page starts.
    """
    view = Overlay(PresentState(snapshot))
    rows = _due_soon(snapshot, view, since, now, after)
    events: list[Event] = []
    for due, case_id, from_size in rows:
        case = read(view, Case, f"case/{case_id}")
        if case is None:
            continue
        is_known = from_size <= since.looked_at or case.due is None
        before = urgency_of(view, since.time, due)[1] if is_known else None
        _, urgency = urgency_of(view, now, due)
        if urgency is not None and urgency != before:
            events += _deadline(view, origin, case_id, case, (urgency, now), audience)
    return events, rows[-1][:2] if len(rows) == CASES_MAX else None


def _raised(snapshot: Snapshot, start: int, end: int) -> Iterator[tuple[int, Time, FindingRef]]:
    """Index, block time and finding; those of a settlement stand at the seal of its block."""
    query = (
        select(_leaf.c["index"], _leaf.c.outcome)
        .where(_leaf.c["index"] >= start, _leaf.c["index"] < end)
        .order_by(_leaf.c["index"])
    )
    for index, outcome in snapshot.connection.execute(query).all():
        block = snapshot.block_of(index) if outcome is None or _FINDING in outcome else None
        if block is not None:
            for ref in parse_outcome(outcome or block.settlement).findings:
                yield index, block.time, ref


def _finding_raised(origin: str, index: int, time: Time, ref: FindingRef, case: Case) -> Event:
    finding, said = FINDING_OF_CODE[ref.code], case.finding
    return Event(
        id=f"{origin}/{ref.case}/raised",
        source=origin,
        type=f"{_PREFIX}finding-raised:v1",
        subject=ref.case,
        time=time,
        data={
            "index": index,
            "code": ref.code,
            "number": finding.number,
            "meaning": finding.meaning,
            "cure": finding.cure,
            "measure": None if said is None else said.measure,
            "limit": None if said is None else said.limit,
            "due": case.due,
            "parties": case.parties,
        },
    )


def _due_soon(
    snapshot: Snapshot, view: StateView, since: Position, now: Time, after: Key
) -> list[tuple[str, CaseId, int]]:
    """Cases that wait, whose deadline is near, or has passed since then, or was not known then."""
    days = max(days for days, _ in WARNING_DAYS)
    horizon = calendar.deadline(now, days, held(view, Ledger, "ledger").calendar)
    table = WAITING
    query = (
        select(table.c.due, table.c.id, table.c.from_size)
        .where(
            table.c.to_size.is_(None),
            table.c.due <= horizon,
            or_(table.c.due > since.time, table.c.from_size > since.looked_at),
            or_(table.c.due > after[0], and_(table.c.due == after[0], table.c.id > after[1])),
        )
        .distinct()
        .order_by(table.c.due, table.c.id)
        .limit(CASES_MAX)
    )
    return [(row.due, row.id, row.from_size) for row in snapshot.connection.execute(query)]


def _deadline(
    view: StateView,
    origin: str,
    case_id: CaseId,
    case: Case,
    told: tuple[Urgency, Time],
    audience: Audience,
) -> Iterator[Event]:
    """The event for whoever the deadline runs against."""
    urgency, now = told
    members = late_members(view, case)
    due = due_after(view, case_id, case)
    if members and audience.hears_of(members):
        name = "deadline-passed" if urgency == "overdue" else "deadline-near"
        yield Event(
            id=f"{origin}/{case_id}/{urgency}/{due}",
            source=origin,
            type=f"{_PREFIX}{name}:v1",
            subject=case_id,
            time=now,
            data={
                "workflow": case.workflow,
                "state": case.state,
                "dataset": cases.dataset_of(view, case),
                "members": members,
                "due": due,
                "urgency": urgency,
                "daysLeft": urgency_of(view, now, due)[0],
            },
        )
