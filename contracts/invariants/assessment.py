"""Invariants of indicators, and of objections to figures."""

from collections.abc import Iterator

from contracts.invariants.facts import Facts
from contracts.values import AdoptedIndicators, Case, FigureUnderObjection
from ledger.records.assessment import Indicator


def indicators_are_listed(facts: Facts) -> Iterator[str]:
    """Every indicator stands under its code, and the list of codes is that of all of them."""
    codes = sorted(name for name, _ in facts.all("indicator", Indicator))
    listed = facts.get(AdoptedIndicators, "indicators")
    if list(() if listed is None else listed.codes) != codes:
        yield "the codes listed are not those of the indicators"
    for name, one in facts.all("indicator", Indicator):
        if one.id != name:
            yield f"indicator {name} is called {one.id}"


def objections_are_cases(facts: Facts) -> Iterator[str]:
    """What is objected to in a figure, and the case about it, by the member assessed, are one."""
    claimants = {
        name: [(party.member, party.part) for party in case.parties]
        for name, case in facts.all("case", Case)
        if case.workflow == "figure-objection"
    }
    objections = {
        name: [(one.member, "claimant")] for name, one in facts.all("figure", FigureUnderObjection)
    }
    if claimants != objections:
        yield "objections to figures and their cases differ"
