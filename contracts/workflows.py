"""The courses cases take: one table per workflow, read by the interpreter in `contracts.cases`.

`Step.who` names a part in the case (`accused`, `consumer`, `provider`, ...) or a role of the ledger
(`auditor`, `government`, `steward`), or who mediates in it (`mediator`). `Step.by` says what moves
the case: a `step` record, or another kind of record whose own rule takes the step. `State.days`
names the parameter that sets the state's deadline; when it passes, the case goes to `State.then`,
with the deadline of that state if it is another one, and the finding `State.overdue` is raised
against `State.late`.
"""

from typing import Final

from contracts.assessment.workflows import FIGURE_OBJECTION
from contracts.course import Part, State, Step, Workflow
from contracts.sharing.workflows import SHARING
from contracts.supervision.workflows import (
    DISMISSAL_GROUNDS,
    REFERRAL_GROUNDS,
    REPORT_GROUNDS,
    SUPERVISION,
)
from contracts.use.workflows import USE

REFUSAL_GROUNDS: Final = (
    "legal-restriction",
    "no-legal-basis",
    "not-held",
    "not-necessary",
    "open-already",
    "security",
)
RETURN_GROUNDS: Final = (
    "classification-wrong",
    "conditions-unlawful",
    "duplicate",
    "incomplete",
    "inaccurate",
)
SUSPENSION_GROUNDS: Final = ("breach-suspected", "overreach", "security-incident")

REVIEW: Final = Workflow(
    "review",
    "review of a catalogue entry",
    (
        State("submitted", "review_days", "submitted", "review-overdue", "steward"),
        State("approved"),
        State("returned"),
        State("superseded"),
    ),
    (
        Step(
            "W101", "submitted", "approve", ("steward",), "approved",
            effect="put-in-force", independent=True,
        ),
        Step(
            "W102", "submitted", "return", ("steward",), "returned",
            grounds=RETURN_GROUNDS, effect="drop-draft", independent=True,
        ),
        Step("W103", "submitted", "supersede", ("provider",), "superseded", by="entry"),
    ),
)  # fmt: skip
CONFIRMATION: Final = Workflow(
    "confirmation",
    "confirmation of all entries of a provider",
    (
        State("expected", None, "overdue", "confirmation-overdue", "provider"),
        State("overdue"),
        State("confirmed"),
    ),
    (
        Step("W111", "expected", "attest", ("provider",), "confirmed", by="attestation"),
        Step("W112", "overdue", "attest", ("provider",), "confirmed", by="attestation"),
    ),
)  # fmt: skip
UPDATE: Final = Workflow(
    "update",
    "next version of a dataset",
    (
        State("expected", None, "overdue", "update-overdue", "provider"),
        State("overdue"),
        State("released"),
        State("dropped"),
    ),
    (
        Step("W121", "expected", "release", ("provider",), "released", by="release"),
        Step("W122", "overdue", "release", ("provider",), "released", by="release"),
        Step("W123", "expected", "drop", ("provider",), "dropped", by="lifecycle", aside=True),
        Step("W124", "overdue", "drop", ("provider",), "dropped", by="lifecycle", aside=True),
    ),
)  # fmt: skip
DISPOSAL: Final = Workflow(
    "disposal",
    "deletion of what a right gave",
    (
        State("expected", None, "overdue", "not-deleted-in-time", "consumer"),
        State("overdue"),
        State("disposed"),
    ),
    (
        Step("W221", "expected", "dispose", ("consumer",), "disposed", by="disposal"),
        Step("W222", "overdue", "dispose", ("consumer",), "disposed", by="disposal"),
    ),
)  # fmt: skip
EFFECT_REPORT: Final = Workflow(
    "effect-report",
    "report of what a right achieved",
    (
        State("expected", None, "overdue", "effect-overdue", "consumer"),
        State("overdue"),
        State("reported"),
    ),
    (
        Step(
            "W223", "expected", "report-effect", ("consumer",), "reported", by="effect-report"
        ),
        Step(
            "W224", "overdue", "report-effect", ("consumer",), "reported", by="effect-report"
        ),
    ),
)  # fmt: skip
REQUEST: Final = Workflow(
    "request",
    "request for one dataset",
    (
        State("open", None, "open", "answer-overdue", "provider"),
        State("granted"),
        State("refused"),
        State("withdrawn"),
        State("supplement-asked", "supplement_days", "withdrawn"),
        State(
            "supplemented", "answer_conditional_days", "supplemented", "answer-overdue", "provider"
        ),
        State("extension-asked", None, "extension-asked", "answer-overdue", "provider"),
        State("extended", "extension_days", "extended", "answer-overdue", "provider"),
        State("backflow", "backflow_days", "backflow", "backflow-overdue", "provider"),
        State("reopened", None, "reopened", "answer-overdue", "provider"),
        State("superseded"),
    ),
    (
        Step(
            "W201", "open", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step("W202", "open", "refuse", ("provider",), "refused", grounds=REFUSAL_GROUNDS),
        Step("W203", "open", "grant", ("provider",), "granted", by="grant"),
        Step("W204", "open", "take-up", ("consumer",), "granted", by="request"),
        Step(
            "W205", "open", "ask-supplement", ("provider",), "supplement-asked", aside=True
        ),
        Step(
            "W206", "supplement-asked", "supplement", ("consumer",), "supplemented",
            effect="answer-again",
        ),
        Step(
            "W207", "supplement-asked", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step(
            "W208", "supplemented", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step("W209", "supplemented", "refuse", ("provider",), "refused", grounds=REFUSAL_GROUNDS),
        Step("W210", "supplemented", "grant", ("provider",), "granted", by="grant"),
        Step(
            "W211", "open", "ask-extension", ("provider",), "extension-asked",
            effect="count-asking", aside=True, keeps_due=True,
        ),
        Step(
            "W212", "extension-asked", "allow-extension", ("steward",), "extended",
            independent=True,
        ),
        Step(
            "W213", "extension-asked", "deny-extension", ("steward",), "open",
            independent=True, keeps_due=True,
        ),
        Step(
            "W214", "extension-asked", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step(
            "W215", "extension-asked", "refuse", ("provider",), "refused", grounds=REFUSAL_GROUNDS
        ),
        Step("W216", "extension-asked", "grant", ("provider",), "granted", by="grant"),
        Step(
            "W217", "extended", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step("W218", "extended", "refuse", ("provider",), "refused", grounds=REFUSAL_GROUNDS),
        Step("W219", "extended", "grant", ("provider",), "granted", by="grant"),
        Step("W225", "refused", "reopen", (), "reopened"),
        Step(
            "W226", "reopened", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step("W227", "reopened", "refuse", ("provider",), "refused", grounds=REFUSAL_GROUNDS),
        Step("W228", "reopened", "grant", ("provider",), "granted", by="grant"),
        Step("W231", "open", "supersede", (), "superseded", by="request"),
        Step("W232", "supplement-asked", "supersede", (), "superseded", by="request"),
        Step("W233", "supplemented", "supersede", (), "superseded", by="request"),
        Step("W234", "extension-asked", "supersede", (), "superseded", by="request"),
        Step("W235", "extended", "supersede", (), "superseded", by="request"),
        Step("W236", "backflow", "supersede", (), "superseded", by="request"),
        Step("W237", "reopened", "supersede", (), "superseded", by="request"),
        Step(
            "W881", "backflow", "withdraw", ("consumer",), "withdrawn",
            effect="take-back", aside=True,
        ),
        Step("W882", "backflow", "refuse", ("provider",), "refused", grounds=REFUSAL_GROUNDS),
        Step("W883", "backflow", "grant", ("provider",), "granted", by="grant"),
        Step("W884", "backflow", "take-up", ("consumer",), "granted", by="request"),
    ),
)  # fmt: skip
GRANT: Final = Workflow(
    "grant",
    "right to use one dataset",
    (
        State("offered"),
        State("in-force", rests=True),
        State("suspended"),
        State("suspended-by-order"),
        State("declined"),
        State("ended"),
        State("revoked"),
    ),
    (
        Step("W301", "offered", "accept", ("consumer",), "in-force", by="acceptance"),
        Step("W302", "offered", "decline", ("consumer",), "declined", effect="end-right"),
        Step(
            "W303", "offered", "revoke", ("provider", "delegator"), "revoked", by="revocation"
        ),
        Step(
            "W304", "in-force", "suspend", ("provider",), "suspended",
            grounds=SUSPENSION_GROUNDS, effect="suspend-right",
        ),
        Step("W305", "in-force", "end", ("consumer",), "ended", effect="end-right"),
        Step(
            "W306", "in-force", "revoke", ("provider", "delegator"), "revoked", by="revocation"
        ),
        Step(
            "W307", "suspended", "resume", ("provider", "steward"), "in-force",
            effect="resume-right", independent=True,
        ),
        Step("W308", "suspended", "end", ("consumer",), "ended", effect="end-right"),
        Step(
            "W309", "suspended", "revoke", ("provider", "delegator"), "revoked", by="revocation"
        ),
        Step(
            "W310", "in-force", "order-suspension", ("steward",), "suspended-by-order",
            grounds=SUSPENSION_GROUNDS, effect="suspend-right", independent=True,
        ),
        Step(
            "W311", "suspended-by-order", "lift-suspension", ("steward",), "in-force",
            effect="resume-right", independent=True,
        ),
        Step("W312", "suspended-by-order", "end", ("consumer",), "ended", effect="end-right"),
        Step(
            "W313", "suspended-by-order", "revoke", ("provider", "delegator"), "revoked",
            by="revocation",
        ),
        Step(
            "W320", "in-force", "amend", ("provider", "delegator"), "in-force", by="amendment"
        ),
    ),
)  # fmt: skip
FINDING: Final = Workflow(
    "finding",
    "suspicion raised by rule",
    (
        State("raised", "reply_days", "unanswered"),
        State("unanswered"),
        State("replied"),
        State("confirmed", "rectify_days", "unrectified"),
        State("unrectified"),
        State("rectified"),
        State("closed"),
        State("cured"),
        State("dismissed"),
        State("referred"),
    ),
    (
        Step("W401", "raised", "reply", ("accused",), "replied"),
        Step("W402", "unanswered", "reply", ("accused",), "replied"),
        Step(
            "W403", "unanswered", "confirm", ("steward", "auditor"), "confirmed",
            effect="unseat-checkpoint", independent=True,
        ),
        Step(
            "W404", "replied", "confirm", ("steward", "auditor"), "confirmed",
            effect="unseat-checkpoint", independent=True,
        ),
        Step(
            "W405", "raised", "dismiss", ("steward", "auditor"), "dismissed",
            grounds=DISMISSAL_GROUNDS, effect="lift-orders", independent=True,
        ),
        Step(
            "W406", "unanswered", "dismiss", ("steward", "auditor"), "dismissed",
            grounds=DISMISSAL_GROUNDS, effect="lift-orders", independent=True,
        ),
        Step(
            "W407", "replied", "dismiss", ("steward", "auditor"), "dismissed",
            grounds=DISMISSAL_GROUNDS, effect="lift-orders", independent=True,
        ),
        Step("W408", "replied", "reply", ("accused",), "replied"),
        Step("W501", "confirmed", "rectify", ("accused",), "rectified"),
        Step("W502", "unrectified", "rectify", ("accused",), "rectified"),
        Step(
            "W503", "rectified", "close", ("steward", "auditor"), "closed",
            effect="lift-orders", independent=True,
        ),
        Step(
            "W504", "rectified", "return", ("steward", "auditor"), "confirmed",
            grounds=REPORT_GROUNDS, independent=True,
        ),
        Step(
            "W505", "confirmed", "refer", ("steward", "auditor"), "referred",
            grounds=REFERRAL_GROUNDS, independent=True,
        ),
        Step(
            "W506", "unrectified", "refer", ("steward", "auditor"), "referred",
            grounds=REFERRAL_GROUNDS, independent=True,
        ),
        Step(
            "W507", "rectified", "refer", ("steward", "auditor"), "referred",
            grounds=REFERRAL_GROUNDS, independent=True,
        ),
        Step(
            "W508", "replied", "cure", ("steward", "auditor"), "cured",
            effect="lift-orders", independent=True,
        ),
    ),
)  # fmt: skip

PROPOSAL: Final = Workflow(
    "proposal",
    "action put to the vote",
    (
        State("open", None, "expired"),
        State("adopted"),
        State("rejected"),
        State("fallen"),
        State("expired"),
    ),
    (
        Step("W001", "open", "vote", ("committee",), "open", by="ballot"),
        Step("W002", "open", "vote", ("committee",), "adopted", by="ballot"),
        Step("W003", "open", "vote", ("committee",), "rejected", by="ballot"),
        Step("W004", "open", "vote", ("committee",), "fallen", by="ballot"),
        Step("W005", "open", "overrule", ("government",), "rejected", by="decision"),
    ),
)  # fmt: skip

WORKFLOWS: Final = {
    one.name: one
    for one in (
        REVIEW,
        CONFIRMATION,
        UPDATE,
        REQUEST,
        GRANT,
        DISPOSAL,
        EFFECT_REPORT,
        FINDING,
        PROPOSAL,
        *SUPERVISION,
        FIGURE_OBJECTION,
        *SHARING,
        *USE,
    )
}
"""Every workflow, by name."""

__all__ = ["WORKFLOWS", "Part", "State", "Step", "Workflow"]
