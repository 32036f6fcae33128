"""The courses of supervision: what people open against people (`contracts.supervision.openings`).

An order, or an incident, is reported on, and closed or referred to the body that disciplines. A
dispute goes from the parties to who mediates between them, and from there to the government. Who
is a party to a case never decides it.
"""

from typing import Final

from contracts.course import Named, Part, State, Step, Workflow

SUPERVISORS: Final[tuple[Part, ...]] = ("steward", "auditor")
DECLINE_GROUNDS: Final = ("legal-restriction", "no-legal-basis", "not-held", "open-already")
DISMISSAL_GROUNDS: Final = ("cured", "duplicate", "explained", "not-attributable", "not-proven")
LIFTING_GROUNDS: Final = ("mistaken", "superseded")
REFERRAL_GROUNDS: Final = ("crime-suspected", "discipline")
REJECTION_GROUNDS: Final = ("as-of-time", "as-source", "not-held", "not-wrong")
REPORT_GROUNDS: Final = ("incomplete", "not-effective")
REJECTED: Final = "rejected"
RULINGS: Final = (REJECTED, "upheld", "upheld-in-part")


def _rows(  # noqa: PLR0913  a row is all of these
    first: int,
    states: tuple[str, ...],
    name: str,
    who: tuple[Part, ...],
    following: str,
    *,
    grounds: tuple[str, ...] = (),
    effect: str | None = None,
    independent: bool = False,
    names: Named | None = None,
    aside: bool = False,
    rules: bool = False,
) -> tuple[Step, ...]:
    """One step, in every state that allows it, numbered from `first` on."""
    return tuple(
        Step(
            f"W{number}", state, name, who, following,
            grounds=grounds, effect=effect, independent=independent, names=names, aside=aside,
            rules=rules,
        )
        for number, state in enumerate(states, first)
    )  # fmt: skip


def _order(
    name: str, title: str, first: int, days: str, overdue: str, closing: str | None = None
) -> Workflow:
    """Somebody must report; whoever supervises closes, returns or refers."""
    return Workflow(
        name,
        title,
        (
            State("open", days, "open", overdue, "respondent"),
            State("reported"),
            State("closed"),
            State("lifted"),
            State("referred"),
        ),
        (
            *_rows(first, ("open",), "report", ("respondent",), "reported"),
            *_rows(
                first + 1, ("reported",), "return", SUPERVISORS, "open",
                grounds=REPORT_GROUNDS, independent=True,
            ),
            *_rows(
                first + 2, ("reported",), "close", SUPERVISORS, "closed",
                effect=closing, independent=True,
            ),
            *_rows(
                first + 3, ("open",), "lift", SUPERVISORS, "lifted",
                grounds=LIFTING_GROUNDS, independent=True,
            ),
            *_rows(
                first + 4, ("open", "reported"), "refer", SUPERVISORS, "referred",
                grounds=REFERRAL_GROUNDS, independent=True,
            ),
        ),
    )  # fmt: skip


def _contest(name: str, title: str, first: int) -> Workflow:
    """Three tiers: the parties, who mediates between them, the government.

    What comes of a ruling that is final, `contracts.supervision.rulings` says.
    """
    return Workflow(
        name,
        title,
        (
            State("open", "response_days", "unanswered", "response-overdue", "respondent"),
            State("unanswered"),
            State("answered", "appeal_days", "settled"),
            State(
                "mediation", "mediation_days", "stalled", "mediation-overdue", "mediator",
                unheard="settled",
            ),
            State("stalled"),
            State("ruled", "appeal_days", "binding"),
            State(
                "appealed", "ruling_days", "appealed", "ruling-overdue", "government",
                unheard="settled",
            ),
            State("binding"),
            State("decided"),
            State("settled"),
            State("withdrawn"),
        ),
        (
            *_rows(first, ("open", "unanswered"), "answer", ("respondent",), "answered"),
            *_rows(
                first + 2, ("unanswered", "answered"), "escalate", ("claimant",), "mediation",
                aside=True,
            ),
            *_rows(
                first + 4, ("mediation", "stalled"), "rule", ("mediator",), "ruled",
                grounds=RULINGS, independent=True, rules=True,
            ),
            *_rows(
                first + 6, ("stalled", "ruled"), "appeal", ("claimant", "respondent"), "appealed",
                aside=True,
            ),
            *_rows(
                first + 8, ("appealed",), "decide", ("government",), "decided",
                grounds=RULINGS, effect="enforce-ruling", independent=True, rules=True,
            ),
            *_rows(
                first + 9, ("open", "unanswered", "answered", "mediation", "stalled", "appealed"),
                "withdraw", ("claimant",), "withdrawn", aside=True,
            ),
        ),
    )  # fmt: skip


INSPECTION: Final = _order("inspection", "inspection", 601, "order_days", "order-overdue")
RECTIFICATION: Final = _order(
    "rectification",
    "order to put something right",
    611,
    "rectification_days",
    "rectification-overdue",
    closing="close-finding",
)
SUPERVISION_ORDER: Final = _order(
    "supervision-order", "order to get on with something", 621, "order_days", "order-overdue"
)
INCIDENT: Final = _order(
    "incident", "leak, loss, misuse or tampering", 631, "order_days", "order-overdue"
)
CORRECTION: Final = Workflow(
    "correction",
    "request to correct a release",
    (
        State("open", "correction_days", "unanswered", "correction-overdue", "provider"),
        State("unanswered"),
        State("rejected", "appeal_days", "settled"),
        State(
            "mediation", "mediation_days", "mediation", "mediation-overdue", "mediator",
            unheard="settled",
        ),
        State("upheld", "correction_days", "upheld", "correction-overdue", "provider"),
        State("corrected"),
        State("dismissed"),
        State("settled"),
        State("withdrawn"),
    ),
    (
        *_rows(
            701, ("open", "unanswered", "upheld"), "correct", ("provider",), "corrected",
            effect="accept-correction", names="release",
        ),
        *_rows(
            704, ("open", "unanswered"), "reject", ("provider",), "rejected",
            grounds=REJECTION_GROUNDS,
        ),
        *_rows(706, ("unanswered", "rejected"), "escalate", ("consumer",), "mediation", aside=True),
        *_rows(708, ("mediation",), "uphold", ("mediator",), "upheld", independent=True),
        *_rows(
            709, ("mediation",), "dismiss", ("mediator",), "dismissed",
            grounds=DISMISSAL_GROUNDS, independent=True,
        ),
        *_rows(
            710, ("open", "unanswered", "rejected", "mediation"), "withdraw", ("consumer",),
            "withdrawn", aside=True,
        ),
    ),
)  # fmt: skip
DEMAND: Final = Workflow(
    "demand",
    "demand that a dataset be catalogued",
    (
        State("open", "assignment_days", "open", "assignment-overdue", "steward"),
        State("assigned", "demand_days", "assigned", "demand-overdue", "provider"),
        State("declined", "assignment_days", "declined", "assignment-overdue", "steward"),
        State("met"),
        State("closed"),
        State("withdrawn"),
    ),
    (
        *_rows(721, ("open", "declined"), "assign", ("steward",), "assigned", names="member"),
        *_rows(723, ("assigned",), "decline", ("provider",), "declined", grounds=DECLINE_GROUNDS),
        *_rows(
            724, ("assigned",), "meet", ("provider",), "met",
            effect="meet-demand", names="dataset",
        ),
        *_rows(
            725, ("open", "declined"), "close", ("steward",), "closed", grounds=DECLINE_GROUNDS
        ),
        *_rows(
            727, ("open", "assigned", "declined"), "withdraw", ("claimant",), "withdrawn",
            aside=True,
        ),
    ),
)  # fmt: skip
DISPUTE: Final = _contest("dispute", "dispute about another case", 741)
OBJECTION: Final = _contest("objection", "objection to a record", 771)
_JUDGES: Final[tuple[Part, ...]] = ("auditor", "government")
COMPLAINT: Final = Workflow(
    "complaint",
    "complaint about a member",
    (
        State("open", "ruling_days", "open", "ruling-overdue", "auditor"),
        State("answered", "ruling_days", "answered", "ruling-overdue", "auditor"),
        State("upheld", "rectification_days", "upheld", "rectification-overdue", "respondent"),
        State("reported"),
        State("closed"),
        State("dismissed"),
        State("referred"),
        State("withdrawn"),
    ),
    (
        *_rows(801, ("open",), "answer", ("respondent",), "answered"),
        *_rows(802, ("open", "answered"), "uphold", _JUDGES, "upheld", independent=True),
        *_rows(
            804, ("open", "answered"), "dismiss", _JUDGES, "dismissed",
            grounds=DISMISSAL_GROUNDS, independent=True,
        ),
        *_rows(806, ("upheld",), "report", ("respondent",), "reported"),
        *_rows(
            807, ("reported",), "return", _JUDGES, "upheld",
            grounds=REPORT_GROUNDS, independent=True,
        ),
        *_rows(808, ("reported",), "close", _JUDGES, "closed", independent=True),
        *_rows(
            809, ("upheld", "reported"), "refer", _JUDGES, "referred",
            grounds=REFERRAL_GROUNDS, independent=True,
        ),
        *_rows(811, ("open", "answered"), "withdraw", ("claimant",), "withdrawn", aside=True),
    ),
)  # fmt: skip

SUPERVISION: Final = (
    COMPLAINT,
    CORRECTION,
    DEMAND,
    DISPUTE,
    INCIDENT,
    INSPECTION,
    OBJECTION,
    RECTIFICATION,
    SUPERVISION_ORDER,
)
"""Every workflow of supervision, by name."""
