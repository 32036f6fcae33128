"""What would surely be held against whoever signs, said before it is signed.

A record stays, and a finding about it too. The rules refuse no fact, and none of these commands
does; but a slip of the hand is no fact. So what the ledger already shows to be a finding is asked
about once: the command ends, names the finding and how to avoid it, and `--anyway` insists.

    $ blockpool record revoke GRANT --ground purpose-fulfilled
    error: this would be a finding ended-at-will: a right in force, ended without consultation
    hint: give --consultation, or insist with --anyway

It looks at what a typing mistake can do, not at everything the rules look at.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import typer
from msgspec.structs import replace

from contracts import findings
from contracts.sharing.amendment import AT_ONCE, ends_sooner
from contracts.sharing.rights import CONSULTATION_WAIVED
from contracts.terms import meet, narrows
from contracts.values import Dataset, EntryTerms, GrantedRight, ReleasedVersion, RequestedItem
from ledger.records import Amendment, Body, Delivery, Grant, Incident, Revocation, Usage
from ledger.records.delegation import AmendmentItem
from ledger.records.sharing import GrantItem
from ledger.records.terms import Terms
from ledger.types import DatasetId, DigestHex
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import fail
from scripts.record.release import column_names

AnywayFlag = Annotated[
    bool, typer.Option("--anyway", help="Sign it although it will be a finding against you.")
]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A finding that a record would come to: why, and what to do about it."""

    finding: findings.Finding
    why: str
    hint: str


def forewarn(client: Client, bodies: Iterable[Body], *, anyway: bool) -> None:
    """End the command if one of the bodies would be a finding, and nobody insists."""
    if anyway:
        return
    ledger = _Ledger(client)
    for body in bodies:
        for one in ledger.foreseen(body):
            fail(
                f"this would be a finding {one.finding.code}: {one.why}",
                hint=f"{one.hint}, or insist with --anyway",
            )


class _Ledger:
    """The ledger as a node tells it; what many records of one log ask for is read once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._columns_of = cache(self._read_columns)

    def foreseen(self, body: Body) -> Iterator[Foreseen]:
        """What a record would come to, as far as it can be a slip."""
        match body:
            case Grant():
                for answer in body.items:
                    yield from self._grant(answer)
            case Amendment():
                for change in body.items:
                    yield from self._amendment(change)
            case Revocation():
                yield from self._revocation(body)
            case Usage():
                known = self._columns_of(body.content.dataset, body.content.version)
                yield from _unknown_columns(body, known)
            case Delivery():
                yield from self._delivery(body)
            case Incident():
                yield from self._incident(body)
            case _:
                pass

    def _grant(self, item: GrantItem) -> Iterator[Foreseen]:
        asked = item.request and read_value(self._client, RequestedItem, f"request/{item.request}")
        if not isinstance(asked, RequestedItem) or asked.backflow or item.ground is not None:
            return
        entry = read_value(self._client, EntryTerms, f"entry/{asked.dataset}")
        if entry is not None and not narrows(meet(asked.terms, entry.conditions), item.terms):
            why = f"`{asked.dataset}`: less than was asked for and the entry offers"
            yield Foreseen(findings.CONDITIONS_ADDED, why, "give --ground")

    def _amendment(self, item: AmendmentItem) -> Iterator[Foreseen]:
        right = read_value(self._client, GrantedRight, f"grant/{item.grant}")
        if right is None:
            return
        before = self._spelled(right.terms, right.schema)
        if ends_sooner(right.terms, item.terms) and item.ground not in AT_ONCE:
            why = "the right would end sooner, without consultation"
            yield Foreseen(findings.ENDED_AT_WILL, why, "revoke it, and give --consultation")
        elif item.ground is None and not narrows(before, self._spelled(item.terms, item.schema)):
            why = "the right would allow less than before"
            yield Foreseen(findings.TERMS_NARROWED, why, "give --ground")

    def _revocation(self, body: Revocation) -> Iterator[Foreseen]:
        if body.consultation is not None or body.ground in CONSULTATION_WAIVED:
            return
        for grant in body.grants:
            right = read_value(self._client, GrantedRight, f"grant/{grant}")
            if right is not None and right.in_force_since is not None:
                why = "a right in force, ended without consultation"
                yield Foreseen(findings.ENDED_AT_WILL, why, "give --consultation")

    def _delivery(self, body: Delivery) -> Iterator[Foreseen]:
        right = read_value(self._client, GrantedRight, f"grant/{body.grant}")
        since = None if right is None else right.in_force_since
        if since is None or body.started_at < since:
            why = "the right is not in force" if since is None else f"it is in force since {since}"
            yield Foreseen(findings.DELIVERED_WITHOUT_GRANT, why, "give the moment it was done")

    def _incident(self, body: Incident) -> Iterator[Foreseen]:
        for dataset in body.datasets:
            if read_value(self._client, Dataset, f"dataset/{dataset}") is None:
                why = f"the ledger knows no dataset `{dataset}`"
                yield Foreseen(findings.UNKNOWN_REFERENCE, why, "see blockpool catalogue list")

    def _spelled(self, terms: Terms, schema: DigestHex) -> Terms:
        """Terms with all columns by their names: of two schemas `all` is not the same."""
        if terms.fields != "all":
            return terms
        return replace(terms, fields=tuple(sorted(column_names(self._client, schema))))

    def _read_columns(self, dataset: DatasetId, version: int) -> Sequence[str]:
        released = read_value(self._client, ReleasedVersion, f"release/{dataset}/{version}")
        return () if released is None else column_names(self._client, released.schema)


def _unknown_columns(body: Usage, known: Sequence[str]) -> Iterator[Foreseen]:
    unknown = [one for one in body.fields if one not in known]
    if known and unknown:
        why = f"`{body.content.dataset}` has no column {', '.join(unknown)}"
        yield Foreseen(findings.FIELD_NOT_GRANTED, why, f"its columns are {', '.join(known)}")
