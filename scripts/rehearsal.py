"""What the rules would make of records, asked before they are signed.

The rules are pure: with the state as a node tells it, they say here what they would say there. The
node is believed, and others may come in between; it only helps whoever is about to sign.
"""

from collections.abc import Iterable, Iterator

from contracts.context import Context
from contracts.draft import Draft
from contracts.transition import Rejected, rehearse
from contracts.values import Case, Ledger, Suspicion, Value
from contracts.view import Overlay, held
from ledger.records import Body
from ledger.times import to_ms
from ledger.types import DigestHex, WriterId
from node.client import Client
from scripts.answers import any_value
from scripts.profile import present_time


class _Told:
    """A `StateView` of what a node answers."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, key: str) -> Value | None:
        """As `StateView.get`."""
        return any_value(self._client, key)


def rehearsed(
    client: Client, writer: WriterId, bodies: Iterable[Body]
) -> Iterator[tuple[Suspicion, ...] | Rejected]:
    """What each record would come to, one after the other, as if nobody else said anything.

    That is what is found against its writer's member, or why it is refused.
    """
    told, state = client.ledger(), Overlay(_Told(client))
    now = max(told.block_time, present_time())
    ledger = held(state, Ledger, "ledger")
    context = Context(time=now, time_ms=to_ms(now), index=told.size, ledger=ledger)
    for number, body in enumerate(bodies):
        digest = f"{number:064x}"  # it is not signed, so it has none; no two of them have the same
        draft = rehearse(state, context, writer, body, digest)
        if isinstance(draft, Rejected):
            yield draft
        else:
            state.adopt(draft)
            yield tuple(_against_signer(draft, digest))


def _against_signer(draft: Draft, digest: DigestHex) -> Iterator[Suspicion]:
    """What was found of the record itself: a deadline that passed meanwhile is none of it."""
    for found in draft.findings:
        case = held(draft, Case, f"case/{found.case}")
        accused = [party.member for party in case.parties if party.part == "accused"]
        if found.case.startswith(digest) and draft.member in accused and case.finding is not None:
            yield case.finding
