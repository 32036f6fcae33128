"""The rule of bars (R444): who is not trusted with data does not help itself to it again.

    transport   suspend health's right, or revoke it for a breach     bar/flights/health
    health      request, covered by a standing grant                  `open`: transport answers
    health      use, under what it had taken up before                → `no-effective-grant`

A standing grant gives a right to whoever applies. Without a bar, a right that was suspended or
revoked would be taken up anew a second later, by the one member it was taken from; or it would have
been taken up 128 times before. So what was taken up does not hold either while its member is
barred; what the provider granted to that member itself does. Where the ledger does not have
`breachBars`, nobody is barred.
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.succession import hand_of
from contracts.values import BARS_KEPT, Bar, GrantedRight, Interval, Ledger
from contracts.view import StateView, held, read
from ledger.types import DatasetId, MemberId, Time


def bars_of(view: StateView, dataset: DatasetId, member: MemberId) -> tuple[Bar, ...]:
    """What bars a member, or who acts for it, from standing grants of a dataset."""
    # Each use of what was taken up comes here, and is to do no more than it must.
    hand = hand_of(view, member, dataset)
    own = read(view, Bar, f"bar/{dataset}/{member}")
    other = None if hand == member else read(view, Bar, f"bar/{dataset}/{hand}")
    if own is None and other is None:
        return ()
    is_asked = held(view, Ledger, "ledger").parameters.breach_bars
    return tuple(bar for bar in (own, other) if bar is not None and is_asked)


def over(
    view: StateView, right: GrantedRight, offer: GrantedRight
) -> tuple[tuple[Interval, ...], Time | None]:
    """When what was taken up did not hold since its member was barred, and from when for good."""
    found = bars_of(view, right.dataset, right.member or "")
    if not found:
        return (), None
    since = offer.in_force_since or ""
    broken = (one for bar in found for one in bar.broken if one >= since)
    return tuple(span for bar in found for span in bar.spans), min(broken, default=None)


def holds(bar: Bar, offer: GrantedRight) -> bool:
    """R444: nothing is taken up under a standing grant while one's right to the data is suspended.

    Nor is it, after a right that was in force was revoked for a breach or ended while it was
    suspended, under a standing grant that was there before. The request waits for an answer. What
    was taken up before does not hold meanwhile, whichever right it was; of spans and breaches the
    last 8 are kept. All that holds for whoever acts for the member, too, and for all for whom that
    one acts.
    """
    since = offer.in_force_since or ""
    return bar.suspended > 0 or (bool(bar.broken) and since <= bar.broken[-1])


def suspend(draft: Draft, right: GrantedRight) -> MemberId | None:
    """One more right is suspended. Returns whom that bars, to be remembered until it is resumed."""
    if right.member is None or not draft.context.ledger.parameters.breach_bars:
        return None
    hand = hand_of(draft, right.member, right.dataset)
    before = _read(draft, right.dataset, hand)
    spans = before.spans
    if not before.suspended:
        spans = (*spans, Interval(since=draft.context.time))[-BARS_KEPT:]
    _put(draft, right.dataset, hand, replace(before, spans=spans, suspended=before.suspended + 1))
    return hand


def resume(draft: Draft, right: GrantedRight) -> None:
    """One less is, if it was counted, also where breaches have ceased to bar meanwhile."""
    barred = right.suspensions[-1].barred
    if barred is not None:
        before = _read(draft, right.dataset, barred)
        *earlier, last = before.spans
        if before.suspended == 1:
            last = replace(last, until=draft.context.time)
        after = replace(before, spans=(*earlier, last), suspended=before.suspended - 1)
        _put(draft, right.dataset, barred, after)


def end(draft: Draft, right: GrantedRight, *, is_breach: bool) -> None:
    """A right ends: for a breach, or while nobody has decided yet whether there was one.

    An offer that nobody took was broken by nobody.
    """
    is_suspended = bool(right.suspensions) and right.suspensions[-1].until is None
    if is_suspended:
        resume(draft, right)
    is_given = right.in_force_since is not None and right.parent is None
    is_broken = is_suspended or (is_breach and is_given)
    if is_broken and right.member is not None and draft.context.ledger.parameters.breach_bars:
        hand = hand_of(draft, right.member, right.dataset)
        before = _read(draft, right.dataset, hand)
        broken = (*before.broken, draft.context.time)[-BARS_KEPT:]
        _put(draft, right.dataset, hand, replace(before, broken=broken))


def _read(draft: Draft, dataset: DatasetId, member: MemberId) -> Bar:
    return read(draft, Bar, f"bar/{dataset}/{member}") or Bar()


def _put(draft: Draft, dataset: DatasetId, member: MemberId, bar: Bar) -> None:
    draft.put(f"bar/{dataset}/{member}", bar)
