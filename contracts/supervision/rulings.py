"""Rules of rulings (R723, R724): what is decided for the claimant obliges the respondent.

    health     dispute    about its request, which transport has refused
    steward    rule       upheld; nobody appeals                        `binding`
    the request is `reopened`, due an answer as it was; a refusal of it is a finding from now on

    weather    objection  to a record of transport
    government decide     upheld-in-part                                `decided`
    case `<objection>-order`: a rectification, open against transport

So what was won is a task with a deadline like any other, whoever ruled last.
"""

from typing import Final

from contracts import cases
from contracts.draft import Draft
from contracts.sharing import backlog, rights
from contracts.supervision.workflows import REJECTED
from contracts.values import Case, RequestedItem
from contracts.view import held
from contracts.workflows import WORKFLOWS
from ledger.types import CaseId

ORDER: Final = "order"
"""What the id of an order that follows from a ruling ends with."""


def let_stand(draft: Draft, case_id: CaseId) -> None:
    """A deadline of a contest has passed: with the last one, the last ruling stands."""
    case = held(draft, Case, f"case/{case_id}")
    if case.ruling is not None and not WORKFLOWS[case.workflow].leads_on(case.state):
        enforce(draft, case_id, case)


def enforce(draft: Draft, case_id: CaseId, case: Case) -> None:
    """R723: a ruling for the claimant that is final is an order against the respondent.

    It is final once the government has decided, or when nobody may appeal any more; an appeal that
    nobody could decide leaves the ruling as it was. A claimant that withdraws what is on appeal
    gives up what was ruled for it. The order is a rectification, with the days of the ledger, and
    its parties are those of the contest.
    """
    if case.ruling == REJECTED or _reopen(draft, case):
        return
    order, subject = f"{case_id}-{ORDER}", f"case/{case_id}"
    cases.open_case(draft, order, "rectification", subject, case.parties)


def _reopen(draft: Draft, case: Case) -> bool:
    """R724: where a consumer has disputed the refusal of its request, that is reopened instead.

    It is due an answer as it was at first. Refusing it once more is a finding.
    """
    request_id = case.subject.removeprefix("case/")
    refused = cases.as_it_stands(draft, request_id)
    if refused is None or refused.workflow != "request":
        return False
    claimant = next(one.member for one in case.parties if one.part == "claimant")
    asked = held(draft, RequestedItem, refused.subject)
    if asked.member != claimant or not cases.follow(draft, request_id, "reopen"):
        return False
    rights.answer_again(draft, request_id, refused)
    if asked.emergency is None:
        backlog.keep(draft, request_id, asked.dataset, asked.member)
    return True
