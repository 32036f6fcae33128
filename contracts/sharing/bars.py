"""The rule of bars (R444): who is not trusted with data does not help itself to it again.

    transport   suspend health's right, or revoke it for a breach     bar/flights/health
    health      request, covered by a standing grant                  `open`: transport answers

A standing grant gives a right to whoever applies. Without a bar, a right that was suspended or
revoked would be taken up anew a second later, by the one member it was taken from. Where the ledger
does not have `breachBars`, nobody is barred.
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.values import Bar, GrantedRight
from contracts.view import read
from ledger.types import DatasetId, MemberId


def bar_of(draft: Draft, dataset: DatasetId, member: MemberId) -> Bar | None:
    """What bars a member from standing grants of a dataset, where anything does."""
    is_asked = draft.context.ledger.parameters.breach_bars
    return read(draft, Bar, f"bar/{dataset}/{member}") if is_asked else None


def _count(draft: Draft, right: GrantedRight) -> Bar:
    return read(draft, Bar, f"bar/{right.dataset}/{right.member}") or Bar()


def holds(bar: Bar | None, offer: GrantedRight) -> bool:
    """R444: nothing is taken up under a standing grant while one's right to the data is suspended.

    Nor is it, after a right was revoked for a breach or ended while it was suspended, under a
    standing grant that was there before. The request waits for an answer.
    """
    if bar is None:
        return False
    since = offer.in_force_since or ""
    return bar.suspended > 0 or (bar.broken_at is not None and since <= bar.broken_at)


def suspend(draft: Draft, right: GrantedRight) -> None:
    """One more right of a member is suspended."""
    if right.member is not None and draft.context.ledger.parameters.breach_bars:
        before = _count(draft, right)
        _put(draft, right, replace(before, suspended=before.suspended + 1))


def resume(draft: Draft, right: GrantedRight) -> None:
    """One less is, also where breaches have ceased to bar meanwhile."""
    before = _count(draft, right)
    if before.suspended > 0:
        _put(draft, right, replace(before, suspended=before.suspended - 1))


def end(draft: Draft, right: GrantedRight, *, is_breach: bool) -> None:
    """A right ends: for a breach, or while nobody has decided yet whether there was one."""
    is_suspended = bool(right.suspensions) and right.suspensions[-1].until is None
    if is_suspended:
        resume(draft, right)
    is_broken = is_suspended or (is_breach and right.parent is None)
    if is_broken and right.member is not None and draft.context.ledger.parameters.breach_bars:
        _put(draft, right, replace(_count(draft, right), broken_at=draft.context.time))


def _put(draft: Draft, right: GrantedRight, bar: Bar) -> None:
    key = f"bar/{right.dataset}/{right.member}"
    if bar == Bar():
        draft.remove(key)
    else:
        draft.put(key, bar)
