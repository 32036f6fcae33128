"""What is told of a member in a period: its figures, provisional or final, and its score.

    running       the period is not over
    provisional   it is over, and the member can still object, or has objected and waits, or what
                  was found is not decided
    final         nothing that comes later changes the figure

The indicators are those in force when the period ended. What is found out as long as the member can
object counts; how that is decided, and what is ruled on an objection, counts whenever it is.
"""

from typing import Final, Literal

from msgspec import Struct

from contracts import calendar as working_days
from contracts.assessment.facts import FactsAt
from contracts.assessment.figures import Taken, counted_by, left_open, score_of, take
from contracts.assessment.periods import Span, before, judged_at, length_of, period_at, span_of
from contracts.assessment.things import (
    Alike,
    FactsOf,
    Thing,
    by_look,
    is_undecided,
    things_of,
)
from contracts.values import Ledger
from ledger.records.assessment import BasisPoints, Indicator, Length, PeriodName, Sort, ThingKey
from ledger.times import from_ms, to_ms
from ledger.types import CaseId, Count, MemberId, Slug, Time

Status = Literal["final", "provisional", "running"]
_LONGEST_FIRST: Final[tuple[Length, ...]] = ("year", "quarter", "month")
_OPEN = frozenset({"appealed", "open", "rejected", "stalled"})
"""States in which an objection is not decided for good."""


class Objection(Struct, frozen=True, kw_only=True, rename="camel"):
    """An objection to a figure: its case, where that stands, what it says must not count."""

    case: CaseId
    state: str
    things: tuple[ThingKey, ...]


class Figure(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an indicator came to for a member in a period.

    Attributes:
        indicator: the indicator, as it was when the period ended.
        objections: objections to it, by case.
        open: how many things it leaves out because they are not decided yet.
        status: whether it can still change.
        taken: what it came to.
    """

    indicator: Indicator
    objections: tuple[Objection, ...] = ()
    open: Count = 0
    status: Status
    taken: Taken


class Assessment(Struct, frozen=True, kw_only=True, rename="camel"):
    """The figures of a member in a period.

    Attributes:
        figures: one for each indicator whose periods are as long, by its code.
        final_at: from when on nothing new counts; None if the ledger sets no time for objections.
        member: the member.
        period: the period.
        score: the figures as one, in basis points; None where nothing was to be counted.
        since: when the period began.
        until: when it is over.
    """

    figures: tuple[Figure, ...]
    final_at: Time | None
    member: MemberId
    period: PeriodName
    score: BasisPoints | None
    since: Time
    until: Time


class Counted(Struct, frozen=True, kw_only=True, rename="camel"):
    """A thing of a figure: whether the figure counts it, whether an objection took it out.

    A share counts what the numerator covers, a deduction all there is. One that is `open` is not
    decided yet, and in neither part of the fraction.
    """

    counts: bool
    excluded: bool = False
    open: bool = False
    thing: Thing


def assess(facts_at: FactsAt, member: MemberId, period: PeriodName, now: Time) -> Assessment:
    """The figures of a member in a period, as they are known at `now`."""
    view = _View(facts_at, member, period, now)
    figures = tuple(view.figure(one) for one in view.indicators())
    return Assessment(
        figures=figures,
        final_at=view.final_at,
        member=member,
        period=period,
        score=score_of(one.taken for one in figures),
        since=view.span.since,
        until=view.span.until,
    )


def drill(
    facts_at: FactsAt, member: MemberId, period: PeriodName, now: Time, code: Slug
) -> tuple[Figure, tuple[Counted, ...]] | None:
    """One figure with all it counts, ascending by key; None if there is no such indicator."""
    view = _View(facts_at, member, period, now)
    found = next((one for one in view.indicators() if one.id == code), None)
    return None if found is None else (view.figure(found), view.counted(found))


def running_period(facts_at: FactsAt, now: Time) -> PeriodName:
    """The period that runs at `now`: of the greatest length over which an indicator is taken."""
    lengths = {one.period for one in facts_at(now).indicators()}
    length: Length = next((one for one in _LONGEST_FIRST if one in lengths), "year")
    return period_at(now, length, ledger_of(facts_at, now).calendar)


def ledger_of(facts_at: FactsAt, now: Time, earlier: Time | None = None) -> Ledger:
    """What held then, at an earlier moment; now, if there was no ledger yet.

    Raises `LookupError` if there is none now.
    """
    found = None if earlier is None else facts_at(min(now, earlier)).ledger()
    found = found or facts_at(now).ledger()
    if found is None:
        raise LookupError(f"there was no ledger at {now}")
    return found


def final_time(ledger: Ledger, span: Span) -> Time | None:
    """R811: a figure is final so many working days after its period as the ledger sets.

    One that leaves out what is not decided, of what was found until then, is final once it is.
    The first of them is the first after the period's last day. Parameters and calendar are those of
    the period's last moment in UTC: what is adopted later makes no figure final, and none that is
    final provisional. Where the ledger sets no days no figure is ever final.
    """
    days = ledger.parameters.assessment_days
    return (
        None if days is None else working_days.deadline(before(span.until), days, ledger.calendar)
    )


class _View:
    """A ledger as an assessment of one member in one period sees it."""

    def __init__(self, facts_at: FactsAt, member: MemberId, period: PeriodName, now: Time) -> None:
        ledger = ledger_of(facts_at, now, judged_at(period))
        self.span = span_of(period, ledger.calendar)
        self.final_at = final_time(ledger, self.span)
        self._member, self._now = member, now
        self._until = now if self.final_at is None else min(now, before(self.final_at))
        ended = facts_at(min(now, before(self.span.until)))
        decided = facts_at(now)
        # Where both are of one moment they are one answer, which need not be asked for twice.
        known = decided if self._until == now else facts_at(self._until)
        self._facts = FactsOf(ended, known, decided)
        self._things: dict[Sort, Alike] = {}
        self._objections = self._read_objections()

    def indicators(self) -> list[Indicator]:
        """Those whose periods are as long as this one, ascending by code."""
        length = length_of(self.span.name)
        every = (one for one in self._facts.ended.indicators() if one.period == length)
        return sorted(every, key=lambda one: one.id)

    def figure(self, indicator: Indicator) -> Figure:
        """What an indicator came to."""
        objections = self._objections.get(indicator.id, ())
        things, without = self._of(indicator.of), _without(objections)
        of, counted = counted_by(indicator, things, without)
        opened = left_open(indicator, things, without)
        waits = any(one.state in _OPEN for one in objections) or any(map(is_undecided, opened))
        return Figure(
            indicator=indicator,
            objections=objections,
            open=len(opened),
            status=self._status(waits=waits),
            taken=take(indicator, of, counted),
        )

    def counted(self, indicator: Indicator) -> tuple[Counted, ...]:
        """What it counts, what objections took out, and what is not decided yet."""
        without, things = _without(self._objections.get(indicator.id, ())), self._of(indicator.of)
        of, counted = counted_by(indicator, things, frozenset())
        is_share = indicator.each is None
        keys = {one.key for one in (counted if is_share else of)} - without
        told = [
            Counted(counts=one.key in keys, excluded=one.key in without, thing=one) for one in of
        ]
        told += [
            Counted(counts=False, open=True, thing=one)
            for one in left_open(indicator, things, without)
        ]
        return tuple(sorted(told, key=lambda one: one.thing.key))

    def _of(self, sort: Sort) -> Alike:
        if sort not in self._things:
            after = from_ms(to_ms(self._until) + 1)
            every = things_of(sort, self._member, self.span, self._facts, after)
            self._things[sort] = by_look(every)
        return self._things[sort]

    def _status(self, *, waits: bool) -> Status:
        if self._now < self.span.until:
            return "running"
        is_late = self.final_at is not None and self._now >= self.final_at
        return "final" if is_late and not waits else "provisional"

    def _read_objections(self) -> dict[Slug, tuple[Objection, ...]]:
        """R812: what an objection names is not counted once it is upheld."""
        found: dict[Slug, tuple[Objection, ...]] = {}
        if self.final_at is None or self._now < self.span.until:
            return found
        cases = self._facts.decided.cases(self._member, self.span.until, self.final_at)
        for case_id, case in sorted(cases, key=lambda one: one[0]):
            if case.workflow == "figure-objection":
                said = self._facts.decided.objection(case_id).objection
                if said.period == self.span.name:
                    told = Objection(case=case_id, state=case.state, things=said.things)
                    found[said.indicator] = (*found.get(said.indicator, ()), told)
        return found


def _without(objections: tuple[Objection, ...]) -> frozenset[ThingKey]:
    return frozenset(key for one in objections if one.state == "upheld" for key in one.things)
