"""Counters of uses: what is drawn under a right, and which of its limits that exceeds.

A use under a right draws on the account of that right; a right taken under a standing grant that
limits uses draws on the member's one account there too, so that taking the grant up again gives
nothing. Nothing is refused: what exceeds a limit is counted and found.
"""

from typing import NamedTuple

from contracts import findings
from contracts.draft import Draft
from contracts.terms import is_counted
from contracts.values import DAYS_KEPT, DayUses, GrantedRight, UseCounters
from contracts.view import held, read
from ledger.records.use import Usage
from ledger.running_digest import EMPTY_RUN, extend_run
from ledger.times import day_of, to_ms
from ledger.types import SAFE_INTEGER_MAX

_NO_USE = UseCounters(records=0, rows=0, run=EMPTY_RUN, uses=0)


class Excess(NamedTuple):
    """A limit that was exceeded: what is found, what was counted, what was allowed."""

    finding: findings.Finding
    counted: int
    limit: int


def count(draft: Draft, body: Usage, right: GrantedRight) -> tuple[Excess, ...]:
    """R505: uses and rows in total keep to what was granted.

    They are counted in the order of the log, and saturate at 2^53 - 1. What one member uses under a
    standing grant with such limits draws on one account, however many rights it has taken under it.
    """
    accounts = [(f"use/{body.grant}", right)]
    if right.standing is not None:
        offer = held(draft, GrantedRight, f"grant/{right.standing}")
        if is_counted(offer.terms):
            accounts.append((f"use/{right.standing}/{draft.member}", offer))
    exceeded: dict[str, Excess] = {}
    for key, limits in accounts:
        for excess in _draw(draft, body, key, limits):
            exceeded.setdefault(excess.finding.code, excess)
    return tuple(exceeded.values())


def _draw(draft: Draft, body: Usage, key: str, right: GrantedRight) -> list[Excess]:
    """Count a use on one account; returns the limits it exceeds."""
    before = read(draft, UseCounters, key) or _NO_USE
    terms, days = right.terms, before.days
    exceeded: list[Excess] = []
    uses = min(before.uses + body.uses, SAFE_INTEGER_MAX)
    rows = min(before.rows + body.rows, SAFE_INTEGER_MAX)
    if terms.rate_per_day is not None:
        days, exceeded = _count_days(draft, body, before.days, terms.rate_per_day)
        exceeded += _exceeds_all_days(draft, body, right, uses, terms.rate_per_day)
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


def _count_days(
    draft: Draft, body: Usage, before: tuple[DayUses, ...], rate: int
) -> tuple[tuple[DayUses, ...], list[Excess]]:
    """R506: uses on a local calendar day keep to the rate granted.

    A span of several days counts on its last day with what the days before it could not hold. So
    that nobody hides uses in long spans, such a report also finds whether all uses so far are more
    than the days since the right came into force can hold. Of a day older than the latest 8 used, a
    report is judged by itself.
    """
    first, last = _days_of(draft, body)
    earlier = sum(one.uses for one in before if one.day == last)
    uses = min(earlier + max(0, body.uses - rate * (last - first)), SAFE_INTEGER_MAX)
    others = [one for one in before if one.day != last]
    after = sorted([*others, DayUses(day=last, uses=uses)], key=lambda one: one.day)
    exceeded = [Excess(findings.RATE_EXCEEDED, uses, rate)] if uses > rate else []
    return tuple(after[-DAYS_KEPT:]), exceeded


def _exceeds_all_days(
    draft: Draft, body: Usage, right: GrantedRight, uses: int, rate: int
) -> list[Excess]:
    first, last = _days_of(draft, body)
    if first == last or right.in_force_since is None:
        return []
    offset = draft.context.ledger.calendar.utc_offset_minutes
    days = day_of(draft.context.time_ms, offset) - day_of(to_ms(right.in_force_since), offset) + 1
    return [Excess(findings.RATE_EXCEEDED, uses, rate * days)] if uses > rate * days else []


def _days_of(draft: Draft, body: Usage) -> tuple[int, int]:
    """The local calendar days on which a span of use starts and ends."""
    offset = draft.context.ledger.calendar.utc_offset_minutes
    return day_of(to_ms(body.started_at), offset), day_of(to_ms(body.ended_at), offset)
