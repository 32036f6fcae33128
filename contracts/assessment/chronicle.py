"""An auditor's answers: what the leaves came to, block by block, so that any moment can be asked.

    chronicle = Chronicle()
    for each block:  chronicle.take(block, result)     as `contracts.replay` gives it
    assess(chronicle.at, "health", "2026-Q4", chronicle.now)

It keeps every value that an assessment can ask for with the times from which it held, and of each
use its right and its end. Nothing else of the log is needed, and nothing of a node.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from contracts.assessment.facts import Asked
from contracts.replay import Block, BlockResult
from contracts.transition import Accepted
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    FigureUnderObjection,
    GrantedRight,
    InformationSystem,
    Ledger,
    Member,
    RequestedItem,
    Value,
)
from contracts.view import V
from ledger.records import Usage
from ledger.records.assessment import Indicator
from ledger.types import CaseId, DatasetId, ItemId, MemberId, Slug, Time

_KEPT = frozenset(
    {
        "case",
        "dataset",
        "entry",
        "figure",
        "grant",
        "indicator",
        "ledger",
        "member",
        "request",
        "system",
    }
)
"""First parts of the keys of what can be asked for."""
_Held = list[tuple[Time, Value | None]]
"""Values of one key, each with the time from which it held."""


class Chronicle:
    """What has happened, up to the block taken last."""

    def __init__(self) -> None:
        self.now: Time = ""
        self._values: dict[str, _Held] = {}
        self._keys: dict[tuple[str, MemberId], dict[str, None]] = {}
        self._uses: dict[MemberId, list[tuple[Time, Time, ItemId]]] = {}

    def take(self, block: Block, result: BlockResult) -> None:
        """The next block."""
        self.now = block.time
        for key, value in result.changes.items():
            prefix, _, rest = key.partition("/")
            if prefix in _KEPT:
                self._values.setdefault(key, []).append((block.time, value))
                for member in _members_of(rest, value):
                    self._keys.setdefault((prefix, member), {})[key] = None
        for record, verdict in zip(block.records, result.verdicts, strict=True):
            body = record.body
            if not isinstance(verdict, Accepted) or not isinstance(body, Usage):
                continue
            # A use that names a right to other data draws on nothing: it is none under that right.
            if body.grant is not None and f"use/{body.grant}" in verdict.outcome.changed:
                member = record.chain.writer.partition("/")[0]
                use = (block.time, body.ended_at, body.grant)
                self._uses.setdefault(member, []).append(use)

    def at(self, time: Time) -> "Moment":
        """As `FactsAt`."""
        return Moment(self, time)

    def value(self, key: str, time: Time) -> Value | None:
        """The value under a key at a moment."""
        held = self._values.get(key, [])
        place = bisect_right(held, time, key=lambda one: one[0])
        return held[place - 1][1] if place else None

    def held(
        self, prefix: str, kind: type[V], time: Time, member: MemberId = ""
    ) -> Iterator[tuple[str, V]]:
        """The values of a kind at a moment with which a member has to do; of all for everybody."""
        for key in self._keys.get((prefix, member), ()):
            value = self.value(key, time)
            if isinstance(value, kind):
                yield key.removeprefix(f"{prefix}/"), value

    def uses(self, member: MemberId, time: Time) -> Iterator[tuple[Time, ItemId]]:
        """Ends and rights of the uses a member had reported by a moment."""
        every = self._uses.get(member, ())
        return ((ended, grant) for said, ended, grant in every if said <= time)


class Moment:
    """As `contracts.assessment.facts.Facts`, of a chronicle at one moment."""

    def __init__(self, chronicle: Chronicle, time: Time) -> None:
        self._chronicle, self._time = chronicle, time

    def ledger(self) -> Ledger | None:
        """As `Facts.ledger`."""
        value = self._chronicle.value("ledger", self._time)
        return value if isinstance(value, Ledger) else None

    def indicators(self) -> list[Indicator]:
        """As `Facts.indicators`."""
        return [one for _, one in self._chronicle.held("indicator", Indicator, self._time)]

    def members(self) -> list[MemberId]:
        """As `Facts.members`."""
        return [name for name, _ in self._chronicle.held("member", Member, self._time)]

    def systems(self, owner: MemberId) -> Iterator[tuple[Slug, InformationSystem]]:
        """As `Facts.systems`."""
        for name, one in self._chronicle.held("system", InformationSystem, self._time, owner):
            yield name.removeprefix(f"{owner}/"), one

    def entries(self, provider: MemberId) -> list[EntryTerms]:
        """As `Facts.entries`."""
        held = self._chronicle.held("entry", EntryTerms, self._time, provider)
        return [one for _, one in held if one.provider == provider]

    def datasets(self, provider: MemberId) -> Iterator[tuple[DatasetId, Dataset]]:
        """As `Facts.datasets`."""
        held = self._chronicle.held("dataset", Dataset, self._time, provider)
        return ((name, one) for name, one in held if one.provider == provider)

    def rights(self, member: MemberId) -> Iterator[tuple[ItemId, GrantedRight]]:
        """As `Facts.rights`."""
        return self._chronicle.held("grant", GrantedRight, self._time, member)

    def cases(self, member: MemberId, since: Time, until: Time) -> Iterator[tuple[CaseId, Case]]:
        """As `Facts.cases`."""
        for name, case in self._chronicle.held("case", Case, self._time, member):
            if since <= case.opened_at < until:
                yield name, case

    def requests(
        self, member: MemberId, since: Time, until: Time
    ) -> Iterator[tuple[CaseId, Asked]]:
        """As `Facts.requests`."""
        for name, case in self.cases(member, since, until):
            asked = self._chronicle.value(f"request/{name}", self._time)
            if case.workflow == "request" and isinstance(asked, RequestedItem):
                yield name, Asked(asked.backflow, asked.standing)

    def datasets_of(self, subjects: Iterable[str]) -> dict[str, DatasetId]:
        """As `Facts.datasets_of`."""
        values = ((key, self._chronicle.value(key, self._time)) for key in subjects)
        return {
            key: value.dataset
            for key, value in values
            if isinstance(value, GrantedRight | RequestedItem)
        }

    def used(self, member: MemberId, since: Time, until: Time) -> frozenset[ItemId]:
        """As `Facts.used`."""
        uses = self._chronicle.uses(member, self._time)
        return frozenset(grant for ended, grant in uses if since <= ended < until)

    def objection(self, case: CaseId) -> FigureUnderObjection:
        """As `Facts.objection`. Raises `LookupError` if the case is none."""
        value = self._chronicle.value(f"figure/{case}", self._time)
        if isinstance(value, FigureUnderObjection):
            return value
        raise LookupError(f"no objection {case}")


def _members_of(rest: str, value: Value | None) -> tuple[MemberId, ...]:
    """The members that have to do with a value; the empty name is for what concerns everybody."""
    match value:
        case Indicator() | Member():
            return ("",)
        case InformationSystem():
            return (rest.partition("/")[0],)
        case EntryTerms(provider=provider) | Dataset(provider=provider):
            return (provider,)
        case GrantedRight(member=str(member), provider=provider):
            return member, provider
        case Case(parties=parties):
            return tuple(party.member for party in parties)
        case _:
            return ()
