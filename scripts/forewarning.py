"""What would surely be held against whoever signs, said before it is signed.

A record stays, and a finding about it too. The rules refuse no fact, and none of these commands
does; but a slip of the hand is no fact. So what the ledger already shows to be a finding is asked
about once: the command ends, names the finding and how to avoid it, and `--anyway` insists.

    $ blockpool record revoke GRANT --ground purpose-fulfilled
    error: this would be a finding ended-at-will: a grant was revoked or cut short without …
    hint: consult first, then: blockpool record revoke --consultation FILE, or insist with --anyway

What would be found, the rules are asked (`scripts.rehearsal`). Of facts only what a typing mistake
can do is asked about, or who reports a breach would have to say everything twice. Uses come by the
thousand, from programs that nobody watches: of them, only what names nothing is asked about.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Annotated, Final

import typer

from contracts import findings
from contracts.catalogue.columns import is_covered
from contracts.findings import FINDING_OF_CODE
from contracts.transition import Rejected
from contracts.values import Ledger, ReleasedVersion, Suspicion
from contracts.view import Overlay
from ledger.records import KIND_OF_BODY, Body, Usage
from ledger.types import DatasetId, WriterId
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import fail, warn
from scripts.explain.sources import NodeSource
from scripts.hands import behind
from scripts.record.schemas import column_names
from scripts.rehearsal import rehearsed

AnywayFlag = Annotated[
    bool, typer.Option("--anyway", help="Sign it although it will be a finding against you.")
]
_SLIPS: Final = frozenset(
    one.code
    for one in (
        findings.DELIVERED_WITHOUT_GRANT,
        findings.DELIVERY_DIFFERS,
        findings.DELIVERY_UNKNOWN,
        findings.GRANT_UNKNOWN,
        findings.OUTSIDE_APPOINTMENT,
        findings.OUTSIDE_MANDATE,
        findings.STALE_DATA_SUPPLIED,
        findings.UNKNOWN_REFERENCE,
    )
)
"""What a wrong id, moment, number or signer comes to. Where two sides count differently, each says
what it counted, so that is not among them."""
_HINTS: Final = {
    findings.BACKFLOW_CONDITIONED.code: "give what was asked for",
    findings.COLLECTED_TWICE.code: "name who collects it in the column collector",
    findings.CONDITIONS_ADDED.code: "give --ground, one that the catalogue bears out",
    findings.DELIVERED_WITHOUT_GRANT.code: "give the right, and the moment it was done",
    findings.DELIVERY_DIFFERS.code: "give the version and the rows that were handed over",
    findings.DELIVERY_UNKNOWN.code: "see: blockpool record deliveries",
    findings.ENDED_AT_WILL.code: "consult first, then: blockpool record revoke --consultation FILE",
    findings.GRANT_UNKNOWN.code: "see: blockpool record grants",
    findings.OUTSIDE_APPOINTMENT.code: "sign as a writer that was appointed for the dataset",
    findings.OUTSIDE_MANDATE.code: "sign as a writer of the member itself",
    findings.REFUSED_AGAINST_RULING.code: (
        "grant it, as far as it was ruled: blockpool record grant --request REQUEST; "
        "once it is refused, only a fresh offer is left"
    ),
    findings.REFUSAL_UNFOUNDED.code: "grant it, or correct the catalogue",
    findings.REFUSED_NOT_SUPPLEMENTED.code: "ask for it first: blockpool case step ask-supplement",
    findings.STALE_DATA_SUPPLIED.code: "hand over the version of today, and name it",
    findings.TERMS_NARROWED.code: "give --ground, one that the catalogue bears out",
    findings.UNKNOWN_REFERENCE.code: "see: blockpool catalogue list",
}
"""How a finding is avoided; where nothing is said here, what would mend it says that as well."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against signing something, and what to do about it."""

    why: str
    hint: str


def forewarn(
    client: Client,
    writer: WriterId,
    bodies: Sequence[Body],
    *,
    anyway: bool,
    doubts: Iterable[Doubt] = (),
) -> None:
    """End the command if one of the bodies would be a finding, and nobody insists.

    `doubts` are what the command itself has found.
    """
    if anyway:
        return
    found = (
        doubts,
        _wrong_names(client, writer, bodies),
        _unknown_purposes(client, bodies),
        _unknown_columns(client, bodies),
        foreseen(client, writer, bodies),
    )
    for one in chain.from_iterable(found):
        fail(one.why, hint=f"{one.hint}, or insist with --anyway")


def tell(doubts: Iterable[Doubt]) -> None:
    """Say what would be asked about."""
    for one in doubts:
        warn(one.why, one.hint)


def foreseen(client: Client, writer: WriterId, bodies: Sequence[Body]) -> Iterator[Doubt]:
    """What the rules would find against the signer. What they would refuse, the node tells."""
    asked = [one for one in bodies if not isinstance(one, Usage)]
    if not asked:
        return
    for body, found in zip(asked, rehearsed(client, writer, asked), strict=True):
        if not isinstance(found, Rejected):
            is_fact = KIND_OF_BODY[type(body)].states_fact
            yield from (doubt_of(one) for one in found if one.code in _SLIPS or not is_fact)


def doubt_of(found: Suspicion) -> Doubt:
    """A finding that a record would be, and how it is avoided."""
    finding = FINDING_OF_CODE[found.code]
    more = ", but ".join(one for one in (found.measure, found.limit) if one is not None)
    why = f"this would be a finding {finding.code}: {finding.meaning}"
    return Doubt(f"{why} ({more})" if more else why, _HINTS.get(finding.code, finding.cure))


def _wrong_names(client: Client, writer: WriterId, bodies: Sequence[Body]) -> Iterator[Doubt]:
    """What is said about a right of somebody for whom the signer acts, but in its own name."""
    view, member = Overlay(NodeSource(client, "")), writer.partition("/")[0]
    for body in bodies:
        whose = behind(view, member, body)
        if whose is not None:
            why = f"the right is that of {whose}, for which {member} acts"
            yield Doubt(why, f"sign as {whose}/…")


def _unknown_purposes(client: Client, bodies: Sequence[Body]) -> Iterator[Doubt]:
    """Uses for a purpose that nobody could have granted by that name."""
    purposes = {body.purpose: None for body in bodies if isinstance(body, Usage)}
    ledger = read_value(client, Ledger, "ledger") if purposes else None
    for purpose in purposes:
        if ledger is not None and not is_covered(purpose, ledger.purposes):
            why = f"`{purpose}` is no purpose that the ledger has adopted"
            yield Doubt(why, f"adopted are {', '.join(ledger.purposes)}")


def _unknown_columns(client: Client, bodies: Sequence[Body]) -> Iterator[Doubt]:
    """Uses of columns that there are not; the columns of one version are read once."""

    @cache
    def columns_of(dataset: DatasetId, version: int) -> Sequence[str]:
        released = read_value(client, ReleasedVersion, f"release/{dataset}/{version}")
        return () if released is None else column_names(client, released.schema)

    for body in bodies:
        if not isinstance(body, Usage):
            continue
        known = columns_of(body.content.dataset, body.content.version)
        unknown = [one for one in body.fields if one not in known]
        if known and unknown:
            code, named = findings.FIELD_NOT_GRANTED.code, ", ".join(unknown)
            yield Doubt(
                f"this would be a finding {code}: `{body.content.dataset}` has no column {named}",
                f"its columns are {', '.join(known)}",
            )
