"""The chain of rights behind a use: from the right itself up to what the provider gave.

A right that was passed on names the right it hangs from, a right taken up under a standing grant
names that grant. So the whole chain is at most ten values of the state, each under the key that the
one below it names, and each with a proof of its own: nothing is written down twice, and what ends,
suspends or narrows a right does so for all that hangs from it without a mark on any of them.

    health's right  ←parent─  weather's right  ←parent─  audit's right  ←  a use by audit

`chain_of` lists the chain; `ineffective` says whether all of it held over a span, `terms_over`
which terms a link had then. A use is covered by the meet of the chain exactly if every link
covers it. `state_of` is what lists and tasks tell of a right: what a use at a moment would be
judged by, so that nobody is shown as in force what a use is a finding under.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from contracts import calendar
from contracts.draft import Draft
from contracts.reasons import NOT_DELEGABLE, NOT_EFFECTIVE, WIDER_THAN_ABOVE, refuse_unless
from contracts.sharing import bars
from contracts.terms import narrows
from contracts.values import FormerTerms, GrantedRight, Interval
from contracts.view import StateView, held
from ledger.records.terms import Terms
from ledger.times import from_ms, to_ms
from ledger.types import Count, DigestHex, ItemId, Time

StateName = Literal[
    "ended", "fallen", "in-force", "lapsed", "not-yet", "offered", "run-out", "suspended"
]
"""Where a right stands at a moment; one is `fallen` that itself would hold, but hangs from another
that does not."""


class RightState(NamedTuple):
    """Where a right stands; `why` it does not hold, unless it is in force."""

    state: StateName
    why: str | None = None


class Link(NamedTuple):
    """One right of a chain. `depth` counts how often it was passed on from here to the use.

    What was taken up does not hold over the spans over which its member was `barred`, nor from when
    that had `broken_at` its trust (R444).
    """

    grant_id: ItemId
    right: GrantedRight
    depth: int
    barred: tuple[Interval, ...] = ()
    broken_at: Time | None = None

    @property
    def pauses(self) -> tuple[Interval, ...]:
        """When the right did not hold for the time being."""
        return (*self.right.suspensions, *self.barred)


class TermsVersion(NamedTuple):
    """Terms that a right had or has; `since` is None for those it was given with."""

    since: Time | None
    terms: Terms
    schema: DigestHex


def chain_of(view: StateView, grant_id: ItemId, right: GrantedRight) -> tuple[Link, ...]:
    """A right and every right above it, a standing grant last.

    It ends: a right names one that was there before it, and its depth is less than that one's.
    """
    links: list[Link] = []
    depth = 0
    while (above_id := right.parent or right.standing) is not None:
        above = held(view, GrantedRight, f"grant/{above_id}")
        if above.member is None:
            links.append(Link(grant_id, right, depth, *bars.over(view, right, above)))
        else:
            links.append(Link(grant_id, right, depth))
        depth += right.parent is not None
        grant_id, right = above_id, above
    return (*links, Link(grant_id, right, depth))


def ineffective(chain: Sequence[Link], started_at: Time, ended_at: Time) -> str | None:
    """Why a chain did not hold over a whole span; None if it did.

    R415: a right holds only while every right above it holds: accepted, not ended, not suspended.
    What was taken up under a standing grant does not hold while its member is barred (R444).
    """
    for link in chain:
        found = _ineffective(link, started_at, ended_at)
        if found is not None:
            return _told(found, link, chain).why
    return None


def state_of(chain: Sequence[Link], now: Time) -> RightState:
    """Where a right stands at a moment: it is in force if it could be used then.

    A use is judged by R415, and by the window of the terms of every right of the chain (R421).
    """
    for link in chain:
        found = _ineffective(link, now, now) or _outside(link.right.terms, now)
        if found is not None:
            return _told(found, link, chain)
    return RightState("in-force")


def is_over(chain: Sequence[Link], by: Time) -> bool:
    """Whether a right will not hold again since some moment: it, or one above it, has ended."""
    ends = (one for link in chain for one in (link.right.ended_at, link.broken_at))
    return any(one is not None and one <= by for one in ends)


def pauses_before(chain: Sequence[Link], moment: Time) -> tuple[Interval, ...]:
    """Since when and until when a right did not hold for the time being, or one above it."""
    return tuple(span for link in chain for span in link.pauses if span.since < moment)


def days_held(draft: Draft, chain: Sequence[Link], since: Time, days: Count) -> Time:
    """The end of so many working days over which a right held, as far as is known by now."""
    since_ms = to_ms(since)
    lost_ms = _paused_ms(chain, since_ms, draft.context.time_ms)
    return calendar.deadline(from_ms(since_ms + lost_ms), days, draft.context.ledger.calendar)


def _paused_ms(chain: Sequence[Link], since_ms: int, now_ms: int) -> int:
    """How long, since some moment, one right of a chain or another did not hold."""
    spans = sorted(
        (to_ms(span.since), now_ms if span.until is None else to_ms(span.until))
        for link in chain
        for span in link.pauses
    )
    lost, seen = 0, since_ms
    for since, until in spans:
        lost += max(0, until - max(since, seen))
        seen = max(seen, until)
    return lost


def check_narrows_above(terms: Terms, chain: Sequence[Link]) -> None:
    """R413: what hangs from a chain is no wider than any of its rights, and ends before they do.

    It may be passed on less often than each right above allows, counted from there; a right that
    may not be passed on is not. `chain` starts with the right above.
    """
    left = min(link.right.terms.delegable - link.depth for link in chain)
    refuse_unless(left > 0, NOT_DELEGABLE, chain[0].grant_id, "grant")
    deepest = f"delegable is at most {left - 1}"
    refuse_unless(terms.delegable < left, WIDER_THAN_ABOVE, deepest, "terms", "delegable")
    for link in chain:
        is_narrower = narrows(terms, link.right.terms)
        refuse_unless(is_narrower, WIDER_THAN_ABOVE, f"than those of {link.grant_id}", "terms")


def check_effective(draft: Draft, chain: Sequence[Link]) -> None:
    """R416: what hangs from a chain is given, accepted and amended while all of the chain holds."""
    why = ineffective(chain, draft.context.time, draft.context.time)
    refuse_unless(why is None, NOT_EFFECTIVE, why or "", "grant")


def versions(view: StateView, link: Link) -> Iterator[TermsVersion]:
    """All terms a right has had, the present ones first."""
    right = link.right
    yield TermsVersion(right.amended_at, right.terms, right.schema)
    for number in reversed(range(right.amendments)):
        former = held(view, FormerTerms, f"terms/{link.grant_id}/{number}")
        yield TermsVersion(former.since, former.terms, former.schema)


def terms_over(
    view: StateView, link: Link, started_at: Time, ended_at: Time
) -> Iterator[TermsVersion]:
    """The terms a right had over a span, the latest first."""
    for version in versions(view, link):
        if version.since is None or ended_at >= version.since:
            yield version
        if version.since is None or started_at >= version.since:
            return


def _told(found: RightState, link: Link, chain: Sequence[Link]) -> RightState:
    """What one link comes to for the right at the foot of the chain."""
    if link is chain[0]:
        return found
    return RightState("fallen", f"{found.why}, above: {link.grant_id}")


def _ineffective(link: Link, started_at: Time, ended_at: Time) -> RightState | None:
    right = link.right
    if right.in_force_since is None:
        state: StateName = "offered" if right.ended_at is None else "ended"
        return RightState(state, why="the grant was not accepted")
    if started_at < right.in_force_since:
        return RightState("not-yet", why=f"the grant is in force since {right.in_force_since}")
    if right.ended_at is not None and ended_at >= right.ended_at:
        return RightState("ended", why=f"the grant ended at {right.ended_at}")
    if right.lapses_at is not None and ended_at >= right.lapses_at:
        return RightState("lapsed", why=f"the grant lapsed at {right.lapses_at}")
    for span in right.suspensions:
        if ended_at >= span.since and (span.until is None or started_at < span.until):
            return RightState("suspended", why=f"the grant was suspended at {span.since}")
    for span in link.barred:
        if ended_at >= span.since and (span.until is None or started_at < span.until):
            return RightState("suspended", why=f"its member was barred at {span.since}")
    if link.broken_at is not None and ended_at >= link.broken_at:
        return RightState("fallen", why=f"its member was barred at {link.broken_at}")
    return None


def _outside(terms: Terms, now: Time) -> RightState | None:
    if terms.not_before is not None and now < terms.not_before:
        return RightState("not-yet", why=f"the grant allows it from {terms.not_before}")
    if terms.not_after is not None and now > terms.not_after:
        return RightState("run-out", why=f"the grant allows it until {terms.not_after}")
    return None
