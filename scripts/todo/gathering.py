"""What waits for a member: its tasks, deliveries it has not acknowledged, entries to be mended.

What waits for those it acts for, since they were merged into it or split, waits for it, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import convert

from contracts.tasks import Task
from contracts.values import GrantedRight, ProposedAction, RequestedItem
from ledger.types import CaseId, DatasetId, DigestHex, ItemId, MemberId, WriterId
from node.client import Client
from scripts.answers import read_value
from scripts.case.returned import LastSaid, Returned, last_said, returned_entries
from scripts.govern.acts import act_told
from scripts.hands import Hands, hands_of, is_in


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose tasks, of these only what a writer of the member's may sign, or what it must do."""

    member: MemberId
    writer: WriterId | None
    as_at: str | None
    must: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """Deliveries under a right that their consumer has not acknowledged."""

    consumer: MemberId
    dataset: DatasetId
    deliveries: tuple[DigestHex, ...]
    grant: ItemId
    provider: MemberId


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that waits; by case what a supplement must say, and what is put to the vote.

    `answers` are the requests by whose answer formalities are completed.
    """

    tasks: tuple[Task, ...]
    handed: tuple[Handed, ...] = ()
    returned: tuple[Returned, ...] = ()
    asked: tuple[tuple[CaseId, LastSaid], ...] = ()
    proposed: tuple[tuple[CaseId, str], ...] = ()
    answers: tuple[tuple[CaseId, CaseId], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tasks or self.handed or self.returned)

    def __len__(self) -> int:
        return len({one.case for one in self.tasks}) + len(self.handed) + len(self.returned)


def gather(client: Client, asked: Asked) -> Gathered:
    """Everything a node tells of; tasks most urgent first."""
    hands = hands_of(client, asked.member, asked.as_at)
    tasks = tuple(sorted(_tasks(client, asked, hands), key=lambda one: one.due or "~"))
    proposed, answers = tuple(_proposed(client, tasks)), tuple(_answers(client, tasks))
    if asked.must:
        return Gathered(tasks, proposed=proposed, answers=answers)
    members = (asked.member, *hands.whole)
    return Gathered(
        tasks,
        tuple(_handed(client, asked, hands)),
        tuple(one for member in members for one in returned_entries(client, member, asked.as_at)),
        tuple(
            (case, last_said(client, case, asked.as_at))
            for case in dict.fromkeys(one.case for one in tasks if one.state == "supplement-asked")
        ),
        proposed,
        answers,
    )


def _tasks(client: Client, asked: Asked, hands: Hands) -> Iterator[Task]:
    """To archive a dataset is offered where its case is shown, not beside routine updates."""
    duty = "must" if asked.must else None
    for member in (asked.member, *hands.others):
        writer = asked.writer if member == asked.member else None
        rows = client.items("/v1/tasks", member=member, writer=writer, duty=duty, at=asked.as_at)
        for task in (convert(row, Task) for row in rows):
            is_own = member not in hands.parts or hands.is_of(task.keeper)
            if is_own and task.record != "lifecycle":
                yield task


def _proposed(client: Client, tasks: Sequence[Task]) -> Iterator[tuple[CaseId, str]]:
    for case in dict.fromkeys(one.case for one in tasks if one.workflow == "proposal"):
        value = read_value(client, ProposedAction, f"proposal/{case}")
        if value is not None:
            yield case, act_told(value.action)


def _answers(client: Client, tasks: Sequence[Task]) -> Iterator[tuple[CaseId, CaseId]]:
    """By formalities to be completed, the request that waits for its answer."""
    sought = {one.subject: one.case for one in tasks if one.workflow == "formalities"}
    asking = (one for one in tasks if sought and (one.workflow, one.record) == ("request", "grant"))
    for one in asking:
        request = read_value(client, RequestedItem, one.subject)
        formalities = None if request is None else sought.get(f"grant/{request.emergency}")
        if formalities is not None:
            yield formalities, one.case


def _handed(client: Client, asked: Asked, hands: Hands) -> Iterator[Handed]:
    for member in (asked.member, *hands.others):
        rows = client.items("/v1/deliveries", consumer=member, acknowledged="no", at=asked.as_at)
        by_grant: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            by_grant.setdefault((str(row["grant"]), str(row["provider"])), []).append(
                str(row["id"])
            )
        for (grant, provider), deliveries in by_grant.items():
            right = read_value(client, GrantedRight, f"grant/{grant}")
            dataset = "" if right is None else right.dataset
            if member not in hands.parts or is_in(client, hands, member, dataset):
                yield Handed(member, dataset, tuple(deliveries), grant, provider)
