"""The trust index: how far a member's past lets one expect that it keeps to the rules.

It is the Beta reputation system (Jøsang and Ismail, *The Beta Reputation System*, 15th Bled
Electronic Commerce Conference, 2002). Its evidence is what the ledger holds anyway: `r` duties that
were fulfilled in time, those of one workflow about one dataset once a quarter, and `s` findings
that were confirmed. The index is the expected value of a Beta
distribution that starts out even,

    trust        (r + 1) / (r + s + 2)
    uncertainty        2 / (r + s + 2)

Evidence is forgotten by quarter: that of the quarter in which one asks counts whole, that of each
quarter before 8,000 ten-thousandths of the one after it, so that three quarters about halve it.
What is more than 16 quarters old is not looked at. All numbers are whole: weights are
ten-thousandths, each rounded down, and so is the index.

>>> weights()[:4]
(10000, 8000, 6400, 5120)
>>> trust_of((3, 1), (1, 0))
Trust(negative=10000, positive=38000, trust=7058, uncertainty=2941)
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from msgspec import Struct

from contracts.assessment.facts import FactsAt
from contracts.assessment.periods import Span, period_at, period_before, span_of
from contracts.assessment.reports import ledger_of
from contracts.assessment.things import CONFIRMED, Thing, cases_of
from contracts.values import Ledger
from ledger.records.assessment import BASIS_POINTS, BasisPoints
from ledger.times import from_ms, to_ms
from ledger.types import Count, DatasetId, MemberId, Time

QUARTERS: Final = 16
"""How many quarters are looked at, the running one included."""
KEPT: Final[BasisPoints] = 8_000
"""How much of the evidence of a quarter counts in the next one."""


class Trust(Struct, frozen=True, kw_only=True):
    """The index of a member. Evidence is in ten-thousandths of one piece.

    Attributes:
        negative: findings that were confirmed.
        positive: duties that were fulfilled in time.
        trust: the index, in basis points; 5,000 where nothing is known.
        uncertainty: how little is known, in basis points; 10,000 where nothing is.
    """

    negative: Count
    positive: Count
    trust: BasisPoints
    uncertainty: BasisPoints


class Evidence(Struct, frozen=True, kw_only=True):
    """What was found of a member in one quarter."""

    negative: tuple[Thing, ...]
    period: str
    positive: tuple[Thing, ...]
    weight: BasisPoints


def weights() -> tuple[BasisPoints, ...]:
    """What evidence counts, by its age in quarters."""
    found = [BASIS_POINTS]
    while len(found) < QUARTERS:
        found.append(found[-1] * KEPT // BASIS_POINTS)
    return tuple(found)


def trust_of(*counts: tuple[Count, Count]) -> Trust:
    """R813: the index of a member that fulfilled so many duties and had so many findings confirmed.

    The counts are of quarters, the one in which one asks first.
    """
    known = [(r * weight, s * weight) for (r, s), weight in zip(counts, weights(), strict=False)]
    positive, negative = sum(r for r, _ in known), sum(s for _, s in known)
    every = positive + negative + 2 * BASIS_POINTS
    return Trust(
        negative=negative,
        positive=positive,
        trust=BASIS_POINTS * (positive + BASIS_POINTS) // every,
        uncertainty=2 * BASIS_POINTS * BASIS_POINTS // every,
    )


def trust_in(facts_at: FactsAt, member: MemberId, now: Time) -> tuple[Trust, tuple[Evidence, ...]]:
    """The index of a member as at a moment, and its evidence, the running quarter first."""
    spans = list(islice(_quarters(ledger_of(facts_at, now), now), QUARTERS))
    whole = Span("", spans[-1].since, from_ms(to_ms(now) + 1))
    facts = facts_at(now)
    every = sorted(cases_of(facts, member, whole, whole.until), key=lambda one: one.key)
    kept = [one for one in every if one.lateness == "in-time"]
    datasets = facts.datasets_of({one.subject for one in kept if one.subject is not None})
    found = tuple(
        Evidence(
            negative=tuple(one for one in every if is_against(one) and _is_in(span, one)),
            period=span.name,
            positive=_once((one for one in kept if _is_in(span, one)), datasets),
            weight=weight,
        )
        for span, weight in zip(spans, weights(), strict=False)
    )
    return trust_of(*((len(one.positive), len(one.negative)) for one in found)), found


def is_against(thing: Thing) -> bool:
    """R814: evidence against a member is a finding against it that was confirmed.

    Evidence for it is a case with a deadline that ran against it and that it met. Both belong to
    the quarter in which the case was opened. What is met counts once for each workflow and dataset
    in a quarter, and once for each workflow where it is about no dataset: who opens many cases, or
    has a friend open them, is not trusted the more for it.
    """
    return "accused" in thing.sides and thing.state in CONFIRMED


def _once(things: Iterable[Thing], datasets: Mapping[str, DatasetId]) -> tuple[Thing, ...]:
    """The first for each workflow and dataset."""
    found: dict[tuple[str | None, DatasetId | None], Thing] = {}
    for one in things:
        found.setdefault((one.workflow, _dataset_of(one.subject or "", datasets)), one)
    return tuple(found.values())


def _dataset_of(subject: str, datasets: Mapping[str, DatasetId]) -> DatasetId | None:
    """The dataset that a case about this is about; of rights and requests they are known."""
    sort, _, rest = subject.partition("/")
    return rest.partition("/")[0] if sort in {"entry", "release"} else datasets.get(subject)


def _is_in(span: Span, thing: Thing) -> bool:
    return span.since <= (thing.opened_at or "") < span.until


def _quarters(ledger: Ledger, now: Time) -> Iterator[Span]:
    name: str | None = period_at(now, "quarter", ledger.calendar)
    while name is not None:
        yield span_of(name, ledger.calendar)
        name = period_before(name)
