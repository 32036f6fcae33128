"""Catalogue entries that the steward has returned, and that nobody has mended since.

What is returned is gone from review, and its id is free again: no case waits for its member. It is
found among the reviews that ended so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import convert

from contracts.values import Dataset, EntryTerms
from ledger.types import CaseId, DatasetId, MemberId, Time
from node.client import Client
from scripts.answers import read_value
from scripts.case.page import Taken
from scripts.catalogue.plan import entry_body

_LOOKED_AT_MAX: Final = 100
"""Reviews that ended so and are looked at, the last ones: most were mended long ago."""


@dataclass(frozen=True, slots=True)
class LastSaid:
    """What the last step in a case said: when, on which ground, with which note."""

    time: Time
    ground: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Returned:
    """An entry returned by the steward: what is to be mended in it."""

    case: CaseId
    dataset: DatasetId
    member: MemberId
    said: LastSaid


def last_said(client: Client, case: CaseId, as_at: str | None = None) -> LastSaid:
    """What the record that moved a case last said about it."""
    told = client.get(f"/v1/cases/{case}", at=as_at)
    last = convert(told["steps"], list[Taken])[-1]
    return LastSaid(last.block_time, last.body.get("ground"), last.note)


def returned_entries(
    client: Client, member: MemberId, as_at: str | None = None
) -> Iterator[Returned]:
    """The entries of a member that wait to be mended, by dataset: of each the last one."""
    query = {"workflow": "review", "state": "returned", "party": member}
    rows = client.items("/v1/cases", at=as_at, **query)
    cases = sorted((str(row["openedAt"]), str(row["id"])) for row in rows)
    last: dict[DatasetId, tuple[Time, CaseId]] = {}
    for opened_at, case in cases[-_LOOKED_AT_MAX:]:
        last[entry_body(client, case).dataset] = (opened_at, case)
    for dataset, (opened_at, case) in sorted(last.items()):
        if _is_awaited(client, dataset, member, opened_at, as_at):
            said = last_said(client, case, as_at)
            if said.ground != "duplicate":  # what is there already is not mended
                yield Returned(case, dataset, member, said)


def _is_awaited(
    client: Client, dataset: DatasetId, member: MemberId, since: Time, as_at: str | None
) -> bool:
    """Whether no other entry came instead of the one submitted at `since`."""
    known = read_value(client, Dataset, f"dataset/{dataset}", as_at)
    if known is None or known.provider != member:  # its id was free again
        return False
    entry = read_value(client, EntryTerms, f"entry/{dataset}", as_at)
    is_mended = entry is not None and entry.since > since
    return not is_mended and known.pending is None and known.archived_at is None
