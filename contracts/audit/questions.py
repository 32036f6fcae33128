"""First-day questions of an audit, answered from the leaves.

    questions = Questions(since="2026-01-01T00:00:00.000Z", until="2027-01-01T00:00:00.000Z")
    audit(log, …, watch=questions.take)            or of any replay, block by block
    questions.refusals()

Everything is as it stood at `until`: what came later is not looked at. Problems, refusals
and incidents are those of the period that began at `since`; rights that were never used are told if
they were in force at some time of it. Each answer names the records it rests on, by index.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from contracts.replay import Block, BlockResult
from contracts.sharing.chains import StateName, chain_of, is_over, state_of
from contracts.transition import Accepted
from contracts.values import (
    Case,
    EntryTerms,
    GrantedRight,
    InformationSystem,
    Member,
    RequestedItem,
    UseCounters,
)
from contracts.view import MemoryState, V
from contracts.workflows import WORKFLOWS
from ledger.records import Incident, Record, Step
from ledger.seal import Outcome
from ledger.types import CaseId, Count, DatasetId, DigestHex, ItemId, MemberId, Slug, Time, WriterId

_KEPT: Final = frozenset(
    {"bar", "case", "entry", "grant", "hand", "ledger", "member", "request", "system", "use"}
)
"""First parts of the keys that the questions are about, or that say whether a right holds."""

_RUN_DOWN: Final = frozenset({"lapsed", "run-out"})
"""How a right comes to its end that nobody ends."""


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A record that answers rest on. Of a step: its name and coded ground."""

    index: Count
    time: Time
    writer: WriterId
    step: Slug | None = None
    ground: Slug | None = None


class Unlinked(Struct, frozen=True, kw_only=True, rename="camel"):
    """A system that no entry in force names, or one that entries name and nobody registered.

    `datasets` are those whose entries name it.
    """

    system: str
    status: str
    datasets: tuple[DatasetId, ...]


class Refusal(Struct, frozen=True, kw_only=True, rename="camel"):
    """A request that its provider refused."""

    request: ItemId
    dataset: DatasetId
    consumer: MemberId
    ground: Slug
    told: Told


class Unused(Struct, frozen=True, kw_only=True, rename="camel"):
    """A right under which no use was reported, and where it stood at the end."""

    grant: ItemId
    dataset: DatasetId
    consumer: MemberId
    in_force_since: Time
    state: StateName


class Problem(Struct, frozen=True, kw_only=True, rename="camel"):
    """A finding and its course; `orders` are the rectifications that rest on it, in their state."""

    case: CaseId
    code: Slug
    accused: tuple[MemberId, ...]
    opened_at: Time
    state: Slug
    steps: tuple[Told, ...]
    orders: tuple[tuple[CaseId, Slug], ...]


class Happened(Struct, frozen=True, kw_only=True, rename="camel"):
    """An incident: what happened, at which stage of the data's life, and where its case stands."""

    case: CaseId
    category: Slug
    stage: Slug
    where: MemberId
    datasets: tuple[DatasetId, ...]
    people: Count
    state: Slug
    told: Told


class Approval(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who approved an entry in force, or gave a right in force.

    What was taken up under a standing grant was given by whoever gave that.
    """

    what: str
    dataset: DatasetId
    standing: ItemId | None = None
    told: Told


class Questions:
    """What has happened, up to `until`."""

    def __init__(self, *, since: Time, until: Time) -> None:
        self._since, self._until = since, until
        self._kept = MemoryState()
        self._given: dict[DigestHex, Told] = {}
        self._incidents: dict[DigestHex, tuple[Incident, Told]] = {}
        self._steps: dict[CaseId, list[Told]] = {}

    def take(self, block: Block, result: BlockResult) -> None:
        """The next block."""
        if block.time >= self._until:
            return
        changes = result.changes.items()
        kept = {key: value for key, value in changes if key.partition("/")[0] in _KEPT}
        self._kept.commit(kept)
        for record, verdict in zip(block.records, result.verdicts, strict=True):
            if isinstance(verdict, Accepted):
                self._take_record(record, verdict.outcome, block.time)

    def standing(self) -> dict[str, int]:
        """How much there was at `until`: members, systems, entries, rights in force, open cases.

        Rights that are suspended, or that fell with one above them, are counted beside.
        """
        cases = [one for _, one in self._all("case", Case) if _is_open(one)]
        counts = {
            "members": sum(one.status == "active" for _, one in self._all("member", Member)),
            "systems": sum(1 for _ in self._all("system", InformationSystem)),
            "entries": sum(1 for _ in self._all("entry", EntryTerms)),
            "rights": sum(1 for _ in self._rights()),
        }
        for hindered in ("fallen", "suspended"):
            if count := sum(found == hindered for *_, found in self._stood()):
                counts[f"rights: {hindered}"] = count
        for case in sorted(cases, key=lambda one: one.workflow):
            name = f"open cases: {case.workflow}"
            counts[name] = counts.get(name, 0) + 1
        return counts

    def unlinked(self) -> list[Unlinked]:
        """Which system has no entry, and which entry no system."""
        named: dict[str, list[DatasetId]] = {}
        for dataset, entry in self._all("entry", EntryTerms):
            named.setdefault(f"{entry.provider}/{entry.system}", []).append(dataset)
        found = [
            Unlinked(system=name, status=one.status, datasets=())
            for name, one in self._all("system", InformationSystem)
            if name not in named
        ]
        found += [
            Unlinked(system=name, status="not registered", datasets=tuple(sorted(datasets)))
            for name, datasets in named.items()
            if self._kept.get(f"system/{name}") is None
        ]
        return sorted(found, key=lambda one: one.system)

    def refusals(self) -> list[Refusal]:
        """What was refused in the period, by ground."""
        found = [
            Refusal(
                request=name,
                dataset=asked.dataset,
                consumer=asked.member,
                ground=told.ground or "",
                told=told,
            )
            for name, asked in self._all("request", RequestedItem)
            for told in self._steps.get(name, ())
            if told.step == "refuse" and told.time >= self._since
        ]
        return sorted(found, key=lambda one: (one.ground, one.told.index, one.request))

    def unused(self) -> list[Unused]:
        """What was in force at some time of the period and never used, the oldest first."""
        found = [
            Unused(
                grant=name,
                dataset=right.dataset,
                consumer=right.member,
                in_force_since=right.in_force_since,
                state=state,
            )
            for name, right, state in self._stood()
            if right.member is not None and right.in_force_since is not None
            if state != "not-yet" and self._held(name, right, right.in_force_since)
            if not isinstance(self._kept.get(f"use/{name}"), UseCounters)
        ]
        return sorted(found, key=lambda one: (one.in_force_since, one.grant))

    def problems(self) -> list[Problem]:
        """The findings that were raised in the period, and what became of them by `until`."""
        cases = dict(self._all("case", Case))
        orders: dict[str, list[tuple[CaseId, Slug]]] = {}
        for name, case in sorted(cases.items()):
            if case.workflow == "rectification":
                orders.setdefault(case.subject, []).append((name, case.state))
        found = [
            Problem(
                case=name,
                code=case.finding.code,
                accused=tuple(one.member for one in case.parties if one.part == "accused"),
                opened_at=case.opened_at,
                state=case.state,
                steps=tuple(self._steps.get(name, ())),
                orders=tuple(orders.get(f"case/{name}", ())),
            )
            for name, case in cases.items()
            if case.finding is not None and case.opened_at >= self._since
        ]
        return sorted(found, key=lambda one: (one.opened_at, one.case))

    def incidents(self) -> list[Happened]:
        """What was leaked, lost, misused or tampered with, as reported in the period, by stage."""
        found = [
            Happened(
                case=name,
                category=body.category,
                stage=body.stage,
                where=next(one.member for one in case.parties if one.part == "respondent"),
                datasets=body.datasets,
                people=body.people,
                state=case.state,
                told=told,
            )
            for name, case in self._all("case", Case)
            if case.workflow == "incident" and case.opened_at >= self._since
            for body, told in [self._incidents[case.subject.removeprefix("record/")]]
        ]
        return sorted(found, key=lambda one: (one.stage, one.told.index))

    def approvals(self) -> list[Approval]:
        """Who approved each entry in force, and who gave each right in force."""
        found = [
            Approval(what=entry.record, dataset=dataset, told=told)
            for dataset, entry in self._all("entry", EntryTerms)
            for told in self._steps.get(entry.record, ())
            if told.step == "approve"
        ]
        found += [
            Approval(
                what=name,
                dataset=right.dataset,
                standing=right.standing,
                told=self._given[(right.standing or name)[:64]],
            )
            for name, right in self._rights()
        ]
        return sorted(found, key=lambda one: (one.dataset, one.told.index, one.what))

    def _take_record(self, record: Record, outcome: Outcome, time: Time) -> None:
        index, changed = outcome.index or 0, outcome.changed
        told = Told(index=index, time=time, writer=record.chain.writer)
        match record.body:
            case Step(step=name, ground=ground, cases=cases):
                for case in cases:
                    taken = Told(
                        index=index, time=time, writer=told.writer, step=name, ground=ground
                    )
                    self._steps.setdefault(case, []).append(taken)
            case Incident() as body:
                self._incidents[record.digest] = body, told
            case _ if any(key.startswith(f"grant/{record.digest}") for key in changed):
                self._given[record.digest] = told
            case _:
                pass

    def _rights(self) -> Iterator[tuple[ItemId, GrantedRight]]:
        """Rights in force, as a use at `until` would be judged."""
        for name, right, found in self._stood():
            if found == "in-force":
                yield name, right

    def _stood(self) -> Iterator[tuple[ItemId, GrantedRight, StateName]]:
        """Every right, and where it stood at `until`."""
        for name, right in self._all("grant", GrantedRight):
            chain = chain_of(self._kept, name, right)
            yield name, right, state_of(chain, self._until).state

    def _held(self, name: ItemId, right: GrantedRight, given_at: Time) -> bool:
        """Whether a right had not come to its end when the period, or the right, began."""
        chain = chain_of(self._kept, name, right)
        began = max(self._since, given_at, right.terms.not_before or given_at)
        return not is_over(chain, began) and state_of(chain, began).state not in _RUN_DOWN

    def _all(self, prefix: str, kind: type[V]) -> Iterator[tuple[str, V]]:
        for key in self._kept.keys(f"{prefix}/"):
            value = self._kept.get(key)
            if isinstance(value, kind):
                yield key.removeprefix(f"{prefix}/"), value


def _is_open(case: Case) -> bool:
    """Whether somebody is waited for: a step leads on, and the state is not one that may last."""
    table = WORKFLOWS[case.workflow]
    return table.leads_on(case.state) and not table.state(case.state).rests
