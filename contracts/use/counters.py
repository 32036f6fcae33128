"""Counters of uses: what is drawn under a right, and which of its limits that exceeds.

A use under a right draws on the account of that right; a right taken under a standing grant that
limits uses draws on the member's one account there too, so that taking the grant up again gives
nothing. Nothing is refused: what exceeds a limit is counted and found.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contracts import findings
from contracts.draft import Draft
from contracts.sharing.chains import Link, terms_over, versions
from contracts.terms import is_counted
from contracts.use import effect_report, first_use
from contracts.values import DAYS_KEPT, DayUses, UseCounters
from contracts.view import read
from ledger.records.use import Usage
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.times import day_of, to_ms
from ledger.types import SAFE_INTEGER_MAX, Time

_NO_USE = UseCounters(records=0, rows=0, run=EMPTY_RUN, uses=0)


class Excess(NamedTuple):
    """A limit that was exceeded: what is found, what was counted, what was allowed."""

    finding: findings.Finding
    counted: int
    limit: int


def count(draft: Draft, body: Usage, chain: Sequence[Link]) -> tuple[Excess, ...]:
    """R505: uses and rows in total keep to what was granted.

    They are counted in the order of the log, and saturate at 2^53 - 1. What one member uses under a
    standing grant with such limits draws on one account, however many rights it has taken under it.

    R417: a use under a right passed on draws on every right above it too, and keeps to its limits.
    """
    exceeded: dict[str, Excess] = {}
    for key, link in _accounts(chain):
        for excess in _draw(draft, body, key, link):
            exceeded.setdefault(excess.finding.code, excess)
    return tuple(exceeded.values())


def _accounts(chain: Sequence[Link]) -> Iterator[tuple[str, Link]]:
    """The accounts a use draws on. Under a standing grant, that of whoever took the right up."""
    holder = None
    for link in chain:
        if link.right.member is not None:
            holder = link.right.member
            yield f"use/{link.grant_id}", link
        elif is_counted(link.right.terms):
            yield f"use/{link.grant_id}/{holder}", link


def _draw(draft: Draft, body: Usage, key: str, link: Link) -> list[Excess]:
    """Count a use on one account; returns the limits it exceeds."""
    before = read(draft, UseCounters, key)
    if before is None:
        before = _NO_USE
        if link.right.member is not None:
            first_use.meet(draft, link.grant_id)
            effect_report.owe(draft, link.grant_id, link.right)
    terms, days = link.right.terms, before.days
    exceeded: list[Excess] = []
    uses = min(before.uses + body.uses, SAFE_INTEGER_MAX)
    rows = min(before.rows + body.rows, SAFE_INTEGER_MAX)
    rate = _rate_over(draft, body, link)
    if rate is not None:
        days, exceeded = _count_days(draft, body, before.days, rate)
        if _is_judged_by_all_days(draft, body, before.days):
            exceeded += _exceeds_all_days(draft, link, uses)
    after = UseCounters(
        days=days,
        records=before.records + 1,
        rows=rows,
        run=extend_run(before.run, draft.record),
        uses=uses,
    )
    draft.put(key, after)
    if terms.uses_max is not None and uses > terms.uses_max:
        exceeded.append(Excess(findings.USES_EXCEEDED, uses, terms.uses_max))
    if terms.rows_max is not None and rows > terms.rows_max:
        exceeded.append(Excess(findings.ROWS_EXCEEDED, rows, terms.rows_max))
    return exceeded


def _rate_over(draft: Draft, body: Usage, link: Link) -> int | None:
    """The rate a right had over a span of use; the highest if it changed, None if it had none."""
    rates: list[int] = []
    for version in terms_over(draft, link, body.started_at, body.ended_at):
        if version.terms.rate_per_day is None:
            return None
        rates.append(version.terms.rate_per_day)
    return max(rates)


def _count_days(
    draft: Draft, body: Usage, before: tuple[DayUses, ...], rate: int
) -> tuple[tuple[DayUses, ...], list[Excess]]:
    """R506: uses on a local calendar day keep to the rate granted.

    A span of several days counts on its last day with what the days before it could not hold. So
    that nobody hides uses in long spans, such a report also finds whether all uses so far are more
    than the days since the right came into force can hold. Of a day older than the latest 8 used, a
    report is judged by itself, and by all days in the same way.
    """
    first, last = _days_of(draft, body)
    earlier = sum(one.uses for one in before if one.day == last)
    uses = min(earlier + max(0, body.uses - rate * (last - first)), SAFE_INTEGER_MAX)
    others = [one for one in before if one.day != last]
    after = sorted([*others, DayUses(day=last, uses=uses)], key=lambda one: one.day)
    exceeded = [Excess(findings.RATE_EXCEEDED, uses, rate)] if uses > rate else []
    return tuple(after[-DAYS_KEPT:]), exceeded


def _is_judged_by_all_days(draft: Draft, body: Usage, before: tuple[DayUses, ...]) -> bool:
    """Whether a report is of several days, or of one that is counted no more."""
    first, last = _days_of(draft, body)
    return first != last or (len(before) == DAYS_KEPT and last < before[0].day)


def _exceeds_all_days(draft: Draft, link: Link, uses: int) -> list[Excess]:
    if link.right.in_force_since is None:
        return []
    most = _all_days_hold(draft, link, link.right.in_force_since)
    return [] if most is None or uses <= most else [Excess(findings.RATE_EXCEEDED, uses, most)]


def _all_days_hold(draft: Draft, link: Link, in_force_since: Time) -> int | None:
    """R422: each day holds the rate of its terms, of two the sum; None if some had no rate."""
    offset = draft.context.ledger.calendar.utc_offset_minutes
    most, last = 0, day_of(draft.context.time_ms, offset)
    for version in versions(draft, link):
        rate = version.terms.rate_per_day
        if rate is None:
            return None
        first = day_of(to_ms(version.since or in_force_since), offset)
        most, last = most + rate * (last - first + 1), first
    return most


def _days_of(draft: Draft, body: Usage) -> tuple[int, int]:
    """The local calendar days on which a span of use starts and ends."""
    offset = draft.context.ledger.calendar.utc_offset_minutes
    return day_of(to_ms(body.started_at), offset), day_of(to_ms(body.ended_at), offset)
