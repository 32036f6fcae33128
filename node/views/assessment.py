"""A node's answers to what an assessment asks: the views, as at any past size of the log.

As `contracts.assessment.facts.Facts`, whose other answers come from the leaves; a test compares the
two figure by figure.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from msgspec.json import Decoder
from sqlalchemy import ColumnElement, and_, or_, select

from contracts.assessment.facts import Asked, FactsAt
from contracts.settings import ledger_at
from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    FigureUnderObjection,
    GrantedRight,
    InformationSystem,
    Ledger,
    Member,
)
from ledger.records.assessment import Indicator
from ledger.types import CaseId, DatasetId, ItemId, MemberId, Slug, Time
from node.storage.store import Snapshot
from node.views.as_at import PresentState
from node.views.models import PARTY, USAGE, VERSIONED

_CASE: Final = VERSIONED["case"]
_GRANT: Final = VERSIONED["grant"]
_REQUEST: Final = VERSIONED["request"]
_ASKED_AT_ONCE: Final = 500
"""Keys in one query: databases bound how many values it can name."""
V = TypeVar("V")

_case, _request = Decoder(Case), Decoder(Asked)
_dataset, _entry, _right = Decoder(Dataset), Decoder(EntryTerms), Decoder(GrantedRight)
_indicator, _member, _system = Decoder(Indicator), Decoder(Member), Decoder(InformationSystem)
"""The node's own bytes, of which there can be very many, are read without being checked again."""


class ViewedFacts:
    """As `Facts` at a moment, after the block with which the log had `size` leaves."""

    def __init__(self, snapshot: Snapshot, size: int, time: Time) -> None:
        self._snapshot, self._size, self._time = snapshot, size, time
        self._state = PresentState(snapshot)

    def ledger(self) -> Ledger | None:
        """As `Facts.ledger`; what held before is in the state."""
        return None if self._size == 0 else ledger_at(self._state, self._time)

    def indicators(self) -> list[Indicator]:
        """As `Facts.indicators`."""
        return [one for _, one in self._held("indicator", _indicator)]

    def members(self) -> list[MemberId]:
        """As `Facts.members`."""
        return [name for name, _ in self._held("member", _member)]

    def systems(self, owner: MemberId) -> Iterator[tuple[Slug, InformationSystem]]:
        """As `Facts.systems`."""
        for name, one in self._held("system", _system, owner=owner):
            yield name.removeprefix(f"{owner}/"), one

    def entries(self, provider: MemberId) -> list[EntryTerms]:
        """As `Facts.entries`."""
        return [one for _, one in self._held("entry", _entry, provider=provider)]

    def datasets(self, provider: MemberId) -> Iterator[tuple[DatasetId, Dataset]]:
        """As `Facts.datasets`."""
        return self._held("dataset", _dataset, provider=provider)

    def rights(self, member: MemberId) -> Iterator[tuple[ItemId, GrantedRight]]:
        """As `Facts.rights`."""
        yield from self._held("grant", _right, consumer=member)
        for name, right in self._held("grant", _right, provider=member):
            if right.member != member:
                yield name, right

    def cases(self, member: MemberId, since: Time, until: Time) -> Iterator[tuple[CaseId, Case]]:
        """As `Facts.cases`."""
        wanted = (
            PARTY.c.member == member,
            PARTY.c.opened_at >= since,
            PARTY.c.opened_at < until,
            *self._holds("case"),
        )
        query = (
            select(_CASE.c.id, _CASE.c.value)
            .join(PARTY, PARTY.c["case"] == _CASE.c.id)
            .where(and_(*wanted))
            .order_by(PARTY.c.opened_at, _CASE.c.id)
        )
        for case_id, value in self._snapshot.connection.execute(query):
            case = _case.decode(value)
            if any(party.member == member for party in case.parties):
                yield case_id, case

    def requests(
        self, member: MemberId, since: Time, until: Time
    ) -> Iterator[tuple[CaseId, Asked]]:
        """As `Facts.requests`."""
        wanted = (
            PARTY.c.member == member,
            PARTY.c.opened_at >= since,
            PARTY.c.opened_at < until,
            PARTY.c.workflow == "request",
            *self._holds("request"),
        )
        query = (
            select(_REQUEST.c.id, _REQUEST.c.value)
            .join(PARTY, PARTY.c["case"] == _REQUEST.c.id)
            .where(and_(*wanted))
        )
        for case_id, value in self._snapshot.connection.execute(query):
            yield case_id, _request.decode(value)

    def datasets_of(self, subjects: Iterable[str]) -> dict[str, DatasetId]:
        """As `Facts.datasets_of`: they never change."""
        found: dict[str, DatasetId] = {}
        wanted = sorted(subjects)
        for first in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[first : first + _ASKED_AT_ONCE]
            for view in ("grant", "request"):
                table, prefix = VERSIONED[view], f"{view}/"
                ids = [key.removeprefix(prefix) for key in some if key.startswith(prefix)]
                query = select(table.c.id, table.c.dataset).where(table.c.id.in_(ids)).distinct()
                rows = self._snapshot.connection.execute(query) if ids else ()
                found |= {f"{prefix}{row.id}": row.dataset for row in rows}
        return found

    def used(self, member: MemberId, since: Time, until: Time) -> frozenset[ItemId]:
        """As `Facts.used`."""
        query = (
            select(USAGE.c.grant)
            .join(_GRANT, and_(_GRANT.c.id == USAGE.c.grant, _GRANT.c.dataset == USAGE.c.dataset))
            .where(
                _GRANT.c.consumer == member,
                USAGE.c.consumer == member,
                # A use is reported after it has ended: earlier ones need not be looked at.
                USAGE.c["index"] >= self._snapshot.size_before(since),
                USAGE.c["index"] < self._size,
                USAGE.c.ended_at >= since,
                USAGE.c.ended_at < until,
            )
            .distinct()
        )
        return frozenset(row[0] for row in self._snapshot.connection.execute(query))

    def objection(self, case: CaseId) -> FigureUnderObjection:
        """As `Facts.objection`: it never changes. Raises `LookupError` if the case is none."""
        value = self._snapshot.value(f"figure/{case}")
        if isinstance(value, FigureUnderObjection):
            return value
        raise LookupError(f"no objection {case}")

    def _held(self, view: str, decoder: Decoder[V], **filters: str) -> Iterator[tuple[str, V]]:
        table = VERSIONED[view]
        wanted = [table.c[name] == value for name, value in filters.items()]
        query = select(table.c.id, table.c.value).where(and_(*wanted, *self._holds(view)))
        for row in self._snapshot.connection.execute(query.order_by(table.c.id)):
            yield row.id, decoder.decode(row.value)

    def _holds(self, view: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        table = VERSIONED[view]
        still = or_(table.c.to_size.is_(None), table.c.to_size > self._size)
        return table.c.from_size <= self._size, still


def facts_at(snapshot: Snapshot, size: int) -> FactsAt:
    """As `FactsAt`, of a log that ended with `size` leaves."""

    def at(time: Time) -> ViewedFacts:
        block = snapshot.block_before(time)
        return ViewedFacts(snapshot, 0 if block is None else min(block.size, size), time)

    return at
