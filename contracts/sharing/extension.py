"""The rule of extensions asked for (R716): what was denied is not asked for again and again.

Asking keeps the deadline running, so that it gains no time; but each time the steward must answer.
"""

from msgspec.structs import replace

from contracts.draft import Draft
from contracts.reasons import ASKED_ALREADY, refuse_unless
from contracts.values import Case
from contracts.view import held
from ledger.types import CaseId


def count_asking(draft: Draft, case_id: CaseId, case: Case) -> None:
    """R716: more time to answer one request is asked for as often as the ledger allows."""
    asks_max = draft.context.ledger.parameters.extension_asks
    if asks_max is None:
        return
    detail = f"{case.asked} times, it is at most {asks_max}"
    refuse_unless(case.asked < asks_max, ASKED_ALREADY, detail, "step")
    key = f"case/{case_id}"
    draft.put(key, replace(held(draft, Case, key), asked=case.asked + 1))
