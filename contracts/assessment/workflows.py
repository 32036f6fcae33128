"""The course of an objection to a figure: who mediates rules on it, then the government."""

from typing import Final

from contracts.course import State, Step, Workflow

REJECTIONS: Final = ("explained", "not-proven", "not-wrong")

FIGURE_OBJECTION: Final = Workflow(
    "figure-objection",
    "objection to a figure of an assessment",
    (
        State(
            "open", "mediation_days", "stalled", "mediation-overdue", "mediator", unheard="settled"
        ),
        State("stalled"),
        State("rejected", "appeal_days", "settled"),
        State(
            "appealed", "ruling_days", "appealed", "ruling-overdue", "government",
            unheard="settled",
        ),
        State("upheld"),
        State("dismissed"),
        State("settled"),
        State("withdrawn"),
    ),
    (
        Step("W821", "open", "uphold", ("mediator",), "upheld", independent=True),
        Step("W822", "stalled", "uphold", ("mediator",), "upheld", independent=True),
        Step(
            "W823", "open", "reject", ("mediator",), "rejected",
            grounds=REJECTIONS, independent=True,
        ),
        Step(
            "W824", "stalled", "reject", ("mediator",), "rejected",
            grounds=REJECTIONS, independent=True,
        ),
        Step("W825", "stalled", "appeal", ("claimant",), "appealed", aside=True),
        Step("W826", "rejected", "appeal", ("claimant",), "appealed", aside=True),
        Step(
            "W827", "appealed", "allow-appeal", ("government",), "upheld", independent=True
        ),
        Step(
            "W828", "appealed", "dismiss-appeal", ("government",), "dismissed",
            grounds=REJECTIONS, independent=True,
        ),
        Step("W829", "open", "withdraw", ("claimant",), "withdrawn", aside=True),
        Step("W830", "stalled", "withdraw", ("claimant",), "withdrawn", aside=True),
        Step("W831", "rejected", "withdraw", ("claimant",), "withdrawn", aside=True),
        Step("W832", "appealed", "withdraw", ("claimant",), "withdrawn", aside=True),
    ),
)  # fmt: skip
