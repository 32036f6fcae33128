"""Where figures come from: a node, or a log from which they are computed here.

Both answer alike. A node is believed; a log is audited down to the rules first, whoever serves it,
and the figures are then this machine's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from msgspec import convert

from contracts.assessment.chronicle import Chronicle
from contracts.assessment.reports import (
    Assessment,
    Counted,
    Figure,
    assess,
    drill,
    ledger_of,
    running_period,
)
from contracts.assessment.trust import Evidence, Trust, trust_in
from contracts.replay import Block, BlockResult
from contracts.values import AdoptedIndicators
from ledger.records.assessment import Indicator, PeriodName
from ledger.types import Count, MemberId, Slug, Time
from node.client import Client
from scripts.answers import read_value
from scripts.audit.command import Access, end_on_doubts
from scripts.audit.log_audit import audit
from scripts.console_text import fail, info, progress
from scripts.record.listing import as_at_of
from scripts.zone import Zone


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which period, as known when; what is left out is what runs, and now."""

    period: PeriodName | None = None
    at: str | None = None


class Figures(Protocol):
    """Who can be asked for figures."""

    def as_at(self, text: str | None) -> str | None:
        """A past moment or a size, as written. Raises `SpellingError`."""

    def indicators(self, at: str | None) -> list[Indicator]:
        """The indicators adopted."""

    def assessments(self, member: MemberId | None, asked: Asked) -> list[Assessment]:
        """The figures of a member, or of all."""

    def figure(
        self, member: MemberId, indicator: Slug, asked: Asked
    ) -> tuple[PeriodName, Figure, list[Counted]]:
        """One figure, of which period, and what it counts."""

    def trust(self, member: MemberId | None, at: str | None) -> list[tuple[MemberId, Trust]]:
        """The trust index of a member, or of all."""

    def evidence(self, member: MemberId, at: str | None) -> tuple[Trust, tuple[Evidence, ...]]:
        """A trust index and its evidence."""


class NodeFigures:
    """As `Figures`, from the views of a node."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def as_at(self, text: str | None) -> str | None:
        """As `Figures.as_at`."""
        return as_at_of(self._client, text)

    def indicators(self, at: str | None) -> list[Indicator]:
        """As `Figures.indicators`."""
        listed = read_value(self._client, AdoptedIndicators, "indicators", at)
        codes = () if listed is None else listed.codes
        found = (read_value(self._client, Indicator, f"indicator/{code}", at) for code in codes)
        return [one for one in found if one is not None]

    def assessments(self, member: MemberId | None, asked: Asked) -> list[Assessment]:
        """As `Figures.assessments`."""
        rows = self._client.items("/v1/assessment", member=member, period=asked.period, at=asked.at)
        return [convert(row, Assessment) for row in rows]

    def figure(
        self, member: MemberId, indicator: Slug, asked: Asked
    ) -> tuple[PeriodName, Figure, list[Counted]]:
        """As `Figures.figure`."""
        path = f"/v1/assessment/{member}/{indicator}"
        things: list[Counted] = []
        page = {}
        for page in self._client.pages(path, period=asked.period, at=asked.at):
            things += convert(page["items"], list[Counted])
        return convert(page["period"], PeriodName), convert(page["figure"], Figure), things

    def trust(self, member: MemberId | None, at: str | None) -> list[tuple[MemberId, Trust]]:
        """As `Figures.trust`."""
        rows = self._client.items("/v1/trust", member=member, at=at)
        return [(str(row["member"]), convert(row["index"], Trust)) for row in rows]

    def evidence(self, member: MemberId, at: str | None) -> tuple[Trust, tuple[Evidence, ...]]:
        """As `Figures.evidence`."""
        told = self._client.get(f"/v1/trust/{member}", at=at)
        found = convert(told["evidence"], tuple[Evidence, ...])
        return convert(told["index"], Trust), found


class LogFigures:
    """As `Figures`, computed here from the leaves of a log."""

    def __init__(self) -> None:
        self._chronicle = Chronicle()
        self._sizes: list[tuple[Count, Time]] = []

    def take(self, block: Block, result: BlockResult) -> None:
        """The next block of the log."""
        self._chronicle.take(block, result)
        self._sizes.append((result.head.size, block.time))

    def as_at(self, text: str | None) -> str | None:
        """As `Figures.as_at`; what is not over is as at the last block."""
        if text is None or text.isdecimal():
            return text
        calendar = ledger_of(self._chronicle.at, self._chronicle.now).calendar
        offset_minutes = calendar.utc_offset_minutes
        return Zone(offset_minutes, info).past(text, lambda: self._chronicle.now)

    def indicators(self, at: str | None) -> list[Indicator]:
        """As `Figures.indicators`."""
        found = self._chronicle.at(self._time(at)).indicators()
        return sorted(found, key=lambda one: one.id)

    def assessments(self, member: MemberId | None, asked: Asked) -> list[Assessment]:
        """As `Figures.assessments`."""
        now = self._time(asked.at)
        period = self._period(asked.period, now)
        members = self._members(member, now)
        chronicle = self._chronicle
        return [assess(chronicle.at, one, period, now) for one in members]

    def figure(
        self, member: MemberId, indicator: Slug, asked: Asked
    ) -> tuple[PeriodName, Figure, list[Counted]]:
        """As `Figures.figure`."""
        now = self._time(asked.at)
        period = self._period(asked.period, now)
        self._check_known(member, now)
        chronicle = self._chronicle
        drilled = drill(chronicle.at, member, period, now, indicator)
        if drilled is None:
            fail(
                f"no indicator {indicator} is taken over {period}",
                hint="see: blockpool assess indicators",
            )
        return period, drilled[0], list(drilled[1])

    def trust(self, member: MemberId | None, at: str | None) -> list[tuple[MemberId, Trust]]:
        """As `Figures.trust`."""
        now = self._time(at)
        chronicle = self._chronicle
        return [(one, trust_in(chronicle.at, one, now)[0]) for one in self._members(member, now)]

    def evidence(self, member: MemberId, at: str | None) -> tuple[Trust, tuple[Evidence, ...]]:
        """As `Figures.evidence`."""
        now = self._time(at)
        self._check_known(member, now)
        return trust_in(self._chronicle.at, member, now)

    def _members(self, member: MemberId | None, now: Time) -> list[MemberId]:
        every = sorted(self._chronicle.at(now).members())
        return [one for one in every if member in (None, one)]

    def _check_known(self, member: MemberId, now: Time) -> None:
        if not self._members(member, now):
            fail(f"no member {member}")

    def _period(self, period: PeriodName | None, now: Time) -> PeriodName:
        chronicle = self._chronicle
        return period or running_period(chronicle.at, now)

    def _time(self, at: str | None) -> Time:
        """The moment asked about; of a size, that of the last block within it."""
        if at is None or not at.isdecimal():
            return at or self._chronicle.now
        times = [time for size, time in self._sizes if size <= int(at)]
        return times[-1] if times else fail("the log was founded after that", code=2)


@contextmanager
def figures_of_log(log: str, access: Access) -> Iterator[LogFigures]:
    """The figures of a log, audited before; ends the command on any doubt about it."""
    found = LogFigures()
    with access.open(log) as opened, progress("auditing", opened.checkpoint.size) as advance:
        report = audit(opened, "rules", access.jobs, advance, found.take)
    end_on_doubts(report)
    yield found
