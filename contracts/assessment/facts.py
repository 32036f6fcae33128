"""What an assessment asks of a ledger, as at one moment.

There are two answers to every question: an auditor's, gathered from the leaves
(`contracts.assessment.chronicle`), and a node's, from its views (`node.views.assessment`). Both
give plain values of the state; what these come to is decided here, by one code for everybody.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol, TypeAlias

from contracts.values import (
    Case,
    Dataset,
    EntryTerms,
    FigureUnderObjection,
    GrantedRight,
    InformationSystem,
)
from ledger.records.assessment import Indicator
from ledger.types import CaseId, DatasetId, ItemId, MemberId, Slug, Time


class Facts(Protocol):
    """The ledger after the last block not after some moment. Orders of what it lists are its own.

    Before a ledger was founded there is nothing.
    """

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

    def backflows(self, member: MemberId, since: Time, until: Time) -> Collection[CaseId]:
        """Of the requests opened in the span to which a member is a party, those for backflow."""

    def used(self, member: MemberId, since: Time, until: Time) -> Collection[ItemId]:
        """The rights under which a member reported uses that ended in the span."""

    def objection(self, case: CaseId) -> FigureUnderObjection:
        """What is objected to in a case of the workflow `figure-objection`."""


FactsAt: TypeAlias = Callable[[Time], Facts]
"""The facts after the last block not after a moment."""
