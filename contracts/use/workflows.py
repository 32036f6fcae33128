"""The courses of what follows from having a right, beside disposal and report of effects.

Nobody takes these steps by hand: a use, or a delivery, takes them (`contracts.use.first_use`,
`contracts.use.unused_fields`, `contracts.use.accounts`).
"""

from typing import Final

from contracts.course import State, Step, Workflow

FIRST_USE: Final = Workflow(
    "first-use",
    "first use of what was granted",
    (
        State("awaited", None, "unused", "granted-never-used", "consumer"),
        State("delivered", None, "unreported", "delivered-not-reported", "consumer"),
        State("unused"),
        State("unreported"),
        State("used"),
    ),
    (
        Step("W901", "awaited", "report-use", ("consumer",), "used", by="usage"),
        Step("W902", "delivered", "report-use", ("consumer",), "used", by="usage"),
        Step("W903", "unused", "report-use", ("consumer",), "used", by="usage"),
        Step("W904", "unreported", "report-use", ("consumer",), "used", by="usage"),
        Step("W905", "awaited", "deliver", ("provider",), "delivered", by="delivery", aside=True),
    ),
)
FIELD_USE: Final = Workflow(
    "field-use",
    "use of every column that was granted",
    (
        State("watched", None, "unused", "fields-never-used", "consumer"),
        State("unused"),
        State("used"),
    ),
    (
        Step("W911", "watched", "use-columns", ("consumer",), "used", by="usage"),
        Step("W912", "unused", "use-columns", ("consumer",), "used", by="usage"),
    ),
)
ACCOUNT: Final = Workflow(
    "account",
    "what both sides count of a service in a month",
    (
        State("open", None, "compared"),
        State("compared", rests=True),
        State("reopened", None, "closed"),
        State("closed"),
    ),
    (
        Step("W921", "open", "count-use", ("consumer",), "open", by="usage"),
        Step("W922", "open", "count-answers", ("provider",), "open", by="delivery"),
        Step("W923", "compared", "count-use", ("consumer",), "reopened", by="usage"),
        Step("W924", "compared", "count-answers", ("provider",), "reopened", by="delivery"),
        Step("W925", "reopened", "count-use", ("consumer",), "reopened", by="usage"),
        Step("W926", "reopened", "count-answers", ("provider",), "reopened", by="delivery"),
    ),
)

USE: Final = (FIRST_USE, FIELD_USE, ACCOUNT)
"""Every workflow of use but those of `contracts.workflows`."""
