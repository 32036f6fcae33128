"""The courses that hang from a right: its formalities in an emergency, the delivery owed."""

from typing import Final

from contracts.course import State, Step, Workflow

FORMALITIES: Final = Workflow(
    "formalities",
    "formalities of what was given in an emergency",
    (
        State("expected", None, "lapsed", "formalities-overdue", "consumer"),
        State("asked", None, "lapsed"),
        State("lapsed"),
        State("completed"),
    ),
    (
        Step("W871", "expected", "ask", ("consumer",), "asked", by="request", keeps_due=True),
        Step(
            "W872", "asked", "ask-again", ("consumer",), "asked", by="request",
            aside=True, keeps_due=True,
        ),
        Step("W876", "asked", "withdraw", (), "expected", keeps_due=True),
        Step("W877", "expected", "drop", (), "lapsed", by="revocation"),
        Step("W878", "asked", "drop", (), "lapsed", by="revocation"),
        Step("W873", "lapsed", "ask", ("consumer",), "lapsed", by="request", keeps_due=True),
        Step("W874", "asked", "complete", ("provider",), "completed", by="grant"),
        Step("W875", "lapsed", "complete", ("provider",), "completed", by="grant"),
    ),
)  # fmt: skip
SUPPLY: Final = Workflow(
    "supply",
    "delivery owed under a right",
    (
        State("expected", None, "overdue", "supply-overdue", "provider"),
        State("overdue"),
        State("supplied"),
        State("waived"),
        State("dropped"),
    ),
    (
        Step("W861", "expected", "supply", ("provider",), "supplied", by="delivery"),
        Step("W862", "overdue", "supply", ("provider",), "supplied", by="delivery"),
        Step("W863", "expected", "waive", ("consumer",), "waived", aside=True),
        Step("W864", "overdue", "waive", ("consumer",), "waived", aside=True),
        Step("W865", "expected", "drop", ("provider",), "dropped", by="revocation", aside=True),
        Step("W866", "overdue", "drop", ("provider",), "dropped", by="revocation", aside=True),
    ),
)  # fmt: skip

SHARING: Final = (FORMALITIES, SUPPLY)
"""Every workflow of this module."""
