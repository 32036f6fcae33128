"""What an assessment asks of a ledger, as at one moment.

There are two answers to every question: an auditor's, gathered from the leaves
(`contracts.assessment.chronicle`), and a node's, from its views (`node.views.assessment`). Both
give plain values of the state; what these come to is decided here, by one code for everybody.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol, TypeAlias

from msgspec import Struct

from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    FigureUnderObjection,
    GrantedRight,
    InformationSystem,
    Ledger,
)
from ledger.records.assessment import Indicator
from ledger.types import CaseId, DatasetId, ItemId, MemberId, Slug, Time


class Asked(Struct, frozen=True):
    """All of a request that is looked at; there are very many, and what they ask for is long."""

    backflow: bool = False
    standing: ItemId | None = None


class Facts(Protocol):
    """The ledger after the last block not after some moment. Orders of what it lists are its own.

    Before a ledger was founded there is nothing.
    """

    def ledger(self) -> Ledger | None:
        """Parameters and calendar; None before the ledger was founded."""

    def indicators(self) -> Iterable[Indicator]:
        """The indicators adopted."""

    def members(self) -> Iterable[MemberId]:
        """Every member."""

    def systems(self, owner: MemberId) -> Iterable[tuple[Slug, InformationSystem]]:
        """The systems a member has registered."""

    def entries(self, provider: MemberId) -> Iterable[EntryTerms]:
        """The entries a member has in force."""

    def datasets(self, provider: MemberId) -> Iterable[tuple[DatasetId, Dataset]]:
        """The datasets a member provides, or provided."""

    def rights(self, member: MemberId) -> Iterable[tuple[ItemId, GrantedRight]]:
        """The rights a member has or had, and those it gave to members."""

    def cases(self, member: MemberId, since: Time, until: Time) -> Iterable[tuple[CaseId, Case]]:
        """The cases to which a member is a party, opened from `since` on, before `until`."""

    def requests(
        self, member: MemberId, since: Time, until: Time
    ) -> Iterable[tuple[CaseId, Asked]]:
        """How was asked in the requests of the span to which a member is a party."""

    def datasets_of(self, subjects: Iterable[str]) -> Mapping[str, DatasetId]:
        """The datasets of rights and requests, by their state keys."""

    def used(self, member: MemberId, since: Time, until: Time) -> Collection[ItemId]:
        """The rights of a member under which it reported uses of their data, ended in the span."""

    def objection(self, case: CaseId) -> FigureUnderObjection:
        """What is objected to in a case of the workflow `figure-objection`."""


FactsAt: TypeAlias = Callable[[Time], Facts]
"""The facts after the last block not after a moment."""
