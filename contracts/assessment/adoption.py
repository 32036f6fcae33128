"""Indicators in the state: adopted by genesis or by a vote, replaced and ended by votes."""

from collections.abc import Iterable
from typing import Final

from contracts.draft import Draft
from contracts.findings import FINDING_OF_CODE
from contracts.reasons import (
    LIMIT,
    UNKNOWN_IN_CLAUSE,
    UNKNOWN_INDICATOR,
    refuse_unless,
)
from contracts.values import AdoptedIndicators
from contracts.view import read
from contracts.workflows import WORKFLOWS
from ledger.records.assessment import (
    INDICATORS_MAX,
    Clause,
    EndIndicator,
    Indicator,
    SetIndicator,
)

_LISTED: Final = "indicators"
_STATES: Final = {
    "case": frozenset(state.name for flow in WORKFLOWS.values() for state in flow.states),
    "entry": frozenset({"conditional", "unconditional", "withheld"}),
    "grant": frozenset({"ended", "in-force", "suspended"}),
    "system": frozenset({"planned", "retired", "running"}),
}
"""Where things of a sort can stand."""


def apply_indicator(draft: Draft, action: SetIndicator) -> None:
    """R801: an indicator is adopted, or replaces the one of its code; at most 64 are there.

    Its replacement rests on the indicator as it is.
    """
    _put(draft, action.indicator)


def apply_end(draft: Draft, action: EndIndicator) -> None:
    """R802: an indicator that is ended was adopted. Its end rests on the indicator as it is."""
    key = f"indicator/{action.indicator}"
    refuse_unless(draft.get(key) is not None, UNKNOWN_INDICATOR, action.indicator, "indicator")
    draft.remove(key)
    codes = tuple(one for one in _listed(draft) if one != action.indicator)
    if codes:
        draft.put(_LISTED, AdoptedIndicators(codes=codes))
    else:
        draft.remove(_LISTED)


def adopt_founding(draft: Draft, indicators: Iterable[Indicator]) -> None:
    """R803: genesis can adopt indicators, under the same conditions as a vote."""
    for one in indicators:
        _put(draft, one)


def check_clauses(indicator: Indicator) -> None:
    """R804: a clause names workflows, states and codes of findings that there are.

    What it names otherwise could never be counted, and nobody would notice.
    """
    for clause in (*indicator.denominator, *indicator.numerator):
        unknown = _unknown_in(clause, indicator)
        refuse_unless(unknown is None, UNKNOWN_IN_CLAUSE, unknown or "", "indicator")


def _unknown_in(clause: Clause, indicator: Indicator) -> str | None:
    known = (
        (clause.codes, FINDING_OF_CODE),
        (clause.states, _STATES[indicator.of]),
        (clause.workflows, WORKFLOWS),
    )
    return next((name for names, every in known for name in names if name not in every), None)


def _put(draft: Draft, indicator: Indicator) -> None:
    check_clauses(indicator)
    codes = _listed(draft)
    if indicator.id not in codes:
        refuse_unless(len(codes) < INDICATORS_MAX, LIMIT, f"{INDICATORS_MAX} indicators", "id")
        every = tuple(sorted((*codes, indicator.id)))
        draft.put(_LISTED, AdoptedIndicators(codes=every))
    draft.put(f"indicator/{indicator.id}", indicator)


def _listed(draft: Draft) -> tuple[str, ...]:
    listed = read(draft, AdoptedIndicators, _LISTED)
    return () if listed is None else listed.codes
