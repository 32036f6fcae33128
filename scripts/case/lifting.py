"""What `blockpool case step close` would take with it, asked about before it is signed.

With a finding go the orders that rest on it (R726). One that is still to be reported on may be all
that obliges somebody to put things right.
"""

from collections.abc import Iterator, Sequence

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
