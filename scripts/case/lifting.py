"""What a step of `blockpool case step` would take with it, asked about before it is signed.

With a finding that is closed go the orders that rest on it (R726). One that is still to be reported
on may be all that obliges somebody to put things right. With a contest that is withdrawn goes what
was ruled in it (R723), even where its claimant meant no more than the appeal.
"""

from collections.abc import Iterator, Sequence

from contracts.supervision.workflows import REJECTED
from contracts.values import Case
from ledger.types import CaseId
from node.client import Client
from scripts.answers import read_value
from scripts.forewarning import Doubt


def open_orders(client: Client, ids: Sequence[CaseId]) -> Iterator[Doubt]:
    """The orders, resting on these cases, that nobody has reported on so far."""
    for finding_id in ids:
        finding = read_value(client, Case, f"case/{finding_id}")
        for order_id in () if finding is None else finding.orders:
            order = read_value(client, Case, f"case/{order_id}")
            if order is not None and order.state == "open":
                until = f", by {order.due}" if order.due is not None else ""
                yield Doubt(
                    f"this would lift the order {order_id}, still to be reported on{until}",
                    "wait for the report and close the order first",
                )


def lost_rulings(client: Client, ids: Sequence[CaseId]) -> Iterator[Doubt]:
    """What was ruled for the claimant in these cases, and waits for the government."""
    for case_id in ids:
        case = read_value(client, Case, f"case/{case_id}")
        if case is not None and case.ruling is not None and case.ruling != REJECTED:
            yield Doubt(
                f"this would give up what was ruled in {case_id}: {case.ruling}",
                "leave it to the government, which decides on the appeal",
            )
