"""Figures: indicators evaluated over the things of a member in a period, in whole basis points.

    share       min(cap, 10000 * counted // of)        nothing to count: no figure
    deduction   min(cap, each * of)
    score       max(0, sum(weight * share) // sum(weights) - sum(weight * deduction) // 10000)

Divisions round down. Shares without a figure are left out of the score with their weights; where no
share has one, there is no score.

>>> share = Taken(cap=10_000, counted=2, is_share=True, of=3, value=6_666, weight=3_000)
>>> deduction = Taken(cap=1_000, counted=1, is_share=False, of=1, value=100, weight=10_000)
>>> score_of([share, deduction]), score_of([deduction])
(6566, None)
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from contracts.assessment.things import Alike, Look, Thing, is_undecided
from ledger.records.assessment import BASIS_POINTS, BasisPoints, Clause, Indicator, ThingKey
from ledger.types import Count

_NOT_YET: Final = ("pending", "suspected")


class Taken(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an indicator came to. `value` is in basis points; None where there is nothing to count.

    `counted` things are covered by the numerator, of `of` that the denominator covers.
    """

    cap: BasisPoints
    counted: Count
    is_share: bool
    of: Count
    value: BasisPoints | None
    weight: BasisPoints


def counted_by(
    indicator: Indicator, things: Alike, without: frozenset[ThingKey]
) -> tuple[list[Thing], list[Thing]]:
    """R808: the things the denominator covers, and those of them the numerator covers.

    A clause covers a thing that has one of the values it lists under each member that lists any,
    all of its marks and none of the unmarked. What an objection that was upheld names is not
    counted.
    """
    of: list[Thing] = []
    counted: list[Thing] = []
    for look, some in things.items():
        if _covers(indicator.denominator, look):
            kept = [one for one in some if one.key not in without]
            of += kept
            counted += kept if _covers(indicator.numerator, look) else ()
    return of, counted


def left_open(indicator: Indicator, things: Alike, without: frozenset[ThingKey]) -> list[Thing]:
    """R815: the things the denominator does not cover, and may once they are decided.

    These are cases with a deadline that still runs, or that was missed as an undecided finding
    says, and undecided findings themselves. They are told with the figure, which does not count
    them.
    """
    in_time = tuple(replace(one, lateness=()) for one in indicator.denominator)
    found = tuple(replace(one, states=()) for one in indicator.denominator)
    return [
        one
        for look, some in things.items()
        if not _covers(indicator.denominator, look)
        if (look.lateness in _NOT_YET and _covers(in_time, look))
        or (is_undecided(look) and _covers(found, look))
        for one in some
        if one.key not in without
    ]


def take(indicator: Indicator, of: Sequence[Thing], counted: Sequence[Thing]) -> Taken:
    """R809: a share is what is counted of all there is, in basis points, at most its cap.

    Where there is nothing there is no figure. A deduction is so many basis points for each thing,
    at most its cap.
    """
    is_share = indicator.each is None
    value: BasisPoints | None
    if indicator.each is not None:
        value = min(indicator.cap, indicator.each * len(of))
    elif of:
        value = min(indicator.cap, BASIS_POINTS * len(counted) // len(of))
    else:
        value = None
    return Taken(
        cap=indicator.cap,
        counted=len(counted) if is_share else len(of),
        is_share=is_share,
        of=len(of),
        value=value,
        weight=indicator.weight,
    )


def score_of(figures: Iterable[Taken]) -> BasisPoints | None:
    """R810: the score is the weighted mean of the shares, less the deductions, not below 0."""
    shares, weights, deducted = 0, 0, 0
    for one in figures:
        if one.value is None:
            continue
        if one.is_share:
            shares += one.weight * one.value
            weights += one.weight
        else:
            deducted += one.weight * one.value
    if weights == 0:
        return None
    return max(0, shares // weights - deducted // BASIS_POINTS)


def _covers(clauses: Sequence[Clause], look: Look) -> bool:
    return any(_is_covered(clause, look) for clause in clauses)


def _is_covered(clause: Clause, look: Look) -> bool:
    return (
        (not clause.workflows or look.workflow in clause.workflows)
        and (not clause.lateness or look.lateness in clause.lateness)
        and (not clause.states or look.state in clause.states)
        and (not clause.codes or look.code in clause.codes)
        and (not clause.sides or any(one in clause.sides for one in look.sides))
        and all(one in look.marks for one in clause.marks)
        and not any(one in look.marks for one in clause.unmarked)
    )
