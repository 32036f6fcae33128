"""Rules of demands met by entries (R717, R718): cataloguing what was asked for is answer enough.

    health      case        demand: who flies where?
    steward     step        assign, to transport                       the demand is `assigned`
    transport   entry       flights, which names the demand
    steward     step        approve the entry                          the demand is `met`

A demand that no entry names is met by a step of its own, as before.
"""

from msgspec.structs import replace

from contracts import cases
from contracts.draft import Draft
from contracts.reasons import DEMAND_NOT_ASSIGNED, refuse_unless
from contracts.values import Case, EntryTerms
from contracts.view import held, read
from ledger.types import CaseId, MemberId


def check_demand(draft: Draft, demand: CaseId | None) -> None:
    """R717: the demand that an entry names is assigned to its provider."""
    if demand is not None:
        assigned = _is_assigned(read(draft, Case, f"case/{demand}"), draft.member)
        refuse_unless(assigned, DEMAND_NOT_ASSIGNED, demand, "demand")


def meet(draft: Draft, entry: EntryTerms) -> None:
    """R718: an entry in force meets the demand that it named, if that still waits for it."""
    key = f"case/{entry.demand}"
    if entry.demand is None or not _is_assigned(read(draft, Case, key), entry.provider):
        return
    cases.follow(draft, entry.demand, "meet")
    draft.put(key, replace(held(draft, Case, key), answer=f"entry/{entry.dataset}"))


def _is_assigned(case: Case | None, member: MemberId) -> bool:
    if case is None or (case.workflow, case.state) != ("demand", "assigned"):
        return False
    return any(party.member == member and party.part == "provider" for party in case.parties)
