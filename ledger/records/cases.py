"""The record that moves cases."""

from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical, require_ascending
from ledger.sealed import MaybeSealed
from ledger.types import CaseId, DigestHex, Slug

CASES_PER_STEP_MAX: Final = 128


class Step(Canonical):
    """One step taken in one case, or the same step in many.

    Attributes:
        cases: the cases, ascending.
        evidence: digests of documents it rests on, ascending.
        ground: coded ground, where the workflow asks for one.
        note: explanation; may be sealed.
        step: name of the step in the case's workflow table.
    """

    cases: Annotated[tuple[CaseId, ...], Meta(min_length=1, max_length=CASES_PER_STEP_MAX)]
    evidence: Annotated[tuple[DigestHex, ...], Meta(max_length=32)] = ()
    ground: Slug | None = None
    note: MaybeSealed | None = None
    step: Slug

    def __post_init__(self) -> None:
        require_ascending("cases", self.cases)
        require_ascending("evidence", self.evidence)
