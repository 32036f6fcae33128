"""Rules of backlogs (R449, R450): requests that wait are bounded, and closed by what is taken up.

    openRequests = 2
    health   request flights, and again     open-requests/flights/health: both
    health   request flights                refused: `too-many-open`
    transport grant, or health withdraw     there is room for another one
    transport grant standing, for anybody
    health   request flights                in force at once; what waited for less is `superseded`

Each request obliges its provider to answer in time, and costs who asks a signature: without a bound
a program gone wrong has somebody else owe a thousand answers. Where the ledger sets none, none is.
Nobody has to answer any more what its member has helped itself to.
"""

from collections.abc import Iterator

from contracts import cases
from contracts.draft import Draft
from contracts.reasons import TOO_MANY_OPEN, refuse_unless
from contracts.terms import narrows
from contracts.values import REQUESTS_KEPT, GrantedRight, OpenRequests, RequestedItem
from contracts.view import held, read
from contracts.workflows import WORKFLOWS
from ledger.types import CaseId, DatasetId, MemberId


def count_open(draft: Draft, request_id: CaseId, dataset: DatasetId) -> None:
    """R449: at most so many requests of a member for a dataset are open as the ledger allows.

    What a standing grant covers is answered at once, and the formalities of an emergency have to be
    asked for: neither is counted. One that is answered, withdrawn or lapsed makes room for another.
    """
    if not _is_open(draft, request_id):
        return
    most = draft.context.ledger.parameters.open_requests
    if most is not None:
        waiting = len([*_waiting(draft, dataset, draft.member)])
        detail = f"{waiting} requests for {dataset} wait, it is at most {most}"
        refuse_unless(waiting < most, TOO_MANY_OPEN, detail, "dataset")
    keep(draft, request_id, dataset, draft.member)


def keep(draft: Draft, request_id: CaseId, dataset: DatasetId, member: MemberId) -> None:
    """Remember a request that waits: every one where they are bounded, else the last 16."""
    # What has been closed since is found out here, so that closing a request costs nothing.
    still = dict.fromkeys((*_waiting(draft, dataset, member), request_id))
    is_bounded = draft.context.ledger.parameters.open_requests is not None
    kept = tuple(still) if is_bounded else tuple(still)[-REQUESTS_KEPT:]
    draft.put(_key(dataset, member), OpenRequests(cases=kept))


def supersede(draft: Draft, right: GrantedRight) -> None:
    """R450: who takes up a right has its requests for the dataset closed that wait for no more.

    They are of the same schema. The formalities of an emergency its provider has to complete.
    """
    for request_id in _waiting(draft, right.dataset, right.member or ""):
        asked = held(draft, RequestedItem, f"request/{request_id}")
        if asked.schema == right.schema and narrows(asked.terms, right.terms):
            cases.follow(draft, request_id, "supersede")


def _waiting(draft: Draft, dataset: DatasetId, member: MemberId) -> Iterator[CaseId]:
    known = read(draft, OpenRequests, _key(dataset, member))
    return (one for one in (() if known is None else known.cases) if _is_open(draft, one))


def _is_open(draft: Draft, request_id: CaseId) -> bool:
    """Whether a request waits for its answer still; one whose last deadline has passed may not."""
    case = cases.as_it_stands(draft, request_id)
    return case is not None and WORKFLOWS[case.workflow].leads_on(case.state)


def _key(dataset: DatasetId, member: MemberId) -> str:
    return f"open-requests/{dataset}/{member}"
