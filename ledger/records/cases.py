"""The record that moves cases."""

from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.records.catalogue import DatasetVersion
from ledger.sealed import MaybeSealed
from ledger.types import CaseId, DatasetId, DigestHex, MemberId, Slug

CASES_PER_STEP_MAX: Final = 128


class Step(Canonical):
    """One step taken in one case, or the same step in many.

    Attributes:
        cases: the cases, ascending.
        dataset: the dataset whose entry meets a demand.
        evidence: digests of documents it rests on, ascending.
        ground: coded ground, where the workflow asks for one.
        member: the member to which a demand is assigned.
        note: explanation; may be sealed.
        release: the release that corrects.
        step: name of the step in the case's workflow table.
    """

    cases: Annotated[tuple[CaseId, ...], Meta(min_length=1, max_length=CASES_PER_STEP_MAX)]
    dataset: DatasetId | None = None
    evidence: Annotated[tuple[DigestHex, ...], Meta(max_length=32)] = ()
    ground: Slug | None = None
    member: MemberId | None = None
    note: MaybeSealed | None = None
    release: DatasetVersion | None = None
    step: Slug

    def __post_init__(self) -> None:
        require_ascending("cases", self.cases)
        require_ascending("evidence", self.evidence)
