"""Invariants of supervision: who asks, who answers, what an order settles."""

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.invariants.facts import Facts
from contracts.supervision.orders import OVER
from contracts.supervision.rulings import ORDER
from contracts.supervision.workflows import REJECTED
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


def orders_rest_on_their_findings(facts: Facts) -> Iterator[str]:
    """The orders that a finding lists rest on it, and none is left to report on once it is over."""
    for name, case in facts.all("case", Case):
        for one in case.orders:
            order = facts.get(Case, f"case/{one}")
            if order is None or order.subject != f"case/{name}":
                yield f"finding {name} lists {one}, which does not rest on it"
            elif order.state == "open" and case.state in OVER:
                yield f"order {one} is open, though its finding is `{case.state}`"


def rulings_are_enforced(facts: Facts) -> Iterator[str]:
    """What was ruled for a claimant, and is final, is an order, or has reopened a request."""
    for name, case in facts.all("case", Case):
        is_final = case.ruling is not None and case.state in {"binding", "decided", "settled"}
        if is_final and case.ruling != REJECTED and not _is_enforced(facts, name, case):
            yield f"{name} was {case.ruling}, and nothing came of it"


def _is_enforced(facts: Facts, name: str, case: Case) -> bool:
    if facts.get(Case, f"case/{name}-{ORDER}") is not None:
        return True
    request = facts.get(Case, case.subject)
    # A request that was refused and reopened was moved twice at least after it was made.
    return request is not None and request.workflow == "request" and request.records > 2


def orders_settle_findings(facts: Facts) -> Iterator[str]:
    """What a rectification settles is a finding that was confirmed, against its respondent."""
    for name, case in facts.all("case", Case):
        if case.settles:
            finding = facts.get(Case, case.subject)
            accused = () if finding is None else finding.parties
            members = {one.member for one in accused if one.part == "accused"}
            if members != {one.member for one in case.parties}:
                yield f"case {name} settles no finding against its respondent"
