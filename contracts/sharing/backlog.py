"""The rule of backlogs (R449): nobody buries a provider in requests for one dataset.

    openRequests = 2
    health   request flights, and again     open-requests/flights/health: both
    health   request flights                refused: `too-many-open`
    transport grant, or health withdraw     there is room for another one

Each request obliges its provider to answer in time, and costs who asks a signature: without a bound
a program gone wrong has somebody else owe a thousand answers. Where the ledger sets none, none is.
"""

from contracts.draft import Draft
from contracts.reasons import TOO_MANY_OPEN, refuse_unless
from contracts.values import Case, OpenRequests
from contracts.view import StateView, held, read
from contracts.workflows import WORKFLOWS
from ledger.types import CaseId, DatasetId


def count_open(draft: Draft, request_id: CaseId, dataset: DatasetId) -> None:
    """R449: at most so many requests of a member for a dataset are open as the ledger allows.

    What a standing grant covers is answered at once, and the formalities of an emergency have to be
    asked for: neither is counted. One that is answered, withdrawn or lapsed makes room for another.
    """
    most = draft.context.ledger.parameters.open_requests
    if most is None or not _is_open(draft, request_id):
        return
    key = f"open-requests/{dataset}/{draft.member}"
    known = read(draft, OpenRequests, key)
    # What has been closed since is found out here, so that closing a request costs nothing.
    still = () if known is None else tuple(one for one in known.cases if _is_open(draft, one))
    detail = f"{len(still)} requests for {dataset} wait, it is at most {most}"
    refuse_unless(len(still) < most, TOO_MANY_OPEN, detail, "dataset")
    draft.put(key, OpenRequests(cases=(*still, request_id)))


def _is_open(view: StateView, request_id: CaseId) -> bool:
    case = held(view, Case, f"case/{request_id}")
    return WORKFLOWS[case.workflow].leads_on(case.state)
