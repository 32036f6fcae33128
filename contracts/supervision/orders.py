"""Rules of orders about a finding (R725, R726): they go when it does, and do not pile up.

    steward   rectification   about a finding against health      open, with a deadline
    auditor   rectification   about the same, against health      refused: one is open
    auditor   close           the finding                         the order is `lifted` with it

The finding lists the orders that rest on it (`Case.orders`), so that nobody has to look for them.
"""

from typing import Final

from msgspec.structs import replace

from contracts import cases
from contracts.draft import Draft
from contracts.reasons import LIMIT, ORDERED_ALREADY, WRONG_STATE, refuse_unless
from contracts.values import ORDERS_MAX, Case
from contracts.view import held
from contracts.workflows import WORKFLOWS
from ledger.records.supervision import CaseOpening
from ledger.types import CaseId

OVER: Final = frozenset({"closed", "cured", "dismissed"})
"""States of a finding with which its orders go."""


def check_first(draft: Draft, body: CaseOpening, finding: Case) -> None:
    """R725: about one finding a member is given no second order while it has one to report on.

    About one that is closed, cured or dismissed nobody is given any.
    """
    refuse_unless(finding.state not in OVER, WRONG_STATE, f"it is `{finding.state}`", "case")
    for order in finding.orders:
        case = cases.as_it_stands(draft, order)
        if case is not None and case.state == "open":
            is_first = not any(party.member in body.against for party in case.parties)
            refuse_unless(is_first, ORDERED_ALREADY, order, "case")


def keep(draft: Draft, finding_id: CaseId, orders: tuple[CaseId, ...]) -> None:
    """Remember with a finding the orders that rest on it, but for those that are over."""
    finding = held(draft, Case, f"case/{finding_id}")
    every = (*(one for one in finding.orders if not _is_over(draft, one)), *orders)
    refuse_unless(len(every) <= ORDERS_MAX, LIMIT, f"{ORDERS_MAX} orders", "case")
    draft.put(f"case/{finding_id}", replace(finding, orders=every))


def lift(draft: Draft, _: CaseId, finding: Case) -> None:
    """R726: with a finding that is closed, cured or dismissed go the orders that rest on it.

    Those still to be reported on are lifted, those reported on are closed.
    """
    for order in finding.orders:
        if not cases.follow(draft, order, "lift"):
            cases.follow(draft, order, "close")


def _is_over(draft: Draft, order: CaseId) -> bool:
    case = held(draft, Case, f"case/{order}")
    return not WORKFLOWS[case.workflow].leads_on(case.state)
