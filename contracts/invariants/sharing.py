"""Invariants of requests and rights."""

from collections.abc import Iterator

from contracts.invariants.facts import Facts
from contracts.sharing.chains import Link, versions
from contracts.sharing.emergency import DAYS_MAX as EMERGENCY_DAYS_MAX
from contracts.terms import narrows
from contracts.values import (
    Bar,
    Case,
    EmergencyRight,
    GrantedRight,
    OpenRequests,
    RequestedItem,
    StandingGrants,
    StatedDelivery,
)
from ledger.records import Entry
from ledger.times import DAY_MS, TIME_MS_MAX, from_ms, to_ms


def rights_follow_their_cases(facts: Facts) -> Iterator[str]:
    """What a right says of its validity is what the state of its case says."""
    for name, right in facts.all("grant", GrantedRight):
        case = facts.get(Case, f"case/{name}")
        state = "missing" if case is None else case.state
        is_suspended = bool(right.suspensions) and right.suspensions[-1].until is None
        if right.ended_at is not None:
            expected = {"declined", "ended", "revoked"}
        elif right.in_force_since is None:
            expected = {"offered"}
        else:
            expected = {"suspended", "suspended-by-order"} if is_suspended else {"in-force"}
        if state not in expected:
            yield f"right {name} is not `{state}`, as its case says"


def bars_count_suspensions(facts: Facts) -> Iterator[str]:
    """Whoever is barred is by the suspensions that say so of rights that have not ended."""
    suspended: dict[str, int] = {}
    for _, right in facts.all("grant", GrantedRight):
        last = right.suspensions[-1] if right.suspensions else None
        if last is not None and last.until is None and right.ended_at is None and last.barred:
            key = f"{right.dataset}/{last.barred}"
            suspended[key] = suspended.get(key, 0) + 1
    counted = {key: bar.suspended for key, bar in facts.all("bar", Bar) if bar.suspended}
    if counted != suspended:
        yield f"barred by {counted} rights, by {suspended}"


def open_requests_are_their_members(facts: Facts) -> Iterator[str]:
    """What counts as waiting are requests of that member for that dataset, each once."""
    for name, waiting in facts.all("open-requests", OpenRequests):
        asked = [facts.get(RequestedItem, f"request/{one}") for one in waiting.cases]
        whose = {one and f"{one.dataset}/{one.member}" for one in asked}
        if whose != {name} or len(set(waiting.cases)) != len(waiting.cases):
            yield f"requests {waiting.cases} are not those of {name}"


def emergencies_are_followed_up(facts: Facts) -> Iterator[str]:
    """What was given in an emergency ends in 30 days, and lapses unless it was asked for in time.

    Of the rights to a dataset that a member was given so, the last one alone may lack formalities.
    """
    last = {one.grant for _, one in facts.all("emergency", EmergencyRight)}
    for name, right in facts.all("grant", GrantedRight):
        case = facts.get(Case, f"case/{name}-formalities")
        if (right.emergency is None) != (case is None):
            yield f"right {name} and its formalities differ"
        if case is None or right.in_force_since is None:
            continue
        if case.state != "completed" and (right.lapses_at is None or name not in last):
            yield f"right {name} goes on without formalities"
        ends = to_ms(right.terms.not_after or from_ms(TIME_MS_MAX)) - to_ms(right.in_force_since)
        if ends > EMERGENCY_DAYS_MAX * DAY_MS:
            yield f"right {name} lasts longer than an emergency"


def rights_keep_to_what_they_rest_on(facts: Facts) -> Iterator[str]:
    """No right is wider than an entry of its dataset was, or than the right above it was."""
    entries = [record.body for _, record in facts.records if isinstance(record.body, Entry)]
    for name, right in facts.all("grant", GrantedRight):
        offered = any(
            (entry.dataset, entry.schema) == (right.dataset, right.schema)
            and narrows(right.terms, entry.conditions)
            for entry in entries
        )
        if not offered:
            yield f"right {name} is wider than any entry of {right.dataset}"
        above = right.parent or right.standing
        if above is not None and not _hangs(facts, name, right, above):
            yield f"right {name} is wider than the right above it"
        if right.member == right.provider:
            yield f"right {name} is the provider's own"


def requests_are_answered_once(facts: Facts) -> Iterator[str]:
    """A request is granted exactly if one right answers it."""
    answers = [right.request for _, right in facts.all("grant", GrantedRight) if right.request]
    for name, asked in facts.all("request", RequestedItem):
        case = facts.get(Case, f"case/{name}")
        is_granted = case is not None and case.state == "granted"
        if answers.count(name) != is_granted:
            yield f"request {name} of {asked.member} has {answers.count(name)} answers"


def standing_grants_are_listed(facts: Facts) -> Iterator[str]:
    """The standing grants listed are those that have not ended."""
    standing: dict[str, set[str]] = {}
    for name, right in facts.all("grant", GrantedRight):
        if right.member is None and right.ended_at is None:
            standing.setdefault(right.dataset, set()).add(name)
    listed = {name: set(one.grants) for name, one in facts.all("standing", StandingGrants)}
    if listed != standing:
        yield "standing grants and their lists differ"


def deliveries_are_to_holders(facts: Facts) -> Iterator[str]:
    """What can be acknowledged was stated on the log, to the holder of the right it names."""
    known = {record.digest for _, record in facts.records}
    for name, stated in facts.all("delivery", StatedDelivery):
        right = facts.get(GrantedRight, f"grant/{stated.grant}")
        if right is None or right.member != stated.consumer:
            yield f"delivery {name} is to {stated.consumer}, the right is not"
        if not {name, stated.acknowledged or name} <= known:
            yield f"delivery {name} or its acknowledgement is not on the log"


def _hangs(facts: Facts, grant_id: str, right: GrantedRight, above_id: str) -> bool:
    """Whether a right was narrower than the right above it, in the terms each had at some time.

    What is passed on hangs from a member's right, what is taken up from a standing one.
    """
    above = facts.get(GrantedRight, f"grant/{above_id}")
    if above is None or (above.member is None) != (right.parent is None):
        return False
    passed_on = right.parent is not None
    return above.dataset == right.dataset and any(
        narrows(mine.terms, theirs.terms)
        and mine.terms.delegable + passed_on <= theirs.terms.delegable
        for mine in versions(facts.state, Link(grant_id, right, 0))
        for theirs in versions(facts.state, Link(above_id, above, 0))
    )
