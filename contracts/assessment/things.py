"""The things that indicators count: plain rows, drawn from values of the state.

    case/6b4…-0    sort case, workflow request, state granted, side provider, lateness in-time
    entry/flights  sort entry, state conditional, side provider, marks registered, released

A figure lists its things, and each names the record it came from, so that everybody can look.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

from contracts.assessment.facts import Facts
from contracts.assessment.periods import Span
from contracts.cases import code_of, parties_owing
from contracts.values import Case, GrantedRight
from contracts.workflows import WORKFLOWS, Part
from ledger.records.assessment import Lateness, Mark, Side, Sort, ThingKey
from ledger.types import CaseId, DigestHex, MemberId, Time

CONFIRMED: Final = frozenset({"closed", "confirmed", "rectified", "referred", "unrectified"})
"""States of findings that were confirmed."""
UNDECIDED: Final = frozenset({"raised", "replied", "unanswered"})
GONE: Final = frozenset({"dropped", "superseded", "waived", "withdrawn"})
"""Final states of cases in which nothing has to be done any more."""
_DIGEST_CHARS: Final = 64
_Found = Mapping[str, Sequence[str]]
"""By code, the states of findings against a member that hang from one thing."""


class FactsOf(NamedTuple):
    """A ledger when a period ended, at the last moment that counts, and at the present one."""

    ended: Facts
    known: Facts
    decided: Facts


class Thing(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One thing, as it stands to one member.

    Attributes:
        code: of a finding, its code.
        key: its state key.
        lateness: how the member stands to the deadlines that ran against it.
        marks: what is said of it, ascending.
        opened_at: of a case, when it was opened.
        record: digest of the record it hangs from.
        sides: what the member is to it, ascending.
        sort: what it is.
        state: where it stands.
        subject: of a case, the state key of what it is about.
        workflow: of a case, its workflow.
    """

    code: str | None = None
    key: ThingKey
    lateness: Lateness = "none"
    marks: tuple[Mark, ...] = ()
    opened_at: Time | None = None
    record: DigestHex
    sides: tuple[Side, ...]
    sort: Sort
    state: str
    subject: str | None = None
    workflow: str | None = None


class Look(NamedTuple):
    """All of a thing that clauses look at, so that things that look alike are counted alike."""

    code: str | None
    lateness: Lateness
    marks: tuple[Mark, ...]
    sides: tuple[Side, ...]
    state: str
    workflow: str | None


Alike: TypeAlias = Mapping[Look, Sequence[Thing]]
"""Things of one sort by what they look like: many things, few looks."""


def by_look(things: Iterable[Thing]) -> Alike:
    """Things that look alike, together."""
    found: dict[Look, list[Thing]] = {}
    for one in things:
        look = Look(one.code, one.lateness, one.marks, one.sides, one.state, one.workflow)
        found.setdefault(look, []).append(one)
    return found


def things_of(
    sort: Sort, member: MemberId, span: Span, facts: FactsOf, until: Time
) -> tuple[Thing, ...]:
    """R806: what an indicator can count, ascending by key: the things of a member in a period.

    These are the cases to which it is a party, opened in the period; the rights it has or gave, in
    force at some moment of the period; the entries it has in force, and the systems it has
    registered, when the period ended. Cases and rights count as they stand when the time for
    objections is over, and until then as they stand; a finding that is not decided by then counts
    as it is decided, whenever that is.
    """
    found = _drawn(sort, member, span, facts, until)
    return tuple(sorted(found, key=lambda one: one.key))


def _drawn(
    sort: Sort, member: MemberId, span: Span, facts: FactsOf, until: Time
) -> Iterator[Thing]:
    match sort:
        case "case":
            return cases_of(facts.known, member, span, until, facts.decided)
        case "entry":
            return _entries(facts.ended, member)
        case "grant":
            return _rights(facts.known, member, span)
        case "system":
            return _systems(facts.ended, member)


def cases_of(
    known: Facts, member: MemberId, span: Span, until: Time, decided: Facts | None = None
) -> Iterator[Thing]:
    """The cases of a member that were opened in a span; `until` is later than all that is known.

    What was found is taken as it is `decided`.
    """
    latest = max(span.until, until)
    every = [*known.cases(member, span.since, latest)]
    later = None if decided is known else decided
    if later is not None and any(_is_undecided(case) for _, case in every):
        now = dict(later.cases(member, span.since, latest))
        every = [(name, now[name] if _is_undecided(case) else case) for name, case in every]
    requests = dict(known.requests(member, span.since, span.until))
    findings = _against(every, member)
    for case_id, case in every:
        if case.opened_at < span.until:
            sides, asked = _sides(case, member), requests.get(case_id)
            is_taken_up = asked is not None and asked.standing is not None
            is_backflow = asked is not None and asked.backflow
            lateness = lateness_of(case, _owing(case, member, sides), findings.get(case_id))
            yield Thing(
                code=None if case.finding is None else case.finding.code,
                key=f"case/{case_id}",
                lateness="none" if is_taken_up else lateness,
                marks=("backflow",) if is_backflow else (),
                opened_at=case.opened_at,
                record=case_id[:_DIGEST_CHARS],
                sides=sides,
                sort="case",
                state=case.state,
                subject=case.subject,
                workflow=case.workflow,
            )


def is_undecided(thing: Thing | Look) -> bool:
    """Whether somebody has still to decide how a thing counts."""
    is_open = thing.workflow == "finding" and thing.state in UNDECIDED
    return is_open or thing.lateness == "suspected"


def _is_undecided(case: Case) -> bool:
    return case.finding is not None and case.state in UNDECIDED


def lateness_of(case: Case, sides: tuple[Side, ...], found: _Found | None) -> Lateness:
    """R807: how a member stands to the deadlines of a case that ran against it as a party.

    In a request that was taken up under a standing grant none did: nobody had to answer. Of several
    providers it ran against the lead.

    It is late if a finding says that it missed one and was confirmed, and suspected as long as that
    finding is neither confirmed, dismissed nor cured. Otherwise its part is pending while the case
    can still become overdue against it; in time once it cannot; and none if it never could, if the
    case was withdrawn, waived, dropped or superseded, or if it stands where a missed deadline has
    left it: what was never done was not done in time, whatever excuses it.
    """
    if found:
        codes = [code_of(case, overdue) for overdue, _ in _deadlines(case.workflow)]
        states = [state for code in codes for state in found.get(code, ())]
        if any(state in CONFIRMED for state in states):
            return "late"
        if any(state in UNDECIDED for state in states):
            return "suspected"
    return _lateness_unfound(case.workflow, case.state, sides)


@cache
def _lateness_unfound(workflow: str, state: str, sides: tuple[Side, ...]) -> Lateness:
    """How a member stands to deadlines where no finding says that it missed one."""
    if state in GONE or not any(late in sides for _, late in _deadlines(workflow)):
        return "none"
    if _can_be_late(workflow, state, sides):
        return "pending"
    return "none" if _is_missed(workflow, state) else "in-time"


def _against(cases: Iterable[tuple[CaseId, Case]], member: MemberId) -> Mapping[CaseId, _Found]:
    """The findings against a member, by the case from which they hang."""
    found: dict[CaseId, dict[str, list[str]]] = {}
    for case_id, case in cases:
        if case.finding is not None and "accused" in _sides(case, member):
            code = case.finding.code
            base = case_id.removesuffix(f"-{code}")
            # A case found overdue once more: the count of its records stands between.
            before, _, count = base.rpartition("-")
            is_count = all(one in "0123456789" for one in count)
            bases = (base, before) if is_count else (base,)
            for one in bases:
                found.setdefault(one, {}).setdefault(code, []).append(case.state)
    return found


@cache
def _deadlines(workflow: str) -> tuple[tuple[str, Part | None], ...]:
    """What is found when deadlines of a workflow pass, and against which part."""
    states = WORKFLOWS[workflow].states
    return tuple((one.overdue, one.late) for one in states if one.overdue is not None)


def _is_missed(workflow: str, state: str) -> bool:
    """Whether a case stands where a deadline that is missed leaves it."""
    return any(one.overdue and one.then == state for one in WORKFLOWS[workflow].states)


def _can_be_late(workflow: str, state: str, sides: tuple[Side, ...]) -> bool:
    """Whether a case can still become overdue against one of these parts."""
    table = WORKFLOWS[workflow]
    reached, ahead = {state}, [state]
    while ahead:
        name = ahead.pop()
        one = table.state(name)
        if one.overdue is not None and one.late in sides:
            return True
        # What somebody has finished may be reopened from another case: that is a new matter.
        is_over = not table.leads_on(name)
        following = [row.next for row in table.steps if row.state == name and not is_over]
        if one.then is not None:
            following.append(one.then)
        for other in following:
            if other not in reached:
                reached.add(other)
                ahead.append(other)
    return False


def _entries(ended: Facts, provider: MemberId) -> Iterator[Thing]:
    running = {name for name, one in ended.systems(provider) if one.status != "retired"}
    released = {name for name, one in ended.datasets(provider) if one.releases > 0}
    for entry in ended.entries(provider):
        marks: tuple[Mark, ...] = ("registered",) if entry.system in running else ()
        marks += ("released",) if entry.dataset in released else ()
        yield Thing(
            key=f"entry/{entry.dataset}",
            marks=marks,
            record=entry.record,
            sides=("provider",),
            sort="entry",
            state=entry.sharing,
        )


def _systems(ended: Facts, owner: MemberId) -> Iterator[Thing]:
    catalogued = {entry.system for entry in ended.entries(owner)}
    for name, one in ended.systems(owner):
        yield Thing(
            key=f"system/{owner}/{name}",
            marks=("catalogued",) if name in catalogued else (),
            record=one.record,
            sides=("owner",),
            sort="system",
            state=one.status,
        )


def _rights(known: Facts, member: MemberId, span: Span) -> Iterator[Thing]:
    used = known.used(member, span.since, span.until)
    for name, right in known.rights(member):
        if right.member is None or not _is_in_force(right, span):
            continue
        sides: tuple[Side, ...] = ("consumer",) if right.member == member else ()
        sides += ("provider",) if right.provider == member else ()
        yield Thing(
            key=f"grant/{name}",
            marks=("used",) if right.member == member and name in used else (),
            record=name[:_DIGEST_CHARS],
            sides=sides,
            sort="grant",
            state=_state_of(right),
        )


def _is_in_force(right: GrantedRight, span: Span) -> bool:
    """Whether a right was in force at some moment of a span, by itself."""
    since, window = right.in_force_since, right.terms
    starts = max(since or span.until, window.not_before or "")
    limits = (right.ended_at, right.lapses_at, window.not_after)
    ends = min(one or span.until for one in limits)
    return starts < span.until and ends > span.since and starts < ends


def _state_of(right: GrantedRight) -> str:
    if right.ended_at is not None:
        return "ended"
    is_open = any(one.until is None for one in right.suspensions)
    return "suspended" if is_open else "in-force"


def _owing(case: Case, member: MemberId, sides: tuple[Side, ...]) -> tuple[Side, ...]:
    """The sides on which deadlines of a case run against a member."""
    if "provider" not in sides or member in parties_owing(case, "provider"):
        return sides
    return tuple(one for one in sides if one != "provider")


def _sides(case: Case, member: MemberId) -> tuple[Side, ...]:
    return _once(tuple([party.part for party in case.parties if party.member == member]))


@cache
def _once(sides: tuple[Side, ...]) -> tuple[Side, ...]:
    return tuple(sorted(set(sides)))
