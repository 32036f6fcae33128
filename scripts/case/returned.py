"""Catalogue entries that the steward has returned, and that nobody has mended since.

What is returned is gone from review, and its id is free again: no case waits for its member. It is
found among the reviews that ended so.
"""

from dataclasses import dataclass
from operator import attrgetter

from msgspec import convert

from contracts.values import Dataset, EntryTerms
from ledger.types import CaseId, DatasetId, MemberId, Time
from node.client import Client
from scripts.answers import read_value
from scripts.case.page import Taken
from scripts.catalogue.plan import entry_body


@dataclass(frozen=True, slots=True)
class LastSaid:
    """What the last step in a case said: when, on which ground, with which note."""

    time: Time
    ground: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Returned:
    """An entry returned by the steward, submitted at `since`: what is to be mended in it."""

    case: CaseId
    dataset: DatasetId
    member: MemberId
    said: LastSaid
    since: Time


def last_said(client: Client, case: CaseId, as_at: str | None = None) -> LastSaid:
    """What the record that moved a case last said about it."""
    told = client.get(f"/v1/cases/{case}", at=as_at)
    last = convert(told["steps"], list[Taken])[-1]
    return LastSaid(last.block_time, last.body.get("ground"), last.note)


def returned_entries(
    client: Client, member: MemberId | None = None, as_at: str | None = None
) -> list[Returned]:
    """The entries of a member, or of all, that wait to be mended: of a dataset the last one."""
    query = {"workflow": "review", "state": "returned", "party": member}
    rows = client.items("/v1/cases", at=as_at, **query)
    found: dict[DatasetId, Returned] = {}
    for row in sorted(rows, key=lambda one: str(one["openedAt"])):
        case = str(row["id"])
        party = convert(row["parties"], list[dict[str, str]])[0]["member"]
        dataset = entry_body(client, case).dataset
        since = str(row["openedAt"])
        found[dataset] = Returned(case, dataset, party, last_said(client, case, as_at), since)
    waiting = (one for one in found.values() if not _is_over(client, one, as_at))
    return sorted(waiting, key=attrgetter("dataset"))


def _is_over(client: Client, one: Returned, as_at: str | None) -> bool:
    """Whether another entry came instead, or nothing is to be mended: it is there already."""
    dataset = read_value(client, Dataset, f"dataset/{one.dataset}", as_at)
    entry = read_value(client, EntryTerms, f"entry/{one.dataset}", as_at)
    is_mended = entry is not None and entry.since > one.since
    is_free = dataset is None or dataset.provider != one.member
    is_ended = dataset is not None and (
        dataset.pending is not None or dataset.archived_at is not None
    )
    return is_mended or is_free or is_ended or one.said.ground == "duplicate"
