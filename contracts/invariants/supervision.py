"""Invariants of supervision: who asks, who answers, what an order settles."""

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.invariants.facts import Facts
from contracts.values import Case

_SIDES: Final[Mapping[str, tuple[str | None, str]]] = {
    "complaint": ("claimant", "respondent"),
    "correction": ("consumer", "provider"),
    "dispute": ("claimant", "respondent"),
    "incident": (None, "respondent"),
    "inspection": (None, "respondent"),
    "objection": ("claimant", "respondent"),
    "rectification": (None, "respondent"),
    "supervision-order": (None, "respondent"),
}
"""Whose part it is to ask and to answer, by workflow; an order is given by an office."""


def supervision_has_its_sides(facts: Facts) -> Iterator[str]:
    """Whoever opened a case of supervision is no side of it alone, and somebody must respond."""
    for name, case in facts.all("case", Case):
        asking, answering = _SIDES.get(case.workflow, (None, None))
        parts: list[str] = [party.part for party in case.parties]
        if answering is not None and answering not in parts:
            yield f"case {name} has nobody to answer it"
        if asking is not None and parts.count(asking) != 1:
            yield f"case {name} was opened by nobody"


def orders_settle_findings(facts: Facts) -> Iterator[str]:
    """What a rectification settles is a finding that was confirmed, against its respondent."""
    for name, case in facts.all("case", Case):
        if case.settles:
            finding = facts.get(Case, case.subject)
            accused = () if finding is None else finding.parties
            members = {one.member for one in accused if one.part == "accused"}
            if members != {one.member for one in case.parties}:
                yield f"case {name} settles no finding against its respondent"
