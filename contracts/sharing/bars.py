"""The rule of bars (R444): who is not trusted with data does not help itself to it again.

    transport   suspend health's right, or revoke it for a breach     bar/flights/health
    health      request, covered by a standing grant                  `open`: transport answers

A standing grant gives a right to whoever applies. Without a bar, a right that was suspended or
revoked would be taken up anew a second later, by the one member it was taken from. Where the ledger
does not have `breachBars`, nobody is barred.
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.succession import hand_of
from contracts.values import Bar, GrantedRight
from contracts.view import read
from ledger.types import DatasetId, MemberId


def bars_of(draft: Draft, dataset: DatasetId, member: MemberId) -> tuple[Bar, ...]:
    """What bars a member, or who acts for it, from standing grants of a dataset."""
    if not draft.context.ledger.parameters.breach_bars:
        return ()
    names = {member: None, hand_of(draft, member, dataset): None}
    return tuple(_read(draft, dataset, name) for name in names)


def holds(bar: Bar, offer: GrantedRight) -> bool:
    """R444: nothing is taken up under a standing grant while one's right to the data is suspended.

    Nor is it, after a right that was in force was revoked for a breach or ended while it was
    suspended, under a standing grant that was there before. The request waits for an answer. That
    holds for whoever acts for the member, too, and for all for whom that one acts.
    """
    since = offer.in_force_since or ""
    return bar.suspended > 0 or (bar.broken_at is not None and since <= bar.broken_at)


def suspend(draft: Draft, right: GrantedRight) -> MemberId | None:
    """One more right is suspended. Returns whom that bars, to be remembered until it is resumed."""
    if right.member is None or not draft.context.ledger.parameters.breach_bars:
        return None
    hand = hand_of(draft, right.member, right.dataset)
    before = _read(draft, right.dataset, hand)
    _put(draft, right.dataset, hand, replace(before, suspended=before.suspended + 1))
    return hand


def resume(draft: Draft, right: GrantedRight) -> None:
    """One less is, if it was counted, also where breaches have ceased to bar meanwhile."""
    barred = right.suspensions[-1].barred
    if barred is not None:
        before = _read(draft, right.dataset, barred)
        _put(draft, right.dataset, barred, replace(before, suspended=before.suspended - 1))


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
        _put(draft, right.dataset, hand, replace(before, broken_at=draft.context.time))


def _read(draft: Draft, dataset: DatasetId, member: MemberId) -> Bar:
    return read(draft, Bar, f"bar/{dataset}/{member}") or Bar()


def _put(draft: Draft, dataset: DatasetId, member: MemberId, bar: Bar) -> None:
    key = f"bar/{dataset}/{member}"
    if bar == Bar():
        draft.remove(key)
    else:
        draft.put(key, bar)
