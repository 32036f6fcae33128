"""The courses that hang from a right: the delivery that is owed under it."""

from typing import Final

from contracts.course import State, Step, Workflow

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

SHARING: Final = (SUPPLY,)
"""Every workflow of this module."""
